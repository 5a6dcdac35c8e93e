package circuits

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func isAny(err error, targets ...error) bool {
	for _, t := range targets {
		if errors.Is(err, t) {
			return true
		}
	}
	return false
}

func frozenModel(t *testing.T, change func(c *Scorecard)) *Model {
	t.Helper()
	c, err := ParseScorecard([]byte(strings.Replace(cardText, `"trade & <co>"`, `"trade"`, 1)))
	require.NoError(t, err)
	// The card cuts at 18 and 39, where the grid of an integer feature has 19 and 40.
	if change != nil {
		change(c)
	}
	m, _, err := Compile(c, testSchema(t), CompileOptions{})
	require.NoError(t, err)
	return m
}

func TestCommitmentIsFrozen(t *testing.T) {
	c := frozenModel(t, nil).Commit([32]byte{1, 2, 3})
	require.Equal(t, "458b9c3868a983c8af1b9bf04dca39e5a2daefb3c3d084cd67c19d5bf1806406", hex.EncodeToString(c[:]))
}

func TestCommitmentCoversEverything(t *testing.T) {
	salt := [32]byte{9}
	seen := map[[32]byte]string{frozenModel(t, nil).Commit([32]byte{8}): "other salt"}
	for name, change := range map[string]func(c *Scorecard){
		"none": nil, "name": func(c *Scorecard) { c.Name = "n" }, "version": func(c *Scorecard) { c.Version = "n" },
		"base": func(c *Scorecard) { c.Base = Int(601) }, "scale": func(c *Scorecard) { c.Base = dec(t, "600.001") },
		"threshold": func(c *Scorecard) { c.Thresholds[1] = Int(621) }, "band": func(c *Scorecard) { c.Bands[0] = "no" },
		"points":         func(c *Scorecard) { c.Characteristics[0].Attributes[1].Points = Int(12) },
		"cut":            func(c *Scorecard) { c.Characteristics[0].Attributes[1].Predicate.Of[0].Values[0] = Number(29) },
		"category":       func(c *Scorecard) { c.Characteristics[1].Attributes[0].Predicate.Values[0] = Text("trade") },
		"characteristic": func(c *Scorecard) { c.Characteristics[1].Name = "x" }, "baseline": func(c *Scorecard) { c.Characteristics[0].Baseline = Int(1) },
		"reason": func(c *Scorecard) { c.Characteristics[1].ReasonCode = "x" }, "method": func(c *Scorecard) { c.Reasons = PointsAbove },
		"own points":   func(c *Scorecard) { c.Characteristics[2].Attributes[0].Points = Int(1) },
		"own constant": func(c *Scorecard) { c.Characteristics[2].Attributes[0].Predicate.Of[0].Values[0] = Number(1) },
		"own operator": func(c *Scorecard) { c.Characteristics[2].Attributes[0].Predicate.Op = OpOr },
	} {
		digest := frozenModel(t, change).Commit(salt)
		other, twice := seen[digest]
		require.False(t, twice, "%s and %s have the same commitment", name, other)
		seen[digest] = name
	}
}

// Changing the card after Compile changes nothing in the model.
func TestModelIsImmutable(t *testing.T) {
	c, err := ParseScorecard([]byte(strings.Replace(cardText, `"trade & <co>"`, `"trade"`, 1)))
	require.NoError(t, err)
	m, _, err := Compile(c, testSchema(t), CompileOptions{})
	require.NoError(t, err)
	before := m.Commit([32]byte{})
	c.Bands[0] = "x"
	c.Characteristics[2].Attributes[0].Predicate.Of[0].Values[0] = Number(5)
	c.Characteristics[2].Attributes[0].Predicate.Of[0].Op = OpTrue
	m.Bands()[0], m.Features()[0], m.OwnFeatures()[0] = "x", "x", "x"
	m.Thresholds()[0], m.FeatureIndexes()[0], m.Levels()[0] = 0, 7, 7
	require.Equal(t, before, m.Commit([32]byte{}))
}

func TestLevelsThatDoNotFit(t *testing.T) {
	m := frozenModel(t, nil)
	require.Equal(t, []int{0, 2}, m.FeatureIndexes())
	levels, err := m.Select([]uint16{4, 0, 3})
	require.NoError(t, err)
	require.Equal(t, []uint16{4, 3}, levels)
	for _, bad := range [][]uint16{nil, {0}, {0, 0}, {0, 0, 4}, {5, 0, 0}, {math.MaxUint16, 0, 0}} {
		_, err := m.Select(bad)
		require.ErrorIs(t, err, ErrLevels, "%v", bad)
	}
	require.ErrorIs(t, m.CheckLevels([]uint16{0, 0, 0}), ErrLevels)
	_, err = m.Reasons([]uint16{0}, nil)
	require.ErrorIs(t, err, ErrLevels)
}

func TestSecretsDoNotPrint(t *testing.T) {
	m := frozenModel(t, nil)
	c := card(age(t))
	for _, secret := range []any{m, c, Number(123456), Text("123456")} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
			out := fmt.Sprintf(format, secret)
			require.NotContains(t, out, "123456")
			require.NotContains(t, out, "1250")
			require.NotContains(t, out, "12.5")
			require.Less(t, len(out), 80, out)
		}
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", secret)
		require.NotContains(t, log.String(), "123456")
		require.NotContains(t, log.String(), "12.5")
		_, err := json.Marshal(secret)
		require.ErrorIs(t, err, ErrSecret)
	}
	require.Equal(t, "Model(nil) Scorecard(nil)", fmt.Sprintf("%v %v", (*Model)(nil), (*Scorecard)(nil)))
	for v, want := range map[Value]string{Missing(): "missing", Number(0.1): "0.1", Number(1e22): "1e+22", Text("a\n"): `"a\n"`, Number(math.NaN()): "missing"} {
		require.Equal(t, want, v.Reveal())
	}
}
