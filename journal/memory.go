package journal

import (
	"context"
	"slices"
	"sync"

	"github.com/gorefund/refund"
)

// Memory returns a journal that lives as long as the process, and grows with
// each refund. It is for tests and trials: after a crash nobody knows what was
// sent.
func Memory() Complete {
	return &memory{
		entries: make(map[string]*refund.Entry), places: make(map[string]int), payments: make(map[paymentName][]string),
		events: make(map[eventName]*received),
	}
}

// Complete is a journal with all that this library asks of one: [Store] is one, and
// [Memory] makes one.
type Complete interface {
	refund.Journal
	refund.Inbox
	List(ctx context.Context, f Filter) (Page, error)
	Rename(ctx context.Context, from, to string) (n int, err error)
}

var _ Complete = (*Store)(nil)

type memory struct {
	mu       sync.Mutex
	entries  map[string]*refund.Entry
	order    []string                 // the keys, in the order of their first begin
	places   map[string]int           // of the keys, in order
	payments map[paymentName][]string // the keys of their refunds, in order
	events   map[eventName]*received
	received int         // how many events came
	waiting  []*received // those that are not finished, the oldest first
}

// paymentName names payments of all environments.
type paymentName struct{ provider, id string }

func (m *memory) Begin(ctx context.Context, in refund.Intent) (*refund.Entry, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.entries[in.Key]
	if taken != nil && !in.Replaces(taken) {
		return taken.Clone(), false, nil
	}
	var others []*refund.Entry
	for _, key := range m.payments[paymentName{in.Provider, in.Request.Payment.ID}] {
		if e := m.entries[key]; paymentOfEntry(e) == paymentOf(&in) {
			others = append(others, e)
		}
	}
	amount, err := in.Admit(others)
	if err != nil {
		return nil, false, err
	}
	if taken != nil {
		m.leave(taken) // the next try may be for another payment
	} else {
		m.places[in.Key] = len(m.order)
		m.order = append(m.order, in.Key)
	}
	e := begun(&in, amount, taken)
	m.entries[in.Key] = e
	m.join(e)
	return e.Clone(), true, nil
}

// join puts an entry into its payment, and leave takes it out.
func (m *memory) join(e *refund.Entry) {
	p := paymentName{e.Provider, e.Request.Payment.ID}
	i, _ := slices.BinarySearchFunc(m.payments[p], m.places[e.Key], func(key string, place int) int { return m.places[key] - place })
	m.payments[p] = slices.Insert(m.payments[p], i, e.Key)
}

func (m *memory) leave(e *refund.Entry) {
	p := paymentName{e.Provider, e.Request.Payment.ID}
	m.payments[p] = slices.DeleteFunc(m.payments[p], func(key string) bool { return key == e.Key })
	if len(m.payments[p]) == 0 {
		delete(m.payments, p)
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
