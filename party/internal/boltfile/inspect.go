package boltfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
)

// The format is that of bbolt's internal/common (page.go, meta.go, inode.go, bucket.go), version 2, little-endian.
const (
	pageHeader  = 16
	element     = 16
	metaSize    = 64
	metaMagic   = 0xED0CDAED
	metaVersion = 2

	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagMeta     = 0x04
	flagFreelist = 0x10
	flagBucket   = 0x01 // of a leaf element

	noFreelist = ^uint64(0)
	maxDepth   = 64
)

var le = binary.LittleEndian

func (e Errors) corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", e.Corrupt, fmt.Sprintf(format, args...))
}

// walker reads a file of bbolt.
type walker struct {
	errs     Errors
	r        io.ReaderAt
	pageSize uint64
	pages    uint64 // all numbers are below it
	seen     []bool
}

// Inspect checks that bbolt can follow the numbers in a file of the given size.
func (e Errors) Inspect(r io.ReaderAt, size uint64) error {
	root, freelist, w, err := e.newest(r, size)
	if err != nil {
		return err
	}
	if freelist != noFreelist {
		if err := w.freelist(freelist); err != nil {
			return err
		}
	}
	return w.tree(root, 0)
}

// Used returns how many bytes of the file bbolt uses.
func (e Errors) Used(r io.ReaderAt, size uint64) (uint64, error) {
	_, _, w, err := e.newest(r, size)
	if err != nil {
		return 0, err
	}
	return w.pages * w.pageSize, nil
}

// newest reads both meta pages and returns what the valid one of the last transaction says, as bbolt does.
func (e Errors) newest(r io.ReaderAt, size uint64) (root, freelist uint64, w *walker, err error) {
	var last uint64
	try := func(at int64) uint64 {
		var p [pageHeader + metaSize]byte
		if _, err := r.ReadAt(p[:], at); err != nil {
			return 0
		}
		m := p[pageHeader:]
		sum := fnv.New64a()
		_, _ = sum.Write(m[:metaSize-8])
		pageSize := uint64(le.Uint32(m[8:]))
		if le.Uint16(p[8:]) != flagMeta || le.Uint32(m) != metaMagic || le.Uint32(m[4:]) != metaVersion || sum.Sum64() != le.Uint64(m[56:]) ||
			pageSize < 512 || pageSize > 1<<16 || pageSize&(pageSize-1) != 0 || at != 0 && uint64(at) != pageSize {
			return 0
		}
		if txid := le.Uint64(m[48:]); w == nil || txid > last {
			last, root, freelist = txid, le.Uint64(m[16:]), le.Uint64(m[32:])
			w = &walker{errs: e, r: r, pageSize: pageSize, pages: le.Uint64(m[40:])}
		}
		return pageSize
	}
	if pageSize := try(0); pageSize != 0 {
		try(int64(pageSize))
	} else {
		for at := int64(512); at <= 1<<16; at *= 2 {
			try(at)
		}
	}
	if w == nil {
		return 0, 0, nil, e.corrupt("no valid meta page")
	}
	if w.pages < 2 || w.pages > size/w.pageSize {
		return 0, 0, nil, e.corrupt("%d pages of %d bytes in a file of %d bytes", w.pages, w.pageSize, size)
	}
	w.seen = make([]bool, w.pages)
	w.seen[0], w.seen[1] = true, true
	return root, freelist, w, nil
}

// page reads a page with its overflow, which no other page may share.
func (w *walker) page(id uint64) ([]byte, error) {
	if id >= w.pages {
		return nil, w.errs.corrupt("page %d of %d", id, w.pages)
	}
	var head [pageHeader]byte
	if _, err := w.r.ReadAt(head[:], int64(id*w.pageSize)); err != nil {
		return nil, w.errs.corrupt("page %d: %v", id, err)
	}
	n := 1 + uint64(le.Uint32(head[12:]))
	if le.Uint64(head[:]) != id || n > w.pages-id {
		return nil, w.errs.corrupt("page %d says it is page %d, with %d more, of %d", id, le.Uint64(head[:]), n-1, w.pages)
	}
	for i := id; i < id+n; i++ {
		if w.seen[i] {
			return nil, w.errs.corrupt("page %d is used twice", i)
		}
		w.seen[i] = true
	}
	p := make([]byte, n*w.pageSize)
	if _, err := w.r.ReadAt(p, int64(id*w.pageSize)); err != nil {
		return nil, w.errs.corrupt("page %d: %v", id, err)
	}
	return p, nil
}

func (w *walker) freelist(id uint64) error {
	p, err := w.page(id)
	if err != nil {
		return err
	}
	n, ids := uint64(le.Uint16(p[10:])), p[pageHeader:]
	if n == 0xFFFF {
		n, ids = le.Uint64(ids), ids[8:]
	}
	if le.Uint16(p[8:]) != flagFreelist || n > uint64(len(ids))/8 {
		return w.errs.corrupt("page %d is no list of %d free pages", id, n)
	}
	for i := range n {
		free := le.Uint64(ids[8*i:])
		if free >= w.pages || w.seen[free] {
			return w.errs.corrupt("page %d is free twice, or in use, or past %d", free, w.pages)
		}
		w.seen[free] = true
	}
	return nil
}

func (w *walker) tree(id uint64, depth int) error {
	p, err := w.page(id)
	if err != nil {
		return err
	}
	return w.node(p, id, depth)
}

// node checks a branch or leaf page, or the leaf inside a bucket's value, and what it leads to.
func (w *walker) node(p []byte, id uint64, depth int) error {
	flags, count := le.Uint16(p[8:]), int(le.Uint16(p[10:]))
	switch {
	case depth > maxDepth:
		return w.errs.corrupt("page %d lies too deep", id)
	case flags != flagBranch && flags != flagLeaf:
		return w.errs.corrupt("page %d has flags %#x", id, flags)
	case flags == flagBranch && count == 0:
		return w.errs.corrupt("page %d branches nowhere", id)
	case pageHeader+count*element > len(p):
		return w.errs.corrupt("page %d has %d elements", id, count)
	}
	var before []byte
	for i := range count {
		at := pageHeader + i*element
		e := p[at : at+element]
		pos, ksize, vsize := uint64(le.Uint32(e)), uint64(le.Uint32(e[4:])), uint64(0)
		if flags == flagLeaf {
			pos, ksize, vsize = uint64(le.Uint32(e[4:])), uint64(le.Uint32(e[8:])), uint64(le.Uint32(e[12:]))
		}
		from := uint64(at) + pos
		if from+ksize+vsize > uint64(len(p)) {
			return w.errs.corrupt("page %d: element %d ends past its page", id, i)
		}
		key, value := p[from:from+ksize], p[from+ksize:from+ksize+vsize]
		if i > 0 && bytes.Compare(before, key) >= 0 {
			return w.errs.corrupt("page %d: keys are out of order", id)
		}
		before = key
		var err error
		if flags == flagBranch {
			err = w.tree(le.Uint64(e[8:]), depth+1)
		} else if le.Uint32(e)&flagBucket != 0 {
			err = w.bucket(value, id, depth)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) bucket(value []byte, id uint64, depth int) error {
	if len(value) < 16 {
		return w.errs.corrupt("page %d: a bucket of %d bytes", id, len(value))
	}
	if root := le.Uint64(value); root != 0 {
		return w.tree(root, depth+1)
	}
	if len(value) < 16+pageHeader || le.Uint16(value[16+8:]) != flagLeaf {
		return w.errs.corrupt("page %d: a bucket that is no leaf", id)
	}
	return w.node(value[16:], id, depth+1)
}
