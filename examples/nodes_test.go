package examples_test

import (
	"context"
	"encoding/csv"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/govern/governtest"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// pair are the identities of a bank and of a tax node that know each other by pins.
type pair struct {
	bank, tax           *transport.Identity
	bankPeers, taxPeers transport.Peers
}

func newPair() (*pair, error) {
	make1 := func(role transport.Role, node string) (*transport.Identity, transport.Peers, error) {
		name, err := transport.NewName("test.example", role, node)
		if err != nil {
			return nil, transport.Peers{}, err
		}
		key, err := transport.NewKey()
		if err != nil {
			return nil, transport.Peers{}, err
		}
		id, err := transport.SelfSigned(key, name, time.Hour)
		if err != nil {
			return nil, transport.Peers{}, err
		}
		return id, transport.Peers{Pins: map[transport.Name]transport.Pin{name: id.Pin()}}, nil
	}
	p := new(pair)
	var err error
	if p.bank, p.taxPeers, err = make1(transport.RoleBank, "first"); err != nil {
		return nil, err
	}
	p.tax, p.bankPeers, err = make1(transport.RoleTax, "zhejiang")
	return p, err
}

// govern makes a ledger on which both are registered, for companies that consented to everything.
func (p *pair) govern(dir string, schema *circuits.Schema, companies []uscc.ID) (*governtest.World, error) {
	w, err := governtest.New(filepath.Join(dir, "governed"), p.bank, p.tax, schema)
	if err != nil {
		return nil, err
	}
	if _, err := w.Enrol(schema, companies); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// serve runs a tax node in this process, on the loopback interface, until stop is called, which ends the ledger too.
func (p *pair) serve(dir string, w *governtest.World, schema *circuits.Schema, source records.Source) (addr string, stop func() error, err error) {
	j, err := journal.OpenTax(filepath.Join(dir, "tax-journal.db"))
	if err != nil {
		return "", nil, err
	}
	cfg := party.TaxConfig{Identity: p.tax, Schema: schema, Records: source, Journal: j, Logger: slog.New(slog.DiscardHandler)}
	closed, err := w.Govern(&cfg)
	if err != nil {
		return "", nil, err
	}
	node, err := party.NewTaxNode(cfg)
	if err != nil {
		return "", nil, err
	}
	l, err := transport.Listen("127.0.0.1:0", transport.Config{Identity: p.tax, Peers: p.taxPeers, PeerRole: transport.RoleBank})
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- node.Serve(ctx, l) }()
	return l.Addr().String(), func() error {
		cancel()
		return errors.Join(<-done, j.Close(), closed(), w.Close())
	}, nil
}

// dataFile is a file of the real data, or the test is skipped.
func dataFile(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("BLINDSCORE_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not there: put the data in ../shared/data beside the repository, or name its directory in BLINDSCORE_DATA", name)
	}
	return path
}

// table reads a CSV file with a header, as one map for each row.
func table(t *testing.T, path string) []map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff"))).ReadAll()
	require.NoError(t, err)
	require.NotEmpty(t, rows)
	var list []map[string]string
	for _, row := range rows[1:] {
		m := make(map[string]string, len(row))
		for i, field := range row {
			m[rows[0][i]] = field
		}
		list = append(list, m)
	}
	return list
}
