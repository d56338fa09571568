package refund

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/gorefund/refund/money"
)

// What a Client does beside its journal when it refunds: begin, send, end; and replay.

const (
	// defaultLease is how long a sender may take. It decides nothing about money: an
	// entry whose lease is over is unknown, not free.
	defaultLease = 5 * time.Minute
	// storeTimeout bounds the storing of an outcome after the caller's context
	// has ended.
	storeTimeout = 30 * time.Second
)

// WithJournal makes every refund's [Request.Key] required and unique in j: the
// same request under the same key is answered from the journal and never sent
// twice, and all refunds of a payment are counted against what was paid. With a nil
// j every call fails: a client that should have a journal must not work without.
func WithJournal(j Journal) Option {
	return func(c *Client) {
		c.journal, c.noJournalGiven = j, isNil(j)
		if c.noJournalGiven {
			c.journal = nil
		}
	}
}

// isNil reports whether there is nothing in j, or a nil pointer: what a function returned
// beside an error that nobody looked at.
func isNil(j Journal) bool {
	v := reflect.ValueOf(j)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}

// WithLease sets how long a call may take from the moment when its intent is in the
// journal until its request has left; the default is 5 minutes. The call ends with it,
// and one that comes back late, because its machine was suspended for example, sends
// nothing. Until a minute after it nobody else decides about the refund. A lease below
// a second counts as a second.
func WithLease(d time.Duration) Option {
	return func(c *Client) { c.lease = max(d, time.Second) }
}

// journaled makes one attempt beside the journal.
func (c *Client) journaled(ctx context.Context, req *Request) (*Result, error) {
	in := Intent{
		Key: req.Key, Provider: c.name, Gateway: c.caps.Gateway, Environment: c.caps.Environment, Request: *req,
		ByAmount: c.caps.Full.Value == FullByAmount, Lease: c.lease,
	}
	if _, ok := c.provider.(Inspector); ok {
		// A replay needs no snapshot, which is a call to the gateway.
		switch e, err := c.journal.Entry(ctx, req.Key); {
		case errors.Is(err, ErrNoEntry):
		case err != nil:
			return nil, c.noJournal(err)
		case !in.Replaces(e):
			return c.replay(&in, e)
		}
		in.Before = c.snapshot(ctx, req)
		if err := c.compare(ctx, req, in.Before); err != nil {
			return nil, err
		}
	}
	began := time.Now()
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
	c.logElsewhere(ctx, req.Payment.ID, e.Elsewhere)

	send := *req
	send.Remaining = money.Amount{} // Begin has checked it
	if in.ByAmount && req.Kind == KindFull {
		send.Payment.Amount = e.Amount // what is left, after earlier refunds
	}
	res, failure := c.withinLease(ctx, &send, in.At, began)
	if res != nil {
		res.At = stored(res.At) // a replay is the same result
	}
	// The outcome is stored even if nobody waits for it any more.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	st := answered(res, failure)
	switch _, err := c.journal.Move(ctx, req.Key, e.Version, c.ending(e, &st, res, failure)); {
	case err == nil:
		return res, failure
	case errors.Is(err, ErrStale):
		return c.endLate(ctx, e, &st, res, failure)
	default:
		return nil, c.notStored(res, failure, err)
	}
}

