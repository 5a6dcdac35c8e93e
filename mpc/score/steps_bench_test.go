package score

import "testing"

func BenchmarkSteps(b *testing.B) {
	s, err := newBandSteps([]int64{100, 200, 300, 400, 500, 600, 700}, 10, 1, 3)
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 3<<11/8)
	i := 0
	for b.Loop() {
		i += 77
		s.table(dst, int64(i&255), i&2047, uint16(i))
	}
}

func BenchmarkWindows(b *testing.B) {
	p := Params{Engine: EngineLattice, ScoreBits: 10, WindowBits: 5, OutputBits: 3}
	w, err := newWindows(p, []int64{100, 200, 300, 400, 500, 600, 700}, 900, []int64{0})
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 9*8)
	var c circle
	w.at(&c, 0)
	i := 0
	for b.Loop() {
		i += 77
		w.table(dst, &c, i&2047, mask{uint16(i) & 7, uint16(i) & 63, 3})
	}
}
