package ledger

import "slices"

// Apply takes in the next entry, which Seal or Open returned, or refuses it and changes nothing. Errors wrap ErrRule and one
// of its cases.
func (s *State) Apply(e *Entry) error {
	if e == nil || e.body == nil {
		return because(ErrInvalid, "no entry")
	}
	author, ok := s.current(e.author)
	if !ok {
		return because(ErrAuthor, "%v", e.author)
	}
	p := &s.parties[author]
	switch {
	case p.suspended:
		return because(ErrSuspended, "%s", p.name)
	case !slices.Contains(kinds[e.body.Kind()].authors, p.role):
		return because(ErrRole, "%s as %v by a %v", e.body.Kind(), kinds[e.body.Kind()].authors, p.role)
	case e.sequence != p.sequence+1:
		return because(ErrSequence, "entry %d of %s, want %d", e.sequence, p.name, p.sequence+1)
	}
	if err := s.take(author, e.body); err != nil {
		return err
	}
	s.parties[author].sequence = e.sequence
	s.size++
	return nil
}

func (s *State) take(author uint32, body Body) error {
	switch b := body.(type) {
	case *PartyRegistered:
		return s.takeParty(b)
	case *PartyRekeyed:
		return s.takeKey(b)
	case *PartySuspended:
		return s.suspend(b.Party)
	case *PartyReinstated:
		return s.reinstate(b.Party)
	case *SchemaPublished:
		return s.takeSchema(b)
	case *ModelApproved:
		return s.takeModel(author, b)
	case *ModelWithdrawn:
		return s.withdraw(b)
	case *ConsentGranted:
		return s.grant(author, b.Consents)
	case *ConsentRevoked:
		return s.revoke(author, b.Consents)
	case *TaskAdmitted:
		return s.takeTask(author, b)
	case *Receipt:
		return s.takeReceipt(author, b)
	case *Finding:
		return s.takeFinding(b)
	}
	return because(ErrInvalid, "kind %v", body.Kind())
}

// Each function below checks everything before it changes anything.

// maxParties keeps their numbers within a consent.
const maxParties = 1 << 20

func (s *State) takeParty(b *PartyRegistered) error {
	if _, there := s.byKey[b.Key]; there {
		return because(ErrDuplicate, "key %v", b.Key)
	}
	if _, there := s.names[b.Name]; there {
		return because(ErrDuplicate, "name %q", b.Name)
	}
	if len(s.parties) >= maxParties {
		return because(ErrState, "%d parties, no more", maxParties)
	}
	s.register(b.Key, b.Role, b.Name)
	return nil
}

func (s *State) takeKey(b *PartyRekeyed) error {
	n, ok := s.current(b.Old)
	if !ok {
		return because(ErrUnknown, "party %v", b.Old)
	}
	if _, there := s.byKey[b.New]; there {
		return because(ErrDuplicate, "key %v", b.New)
	}
	s.parties[n].key, s.byKey[b.New] = b.New, n
	return nil
}

func (s *State) suspend(key Key) error {
	n, ok := s.current(key)
	switch {
	case !ok:
		return because(ErrUnknown, "party %v", key)
	case s.parties[n].suspended:
		return because(ErrState, "%s is suspended already", s.parties[n].name)
	case s.lastRegulator(n):
		return because(ErrState, "%s is the last active regulator", s.parties[n].name)
	}
	s.parties[n].suspended = true
	return nil
}

// lastRegulator reports whether nobody could write if n were suspended.
func (s *State) lastRegulator(n uint32) bool {
	return !slices.ContainsFunc(s.parties, func(p party) bool {
		return p.role == RoleRegulator && !p.suspended && p.key != s.parties[n].key
	})
}

func (s *State) reinstate(key Key) error {
	n, ok := s.current(key)
	switch {
	case !ok:
		return because(ErrUnknown, "party %v", key)
	case !s.parties[n].suspended:
		return because(ErrState, "%s is not suspended", s.parties[n].name)
	}
	s.parties[n].suspended = false
	return nil
}

func (s *State) takeSchema(b *SchemaPublished) error {
	if _, there := s.schemas[b.Schema]; there {
		return because(ErrDuplicate, "schema %.8x", b.Schema)
	}
	s.schemas[b.Schema] = schema{b.Name, b.Version}
	return nil
}