// withinLease sends the request, unless the lease is over by the wall clock or by the
// monotonic one: a suspended machine stops the one, a clock that was set the other.
// What the provider waits for ends with the lease as well.
func (c *Client) withinLease(ctx context.Context, req *Request, at, began time.Time) (*Result, error) {
	left := c.lease - max(c.now().Round(0).Sub(at.Round(0)), time.Since(began))
	if left <= 0 {
		return nil, &Error{
			Gateway: c.caps.Gateway, Op: "refund", Code: Unavailable, Status: StatusNotSent,
			Message: fmt.Sprintf("the call came back after its lease of %s, in which it had to send: it sent nothing", c.lease),
		}
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	return c.once(ctx, req)
}

// ending is the change that the answer makes of the entry that was begun.
func (c *Client) ending(e *Entry, st *statement, res *Result, failure error) Move {
	m := Move{Change: Change{Status: st.status, At: c.now(), Cause: CauseAnswer}, Result: res, Err: copied(failure)}
	if st.status == StatusUnknown {
		return m
	}
	if v := weigh(st, e, new(books), c.trust); v.flag {
		m.Flag, m.Note = true, clip("the gateway did otherwise than asked: "+v.why, maxReason)
	}
	if res != nil && res.PaymentID != e.Request.Payment.ID {
		m.Flag, m.Note = true, clip("the gateway's answer names another payment, "+clip(res.PaymentID, 64), maxReason)
	}
	return m
}

// copied is a copy of the error of a refund call for its entry, nil if it is none of ours.
func copied(failure error) *Error {
	own, ok := asError(failure)
	if !ok {
		return nil
	}
	e := *own
	return &e
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

// compare weighs what the snapshot shows against the refunds of the payment that did not
// happen, as far as the journal knows. One that fits is a yes after a no: the refund is
// unknown then, or what its own id says, and keeps this one away.
func (c *Client) compare(ctx context.Context, req *Request, before *Report) error {
	if before == nil || len(before.Refunds) == 0 {
		return nil
	}
	for range applyTries {
		all, err := c.refunds(ctx, req.Payment.ID)
		if errors.Is(err, Unsupported) {
			return nil // a journal that does not list them; Admit counts what it does not know
		} else if err != nil {
			return c.noJournal(err)
		}
		switch again, err := c.compareOnce(ctx, all, before); {
		case err != nil && !errors.Is(err, ErrStale):
			return c.noJournal(err)
		case err == nil && !again:
			return nil
		}
	}
	return c.noJournal(ErrStale)
}

// compareOnce makes the first change that the snapshot asks for, and reports whether it
// made one.
func (c *Client) compareOnce(ctx context.Context, all []*Entry, before *Report) (changed bool, err error) {
	unknown, _ := booksOf(all, "").strangers(before) // those that none of the live ones explains
	dead := filter(all, func(e *Entry) bool { return e.Status.MoneyMoved() == No && !e.unconfirmed() })
	for _, e := range dead {
		b := booksOf(dead, e.Key)
		seen := slices.DeleteFunc(slices.Clone(before.Refunds), func(s SeenRefund) bool { return s.ID == "" || s.ID != e.ownID() })
		fresh := before.New(e.Before)
		for _, s := range append(seen, unknown...) {
			st := listed(&s)
			// What e's own snapshot shows is not e, unless there is one more of its like now.
			st.fresh = e.Before != nil && slices.ContainsFunc(fresh, func(f SeenRefund) bool { return f.Amount == s.Amount })
			if st.fresh && s.ID != e.ownID() && !slices.ContainsFunc(fresh, func(f SeenRefund) bool { return f.ID == s.ID }) {
				st.id = "" // nobody can tell which of them is new
			}
			v := weigh(&st, e, b, c.trust)
			if !st.status.took() || v.owner != ours || v.act != contradicts && (v.act != changes || v.to == e.Status) {
				continue
			}
			_, err := c.journal.Move(ctx, e.Key, e.Version, e.moveBy(&st, &v, CauseLookUp, c.now()))
			return err == nil, err
		}
	}
	return false, nil
}

// replay answers from an entry that exists. Nothing is sent.
func (c *Client) replay(in *Intent, e *Entry) (*Result, error) {
	switch {
	case !in.Same(e):
		return nil, &Error{
			Gateway: c.caps.Gateway, Op: "refund", Code: KeyConflict, Status: StatusNotSent, Blocker: &Blocker{Key: e.Key, Status: e.Status},
			Message: fmt.Sprintf("the key %q belongs to another refund, whose %s differs and whose outcome is %q: each refund needs a key of its own",
				in.Key, in.differs(e), e.Status),
		}
	case e.Sending(c.now()):
		return nil, &Error{
			Gateway: c.caps.Gateway, Op: "refund", Code: OutcomeUnknown, Status: StatusUnknown, Blocker: &Blocker{Key: e.Key, Status: e.Status},
			Err: InProgress,
			Message: fmt.Sprintf("a call with the key %q has no outcome yet: money may have moved under it, do not send again; its sender has time until %s",
				in.Key, e.LeaseUntil.UTC().Format(time.RFC3339)),
		}
	case e.Status.took():
		res := e.result()
		res.Replayed = true
		return res, nil
	}
	failure := e.failure()
	failure.Replayed = true
	return nil, failure
}

// differs names what two requests under one key differ by.
func (in *Intent) differs(e *Entry) string {
	a, b := canonical(in.Request), canonical(e.Request)
	for _, field := range []struct {
		name string
		same bool
	}{
		{"provider", in.Provider == e.Provider}, {"gateway", in.Gateway == e.Gateway}, {"environment", in.Environment == e.Environment},
		{"Kind", a.Kind == b.Kind}, {"Payment.ID", a.Payment.ID == b.Payment.ID}, {"Amount", a.Amount == b.Amount},
		{"Payment.Amount", a.Payment.Amount == b.Payment.Amount}, {"Payment.PaidAt", a.Payment.PaidAt.Equal(b.Payment.PaidAt)},
		{"Remaining", a.Remaining == b.Remaining}, {"Reason", a.Reason == b.Reason},
		{"NotifyCustomer", a.NotifyCustomer == b.NotifyCustomer}, {"CallbackURL", a.CallbackURL == b.CallbackURL},
	} {
		if !field.same {
			return field.name
		}
	}
	return "Params"
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
