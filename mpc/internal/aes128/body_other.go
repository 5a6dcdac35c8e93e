//go:build !amd64 || purego

package aes128

// This build has the generic body alone: bestBody and schedule see to it that no key asks for another one.

func bestBody() body { return bodyGeneric }

func (k *Key) schedule(*[16]byte) bool { return false }

func (k *Key) ctr(dst []byte, hi, lo uint64) { ctrGeneric(k.block, dst, hi, lo) }

func (k *Key) mmo(dst, src []byte) { mmoGeneric(k.block, dst, src) }

func (k *Key) hash(dst, rows []byte, blocks int, hi, lo uint64) {
	hashGeneric(k.block, dst, rows, blocks, hi, lo)
}

func (k *Key) expand(dst, rows, offsets []byte, blocks int, hi, lo uint64) {
	expandGeneric(k.block, dst, rows, offsets, blocks, hi, lo)
}

func (k *Key) expandApart(_, _, _ []byte, _ int, _, _ uint64) int { return 0 }
