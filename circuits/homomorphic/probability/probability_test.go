package probability

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMixedModel(t *testing.T) {
	s, m := mixed(t)
	c, err := Compile(m, s, Options{OutputBits: 6})
	require.NoError(t, err)
	t.Logf("%+v", c.Report())
	records := mixedRecords(300, 1)
	t.Logf("worst %v", check(t, c, m, s, records, run(t, c, records, 10)))
}
