package remote

import (
	"bytes"

	"github.com/blindscore/blindscore/party/ledger"
)

// The bodies: of requests
//
//	hello                   magic (28) | ID of the genesis (32)
//	submit                  entry
//	entries                 from (8) | n (2)
//	inclusion, consistency  two sizes (8, 8)
//	attach, cosign          checkpoint
//	checkpoint, witnessed, candidate: empty
//
// and of answers
//
//	hello                   as the request's
//	submit                  index (8) | proof | checkpoint
//	entries                 cut off for its size (1) | count (2) | entries, each length (4) | bytes
//	inclusion, consistency  proof: hashes (1) | hashes
//	checkpoint, candidate   checkpoint
//	witnessed               checkpoint, empty for none
//	attach, cosign          empty
//	error                   see encodeError

func encodeHello(id ledger.Digest) []byte { return append([]byte(magic), id[:]...) }

func checkHello(b []byte, id ledger.Digest) error {
	if !bytes.Equal(b, encodeHello(id)) {
		return because(ErrPeer, "it speaks another protocol or version, or is about another ledger")
	}
	return nil
}

func encodePair(a, b uint64) []byte { return new(writer).number(8, a).number(8, b).buf }

func decodePair(body []byte) (a, b uint64, err error) {
	r := reader{rest: body}
	a, b = r.number(8), r.number(8)
	return a, b, r.end("two sizes")
}

func encodeRange(from uint64, n int) []byte {
	return new(writer).number(8, from).number(2, uint64(n)).buf
}

func decodeRange(body []byte) (from uint64, n int, err error) {
	r := reader{rest: body}
	from, n = r.number(8), int(r.number(2))
	return from, n, r.end("range of entries")
}

func encodeProof(list []ledger.Hash) []byte { return new(writer).proof(list).buf }

func decodeProof(body []byte) ([]ledger.Hash, error) {
	r := reader{rest: body}
	list := r.proof()
	return list, r.end("proof")
}

func encodeIncluded(in *ledger.Included) []byte {
	w := new(writer).number(8, in.Index).proof(in.Proof)
	return append(w.buf, in.Checkpoint...)
}

func decodeIncluded(body []byte) (*ledger.Included, error) {
	r := reader{rest: body}
	in := &ledger.Included{Index: r.number(8), Proof: r.proof()}
	if r.failed || len(r.rest) > ledger.MaxCheckpoint {
		return nil, because(ErrPeer, "proof of an entry: cut off or out of bounds")
	}
	in.Checkpoint = bytes.Clone(r.rest)
	return in, nil
}

// maxList bounds the entries of one answer, in bytes, so that one more of the largest fits.
const maxList = maxAnswer - headSize - 3 - 4 - ledger.MaxEntry

func encodeList(list [][]byte, cut bool) []byte {
	w := new(writer)
	w.number(1, 0).number(2, uint64(len(list)))
	if cut {
		w.buf[0] = 1
	}
	for _, b := range list {
		w.bytes(b)
	}
	return w.buf
}

// decodeList reads at most n entries.
func decodeList(body []byte, n int) (list [][]byte, cut bool, err error) {
	r := reader{rest: body}
	flag, count := r.number(1), r.number(2)
	if flag > 1 || count > uint64(n) || flag == 1 && count == 0 {
		return nil, false, because(ErrPeer, "%d entries (cut off: %d), asked for %d", count, flag, n)
	}
	for range count {
		list = append(list, r.bytes(ledger.MaxEntry))
	}
	return list, flag == 1, r.end("entries")
}
