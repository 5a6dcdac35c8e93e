package vault

import (
	"context"

	"github.com/blindscore/blindscore/circuits/homomorphic/threshold"
)

// Audit checks what the holder at a point answered to a request, from the root that it opens to the auditor and the
// transcript of the key generation: the auditor evaluates the model again and recomputes the answer. nil if the holder did
// what it should; a fault that names it (threshold.Named) if not; ErrResult if the request itself was of other results,
// which no honest holder answers. See package threshold on where an audit may run: a root is a share of the key.
func (p *Platform) Audit(ctx context.Context, request, answer []byte, said *threshold.Transcript, point int, root *threshold.Root) error {
	q, t, err := readRequest(p.plan, request)
	if err != nil {
		return err
	}
	if t.Snapshot != p.snapshot.digest {
		return because(ErrConfig, "the request is of another snapshot")
	}
	chunks := chunksOf(p.plan, q.show)
	answers, err := readPartial(p.plan, q.digest, len(chunks), answer)
	if err != nil {
		return err
	}
	ev, err := compile(p.plan, p.keys, p.models, t.Model)
	if err != nil {
		return err
	}
	for i, chunk := range chunks {
		result, err := evaluate(ctx, ev, p.snapshot, p.chunks, chunk)
		if err != nil {
			return err
		}
		if result.Digest() != q.results[i] {
			return because(ErrResult, "chunk %d", chunk)
		}
		s, err := q.session(result, p.plan, p.keys, t, chunk)
		if err != nil {
			return err
		}
		if err := s.VerifySwitch(said, point, root, answers[i]); err != nil {
			return err
		}
	}
	return nil
}
