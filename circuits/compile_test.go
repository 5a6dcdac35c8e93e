package circuits

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func dec(t *testing.T, text string) Decimal {
	t.Helper()
	d, err := ParseDecimal(text)
	require.NoError(t, err)
	return d
}

// testSchema: age is an integer, income continuous, sector categorical.
func testSchema(t *testing.T) *Schema {
	t.Helper()
	s, err := NewSchema("test", "1",
		FeatureSpec{Name: "age", Kind: KindContinuous, Sensitivity: SensitivityConfidential, Integer: true, Range: &Range{0, 120}, Cuts: Before(19, 30, 40)},
		FeatureSpec{
			Name: "income", Kind: KindContinuous, Sensitivity: SensitivityConfidential, Cuts: Before(1000, 2500),
			Specials: []Special{{"none yet", Number(-999)}, {"sealed", Text("sealed")}},
		},
		FeatureSpec{Name: "sector", Kind: KindCategorical, Sensitivity: SensitivityPublic, Categories: []string{"retail", "trade"}},
	)
	require.NoError(t, err)
	return s
}

// age is the age characteristic of the PMML standard's example.
func age(t *testing.T) Characteristic {
	return Characteristic{Name: "ageScore", ReasonCode: "RC2", Baseline: Int(18), Attributes: []Attribute{
		{Predicate: IsMissing("age"), Points: dec(t, "-1.25")},
		{Predicate: Compare("age", OpLessOrEqual, Number(18)), Points: Int(-3)},
		{Predicate: All(Compare("age", OpGreaterThan, Number(18)), Compare("age", OpLessOrEqual, Number(29))), Points: Int(0)},
		{Predicate: All(Compare("age", OpGreaterThan, Number(29)), Compare("age", OpLessOrEqual, Number(39))), Points: dec(t, "12.5")},
		{Predicate: Compare("age", OpGreaterThan, Number(39)), Points: Int(18)},
	}}
}

func card(cs ...Characteristic) *Scorecard {
	return &Scorecard{Name: "card", Version: "1", Characteristics: cs}
}

func TestCompileScalesExactly(t *testing.T) {
	c := card(age(t))
	c.Base = dec(t, "100.5")
	c.Thresholds = []Decimal{dec(t, "99.251"), dec(t, "100.5"), dec(t, "112.9999")}
	c.Bands = []string{"D", "C", "B", "A"}
	m, report, err := Compile(c, testSchema(t), CompileOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 100, m.Scale())
	require.Equal(t, []string{"age"}, m.Features())
	require.Equal(t, []int{0}, m.FeatureIndexes())
	require.Equal(t, [][]int32{{-300, 0, 1250, 1800, -125}}, m.Tables())
	require.Equal(t, []int{5}, m.Levels())
	require.EqualValues(t, 10050, m.Base())
	require.Equal(t, []int64{9926, 10050, 11300}, m.Thresholds()) // rounded up: no whole score lies in between
	lo, hi := m.Range()
	require.Equal(t, []int64{-300, 1800}, []int64{lo, hi})
	require.Equal(t, 12, m.ScoreBits())
	require.Equal(t, 2, m.BandBits())
	require.Equal(t, 3, m.Band(m.Score([]uint16{2}, 0)))
	require.Equal(t, 0, m.Band(9925))
	require.Equal(t, 1, m.Band(9926))
	require.Equal(t, 1, m.Band(10049))
	require.Empty(t, report.Moved)
	require.Len(t, report.OnGrid, 3, "each cut once, whichever side asks") // "<= 18" for integers is the grid's "< 19"
	require.Equal(t, 2, report.Places)
	require.Nil(t, report.Rounding)
}

func TestCompileRounds(t *testing.T) {
	c := card(age(t))
	c.Base = dec(t, "100.45")
	m, report, err := Compile(c, testSchema(t), CompileOptions{Round: true})
	require.NoError(t, err)
	require.EqualValues(t, 1, m.Scale())
	require.Equal(t, [][]int32{{-3, 0, 13, 18, -1}}, m.Tables())
	require.EqualValues(t, 100, m.Base())
	require.Equal(t, &Rounding{FromPlaces: 2, ToPlaces: 0, Changed: 3, MaxPoint: dec(t, "0.5"), MaxScore: dec(t, "0.95")}, report.Rounding)

	m, report, err = Compile(c, testSchema(t), CompileOptions{Round: true, Places: 5})
	require.NoError(t, err)
	require.EqualValues(t, 100, m.Scale())
	require.Nil(t, report.Rounding)
	_, _, err = Compile(c, testSchema(t), CompileOptions{Round: true, Places: 19})
	require.ErrorIs(t, err, ErrCard)
}

