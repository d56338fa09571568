package refund

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// What the event of a callback makes of the refund that it is about, also if it comes
// before the answer to the refund call.

// WithTrust lets events of that trust or more change a refund's state by
// themselves; others only make the client ask the gateway. The default is
// [TrustSigned]. [TrustToken] also believes what came to a URL with a refund's
// token, which is all that some gateways can give. [TrustNone] counts as
// TrustToken: nothing is ever believed that anybody could have sent.
func WithTrust(least Trust) Option {
	return func(c *Client) { c.trust = max(least, TrustToken) }
}

// Applied is what became of an event.
type Applied struct {
	Entry   *Entry // the refund that the event is about, as it is now; nil if it is about none of the journal's
	From    Status // of the refund before
	Changed bool   // the event, or what the gateway then said, changed the refund's state
	Why     string // in one line, for people
}

// applyTries is how often Apply decides anew because somebody else was faster.
const applyTries = 20

// Apply finds the refund that a callback's event is about, and changes its state if
// the event proves it: if it is trusted (see [WithTrust]), and if it can be about
// that refund only. Otherwise the gateway is asked, and the state changes if its
// answer is conclusive. What comes late, twice or out of order changes nothing; what
// contradicts an earlier outcome is kept in the history, and [Entry.Flagged] tells.
//
// Applying an event again does no harm. After an error the event is to be applied
// again: the journal, or the gateway that had to be asked, could not be reached.
func (c *Client) Apply(ctx context.Context, ev *Event) (*Applied, error) {
	for try := 1; ; try++ {
		done, err := c.apply(ctx, ev)
		if !errors.Is(err, ErrStale) || try == applyTries {
			return done, err
		}
	}
}

func (c *Client) apply(ctx context.Context, ev *Event) (*Applied, error) {
	e, sure, why, err := c.find(ctx, ev)
	if err != nil || e == nil {
		return &Applied{Why: why}, err
	}
	out := &Applied{Entry: e, From: e.Status, Why: why}
	switch {
	case e.knows(ev):
		out.Why = "this event is in the refund's history already"
		return out, nil
	case !sure, ev.Trust < c.trust, ev.Status == StatusUnknown:
		if sure {
			out.Why = "the event alone proves nothing"
		}
		return c.ask(ctx, out, ev, StatusUnknown)
	}
	to, verdict := e.judge(ev)
	out.Why = verdict
	switch to {
	case e.Status:
		return out, nil
	case StatusUnknown: // it contradicts the refund's outcome
		if asked, err := c.ask(ctx, out, ev, ev.Status); err != nil || asked.Changed {
			return asked, err
		}
	}
	return c.enter(ctx, out, e.moveTo(to, ev, verdict, c.now()))
}

// enter makes the change.
func (c *Client) enter(ctx context.Context, out *Applied, m Move) (*Applied, error) {
	moved, err := c.journal.Move(ctx, out.Entry.Key, out.Entry.Version, m)
	if err != nil {
		return nil, err
	}
	out.Entry, out.Changed = moved, moved.Status != out.From
	return out, nil
}

// knows reports whether an event has changed the entry already.
func (e *Entry) knows(ev *Event) bool {
	return ev.ID != "" && slices.ContainsFunc(e.History, func(ch Change) bool { return ch.Event == ev.ID })
}

// judge says what a trusted event makes of the refund: the status that it has then,
// which is the present one if nothing changes, and StatusUnknown if the two
// contradict each other.
func (e *Entry) judge(ev *Event) (to Status, why string) {
	switch {
	case ev.Status == e.Status:
		return e.Status, "the refund is " + e.Status.String() + " already"
	case e.olderThanKnown(ev):
		return e.Status, "the event is older than what is known of the refund"
	}
	switch e.Status {
	case StatusUnknown, StatusPending:
		return ev.Status, "the gateway called back"
	case StatusSucceeded:
		switch ev.Status {
		case StatusPending:
			return e.Status, "the refund is done already: the event is late"
		case StatusFailed, StatusReversed, StatusRefused:
			return StatusReversed, "the gateway had said that the refund was done, and takes it back"
		}
	case StatusFailed, StatusReversed:
		switch ev.Status {
		case StatusFailed, StatusReversed, StatusRefused:
			return e.Status, "the refund is " + e.Status.String() + " already"
		case StatusPending:
			return e.Status, "the refund has its outcome already: the event is late"
		}
	}
	return StatusUnknown, fmt.Sprintf("the gateway says %s, but the refund was %s: nobody can tell which came last", ev.Status, e.Status)
}

// olderThanKnown reports whether the gateway's clock says that something later is
// known already.
func (e *Entry) olderThanKnown(ev *Event) bool {
	return !ev.At.IsZero() && slices.ContainsFunc(e.History, func(ch Change) bool { return ch.EventAt.After(ev.At) })
}

// moveTo is the change that an event makes.
func (e *Entry) moveTo(to Status, ev *Event, why string, now time.Time) Move {
	m := Move{Change: Change{
		Status: to, At: now, Cause: CauseCallback, Note: clip(why, maxReason), Trust: ev.Trust, Event: ev.ID, EventAt: ev.At,
	}}
	switch to {
	case StatusPending, StatusSucceeded:
		m.Result = e.result()
		m.Result.Status, m.Result.At = to, now
		if ev.Code != "" {
			m.Result.Code, m.Result.Message = ev.Code, ev.Message
		}
		if m.Result.RefundID == "" && ev.RefundID != e.Request.Payment.ID {
			m.Result.RefundID = ev.RefundID
		}
	case StatusUnknown:
		m.Err = &Error{Gateway: e.Gateway, Op: "refund", Code: OutcomeUnknown, Status: to, GatewayCode: ev.Code, Message: m.Note}
	default:
		message := m.Note
		if ev.Message != "" {
			message += ": " + ev.Message
		}
		m.Err = &Error{Gateway: e.Gateway, Op: "refund", Code: Declined, Status: to, GatewayCode: ev.Code, Message: clip(message, maxReason)}
	}
	return m
}

// ask lets the gateway say what an event does not prove. called is the status that
// counts together with a look-up which says the same, StatusUnknown if none does.
func (c *Client) ask(ctx context.Context, out *Applied, ev *Event, called Status) (*Applied, error) {
	e := out.Entry
	switch {
	case e.Sending(c.now()):
		out.Why += "; the refund is being sent, and its sender will know"
		return out, nil
	case e.Status == StatusNotSent || e.Status == StatusRefused:
		out.Why += "; the refund was " + e.Status.String()
		return out, nil
	case e.Status == ev.Status && e.Status != StatusUnknown:
		out.Why += "; the refund is " + e.Status.String() + " already"
		return out, nil
	}
	if _, ok := c.provider.(Inspector); !ok {
		out.Why += "; the gateway cannot be asked"
		return out, nil
	}
	refundID := ""
	if ev.Trust > TrustNone && ev.Key != "" && ev.RefundID != e.Request.Payment.ID {
		refundID = ev.RefundID // it may be told here for the first time; anybody could name somebody else's
	}
	m, why, err := c.lookUp(ctx, e, refundID, called)
	if err != nil {
		return nil, err
	}
	out.Why += "; asked, the gateway says: " + why
	if m == nil {
		return out, nil
	}
	m.Event, m.EventAt, m.Trust = ev.ID, ev.At, ev.Trust
	return c.enter(ctx, out, *m)
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
