package journaltest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gorefund/refund"
)

// brokenNames is a journal whose Rename has a bug.
type brokenNames struct {
	*brokenInbox
	bug string
}

func (j *brokenNames) Rename(_ context.Context, from, to string) (n int, err error) {
	if (from == "" || to == "") && j.bug != "empty names" || from == to && j.bug != "equal names" {
		return 0, errors.New("no such names")
	}
	open := func(e *refund.Entry) bool { return e.Status == refund.StatusUnknown }
	for _, e := range j.entries {
		for _, o := range j.entries {
			if from != to && e.Provider == from && o.Provider == to && e.Request.Payment.ID == o.Request.Payment.ID && open(e) && open(o) &&
				(e.Environment == o.Environment || j.bug == "environments meet") && j.bug != "two open ones meet" {
				if j.bug == "no key in the error" {
					return 0, errors.New("two are open")
				}
				return 0, fmt.Errorf("%q and %q are open", e.Key, o.Key)
			}
		}
	}
	for i, s := range j.events {
		if k := j.find(to, s.ev.ID); s.provider == from && k >= 0 && !s.finished && s.ev != j.events[k].ev && j.bug != "events are overwritten" {
			return 0, fmt.Errorf("event %d, %q", i, s.ev.ID)
		}
	}
	for key, e := range j.entries {
		if e.Provider != from || j.bug == "one environment only" && e.Environment != "" || j.bug == "open ones only" && !open(e) {
			continue
		}
		e = e.Clone()
		e.Provider = to
		if j.bug == "the version grows" {
			e.Version++
		}
		j.entries[key] = e
		n++
	}
	var events []stored
	for _, s := range j.events {
		k := j.find(to, s.ev.ID)
		switch {
		case s.provider != from || j.bug == "events stay" || j.bug == "finished events stay" && s.finished:
		case k < 0:
			s.provider = to
		default:
			if j.bug != "what waits is forgotten" {
				j.events[k].finished = j.events[k].finished && s.finished
			}
			continue
		}
		events = append(events, s)
	}
	for i := range events { // the finding above may have changed what was copied before
		if k := j.find(events[i].provider, events[i].ev.ID); k >= 0 && j.events[k].provider == to {
			events[i].finished = j.events[k].finished
		}
	}
	j.events = events
	if j.bug == "counts nothing" {
		return 0, nil
	}
	return n, nil
}

// Each bug breaks the rule of Rename, and no other.
func TestBrokenRenames(t *testing.T) {
	t.Parallel()
	const own = 27
	for _, bug := range []string{
		"", "empty names", "equal names", "environments meet", "two open ones meet", "no key in the error", "events are overwritten", "one environment only",
		"open ones only", "the version grows", "events stay", "finished events stay", "what waits is forgotten", "counts nothing",
	} {
		t.Run(bug, func(t *testing.T) {
			t.Parallel()
			for _, rule := range rules {
				rec := &recorder{TB: t}
				rec.do(func() {
					rule.check(&named{TB: rec, rule: rule}, &brokenNames{brokenInbox: &brokenInbox{broken: newBroken(none)}, bug: bug})
				})
				if bug != "" && rule.number == own {
					assert.NotEmpty(t, rec.failure, "the suite did not notice")
				} else {
					assert.Empty(t, rec.failure, "rule %d", rule.number)
				}
			}
		})
	}
}
