package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"github.com/blindscore/blindscore/circuits/homomorphic/offline"
)

const (
	taskLabel    = "blindscore vault task v1\x00"
	requestLabel = "blindscore vault request v1\x00"
	partialLabel = "blindscore vault partial v1\x00"
	outcomeLabel = "blindscore vault outcome v1\x00"
)

// Task is what a bank asks for: the bands of a model for the companies at some positions of a snapshot, under a key of its
// own. It is signed by the bank.
type Task struct {
	ID        [32]byte  // random, so that no two tasks are equal
	Snapshot  [32]byte  // digest of the snapshot
	Model     [32]byte  // circuits.Model.Commit with the salt that the approver has
	Bank      []byte    // Ed25519 public key
	Issued    time.Time // to the second
	Purpose   string    // at most MaxPurpose bytes
	Positions []int     // of the companies, ascending; 1 to MaxPositions
	Receiver  []byte    // public key of an offline.Receiver
	digest    [32]byte
}

// Digest identifies the task.
func (t *Task) Digest() [32]byte { return t.digest }

// encode signs a task.
func (t *Task) encode(sign Signer) ([]byte, error) {
	if len(t.Bank) != keyBytes || len(t.Purpose) > MaxPurpose || len(t.Positions) < 1 || len(t.Positions) > MaxPositions {
		return nil, because(ErrConfig, "want a bank's key, at most %d bytes of purpose, 1 to %d positions", MaxPurpose, MaxPositions)
	}
	b := append([]byte(taskLabel), t.Bank...)
	b = append(append(append(b, t.ID[:]...), t.Snapshot[:]...), t.Model[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(t.Issued.Unix()))
	b = append(appendUint32(b, len(t.Purpose)), t.Purpose...)
	b = appendPositions(b, t.Positions)
	return sealed(append(b, t.Receiver...), sign)
}

// ReadTask reads a task on a plan and checks its bank's signature. Whether the bank is anybody is for the caller.
func ReadTask(plan *offline.Plan, b []byte) (*Task, error) {
	r := &reader{b: b}
	t := new(Task)
	r.literal(taskLabel)
	t.Bank = bytes.Clone(r.take(keyBytes))
	t.ID, t.Snapshot, t.Model = r.hash(), r.hash(), r.hash()
	t.Issued = time.Unix(r.int64(), 0).UTC()
	t.Purpose = string(r.take(r.count(MaxPurpose, 1)))
	t.Positions = r.positions(MaxPositions, MaxCompanies)
	t.Receiver = bytes.Clone(r.take(plan.PublicBytes()))
	r.take(sigBytes)
	if err := r.end(); err != nil {
		return nil, err
	}
	if len(t.Positions) == 0 {
		return nil, because(ErrEncoding, "want a position")
	}
	if err := plan.CheckPublic(t.Receiver); err != nil {
		return nil, because(ErrEncoding, "%v", err)
	}
	var err error
	t.digest, err = unseal(b, t.Bank)
	return t, err
}

// request is what the platform asks each holder of a subset: to switch these results for this task.
type request struct {
	taskBytes []byte
	active    []int      // points of the holders
	show      []int      // positions that the bank may read, of those of the task
	results   [][32]byte // of the chunks that have one of them, ascending
	digest    [32]byte
}

func (q *request) encode() []byte {
	b := appendPositions([]byte(requestLabel), q.active)
	b = appendHashes(appendPositions(b, q.show), q.results)
	b = append(appendUint32(b, len(q.taskBytes)), q.taskBytes...)
	q.digest = sha256.Sum256(b)
	return b
}

func readRequest(plan *offline.Plan, b []byte) (*request, *Task, error) {
	r := &reader{b: b}
	q := &request{digest: sha256.Sum256(b)}
	r.literal(requestLabel)
	q.active = r.positions(plan.Holders(), plan.Holders()+1)
	q.show = r.positions(MaxPositions, MaxCompanies)
	q.results = r.hashes(plan.Chunks(MaxCompanies))
	most := len(taskLabel) + keyBytes + 4*hashBytes + 8 + MaxPurpose + 4*MaxPositions + plan.PublicBytes() + sigBytes
	q.taskBytes = bytes.Clone(r.take(r.count(most, 1)))
	if err := r.end(); err != nil {
		return nil, nil, err
	}
	t, err := ReadTask(plan, q.taskBytes)
	if err != nil {
		return nil, nil, err
	}
	if len(q.show) == 0 || !subset(q.show, t.Positions) || len(q.results) != len(chunksOf(plan, q.show)) {
		return nil, nil, because(ErrEncoding, "want positions of the task, and a result for each of their chunks")
	}
	return q, t, nil
}

// content is what a task is switched for: it stays the same whichever holders switch it.
func (q *request) content() [32]byte {
	return sha256.Sum256(appendHashes(appendPositions([]byte("blindscore vault content v1\x00"), q.show), q.results))
}

// subset tells whether all of a are in b, both ascending.
func subset(a, b []int) bool {
	for _, v := range a {
		if _, found := slices.BinarySearch(b, v); !found {
			return false
		}
	}
	return true
}

// chunksOf are the chunks that hold positions, ascending.
func chunksOf(plan *offline.Plan, positions []int) []int {
	var out []int
	for _, p := range positions {
		if c := p / plan.Slots(); len(out) == 0 || out[len(out)-1] != c {
			out = append(out, c)
		}
	}
	return out
}

// slotsOf are the slots of positions in one chunk.
func slotsOf(plan *offline.Plan, positions []int, chunk int) []int {
	var out []int
	for _, p := range positions {
		if p/plan.Slots() == chunk {
			out = append(out, p%plan.Slots())
		}
	}
	return out
}

// contextOf binds the session of a chunk to its task.
func contextOf(task [32]byte, chunk int) [32]byte {
	return sha256.Sum256(appendUint32(append([]byte("blindscore vault session v1\x00"), task[:]...), chunk))
}

// encodePartial is a holder's answer: the digest of the request, then its answer for each chunk, each signed for itself.
func encodePartial(request [32]byte, answers [][]byte) []byte {
	b := append([]byte(partialLabel), request[:]...)
	return append(b, bytes.Join(answers, nil)...)
}

func readPartial(plan *offline.Plan, request [32]byte, chunks int, b []byte) ([][]byte, error) {
	r := &reader{b: b}
	r.literal(partialLabel)
	if got := r.hash(); r.err == nil && got != request {
		r.fail("it answers another request")
	}
	answers := make([][]byte, chunks)
	for i := range answers {
		answers[i] = r.take(plan.AnswerBytes())
	}
	return answers, r.end()
}

// outcome is what the bank gets.
type outcome struct {
	task  [32]byte
	show  []int
	bands [][]byte // of each chunk
}

func (o *outcome) encode() []byte {
	b := appendPositions(append([]byte(outcomeLabel), o.task[:]...), o.show)
	return append(b, bytes.Join(o.bands, nil)...)
}

func readOutcome(plan *offline.Plan, b []byte) (*outcome, error) {
	r := &reader{b: b}
	r.literal(outcomeLabel)
	o := &outcome{task: r.hash(), show: r.positions(MaxPositions, MaxCompanies)}
	for range chunksOf(plan, o.show) {
		o.bands = append(o.bands, r.take(plan.BandBytes()))
	}
	return o, r.end()
}
