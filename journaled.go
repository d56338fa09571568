package refund

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gorefund/refund/money"
)

// What a Client does beside its journal when it refunds: begin, send, end; and replay.

const (
	// lease is how long a sender may take. It decides nothing about money: an
	// entry whose lease is over is unknown, not free.
	lease = 5 * time.Minute
	// storeTimeout bounds the storing of an outcome after the caller's context
	// has ended.
	storeTimeout = 30 * time.Second
)

// WithJournal makes every refund's [Request.Key] required and unique in j: the
// same request under the same key is answered from the journal and never sent
// twice, and all refunds of a payment are counted against what was paid.
func WithJournal(j Journal) Option { return func(c *Client) { c.journal = j } }

// journaled makes one attempt beside the journal.
func (c *Client) journaled(ctx context.Context, req *Request) (*Result, error) {
	in := Intent{
		Key: req.Key, Provider: c.name, Gateway: c.caps.Gateway, Request: *req,
		ByAmount: c.caps.Full.Value == FullByAmount, Lease: lease,
	}
	if _, ok := c.provider.(Inspector); ok {
		// A replay needs no snapshot, which is a call to the gateway.
		switch e, err := c.journal.Entry(ctx, req.Key); {
		case errors.Is(err, ErrNoEntry):
		case err != nil:
			return nil, c.noJournal(err)
		case !e.Free():
			return c.replay(&in, e)
		}
		in.Before = c.snapshot(ctx, req)
	}
	in.At = c.now()
	e, fresh, err := c.journal.Begin(ctx, in)
	switch {
	case err != nil:
		if _, ok := asError(err); ok && StatusOf(err) == StatusNotSent {
			return nil, err
		}
		return nil, c.noJournal(err)
	case !fresh:
		return c.replay(&in, e)
	}

	send := *req
	send.Remaining = money.Amount{} // Begin has checked it
	if in.ByAmount && req.Kind == KindFull {
		send.Payment.Amount = e.Amount // what is left, after earlier refunds
	}
	res, failure := c.once(ctx, &send)
	if res != nil {
		res.At = res.At.UTC().Round(time.Microsecond) // as stores keep it: a replay is the same result
	}
	m := Move{Change: Change{Status: StatusOf(failure), At: c.now(), Cause: CauseAnswer}, Result: res}
	if failure == nil {
		m.Status = res.Status
	} else if own, ok := asError(failure); ok {
		stored := *own
		m.Err = &stored
	}
	// The outcome is stored even if nobody waits for it any more.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	switch _, err := c.journal.Move(ctx, req.Key, e.Version, m); {
	case err == nil:
		return res, failure
	case errors.Is(err, ErrStale):
		return c.afterCallback(ctx, e, m, res, failure)
	default:
		return nil, c.notStored(res, failure, err)
	}
}

func (c *Client) noJournal(cause error) error {
	return &Error{
		Gateway: c.caps.Gateway, Op: "refund", Code: Unavailable, Status: StatusNotSent,
		Message: "the journal cannot be used, so nothing was sent", Err: cause,
	}
}

// notStored is the error for an outcome that the journal does not know: to it,
// and so to everybody, the refund is unknown.
func (c *Client) notStored(res *Result, failure, cause error) error {
	var answer string
	if failure != nil {
		answer = failure.Error()
	} else {
		answer = fmt.Sprintf("%s, gateway code %q, refund id %q: %s", res.Status, res.Code, res.RefundID, res.Message)
	}
	e := c.unknown("the journal could not store the outcome; the gateway's answer was: "+clip(answer, 1024), nil)
	e.Err = &doubted{err: cause, text: cause.Error()}
	return e
}

// snapshot asks for the gateway's view before a refund is sent. Without one the
// refund is made all the same; it is then harder to settle.
func (c *Client) snapshot(ctx context.Context, req *Request) *Report {
	report, err := c.inspect(ctx, Query{Payment: req.Payment, Kind: req.Kind, Amount: req.Amount, Params: req.Params, Since: req.Payment.PaidAt})
	if err != nil {
		if c.log != nil {
			c.log.DebugContext(ctx, "refund: no snapshot", "gateway", c.caps.Gateway, "provider", c.name, "payment", req.Payment.ID, "error", err.Error())
		}
		return nil
	}
	return report
}

// replay answers from an entry that exists. Nothing is sent.
func (c *Client) replay(in *Intent, e *Entry) (*Result, error) {
	no := &Error{Gateway: c.caps.Gateway, Op: "refund", Status: StatusNotSent}
	switch {
	case !in.Same(e):
		no.Code = KeyConflict
		no.Message = fmt.Sprintf("the key %q belongs to another request: each refund needs a key of its own", in.Key)
		return nil, no
	case e.Sending(c.now()):
		no.Code = InProgress
		no.Message = fmt.Sprintf("a call with the key %q has no outcome yet", in.Key)
		return nil, no
	case e.Status == StatusPending || e.Status == StatusSucceeded:
		res := e.result()
		res.Replayed = true
		return res, nil
	}
	failure := e.failure()
	failure.Replayed = true
	return nil, failure
}

// result is the entry's result in the state that it has now.
func (e *Entry) result() *Result {
	res := &Result{Gateway: e.Gateway, Key: e.Key, Kind: e.Request.Kind, PaymentID: e.Request.Payment.ID, Amount: e.Amount, At: e.ChangedAt}
	if e.Result != nil {
		*res = *e.Result
	}
	res.Status = e.Status
	return res
}

// failure is the entry's error in the state that it has now.
func (e *Entry) failure() *Error {
	f := &Error{Gateway: e.Gateway, Op: "refund", Code: Declined}
	if e.Err != nil {
		*f = *e.Err
	}
	switch f.Status = e.Status; e.Status {
	case StatusUnknown:
		f.Code = OutcomeUnknown
		if f.Message == "" {
			f.Message = "the call ended without storing an outcome; money may have moved, do not send again: settle it"
		}
	case StatusFailed, StatusReversed:
		if e.Err == nil || e.Err.Status != e.Status {
			f.Code, f.GatewayCode, f.HTTPStatus, f.Err = Declined, "", 0, nil
			f.Message = e.History[len(e.History)-1].reason()
		}
	case StatusNotSent, StatusRefused:
		if f.Code == OutcomeUnknown { // a person decided otherwise
			f.Code, f.Message = Declined, e.History[len(e.History)-1].reason()
		}
	}
	return f
}

func (ch *Change) reason() string {
	text := "by " + ch.Cause
	if ch.By != "" {
		text = "decided by " + ch.By
	}
	if ch.Note != "" {
		text += ": " + ch.Note
	}
	return text
}