func TestOffGridIsAnErrorThatNamesTheCutOff(t *testing.T) {
	c := card(Characteristic{Name: "incomeScore", Attributes: []Attribute{
		{Predicate: Compare("income", OpLessOrEqual, Number(1000)), Points: Int(1)}, // the grid has "< 1000"
		{Predicate: Less("income", 2500), Points: Int(2)},
		{Predicate: Equal("income", Number(3000)), Points: Int(9)},
		{Predicate: AtLeast("income", 4000), Points: Int(3)},
		{Predicate: True(), Points: Int(4)},
	}})
	_, report, err := Compile(c, testSchema(t), CompileOptions{})
	require.ErrorIs(t, err, ErrOffGrid)
	require.ErrorContains(t, err, `characteristic "incomeScore": income lessOrEqual 1000`)
	require.ErrorContains(t, err, `income equal 3000`)
	require.ErrorContains(t, err, `income greaterOrEqual 4000`)
	require.Len(t, report.OnGrid, 1)

	m, report, err := Compile(c, testSchema(t), CompileOptions{Snap: true})
	require.NoError(t, err)
	off := func(op Op, x float64) CutOff { return CutOff{"incomeScore", "income", op, Number(x)} }
	require.Equal(t, []Move{
		{CutOff: off(OpLessOrEqual, 1000), To: Cut{At: 1000}},
		{CutOff: off(OpEqual, 3000), Dropped: true},
		{CutOff: off(OpGreaterOrEqual, 4000), To: Cut{At: 2500}, Distance: 1500},
	}, report.Moved)
	require.Equal(t, [][]int32{{1, 2, 3, 4, 1, 4}}, m.Tables()) // specials are told exactly: -999 <= 1000, "sealed" is no number
	require.Equal(t, []AttributeRef{{"incomeScore", 2}}, report.Unreached)
}

func TestSnapReportsDistanceAndSteps(t *testing.T) {
	c := card(Characteristic{Name: "a", Attributes: []Attribute{
		{Predicate: Less("age", -5), Points: Int(1)},
		{Predicate: Less("age", 1), Points: Int(2)},
		{Predicate: Less("age", 33), Points: Int(3)},
		{Predicate: Less("age", 35), Points: Int(4)}, // the middle goes down
		{Predicate: Less("age", 119), Points: Int(5)},
		{Predicate: True(), Points: Int(6)},
	}})
	m, report, err := Compile(c, testSchema(t), CompileOptions{Snap: true})
	require.NoError(t, err)
	require.Equal(t, [][]int32{{3, 3, 5, 5, 6}}, m.Tables())
	var got [][3]float64
	for _, mv := range report.Moved {
		got = append(got, [3]float64{mv.To.At, mv.Distance, mv.Steps})
	}
	require.Equal(t, [][3]float64{{0, 5, 5.0 / 19}, {0, 1, 1.0 / 19}, {30, 3, 0.3}, {30, 5, 0.5}, {120, 1, 1.0 / 80}}, got)
	require.Equal(t, []AttributeRef{{"a", 0}, {"a", 1}, {"a", 3}}, report.Unreached)
}

// Snapping moves cut-offs for intervals; a special value is one value and keeps what the card says of it.
func TestSpecialsAreExactUnderSnap(t *testing.T) {
	c := card(Characteristic{Name: "c", Attributes: []Attribute{{Predicate: Less("income", -2000), Points: Int(1)}, {Predicate: True(), Points: Int(2)}}})
	m, _, err := Compile(c, testSchema(t), CompileOptions{Snap: true})
	require.NoError(t, err)
	require.Equal(t, [][]int32{{1, 2, 2, 2, 2, 2}}, m.Tables()) // the cut went to 1000, and -999 is still not below -2000
}

func TestReportText(t *testing.T) {
	c := card(Characteristic{Name: "c", Attributes: []Attribute{
		{Predicate: AtLeast("income", 4000), Points: dec(t, "1.25")}, {Predicate: Less("income", 1000), Points: dec(t, "0.5")}, {Predicate: Equal("income", Number(7))},
	}})
	zero := Int(0)
	_, report, err := Compile(c, testSchema(t), CompileOptions{Snap: true, Default: &zero, Round: true, Places: 1})
	require.NoError(t, err)
	require.Equal(t, `scale: 10 units per point
cut-offs on the grid: 1
moved: characteristic "c": income greaterOrEqual 4000: now cut at "< 2500", by 1500 (0 of the grid interval)
dropped: characteristic "c": income equal 7: no level of its own, now never equal
default points: characteristic "c": income: level 1 "[1000, 2500)"
default points: characteristic "c": income: level 3 "missing"
default points: characteristic "c": income: level 5 "sealed"
unreached: characteristic "c": attribute 2
rounded: from 2 to 1 places, 1 points changed, by at most 0.05 each and 0.05 in a score
`, report.Text())
}

