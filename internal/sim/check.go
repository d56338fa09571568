package sim

import (
	"context"
	"errors"
	"slices"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/refundtest/pretend"
)

// What must hold, whatever happens. The truth is the gateways' ledgers, into which the
// library cannot look.

// check is called after each step. What a step did was checked where it happened; here is
// what only the whole shows.
func (w *world) check() {
	for _, l := range w.lanes {
		for _, r := range l.newRefunds() {
			if l.asked[r.ID] == nil && !l.strange(r) {
				w.fail("%s is booked at %s, and nobody asked for it", r.ID, l.called())
			}
		}
	}
}

// checkSent is called when a request is about to reach a gateway.
func (w *world) checkSent(a *attempt) {
	if a.sends++; a.sends > 1 {
		w.fail("%s is sent twice in one attempt", a.key)
	}
	for _, other := range w.attempts[a.key] {
		if other == a || other.booked == "" || over(other.lane.refund(other.booked)) {
			continue
		}
		switch {
		case !other.denied:
			w.fail("%s is sent again, and it is booked already as %s", a.key, other.booked)
		case other.spoken > 0 && other.spoken < a.step:
			w.fail("%s is sent again, although the gateway has said that %s was made under its key", a.key, other.booked)
		}
	}
}

// over reports whether a refund did not happen after all.
func over(r pretend.Refund) bool { return r.State == pretend.Declined || r.State == pretend.Reversed }

// checkBooked is called when a gateway has booked an attempt.
func (w *world) checkBooked(a *attempt, r pretend.Refund) {
	switch {
	case a.full && a.lane.native: // the gateway gives back what it says is left, which only it knows
	case a.amount.IsSet() && r.Amount != a.amount:
		w.fail("%s: %s was to be refunded, and %s is booked", a.key, a.amount, r.Amount)
	case !a.amount.IsSet() && !a.full:
		w.fail("%s: a part of no amount is booked", a.key)
	}
}

// counts reports whether an attempt that a gateway has booked is one that the journal
// knows when it begins another: a person may have denied it, and nobody else has spoken.
func (a *attempt) counts(begun *attempt) bool {
	return a != begun && a.lane == begun.lane && a.booked != "" && (!a.denied || a.spoken > 0 && a.spoken < begun.step)
}

// checkBegin is called when an intent is stored. No other refund of the payment is open;
// and with it, what the journal may have given back, and what it knows to be refunded
// elsewhere, must not exceed what was paid.
func (w *world) checkBegin(t *task, a *attempt, e *refund.Entry) {
	for _, o := range w.refundsOf(a.lane, a.payment) {
		if o.Key != a.key && (o.Status == refund.StatusUnknown || cameBackUndated(o)) {
			w.fail("%s is begun, and %s of the same payment is %s", a.key, o.Key, o.Status)
		}
	}
	paid := e.Request.Payment.Amount
	if !paid.IsSet() || !a.amount.IsSet() || a.full && a.lane.native { // of that the gateway decides how much it is
		return
	}
	known, sum := make(map[string]bool), a.amount.Minor()
	for _, tries := range w.attempts {
		for _, other := range tries {
			if r := a.lane.refund(other.booked); other.counts(a) && other.payment == a.payment && !over(r) {
				sum += r.Amount.Minor()
				known[r.ID] = true
			}
		}
	}
	told, listed := make(map[int64]int64), make(map[int64]int64) // without an id: those of a list may be those of callbacks
	for _, s := range e.Elsewhere {
		minor := s.Amount.Minor()
		switch {
		case !s.Amount.IsSet() || s.Amount.Currency() != paid.Currency() || s.Status.MoneyMoved() == refund.No || known[s.ID]:
		case s.ID != "" && s.Told:
			sum += minor
		case s.Told:
			told[minor]++
		default:
			listed[minor]++
		}
	}
	for minor, n := range told {
		listed[minor] = max(listed[minor], n)
	}
	for minor, n := range listed {
		sum += minor * n
	}
	if sum > paid.Minor() {
		w.fail("%s is begun, and with it more may go back than the %s that were paid for %s", a.key, paid, a.payment)
	}
	if want := e.Request.Remaining; want.IsSet() && want.Minor() > paid.Minor()-(sum-a.amount.Minor()) {
		w.fail("%s is begun for the case that %s are left, and it is less", a.key, want)
	}
	if !a.lane.lists || t == nil || t.looked.IsZero() {
		return
	}
	sum = a.amount.Minor()
	for _, r := range a.lane.server.RefundsOf(a.payment) {
		ours := a.lane.asked[r.ID]
		if ours != nil && ours.denied && r.Pending {
			continue // that it was pending was known when a person denied it
		}
		if !over(r) && r.At.Before(t.looked) {
			sum += r.Amount.Minor()
		}
	}
	if sum > paid.Minor() {
		w.fail("%s is begun, and by what the gateway has just shown more than the %s that were paid for %s may go back", a.key, paid, a.payment)
	}
}

