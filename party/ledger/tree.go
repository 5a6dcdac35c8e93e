package ledger

import (
	"golang.org/x/mod/sumdb/tlog"
)

// MaxSize bounds the entries of a ledger, far above what a disk holds; it keeps the arithmetic of proofs within int64.
const MaxSize = 1 << 40

// Tree computes the root of a growing Merkle tree (RFC 6962, section 2.1) in memory of its depth. The zero value is the
// empty tree.
type Tree struct {
	size uint64
	edge [64]Hash // at level l the hash of the last complete subtree of 2^l leaves
}

// Append adds a leaf, and returns the hashes that become complete with it: those that tlog stores from
// tlog.StoredHashIndex(0, n) on for leaf n. Errors wrap ErrInvalid when the tree is full.
func (t *Tree) Append(leaf Hash) ([]Hash, error) {
	if t.size >= MaxSize {
		return nil, because(ErrInvalid, "%d entries, no more", t.size)
	}
	hashes, err := tlog.StoredHashesForRecordHash(int64(t.size), leaf, t)
	if err != nil {
		return nil, err
	}
	copy(t.edge[:], hashes)
	t.size++
	return hashes, nil
}

// Size returns how many leaves there are.
func (t *Tree) Size() uint64 { return t.size }

// Root returns the hash of the tree.
func (t *Tree) Root() (Hash, error) { return tlog.TreeHash(int64(t.size), t) }

// ReadHashes gives tlog the hashes along the right edge, all that Append and Root ask for.
func (t *Tree) ReadHashes(indexes []int64) ([]Hash, error) {
	hashes := make([]Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		if t.size>>level == 0 || uint64(n) != t.size>>level-1 {
			return nil, because(ErrInvalid, "hash %d of level %d is not on the edge", n, level)
		}
		hashes[i] = t.edge[level]
	}
	return hashes, nil
}

// CheckInclusion verifies that proof shows entry as number index of the tree of the given size and root. Errors wrap
// ErrHistory.
func CheckInclusion(proof []Hash, size uint64, root Hash, index uint64, entry []byte) error {
	if size > MaxSize || index >= size || len(proof) > 64 {
		return because(ErrHistory, "a proof of %d hashes for entry %d of %d", len(proof), index, size)
	}
	if err := tlog.CheckRecord(proof, int64(size), root, int64(index), tlog.RecordHash(entry)); err != nil {
		return because(ErrHistory, "entry %d is not shown to be in the tree of %d", index, size)
	}
	return nil
}

// CheckConsistency verifies that proof shows the tree of size old as the beginning of that of size new. Every tree begins
// with the empty one. Errors wrap ErrHistory.
func CheckConsistency(proof []Hash, old uint64, oldRoot Hash, new uint64, newRoot Hash) error {
	var empty Tree
	emptyRoot, err := empty.Root()
	switch {
	case err != nil:
		return err
	case new > MaxSize || old > new || len(proof) > 64:
		return because(ErrHistory, "a proof of %d hashes from size %d to %d", len(proof), old, new)
	case old == 0 && oldRoot != emptyRoot, old == new && oldRoot != newRoot:
		return because(ErrHistory, "different trees of size %d", old)
	case old == 0 || old == new:
		if len(proof) > 0 {
			return because(ErrHistory, "a proof of %d hashes where none is needed", len(proof))
		}
		return nil
	}
	if err := tlog.CheckTree(proof, int64(new), newRoot, int64(old), oldRoot); err != nil {
		return because(ErrHistory, "the tree of %d is not shown to begin that of %d", old, new)
	}
	return nil
}

func proveInclusion(index, size uint64, r tlog.HashReader) ([]Hash, error) {
	if size > MaxSize || index >= size {
		return nil, because(ErrHistory, "no entry %d in a tree of %d", index, size)
	}
	return tlog.ProveRecord(int64(size), int64(index), r)
}

func proveConsistency(old, new uint64, r tlog.HashReader) ([]Hash, error) {
	switch {
	case new > MaxSize || old > new:
		return nil, because(ErrHistory, "no tree of %d before that of %d", old, new)
	case old == 0 || old == new:
		return nil, nil
	}
	return tlog.ProveTree(int64(new), int64(old), r)
}
