package pretend

import (
	"fmt"

	"github.com/gorefund/refund/money"
)

// RefundElsewhere books a refund that no request asked for, as somebody makes one in the gateway's dashboard. Look-ups show
// it like any other, its callbacks are owed where the gateway knows an address, and [Server.Decide] and [Server.Reverse]
// apply. A payment that does not exist, another currency, and an amount that is not positive or more than is left are
// errors, and then nothing is booked.
func (s *Server) RefundElsewhere(paymentID string, amount money.Amount) (Refund, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.ledger.elsewhere(paymentID, amount)
	if err != nil {
		return Refund{}, fmt.Errorf("pretend: %w", err)
	}
	if s.elsewhere != nil {
		r = s.elsewhere(r, s.ledger)
	} else {
		r.ID = s.ledger.NextID("elsewhere-")
	}
	if r, err = s.ledger.book(r); err != nil {
		return Refund{}, fmt.Errorf("pretend: %w", err)
	}
	s.tell(r)
	return r, nil
}

// elsewhere makes the row of a refund that may be made, without its id.
func (l *Ledger) elsewhere(paymentID string, amount money.Amount) (Refund, error) {
	a, ok := l.accounts[paymentID]
	if !ok {
		return Refund{}, fmt.Errorf("a refund of the unknown payment %q", paymentID)
	}
	rest, err := a.Amount.Sub(a.refunded)
	if err != nil {
		return Refund{}, err
	}
	switch over, err := amount.Cmp(rest); {
	case err != nil:
		return Refund{}, fmt.Errorf("a refund of payment %q: %w", paymentID, err)
	case over > 0:
		return Refund{}, fmt.Errorf("a refund of %s, while %s is left of payment %q", amount, rest, paymentID)
	}
	return Refund{PaymentID: paymentID, Amount: amount, Full: amount == a.Amount, Elsewhere: true}, nil
}
