package bankcmd

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/uscc"
)

func TestReadOutput(t *testing.T) {
	a, b := uscc.Synthetic(1).String(), uscc.Synthetic(2).String()
	good := `{"results":[{"company":"` + a + `","status":"ok","band":2,"name":"B"},{"company":"` + b +
		`","status":"refused"}],"summary":{"companies":1,"refused":1,"engine":"lattice"}}` + "\n"
	var lines []Line
	sum, err := ReadOutput(strings.NewReader(good), func(l Line) error { lines = append(lines, l); return nil })
	require.NoError(t, err)
	require.Equal(t, &Summary{Companies: 1, Refused: 1, Engine: "lattice"}, sum)
	require.Len(t, lines, 2)
	require.Equal(t, a, lines[0].Company.String())
	require.Equal(t, 2, *lines[0].Band)
	require.Nil(t, lines[1].Band)

	ignore := func(Line) error { return nil }
	for i := range len(good) - 2 { // cut anywhere
		_, err := ReadOutput(strings.NewReader(good[:i]), ignore)
		require.Error(t, err, good[:i])
	}
	for _, bad := range []string{`[]`, `{"summary":{}}`, `{"results":{}}`, strings.Replace(good, "summary", "other", 1)} {
		_, err := ReadOutput(strings.NewReader(bad), ignore)
		require.ErrorIs(t, err, errOutput, bad)
	}
	stop := errors.New("stop")
	_, err = ReadOutput(strings.NewReader(good), func(Line) error { return stop })
	require.ErrorIs(t, err, stop)
}

// Values are kept in 8 bytes each; what comes back is what was read.
func TestValuesComeBack(t *testing.T) {
	id := func(n uint64) string { return uscc.Synthetic(n).String() }
	list, err := parseCompanies(strings.NewReader("company,years,sector\n"+id(1)+",-0.5,trade\n"+id(2)+",,\n"+id(3)+",7,retail\n"+id(4)+",8,trade\n"), ownOf)
	require.NoError(t, err)
	require.Equal(t, []string{"trade", "retail"}, list.texts)
	for i, want := range []string{"trade", "", "retail", "trade"} {
		v := list.values(i)
		text, is := v["sector"].Text()
		require.Equal(t, want != "", is)
		require.Equal(t, want, text)
		require.Equal(t, want == "", v["years"].IsMissing())
	}
	years, _ := list.values(0)["years"].Number()
	require.Equal(t, -0.5, years)
}
