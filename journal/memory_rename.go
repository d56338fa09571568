package journal

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/gorefund/refund"
)

// Rename gives refunds and events another provider's name, all or none, as
// [Store.Rename] does.
func (m *memory) Rename(ctx context.Context, from, to string) (n int, err error) {
	if err := checkNames(from, to); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var moving []*refund.Entry
	for _, key := range m.order {
		e := m.entries[key]
		if e.Provider != from {
			continue
		}
		moving = append(moving, e)
		if e.Status != refund.StatusUnknown {
			continue
		}
		for _, other := range m.payments[paymentName{to, e.Request.Payment.ID}] {
			if o := m.entries[other]; o.Environment == e.Environment && o.Status == refund.StatusUnknown {
				return 0, fmt.Errorf("journal: %w", twoOpen(e.Request.Payment.ID, e.Key, o.Key))
			}
		}
	}
	events := maps.Clone(m.events)
	for name, ours := range m.events {
		if name.provider != from {
			continue
		}
		delete(events, name)
		name.provider = to
		theirs := m.events[name]
		switch {
		case theirs == nil:
			renamed := *ours
			renamed.provider = to
			theirs = &renamed
		case ours.finished:
		case ours.event != theirs.event:
			return 0, fmt.Errorf("journal: %w", twoEvents(name.id))
		default:
			waits := *theirs
			waits.finished = false
			theirs = &waits
		}
		events[name] = theirs
	}
	for _, e := range moving {
		m.leave(e)
		renamed := *e
		renamed.Provider = to
		m.entries[e.Key] = &renamed
		m.join(&renamed)
	}
	m.events = events
	m.waiting = slices.DeleteFunc(slices.Collect(maps.Values(events)), func(r *received) bool { return r.finished })
	slices.SortFunc(m.waiting, func(a, b *received) int { return a.place - b.place })
	return len(moving), nil
}
