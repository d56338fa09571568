package sim

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/refundtest/pretend"
)

// What must hold of each change that is stored, of each callback that was carried out, of
// what callers are told, and in the end.

// took reports whether a status says that the gateway has taken the refund on.
func took(s refund.Status) bool { return s == refund.StatusPending || s == refund.StatusSucceeded }

// mayStillSend reports whether somebody is at work who has begun an attempt and not sent it.
func (w *world) mayStillSend(a *attempt) bool {
	return a.sends == 0 && slices.ContainsFunc(w.tasks, func(t *task) bool { return t.sending == a && !t.ended && !t.dying })
}

// decided notes whether a person was right.
func (w *world) decided(t *task, e *refund.Entry) {
	if t != nil && t.saw != nil && e.History[len(e.History)-2].Status != t.saw.Status {
		w.fail("a person decides about %s, who saw that it was %s, and it was something else", e.Key, t.saw.Status)
	}
	a, truth := w.current(e), w.truth(e)
	if t != nil && t.by != nil && w.mayStillSend(a) {
		settled := func(p *process) bool { return w.now.Sub(p.set) > time.Hour } // its clock has not just been set
		near := t.by.offset-a.of.offset <= time.Minute && settled(t.by) && settled(a.of)
		if near && a.of.clock(w)().Before(a.until) {
			w.fail("a person decides about %s, which its sender may still send", e.Key)
		}
	}
	for _, try := range w.attempts[e.Key] {
		try.spoken, try.told = 0, false
	}
	delete(w.wrong, e.Key)
	no := e.Status.MoneyMoved() == refund.No
	switch {
	case no && (took(truth) || w.mayStillSend(a)):
		a.denied = true
		w.wrong[e.Key] = true
	case !no:
		a.denied = false
		w.wrong[e.Key] = truth.MoneyMoved() != e.Status.MoneyMoved()
	}
}

// checkChange is called when a change is stored: what may change a refund, and how.
func (w *world) checkChange(t *task, e *refund.Entry) {
	n := len(e.History)
	last, before := e.History[n-1], e.History[n-2]
	if last.Cause == refund.CausePerson {
		w.decided(t, e)
		return
	}
	if last.Status == before.Status || before.Cause == refund.CauseBegin && n == 1 {
		return
	}
	delete(w.wrong, e.Key)
	l, wasNo := w.laneOf(e), before.Status.MoneyMoved() == refund.No
	switch {
	case last.Cause == refund.CauseNote:
		w.fail("a note changes %s from %s to %s", e.Key, before.Status, e.Status)
	case wasNo && took(e.Status) && last.Cause != refund.CauseLookUp:
		w.fail("%s was %s and is %s, and nobody has asked which holds", e.Key, before.Status, e.Status)
	case wasNo && e.Status == refund.StatusUnknown && !e.Flagged():
		w.fail("%s was %s and is unknown, and it is not flagged", e.Key, before.Status)
	case e.Status == refund.StatusReversed && !e.Flagged():
		w.fail("%s came back, and it is not flagged", e.Key)
	}
	if took(e.Status) && w.current(e).booked != "" && !w.isNativeFull(e) && e.Amount.IsSet() {
		if r := l.refund(w.current(e).booked); e.Amount.Minor() < r.Amount.Minor() {
			w.fail("%s takes %s of the payment in the journal, and %s in the ledger", e.Key, e.Amount, r.Amount)
		}
	}
	if last.Cause == refund.CauseCallback {
		w.checkCallback(t, l, e)
	}
	asked := slices.ContainsFunc(e.History, func(ch refund.Change) bool { return ch.Cause == refund.CauseLookUp })
	if l.proves && took(e.Status) && !asked && e.Result != nil && e.Result.RefundID != "" && len(w.attempts[e.Key]) == 1 {
		if l.asked[e.Result.RefundID] != w.current(e) {
			w.fail("%s is %s as %s, which is another refund", e.Key, e.Status, e.Result.RefundID)
		}
	}
}