func TestCategoriesOffTheGrid(t *testing.T) {
	c := card(Characteristic{Name: "s", Attributes: []Attribute{
		{Predicate: In("sector", Text("retail"), Text("mining")), Points: Int(1)},
		{Predicate: True(), Points: Int(2)},
	}})
	_, _, err := Compile(c, testSchema(t), CompileOptions{})
	require.ErrorIs(t, err, ErrOffGrid)
	require.ErrorContains(t, err, `sector isIn "mining"`)
	m, report, err := Compile(c, testSchema(t), CompileOptions{Snap: true})
	require.NoError(t, err)
	require.True(t, report.Moved[0].Dropped)
	require.Equal(t, [][]int32{{1, 2, 2, 2}}, m.Tables())

	c.Characteristics[0].Attributes[0].Predicate = Less("sector", 3)
	_, _, err = Compile(c, testSchema(t), CompileOptions{Snap: true})
	require.ErrorIs(t, err, ErrUnsupported)
	require.ErrorContains(t, err, "a categorical feature has no order")
}

func TestHoles(t *testing.T) {
	ch := age(t)
	ch.Attributes = ch.Attributes[1:]
	_, _, err := Compile(card(ch), testSchema(t), CompileOptions{})
	require.ErrorIs(t, err, ErrNoMatch)
	require.ErrorContains(t, err, `characteristic "ageScore": feature "age": level 4 "missing"`)
	_, err = card(ch).Evaluate(nil)
	require.ErrorIs(t, err, ErrNoMatch)

	seven := Int(7)
	m, report, err := Compile(card(ch), testSchema(t), CompileOptions{Default: &seven})
	require.NoError(t, err)
	require.Equal(t, [][]int32{{-30, 0, 125, 180, 70}}, m.Tables())
	require.Equal(t, []LevelRef{{"ageScore", "age", 4, "missing"}}, report.Defaulted)
	parts := m.ReasonParts()
	require.Equal(t, []string{"RC2", "RC2", "RC2", "RC2", "RC2"}, parts[0].Codes)
}

func TestFoldedMissing(t *testing.T) {
	s, err := NewSchema("s", "1", FeatureSpec{Name: "x", Kind: KindContinuous, Sensitivity: SensitivityPublic, Cuts: Before(0), FoldMissing: true})
	require.NoError(t, err)
	c := card(Characteristic{Name: "c", Attributes: []Attribute{
		{Predicate: IsMissing("x"), Points: Int(5)}, {Predicate: Less("x", 0), Points: Int(6)}, {Predicate: True(), Points: Int(7)},
	}})
	_, _, err = Compile(c, s, CompileOptions{})
	require.ErrorIs(t, err, ErrOffGrid)
	require.ErrorContains(t, err, "missing is folded into level")
	m, report, err := Compile(c, s, CompileOptions{Snap: true})
	require.NoError(t, err)
	require.Len(t, report.Folded, 1)
	require.Equal(t, [][]int32{{6, 7}}, m.Tables())
	c.Characteristics[0].Attributes[0].Points = Int(6)
	_, report, err = Compile(c, s, CompileOptions{})
	require.NoError(t, err)
	require.Empty(t, report.Folded)
}

func TestWhatCannotBecomeTables(t *testing.T) {
	both := func(p Predicate) *Scorecard {
		c := card(age(t), Characteristic{Name: "both", Attributes: []Attribute{{Predicate: p, Points: Int(1)}, {Predicate: True()}}})
		c.Own = []OwnFeature{{"balance", KindContinuous}, {"years", KindContinuous}}
		return c
	}
	_, _, err := Compile(both(All(Less("age", 19), Less("income", 1000))), testSchema(t), CompileOptions{})
	require.ErrorIs(t, err, ErrUnsupported)
	require.ErrorContains(t, err, `characteristic "both" reads the features ["age" "income"]`)
	_, _, err = Compile(both(All(Less("age", 19), Less("balance", 1000))), testSchema(t), CompileOptions{})
	require.ErrorIs(t, err, ErrUnsupported)
	_, _, err = Compile(both(Less("nobody", 1)), testSchema(t), CompileOptions{})
	require.ErrorIs(t, err, ErrCard)
	require.ErrorContains(t, err, `feature "nobody" is neither`)

	c := both(Less("balance", 1))
	c.Own = append(c.Own, OwnFeature{"age", KindContinuous})
	_, _, err = Compile(c, testSchema(t), CompileOptions{})
	require.ErrorIs(t, err, ErrCard)

	constant := card(Characteristic{Name: "c", Attributes: []Attribute{{Predicate: True(), Points: Int(5)}}})
	_, _, err = Compile(constant, testSchema(t), CompileOptions{})
	require.ErrorIs(t, err, ErrUnsupported)
	_, _, err = Compile(nil, nil, CompileOptions{})
	require.ErrorIs(t, err, ErrCard)
	_, _, err = Compile(&Scorecard{}, testSchema(t), CompileOptions{})
	require.ErrorIs(t, err, ErrCard)
}

