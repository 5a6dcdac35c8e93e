package party

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/partypb"
)

// LabelTable and LabelReady are the labels of the set-up messages that carry an
// encrypted table, and corrections that are made ahead; those of the OT set-up
// are lower.
const (
	LabelTable = labelTable
	LabelReady = labelReady
)

// ReadyBinding is what the OTs made ahead under a number are bound to, on a
// connection.
func ReadyBinding(link [32]byte, number uint64) [32]byte {
	return sha256.Sum256(binary.LittleEndian.AppendUint64(append([]byte("blindscore made ahead v1\x00"), link[:]...), number))
}

// SessionTerms is what a session ran with, as the signed messages before it say:
// what a replay needs beside seeds, inputs and flights.
type SessionTerms struct {
	Params   score.Params
	Binding  [32]byte
	Attempt  uint64
	Blocks   []int // all superblocks of the session
	Counter  uint64
	Prepared *PreparedTerms // nil if nothing that was made ahead was used
}

// PreparedTerms says what a session of one company used of what was made ahead.
type PreparedTerms struct {
	Number  uint64 // counted from 1 on the connection
	Counter uint64
	Binding [32]byte
}

// TermsOf reads the terms of a session out of messages whose signatures the
// caller has verified. Errors wrap ErrTask: messages that do not belong together,
// or that no session can run on.
func TermsOf(schema *circuits.Schema, task, admission, start, reply *partypb.Signed) (*SessionTerms, error) {
	t, a := new(partypb.Task), new(partypb.AdmissionBody)
	s, r := new(partypb.StartBody), new(partypb.StartReplyBody)
	for _, m := range []struct {
		signed *partypb.Signed
		into   partypb.Body
	}{{task, t}, {admission, a}, {start, s}, {reply, r}} {
		if err := partypb.ParseBody(m.signed, m.into); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrTask, err)
		}
	}
	digest, admitted, started := partypb.TaskDigest(task), partypb.AdmissionDigest(admission), partypb.StartDigest(start)
	if [32]byte(a.GetTaskDigest()) != digest || a.GetCompanies() != t.GetCompanies() ||
		[32]byte(s.GetTaskDigest()) != digest || [32]byte(s.GetAdmissionDigest()) != admitted ||
		[32]byte(r.GetTaskDigest()) != digest || [32]byte(r.GetStartDigest()) != started {
		return nil, fmt.Errorf("%w: task, admission and start do not belong together", ErrTask)
	}
	if d := schema.Digest(); [32]byte(t.GetSchemaDigest()) != d {
		return nil, fmt.Errorf("%w: the task is on another schema", ErrTask)
	}
	features, err := shapeOf(schema, t)
	if err != nil {
		return nil, err
	}
	x := &agreed{task: t, digest: digest, admitted: a.GetAdmitted(), count: int(a.GetAdmittedCount())}
	p, err := x.scoreParams(features)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTask, err)
	}
	if int(s.GetSuperblocks()) != x.superblocks() || int(r.GetSuperblocks()) != x.superblocks() {
		return nil, fmt.Errorf("%w: %d superblocks, start and reply count %d and %d", ErrTask, x.superblocks(), s.GetSuperblocks(), r.GetSuperblocks())
	}
	terms := &SessionTerms{
		Params: p, Binding: partypb.SessionBinding(reply), Attempt: r.GetAttempt(),
		Blocks: x.remaining(r.GetStored(), s.GetFinished()), Counter: s.GetGround().GetExtensions(),
	}
	if n := r.GetPrepared(); n > 0 {
		terms.Prepared = &PreparedTerms{n, r.GetPreparedExtension(), ReadyBinding([32]byte(s.GetGround().GetLink()), n)}
	}
	return terms, nil
}
