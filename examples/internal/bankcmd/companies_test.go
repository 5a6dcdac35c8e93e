package bankcmd

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party/uscc"
)

var ownOf = []circuits.OwnFeature{{Name: "years", Kind: circuits.KindContinuous}, {Name: "sector", Kind: circuits.KindCategorical}}

func TestCompaniesAsLines(t *testing.T) {
	a, b := uscc.Synthetic(1), uscc.Synthetic(2)
	for name, text := range map[string]string{
		"lines":         a.String() + "\n" + b.String() + "\n",
		"no last break": a.String() + "\n" + b.String(),
		"windows":       "\ufeff" + a.String() + "\r\n\r\n" + b.String() + "\r\n",
		"header":        "company\n" + a.String() + "\n" + b.String() + "\n",
		"more columns":  "remark,company\nx," + a.String() + "\n\"y, z\"," + b.String() + "\n",
	} {
		list, err := parseCompanies(strings.NewReader(text), nil)
		require.NoError(t, err, name)
		require.Equal(t, []uscc.ID{a, b}, list.ids, name)
		require.Empty(t, list.own)
	}
	list, err := parseCompanies(strings.NewReader(""), ownOf)
	require.NoError(t, err)
	require.Empty(t, list.ids)
}

func TestCompaniesWithOwnFeatures(t *testing.T) {
	text := "sector,company,years,unused\nretail," + uscc.Synthetic(1).String() + ", 2.5,x\n," + uscc.Synthetic(2).String() + ",,\n"
	list, err := parseCompanies(strings.NewReader(text), ownOf)
	require.NoError(t, err)
	require.Equal(t, map[string]circuits.Value{"years": circuits.Number(2.5), "sector": circuits.Text("retail")}, list.values(0))
	require.Equal(t, map[string]circuits.Value{"years": circuits.Missing(), "sector": circuits.Missing()}, list.values(1))
}

func TestCompaniesRefused(t *testing.T) {
	code := uscc.Synthetic(1).String()
	for want, text := range map[string]string{
		"line 1":                "nonsense\n",
		"line 2":                code + "\nnonsense\n",
		"wrong number of field": code + "\n" + code + ",x\n",
		`want a column "compan`: "code,years\n" + code + ",1\n",
		"name of another":       "company,company\n",
	} {
		_, err := parseCompanies(strings.NewReader(text), nil)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "nonsense", "errors repeat no value")
	}
	for want, text := range map[string]string{
		"want CSV with a header":       code + "\n",
		`want a column "sector"`:       "company,years\n" + code + ",1\n",
		`line 2: column "years": want`: "company,years,sector\n" + code + ",many,\n",
		`column "years"`:               "company,years,sector\n" + code + ",NaN,\n",
	} {
		_, err := parseCompanies(strings.NewReader(text), ownOf)
		require.ErrorContains(t, err, want)
	}
}

// FuzzCompanies: no list makes the reader panic, and what it accepts is one checked code a row with all own features.
func FuzzCompanies(f *testing.F) {
	code := uscc.Synthetic(1).String()
	for _, text := range []string{
		"", code, code + "\n" + code + "\n", "company,years,sector\n" + code + ",1.5,retail\n", "company\n\"", "\ufeffcompany,years,sector",
		"company,years,sector\n" + code + ",1e999,\n", "\xff\xfe,\n",
	} {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, text string, own bool) {
		features := ownOf
		if !own {
			features = nil
		}
		list, err := parseCompanies(strings.NewReader(text), features)
		if err != nil {
			return
		}
		for _, id := range list.ids {
			require.False(t, id.IsZero())
		}
		if own {
			require.Len(t, list.own, 2*len(list.ids))
		}
	})
}
