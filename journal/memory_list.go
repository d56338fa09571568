package journal

import (
	"context"
	"slices"

	"github.com/gorefund/refund"
)

// List returns one page of the entries that match f, as [Store.List] does.
func (m *memory) List(ctx context.Context, f Filter) (Page, error) {
	if err := ctx.Err(); err != nil {
		return Page{}, err
	}
	after, limit, err := f.bounds()
	if err != nil {
		return Page{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var page Page
	last := after // the place of the page's last entry, counted from 1
	for i := min(after, int64(len(m.order))); i < int64(len(m.order)); i++ {
		e := m.entries[m.order[i]]
		if !f.matches(e) {
			continue
		}
		if len(page.Entries) == limit {
			page.Next = cursor(last)
			break
		}
		page.Entries, last = append(page.Entries, e.Clone()), i+1
	}
	return page, nil
}

// matches reports whether an entry is on the list, as the statement of query does.
func (f *Filter) matches(e *refund.Entry) bool {
	changed := microseconds(e.ChangedAt)
	return (len(f.Status) == 0 || slices.Contains(f.Status, e.Status)) &&
		(f.Provider == "" || e.Provider == f.Provider) &&
		(f.Gateway == "" || e.Gateway == f.Gateway) &&
		(f.Payment == "" || e.Request.Payment.ID == f.Payment) &&
		(f.Before.IsZero() || changed.Before(microseconds(f.Before))) &&
		(f.After.IsZero() || !changed.Before(microseconds(f.After)))
}
