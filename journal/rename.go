package journal

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"

	"github.com/gorefund/refund"
)

// Rename gives all refunds and stored events of the provider's name from to the name
// to, in every environment, and returns how many refunds it has moved. A provider
// that is called by another name than before needs it: nobody asks any more about
// the refunds under its old name, and they do not count in the sums of their payments.
//
// Nobody may refund under the old name any more, in any process: what such a process
// begins meanwhile can be refunded once more under the new one, and that is its
// operator's error. A refund that was sent before gets its outcome all the same.
// Refunds under the new name need not stop.
//
// Nothing is moved if the two names have an open refund each of one payment, or if an
// event of the old name waits whose id another event of the new name has; the error
// tells the keys or the id, and one of the two must be settled, or finished, before.
//
// So that others need not wait for long, it works in steps, each of which moves whole
// payments. After any other error some of them may be moved; calling it again moves
// the rest.
func (s *Store) Rename(ctx context.Context, from, to string) (n int, err error) {
	if err := checkNames(from, to); err != nil {
		return 0, err
	}
	defer s.recent.clear()
	for _, dry := range []bool{true, false} { // what would keep a step from being done is found before any is
		r := &renaming{Store: s, from: from, to: to, stamp: newStamp(), dry: dry}
		// The refunds first: to a client of the new name an event that comes before its
		// refund would be about none.
		if err = r.each(ctx, "refund_entries", "entry_key", r.refunds); err == nil {
			err = r.each(ctx, "refund_events", "event_id", r.events)
		}
		if n = r.moved; err != nil {
			return n, fmt.Errorf("journal: %w", err)
		}
	}
	return n, nil
}

func checkNames(from, to string) error {
	switch {
	case !storable(from), !storable(to):
		return fmt.Errorf("journal: the names of a provider must be UTF-8 of 1 to %d bytes without a zero byte", maxText)
	case refund.NameFault(to) != "":
		return fmt.Errorf("journal: %q is no name for a provider: %s", to, refund.NameFault(to))
	case from == to:
		return fmt.Errorf("journal: the provider %q has this name already", from)
	}
	return nil
}

// twoOpen is the error for open refunds that must not come together.
func twoOpen(payment, fromKey, toKey string) error {
	return fmt.Errorf("both names have an open refund of the payment %q, with the keys %q and %q: settle one of them first", payment, fromKey, toKey)
}

// twoEvents is the error for events that cannot both be stored.
func twoEvents(id string) error {
	return fmt.Errorf("an event with the id %q waits, and the new name has another one with this id: let it be finished first", id)
}

// renaming is one pass of a Rename.
type renaming struct {
	*Store
	from, to string
	stamp    int64 // of what it moves: no other process may take what it remembers for that
	dry      bool  // look only
	moved    int   // refunds
}

// renameStep is how many rows a step begins with.
const renameStep = 1000

// each carries out f for all rows of the old name, some at a time, each time in a
// transaction, again if that is of use.
func (r *renaming) each(ctx context.Context, table, column string, f func(context.Context, *sql.Tx, []string) (int, error)) error {
	page := r.query("SELECT " + column + " FROM " + table + " WHERE provider = ? AND " + column + " > ? ORDER BY " + column + " LIMIT " + strconv.Itoa(renameStep))
	for after := ""; ; {
		var names []string
		if err := persist(ctx, readTries, r.lang.fault, func() (err error) {
			names, err = scanTexts(r.db.QueryContext(ctx, page, r.from, after))
			return err
		}); err != nil || len(names) == 0 {
			return err
		}
		var moved int
		if err := persist(ctx, fewTries, r.lang.fault, func() error {
			tx, err := r.db.BeginTx(ctx, r.lang.isolation())
			if err != nil {
				return err
			}
			defer func() { _ = tx.Rollback() }() // after a commit it does nothing
			if err := r.lang.lock(ctx, tx, nil); err != nil {
				return err
			}
			if moved, err = f(ctx, tx, names); err != nil {
				return err
			}
			return tx.Commit()
		}); err != nil {
			return err
		}
		r.moved, after = r.moved+moved, names[len(names)-1]
	}
}

