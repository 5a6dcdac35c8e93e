package regcmd

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party/audit"
	"github.com/blindscore/blindscore/sharing"
)

// maxOpenings bounds a file of openings: some thousands of connections of one task.
const maxOpenings = 4 << 20

// openings are one auditor's of all connections that a task ran on. They travel to the other auditors in private: as many of
// them as the threshold says give the seeds.
type openings struct {
	path string
	task [32]byte
	of   map[[32]byte]*sharing.Opening // by connection
}

type openingsFile struct {
	Version  int           `json:"blindscore_openings"`
	Task     string        `json:"task"`
	Openings []openingFile `json:"openings"`
}

type openingFile struct {
	Link    string `json:"link"`
	Opening string `json:"opening"`
}

// save writes a new file, mode 0600.
func (o *openings) save(path string, links [][32]byte) error {
	form := openingsFile{Version: 1, Task: hex.EncodeToString(o.task[:])}
	for _, link := range links {
		form.Openings = append(form.Openings, openingFile{hex.EncodeToString(link[:]), base64.StdEncoding.EncodeToString(o.of[link].Encode())})
	}
	text, err := json.MarshalIndent(form, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// readOpenings reads a file that save wrote; errors quote nothing of it. Whether the openings are right is checked when they are
// put together.
func readOpenings(path string) (*openings, error) {
	text, err := cli.ReadFile(path, maxOpenings)
	if err != nil {
		return nil, err
	}
	o, err := parseOpenings(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", cli.ErrInput, path, err)
	}
	o.path = path
	return o, nil
}

var errOpenings = errors.New("not a file that \"regulator open\" wrote")

func parseOpenings(text []byte) (*openings, error) {
	var form openingsFile
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(&form) != nil || form.Version != 1 {
		return nil, errOpenings
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errOpenings
	}
	o := &openings{of: make(map[[32]byte]*sharing.Opening)}
	var err error
	if o.task, err = govern.ParseHex(form.Task); err != nil {
		return nil, errOpenings
	}
	for _, x := range form.Openings {
		link, err := govern.ParseHex(x.Link)
		if err != nil || o.of[link] != nil {
			return nil, errOpenings
		}
		raw, err := base64.StdEncoding.DecodeString(x.Opening)
		if err != nil {
			return nil, errOpenings
		}
		if o.of[link], err = sharing.DecodeOpening(raw); err != nil {
			return nil, errOpenings
		}
	}
	return o, nil
}

func openCommand() *cobra.Command {
	var f caseFlags
	var key, out string
	cmd := &cobra.Command{
		Use:   "open --dossier DIR --schema SCHEMA --bank CERT --tax CERT --auditors FILE --key KEYFILE --out FILE",
		Short: "Open, as one auditor, the seeds of a task that is audited",
		Long: `Verifies a dossier, decrypts this auditor's part of what its side put into escrow, connection by connection, and proves
each part right. OUT (mode 0600) goes to the auditor who replays, in private: together with those of as many auditors as
the threshold says it opens every session of these connections, and no other.

An auditor does this only for a task that it was ordered to audit. From a tax node's dossier it opens the tax node's own
seed, for the tax authority's own auditors, on its premises.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.open()
			if err != nil {
				return err
			}
			k, err := govern.LoadAuditorKey(key)
			if err != nil {
				return err
			}
			o := &openings{task: c.Digest, of: make(map[[32]byte]*sharing.Opening)}
			for _, link := range c.Links() {
				escrow, err := c.escrow(link)
				if err != nil {
					return auditError(err)
				}
				if o.of[link], err = audit.Open(escrow, k, rand.Reader); err != nil {
					if errors.Is(err, sharing.ErrTerms) {
						err = fmt.Errorf("%w: %s is the key of none of these auditors", cli.ErrInput, key)
					}
					return err
				}
			}
			if err := o.save(out, c.Links()); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%x\n", c.Digest)
			return err
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&key, "key", "", "this auditor's key file (required)")
	cmd.Flags().StringVar(&out, "out", "", "file for the openings (required)")
	need(cmd, "key", "out")
	return cmd
}
