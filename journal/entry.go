package journal

import (
	"slices"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
)

// begun is the entry of an intent. Its times are what every database keeps, and
// what replaced has in its history is so already.
func begun(in *refund.Intent, amount money.Amount, replaced *refund.Entry) *refund.Entry {
	e := in.NewEntry(amount, replaced)
	last := &e.History[len(e.History)-1]
	for _, t := range []*time.Time{&e.BeganAt, &e.ChangedAt, &e.LeaseUntil, &e.Request.Payment.PaidAt, &last.At} {
		*t = microseconds(*t)
	}
	if e.Before != nil {
		roundSeen(e.Before.Refunds)
	}
	roundSeen(e.Elsewhere)
	return e
}

func roundSeen(all []refund.SeenRefund) {
	for i := range all {
		all[i].At = microseconds(all[i].At)
	}
}

// moved is what a move makes of an entry. The two share what no move changes, but
// nothing with the move, which stays the caller's.
func moved(e *refund.Entry, m *refund.Move) *refund.Entry {
	own := *m
	own.At, own.EventAt = microseconds(m.At), microseconds(m.EventAt)
	if m.Result != nil {
		res := *m.Result
		res.At = microseconds(res.At)
		own.Result = &res
	}
	if m.Err != nil {
		failure := *m.Err
		own.Err = &failure
	}
	own.Elsewhere = slices.Clone(m.Elsewhere)
	roundSeen(own.Elsewhere)
	next := *e
	next.Apply(own)
	return &next
}

func microseconds(t time.Time) time.Time { return t.UTC().Round(time.Microsecond) }
