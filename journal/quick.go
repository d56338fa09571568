package journal

import (
	"context"
	"database/sql"
	"fmt"
)

// quick is a language that can write the usual operations without reading first:
// a Begin whose key and payment have no entry at all, and a Move of an entry that
// is remembered. It does all of a batch in one step, durably.
type quick interface {
	// write inserts those of begun whose key and payment have no entry yet, and
	// changes those of moved that are as they were. It excludes every other Begin
	// for these payments like lock, and returns the keys of what it has written.
	write(ctx context.Context, db *sql.DB, begun, moved []*row) (keys []string, err error)
}

// quickly carries out what can be written without reading. All operations of a
// batch are in progress at the same time, so that any order of them explains what
// their callers see: what remains comes after it.
func (s *Store) quickly(ctx context.Context, l quick, ops []*op) (err error) {
	var (
		begun, moved []*row
		tried        = make(map[string]*op, len(ops))
		payments     = make(map[payment]bool, len(ops))
	)
	for _, o := range ops {
		switch {
		case tried[o.key] != nil || o.ready == nil:
			continue
		case o.intent != nil:
			p := paymentOf(o.intent)
			if payments[p] {
				continue
			}
			payments[p] = true
			begun = append(begun, o.ready.row(s.lang))
		default:
			moved = append(moved, o.knownRow(s.lang))
		}
		tried[o.key] = o
	}
	if len(tried) == 0 {
		return nil
	}
	keys, err := l.write(ctx, s.db, begun, moved)
	for _, o := range tried {
		s.recent.drop(o.key)
	}
	if err != nil {
		return err
	}
	for _, key := range keys {
		o := tried[key]
		if o == nil {
			return fmt.Errorf("the database says that it has written the key %q, which nobody gave it", key)
		}
		o.settled, o.entry, o.fresh, o.err = true, o.ready.entry, o.intent != nil, nil
		if o.fresh {
			s.recent.put(o.ready)
		}
	}
	return nil
}

// unsettled returns the operations that are still to be carried out.
func unsettled(ops []*op) []*op {
	var rest []*op
	for _, o := range ops {
		if !o.settled {
			rest = append(rest, o)
		}
	}
	return rest
}
