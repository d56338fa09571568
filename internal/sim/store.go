package sim

import (
	"context"
	"errors"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
)

var (
	errDown = errors.New("sim: the database says no")
	errLost = errors.New("sim: the connection to the database broke")
)

// database is what the journals of this package are: a journal that lists, and keeps
// events.
type database interface {
	refund.Journal
	refund.Inbox
	List(ctx context.Context, f journal.Filter) (journal.Page, error)
	Rename(ctx context.Context, from, to string) (int, error)
}

// store is a journal in the world: before and after each operation others may go first,
// the process may die, and now and then the database fails.
type store struct {
	database
	w    *world
	down time.Time // until then it says no
}

// around carries out one operation.
func (s *store) around(ctx context.Context, op func() error) error {
	s.w.wait(ctx)
	if s.w.now.Before(s.down) {
		return errDown
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := op()
	if taskOf(ctx) != nil && !s.w.healed && s.w.chance(2) {
		err = errLost // it was carried out, and nobody learns that
	}
	s.w.wait(ctx)
	return err
}

func (s *store) Begin(ctx context.Context, in refund.Intent) (e *refund.Entry, fresh bool, err error) {
	err = s.around(ctx, func() (err error) {
		was, _ := s.database.Entry(ctx, in.Key)
		e, fresh, err = s.database.Begin(ctx, in)
		switch {
		case err != nil:
			s.w.checkRefused(taskOf(ctx), &in, err)
		case fresh:
			s.w.checkReplaced(&in, was)
			s.w.begun(taskOf(ctx), &in, e)
		}
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if fresh && !s.w.healed && s.w.chance(4) { // its machine sleeps before it can send
		s.w.sleep(ctx, s.w.between(0, 20*time.Minute))
	}
	return e, fresh, nil
}

func (s *store) Move(ctx context.Context, key string, version int64, m refund.Move) (e *refund.Entry, err error) {
	err = s.around(ctx, func() (err error) {
		e, err = s.database.Move(ctx, key, version, m)
		if err == nil {
			s.w.moved(taskOf(ctx), e)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

func (s *store) Entry(ctx context.Context, key string) (e *refund.Entry, err error) {
	err = s.around(ctx, func() (err error) { e, err = s.database.Entry(ctx, key); return err })
	return e, err
}

func (s *store) Receive(ctx context.Context, provider string, ev refund.Event, at time.Time) (fresh bool, err error) {
	err = s.around(ctx, func() (err error) { fresh, err = s.database.Receive(ctx, provider, ev, at); return err })
	return fresh, err
}

func (s *store) Finish(ctx context.Context, provider, id string) error {
	return s.around(ctx, func() error { return s.database.Finish(ctx, provider, id) })
}

func (s *store) Unfinished(ctx context.Context, provider string, before time.Time, limit int) (all []refund.Event, err error) {
	err = s.around(ctx, func() (err error) { all, err = s.database.Unfinished(ctx, provider, before, limit); return err })
	return all, err
}

func (s *store) Refunds(ctx context.Context, provider, payment string) (all []*refund.Entry, err error) {
	err = s.around(ctx, func() (err error) { all, err = s.database.Refunds(ctx, provider, payment); return err })
	return all, err
}

func (s *store) List(ctx context.Context, f journal.Filter) (page journal.Page, err error) {
	err = s.around(ctx, func() (err error) { page, err = s.database.List(ctx, f); return err })
	return page, err
}
