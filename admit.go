package refund

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gorefund/refund/money"
)

// Whether an intent may be sent beside the refunds that are there: all stores decide by it.

// Replaces reports whether a Begin of the intent takes the place of e, the entry
// under its key: e is [Entry.Free], or the gateway refused the same request and
// [Request.Again] asks for another try. A key belongs to one environment for good, and
// one that somebody else than its sender called not sent is free for the same request
// only: should it have been sent after all, what
// the gateway says under that key must not be taken for news of another refund. All
// stores decide by it.
func (in *Intent) Replaces(e *Entry) bool {
	switch {
	case e.Environment != in.Environment:
		return false
	case len(e.Elsewhere) > 0 && e.Request.Payment.ID != in.Request.Payment.ID:
		return false // what it has seen of its payment must not get lost
	case e.Status == StatusNotSent && !e.never():
		return in.Same(e)
	}
	return e.Free() || in.Request.Again && e.Status == StatusRefused && in.Same(e)
}

// Same reports whether e is of the same request as in: a repeat of it, not
// another refund under its key.
func (in *Intent) Same(e *Entry) bool {
	return in.Provider == e.Provider && in.Gateway == e.Gateway && in.Environment == e.Environment && reflect.DeepEqual(canonical(in.Request), canonical(e.Request))
}

// canonical makes requests equal that mean the same.
func canonical(r Request) Request {
	r.Provider = "" // the entry's own says which it was
	r.By, r.Again = "", false
	r.Payment.PaidAt = stored(r.Payment.PaidAt)
	if len(r.Params) == 0 {
		r.Params = nil
	}
	return r
}

// NewEntry makes the entry of an admitted intent. replaced is the entry under
// the same key that was never sent, or nil; its history goes on.
func (in *Intent) NewEntry(amount money.Amount, replaced *Entry) *Entry {
	e := &Entry{
		Key: in.Key, Provider: in.Provider, Gateway: in.Gateway, Environment: in.Environment, Request: in.Request, Amount: amount, Before: in.Before, Elsewhere: in.elsewhere,
		BeganAt: in.At, LeaseUntil: in.At.Add(in.Lease),
	}
	if replaced != nil {
		e.History, e.Version = replaced.History, replaced.Version
		e.Earlier = slices.Clone(replaced.Earlier)
		if id := replaced.ownID(); id != "" {
			e.Earlier = append(e.Earlier, id)
		}
		if replaced.Request.Payment.ID == in.Request.Payment.ID {
			e.Elsewhere = new(books).add(slices.Clone(replaced.Elsewhere), in.elsewhere)
		}
	}
	e.Apply(Move{Change: Change{Status: StatusUnknown, At: in.At, Cause: CauseBegin, By: in.Request.By}})
	return e.Clone()
}

// Admit decides whether the intent may be sent, beside the entries of the same payment at
// the same provider in the same environment, that of its own key included if it is to be
// replaced, and says how much of the
// payment it takes: not set for a full refund whose amount the gateway alone knows. A
// Journal calls it inside its step, so that all stores decide alike, and makes the entry
// afterwards: Admit drops a snapshot that could not prove anything, and keeps what it
// shows of refunds that others made. The error is an [*Error] with [StatusNotSent].
func (in *Intent) Admit(others []*Entry) (money.Amount, error) {
	amount, e := in.admit(others)
	if e != nil {
		e.Gateway, e.Op, e.Status = in.Gateway, "refund", StatusNotSent
		return money.Amount{}, e
	}
	return amount, nil
}

func (in *Intent) admit(others []*Entry) (money.Amount, *Error) {
	none := money.Amount{}
	b, e := newBooks(others, in.Key)
	if e != nil {
		return none, e
	}
	req := &in.Request
	paid := req.Payment.Amount
	switch {
	case b.open != nil && b.open.status == StatusReversed:
		return none, &Error{Code: InProgress, Blocker: b.open.blocker(), Message: b.open.String() +
			" of the same payment came back, as a callback without a date says: ask the gateway, or let a person confirm it, first"}
	case b.open != nil:
		return none, &Error{Code: InProgress, Blocker: b.open.blocker(), Message: b.open.String() +
			" of the same payment has no outcome yet: wait for it, or settle it"}
	case b.whole != nil:
		return none, &Error{Code: ExceedsRefundable, Blocker: b.whole.blocker(), Message: b.whole.String() + " takes the whole payment"}
	case paid.IsSet() && b.paid.IsSet() && paid != b.paid:
		return none, invalid(fmt.Sprintf("Payment.Amount is %s, but the refund with the key %q said %s", paid, clip(b.paidBy, 64), b.paid))
	case !paid.IsSet():
		paid = b.paid
	}
	asked := req.Amount
	if in.Before != nil {
		unknown, ours := b.strangers(in.Before)
		b.elsewhere, in.elsewhere = b.add(b.elsewhere, unknown), unknown
		if b.mayShowLate(ours, asked) {
			in.Before = nil // it could not prove anything
		}
	}
	if !paid.IsSet() {
		switch {
		case req.Remaining.IsSet():
			return none, invalid("Remaining cannot be checked: give Payment.Amount, what was paid")
		case req.Kind == KindFull && in.ByAmount:
			return none, invalid("this gateway refunds by amount only: give Payment.Amount, what was paid")
		}
		return asked, nil
	}
	rest, lost, e := b.rest(paid)
	if e != nil {
		return none, e
	}
	since := ""
	if lost.IsSet() {
		since = fmt.Sprintf(", since %s was refunded elsewhere, by a dashboard or another program", lost)
	}
	if word := b.toldByWord(in.Before); req.Remaining.IsSet() && word != "" {
		return none, &Error{Code: RemainingMismatch, Message: fmt.Sprintf("the gateway says that %s of the payment was refunded elsewhere, and not how much: %s cannot be what is left", word, req.Remaining)}
	}
	if want := req.Remaining; want.IsSet() && want != rest {
		return none, &Error{Code: RemainingMismatch, Message: fmt.Sprintf("%s of the payment is still refundable, not %s%s", rest, want, since)}
	}
	if req.Kind == KindFull {
		asked = rest
	}
	order, err := asked.Cmp(rest)
	if req.Kind == KindFull && !in.ByAmount && order == 0 && asked.IsPositive() {
		return b.mostOf(paid), nil
	}
	switch {
	case err != nil:
		return none, badAmount(err.Error())
	case order > 0 || !asked.IsPositive():
		if b.taken.IsSet() {
			since = fmt.Sprintf(", since this journal has given back, or may have given back, %s", b.taken) + strings.Replace(since, ", since", " and", 1)
		}
		exceeds := &Error{Code: ExceedsRefundable, Message: fmt.Sprintf("%s was paid and %s is left%s", paid, left(rest), since)}
		if b.last != nil {
			exceeds.Blocker = b.last.blocker()
		}
		return none, exceeds
	}
	return asked, nil
}

// left puts what is left into words.
func left(rest money.Amount) string {
	if rest.IsZero() {
		return "nothing"
	}
	return rest.String()
}
