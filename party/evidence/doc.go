// Package evidence is what a node keeps of its sessions so that they can be audited: who signed which flight, and the
// flights that the peer sent, from which an auditor who has a side's seed re-executes that side.
//
// An Archive is a directory. A connection has one file in it, with its set-up messages and the escrow of the bank's seed;
// an attempt at a task has another, with the signed start of the session and every flight of every superblock: hash,
// transcript hash and signature of each, and the payload of those that were received (a side's own follow from its seed).
// Files are append-only. Each flight is written when it is sent or received, so that the death of the process loses none
// that was acted on; Close forces a file to disk, which happens before a receipt is signed. A file that a crash cut short
// reads up to the last whole record (Session.Torn).
//
// A Dossier is what a node hands to an auditor about one task: the signed task, admission, outcome and receipts, the list of
// companies, what the side alone knows (see Dossier.Private), and the files of its sessions and connections.
//
// Nothing here is trusted by a reader: files are read with bounds, and signatures, hashes and chains are for package audit
// to check. An archive holds company codes only in dossiers. What it holds of the peer's flights is pseudorandom or
// masked, but together with the seed of either side it is not: keep archives like the records themselves.
//
// Sizes: an attempt takes 150 bytes a flight and superblock, and the payloads received: at a bank 60 to 110 bytes a
// company with the encrypted table and some 400 with oblivious transfer, at a tax node 100 to 900 and some 6,500.
package evidence