// refunds moves the payments of these keys, with all their refunds under the old name,
// and returns how many those are.
func (r *renaming) refunds(ctx context.Context, tx *sql.Tx, keys []string) (int, error) {
	found, err := r.read(ctx, tx, "entry_key", keys)
	if err != nil {
		return 0, err
	}
	var ids []string
	var locks []payment
	mine := make(map[payment]bool) // under the new name
	for _, e := range found {
		locks = append(locks, e.of.under(r.from), e.of.under(r.to))
		mine[e.of.under(r.to)] = true
		ids = append(ids, e.of.id)
	}
	if !r.dry {
		if err := r.lang.lock(ctx, tx, locks); err != nil {
			return 0, err
		}
	}
	if found, err = r.read(ctx, tx, "payment_id", distinct(ids)); err != nil {
		return 0, err
	}
	open := make(map[payment]string) // the key
	for _, e := range found {
		if e.status == refund.StatusUnknown.String() {
			open[e.of] = e.key
		}
	}
	var move []string
	moved := 0
	for _, e := range found {
		at := e.of.under(r.to)
		switch {
		case !mine[at]:
		case e.of.provider == r.from:
			if open[e.of] != "" && open[at] != "" {
				return 0, twoOpen(at.id, open[e.of], open[at])
			}
			move = append(move, e.key)
			moved++
		case e.of == at && e.stamp == r.stamp: // in a transaction whose commit seemed to fail
			moved++
		}
	}
	if r.dry {
		return 0, nil
	}
	slices.Sort(move) // as batches do, so that nobody waits for each other
	for part := range slices.Chunk(move, renameStep) {
		if _, err := tx.ExecContext(ctx, r.query("UPDATE refund_entries SET provider = ?, stamp = ? WHERE provider = ? AND entry_key IN ("+marks(len(part))+")"),
			append([]any{r.to, r.stamp, r.from}, anys(part)...)...); err != nil {
			return 0, err
		}
	}
	return moved, nil
}

// renamed is what a rename asks about a refund.
type renamed struct {
	key    string
	of     payment
	status string
	stamp  int64
}

// read reads the refunds that have one of these texts in a column, of whatever name.
func (r *renaming) read(ctx context.Context, tx *sql.Tx, column string, texts []string) ([]renamed, error) {
	rows, err := tx.QueryContext(ctx, r.query("SELECT entry_key, provider, environment, payment_id, status, stamp FROM refund_entries WHERE "+column+" IN ("+marks(len(texts))+")"), anys(texts)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []renamed
	for rows.Next() {
		var e renamed
		if err := rows.Scan(&e.key, &e.of.provider, &e.of.environment, &e.of.id, &e.status, &e.stamp); err != nil {
			return nil, err
		}
		found = append(found, e)
	}
	return found, rows.Err()
}

// events moves events. One that the new name has as well stays once, and is finished
// only if both were.
func (r *renaming) events(ctx context.Context, tx *sql.Tx, ids []string) (int, error) {
	ours, err := r.bodies(ctx, tx, r.from, ids)
	if err != nil {
		return 0, err
	}
	theirs, err := r.bodies(ctx, tx, r.to, ids)
	if err != nil {
		return 0, err
	}
	for id, e := range ours {
		there, both := theirs[id]
		if both && e.waiting && e.body != there.body {
			return 0, twoEvents(id)
		}
		if r.dry || !both {
			continue
		}
		if e.waiting {
			if _, err := tx.ExecContext(ctx, r.query("UPDATE refund_events SET waiting = 1 WHERE provider = ? AND event_id = ?"), r.to, id); err != nil {
				return 0, err
			}
		}
		if _, err := tx.ExecContext(ctx, r.query("DELETE FROM refund_events WHERE provider = ? AND event_id = ?"), r.from, id); err != nil {
			return 0, err
		}
	}
	if r.dry {
		return 0, nil
	}
	_, err = tx.ExecContext(ctx, r.query("UPDATE refund_events SET provider = ? WHERE provider = ? AND event_id IN ("+marks(len(ids))+")"),
		append([]any{r.to, r.from}, anys(ids)...)...)
	return 0, err
}

// body is what a rename asks about an event.
type body struct {
	body    string
	waiting bool
}

// bodies reads the events of a name, by their ids.
func (r *renaming) bodies(ctx context.Context, tx *sql.Tx, provider string, ids []string) (map[string]body, error) {
	rows, err := tx.QueryContext(ctx, r.query("SELECT event_id, body, waiting IS NOT NULL FROM refund_events WHERE provider = ? AND event_id IN ("+marks(len(ids))+")"),
		append([]any{provider}, anys(ids)...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make(map[string]body)
	for rows.Next() {
		var id string
		var e body
		if err := rows.Scan(&id, &e.body, &e.waiting); err != nil {
			return nil, err
		}
		found[id] = e
	}
	return found, rows.Err()
}

// query writes placeholders as the dialect has them.
func (r *renaming) query(text string) string {
	if r.lang.param(1) == "?" {
		return text
	}
	return numbered(text)
}

func anys(texts []string) []any {
	all := make([]any, len(texts))
	for i, t := range texts {
		all[i] = t
	}
	return all
}

// scanTexts reads a column of texts.
func scanTexts(rows *sql.Rows, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var t string
		if err := rows.Scan(&t); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, rows.Err()
}