// cameBackUndated reports whether only a callback without a date says that a refund came
// back: neither a look-up nor a person has confirmed it.
func cameBackUndated(e *refund.Entry) bool {
	if e.Status != refund.StatusReversed {
		return false
	}
	undated := false
	for _, ch := range e.History {
		switch {
		case ch.Status != refund.StatusReversed:
			undated = false
		case ch.Cause == refund.CauseCallback && ch.EventAt.IsZero():
			undated = true
		case ch.Cause != refund.CauseNote:
			return false
		}
	}
	return undated
}

// refundsOf are the journal's refunds of a payment.
func (w *world) refundsOf(l *lane, payment string) []*refund.Entry {
	all, err := w.store.database.Refunds(context.Background(), l.name, payment)
	if err != nil {
		w.fail("the journal cannot be read: %v", err)
	}
	return slices.DeleteFunc(all, func(e *refund.Entry) bool { return e.Environment != l.env })
}

// checkReplaced is called when an intent has taken the place of the entry under its key.
func (w *world) checkReplaced(in *refund.Intent, was *refund.Entry) {
	switch {
	case was == nil:
	case was.Environment != in.Environment:
		w.fail("%s is begun in %q, and was one of %q", in.Key, in.Environment, was.Environment)
	case was.Status == refund.StatusRefused && !in.Request.Again && was.Err != nil && was.Err.Code != refund.RateLimited:
		w.fail("%s is begun again after a refusal (%s), and nobody asked for that", in.Key, was.Err.Code)
	case was.Status != refund.StatusRefused && was.Status != refund.StatusNotSent:
		w.fail("%s is begun again, and it was %s", in.Key, was.Status)
	}
}

// checkRefused is called when the journal does not admit an intent. Each refund that was
// made, or may have been, counts once.
func (w *world) checkRefused(t *task, in *refund.Intent, err error) {
	e := new(refund.Error)
	if !errors.As(err, &e) || t == nil {
		return
	}
	if errors.Is(err, refund.InProgress) && e.Blocker == nil {
		w.fail("%s is not admitted, and nobody is told what stands in its way: %v", in.Key, err)
	}
	if errors.Is(err, refund.InvalidRequest) && in.Request.Payment.Amount.IsSet() {
		w.checkOtherPaid(in, err)
	}
	if !errors.Is(err, refund.ExceedsRefundable) || !in.Request.Amount.IsSet() || !in.Request.Payment.Amount.IsSet() {
		return
	}
	l := w.laneOfIntent(in)
	if l.odd {
		return
	}
	left := in.Request.Payment.Amount.Minor()
	for _, r := range l.server.RefundsOf(in.Request.Payment.ID) {
		left -= r.Amount.Minor()
	}
	for _, o := range w.refundsOf(l, in.Request.Payment.ID) {
		switch {
		case o.Status.MoneyMoved() == refund.No:
		case w.isNativeFull(o):
			return // only the gateway knows how much it is
		case w.current(o).booked == "":
			left -= o.Amount.Minor()
		}
	}
	if in.Request.Amount.Minor() <= left {
		w.fail("%s of %s is not admitted, although %d hundredths at least are left: something counts twice (%v)", in.Key, in.Request.Amount, left, err)
	}
}

// current is the attempt that an entry is of.
func (w *world) current(e *refund.Entry) *attempt {
	for _, a := range w.attempts[e.Key] {
		if a.began.Equal(e.BeganAt) {
			return a
		}
	}
	return nil
}

// truth is what a refund is, by the gateway's ledger.
func (w *world) truth(e *refund.Entry) refund.Status {
	a := w.current(e)
	if a == nil || a.booked == "" {
		return refund.StatusNotSent
	}
	return statusOf(a.lane.refund(a.booked))
}

func statusOf(r pretend.Refund) refund.Status {
	switch {
	case r.State == pretend.Declined:
		return refund.StatusFailed
	case r.State == pretend.Reversed:
		return refund.StatusReversed
	case r.Pending && r.State == "":
		return refund.StatusPending
	}
	return refund.StatusSucceeded
}

func (w *world) laneOfIntent(in *refund.Intent) *lane {
	return w.laneOf(&refund.Entry{Key: in.Key, Provider: in.Provider, Environment: in.Environment})
}

// checkOtherPaid is called when an intent is not admitted since another refund has said
// otherwise how much was paid: one that may have happened.
func (w *world) checkOtherPaid(in *refund.Intent, err error) {
	for _, o := range w.refundsOf(w.laneOfIntent(in), in.Request.Payment.ID) {
		paid := o.Request.Payment.Amount
		if o.Key != in.Key && paid.IsSet() && paid != in.Request.Payment.Amount && o.Status != refund.StatusNotSent && o.Status != refund.StatusRefused {
			return
		}
	}
	w.fail("%s is not admitted, and no refund that may have happened says otherwise what was paid: %v", in.Key, err)
}
