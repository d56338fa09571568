package refund

import (
	"fmt"
	"slices"
	"time"

	"github.com/gorefund/refund/money"
)

// books are what a journal knows of a payment, beside one refund of it.
type books struct {
	paid      money.Amount // not set if no refund said it
	paidBy    string       // the key of the refund that said it
	taken     money.Amount // by refunds that are done or accepted; not set if there are none
	whole     *booked      // takes the payment as a whole: only the gateway knows how much that is
	open      *booked      // has no outcome, or one that must be confirmed first
	last      *booked      // the last one that takes something
	refunds   []booked
	elsewhere []SeenRefund // made by others, as far as the gateway showed them
}

// booked is one refund in the books.
type booked struct {
	key    string
	id     string // the gateway's, "" if it is not known
	kind   Kind
	amount money.Amount
	did    money.Amount // what the gateway says that it gave back

	earlier []string // ids of earlier tries
	status  Status
	begun   time.Time
	never   bool // its own sender knows that the gateway did not take it
	open    bool
}

// newBooks are those of all entries of a payment. Of the one with the key but only what it
// has seen elsewhere counts: it is the refund in question, or the try before it.
func newBooks(all []*Entry, but string) (*books, *Error) {
	b := &books{refunds: make([]booked, 0, len(all))}
	for _, o := range all {
		if o.Key == but {
			continue
		}
		b.refunds = append(b.refunds, booked{
			key: o.Key, id: o.ownID(), earlier: o.Earlier, did: o.result().Amount, kind: o.Request.Kind, amount: o.Amount, status: o.Status, begun: o.BeganAt, never: o.never(), open: o.Open(),
		})
		r := &b.refunds[len(b.refunds)-1]
		if was := o.Request.Payment.Amount; was.IsSet() && o.Status != StatusNotSent && o.Status != StatusRefused {
			b.paid, b.paidBy = was, o.Key
		}
		if r.open {
			b.open = r
		}
		if !r.status.took() {
			continue
		}
		b.last = r
		if !r.amount.IsSet() {
			b.whole = r
			continue
		}
		sum, err := plus(b.taken, r.amount)
		if err != nil {
			return nil, badAmount(err.Error())
		}
		b.taken = sum
	}
	for _, o := range all {
		b.elsewhere = b.add(b.elsewhere, o.Elsewhere)
	}
	return b, nil
}

// booksOf is newBooks where a sum that is too large may be passed over: nothing is to
// be sent.
func booksOf(all []*Entry, but string) *books {
	b, e := newBooks(all, but)
	if e != nil {
		return new(books)
	}
	return b
}

// plus is sum and one more amount; a sum that is not set is nothing yet.
func plus(sum, more money.Amount) (money.Amount, error) {
	if !sum.IsSet() {
		return more, nil
	}
	return sum.Add(more)
}

// has reports whether one of the refunds has the gateway's id.
func (b *books) has(id string) bool {
	return id != "" && slices.ContainsFunc(b.refunds, func(r booked) bool { return r.id == id })
}

// tried reports whether the gateway's id is one of an earlier try of another refund.
func (b *books) tried(id string) bool {
	return id != "" && slices.ContainsFunc(b.refunds, func(r booked) bool { return slices.Contains(r.earlier, id) })
}

// knowsElsewhere reports whether the gateway's id is one of a refund made elsewhere.
func (b *books) knowsElsewhere(id string) bool { return lists(b.elsewhere, id) }

// lists reports whether one of them has the gateway's id.
func lists(all []SeenRefund, id string) bool {
	return id != "" && slices.ContainsFunc(all, func(s SeenRefund) bool { return s.ID == id })
}

// tookBefore reports whether the gateway took another refund before e was begun.
func (b *books) tookBefore(e *Entry) bool {
	return slices.ContainsFunc(b.refunds, func(r booked) bool { return r.status.took() && r.begun.Before(e.BeganAt) })
}

// paidFor is what was paid, as far as e or the other refunds say.
func (b *books) paidFor(e *Entry) money.Amount {
	if e.Request.Payment.Amount.IsSet() {
		return e.Request.Payment.Amount
	}
	return b.paid
}

// rivals counts the other refunds that a statement without id and key may be about as
// well as about e. One that its own sender knows to be refused counts only beside its
// like; and of those that did not happen, as far as anybody knew, the last one is meant.
func (b *books) rivals(st *statement, e *Entry) int {
	n := 0
	for _, r := range b.refunds {
		switch {
		case r.never && !e.never(), st.id != "" && r.id != "":
			continue
		case r.never == e.never() && r.status.MoneyMoved() == No && e.Status.MoneyMoved() == No && !r.begun.After(e.BeganAt):
			continue
		}
		if fit, _ := st.fits(r.kind, r.amount, b.paidFor(e)); fit == agrees || fit == silent || fit == maybe {
			n++
		}
	}
	return n
}

