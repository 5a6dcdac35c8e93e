package examples_test

import (
	"bufio"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/approval"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern/governtest"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/ledger"
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

// nth sets a variable to the code in a line of a list, from 1 on: nth list number VARIABLE.
func nth(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: nth list number VARIABLE")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ids := codes(ts, args[0])
	ts.Setenv(args[2], ids[n-1].String())
}

// list writes the codes of a list, one a line: list from to.
func list(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: list from to")
	}
	var text strings.Builder
	for _, id := range codes(ts, args[0]) {
		text.WriteString(id.String() + "\n")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text.String()), 0o600))
}

// files waits until a directory has so many files: files dir number.
func files(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: files dir number")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		entries, err := os.ReadDir(ts.MkAbs(args[0]))
		if err == nil && len(entries) == want {
			return
		}
		if time.Since(begin) > 30*time.Second {
			ts.Fatalf("%s: want %d files, got %d (%v)", args[0], want, len(entries), err)
		}
	}
}

// recorded checks what the ledger has of the tax node: recorded tasks number receipts number, receipts being tasks of which
// both sides' receipts agree.
func recorded(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 || args[0] != "tasks" || args[2] != "receipts" {
		ts.Fatalf("usage: recorded tasks number receipts number")
	}
	w := worldOf(ts)
	tasks, receipts := 0, 0
	ts.Check(w.Ledger.View(func(r *ledger.Records) error {
		for t := range r.Tasks(ledger.Key(w.Tax.Public())) {
			tasks++
			if t.Agreed() {
				receipts++
			}
		}
		return nil
	}))
	if got := []string{strconv.Itoa(tasks), strconv.Itoa(receipts)}; got[0] != args[1] || got[1] != args[3] {
		ts.Fatalf("on the ledger: %s tasks, %s of them with receipts of both", got[0], got[1])
	}
}

// task sets a variable to the digest of the one task in a bank's journal: task journal VARIABLE.
func task(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: task journal VARIABLE")
	}
	j, err := journal.OpenBank(ts.MkAbs(args[0]))
	ts.Check(err)
	defer j.Close()
	for id, err := range j.Tasks() {
		ts.Check(err)
		ts.Setenv(args[1], hex.EncodeToString(id[:]))
	}
}
