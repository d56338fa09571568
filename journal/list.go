package journal

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gorefund/refund"
)

// Filter says which entries [Store.List], or that of [Memory], returns. Fields that are not set do not
// restrict; those that are must all hold.
type Filter struct {
	Status   []refund.Status // any of them
	Provider string          // the client's name
	Gateway  string
	Payment  string    // the payment's id
	Before   time.Time // last changed before
	After    time.Time // last changed at or after
	Limit    int       // entries of a page; 0 = 100, at most 1000
	Cursor   string    // Page.Next of the page before; empty = the first page
}

// Page is a part of a list.
type Page struct {
	Entries []*refund.Entry
	Next    string // the cursor of the next page, empty on the last one
}

const (
	defaultLimit = 100
	maxLimit     = 1000
)

// List returns one page of the entries that match f, in the order in which their
// keys were first begun. That never changes: going from page to page, no entry
// comes twice, and none is missed that matches all the time.
//
// Lists by status or payment take an index (on SQLite, that of the refunds that have
// succeeded goes through the table in its order); others may read the whole table.
// Entries that are being sent have [refund.StatusUnknown]: see
// [refund.Entry.Sending].
func (s *Store) List(ctx context.Context, f Filter) (Page, error) {
	after, limit, err := f.bounds()
	if err != nil {
		return Page{}, err
	}
	query, args := f.query(s.lang, after, limit+1) // one more tells whether there is another page
	var page Page
	var ids []int64
	err = persist(ctx, readTries, s.lang.fault, func() error {
		page.Entries, ids = nil, nil
		rows, err := s.db.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id int64
			r, err := scanOne(rows, &id)
			if err != nil {
				return err
			}
			page.Entries, ids = append(page.Entries, r.entry), append(ids, id)
		}
		return rows.Err()
	})
	if err != nil {
		return Page{}, fmt.Errorf("journal: %w", err)
	}
	if len(ids) > limit {
		page.Entries, page.Next = page.Entries[:limit], cursor(ids[limit-1])
	}
	return page, nil
}

// bounds are the place after which a page begins, and how many entries it has.
func (f *Filter) bounds() (after int64, limit int, err error) {
	switch limit = f.Limit; {
	case limit < 0 || limit > maxLimit:
		return 0, 0, fmt.Errorf("journal: the limit of a page is %d, it must be at most %d", limit, maxLimit)
	case limit == 0:
		limit = defaultLimit
	}
	after, err = parseCursor(f.Cursor)
	return after, limit, err
}

// query makes the statement. Each status is a part of its own, because only then
// an index gives its rows in order; the parts are one statement, so that an entry
// whose status changes is in exactly one of them.
func (f *Filter) query(l language, after int64, limit int) (query string, args []any) {
	arg := func(v any) string {
		args = append(args, v)
		return l.param(len(args))
	}
	part := func(status *refund.Status) string {
		id, state := "id", "status"
		if f.Payment != "" {
			// Few rows. No other index, and no walk through the table in order,
			// shall look like a better way to them.
			id, state = "id + 0", "COALESCE(status, '')"
		}
		where := []string{id + " > " + arg(after)}
		if status != nil {
			where = append(where, state+" = "+arg(status.String()))
		}
		if f.Payment != "" {
			where = append(where, "payment_id = "+arg(f.Payment))
		}
		for _, c := range []struct{ column, value string }{{"provider", f.Provider}, {"gateway", f.Gateway}} {
			if c.value != "" {
				where = append(where, c.column+" = "+arg(c.value))
			}
		}
		if !f.Before.IsZero() {
			where = append(where, "changed_at < "+arg(l.time(microseconds(f.Before))))
		}
		if !f.After.IsZero() {
			where = append(where, "changed_at >= "+arg(l.time(microseconds(f.After))))
		}
		table := "refund_entries"
		if status != nil && f.Payment == "" {
			var also string
			if table, also = l.byStatus(*status); also != "" {
				where = append(where, also)
			}
		}
		return "SELECT " + readColumns + ", id FROM " + table + " WHERE " + strings.Join(where, " AND ") +
			" ORDER BY " + id + " LIMIT " + strconv.Itoa(limit)
	}
	statuses := f.Status
	if len(statuses) == 0 {
		if f.Payment != "" {
			return part(nil), args
		}
		statuses = everyStatus()
	}
	if len(statuses) == 1 {
		return part(&statuses[0]), args
	}
	seen := make(map[refund.Status]bool)
	var parts []string
	for i := range statuses {
		if !seen[statuses[i]] {
			seen[statuses[i]] = true
			parts = append(parts, "SELECT * FROM ("+part(&statuses[i])+") AS s"+strconv.Itoa(i))
		}
	}
	return strings.Join(parts, " UNION ALL ") + " ORDER BY id LIMIT " + strconv.Itoa(limit), args
}

// everyStatus goes by the names: beyond the last status all are "unknown".
func everyStatus() []refund.Status {
	all := []refund.Status{refund.StatusUnknown}
	for st := refund.StatusUnknown + 1; st.String() != refund.StatusUnknown.String(); st++ {
		all = append(all, st)
	}
	return all
}

// cursor names a place in the list, with a version, so that a later one can tell.
func cursor(id int64) string { return "1-" + strconv.FormatInt(id, 36) }

func parseCursor(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	text, ok := strings.CutPrefix(s, "1-")
	id, err := strconv.ParseInt(text, 36, 64)
	if !ok || err != nil || id <= 0 || cursor(id) != s {
		return 0, errors.New("journal: that is no cursor: take Page.Next of the page before")
	}
	return id, nil
}
