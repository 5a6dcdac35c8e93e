// Package lint says what one output of a compiled scorecard tells the bank about a company's levels, before anybody
// approves the card. The protocol bounds a bank to b bits a company; a card decides which bits. A card with points
// 5^i makes of a score a list of all answers; an honest one does not.
//
//	report, err := lint.Check(ctx, model, lint.Policy{Output: lint.OutputBand})
//	if err == nil && !report.Passed() { fmt.Print(report.Text()) }
//
// A report quotes scores and thresholds. It is as secret as the card: for the bank, and for who approves its models.
//
// # Definitions
//
// T_f is the table of feature f (all characteristics that read it, together), S = sum over f of T_f[x_f] minus its
// least value, 0 <= S <= span. The output is a partition of 0..span into intervals: one for each S (score), the same
// with the tails joined (score with a clamp), or those between the thresholds t_j - low - own (band), where low is the
// base plus the least sum, and own the bank's own points.
//
// A bin is a group of levels of one feature with equal points: no output can tell them apart. For an interval I
//
//	bins(I)   = #{(b_f)_f : sum of the points of b_f lies in I}                    combinations of bins
//	levels(I) = sum over those of the product of #levels in b_f                    combinations of levels
//	share(I)  = levels(I) / product over f of #levels of f
//
// are exact. Outputs counts the I with bins(I) > 0; Log2 is its logarithm; Shannon is -sum share(I) log2 share(I), which
// takes every level to be as likely as the others and features as independent; ShannonPrior is the same under the
// probabilities that the caller gives (features independent too). An output is pinned if 0 < bins(I) < K.
//
// Bin p of feature f is compatible with I if some sum r of the other features has r + p in I. A feature is pinned by I
// if one bin of two or more is compatible, and idle if no change of it ever changes the output. UniqueShare is the share
// of level combinations whose score belongs to one bin combination alone. Features are superincreasing, in an order, if
// the least difference of two bins of each exceeds the widths of all before it together: then their points alone tell
// every bin. The report names a longest such chain.
//
// # Own points
//
// The bank knows its own points. They do not change what a score tells; of a band they shift all thresholds at once.
// Nobody but the bank sees them, so every number is the worst over each whole number of units in Model.OwnRange, whether
// or not some attributes add up to it: the smallest preimage, the most outputs, the greatest entropy and share, each for
// itself. A band counts as reachable if it is for some own points. Own points for which no threshold lies in the range
// tell nothing and are left out.
//
// # Findings
//
//	unique-scores      no two bin combinations share a score: critical from 3 features, a warning for 2
//	readable-scores    score output: UniqueShare from 1 % a warning, from 10 % critical
//	superincreasing    a chain of 3 or more: info; a warning if it is half of the features; critical if it is all
//	pinned-output      a band: critical. Scores: a warning; critical if 1 % of level combinations have one
//	pinned-feature     info; from 1 % of level combinations a warning, from 10 % critical
//	single-score-band  a warning
//	dominant-feature   half of the score range or more: a warning
//	idle-feature       a warning: data that is not needed
//	unused-threshold   info
//	over-budget        the output takes more bits than the policy grants: critical
//	spare-bits         it takes fewer: info, since a bank that deviates learns all that are granted
//
// Features with one bin are not counted. Points of 5^i or 2^i are found by the first three also if they are permuted,
// scaled or shifted, and other codes (of distinct subset sums) by the first two.
//
// # Remedies
//
// Merging bands and clamping the score join outputs until each stands for K bin combinations; rounding looks for the
// smallest step of 1-2-5 that blurs the points; giving out bands replaces the score. Each is applied to the tables and
// linted again in full; one that does not help is not suggested. Remedy.Apply makes the change on card and policy. If
// nothing is suggested, or the severity after it is still critical, the card needs another design. A clamp belongs to
// what the bank writes into its score tables, and to what is approved; where an engine has no clamped score, bands with
// a threshold at each score say the same.
//
// # Complexity
//
// Combinations are never enumerated. Counts are the coefficients of the product over f of sum over bins of n_b X^p_b,
// multiplied as big integers by Kronecker substitution, smallest first: for F features of L levels and a range of R
// units the last factor dominates, a Karatsuba product of R/2 * log2(L^F) bits. Compatible bins need no counts: sums
// that all features but one can make are bit sets (R log F words for every bin, by halving), and bins are counted by
// bit-sliced counters. With N values of own points and B bands that takes sum(bins) * B * N / 64 steps, and the counts
// B * N subtractions. Memory is some R * log2(L^F) bits, and F integers for every output in the report.
// On one core 12 features of 256 levels and 2^10 units take some 10 ms, 64 of 1,024 and 2^16 units some 10 s and half a
// gigabyte; a report with remedies takes that again for each. Beyond 2^16 units, 64 features, 4,096 levels, 2^16 relevant
// own values or 2^20 of these times bands Check fails with ErrTooLarge.
//
// # Limits
//
// This is about one evaluation of one model of one company. Bands of several models, of the same one in several months,
// or under changed own points add up: two cards that pass may together tell what one alone would not be approved for.
// The counterpart is the bit budget across all banks and models, which the ledger proves. Shares take levels as equally
// likely; a company that is unusual is pinned more easily than they say, and only a prior tells. The lint judges the
// model that is approved: a bank that runs another one learns as many bits of its own choice, and is found by replay.
// It runs in variable time on the bank's secret, and is no part of the protocol.
package lint
