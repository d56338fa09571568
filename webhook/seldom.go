package webhook

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// seldomEvery is how often one reason is logged for what anybody can cause.
const seldomEvery = time.Minute

// seldom counts, by reason, what is not worth a record each. Reasons are texts of this
// package, so they are few.
type seldom struct {
	now func() time.Time
	mu  sync.Mutex
	of  map[string]*tally
}

type tally struct {
	logged     time.Time // the last record
	suppressed int       // since then
}

func newSeldom(now func() time.Time) *seldom { return &seldom{now: now, of: make(map[string]*tally)} }

// admit reports whether one more is to be logged, and how many were not since the last
// one that was.
func (s *seldom) admit(reason string) (suppressed int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, t := s.now(), s.of[reason]
	switch {
	case t == nil:
		s.of[reason] = &tally{logged: now}
		return 0, true
	case now.Sub(t.logged) < seldomEvery:
		t.suppressed++
		return 0, false
	}
	suppressed = t.suppressed
	*t = tally{logged: now}
	return suppressed, true
}

// unsaid is how many were passed over and not told of since, for one reason.
type unsaid struct {
	reason     string
	suppressed int
}

// rest returns what nobody was told of, in the order of reasons, and counts anew: all
// of it, or what is due only.
func (s *seldom) rest(all bool) []unsaid {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rest []unsaid
	now := s.now()
	for _, reason := range slices.Sorted(maps.Keys(s.of)) {
		if t := s.of[reason]; t.suppressed > 0 && (all || now.Sub(t.logged) >= seldomEvery) {
			rest = append(rest, unsaid{reason, t.suppressed})
			*t = tally{logged: now}
		}
	}
	return rest
}
