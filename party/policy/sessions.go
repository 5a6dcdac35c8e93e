package policy

import (
	"sync"

	"github.com/blindscore/blindscore/party/transport"
)

// Sessions counts what each bank has open at the moment: links, and tasks under way. The zero value is ready; it may be used
// by any number of goroutines. It remembers nothing across a restart, when nothing is open.
type Sessions struct {
	mu           sync.Mutex
	links, tasks map[transport.Name]int
}

// Link admits one more link of a bank, until release is called (once or more often). Errors are a *Denial with ErrStopped,
// ErrBank or ErrLinks. What is open stays open when a reload lowers a limit.
func (s *Sessions) Link(p *Policy, bank transport.Name) (release func(), err error) {
	return s.open(&s.links, p, bank, ErrLinks, func(r *rules) int { return r.links })
}

// Task admits one more task of a bank under way, as Link does; ErrTasks stands for ErrLinks.
func (s *Sessions) Task(p *Policy, bank transport.Name) (release func(), err error) {
	return s.open(&s.tasks, p, bank, ErrTasks, func(r *rules) int { return r.tasks })
}

// Open returns how many links and tasks a bank has.
func (s *Sessions) Open(bank transport.Name) (links, tasks int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.links[bank], s.tasks[bank]
}

func (s *Sessions) open(count *map[transport.Name]int, p *Policy, bank transport.Name, full error, limit func(*rules) int) (func(), error) {
	if p.Stopped() {
		return nil, deny(ErrStopped, "%v admits nothing", p)
	}
	r := p.rulesOf(bank)
	if r == nil {
		return nil, deny(ErrBank, "%v", bank)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if (*count)[bank] >= limit(r) {
		return nil, deny(full, "%v: at most %d", bank, limit(r))
	}
	if *count == nil {
		*count = make(map[transport.Name]int)
	}
	(*count)[bank]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if (*count)[bank]--; (*count)[bank] == 0 {
			delete(*count, bank) // a bank that left takes no memory
		}
	}), nil
}
