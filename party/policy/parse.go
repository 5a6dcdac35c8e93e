package policy

import (
	"encoding/hex"
	"unicode"
	"unicode/utf8"

	"github.com/blindscore/blindscore/party/transport"
)

// Parse reads a policy, see the package's documentation for the format. Unknown and repeated fields, anchors, aliases, tags
// and a second document are refused. Errors wrap ErrPolicy and name line and field.
func Parse(data []byte) (*Policy, error) {
	root, err := parseDocument(data)
	if err != nil {
		return nil, err
	}
	p := &Policy{ready: true, digest: digestOf(data), banks: make(map[transport.Name]*rules)}
	var version int
	var limits, standard, banks *place
	keep := func(v **place) func(place) error {
		return func(at place) error { *v = &at; return nil }
	}
	err = root.fields(map[string]func(place) error{
		"version": func(at place) error { return at.number(&version, 1, 1) },
		"stop":    func(at place) error { return at.choice(&p.stop, "false", "true") },
		"limits":  keep(&limits), "default": keep(&standard), "banks": keep(&banks),
	})
	switch {
	case err != nil:
		return nil, err
	case version == 0:
		return nil, root.bad("version is missing, want version: 1")
	case limits == nil && !p.stop:
		return nil, root.bad("limits are missing")
	case banks == nil && !p.stop:
		return nil, root.bad("banks are missing; write banks: {} to list none")
	}
	if limits != nil {
		if err := p.parseLimits(*limits); err != nil {
			return nil, err
		}
	}
	var base rules
	if standard != nil {
		if err := base.parse(*standard); err != nil {
			return nil, err
		}
	}
	if banks != nil {
		if err := p.parseBanks(*banks, &base); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// parseLimits wants every limit written down: one that was forgotten would be one that does not hold.
func (p *Policy) parseLimits(at place) error {
	var records, unknown, checkpoint bool
	age := func(v *place, known *bool, set func(place) error) error {
		*known = true
		if s, err := v.text(); err == nil && s == "any" {
			return nil
		}
		return set(*v)
	}
	err := at.fields(map[string]func(place) error{
		"budgets": func(at place) (err error) { p.budgets, err = parseBudgets(at); return err },
		"records": func(at place) error {
			return at.fields(map[string]func(place) error{
				"max_age": func(at place) error {
					return age(&at, &records, func(at place) error { return at.span(&p.recordAge) })
				},
				"unknown": func(at place) error { unknown = true; return at.choice(&p.unknownTime, "refuse", "admit") },
			})
		},
		"checkpoint": func(at place) error {
			return at.fields(map[string]func(place) error{
				"max_age": func(at place) error {
					return age(&at, &checkpoint, func(at place) error { return at.span(&p.checkpointAge) })
				},
			})
		},
	})
	p.longest = longestOf(p.budgets)
	switch {
	case err != nil:
		return err
	case len(p.budgets) == 0:
		return at.bad("budgets are missing, want at least one")
	case !records || !unknown:
		return at.bad("records: want max_age (a duration or any) and unknown (admit or refuse)")
	case !checkpoint:
		return at.bad("checkpoint: want max_age (a duration or any)")
	}
	return nil
}

func parseBudgets(at place) ([]Budget, error) {
	items, err := at.items(MaxBudgets)
	if err != nil {
		return nil, err
	}
	out := make([]Budget, len(items))
	for i, item := range items {
		err := item.fields(map[string]func(place) error{
			"bits":   func(at place) error { return at.number(&out[i].Bits, 1, MaxBudgetBits) },
			"window": func(at place) error { return at.span(&out[i].Window) },
		})
		if err != nil {
			return nil, err
		}
		if out[i].Bits == 0 || out[i].Window == 0 {
			return nil, item.bad("want bits and window")
		}
		for _, before := range out[:i] {
			if before.Window == out[i].Window {
				return nil, item.bad("two budgets of one window")
			}
		}
	}
	return out, nil
}

func (p *Policy) parseBanks(at place, base *rules) error {
	keys, values, err := at.pairs()
	if err != nil {
		return err
	}
	if len(keys) > MaxBanks {
		return at.bad("want at most %d banks, got %d", MaxBanks, len(keys))
	}
	for i, key := range keys {
		name, err := transport.ParseName(key)
		if err != nil || name.Role() != transport.RoleBank {
			return values[i].bad("want the name of a bank, such as spiffe://credit.example/bank/first")
		}
		r := *base // its maps are never written to: a field of the bank replaces the whole of that of the default
		if err := r.parse(values[i]); err != nil {
			return err
		}
		p.banks[name] = &r
		p.longest = max(p.longest, longestOf(r.budgets))
	}
	return nil
}

// parse reads the fields of a bank or of the default; each replaces what r had.
func (r *rules) parse(at place) error {
	number := func(v *int, hi int) func(place) error {
		return func(at place) error { return at.number(v, 0, hi) }
	}
	err := at.fields(map[string]func(place) error{
		"purposes": func(at place) (err error) { r.purposes, err = set(at, MaxListed, purpose); return err },
		"schemas":  func(at place) (err error) { r.schemas, err = set(at, MaxListed, digest); return err },
		"features": func(at place) (err error) {
			r.features, r.allFeatures = nil, false
			if s, err := at.text(); err == nil && s == "all" {
				r.allFeatures = true
				return nil
			}
			r.features, err = set(at, MaxFeatures, feature)
			return err
		},
		"outputs": func(at place) error {
			r.outputs = [len(outputs)]int{}
			return at.fields(map[string]func(place) error{
				"band":  number(&r.outputs[OutputBand], MaxBits),
				"score": number(&r.outputs[OutputScore], MaxBits),
			})
		},
		"engines": func(at place) error {
			listed, err := set(at, len(engines), engine)
			r.engines = [len(engines)]bool{}
			for e := range listed {
				r.engines[e] = true
			}
			return err
		},
		"from":               func(at place) error { return at.moment(&r.from) },
		"until":              func(at place) error { return at.moment(&r.until) },
		"budgets":            func(at place) (err error) { r.budgets, err = parseBudgets(at); return err },
		"companies_per_task": number(&r.taskCompanies, MaxCompanies),
		"companies_per_day":  number(&r.dayCompanies, maxCount),
		"tasks_per_day":      number(&r.dayTasks, maxCount),
		"links":              number(&r.links, maxCount),
		"tasks":              number(&r.tasks, maxCount),
	})
	if err == nil && !r.from.IsZero() && !r.until.IsZero() && !r.from.Before(r.until) {
		return at.bad("until: want a time after from")
	}
	return err
}

// set reads a list in which nothing stands twice.
func set[T comparable](at place, limit int, read func(place) (T, error)) (map[T]bool, error) {
	items, err := at.items(limit)
	if err != nil {
		return nil, err
	}
	out := make(map[T]bool, len(items))
	for _, item := range items {
		v, err := read(item)
		if err != nil {
			return nil, err
		}
		if out[v] {
			return nil, item.bad("stands twice")
		}
		out[v] = true
	}
	return out, nil
}

// purpose reads a code as tasks carry it.
func purpose(at place) (string, error) {
	s, err := at.text()
	if err != nil {
		return "", err
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '.' && c != '-' && c != '_' || i >= maxPurpose {
			return "", at.bad("want a purpose of 1 to %d of A-Z, a-z, 0-9, \".-_\"", maxPurpose)
		}
	}
	return s, nil
}

// feature reads a name as schemas carry it.
func feature(at place) (string, error) {
	s, err := at.text()
	if err != nil {
		return "", err
	}
	ok := len(s) <= maxFeature && utf8.ValidString(s)
	for _, c := range s {
		ok = ok && unicode.IsPrint(c)
	}
	if !ok {
		return "", at.bad("want the name of a feature, 1 to %d bytes of printable text", maxFeature)
	}
	return s, nil
}

func digest(at place) (d [32]byte, err error) {
	s, err := at.text()
	if err != nil {
		return d, err
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(d) {
		return d, at.bad("want the digest of a schema, %d hexadecimal digits", 2*len(d))
	}
	return [32]byte(b), nil
}

func engine(at place) (Engine, error) {
	s, err := at.text()
	if err != nil {
		return 0, err
	}
	for e := EngineTransfer; int(e) < len(engines); e++ {
		if s == engines[e] {
			return e, nil
		}
	}
	return 0, at.bad("want transfer, lattice or homomorphic, got %.32q", s)
}
