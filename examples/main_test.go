package examples_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/examples/internal/bankcmd"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/companycmd"
	"github.com/blindscore/blindscore/examples/internal/democmd"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/examples/internal/regcmd"
	"github.com/blindscore/blindscore/examples/internal/taxcmd"
)

// TestMain puts the programs on the path, each as this test binary under another name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"bank":      func() { os.Exit(cli.Main(context.Background(), bankcmd.Root())) },
		"taxnode":   func() { os.Exit(cli.Main(context.Background(), taxcmd.Root())) },
		"regulator": func() { os.Exit(cli.Main(context.Background(), regcmd.Root())) },
		"gbank":     func() { governed("bank"); os.Exit(cli.Main(context.Background(), bankcmd.Root())) },
		"gtaxnode":  func() { governed("taxnode"); os.Exit(cli.Main(context.Background(), taxcmd.Root())) },
		"company":   func() { os.Exit(cli.Main(context.Background(), companycmd.Root())) },
		"demo":      func() { os.Exit(democmd.Main()) },
	})
}

func TestScripts(t *testing.T) {
	dir, only := "testdata", []string(nil)
	if underRace { // the scripts that run nodes side by side
		dir, only = "", []string{"testdata/lattice.txtar", "testdata/score.txtar"}
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		Files:               only,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"until":    until,
			"madeup":   writeMadeUp,
			"await":    await,
			"plain":    plain,
			"tamper":   tamper,
			"govern":   govern,
			"approve":  approve,
			"withdraw": withdraw,
			"nth":      nth,
			"list":     list,
			"files":    files,
			"recorded": recorded,
			"task":     task,
		},
	})
}

// exits runs a program and wants an exit code: exits 3 bank compile ...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program args...")
	}
	if want, got := exitCode(ts, args); got != want {
		ts.Fatalf("want exit code %d, got %d", want, got)
	}
}

// exitCode runs a program and returns the exit code that is wanted and the one that it got.
func exitCode(ts *testscript.TestScript, args []string) (want, got int) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return want, exit.ExitCode()
	}
	ts.Check(err)
	return want, 0
}

// writeMadeUp writes the files of made-up companies: madeup dir number seed. The records of the tax authority are
// there as a database, and as CSV for an import.
func writeMadeUp(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: madeup dir number seed")
	}
	companies := companiesOf(ts, args[1], args[2])
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	_, err := madeup.WriteFiles(context.Background(), dir, slices.Values(companies))
	ts.Check(err)
	ts.Check(writeRecords(filepath.Join(dir, "taxpayers.csv"), companies))
}

func companiesOf(ts *testscript.TestScript, number, seed string) []madeup.Company {
	n, err := strconv.Atoi(number)
	ts.Check(err)
	s, err := strconv.ParseUint(seed, 10, 64)
	ts.Check(err)
	return madeup.Companies(s, n)
}

func writeRecords(path string, companies []madeup.Company) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	w := csv.NewWriter(file)
	rows := [][]string{{
		"company", "sales_12m", "sales_prev_12m", "vat_12m", "purchases_12m", "top_customer_12m", "invoices_12m", "voided_12m",
		"red_letter_12m", "idle_months_24m", "customers_12m", "late_filings_24m", "age_months", "tax_credit_rating",
	}}
	for i := range companies {
		c := &companies[i]
		if !c.Known {
			continue
		}
		row := []string{c.ID.String()}
		for _, n := range []int64{
			c.Sales, c.SalesBefore, c.VAT, c.Purchases, c.TopCustomer, c.Invoices, c.Voided, c.RedLetter,
			c.IdleMonths, c.Customers, c.LateFilings, c.AgeMonths,
		} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		rows = append(rows, append(row, c.Rating))
	}
	return w.WriteAll(rows)
}

// tamper copies a JSON object of texts, with the first hexadecimal digit of one of them changed: tamper from to key. The
// copy is its owner's alone.
func tamper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: tamper from to key")
	}
	var object map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &object))
	text, ok := object[args[2]].(string)
	if !ok || text == "" {
		ts.Fatalf("no text %q", args[2])
	}
	digit := "0"
	if text[0] == '0' {
		digit = "1"
	}
	object[args[2]] = digit + text[1:]
	changed, err := json.Marshal(object)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), changed, 0o600))
}

// await waits for a file with one line and sets a variable to the line: await file VARIABLE.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await file VARIABLE")
	}
	line, err := awaitLine(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Setenv(args[1], line)
}

// awaitLine returns the line in a file once there is one.
func awaitLine(path string) (string, error) {
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(path)
		if line := strings.TrimSpace(string(text)); err == nil && line != "" {
			return line, nil
		}
		if time.Since(begin) > 30*time.Second {
			return "", errors.Join(err, errors.New("no line in "+path))
		}
	}
}

// plain compares results in CSV with the plain evaluator: plain bands.csv number seed.
func plain(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: plain file number seed")
	}
	rows, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[0]))).ReadAll()
	ts.Check(err)
	ts.Check(comparePlain(rows, companiesOf(ts, args[1], args[2])))
}

// comparePlain holds the rows of a CSV result against the plain evaluator, in order.
func comparePlain(rows [][]string, companies []madeup.Company) error {
	schema, err := madeup.Schema()
	if err != nil {
		return err
	}
	card, err := madeup.Card()
	if err != nil {
		return err
	}
	if len(rows) != len(companies)+1 {
		return errors.New("want one row a company and a header, got " + strconv.Itoa(len(rows)))
	}
	for i := range companies {
		want, err := card.Evaluate(schema.Normal(companies[i].Values()))
		if err != nil {
			return err
		}
		line := []string{companies[i].ID.String(), bankcmd.StatusRefused, "", ""}
		if companies[i].Known {
			line = []string{line[0], bankcmd.StatusOK, strconv.Itoa(want.Band), want.BandName}
		}
		score := rows[i+1][4]
		if got := rows[i+1][:4]; strings.Join(got, ",") != strings.Join(line, ",") || score != "" && score != want.Score.String() {
			return errors.New("row " + strconv.Itoa(i+1) + ": want " + strings.Join(line, ",") + " and score " + want.Score.String() +
				", got " + strings.Join(rows[i+1], ","))
		}
	}
	return nil
}

// The comparison itself must be able to fail.
func TestComparePlainFindsDifferences(t *testing.T) {
	companies := madeup.Companies(3, 2)
	header := []string{"company", "status", "band", "name", "score"}
	require.Error(t, comparePlain([][]string{header}, companies))
	wrong := [][]string{header}
	for i := range companies {
		wrong = append(wrong, []string{companies[i].ID.String(), "ok", "9", "Z", ""})
	}
	require.Error(t, comparePlain(wrong, companies))
}
