package main

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"os"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/blindscore/blindscore/bench"
	"github.com/blindscore/blindscore/mpc/score"
)

// colors that are told apart in print and by colour-blind readers (Okabe and
// Ito, "Color universal design", 2008).
var colors = []color.Color{
	color.RGBA{0, 114, 178, 255},
	color.RGBA{230, 159, 0, 255},
	color.RGBA{0, 158, 115, 255},
	color.RGBA{213, 94, 0, 255},
	color.RGBA{204, 121, 167, 255},
	color.RGBA{86, 180, 233, 255},
	color.RGBA{240, 228, 66, 255},
	color.RGBA{150, 150, 150, 255},
}

func colorOf(i int) color.Color { return colors[i%len(colors)] }

// engineColor is the same in every picture.
func engineColor(name string) color.Color {
	return colorOf(slices.IndexFunc(bench.Engines(), func(e bench.Engine) bool { return e.Name == name }) + len(colors))
}

// pictures draws them all, each as SVG and PNG.
func (r *report) pictures() error {
	var failed []error
	for name, draw := range map[string]func() (*picture, error){
		"speed": r.drawSpeed, "bytes": r.drawBytes, "stages": r.drawStages,
	} {
		p, err := draw()
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
			continue
		}
		for _, kind := range []string{"svg", "png"} {
			failed = append(failed, p.save(r.path(name+"."+kind), kind))
		}
	}
	return errors.Join(failed...)
}

// picture is a plot with its legend beside it, where it hides nothing.
type picture struct {
	*plot.Plot
	legend plot.Legend
}

const (
	pictureWidth  = 11 * vg.Inch
	pictureHeight = 5.5 * vg.Inch
	legendWidth   = 2.2 * vg.Inch
	margin        = 12 // points
)

func (p *picture) save(file, kind string) error {
	c, err := draw.NewFormattedCanvas(pictureWidth, pictureHeight, kind)
	if err != nil {
		return err
	}
	whole := draw.New(c)
	whole.SetColor(color.White)
	whole.Fill(whole.Rectangle.Path())
	p.Draw(draw.Crop(whole, margin, -legendWidth-margin, margin, -margin))
	p.legend.Draw(draw.Crop(whole, pictureWidth-legendWidth, -margin, margin, -4*margin))
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = c.WriteTo(f)
	return errors.Join(err, f.Close())
}

// canvas is an empty picture in the house style.
func canvas(title string) *picture {
	p := &picture{plot.New(), plot.NewLegend()}
	p.Title.Text = title
	p.Title.TextStyle.Font.Size = vg.Points(15)
	p.Title.Padding = vg.Points(8)
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font.Size = vg.Points(12)
		axis.Tick.Label.Font.Size = vg.Points(11)
	}
	p.legend.TextStyle.Font.Size = vg.Points(11)
	p.legend.Padding = vg.Points(3)
	p.legend.Top, p.legend.Left = true, true
	p.BackgroundColor = color.White
	return p
}

// grid are faint lines.
func grid(vertical bool) *plotter.Grid {
	g := plotter.NewGrid()
	faint := draw.LineStyle{Color: color.Gray{225}, Width: vg.Points(0.7)}
	g.Horizontal, g.Vertical = faint, faint
	if !vertical {
		g.Vertical.Color = nil
	}
	return g
}

// powers are ticks of a logarithmic axis: labels at powers of ten alone.
type powers struct{}