// checkCallback is called when a callback has changed a refund by itself.
func (w *world) checkCallback(t *task, l *lane, e *refund.Entry) {
	last := e.History[len(e.History)-1]
	if last.Trust < refund.TrustToken {
		w.fail("%s is %s by a callback that anybody could have sent", e.Key, e.Status)
	}
	same := 0
	for _, ch := range e.History {
		if ch.Event == last.Event && ch.Cause == refund.CauseCallback {
			same++
		}
	}
	if same > 1 && last.Event != "" {
		w.fail("%s is changed by the same callback a second time", e.Key)
	}
	if t == nil || t.applying == nil {
		return
	}
	ev := t.applying
	before := e.History[len(e.History)-2].Status
	if e.Status == refund.StatusUnknown && before.MoneyMoved() == refund.No && ev.Status.MoneyMoved() == refund.No {
		w.fail("%s was %s, a callback says that it is %s, and nobody knows any more", e.Key, before, ev.Status)
	}
	if ev.Trust == refund.TrustSigned && !ev.At.IsZero() && ev.At.Before(e.BeganAt.Add(-5*time.Minute)) {
		w.fail("%s was begun at %s, and is %s by a callback of %s", e.Key, e.BeganAt, e.Status, ev.At)
	}
	if a := l.asked[ev.RefundID]; ev.Key == "" && ev.RefundID != "" && a == nil && e.Result != nil && l.asked[e.Result.RefundID] == w.current(e) {
		w.fail("%s is known as %s, and is %s by a callback about %s", e.Key, e.Result.RefundID, e.Status, ev.RefundID)
	}
}

// checkApplied is called when a callback was carried out. One that proves that a refund
// was made is never dropped.
func (w *world) checkApplied(l *lane, ev *refund.Event) {
	a := l.asked[ev.RefundID]
	if a == nil || !l.proves || ev.Key != a.key || !took(ev.Status) || over(l.refund(a.booked)) {
		return
	}
	a.told = true
	e, err := w.store.database.Entry(context.Background(), a.key)
	if err != nil {
		w.fail("%s is not in the journal: %v", a.key, err)
		return
	}
	knows, person := -1, -1
	for i, ch := range e.History {
		if ch.Event == ev.ID {
			knows = i
		}
		if ch.Cause == refund.CausePerson {
			person = i
		}
	}
	if a != w.current(e) {
		noted := slices.ContainsFunc(e.Elsewhere, func(s refund.SeenRefund) bool { return s.ID == a.booked })
		if !noted && !e.Flagged() && person <= knows && (e.Result == nil || e.Result.RefundID != a.booked) {
			w.fail("the gateway has said that an earlier try of %s is booked as %s, and nothing tells of it", a.key, a.booked)
		}
		return
	}
	switch {
	case e.Status.MoneyMoved() == refund.No && knows < 0:
		w.fail("the gateway has said that %s is %s, it is booked as %s, and the journal still says %s", a.key, ev.Status, a.booked, e.Status)
	case e.Status == refund.StatusUnknown && knows < 0 && len(w.attempts[a.key]) == 1 && person < 0 && len(e.History) > 0 && !slices.ContainsFunc(e.History, func(ch refund.Change) bool { return ch.Status != refund.StatusUnknown }):
		w.fail("a callback has proved that %s is %s, and it is unknown", a.key, ev.Status)
	case person > knows || e.Status.MoneyMoved() == refund.No:
	case a.denied && !e.Flagged():
		w.fail("a person had said that %s was not made; the gateway says that it is %s, and it is not flagged", a.key, ev.Status)
	default:
		a.spoken = w.steps
	}
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
		if truth := w.truth(e); took(truth) {
			w.fail("the journal says that %s is %s, and the ledger says %s", e.Key, e.Status, truth)
		}
	case !took(e.Status):
	case w.isNativeFull(e):
		booked := slices.ContainsFunc(w.attempts[e.Key], func(a *attempt) bool { return a.booked != "" })
		if !booked && !w.laneOf(e).refundedByHand(e.Request.Payment.ID) {
			w.fail("the journal says that %s is %s, and nobody has refunded %s", e.Key, e.Status, e.Request.Payment.ID)
		}
	default:
		if mine, made := w.claims(e); mine > made {
			w.fail("the journal says that %s is %s, and with it %d refunds of %s that happened, but the ledger has %d", e.Key, e.Status, mine, e.Amount, made)
		}
	}
}

