package journal

import (
	"context"
	"fmt"
	"time"
)

// patience bounds a batch with all its repeats.
const patience = 10 * time.Second

// run carries out a batch: all operations in one transaction or, if that cannot
// be, each in its own, so that one that the database refuses fails alone.
func (s *Store) run(ops []*op) {
	// No caller's context: the batch is everybody's.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := s.attempt(ctx, ops)
	if err == nil {
		return
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("the database took longer than %v: %w", patience, err)
	}
	ops = unsettled(ops)
	if len(ops) > 1 && ctx.Err() == nil && s.lang.fault(err) == permanent {
		for _, o := range ops {
			if err := s.attempt(ctx, []*op{o}); err != nil {
				o.fail(err)
			}
		}
		return
	}
	for _, o := range ops {
		o.fail(err)
	}
}

func (o *op) fail(err error) {
	o.entry, o.fresh, o.err = nil, false, fmt.Errorf("journal: %w", err)
}

// attempt carries out operations in one transaction, again if that is of use.
// Whether a failed commit was one after all is no matter: each operation finds
// its own stamp and is not done twice.
func (s *Store) attempt(ctx context.Context, ops []*op) error {
	lostTries := fewTries
	for _, o := range ops {
		if o.move != nil {
			lostTries = manyTries // money may have moved: the outcome must be stored
		}
	}
	try := 0
	return persist(ctx, lostTries, s.lang.fault, func() error {
		try++
		trust := try == 1 // in what is remembered; then rather read
		if l, ok := s.lang.(quick); ok {
			if trust {
				if err := s.quickly(ctx, l, ops); err != nil {
					return err
				}
			}
			if ops = unsettled(ops); len(ops) == 0 {
				return nil
			}
			return s.transact(ctx, ops, false)
		}
		if o := ops[0]; len(ops) == 1 && o.known != nil && trust {
			done, err := s.changeOne(ctx, o)
			if done || err != nil {
				return err
			}
			trust = false
		}
		return s.transact(ctx, ops, trust)
	})
}

// changeOne makes a lone move of a remembered entry, which takes one statement
// and no transaction around it. done is false if the entry is not what it was.
func (s *Store) changeOne(ctx context.Context, o *op) (done bool, err error) {
	n, err := s.lang.change(ctx, s.db, []*row{o.knownRow(s.lang)})
	s.recent.drop(o.key)
	if err != nil || n != 1 {
		return false, err
	}
	o.entry, o.err = o.ready.entry, nil
	return true, nil
}

// knownRow is the row of a move of a remembered entry.
func (o *op) knownRow(l language) *row {
	w := o.ready.row(l)
	w.WasVersion, w.WasStamp = o.known.entry.Version, o.known.stamp
	return w
}

// transact carries out operations in one transaction. trust: what is remembered
// need not be read.
func (s *Store) transact(ctx context.Context, ops []*op, trust bool) (err error) {
	w := newWork(ops, trust)
	tx, err := s.db.BeginTx(ctx, s.lang.isolation())
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // if that fails too, the connection is not used again
			for _, o := range ops {
				s.recent.drop(o.key)
			}
		}
	}()
	if err := s.lang.lock(ctx, tx, w.payments()); err != nil {
		return err
	}
	if err := w.load(ctx, tx, s.lang); err != nil {
		return err
	}
	for _, o := range ops {
		w.decide(o)
	}
	if err := w.store(ctx, tx, s.lang); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	w.remember(&s.recent)
	return nil
}
