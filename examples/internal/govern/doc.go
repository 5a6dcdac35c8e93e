// Package govern is what the programs have in common of governance: the files in which keys, auditors, approvals and
// consents travel, and the way to the ledger.
//
// The files, each with a bound on its size and one form:
//
//	genesis      JSON: who may write what the ledger starts from, and where it comes from
//	auditors     JSON: a threshold and the public keys of auditors
//	approval     JSON: a regulator's signed approval of a model; public
//	salt         JSON, mode 0600: what opens the model's commitment, which the approval names; the bank's secret
//	company keys text, a company a line: unified social credit code and public key in hexadecimal
//	consents     text, a consent a line, as the company signed it (JWS); revocations alike
//
// Files come from outside, and are hostile: what is wrong with them is a cli.ErrInput that quotes no secret and no
// company. The ledger is not trusted beyond what package ledger verifies.
package govern
