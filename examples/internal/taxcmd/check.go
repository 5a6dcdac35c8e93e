package taxcmd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/uscc"
)

func checkCommand() *cobra.Command {
	var d database
	var companies string
	cmd := &cobra.Command{
		Use:   "check --schema SCHEMA.json --mapping MAPPING.yaml --db DB [--companies LIST]",
		Short: "Tell whether schema, mapping and database fit, and how companies spread over the grid",
		Long: `Opens the database as serve does and checks that every feature of the schema has an expression that
the database accepts. With a list of companies (one code a line) it looks them up and prints, for each feature, on
how many levels of the public grid they fall, how many are missing it, and how many the fullest level holds. It
prints no value and no company.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			mapping, source, err := d.open(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, source.Close()) }()
			schema, out := mapping.Schema(), cmd.OutOrStdout()
			fmt.Fprintf(out, "schema %s, version %s, digest %x\n", schema.Name(), schema.Version(), schema.Digest())
			fmt.Fprintf(out, "mapping for %v: %d features, %s: fits the database\n", mapping.Kind(), schema.Len(), recordTime(mapping))
			if companies == "" {
				return nil
			}
			ids, err := readList(companies)
			if err != nil {
				return err
			}
			sum := newSummary(schema)
			for piece := range slices.Chunk(ids, records.DefaultChunk) {
				chunk, err := source.Fetch(cmd.Context(), piece)
				if err != nil {
					return err
				}
				sum.add(chunk)
			}
			return sum.print(out, len(ids))
		},
	}
	d.add(cmd.Flags())
	cmd.Flags().StringVar(&companies, "companies", "", "file with one unified social credit code a line")
	need(cmd, "schema", "mapping")
	return cmd
}

// recordTime says whether the records tell how fresh they are.
func recordTime(m *records.Mapping) string {
	if m.HasRecordTime() {
		return "with the time of each record"
	}
	return "without times of records"
}

// readList reads one code a line; blank lines are skipped.
func readList(path string) ([]uscc.ID, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cli.ErrInput, err)
	}
	defer f.Close()
	var ids []uscc.ID
	scan := bufio.NewScanner(f)
	for line := 1; scan.Scan(); line++ {
		text := strings.TrimSpace(scan.Text())
		if text == "" {
			continue
		}
		id, err := uscc.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: line %d: %w", cli.ErrInput, path, line, err)
		}
		ids = append(ids, id)
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", cli.ErrInput, path, err)
	}
	return ids, nil
}

// summary counts companies by level.
type summary struct {
	schema *circuits.Schema
	known  int
	counts [][]int // by feature and level
}

func newSummary(schema *circuits.Schema) *summary {
	s := &summary{schema: schema}
	for _, f := range schema.Features() {
		s.counts = append(s.counts, make([]int, f.Levels()))
	}
	return s
}

func (s *summary) add(chunk *records.Chunk) {
	for i, known := range chunk.Known {
		if !known {
			continue
		}
		s.known++
		for f := range s.counts {
			s.counts[f][chunk.Levels[f][i]]++
		}
	}
}

func (s *summary) print(out io.Writer, asked int) error {
	fmt.Fprintf(out, "%d companies asked, %d known, %d unknown\n\n", asked, s.known, asked-s.known)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "feature\tkind\tlevels\tin use\tmissing\tfullest level\t")
	for i, f := range s.schema.Features() {
		used := 0
		for _, n := range s.counts[i] {
			if n > 0 {
				used++
			}
		}
		fmt.Fprintf(w, "%s\t%v\t%d\t%d\t%s\t%s\t\n", f.Name(), f.Kind(), f.Levels(), used,
			percent(s.counts[i][f.MissingLevel()], s.known), percent(slices.Max(s.counts[i]), s.known))
	}
	return w.Flush()
}

func percent(n, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
}
