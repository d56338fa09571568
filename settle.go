package refund

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What a Client does with a refund of its journal later: show it, ask the gateway about
// it, and let a person decide.

// inspect asks the provider and trusts no answer that contradicts itself.
func (c *Client) inspect(ctx context.Context, q Query) (report *Report, err error) {
	p, err := ability[Inspector](c, "inspect")
	if err != nil {
		return nil, err
	}
	unknown := func(message string) error {
		return &Error{Gateway: c.caps.Gateway, Op: "inspect", Code: OutcomeUnknown, Status: StatusUnknown, Message: message}
	}
	if ctx == nil {
		return nil, &Error{Gateway: c.caps.Gateway, Op: "inspect", Code: InvalidRequest, Status: StatusNotSent, Message: "the context is nil"}
	}
	defer func() {
		if r := recover(); r != nil {
			report, err = nil, unknown(fmt.Sprintf("the provider panicked with a %T", r))
		}
	}()
	report, err = p.Inspect(ctx, q)
	switch {
	case err != nil:
		return nil, err
	case report == nil:
		return nil, unknown("the provider returned neither a report nor an error")
	}
	return report, nil
}

// Entry returns the journal's entry of a refund. The error matches [ErrNoEntry]
// if there is none, and [Unsupported] without a journal.
func (c *Client) Entry(ctx context.Context, key string) (*Entry, error) {
	if c.journal == nil {
		return nil, &Error{Gateway: c.caps.Gateway, Op: "journal", Code: Unsupported, Status: StatusNotSent, Message: "the client has no journal: use refund.WithJournal"}
	}
	e, err := c.journal.Entry(ctx, key)
	if err != nil {
		return nil, err
	}
	if e.Provider != c.name {
		return nil, &Error{Gateway: c.caps.Gateway, Op: "journal", Code: InvalidRequest, Status: StatusNotSent,
			Message: fmt.Sprintf("the refund with the key %q belongs to the provider %q, this client is %q", clip(key, 64), e.Provider, c.name)}
	}
	return e, nil
}

// Settle asks the gateway what became of an unknown or pending refund, and moves
// it if the answer is conclusive. It returns the entry as it is then; one that
// needs no settling, or whose answer proves nothing, comes back unchanged, and
// [Client.Inspect] says why. The error is [InProgress] while the sender's time is
// not over, or that of the look-up.
func (c *Client) Settle(ctx context.Context, key string) (*Entry, error) {
	e, err := c.Entry(ctx, key)
	if err != nil || e.Status != StatusUnknown && e.Status != StatusPending {
		return e, err
	}
	if err := c.sending(e); err != nil {
		return nil, err
	}
	m, _, err := c.lookUp(ctx, e, "", StatusUnknown)
	switch {
	case err != nil:
		return nil, err
	case m == nil:
		return e, nil
	}
	return c.move(ctx, e, *m)
}

// lookUp asks the gateway about a refund, and returns the change that its answer
// proves, nil if it proves none, and what the answer said. refundID is the gateway's
// id of the refund where the entry does not know it yet. called is what a trusted
// callback says, StatusUnknown without one.
func (c *Client) lookUp(ctx context.Context, e *Entry, refundID string, called Status) (m *Move, why string, err error) {
	q := Query{
		Payment: e.Request.Payment, Kind: e.Request.Kind, RefundID: refundID, Amount: e.Amount, Params: e.Request.Params, Since: e.BeganAt,
	}
	if e.Status == StatusUnknown {
		// It has kept all others away since the snapshot. One with an outcome has not:
		// what is new at the gateway may be another refund.
		q.Before = e.Before
	}
	if e.Result != nil && e.Result.RefundID != "" {
		q.RefundID = e.Result.RefundID
	}
	report, err := c.inspect(ctx, q)
	if err != nil {
		return nil, "", err
	}
	if !report.Conclusive || report.Status == e.Status {
		return nil, report.Why, nil
	}
	m = &Move{Change: Change{Status: report.Status, At: c.now(), Cause: CauseLookUp, Note: clip(report.Why, maxReason)}}
	settled := e.Status != StatusUnknown && e.Status != StatusPending
	switch report.Status {
	case StatusPending, StatusSucceeded:
		if settled && report.Status != called {
			return nil, report.Why, nil // a gateway that lags behind looks the same
		}
		m.Result = e.result()
		m.Result.Status = report.Status
		if report.RefundID != "" {
			m.Result.RefundID = report.RefundID
		}
	case StatusFailed, StatusReversed:
		if e.Status == StatusSucceeded {
			m.Status = StatusReversed
		}
		m.Err = &Error{Gateway: c.caps.Gateway, Op: "refund", Code: Declined, Status: m.Status, Message: m.Note}
	default: // no look-up proves that nothing was sent
		return nil, report.Why, nil
	}
	return m, report.Why, nil
}

// Resolve lets a person decide what became of a refund. It moves a refund of any
// state, and keeps who decided and why. The error is [InProgress] while the
// sender's time is not over.
func (c *Client) Resolve(ctx context.Context, key string, r Resolution) (*Entry, error) {
	if e := r.check(); e != nil {
		e.Gateway, e.Op, e.Status = c.caps.Gateway, "journal", StatusNotSent
		return nil, e
	}
	e, err := c.Entry(ctx, key)
	if err != nil {
		return nil, err
	}
	if err := c.sending(e); err != nil {
		return nil, err
	}
	m := Move{Change: Change{Status: r.Status, At: c.now(), Cause: CausePerson, By: r.By, Note: r.Note}}
	return c.move(ctx, e, m)
}

func (c *Client) sending(e *Entry) error {
	if !e.Sending(c.now()) {
		return nil
	}
	return &Error{Gateway: c.caps.Gateway, Op: "journal", Code: InProgress, Status: StatusNotSent,
		Message: fmt.Sprintf("the refund with the key %q is being sent; its sender has time until %s", clip(e.Key, 64), e.LeaseUntil.UTC().Format(time.RFC3339))}
}

// move changes an entry. If somebody else was faster, it returns what that left.
func (c *Client) move(ctx context.Context, e *Entry, m Move) (*Entry, error) {
	moved, err := c.journal.Move(ctx, e.Key, e.Version, m)
	if errors.Is(err, ErrStale) {
		return c.journal.Entry(ctx, e.Key)
	}
	return moved, err
}
