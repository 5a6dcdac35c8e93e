// Package cumcm2020c derives a bank's scorecard from firms whose repayment is known, as credit bureaus have done for
// decades: each feature is cut into a few bins, each bin gets its weight of evidence, and a small logistic regression
// weighs the features against each other. All cut-offs lie on the schema's public grid, so that the card compiles to
// tables without moving any.
//
// It is development on a sample: whoever runs Derive sees the levels of the labelled firms, which these firms agreed to
// show. The card that comes out holds points for bins of at least a sixth of the sample (missing values, which may be
// few, have a bin of their own), and no row of it; scoring other firms with it shows nobody their levels.
//
// The weight of evidence of a bin with g of G good and b of B bad firms is ln((g/G) / (b/B)), with a few firms of the
// sample's own mixture added to each bin so that small bins say little. See Siddiqi, Credit Risk Scorecards, 2006,
// chapter 6.
package cumcm2020c
