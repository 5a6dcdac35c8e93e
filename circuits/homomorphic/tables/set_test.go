package tables

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSets(t *testing.T) {
	for _, logN := range []int{14, 15} {
		for _, h := range []int{1, 2, 3, 5, 16} {
			s := Set{LogN: logN, Holders: h}
			s.Steps = s.MaxSteps()
			p, err := s.Parameters()
			require.NoError(t, err)
			n := newNoise(s, p)
			fmt.Println(logN, h, s.Steps, "base", s.baseBits(), "step", s.stepBits(), "P", s.specials(), p.LogQP(), "noise", s.NoiseBits(), "flood", s.FloodBits(), "round", s.rounding())
			for d := 1; d <= s.Steps; d++ {
				e, err := n.polynomial(n.rounding, 1<<d, s.Steps+2)
				fmt.Printf(" %d:%.2f", d, e/n.rounding)
				if err != nil {
					fmt.Print(err)
				}
			}
			fmt.Println()
		}
	}
}
