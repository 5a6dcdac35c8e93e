package aes128

import (
	"fmt"
	"testing"
)

// perBlock adds the figure that this package is judged by: nanoseconds for each 16-byte output.
func perBlock(b *testing.B, blocks int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(blocks), "ns/block")
}

func BenchmarkNewKey(b *testing.B) {
	eachBody(func(body body) {
		b.Run(body.String(), func(b *testing.B) {
			for b.Loop() {
				newKey([16]byte{1}, body)
			}
		})
	})
}

func BenchmarkStreams(b *testing.B) {
	eachBody(func(body body) {
		k := newKey([16]byte{1}, body)
		for _, n := range []int{2, 31, 1024} {
			buf := make([]byte, n*BlockSize)
			b.Run(fmt.Sprintf("CTR/%v/blocks=%d", body, n), func(b *testing.B) {
				for b.Loop() {
					k.CTR(buf, 1, 2)
				}
				perBlock(b, n)
			})
			b.Run(fmt.Sprintf("MMO/%v/blocks=%d", body, n), func(b *testing.B) {
				for b.Loop() {
					k.MMO(buf, buf)
				}
				perBlock(b, n)
			})
			b.Run(fmt.Sprintf("TMMO/%v/blocks=%d", body, n), func(b *testing.B) {
				for b.Loop() {
					k.TMMO(buf, buf, 1, 2)
				}
				perBlock(b, n)
			})
		}
	})
}

func BenchmarkExpand(b *testing.B) {
	const rows = 64
	eachBody(func(body body) {
		k := newKey([16]byte{1}, body)
		for _, n := range []int{1, 2, 4, 16, 64, 256} {
			for _, blocks := range []int{1, 2, 3} {
				src, offsets := make([]byte, rows*BlockSize), make([]byte, n*BlockSize)
				dst := make([]byte, rows*n*blocks*BlockSize)
				b.Run(fmt.Sprintf("%v/offsets=%d/blocks=%d", body, n, blocks), func(b *testing.B) {
					for b.Loop() {
						k.Expand(dst, src, offsets, blocks, 1, 2)
					}
					perBlock(b, rows*n*blocks)
				})
				b.Run(fmt.Sprintf("%v/offsets=%d/apart=%d", body, n, blocks), func(b *testing.B) {
					for b.Loop() {
						k.ExpandApart(dst, src, offsets, blocks, 1, 2)
					}
					perBlock(b, rows*n*blocks)
				})
			}
		}
	})
}

func BenchmarkHash(b *testing.B) {
	const rows = 1024
	eachBody(func(body body) {
		k := newKey([16]byte{1}, body)
		for _, blocks := range []int{1, 2, 3, 16} {
			src, dst := make([]byte, rows*BlockSize), make([]byte, rows*blocks*BlockSize)
			b.Run(fmt.Sprintf("%v/blocks=%d", body, blocks), func(b *testing.B) {
				for b.Loop() {
					k.Hash(dst, src, blocks, 1, 2)
				}
				perBlock(b, rows*blocks)
			})
		}
	})
}