func (s *State) takeModel(author uint32, b *ModelApproved) error {
	bank, ok := s.current(b.Bank)
	switch {
	case !ok:
		return because(ErrUnknown, "bank %v", b.Bank)
	case s.parties[bank].role != RoleBank:
		return because(ErrState, "%s is no bank", s.parties[bank].name)
	case s.parties[bank].suspended:
		return because(ErrSuspended, "%s", s.parties[bank].name)
	}
	if _, there := s.schemas[b.Schema]; !there {
		return because(ErrUnknown, "schema %.8x", b.Schema)
	}
	if _, there := s.models[b.Model]; there {
		return because(ErrDuplicate, "model %.8x", b.Model)
	}
	s.models[b.Model] = model{b.Approval, b.Table, b.Schema, bank, author, false}
	return nil
}

func (s *State) withdraw(b *ModelWithdrawn) error {
	m, there := s.models[b.Model]
	if !there {
		return because(ErrUnknown, "model %.8x", b.Model)
	}
	if m.withdrawn {
		return because(ErrState, "model %.8x is withdrawn already", b.Model)
	}
	m.withdrawn = true
	s.models[b.Model] = m
	return nil
}

func (s *State) grant(author uint32, list []Commitment) error {
	for _, c := range list {
		if _, there := s.consents[c]; there {
			return because(ErrDuplicate, "consent %.8x", c)
		}
	}
	for _, c := range list {
		s.consents[c] = consent(author << 1)
	}
	return nil
}

func (s *State) revoke(author uint32, list []Commitment) error {
	for _, c := range list {
		switch g, there := s.consents[c]; {
		case !there:
			return because(ErrUnknown, "consent %.8x", c)
		case g.revoked():
			return because(ErrState, "consent %.8x is revoked already", c)
		case g.tax() != author && s.parties[author].role != RoleRegulator:
			return because(ErrRole, "consent %.8x was recorded by another tax node", c)
		}
	}
	for _, c := range list {
		s.consents[c] |= 1
	}
	return nil
}

func (s *State) takeTask(author uint32, b *TaskAdmitted) error {
	bank, ok := s.current(b.Bank)
	switch {
	case !ok:
		return because(ErrUnknown, "bank %v", b.Bank)
	case s.parties[bank].suspended:
		return because(ErrSuspended, "%s", s.parties[bank].name)
	}
	if _, there := s.byTask[b.Task]; there {
		return because(ErrDuplicate, "task %.8x", b.Task)
	}
	switch m, there := s.models[b.Model]; {
	case !there:
		return because(ErrUnknown, "model %.8x", b.Model)
	case m.withdrawn:
		return because(ErrState, "model %.8x was withdrawn", b.Model)
	case m.bank != bank:
		return because(ErrState, "model %.8x is not approved for %s", b.Model, s.parties[bank].name)
	}
	n := s.tasks.add(task{
		digest: b.Task, admission: b.Admission, model: b.Model, bank: bank, tax: author, companies: b.Companies, bits: b.Bits,
	})
	s.byTask[b.Task] = n
	s.parties[bank].tasks = append(s.parties[bank].tasks, n)
	s.parties[author].tasks = append(s.parties[author].tasks, n)
	return nil
}

func (s *State) takeReceipt(author uint32, b *Receipt) error {
	n, there := s.byTask[b.Task]
	if !there {
		return because(ErrUnknown, "task %.8x", b.Task)
	}
	t, side := s.tasks.at(n), 0
	switch {
	case author == t.tax:
		side = 1
	case author != t.bank:
		return because(ErrRole, "task %.8x is of others", b.Task)
	}
	switch {
	case t.receipts[side].there:
		return because(ErrDuplicate, "receipt of the %v for task %.8x", s.parties[author].role, b.Task)
	case b.Companies > t.companies || b.Bits != t.bits:
		return because(ErrState, "receipt for %d companies of %d bits, admitted were %d of %d", b.Companies, b.Bits, t.companies, t.bits)
	}
	t.receipts[side] = receipt{b.Transcript, b.Evidence, b.Companies, true}
	return nil
}

func (s *State) takeFinding(b *Finding) error {
	n, ok := s.current(b.Party)
	if !ok {
		return because(ErrUnknown, "party %v", b.Party)
	}
	if _, there := s.findings[b.Evidence]; there {
		return because(ErrDuplicate, "finding %.8x", b.Evidence)
	}
	if b.Task != (Digest{}) {
		t, there := s.byTask[b.Task]
		switch {
		case !there:
			return because(ErrUnknown, "task %.8x", b.Task)
		case s.tasks.at(t).bank != n && s.tasks.at(t).tax != n:
			return because(ErrState, "%s is not in task %.8x", s.parties[n].name, b.Task)
		}
	}
	if b.Verdict == VerdictViolation {
		if s.lastRegulator(n) {
			return because(ErrState, "%s is the last active regulator", s.parties[n].name)
		}
		s.parties[n].suspended = true // it may be already, by another finding
	}
	s.findings[b.Evidence] = finding{n, b.Verdict, b.Task}
	return nil
}