func TestOwnAndConstantCharacteristics(t *testing.T) {
	c := card(age(t),
		Characteristic{Name: "constant", Attributes: []Attribute{{Predicate: False(), Points: Int(1)}, {Predicate: True(), Points: Int(5)}}},
		Characteristic{Name: "own", Attributes: []Attribute{
			{Predicate: All(Less("balance", 0), AtLeast("years", 2)), Points: Int(-40)}, // several own features are fine
			{Predicate: IsNotMissing("balance"), Points: Int(10)},
		}})
	c.Own = []OwnFeature{{"unused", KindContinuous}, {"balance", KindContinuous}, {"years", KindContinuous}}
	m, _, err := Compile(c, testSchema(t), CompileOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 500, m.Base())
	require.Equal(t, []string{"balance", "years"}, m.OwnFeatures())
	lo, hi := m.OwnRange()
	require.Equal(t, []int64{-4000, 1000}, []int64{lo, hi})
	values := map[string]Value{"balance": Number(-1), "years": Number(2), "age": Number(50)}
	own, err := m.OwnPoints(values)
	require.NoError(t, err)
	require.EqualValues(t, -4000, own)
	want, err := c.Evaluate(values)
	require.NoError(t, err)
	require.Equal(t, want.Score, m.Points(m.Score([]uint16{3}, own)))
	_, err = m.OwnPoints(nil)
	require.ErrorIs(t, err, ErrNoMatch)
	require.Equal(t, []string{"all"}, m.Bands())
	require.Equal(t, 1, m.BandBits())
}

// Characteristics on the same feature add up in one table.
func TestOneTableAFeature(t *testing.T) {
	second := age(t)
	second.Name = "again"
	m, _, err := Compile(card(age(t), second), testSchema(t), CompileOptions{})
	require.NoError(t, err)
	require.Equal(t, [][]int32{{-600, 0, 2500, 3600, -250}}, m.Tables())
	require.Len(t, m.ReasonParts(), 2)
}

func TestLimits(t *testing.T) {
	two := func(points string, n int) *Scorecard {
		c := card()
		for i := range n {
			c.Characteristics = append(c.Characteristics, Characteristic{
				Name: string(rune('a' + i)), Attributes: []Attribute{{Predicate: IsMissing("age"), Points: dec(t, points)}, {Predicate: True()}},
			})
		}
		return c
	}
	_, _, err := Compile(two("2147483647", 1), testSchema(t), CompileOptions{})
	require.NoError(t, err)
	_, _, err = Compile(two("-2147483648", 1), testSchema(t), CompileOptions{})
	require.NoError(t, err)
	_, _, err = Compile(two("2147483648", 1), testSchema(t), CompileOptions{})
	require.ErrorIs(t, err, ErrLimit)
	_, _, err = Compile(two("2147483647", 2), testSchema(t), CompileOptions{})
	require.ErrorIs(t, err, ErrLimit)
	_, _, err = Compile(two("21474836.464", 1), testSchema(t), CompileOptions{})
	require.ErrorIs(t, err, ErrLimit)
	m, _, err := Compile(two("21474836.464", 1), testSchema(t), CompileOptions{Round: true, Places: 2})
	require.NoError(t, err)
	require.Equal(t, 31, m.ScoreBits())
	require.ErrorIs(t, two("9007199254740992", 1).Validate(), ErrLimit)
	require.ErrorIs(t, two("4503599627370496", 2).Validate(), ErrLimit)
	wide := two("1", 1)
	wide.Thresholds, wide.Bands = []Decimal{Int(math.MaxInt64)}, []string{"a", "b"}
	require.ErrorIs(t, wide.Validate(), ErrLimit)
}
