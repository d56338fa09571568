package pretend

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/gorefund/refund/money"
)

// Ledger holds the payments and the refunds of a gateway. A [Route] gets it locked, for the time of one answer; it has
// methods to read only, since the server does the booking. What a method costs depends on what it returns, and not on how
// much else is in the ledger.
type Ledger struct {
	now      func() time.Time
	accounts map[string]*account // by the payment's id
	refunds  []Refund
	byID     map[string]int // where a refund stands, the first one if several have that id
	byTime   []int          // where they stand, in the order of At
	byPaid   []*account     // in the order of PaidAt
	ids      map[string]int // the last number used, for each prefix
	read     int            // refunds that were returned
}

// account is a payment and what became of it.
type account struct {
	Payment
	refunded money.Amount
	refunds  []int // where they stand, in the order of booking
}

func newLedger(now func() time.Time) *Ledger {
	return &Ledger{
		now:      now,
		accounts: make(map[string]*account),
		byID:     make(map[string]int),
		ids:      make(map[string]int),
	}
}

// Payment returns the payment with that id and whether there is one.
func (l *Ledger) Payment(id string) (Payment, bool) {
	if a, ok := l.accounts[id]; ok {
		return a.Payment, true
	}
	return Payment{}, false
}

// Refunded returns how much of the payment has been given back so far, pending refunds included, declined and reversed
// ones not: zero in the payment's currency if nothing, and no amount at all if there is no such payment.
func (l *Ledger) Refunded(id string) money.Amount {
	if a, ok := l.accounts[id]; ok {
		return a.refunded
	}
	return money.Amount{}
}

// Refunds returns the refunds of one payment, in the order of booking.
func (l *Ledger) Refunds(id string) []Refund {
	a, ok := l.accounts[id]
	if !ok {
		return nil
	}
	return l.at(a.refunds)
}

// Newest goes through the refunds of one payment, the latest booking first.
func (l *Ledger) Newest(id string) iter.Seq[Refund] {
	return func(yield func(Refund) bool) {
		a, ok := l.accounts[id]
		if !ok {
			return
		}
		for _, i := range slices.Backward(a.refunds) {
			l.read++
			if !yield(l.refunds[i]) {
				return
			}
		}
	}
}

// Between returns how many refunds were booked from one time on and before another, and of those, the newest first, up to
// limit, after leaving out the first skip.
func (l *Ledger) Between(from, to time.Time, skip, limit int) (page []Refund, total int) {
	before := func(t time.Time) int {
		return sort.Search(len(l.byTime), func(i int) bool { return !l.refunds[l.byTime[i]].At.Before(t) })
	}
	first, end := before(from), before(to)
	if total = end - first; total <= 0 {
		return nil, 0
	}
	last := end - min(max(skip, 0), total)
	shown := slices.Clone(l.byTime[last-min(max(limit, 0), last-first) : last])
	slices.Reverse(shown)
	return l.at(shown), total
}

// PaidBetween returns the payments that were made from one time on and before another, the oldest first.
func (l *Ledger) PaidBetween(from, to time.Time) []Payment {
	var all []Payment
	first := l.paidBefore(from)
	for _, a := range l.byPaid[first:max(first, l.paidBefore(to))] {
		all = append(all, a.Payment)
	}
	return all
}

// paidBefore is how many payments were made before that time.
func (l *Ledger) paidBefore(t time.Time) int {
	return sort.Search(len(l.byPaid), func(i int) bool { return !l.byPaid[i].PaidAt.Before(t) })
}

// Refund returns the refund with that id, the first one if several have it, and whether there is one.
func (l *Ledger) Refund(id string) (Refund, bool) {
	i, ok := l.byID[id]
	if !ok {
		return Refund{}, false
	}
	l.read++
	return l.refunds[i], true
}

// at returns the refunds that stand there.
func (l *Ledger) at(places []int) []Refund {
	var all []Refund
	for _, i := range places {
		all = append(all, l.refunds[i])
	}
	l.read += len(all)
	return all
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
	if _, ok := l.accounts[p.ID]; ok {
		return fmt.Errorf("pretend: payment %q exists already", p.ID)
	}
	if p.PaidAt.IsZero() {
		p.PaidAt = l.now().Add(-defaultAge)
	}
	none, err := p.Amount.Sub(p.Amount)
	if err != nil {
		return fmt.Errorf("pretend: payment %q: %w", p.ID, err)
	}
	a := &account{Payment: p, refunded: none}
	l.accounts[p.ID] = a
	// At the end, unless an older one comes late.
	l.byPaid = slices.Insert(l.byPaid, l.paidBefore(p.PaidAt.Add(1)), a)
	return nil
}

// book enters a refund and returns it as it was entered. It refuses only what would make the ledger meaningless; whether a
// refund may exceed its payment is for the gateway to judge.
func (l *Ledger) book(r Refund) (Refund, error) {
	a, ok := l.accounts[r.PaymentID]
	if !ok {
		return Refund{}, fmt.Errorf("a refund of the unknown payment %q", r.PaymentID)
	}
	if !r.Amount.IsPositive() {
		return Refund{}, fmt.Errorf("a refund of payment %q whose amount is not positive", r.PaymentID)
	}
	sum, err := a.refunded.Add(r.Amount)
	if err != nil {
		return Refund{}, fmt.Errorf("a refund of payment %q: %w", r.PaymentID, err)
	}
	r.At = l.now()
	a.refunded = sum
	place := len(l.refunds)
	l.refunds = append(l.refunds, r)
	a.refunds = append(a.refunds, place)
	if _, ok := l.byID[r.ID]; !ok {
		l.byID[r.ID] = place
	}
	// At the end, unless the clock went back.
	i := sort.Search(len(l.byTime), func(i int) bool { return l.refunds[l.byTime[i]].At.After(r.At) })
	l.byTime = slices.Insert(l.byTime, i, place)
	return r, nil
}

// decide ends the waiting of a pending refund.
func (l *Ledger) decide(id, state string) (Refund, error) {
	if state != Approved && state != Declined {
		return Refund{}, fmt.Errorf("pretend: %q is no final state: it must be Approved or Declined", state)
	}
	return l.change(id, state, func(r *Refund) error {
		if !r.Pending {
			return fmt.Errorf("pretend: refund %q is not pending", id)
		}
		return nil
	})
}

// reverse takes back a refund that is done.
func (l *Ledger) reverse(id string) (Refund, error) {
	return l.change(id, Reversed, func(r *Refund) error {
		if r.Pending || r.State != "" && r.State != Approved {
			return fmt.Errorf("pretend: refund %q is not done", id)
		}
		return nil
	})
}

// change gives a refund another state, if may has no objection, and returns it. All states but Approved free its amount.
func (l *Ledger) change(id, state string, may func(*Refund) error) (Refund, error) {
	i, ok := l.byID[id]
	if !ok {
		return Refund{}, fmt.Errorf("pretend: there is no refund %q", id)
	}
	r := &l.refunds[i]
	if err := may(r); err != nil {
		return Refund{}, err
	}
	if state != Approved {
		a := l.accounts[r.PaymentID]
		sum, err := a.refunded.Sub(r.Amount)
		if err != nil {
			return Refund{}, fmt.Errorf("pretend: refund %q: %w", id, err)
		}
		a.refunded = sum
	}
	r.Pending, r.State = false, state
	return *r, nil
}
