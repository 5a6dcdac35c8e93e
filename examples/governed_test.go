package examples_test

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/approval"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern/governtest"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// governVariable names the directory of governance of a script.
const governVariable = "GOVERNED"

// governed puts the flags of governance before those of the command line, for the programs gbank and gtaxnode: they stand in
// a file, one a line.
func governed(program string) {
	text, err := os.ReadFile(filepath.Join(os.Getenv(governVariable), program+".flags"))
	if err == nil && len(os.Args) > 1 {
		os.Args = slices.Concat(os.Args[:2], strings.Split(strings.TrimSpace(string(text)), "\n"), os.Args[2:])
	}
}

// worlds are the ledgers of scripts, which run side by side.
var worlds sync.Map // directory -> *governtest.World

func worldOf(ts *testscript.TestScript) *governtest.World {
	w, there := worlds.Load(ts.Getenv(governVariable))
	if !there {
		ts.Fatalf("say govern first")
	}
	return w.(*governtest.World)
}

// govern begins a ledger with a bank and a tax node, and consents of a list of companies: govern bank tax schema list. Nodes
// are named by their files without the extension. The programs gbank and gtaxnode are governed from then on.
func govern(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: govern bank tax schema list")
	}
	load := func(base string) *transport.Identity {
		id, err := transport.LoadIdentity(ts.MkAbs(base+".pem"), ts.MkAbs(base+".key"))
		ts.Check(err)
		return id
	}
	schema, err := cli.Schema(ts.MkAbs(args[2]))
	ts.Check(err)
	dir := ts.MkAbs("governed")
	w, err := governtest.New(dir, load(args[0]), load(args[1]), schema)
	ts.Check(err)
	ts.Defer(func() { ts.Check(w.Close()) })
	_, err = w.Enrol(schema, codes(ts, args[3]))
	ts.Check(err)
	ts.Check(os.WriteFile(w.At("bank.flags"), []byte(strings.Join(w.BankFlags(), "\n")), 0o600))
	ts.Check(os.WriteFile(w.At("taxnode.flags"), []byte(strings.Join(w.TaxFlags(), "\n")), 0o600))
	ts.Setenv(governVariable, dir)
	ts.Setenv("LEDGERKEY", w.LogKey())
	worlds.Store(dir, w)
}

// codes are the companies of a list, with a header or without.
func codes(ts *testscript.TestScript, path string) (ids []uscc.ID) {
	for scan := bufio.NewScanner(strings.NewReader(ts.ReadFile(path))); scan.Scan(); {
		code, _, _ := strings.Cut(scan.Text(), ",")
		if id, err := uscc.Parse(code); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// approve approves a scorecard, with its encrypted table if there is a seed: approve name card schema [seed]. The files are
// name.json and, for the salt, name.salt; "approval" is what gbank uses.
func approve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: approve name card schema [seed]")
	}
	w := worldOf(ts)
	schema, err := cli.Schema(ts.MkAbs(args[2]))
	ts.Check(err)
	card, err := circuits.ParseScorecard([]byte(ts.ReadFile(args[1])))
	ts.Check(err)
	model, _, err := circuits.Compile(card, schema, circuits.CompileOptions{Snap: true})
	ts.Check(err)
	var table [32]byte
	if len(args) == 4 {
		seed, err := approval.Load(ts.MkAbs(args[3]))
		ts.Check(err)
		table = seed.Digest
	}
	approvalFile, saltFile := ts.MkAbs(args[0]+".json"), ts.MkAbs(args[0]+".salt")
	if args[0] == "approval" {
		approvalFile, saltFile = w.At("approval.json"), w.At("salt.json")
	}
	_, _, err = w.Approve(approvalFile, saltFile, model, table)
	ts.Check(err)
}

// withdraw takes an approval back: withdraw file.
func withdraw(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: withdraw file")
	}
	ts.Check(worldOf(ts).Withdraw(ts.MkAbs(args[0])))
}

// until runs a program again and again until it ends with an exit code, for what takes a moment to come through: until 0
// gbank score ...
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until code program args...")
	}
	for begin := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		want, got := exitCode(ts, args)
		if got == want {
			return
		}
		if time.Since(begin) > 30*time.Second {
			ts.Fatalf("want exit code %d, still %d", want, got)
		}
	}
}
