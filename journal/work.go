package journal

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/gorefund/refund"
)

// work is what a batch knows of the journal: the entries of its keys and of its
// payments. Operations are decided in their order, each against what those before
// it left.
type work struct {
	ops   []*op
	trust bool             // what is remembered need not be read
	items map[string]*item // by key
	books map[payment][]*item
}

// item is an entry in the work of a batch.
type item struct {
	now   *record
	was   *record // as stored, nil if it is not
	begun bool    // by the batch: more is to be written than what a move changes
}

func newWork(ops []*op, trust bool) *work {
	return &work{ops: ops, trust: trust, items: make(map[string]*item), books: make(map[payment][]*item)}
}

// payments are those that must not be begun by anybody else meanwhile.
func (w *work) payments() []payment {
	var ps []payment
	for _, o := range w.ops {
		if o.intent != nil {
			ps = append(ps, paymentOf(o.intent))
		}
	}
	return ps
}

// load reads the entries in question, all at once.
func (w *work) load(ctx context.Context, tx *sql.Tx, l language) error {
	keys, ids := []string{}, []string{} // not nil, which is no list in JSON
	for _, o := range w.ops {
		if o.intent != nil {
			ids = append(ids, o.intent.Request.Payment.ID)
		} else if w.trust && o.known != nil {
			continue
		}
		keys = append(keys, o.key)
	}
	if len(keys) > 0 {
		found, err := scan(l.load(ctx, tx, distinct(keys), distinct(ids)))
		if err != nil {
			return err
		}
		for _, r := range found {
			if w.items[r.entry.Key] == nil {
				w.put(&item{now: r, was: r})
			}
		}
	}
	for _, o := range w.ops {
		if w.trust && o.known != nil && w.items[o.key] == nil {
			w.put(&item{now: o.known, was: o.known})
		}
	}
	return nil
}

func distinct(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

func (w *work) put(it *item) {
	e := it.now.entry
	w.items[e.Key] = it
	p := paymentOfEntry(e)
	w.books[p] = append(w.books[p], it)
}

// decide carries out one operation, in memory.
func (w *work) decide(o *op) {
	o.entry, o.fresh, o.err = nil, false, nil
	if o.intent != nil {
		w.begin(o)
	} else {
		w.move(o)
	}
}

func (w *work) begin(o *op) {
	it := w.items[o.key]
	if it != nil && !o.intent.Replaces(it.now.entry) {
		// With the call's own stamp it is fresh all the same: from a transaction
		// whose commit seemed to fail.
		o.entry, o.fresh = it.now.entry, it.now.stamp == o.stamp
		return
	}
	p := paymentOf(o.intent)
	var others []*refund.Entry
	for _, other := range w.books[p] {
		// An item stays in the books of a payment that its key was used for before.
		if e := other.now.entry; paymentOfEntry(e) == p {
			others = append(others, e)
		}
	}
	amount, err := o.intent.Admit(others)
	if err != nil {
		o.err = err
		return
	}
	if it == nil && o.ready != nil && len(o.ready.entry.Elsewhere) == 0 && (o.intent.Before != nil) == (o.ready.entry.Before != nil) {
		it = &item{now: o.ready.admitted(amount)}
	} else { // a key used again, or Admit has dropped the snapshot
		var replaced *refund.Entry
		if it == nil {
			it = new(item)
		} else {
			replaced = it.now.entry
		}
		r, err := newRecord(begun(o.intent, amount, replaced), o.stamp)
		if err != nil {
			o.fail(err)
			return
		}
		it.now = r
	}
	it.begun = true
	w.put(it)
	o.entry, o.fresh = it.now.entry, true
}

func (w *work) move(o *op) {
	it := w.items[o.key]
	switch {
	case it == nil:
		o.err = refund.ErrNoEntry
		return
	case it.now.stamp == o.stamp: // done, in a transaction whose commit seemed to fail
	case it.now.entry.Version != o.version:
		o.err = refund.ErrStale
		return
	case o.known != nil && o.known.stamp == it.now.stamp:
		it.now = o.ready
	default:
		r, err := it.now.moved(o.move, o.stamp)
		if err != nil {
			o.fail(err)
			return
		}
		it.now = r
	}
	o.entry = it.now.entry
}

// store writes what has changed. What gives a payment free is written before
// what takes it: at no time has it two open refunds.
func (w *work) store(ctx context.Context, tx *sql.Tx, l language) error {
	var added, changed, replaced []*row
	for _, it := range w.items {
		if it.now == it.was {
			continue
		}
		r := it.now.row(l)
		if it.was == nil {
			added = append(added, r)
			continue
		}
		r.WasVersion, r.WasStamp = it.was.entry.Version, it.was.stamp
		if it.begun {
			replaced = append(replaced, r)
		} else {
			changed = append(changed, r)
		}
	}
	for _, part := range []struct {
		rows   []*row
		update func(context.Context, []*row) (int64, error)
	}{
		{changed, func(ctx context.Context, rows []*row) (int64, error) { return l.change(ctx, tx, rows) }},
		{replaced, func(ctx context.Context, rows []*row) (int64, error) { return l.replace(ctx, tx, rows) }},
	} {
		if len(part.rows) == 0 {
			continue
		}
		inOrder(part.rows)
		switch n, err := part.update(ctx, part.rows); {
		case err != nil:
			return err
		case n != int64(len(part.rows)):
			return errStale
		}
	}
	if len(added) == 0 {
		return nil
	}
	inOrder(added)
	return l.insert(ctx, tx, added)
}

// inOrder sorts rows, so that two batches don't wait for each other.
func inOrder(rows []*row) {
	slices.SortFunc(rows, func(a, b *row) int { return cmp.Compare(a.Key, b.Key) })
}

// remember keeps what was begun for the move that follows.
func (w *work) remember(m *recent) {
	for _, o := range w.ops {
		if it := w.items[o.key]; o.fresh && it.now.stamp == o.stamp {
			m.put(it.now)
		} else if o.move != nil {
			m.drop(o.key)
		}
	}
}
