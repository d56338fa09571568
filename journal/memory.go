package journal

import (
	"context"
	"sync"

	"github.com/gorefund/refund"
)

// Memory returns a journal that lives as long as the process, and grows with
// each refund. It is for tests and trials: after a crash nobody knows what was
// sent.
func Memory() refund.Journal {
	return &memory{
		entries: make(map[string]*refund.Entry), payments: make(map[payment][]string), events: make(map[eventName]*received),
	}
}

type memory struct {
	mu       sync.Mutex
	entries  map[string]*refund.Entry
	payments map[payment][]string // the keys of its refunds
	events   map[eventName]*received
	waiting  []*received // those that are not finished, the oldest first
}

type payment struct{ provider, id string }

func (m *memory) Begin(ctx context.Context, in refund.Intent) (*refund.Entry, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.entries[in.Key]
	if taken != nil && !taken.Free() {
		return taken.Clone(), false, nil
	}
	p := payment{in.Provider, in.Request.Payment.ID}
	var others []*refund.Entry
	for _, key := range m.payments[p] {
		if key != in.Key {
			others = append(others, m.entries[key])
		}
	}
	amount, err := in.Admit(others)
	if err != nil {
		return nil, false, err
	}
	if taken != nil {
		m.forget(taken)
	}
	e := begun(&in, amount, taken)
	m.entries[in.Key] = e
	m.payments[p] = append(m.payments[p], in.Key)
	return e.Clone(), true, nil
}

// forget takes an entry that was never sent out of its payment: the next try may
// be for another one.
func (m *memory) forget(e *refund.Entry) {
	p := payment{e.Provider, e.Request.Payment.ID}
	for i, key := range m.payments[p] {
		if key == e.Key {
			m.payments[p] = append(m.payments[p][:i], m.payments[p][i+1:]...)
			return
		}
	}
}

func (m *memory) Move(ctx context.Context, key string, version int64, move refund.Move) (*refund.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entries[key]
	switch {
	case e == nil:
		return nil, refund.ErrNoEntry
	case e.Version != version:
		return nil, refund.ErrStale
	}
	e = moved(e, &move)
	m.entries[key] = e
	return e.Clone(), nil
}

func (m *memory) Entry(ctx context.Context, key string) (*refund.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.entries[key]; e != nil {
		return e.Clone(), nil
	}
	return nil, refund.ErrNoEntry
}
