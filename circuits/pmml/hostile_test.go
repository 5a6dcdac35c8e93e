package pmml

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestProofBudget: proving attributes unreachable is bounded over a whole document; beyond it they are refused.
func TestProofBudget(t *testing.T) {
	characteristics := func(count, size int) string {
		var b strings.Builder
		for i := range count {
			fmt.Fprintf(&b, `<Characteristic name="n%d" reasonCode="R">`, i)
			for j := range size {
				fmt.Fprintf(&b, `<Attribute partialScore="1"><SimplePredicate field="x" operator="equal" value="%d"/></Attribute>`, j)
			}
			b.WriteString(`<Attribute partialScore="1"><SimplePredicate field="x" operator="equal" value="0"/><ComplexPartialScore/></Attribute></Characteristic>`)
		}
		return swap(t, minimal, "</Characteristics>", b.String()+"</Characteristics>")
	}
	_, err := read(characteristics(20, 50), Options{})
	require.NoError(t, err)
	_, err = read(characteristics(60, 300), Options{})
	require.ErrorIs(t, err, ErrUnsupported)
	require.ErrorContains(t, err, "attribute 301: want a partialScore")
}