func (powers) Ticks(lo, hi float64) []plot.Tick {
	var ticks []plot.Tick
	for e := int(math.Floor(math.Log10(lo))); e <= int(math.Ceil(math.Log10(hi))); e++ {
		for d := 1.0; d < 10; d++ {
			x := d * math.Pow10(e)
			if x < lo*0.999 || x > hi*1.001 {
				continue
			}
			t := plot.Tick{Value: x}
			if d == 1 {
				t.Label = grouped(x)
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

func logarithmic(a *plot.Axis, lo, hi float64) {
	a.Scale, a.Tick.Marker = plot.LogScale{}, powers{}
	a.Min, a.Max = lo, hi
}

// drawSpeed is companies/s against N, band, 256 levels.
func (r *report) drawSpeed() (*picture, error) {
	p := canvas(fmt.Sprintf("Companies a second (best run), %d features x 256 levels, band", features))
	p.X.Label.Text = "companies in the batch, N" // the title says what Y is: the library pads labels of logarithmic axes
	bottom, top, most := 100.0, 1e5, 1e5
	p.Add(grid(true))
	dashes := map[linkKind][]vg.Length{linkTCP: nil, linkTLS: {vg.Points(6), vg.Points(4)}, linkNodes: {vg.Points(2), vg.Points(3)}}
	for _, e := range bench.Engines() {
		for _, link := range []linkKind{linkTCP, linkTLS, linkNodes} {
			var points plotter.XYs
			for _, x := range r.Rows {
				if x.Engine == e.Name && x.Link == string(link) && !x.Prepared && x.Levels == 256 && x.Output == score.OutputBand.String() {
					points = append(points, plotter.XY{X: float64(x.N), Y: x.CompaniesPerS})
					bottom, top, most = min(bottom, x.CompaniesPerS), max(top, x.CompaniesPerS), max(most, float64(x.N))
				}
			}
			if len(points) == 0 {
				continue
			}
			line, dots, err := plotter.NewLinePoints(points)
			if err != nil {
				return nil, err
			}
			line.Color, line.Width, line.Dashes = engineColor(e.Name), vg.Points(2), dashes[link]
			dots.Color, dots.Shape, dots.Radius = engineColor(e.Name), draw.CircleGlyph{}, vg.Points(3)
			p.Add(line, dots)
			p.legend.Add(fmt.Sprintf("%s, %s", e.Name, link), line)
		}
	}
	if err := addRivals(p); err != nil {
		return nil, err
	}
	logarithmic(&p.X, 0.8, most*1.25)
	logarithmic(&p.Y, bottom/2, top*2)
	return p, nil
}

// addRivals marks three of the others, by name, at their N.
func addRivals(p *picture) error {
	var shown plotter.XYLabels
	for _, x := range rivalsMeasured {
		if x.perSecond > 4500 || x.name == "MP-SPDZ semi2k" {
			shown.XYs = append(shown.XYs, plotter.XY{X: rivalN, Y: x.perSecond})
			shown.Labels = append(shown.Labels, x.name)
		}
	}
	dots, err := plotter.NewScatter(shown)
	if err != nil {
		return err
	}
	dots.GlyphStyle = draw.GlyphStyle{Color: color.Gray{70}, Radius: vg.Points(4), Shape: draw.CrossGlyph{}}
	labels, err := plotter.NewLabels(shown)
	if err != nil {
		return err
	}
	labels.Offset = vg.Point{X: vg.Points(7), Y: vg.Points(-4)}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Font.Size, labels.TextStyle[i].Color = vg.Points(10), color.Gray{70}
	}
	p.Add(dots, labels)
	p.legend.Add("others, see below", dots)
	return nil
}

// drawBytes is bytes a company, both ways, for every shape that was run without
// a wide-area line.
func (r *report) drawBytes() (*picture, error) {
	p := canvas("Bytes a company, both ways, largest batch, tcp")
	p.Add(grid(false))
	shapes := []struct {
		name   string
		levels int
		output score.OutputKind
	}{
		{"band, 256 levels", 256, score.OutputBand},
		{"band, 1,024", 1024, score.OutputBand},
		{"band, 4,096", 4096, score.OutputBand},
		{"score, 256", 256, score.OutputScore},
	}
	labels := make([]string, len(shapes))
	const (
		floor    = 100
		barWidth = 25 // points
		barStep  = 26
	)
	top := 1000.0
	engines := bench.Engines()
	for i, e := range engines {
		b := &bars{color: engineColor(e.Name), width: barWidth, offset: barStep * vg.Length(float64(i)-float64(len(engines)-1)/2), floor: floor}
		for at, s := range shapes {
			labels[at] = s.name
			n := 0
			var bytes float64
			for _, x := range r.Rows {
				if x.Engine == e.Name && x.Link == string(linkTCP) && x.Levels == s.levels && x.Output == s.output.String() && x.N > n {
					n, bytes = x.N, float64(x.BytesBankToTax+x.BytesTaxToBank)/float64(x.N)
				}
			}
			if n > 0 {
				b.values = append(b.values, plotter.XY{X: float64(at), Y: bytes})
				top = max(top, bytes)
			}
		}
		if len(b.values) > 0 {
			p.Add(b)
			p.legend.Add(e.Name, b)
		}
	}
	p.NominalX(labels...)
	p.X.Min, p.X.Max = -0.6, float64(len(shapes))-0.4
	logarithmic(&p.Y, floor, top*2)
	return p, nil
}

// drawStages is where the processor time of either side goes.
func (r *report) drawStages() (*picture, error) {
	p := canvas(fmt.Sprintf("Share of processor time per stage, %d x 256, band, tcp", features))
	p.X.Label.Text = "per cent of the side's processor time"
	var names []string
	for _, s := range slices.Backward(r.shares) {
		names = append(names, fmt.Sprintf("%s, %s", s.engine, s.side))
	}
	if len(names) == 0 {
		return p, nil
	}
	var below *plotter.BarChart
	for i, stage := range stages {
		var values plotter.Values
		for _, s := range slices.Backward(r.shares) {
			values = append(values, 100*s.stages[i]/max(s.total(), 1e-9))
		}
		b, err := plotter.NewBarChart(values, vg.Points(22))
		if err != nil {
			return nil, err
		}
		b.Horizontal, b.Color, b.LineStyle.Width = true, colorOf(i), 0
		if below != nil {
			b.StackOn(below)
		}
		below = b
		p.Add(b)
		p.legend.Add(stage.name, b)
	}
	p.NominalY(names...)
	p.X.Min, p.X.Max = 0, 100
	var ticks plot.ConstantTicks
	for x := 0; x <= 100; x += 20 {
		ticks = append(ticks, plot.Tick{Value: float64(x), Label: fmt.Sprint(x)})
	}
	p.X.Tick.Marker = ticks
	p.Y.Min, p.Y.Max = -0.6, float64(len(names))-0.4
	return p, nil
}

// bars are bars that stand on the floor of a logarithmic axis, which those of
// the library cannot: they begin at zero.
type bars struct {
	values        plotter.XYs
	color         color.Color
	width, offset vg.Length
	floor         float64
}

// Plot implements plot.Plotter. The value stands above each bar.
func (b *bars) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	style := text.Style{Color: color.Gray{40}, Font: p.X.Tick.Label.Font, XAlign: draw.XCenter, YAlign: draw.YBottom, Handler: p.TextHandler}
	style.Font.Size = vg.Points(8.5)
	for _, v := range b.values {
		left, right := toX(v.X)+b.offset-b.width/2, toX(v.X)+b.offset+b.width/2
		c.FillPolygon(b.color, []vg.Point{{X: left, Y: toY(b.floor)}, {X: left, Y: toY(v.Y)}, {X: right, Y: toY(v.Y)}, {X: right, Y: toY(b.floor)}})
		c.FillText(style, vg.Point{X: (left + right) / 2, Y: toY(v.Y) + vg.Points(2)}, grouped(math.Round(v.Y)))
	}
}

// Thumbnail implements plot.Thumbnailer.
func (b *bars) Thumbnail(c *draw.Canvas) {
	c.FillPolygon(b.color, []vg.Point{c.Min, {X: c.Min.X, Y: c.Max.Y}, c.Max, {X: c.Max.X, Y: c.Min.Y}})
}
