package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gorefund/refund"
)

var _ refund.Inbox = (*Store)(nil)

// Receive stores an event as [refund.Inbox] says.
func (s *Store) Receive(ctx context.Context, provider string, ev refund.Event, at time.Time) (fresh bool, err error) {
	if !storable(provider) || !storable(ev.ID) {
		return false, fmt.Errorf("journal: the provider's name and the event's id must be UTF-8 of 1 to %d bytes without a zero byte", maxText)
	}
	body, err := json.Marshal(&ev)
	if err != nil {
		return false, fmt.Errorf("journal: the event cannot be stored: %w", err)
	}
	err = persist(ctx, fewTries, s.lang.fault, func() error {
		_, err := s.db.ExecContext(ctx, "INSERT INTO refund_events (provider, event_id, received_at, waiting, body) VALUES ("+params(s.lang, 5)+")",
			provider, ev.ID, s.lang.time(microseconds(at)), 1, string(body))
		if err == nil {
			fresh = true
			return nil
		}
		// Either it is there already, or it could not be stored. One that is there may be
		// this very call's, from a connection that broke: it is unfinished then, and no
		// more lost than after a crash.
		if there, second := s.received(ctx, provider, ev.ID); there && second == nil {
			return nil
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("journal: %w", err)
	}
	return fresh, nil
}

func (s *Store) received(ctx context.Context, provider, id string) (there bool, err error) {
	var one int
	err = persist(ctx, readTries, s.lang.fault, func() error {
		return s.db.QueryRowContext(ctx, "SELECT 1 FROM refund_events WHERE provider = "+s.lang.param(1)+" AND event_id = "+s.lang.param(2), provider, id).Scan(&one)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Finish notes that nothing is left to be done about an event.
func (s *Store) Finish(ctx context.Context, provider, id string) error {
	err := persist(ctx, manyTries, s.lang.fault, func() error {
		_, err := s.db.ExecContext(ctx, "UPDATE refund_events SET waiting = NULL WHERE provider = "+s.lang.param(1)+" AND event_id = "+s.lang.param(2), provider, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// Unfinished returns events as [refund.Inbox] says. It takes an index.
func (s *Store) Unfinished(ctx context.Context, provider string, before time.Time, limit int) ([]refund.Event, error) {
	if limit <= 0 {
		return nil, errors.New("journal: the limit must be positive")
	}
	var found []refund.Event
	err := persist(ctx, readTries, s.lang.fault, func() error {
		found = nil
		rows, err := s.db.QueryContext(ctx, "SELECT body FROM refund_events WHERE waiting = 1 AND provider = "+s.lang.param(1)+
			" AND received_at < "+s.lang.param(2)+" ORDER BY id LIMIT "+strconv.Itoa(limit), provider, s.lang.time(microseconds(before)))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var body string
			if err := rows.Scan(&body); err != nil {
				return err
			}
			var ev refund.Event
			if err := json.Unmarshal([]byte(body), &ev); err != nil {
				return fmt.Errorf("a stored event cannot be read: %w", err)
			}
			found = append(found, ev)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return found, nil
}

// Refunds returns the entries of a payment as [refund.Inbox] says.
func (s *Store) Refunds(ctx context.Context, provider, paymentID string) ([]*refund.Entry, error) {
	if !storable(provider) || !storable(paymentID) {
		return nil, nil
	}
	f := Filter{Provider: provider, Payment: paymentID, Limit: maxLimit}
	var all []*refund.Entry
	for {
		page, err := s.List(ctx, f)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Entries...)
		if f.Cursor = page.Next; f.Cursor == "" {
			return all, nil
		}
	}
}

// ForgetEvents deletes finished events that were received before a time, and
// returns their number. A callback that is repeated later is then taken for a new
// one: keep them for longer than any gateway's message can be repeated, a year for
// example. Nothing else deletes them.
func (s *Store) ForgetEvents(ctx context.Context, before time.Time) (int64, error) {
	var n int64
	err := persist(ctx, fewTries, s.lang.fault, func() error {
		res, err := s.db.ExecContext(ctx, "DELETE FROM refund_events WHERE waiting IS NULL AND received_at < "+s.lang.param(1), s.lang.time(microseconds(before)))
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("journal: %w", err)
	}
	return n, nil
}

// params returns the placeholders of n arguments.
func params(l language, n int) string {
	text := l.param(1)
	for i := 2; i <= n; i++ {
		text += ", " + l.param(i)
	}
	return text
}
