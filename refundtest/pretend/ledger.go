package pretend

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/gorefund/refund/money"
)

// Ledger holds the payments and the refunds of a gateway. A [Route] gets it locked, for the time of one answer; it has
// methods to read only, since the server does the booking.
type Ledger struct {
	now      func() time.Time
	payments map[string]Payment
	refunded map[string]money.Amount // the sum of refunds, for each payment
	refunds  []Refund
	ids      map[string]int // the last number used, for each prefix
}

func newLedger(now func() time.Time) *Ledger {
	return &Ledger{
		now:      now,
		payments: make(map[string]Payment),
		refunded: make(map[string]money.Amount),
		ids:      make(map[string]int),
	}
}

// Payment returns the payment with that id and whether there is one.
func (l *Ledger) Payment(id string) (Payment, bool) {
	p, ok := l.payments[id]
	return p, ok
}

// Refunded returns how much of the payment has been given back so far, pending refunds included, declined and reversed
// ones not: zero in the payment's currency if nothing, and no amount at all if there is no such payment.
func (l *Ledger) Refunded(id string) money.Amount {
	return l.refunded[id]
}

// Refunds returns the refunds of one payment, in the order of booking.
func (l *Ledger) Refunds(id string) []Refund {
	var of []Refund
	for _, r := range l.refunds {
		if r.PaymentID == id {
			of = append(of, r)
		}
	}
	return of
}

// Refund returns the refund with that id, the first one if several have it, and whether there is one.
func (l *Ledger) Refund(id string) (Refund, bool) {
	if i := l.find(id); i >= 0 {
		return l.refunds[i], true
	}
	return Refund{}, false
}

func (l *Ledger) find(id string) int {
	return slices.IndexFunc(l.refunds, func(r Refund) bool { return r.ID == id })
}

// NextID returns prefix and a number that counts from 1, separately for each prefix, so that a test meets the same ids in
// every run.
func (l *Ledger) NextID(prefix string) string {
	l.ids[prefix]++
	return prefix + strconv.Itoa(l.ids[prefix])
}

// Now returns the gateway's time.
func (l *Ledger) Now() time.Time {
	return l.now()
}

// defaultAge is long enough for a payment to be settled by any gateway's day rule and short enough for any refund window.
const defaultAge = 72 * time.Hour

func (l *Ledger) add(p Payment) error {
	if p.ID == "" {
		return errors.New("pretend: payment without an id")
	}
	if !p.Amount.IsPositive() {
		return fmt.Errorf("pretend: payment %q: amount is not positive", p.ID)
	}
	if _, ok := l.payments[p.ID]; ok {
		return fmt.Errorf("pretend: payment %q exists already", p.ID)
	}
	if p.PaidAt.IsZero() {
		p.PaidAt = l.now().Add(-defaultAge)
	}
	none, err := p.Amount.Sub(p.Amount)
	if err != nil {
		return fmt.Errorf("pretend: payment %q: %w", p.ID, err)
	}
	l.payments[p.ID] = p
	l.refunded[p.ID] = none
	return nil
}

// book enters a refund and returns it as it was entered. It refuses only what would make the ledger meaningless; whether a refund may exceed its payment is
// for the gateway to judge.
func (l *Ledger) book(r Refund) (Refund, error) {
	if _, ok := l.payments[r.PaymentID]; !ok {
		return Refund{}, fmt.Errorf("pretend: a route booked a refund of the unknown payment %q", r.PaymentID)
	}
	if !r.Amount.IsPositive() {
		return Refund{}, fmt.Errorf("pretend: a route booked a refund of payment %q whose amount is not positive", r.PaymentID)
	}
	sum, err := l.refunded[r.PaymentID].Add(r.Amount)
	if err != nil {
		return Refund{}, fmt.Errorf("pretend: a route booked a refund of payment %q: %w", r.PaymentID, err)
	}
	r.At = l.now()
	l.refunded[r.PaymentID] = sum
	l.refunds = append(l.refunds, r)
	return r, nil
}

// decide ends the waiting of a pending refund.
func (l *Ledger) decide(id, state string) error {
	if state != Approved && state != Declined {
		return fmt.Errorf("pretend: %q is no final state: it must be Approved or Declined", state)
	}
	i := l.find(id)
	if i < 0 {
		return fmt.Errorf("pretend: there is no refund %q", id)
	}
	r := &l.refunds[i]
	if !r.Pending {
		return fmt.Errorf("pretend: refund %q is not pending", id)
	}
	if state == Declined {
		sum, err := l.refunded[r.PaymentID].Sub(r.Amount)
		if err != nil {
			return fmt.Errorf("pretend: refund %q: %w", id, err)
		}
		l.refunded[r.PaymentID] = sum
	}
	r.Pending, r.State = false, state
	return nil
}

// reverse takes back a refund that is done.
func (l *Ledger) reverse(id string) error {
	i := l.find(id)
	if i < 0 {
		return fmt.Errorf("pretend: there is no refund %q", id)
	}
	r := &l.refunds[i]
	if r.Pending || r.State != "" && r.State != Approved {
		return fmt.Errorf("pretend: refund %q is not done", id)
	}
	sum, err := l.refunded[r.PaymentID].Sub(r.Amount)
	if err != nil {
		return fmt.Errorf("pretend: refund %q: %w", id, err)
	}
	l.refunded[r.PaymentID] = sum
	r.State = Reversed
	return nil
}