func (w *world) isNativeFull(e *refund.Entry) bool {
	return e.Request.Kind == refund.KindFull && w.laneOf(e).native
}

// claims counts the refunds of a payment and an amount that the journal says were made,
// and those that the ledger shows, whoever made them: two of one amount cannot be told
// apart by anybody. For a refund that is done only those count that are. Where a list has
// shown all that was there before e, those that were count on neither side.
func (w *world) claims(e *refund.Entry) (mine, made int) {
	l := w.laneOf(e)
	finished := e.Status == refund.StatusSucceeded
	var since time.Time
	if l.lists && e.Before != nil {
		since = w.current(e).looked
	}
	for _, o := range w.refundsOf(l, e.Request.Payment.ID) {
		claim := o.Status == refund.StatusSucceeded || !finished && o.Status == refund.StatusPending
		if claim && !w.wrong[o.Key] && o.Amount == e.Amount && !w.isNativeFull(o) && (since.IsZero() || o.Before != nil && !w.current(o).looked.Before(since)) {
			mine++
		}
	}
	for _, r := range l.server.RefundsOf(e.Request.Payment.ID) {
		done := !r.Pending || r.State == pretend.Approved || r.State == pretend.Reversed
		if r.Amount == e.Amount && (done || !finished) && !r.At.Before(since) {
			made++
		}
	}
	return mine, made
}

// checkTold is called when a caller has its answer.
func (w *world) checkTold(t *task, l *lane, req *refund.Request, res *refund.Result, err error) {
	status := refund.StatusOf(err)
	if err == nil {
		status = res.Status
	}
	e := new(refund.Error)
	errors.As(err, &e)
	if errors.Is(err, refund.KeyConflict) && e.Blocker == nil {
		w.fail("the caller is not told what stands in the way of %s: %v", req.Key, err)
	}
	if req.Again && e.Replayed && e.Status == refund.StatusRefused {
		w.fail("%s was refused, is asked for again, and is not sent: %v", req.Key, err)
	}
	if status.MoneyMoved() != refund.No {
		return
	}
	if a := t.sending; a != nil && a.intact && !over(l.refund(a.booked)) {
		w.fail("the caller is told that %s is %s, whose answer has said that it was taken on (%v)", req.Key, status, err)
	}
	if w.wrong[req.Key] {
		return
	}
	ofKey := t.sending != nil || e.Replayed || e.Blocker != nil && e.Blocker.Key == req.Key && !errors.Is(err, refund.KeyConflict)
	for _, a := range w.attempts[req.Key] {
		mine := t.sending == a || t.sending == nil && ofKey
		if mine && a.lane == l && a.booked != "" && !a.denied && !over(l.refund(a.booked)) {
			w.fail("the caller is told that %s is %s, and the ledger has %s (%v)", req.Key, status, a.booked, err)
		}
		if mine && t.sending == nil && !e.Replayed && w.mayStillSend(a) {
			w.fail("the caller is told that %s is %s, and somebody is about to send it (%v)", req.Key, status, err)
		}
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
		l, truth := w.laneOf(e), w.truth(e)
		if !l.proves || len(w.attempts[e.Key]) > 1 {
			continue // its callbacks do not tell whose they are
		}
		switch {
		case w.current(e).denied:
			kept := slices.ContainsFunc(e.History, func(ch refund.Change) bool { return ch.Event != "" })
			if w.current(e).told && truth == refund.StatusSucceeded && e.Status.MoneyMoved() == refund.No && !kept {
				w.fail("a person was wrong about %s, which the ledger has as %s; the gateway has spoken, and it is not flagged", e.Key, truth)
			}
		case w.wrong[e.Key], e.Flagged(), e.Open() && truth == refund.StatusNotSent:
		case e.Status == refund.StatusSucceeded && over(l.refund(w.current(e).booked)),
			e.Status == refund.StatusUnknown, e.Status == refund.StatusPending && truth != refund.StatusPending:
			w.fail("%s is %s in the end, and the ledger says %s", e.Key, e.Status, truth)
		}
	}
}
