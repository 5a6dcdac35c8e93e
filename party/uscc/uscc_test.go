package uscc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Codes printed in public documents: the standard's own example and listed companies' reports.
var published = []struct {
	code           string
	organisationOK bool
}{
	{"91350100M000100Y43", true},
	{"914403001922038216", true},
	{"9144030071526726XG", true},
	{"91330100799655058B", true},
}

func TestPublished(t *testing.T) {
	for _, tc := range published {
		id, err := Parse(tc.code)
		require.NoError(t, err, tc.code)
		require.Equal(t, tc.code, id.String())
		org, ok := id.OrganisationCode()
		require.Equal(t, tc.code[8:17], org)
		require.Equal(t, tc.organisationOK, ok, tc.code)
		require.False(t, id.IsSynthetic())
	}
}

func TestParseRefuses(t *testing.T) {
	const good = "91350100M000100Y43"
	for name, tc := range map[string]struct{ code, want string }{
		"empty":          {"", "0 bytes, want 18"},
		"short":          {good[:17], "17 bytes, want 18"},
		"long":           {good + "0", "19 bytes, want 18"},
		"blank":          {" " + good[:17], "position 1 "},
		"lower case":     {strings.ToLower(good), "position 9 "},
		"letter I":       {"91350100I000100Y43", "position 9 "},
		"letter Z":       {"Z1350100M000100Y43", "position 1 "},
		"wide digit":     {"9１350100M000100Y", "position 2 "},
		"NUL":            {"91350100M000100Y4\x00", "position 18 "},
		"letter in area": {"91A50100M000100Y43", "position 3 of the administrative division"},
		"check":          {"91350100M000100Y44", "check character"},
	} {
		t.Run(name, func(t *testing.T) {
			id, err := Parse(tc.code)
			require.ErrorIs(t, err, ErrInvalid)
			require.ErrorContains(t, err, tc.want)
			require.True(t, id.IsZero())
			if len(tc.code) > 10 {
				require.NotContains(t, err.Error(), tc.code, "an error repeats the code")
			}
		})
	}
}

// TestErrorsFound: the check character finds each single wrong character and each exchange of neighbours, which is what
// a sum modulo a prime with distinct weights promises.
func TestErrorsFound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		code := Synthetic(r.Uint64()).String()
		for i := range Size {
			for _, c := range []byte(alphabet) {
				wrong := []byte(code)
				wrong[i] = c
				_, err := Parse(string(wrong))
				require.Equal(t, string(wrong) == code, err == nil)
			}
			if i > 0 && code[i] != code[i-1] {
				wrong := []byte(code)
				wrong[i], wrong[i-1] = wrong[i-1], wrong[i]
				_, err := Parse(string(wrong))
				require.Error(t, err)
			}
		}
	}
}

func TestSynthetic(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	numbers := []uint64{0, 1, 30, 31, 424, 425, 1_000_000, SyntheticCount - 1}
	for range 1000 {
		numbers = append(numbers, r.Uint64N(SyntheticCount))
	}
	seen := map[ID]uint64{}
	for _, n := range numbers {
		id := Synthetic(n)
		parsed, err := Parse(id.String())
		require.NoError(t, err)
		require.Equal(t, id, parsed)
		require.True(t, id.IsSynthetic())
		_, ok := id.OrganisationCode()
		require.True(t, ok)
		if before, ok := seen[id]; ok {
			require.Equal(t, before, n)
		}
		seen[id] = n
		if n+1 < SyntheticCount {
			require.Negative(t, id.Compare(Synthetic(n+1)))
		}
	}
	require.Equal(t, Synthetic(0), Synthetic(SyntheticCount))
	// By hand: 9*1 + 1*3 = 12, and 31 - 12 = 19 is the letter K.
	require.Equal(t, "91000000000000000K", Synthetic(0).String())
}

func TestEncodings(t *testing.T) {
	id := Synthetic(7)
	b, err := id.MarshalBinary()
	require.NoError(t, err)
	require.Len(t, b, Size)
	var back ID
	require.NoError(t, back.UnmarshalBinary(b))
	require.Equal(t, id, back)

	before := back
	require.ErrorIs(t, back.UnmarshalBinary(b[:17]), ErrInvalid)
	require.ErrorIs(t, back.UnmarshalBinary(make([]byte, Size)), ErrInvalid)
	require.Equal(t, before, back, "a failed read leaves the value as it was")

	j, err := json.Marshal(map[ID]ID{id: id})
	require.NoError(t, err)
	require.JSONEq(t, fmt.Sprintf(`{%q:%q}`, id.String(), id.String()), string(j))
	var m map[ID]ID
	require.NoError(t, json.Unmarshal(j, &m))
	require.Equal(t, map[ID]ID{id: id}, m)

	_, err = ID{}.MarshalBinary()
	require.ErrorIs(t, err, ErrInvalid)
	require.Empty(t, ID{}.String())
	_, ok := ID{}.OrganisationCode()
	require.False(t, ok)
}

func TestLogsNothing(t *testing.T) {
	var buf bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&buf, nil), slog.NewJSONHandler(&buf, nil)} {
		slog.New(h).Info("admitted", "company", Synthetic(5), "none", ID{})
	}
	require.Contains(t, buf.String(), "company(redacted)")
	require.Contains(t, buf.String(), "company(none)")
	require.NotContains(t, buf.String(), Synthetic(5).String()[8:])
}

func FuzzParse(f *testing.F) {
	for _, tc := range published {
		f.Add([]byte(tc.code))
	}
	f.Add([]byte(Synthetic(0).String()))
	f.Add([]byte(""))
	f.Add([]byte("91350100m000100y43"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var id ID
		err := id.UnmarshalBinary(b)
		fromText, textErr := Parse(string(b))
		require.Equal(t, err == nil, textErr == nil)
		require.Equal(t, id, fromText)
		if err != nil {
			require.ErrorIs(t, err, ErrInvalid)
			require.True(t, id.IsZero())
			return
		}
		out, err := id.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, b, out, "one code, one encoding")
	})
}
