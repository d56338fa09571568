package refund

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Which refund of the journal an event is about.

// find returns the refund that an event is about. sure is false if it may be
// another one of the same payment. Without a refund, why says so.
func (c *Client) find(ctx context.Context, ev *Event) (e *Entry, sure bool, why string, err error) {
	if ev.Key != "" {
		e, err := c.Entry(ctx, ev.Key)
		switch {
		case errors.Is(err, ErrNoEntry), errors.Is(err, InvalidRequest): // of another provider
			return nil, false, "the journal has no refund of this provider with the event's key", nil
		case err != nil:
			return nil, false, "", err
		case ev.PaymentID != "" && ev.PaymentID != e.Request.Payment.ID:
			return e, false, "the event names another payment than its refund's", nil
		}
		return e, true, "", nil
	}
	if ev.PaymentID == "" {
		return nil, false, "the event names neither a refund nor a payment of the journal's", nil
	}
	in, err := c.inbox()
	if err != nil {
		return nil, false, "", err
	}
	all, err := in.Refunds(ctx, c.name, ev.PaymentID)
	if err != nil {
		return nil, false, "", err
	}
	e, sure, why = choose(all, ev)
	return e, sure, why, nil
}

// choose finds the refund among those of a payment.
func choose(all []*Entry, ev *Event) (e *Entry, sure bool, why string) {
	for _, e := range all {
		if e.knows(ev) {
			return e, true, ""
		}
	}
	if ev.RefundID != "" {
		named := filter(all, func(e *Entry) bool { return e.Result != nil && e.Result.RefundID == ev.RefundID })
		if len(named) == 1 {
			return named[0], true, ""
		}
	}
	// What the gateway never took cannot be what it speaks of.
	taken := filter(all, func(e *Entry) bool { return e.Status != StatusNotSent && e.Status != StatusRefused })
	if len(taken) == 0 {
		return nil, false, "the journal has no refund of this payment that the gateway took"
	}
	if len(taken) == 1 {
		only := taken[0]
		if ev.Amount.IsSet() && only.Amount.IsSet() && ev.Amount != only.Amount {
			return only, false, fmt.Sprintf("the event speaks of %s, the only refund of the payment is of %s", ev.Amount, only.Amount)
		}
		return only, true, ""
	}
	// The amount of a callback may be the payment's, nobody knows of two gateways: one
	// of several refunds is only told by it if it cannot be.
	if ev.Amount.IsSet() && slices.ContainsFunc(all, func(e *Entry) bool {
		paid := e.Request.Payment.Amount
		return paid.IsSet() && paid != ev.Amount
	}) {
		same := filter(taken, func(e *Entry) bool { return e.Amount == ev.Amount })
		if len(same) == 1 {
			return same[0], true, ""
		}
		if len(same) > 1 {
			taken = same
		}
	}
	why = fmt.Sprintf("the event may be about any of %d refunds of the payment", len(taken))
	for _, e := range taken {
		if e.Status == StatusUnknown || e.Status == StatusPending {
			return e, false, why // at most one is unknown; the others wait for their own look-up
		}
	}
	return taken[len(taken)-1], false, why
}

func filter(all []*Entry, keep func(*Entry) bool) []*Entry {
	return slices.DeleteFunc(slices.Clone(all), func(e *Entry) bool { return !keep(e) })
}
