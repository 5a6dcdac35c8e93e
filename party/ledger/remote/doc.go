// Package remote puts one ledger at the service of nodes in other processes: a Server beside the ledger, and a Client, which is
// a ledger.Ledger. Both speak over the connections of package transport (TLS 1.3, both sides identified).
//
// # The wire
//
// A frame is
//
//	length (4) | label (1) | number (4) | body
//
// with numbers big-endian; the length counts what follows it. The client opens with a hello, which the server answers: version
// of the protocol and ID of the ledger's genesis. Then the client sends requests, numbered as it likes, and the server answers
// each once: with the label of the request and the high bit set, or with an error, a code and a text. Submissions take effect
// in the order in which they come; their answers carry index, proof and checkpoint.
//
// # Adversaries
//
// The server is not trusted, no more than the operator of the log: the Client verifies the log's signature on every checkpoint,
// every proof of inclusion before it calls an entry recorded, and for View it pulls all entries, verifies their signatures and
// applies the rules itself (ledger.Mirror). What a server can do is refuse, delay, and say of an entry that the rules refused
// it when they did not; the author notices, since the entry is missing from the verified records. For decisions that need
// witnesses, follow the Client with a ledger.Mirror of the full policy.
//
// A client is hostile too: it may send anything, slowly or never, or take no answers. The server bounds frames, connections,
// connections of one peer, submissions under way and times, and holds at most about 3 MiB for a connection. Who may read,
// co-sign and write is for ServerConfig.Access to say, by key, at every request. Entries are signed by their authors and
// co-signatures by their witnesses, whoever delivers them.
//
// # Sizes
//
// Requests take 13 bytes and their content, at most 64 KiB; answers at most 1 MiB. A submission is answered in about 300
// bytes and 32 for each level of the tree.
package remote
