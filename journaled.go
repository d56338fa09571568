package refund

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gorefund/refund/money"
)

// What a Client does beside its journal: begin, send, end; replay; and the moves
// that come later.

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

// afterCallback ends a refund whose callback came before the answer to the refund
// call, so that the entry is no longer what the sender began. begun is the entry as
// it was then, and m the move that came too late.
func (c *Client) afterCallback(ctx context.Context, begun *Entry, m Move, res *Result, failure error) (*Result, error) {
	for range applyTries {
		e, err := c.journal.Entry(ctx, begun.Key)
		if err != nil {
			return nil, c.notStored(res, failure, err)
		}
		if !e.calledBack(begun) {
			return nil, c.notStored(res, failure, ErrStale)
		}
		late, ok := e.join(m)
		if ok {
			if e, err = c.journal.Move(ctx, e.Key, e.Version, late); errors.Is(err, ErrStale) {
				continue
			} else if err != nil {
				return nil, c.notStored(res, failure, err)
			}
		}
		switch {
		case e.Status == StatusPending || e.Status == StatusSucceeded:
			return e.result(), nil
		case failure != nil && StatusOf(failure) == e.Status:
			return nil, failure
		}
		return nil, e.failure()
	}
	return nil, c.notStored(res, failure, ErrStale)
}

// calledBack reports whether nothing but callbacks, and look-ups that they asked for,
// changed the entry since it was begun.
func (e *Entry) calledBack(begun *Entry) bool {
	if !e.BeganAt.Equal(begun.BeganAt) || len(e.History) <= len(begun.History) {
		return false
	}
	for _, ch := range e.History[len(begun.History):] {
		if ch.Event == "" {
			return false
		}
	}
	return true
}

// join says what the answer to the refund call adds to what callbacks have said
// before it came; ok is false if that is nothing.
func (e *Entry) join(answer Move) (m Move, ok bool) {
	m = answer
	m.Note = "the gateway's answer, after its callback"
	accepted := answer.Status == StatusPending || answer.Status == StatusSucceeded
	switch {
	case answer.Status == StatusUnknown:
		return m, false // the callback knows better
	case accepted && (e.Status != StatusPending || answer.Status == StatusPending):
		m.Status = e.Status // the callback is later than the answer, which adds its details
	case accepted: // done, and only known as pending
	case e.Status.MoneyMoved() == No:
		m.Status = e.Status
	default:
		m.Status = StatusUnknown
		m.Note = fmt.Sprintf("the gateway's answer is %s, but its callback said %s", answer.Status, e.Status)
		m.Err = &Error{Gateway: e.Gateway, Op: "refund", Code: OutcomeUnknown, Status: StatusUnknown, Message: m.Note}
	}
	return m, true
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