// ghosts counts the refunds like e that somebody has called off without knowing: one of
// them may show late, and be taken for e.
func (b *books) ghosts(e *Entry) int {
	n := 0
	for _, r := range b.refunds {
		alike := r.amount == e.Amount || !r.amount.IsSet() || e.Request.Kind == KindFull // of the whole no amount is told
		if r.status.MoneyMoved() == No && !r.never && r.id == "" && alike {
			n++
		}
	}
	return n
}

// How a report shows a refund of ours.
type shown uint8

const (
	notShown shown = iota
	byCount        // by one whose amount is not told
	byAmount
	byID
)

// strangers returns the refunds that a report shows and the journal does not know, and
// how it shows each of ours. Each is matched by its id, or one to one by its amount with
// one of ours whose id is unknown. One that did not happen takes nothing and is left out.
func (b *books) strangers(r *Report) (unknown []SeenRefund, ours []shown) {
	ours = make([]shown, len(b.refunds))
	match := func(how shown, fits func(*booked) bool) bool {
		for i := range b.refunds {
			if ours[i] == notShown && b.refunds[i].live() && fits(&b.refunds[i]) {
				ours[i] = how
				return true
			}
		}
		return false
	}
	left := slices.DeleteFunc(slices.Clone(r.Refunds), func(seen SeenRefund) bool {
		return seen.ID != "" && (match(byID, func(o *booked) bool { return o.id == seen.ID }) || b.has(seen.ID))
	})
	// One that came to nothing takes nothing: it tells something of those that are known.
	left = slices.DeleteFunc(left, func(seen SeenRefund) bool {
		nothing := seen.Status.MoneyMoved() == No
		if nothing && b.knowsElsewhere(seen.ID) {
			unknown = append(unknown, seen)
		}
		return nothing
	})
	// One that is known to be made elsewhere stays that, whatever of ours is like it.
	known := make(map[mark]int)
	for _, s := range b.elsewhere {
		if s.ID == "" && !s.Told {
			known[s.mark()]++
		}
	}
	left = slices.DeleteFunc(left, func(seen SeenRefund) bool {
		switch {
		case seen.ID != "":
			if !b.knowsElsewhere(seen.ID) {
				return false
			}
		case !seen.Amount.IsSet() || known[seen.mark()] == 0:
			return false
		default:
			known[seen.mark()]--
		}
		unknown = append(unknown, seen)
		return true
	})
	left = slices.DeleteFunc(left, func(seen SeenRefund) bool {
		return seen.Amount.IsSet() && match(byAmount, func(o *booked) bool { return o.id == "" && (o.amount == seen.Amount || o.did == seen.Amount) })
	})
	uncertain := 0
	left = slices.DeleteFunc(left, func(seen SeenRefund) bool {
		counted := match(byCount, func(o *booked) bool { return o.id == "" && (!o.amount.IsSet() || !seen.Amount.IsSet()) })
		if counted && !seen.Amount.IsSet() {
			uncertain++
		}
		return counted
	})
	for _, seen := range left {
		// Of those whose amount is not told nobody knows which is ours, if one is.
		if seen.Amount.IsSet() || seen.ID != "" && uncertain == 0 {
			unknown = append(unknown, seen)
		}
	}
	if len(r.Refunds) == 0 && r.Refunded.IsPositive() {
		over := r.Refunded
		if b.taken.IsSet() {
			over, _ = r.Refunded.Sub(b.taken) // not set in another currency
		}
		if over.IsPositive() && b.whole == nil {
			unknown = append(unknown, SeenRefund{ID: elsewhereTotal, Amount: over, Status: StatusSucceeded})
		}
	}
	return unknown, ours
}

// toldByWord is how much a report says in a word that others gave back: "all", "a part",
// or "" if it says nothing, or what our own refunds explain.
func (b *books) toldByWord(r *Report) string {
	switch {
	case r == nil:
		return ""
	case r.Extent == ExtentWhole:
		return "all"
	case r.Extent == ExtentPart && !b.taken.IsSet() && b.whole == nil && len(b.elsewhere) == 0:
		return "a part"
	}
	return ""
}

// mayShowLate reports whether a refund that the gateway has taken on from us may show
// later than in a report, and then be taken for a new one of this amount, not set where
// nobody knows it.
func (b *books) mayShowLate(ours []shown, amount money.Amount) bool {
	for i, o := range b.refunds {
		alike := !amount.IsSet() || !o.amount.IsSet() || o.amount == amount || o.did == amount
		certain := byAmount
		if o.status == StatusPending {
			certain = byID // what it is matched with may be somebody else's, and it comes yet
		}
		if o.status.took() && alike && ours[i] < certain {
			return true
		}
	}
	return false
}

