package refund

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// What a Client does with the events of callbacks: keep them, find the refund that
// they are about, and change its state if they prove it.

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

// ParseCallback verifies and reads a callback of the gateway. The error matches
// [Unsupported] where the provider cannot, else [Forged], [Malformed] or
// [NotARefund]. The event always has an ID: one that a provider gives none gets one
// that is made of what the event says.
func (c *Client) ParseCallback(ctx context.Context, cb Callback) (ev *Event, err error) {
	p, err := ability[CallbackParser](c, "callback")
	if err != nil {
		return nil, err
	}
	malformed := func(message string) error {
		return &Error{Gateway: c.caps.Gateway, Op: "callback", Code: Malformed, Status: StatusNotSent, Message: message}
	}
	defer func() {
		if r := recover(); r != nil {
			ev, err = nil, malformed(fmt.Sprintf("the provider panicked with a %T", r))
		}
	}()
	given, err := p.ParseCallback(ctx, cb)
	switch {
	case err != nil:
		return nil, err
	case given == nil:
		return nil, malformed("the provider returned neither an event nor an error")
	}
	read := *given
	read.Gateway = c.caps.Gateway
	if read.ID == "" {
		text, err := json.Marshal(&read)
		if err != nil {
			return nil, malformed("the event cannot be named")
		}
		read.ID = fmt.Sprintf("%x", sha256.Sum256(text))
	}
	return &read, nil
}

// inbox is the client's journal, if it keeps events.
func (c *Client) inbox(op string) (Inbox, error) {
	no := &Error{Gateway: c.caps.Gateway, Op: op, Code: Unsupported, Status: StatusNotSent}
	if c.journal == nil {
		no.Message = "the client has no journal: use refund.WithJournal"
		return nil, no
	}
	in, ok := c.journal.(Inbox)
	if !ok {
		no.Message = "this journal keeps no callbacks: it must be a refund.Inbox, as those of package journal are"
		return nil, no
	}
	return in, nil
}

// Receive stores an event until [Client.Finish]. fresh is false for a repeat of one
// that is stored. The error matches [Unsupported] if the client's journal is no
// [Inbox].
func (c *Client) Receive(ctx context.Context, ev *Event) (fresh bool, err error) {
	in, err := c.inbox("callback")
	if err != nil {
		return false, err
	}
	return in.Receive(ctx, c.name, *ev, c.now())
}

// Finish says that nothing is left to be done about an event.
func (c *Client) Finish(ctx context.Context, ev *Event) error {
	in, err := c.inbox("callback")
	if err != nil {
		return err
	}
	return in.Finish(ctx, c.name, ev.ID)
}

// Unfinished returns the events that were received longer than age ago and were
// never finished, because a process has died or something failed; at most limit of
// them, the oldest first.
func (c *Client) Unfinished(ctx context.Context, age time.Duration, limit int) ([]Event, error) {
	in, err := c.inbox("callback")
	if err != nil {
		return nil, err
	}
	return in.Unfinished(ctx, c.name, c.now().Add(-age), limit)
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
	in, err := c.inbox("callback")
	if err != nil {
		return nil, false, "", err
	}
	all, err := in.Refunds(ctx, c.name, ev.PaymentID)
	if err != nil {
		return nil, false, "", err
	}
	return choose(all, ev)
}

// choose finds the refund among those of a payment.
func choose(all []*Entry, ev *Event) (e *Entry, sure bool, why string, err error) {
	for _, e := range all {
		if e.knows(ev) {
			return e, true, "", nil
		}
	}
	if ev.RefundID != "" {
		named := filter(all, func(e *Entry) bool { return e.Result != nil && e.Result.RefundID == ev.RefundID })
		if len(named) == 1 {
			return named[0], true, "", nil
		}
	}
	// What the gateway never took cannot be what it speaks of.
	taken := filter(all, func(e *Entry) bool { return e.Status != StatusNotSent && e.Status != StatusRefused })
	if len(taken) == 0 {
		return nil, false, "the journal has no refund of this payment that the gateway took", nil
	}
	if len(taken) == 1 {
		only := taken[0]
		if ev.Amount.IsSet() && only.Amount.IsSet() && ev.Amount != only.Amount {
			return only, false, fmt.Sprintf("the event speaks of %s, the only refund of the payment is of %s", ev.Amount, only.Amount), nil
		}
		return only, true, "", nil
	}
	if ev.Amount.IsSet() {
		same := filter(taken, func(e *Entry) bool { return e.Amount == ev.Amount })
		if len(same) == 1 {
			return same[0], true, "", nil
		}
		if len(same) > 1 {
			taken = same
		}
	}
	why = fmt.Sprintf("the event may be about any of %d refunds of the payment", len(taken))
	for _, e := range taken {
		if e.Status == StatusUnknown || e.Status == StatusPending {
			return e, false, why, nil // at most one is unknown; the others wait for their own look-up
		}
	}
	return taken[len(taken)-1], false, why, nil
}

func filter(all []*Entry, keep func(*Entry) bool) []*Entry {
	return slices.DeleteFunc(slices.Clone(all), func(e *Entry) bool { return !keep(e) })
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
	case StatusUnknown:
		return ev.Status, "the gateway called back"
	case StatusPending:
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
		if m.Result.RefundID == "" {
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
	case e.Status == ev.Status:
		out.Why += "; the refund is " + e.Status.String() + " already"
		return out, nil
	}
	if _, ok := c.provider.(Inspector); !ok {
		out.Why += "; the gateway cannot be asked"
		return out, nil
	}
	refundID := ""
	if ev.Trust > TrustNone && ev.Key != "" {
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

// CanReceive reports what keeps the client from receiving callbacks: an error that
// matches [Unsupported], or nil.
func (c *Client) CanReceive() error {
	if _, err := ability[CallbackParser](c, "callback"); err != nil {
		return err
	}
	_, err := c.inbox("callback")
	return err
}
