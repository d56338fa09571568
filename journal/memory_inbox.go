package journal

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gorefund/refund"
)

var _ refund.Inbox = (*memory)(nil)

// received is an event in memory.
type received struct {
	place    int // in the order in which events came
	provider string
	event    refund.Event
	at       time.Time
	finished bool
}

type eventName struct{ provider, id string }

func (m *memory) Receive(ctx context.Context, provider string, ev refund.Event, at time.Time) (fresh bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if ev.ID == "" {
		return false, errors.New("journal: the event has no id")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	name := eventName{provider, ev.ID}
	if m.events[name] != nil {
		return false, nil
	}
	m.received++
	r := &received{place: m.received, provider: provider, event: ev, at: at}
	m.events[name] = r
	m.waiting = append(m.waiting, r)
	return true, nil
}

func (m *memory) Finish(ctx context.Context, provider, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.events[eventName{provider, id}]; r != nil && !r.finished {
		r.finished = true
		m.waiting = slices.DeleteFunc(m.waiting, func(w *received) bool { return w == r })
	}
	return nil
}

func (m *memory) Unfinished(ctx context.Context, provider string, before time.Time, limit int) ([]refund.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if limit <= 0 {
		return nil, errors.New("journal: the limit must be positive")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []refund.Event
	for _, r := range m.waiting {
		if r.provider == provider && r.at.Before(before) && len(all) < limit {
			all = append(all, r.event)
		}
	}
	return all, nil
}

func (m *memory) Refunds(ctx context.Context, provider, paymentID string) ([]*refund.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []*refund.Entry
	for _, key := range m.payments[paymentName{provider, paymentID}] {
		all = append(all, m.entries[key].Clone())
	}
	return all, nil
}
