package journaltest

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gorefund/refund"
)

// brokenInbox is a journal that is an inbox with a bug.
type brokenInbox struct {
	*broken
	bug    string
	mu     sync.Mutex
	events []stored
}

type stored struct {
	provider string
	ev       refund.Event
	at       time.Time
	finished bool
}

func (j *brokenInbox) find(provider, id string) int {
	return slices.IndexFunc(j.events, func(s stored) bool {
		if j.bug == "ids without case" && strings.EqualFold(s.ev.ID, id) && s.provider == provider {
			return true
		}
		return s.ev.ID == id && (s.provider == provider || j.bug == "providers share events")
	})
}

func (j *brokenInbox) Receive(_ context.Context, provider string, ev refund.Event, at time.Time) (bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.find(provider, ev.ID)
	if i >= 0 {
		switch j.bug {
		case "a repeat is fresh":
			return true, nil
		case "a repeat replaces":
			j.events[i].ev = ev
		case "a repeat waits again":
			j.events[i].finished = false
		case "a finished one is forgotten":
			return j.events[i].finished, nil
		}
		return false, nil
	}
	if j.bug == "two steps" {
		j.mu.Unlock()
		for range 10 {
			runtime.Gosched() // lets others run, as a store does that looks first
		}
		j.mu.Lock()
	}
	if j.bug == "the key is lost" {
		ev.Key = ""
	}
	j.events = append(j.events, stored{provider, ev, at, false})
	return true, nil
}

func (j *brokenInbox) Finish(_ context.Context, provider, id string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.find(provider, id)
	switch {
	case i < 0 && j.bug == "finishing nothing is an error":
		return refund.ErrNoEntry
	case i >= 0 && j.bug != "nothing is finished":
		j.events[i].finished = true
	}
	return nil
}

func (j *brokenInbox) Unfinished(_ context.Context, provider string, before time.Time, limit int) ([]refund.Event, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all []refund.Event
	for _, s := range j.events {
		if s.finished || s.provider != provider && j.bug != "others' events wait too" || !s.at.Before(before) && j.bug != "young ones wait too" {
			continue
		}
		if len(all) < limit || j.bug == "no limit" {
			all = append(all, s.ev)
		}
	}
	if j.bug == "the newest first" {
		slices.Reverse(all)
	}
	return all, nil
}

func (j *brokenInbox) Refunds(_ context.Context, provider, payment string) ([]*refund.Entry, error) {
	j.broken.mu.Lock()
	defer j.broken.mu.Unlock()
	var all []*refund.Entry
	for _, e := range j.entries {
		if e.Request.Payment.ID == payment && (e.Provider == provider || j.bug == "others' refunds too") {
			if j.bug == "refused ones are left out" && e.Status == refund.StatusRefused {
				continue
			}
			if j.bug != "refunds are shared" {
				e = e.Clone()
			}
			all = append(all, e)
		}
	}
	order := []string{"b", "a", "c", "e"} // in which the rule begins them
	slices.SortFunc(all, func(a, b *refund.Entry) int { return slices.Index(order, a.Key) - slices.Index(order, b.Key) })
	if j.bug == "refunds by key" {
		slices.SortFunc(all, func(a, b *refund.Entry) int { return strings.Compare(a.Key, b.Key) })
	}
	return all, nil
}

// Each bug breaks a rule of its own; without one none is broken.
func TestBrokenInboxes(t *testing.T) {
	t.Parallel()
	for bug, breaks := range map[string][]int{
		"":                              nil,
		"a repeat is fresh":             {20, 21, 22},
		"a repeat replaces":             {20},
		"ids without case":              {20},
		"providers share events":        {20},
		"the key is lost":               {20},
		"a repeat waits again":          {21},
		"a finished one is forgotten":   {21},
		"nothing is finished":           {21},
		"finishing nothing is an error": {21},
		"others' events wait too":       {20, 21},
		"young ones wait too":           {21},
		"no limit":                      {20, 21},
		"the newest first":              {20, 21},
		"two steps":                     {22},
		"others' refunds too":           {23},
		"refused ones are left out":     {23},
		"refunds by key":                {23},
		"refunds are shared":            {23},
	} {
		t.Run(bug, func(t *testing.T) {
			t.Parallel()
			failed := []int{}
			for _, rule := range rules {
				rec := &recorder{TB: t}
				rec.do(func() {
					rule.check(&named{TB: rec, rule: rule}, &brokenInbox{broken: newBroken(none), bug: bug})
				})
				if rec.failure != "" {
					failed = append(failed, rule.number)
				}
			}
			assert.Subset(t, breaks, failed, "another rule failed too")
			if len(breaks) > 0 {
				assert.NotEmpty(t, failed, "the suite did not notice")
			}
		})
	}
}
