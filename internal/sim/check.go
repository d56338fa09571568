package sim

import (
	"context"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/refundtest/pretend"
)

// What must hold, whatever happens. The truth is the gateways' ledgers, into which the
// library cannot look.

// check is called after each step. What a step did was checked where it happened; here is
// what only the whole shows.
func (w *world) check() {
	for _, l := range w.lanes {
		for _, r := range l.newRefunds() {
			if l.asked[r.ID] == nil && !r.Elsewhere {
				w.fail("%s is booked at %s, and nobody asked for it", r.ID, l.name)
			}
		}
	}
}

// checkSent is called when a request is about to reach a gateway.
func (w *world) checkSent(a *attempt) {
	if a == nil {
		w.fail("a request leaves that is in no journal")
		return
	}
	if a.sends++; a.sends > 1 {
		w.fail("%s is sent twice in one attempt", a.key)
	}
	for _, other := range w.attempts[a.key] {
		if other != a && other.booked != "" && !w.wrong[a.key] && !over(other.lane.refund(other.booked)) {
			w.fail("%s is sent again, and it is booked already as %s", a.key, other.booked)
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

// checkBegin is called when an intent is stored: with it, what the journal may have given
// back, and what it knows to be refunded elsewhere, must not exceed what was paid.
func (w *world) checkBegin(a *attempt, e *refund.Entry) {
	paid := e.Request.Payment.Amount
	if !paid.IsSet() || !a.amount.IsSet() || a.full && a.lane.native { // of that the gateway decides how much it is
		return
	}
	sum := a.amount.Minor()
	for _, tries := range w.attempts {
		for _, other := range tries {
			if other == a || other.lane != a.lane || other.booked == "" || w.wrong[other.key] || w.wrong[a.key] {
				continue
			}
			if r := a.lane.refund(other.booked); r.PaymentID == e.Request.Payment.ID && !over(r) {
				sum += r.Amount.Minor()
			}
		}
	}
	for _, s := range e.Elsewhere {
		if s.Amount.IsSet() && s.Amount.Currency() == paid.Currency() && s.Status.MoneyMoved() != refund.No {
			sum += s.Amount.Minor()
		}
	}
	if sum > paid.Minor() {
		w.fail("%s is begun, and with it more may go back than the %s that were paid for %s", a.key, paid, e.Request.Payment.ID)
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

// checkEntry is called when a change is stored: the journal must not say yes where the
// ledger says no, nor no where it says yes.
func (w *world) checkEntry(e *refund.Entry) {
	last := e.History[len(e.History)-1]
	if w.wrong[e.Key] || last.Cause == refund.CausePerson {
		return
	}
	switch {
	case e.Status.MoneyMoved() == refund.No:
		if truth := w.truth(e); truth == refund.StatusSucceeded || truth == refund.StatusPending {
			w.fail("the journal says that %s is %s, and the ledger says %s", e.Key, e.Status, truth)
		}
	case e.Status != refund.StatusSucceeded && e.Status != refund.StatusPending:
	case w.isNativeFull(e):
		if a := w.current(e); a.booked == "" && !a.lane.refundedByHand(e.Request.Payment.ID) {
			w.fail("the journal says that %s is %s, and nobody has refunded %s", e.Key, e.Status, e.Request.Payment.ID)
		}
	default:
		if mine, made := w.claims(e); mine > made {
			w.fail("the journal says that %s is %s, and with it %d refunds of %s that happened, but the ledger has %d", e.Key, e.Status, mine, e.Amount, made)
		}
	}
}

func (w *world) isNativeFull(e *refund.Entry) bool {
	return e.Request.Kind == refund.KindFull && w.laneOf(e.Provider).native
}

// claims counts the refunds of a payment and an amount that the journal says were made,
// and those that the ledger shows, whoever made them: two of one amount cannot be told
// apart by anybody. For a refund that is done only those count that are.
func (w *world) claims(e *refund.Entry) (mine, made int) {
	l := w.laneOf(e.Provider)
	all, err := w.store.database.Refunds(context.Background(), e.Provider, e.Request.Payment.ID)
	if err != nil {
		w.fail("the journal cannot be read: %v", err)
	}
	finished := e.Status == refund.StatusSucceeded
	for _, o := range all {
		claim := o.Status == refund.StatusSucceeded || !finished && o.Status == refund.StatusPending
		if claim && !w.wrong[o.Key] && o.Amount == e.Amount && !w.isNativeFull(o) {
			mine++
		}
	}
	for _, r := range l.server.Refunds() {
		done := !r.Pending || r.State == pretend.Approved || r.State == pretend.Reversed
		if r.PaymentID == e.Request.Payment.ID && r.Amount == e.Amount && (done || !finished) {
			made++
		}
	}
	return mine, made
}

// checkTold is called when a caller has its answer.
func (w *world) checkTold(t *task, key string, status refund.Status) {
	a := t.sending
	switch {
	case a == nil || w.wrong[key] || a.booked == "":
		return
	case status.MoneyMoved() == refund.No && !over(a.lane.refund(a.booked)):
		w.fail("the caller is told that %s is %s, and the ledger has %s", key, status, a.booked)
	}
}

// checkEnd is called when nothing goes wrong any more and all has been said.
func (w *world) checkEnd() {
	page, err := w.store.database.List(context.Background(), journal.Filter{Limit: 1000})
	if err != nil {
		w.fail("the journal cannot be listed: %v", err)
		return
	}
	for _, e := range page.Entries {
		l, truth := w.laneOf(e.Provider), w.truth(e)
		yes := truth == refund.StatusSucceeded
		if !l.proves || len(w.attempts[e.Key]) > 1 {
			continue // its callbacks do not tell whose they are
		}
		switch {
		case w.wrong[e.Key]:
			if yes && e.Status.MoneyMoved() == refund.No && !e.Flagged() {
				w.fail("a person was wrong about %s, which the ledger has as %s; the gateway has spoken, and it is not flagged", e.Key, truth)
			}
		case e.Flagged(), e.Open() && truth == refund.StatusNotSent:
		case e.Status == refund.StatusUnknown, e.Status == refund.StatusPending && truth != refund.StatusPending:
			w.fail("%s is %s in the end, and the ledger says %s", e.Key, e.Status, truth)
		}
	}
}
