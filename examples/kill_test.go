package examples_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/bankcmd"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern/governtest"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// killSize is the batch of the kill tests.
func killSize() int {
	switch {
	case underRace:
		return 5_000
	case testing.Short():
		return 20_000
	}
	return 40_000 // each has a key and a consent
}

// station is a tax node and a bank as processes, with everything that they keep in one directory.
type station struct {
	t         *testing.T
	dir       string
	files     madeup.Files
	companies []madeup.Company
	bank, tax [2]string // certificate and key
	world     *governtest.World
	address   string
}

// newStation makes a station with made-up companies, which all consented.
func newStation(t *testing.T, companies []madeup.Company) *station {
	t.Helper()
	s := emptyStation(t, companies)
	var ids []uscc.ID
	for i := range companies {
		ids = append(ids, companies[i].ID)
	}
	s.govern(ids)
	return s
}

func emptyStation(t *testing.T, companies []madeup.Company) *station {
	t.Helper()
	s := &station{t: t, dir: t.TempDir(), companies: companies}
	var err error
	s.files, err = madeup.WriteFiles(t.Context(), s.dir, slices.Values(companies))
	require.NoError(t, err)
	bank, err := transport.NewName("test.example", transport.RoleBank, "first")
	require.NoError(t, err)
	tax, err := transport.NewName("test.example", transport.RoleTax, "zhejiang")
	require.NoError(t, err)
	require.NoError(t, transport.DevCA(s.dir, bank, tax))
	s.bank[0], s.bank[1] = transport.DevFiles(s.dir, bank)
	s.tax[0], s.tax[1] = transport.DevFiles(s.dir, tax)
	return s
}

// govern puts governance over the two nodes: the model approved, the companies' consents granted.
func (s *station) govern(companies []uscc.ID) {
	t := s.t
	t.Helper()
	bank, err := transport.LoadIdentity(s.bank[0], s.bank[1])
	require.NoError(t, err)
	tax, err := transport.LoadIdentity(s.tax[0], s.tax[1])
	require.NoError(t, err)
	schema, err := cli.Schema(s.files.Schema)
	require.NoError(t, err)
	s.world, err = governtest.New(s.at("governed"), bank, tax, schema)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.world.Close()) })
	_, err = s.world.Enrol(schema, companies)
	require.NoError(t, err)
	text, err := os.ReadFile(s.files.Card)
	require.NoError(t, err)
	card, err := circuits.ParseScorecard(text)
	require.NoError(t, err)
	model, _, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	require.NoError(t, err)
	_, _, err = s.world.Approve(s.world.At("approval.json"), s.world.At("salt.json"), model, [32]byte{})
	require.NoError(t, err)
	grant := s.start("taxnode", slices.Concat([]string{"grant", "--cert", s.tax[0], "--key", s.tax[1]}, s.world.GrantFlags(), []string{s.world.At("consents.jws")})...)
	require.Equal(t, cli.ExitOK, grant.wait(t), "%s", grant.said())
}

func (s *station) at(name string) string { return filepath.Join(s.dir, name) }

// program is one process and what it says on standard error.
type program struct {
	cmd   *exec.Cmd
	lines chan string // of standard error, as they come
	mu    sync.Mutex
	text  bytes.Buffer
	read  chan struct{} // closed once standard error ends
}

func (s *station) start(name string, args ...string) *program {
	s.t.Helper()
	p := &program{cmd: exec.Command(name, args...), lines: make(chan string, 1<<12), read: make(chan struct{})}
	stderr, err := p.cmd.StderrPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, p.cmd.Start())
	s.t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	go func() {
		defer close(p.read)
		defer close(p.lines)
		for scan := bufio.NewScanner(stderr); scan.Scan(); {
			p.mu.Lock()
			p.text.WriteString(scan.Text() + "\n")
			p.mu.Unlock()
			p.lines <- scan.Text()
		}
	}()
	return p
}

// wait waits for the end and returns the exit code, -1 if a signal ended the process.
func (p *program) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.read:
	case <-time.After(time.Minute):
		_ = p.cmd.Process.Kill()
		require.Fail(t, "the process hangs", p.said())
	}
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// until waits for a line that holds a text.
func (p *program) until(t *testing.T, text string) {
	t.Helper()
	patience := time.After(time.Minute)
	for {
		select {
		case line, open := <-p.lines:
			require.True(t, open, "the process ended before it said %q: %s", text, p.said())
			if strings.Contains(line, text) {
				return
			}
		case <-patience:
			require.Fail(t, "no "+text, p.said())
		}
	}
}

// serve starts the tax node, on the journal of the one before, if there was one.
func (s *station) serve() *program {
	s.t.Helper()
	_ = os.Remove(s.at("address"))
	p := s.start("taxnode", slices.Concat([]string{"serve"}, s.world.TaxFlags(), []string{
		"--cert", s.tax[0], "--key", s.tax[1], "--ca", transport.DevRoots(s.dir),
		"--schema", s.files.Schema, "--mapping", s.files.Mapping, "--db", s.files.Database, "--journal", s.at("tax-journal.db"),
		"--listen", "127.0.0.1:0", "--announce", s.at("address"),
	})...)
	var err error
	s.address, err = awaitLine(s.at("address"))
	require.NoError(s.t, err, "%s", p.said())
	return p
}