// elsewhereTotal stands for the id of what others refunded, where the gateway tells a
// total only.
const elsewhereTotal = "(in total)"

// mark is what a refund made elsewhere is known by that has no id.
type mark struct {
	amount money.Amount
	at     time.Time
	told   bool
}

func (s *SeenRefund) mark() mark { return mark{s.Amount, stored(s.At), s.Told} }

// add joins two lists of refunds made elsewhere, each counted once: by its id, else by
// amount, time and who told of it. What turns out to be one of the journal's is left out.
func (b *books) add(have, more []SeenRefund) []SeenRefund {
	known := make(map[mark]int)
	for _, s := range have {
		if s.ID == "" {
			known[s.mark()]++
		}
	}
	for _, s := range more {
		i := slices.IndexFunc(have, func(h SeenRefund) bool { return s.ID != "" && h.ID == s.ID })
		switch {
		case b.has(s.ID):
		case i >= 0:
			have[i] = have[i].with(s)
		case s.ID == "" && known[s.mark()] > 0:
			known[s.mark()]--
		default:
			have = append(have, s)
		}
	}
	return have
}

// with is what is known of a refund made elsewhere after more was told of it. It counts
// unless a later word says that it came to nothing; that it is pending is never later.
func (s SeenRefund) with(more SeenRefund) SeenRefund {
	if s.ID == elsewhereTotal {
		return more
	}
	known := s
	if more.Amount.IsSet() {
		s.Amount = more.Amount
	}
	later := more.At.After(known.At)
	switch undated := more.At.IsZero() || known.At.IsZero(); {
	case more.Status == StatusPending:
		return s
	case more.Status.MoneyMoved() == No && !later && !(undated && known.Status == StatusPending):
		return s
	case known.Status.MoneyMoved() == No && !later && !undated:
		return s
	}
	s.Status = more.Status
	if later {
		s.At = more.At
	}
	return s
}

// lost is what others refunded of a payment, in the currency of paid: not set if nothing.
// A refund without an id that a callback told and a list shows is the same one, and a
// total counts what is known one by one.
func (b *books) lost(paid money.Amount) (lost money.Amount, _ *Error) {
	currency := paid.Currency()
	var single, total int64
	shown, told := make(map[int64]int64), make(map[int64]int64) // by amount: listed, and told without an id
	for _, s := range b.elsewhere {
		if !s.Amount.IsSet() || s.Amount.Currency() != currency || s.Status.MoneyMoved() == No {
			continue // told, and not counted
		}
		minor := s.Amount.Minor()
		switch {
		case s.ID == elsewhereTotal:
			total = minor
		case s.ID != "" && s.Told:
			single += minor
		case s.Told:
			told[minor]++
		default:
			shown[minor]++
		}
		if single < 0 {
			return lost, badAmount("the sum of what was refunded elsewhere is too large")
		}
	}
	for minor, n := range told {
		shown[minor] = max(shown[minor], n)
	}
	for minor, n := range shown {
		single += minor * n
	}
	if sum := max(single, total); sum > 0 {
		lost, _ = money.FromMinor(sum, currency)
	}
	return lost, nil
}

// stored is a time as every store keeps it.
func stored(t time.Time) time.Time { return t.UTC().Round(time.Microsecond) }

// rest is what is left of the payment, and lost what others refunded of it. Nothing is
// left below zero.
func (b *books) rest(paid money.Amount) (rest, lost money.Amount, e *Error) {
	if lost, e = b.lost(paid); e != nil {
		return rest, lost, e
	}
	rest = paid
	for _, gone := range []money.Amount{b.taken, lost} {
		if !gone.IsSet() {
			continue
		}
		left, err := rest.Sub(gone)
		if err != nil {
			return rest, lost, badAmount(err.Error())
		}
		rest = left
	}
	if rest.Minor() < 0 {
		rest, _ = money.FromMinor(0, paid.Currency())
	}
	return rest, lost, nil
}

// live reports whether the refund counts in the sums, or may.
func (r *booked) live() bool { return r.open || r.status.took() }

// mostOf is what a full refund may take at most where the gateway knows alone what is left
// of a payment: a refund that is pending here may have failed there.
func (b *books) mostOf(paid money.Amount) money.Amount {
	done := &books{elsewhere: b.elsewhere}
	for _, r := range b.refunds {
		if r.status != StatusSucceeded || !r.amount.IsSet() {
			continue
		}
		if sum, err := plus(done.taken, r.amount); err == nil {
			done.taken = sum
		}
	}
	most, _, e := done.rest(paid)
	if e != nil {
		return paid
	}
	return most
}

func (r *booked) blocker() *Blocker { return &Blocker{Key: r.key, Status: r.status} }

func (r *booked) String() string { return fmt.Sprintf("the refund with the key %q", clip(r.key, 64)) }