// bankRun starts the bank's program with what its subcommands have in common.
func (s *station) bankRun(command, out string, more ...string) *program {
	s.t.Helper()
	return s.start("bank", slices.Concat([]string{
		command, "--cert", s.bank[0], "--key", s.bank[1], "--ca", transport.DevRoots(s.dir), "--tax", s.address,
		"--schema", s.files.Schema, "--model", s.files.Card, "--journal", s.at("bank-journal.db"), "--out", out, "--progress", "lines",
	}, s.world.BankFlags(), more)...)
}

// evaluations counts, in the tax node's journal, what was evaluated in all tasks; the node must be down.
func (s *station) evaluations() (tasks int, companies uint64) {
	s.t.Helper()
	j, err := journal.OpenTax(s.at("tax-journal.db"))
	require.NoError(s.t, err)
	defer j.Close()
	for id, err := range j.Tasks() {
		require.NoError(s.t, err)
		n, err := j.Evaluations(id)
		require.NoError(s.t, err)
		tasks, companies = tasks+1, companies+n
		blocks := make(map[int]bool)
		for a, err := range j.Answers(id) {
			require.NoError(s.t, err)
			require.False(s.t, blocks[a.Block], "superblock %d has two answers", a.Block)
			blocks[a.Block] = true
		}
	}
	return tasks, companies
}

func (s *station) known() (n uint64) {
	for i := range s.companies {
		if s.companies[i].Known {
			n++
		}
	}
	return n
}

// finish resumes the batch, and holds results and journals against the plain evaluator.
func (s *station) finish(tax *program) {
	t := s.t
	t.Helper()
	resume := s.bankRun("resume", s.at("bands.csv"))
	require.Equal(t, cli.ExitOK, resume.wait(t), "%s", resume.said())
	file, err := os.Open(s.at("bands.csv"))
	require.NoError(t, err)
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	require.NoError(t, comparePlain(rows, s.companies))

	again := s.bankRun("resume", s.at("nothing.csv"))
	require.Equal(t, cli.ExitOK, again.wait(t))
	require.Contains(t, again.said(), "nothing to resume")

	require.NoError(t, tax.cmd.Process.Signal(os.Interrupt))
	require.Equal(t, cli.ExitOK, tax.wait(t), "%s", tax.said())
	require.Contains(t, tax.said(), "batch complete")
	tasks, evaluations := s.evaluations()
	require.Equal(t, 1, tasks)
	require.Equal(t, s.known(), evaluations, "every company that is on record is evaluated exactly once")
}

func TestBankKilledInTheMiddle(t *testing.T) {
	s := newStation(t, madeup.Companies(11, killSize()))
	tax := s.serve()
	bank := s.bankRun("score", s.at("never.csv"), "--companies", s.files.List)
	bank.until(t, "companies scored: ")
	require.NoError(t, bank.cmd.Process.Kill())
	require.Equal(t, -1, bank.wait(t), "%s", bank.said())
	require.NoFileExists(t, s.at("never.csv"))

	tax.until(t, "party: interrupted") // and it goes on serving
	s.finish(tax)
}

func TestTaxNodeKilledInTheMiddle(t *testing.T) {
	s := newStation(t, madeup.Companies(12, killSize()))
	tax := s.serve()
	bank := s.bankRun("score", s.at("never.csv"), "--companies", s.files.List)
	bank.until(t, "companies scored: ")
	require.NoError(t, tax.cmd.Process.Kill())
	require.Equal(t, -1, tax.wait(t))
	require.Equal(t, cli.ExitInterrupted, bank.wait(t), "%s", bank.said())
	require.Contains(t, bank.said(), "party: interrupted")
	require.Contains(t, bank.said(), `run "bank resume"`)
	require.NoFileExists(t, s.at("never.csv"))

	_, evaluations := s.evaluations()
	require.Positive(t, evaluations)
	require.Less(t, evaluations, s.known(), "it was in the middle")
	s.finish(s.serve())
}

// score --resume takes up the batch over the same list, and says how many attempts it took.
func TestScoreResumes(t *testing.T) {
	s := newStation(t, madeup.Companies(13, 8000))
	tax := s.serve()
	bank := s.bankRun("score", s.at("never.csv"), "--companies", s.files.List)
	bank.until(t, "companies scored: ")
	require.NoError(t, bank.cmd.Process.Signal(os.Interrupt))
	require.Equal(t, cli.ExitInterrupted, bank.wait(t), "%s", bank.said())

	bank = s.bankRun("score", s.at("bands.json"), "--companies", s.files.List, "--resume", "--out-format", "json")
	require.Equal(t, cli.ExitOK, bank.wait(t), "%s", bank.said())
	file, err := os.Open(s.at("bands.json"))
	require.NoError(t, err)
	defer file.Close()
	var out bankcmd.Output
	dec := json.NewDecoder(file)
	require.NoError(t, dec.Decode(&out))
	require.ErrorIs(t, dec.Decode(new(bankcmd.Output)), io.EOF)
	require.Equal(t, 2, out.Summary.Attempts)
	require.Equal(t, 40, out.Summary.Refused)
	require.EqualValues(t, s.known(), out.Summary.Companies)

	require.NoError(t, tax.cmd.Process.Signal(os.Interrupt))
	require.Equal(t, cli.ExitOK, tax.wait(t))
	_, evaluations := s.evaluations()
	require.Equal(t, s.known(), evaluations)
}
