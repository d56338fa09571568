package refund

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	switch {
	case c.provider == nil:
		return nil, noProvider("journal")
	case c.noJournalGiven:
		return nil, nilJournal(c.caps.Gateway, "journal")
	case c.journal == nil:
		return nil, &Error{Gateway: c.caps.Gateway, Op: "journal", Code: Unsupported, Status: StatusNotSent, Message: "the client has no journal: use refund.WithJournal"}
	}
	e, err := c.journal.Entry(ctx, key)
	switch {
	case errors.Is(err, ErrNoEntry):
		return nil, &Error{Gateway: c.caps.Gateway, Op: "journal", Code: InvalidRequest, Status: StatusNotSent, Err: ErrNoEntry,
			Message: fmt.Sprintf("there is no refund with the key %q", clip(key, 64))}
	case err != nil:
		return nil, err
	}
	if e.Provider != c.name || e.Environment != c.caps.Environment {
		return nil, &Error{Gateway: c.caps.Gateway, Op: "journal", Code: InvalidRequest, Status: StatusNotSent,
			Message: fmt.Sprintf("the refund with the key %q belongs to the provider %q%s, this client is %q%s",
				clip(key, 64), e.Provider, inEnvironment(e.Environment), c.name, inEnvironment(c.caps.Environment))}
	}
	return e, nil
}

func inEnvironment(env Environment) string {
	if env == "" {
		return ""
	}
	return " in " + string(env)
}

// refunds returns the journal's refunds of a payment at this provider, in its
// environment. The error matches [Unsupported] if the journal does not list them.
func (c *Client) refunds(ctx context.Context, paymentID string) ([]*Entry, error) {
	in, err := c.inbox()
	if err != nil {
		return nil, err
	}
	all, err := in.Refunds(ctx, c.name, paymentID)
	if err != nil {
		return nil, err
	}
	return filter(all, func(e *Entry) bool { return e.Environment == c.caps.Environment }), nil
}

func filter(all []*Entry, keep func(*Entry) bool) []*Entry {
	return slices.DeleteFunc(slices.Clone(all), func(e *Entry) bool { return !keep(e) })
}

// Settle asks the gateway what became of a refund that is unknown or pending, or came
// back by the word of an undated callback only, and moves it if the answer is
// conclusive. It returns the entry as it is then; one that needs no settling, or whose
// answer proves nothing, comes back with the status that it had, and [Client.Inspect]
// of its [Entry.Query] says why. The error is [InProgress] while the sender's time is not over, or that of
// the look-up.
func (c *Client) Settle(ctx context.Context, key string) (*Entry, error) {
	e, err := c.Entry(ctx, key)
	if err != nil || !e.Open() && e.Status != StatusPending {
		return e, err
	}
	if err := c.sending(e); err != nil {
		return nil, err
	}
	asked, err := c.lookUp(ctx, e, "", nil)
	switch {
	case err != nil:
		return nil, err
	case asked.move == nil:
		return e, nil
	}
	moved, err := c.journal.Move(ctx, e.Key, e.Version, *asked.move)
	if errors.Is(err, ErrStale) {
		return c.journal.Entry(ctx, e.Key) // somebody else was faster
	}
	return moved, err
}

// Query is what [Client.Settle] asks the gateway about the refund.
func (e *Entry) Query() Query {
	q := Query{
		Payment: e.Request.Payment, Kind: e.Request.Kind, RefundID: e.ownID(), Key: e.Key, Amount: e.Amount, Params: e.Request.Params, Since: e.BeganAt,
	}
	if e.Status == StatusUnknown && !e.disputed() {
		// It has kept all others away since the snapshot. One with an outcome has not:
		// what is new at the gateway may be another refund.
		q.Before = e.Before
	}
	return q
}

// finding is what a look-up found out about a refund.
type finding struct {
	move *Move  // the change that it proves, nil if it proves none
	says Status // of the refund, by its own id; StatusUnknown if it does not say
	why  string
}

// lookUp asks the gateway about a refund. told is the gateway's id of the refund where
// the entry does not know it yet. all are the payment's refunds, nil if nobody has read
// them.
func (c *Client) lookUp(ctx context.Context, e *Entry, told string, all []*Entry) (finding, error) {
	q := e.Query()
	if q.RefundID == "" {
		q.RefundID = told
	}
	report, err := c.inspect(ctx, q)
	if err != nil {
		return finding{}, err
	}
	if all == nil && (len(report.Refunds) > 0 || report.Conclusive && e.ownID() == "") {
		if all, err = c.refunds(ctx, e.Request.Payment.ID); err != nil && !errors.Is(err, Unsupported) {
			return finding{}, err
		}
	}
	st, found := looked(report), finding{why: report.Why}
	if told != "" && e.ownID() == "" {
		st.key = e.Key // it proved the id
	}
	if st.id == "" {
		st.id = q.RefundID // the answer is about what was asked for
	}
	if report.Conclusive {
		v := weigh(&st, e, booksOf(all, e.Key), c.trust)
		change := e.moveBy(&st, &v, CauseLookUp, c.now())
		if st.id != "" && st.id == e.ownID() {
			found.says = st.status
		}
		switch {
		case v.act == changes && !v.flag:
			change.Note = clip(found.why, maxReason)
			found.move = &change
		case v.act == changes, v.act == contradicts:
			found.move = &change
		case v.act == ask: // it could only be asked again
			found.why += "; " + v.why
			if v.flag && !e.hasNote(v.why) {
				noted := e.noteOf(&st, &v, c.now())
				found.move = &noted
			}
		}
	}
	if unknown := c.strangers(e, &st, report, all); len(unknown) > 0 {
		if found.move == nil {
			found.move = &Move{Change: Change{Status: e.Status, At: c.now(), Cause: CauseNote, Note: "the gateway shows a refund that the journal does not know"}}
		}
		found.move.Elsewhere = unknown
		c.logElsewhere(ctx, e.Request.Payment.ID, unknown)
	}
	return found, nil
}

// strangers are the refunds that a report shows and that neither the journal knows nor
// the entry has noted yet.
func (c *Client) strangers(e *Entry, st *statement, report *Report, all []*Entry) []SeenRefund {
	if len(report.Refunds) == 0 || len(all) == 0 {
		return nil
	}
	unknown, _ := booksOf(all, "").strangers(report)
	unknown = slices.DeleteFunc(unknown, func(seen SeenRefund) bool { return seen.ID != "" && (seen.ID == st.id || seen.ID == e.ownID()) })
	if slices.Equal(e.Elsewhere, new(books).add(slices.Clone(e.Elsewhere), unknown)) {
		return nil // nothing new
	}
	return unknown
}

// logElsewhere tells of refunds of a payment that others made.
func (c *Client) logElsewhere(ctx context.Context, paymentID string, seen []SeenRefund) {
	if c.log == nil {
		return
	}
	for _, s := range seen {
		c.log.WarnContext(ctx, "refund: a refund that the journal does not know", "gateway", c.caps.Gateway, "provider", c.name,
			"payment", clip(paymentID, maxID), "refund_id", clip(s.ID, maxID), "amount", s.Amount.String(), "status", s.Status.String())
	}
}

// Resolve lets a person decide what became of a refund, by what they saw of it, and
// keeps who decided and why. If the refund is not as r.Seen and r.Version say, or
// somebody else is faster, nothing is changed and the error matches [ErrStale]. It is
// [InProgress] while the sender's time is not over, and [InvalidRequest] if r says that
// nothing happened where the gateway has taken the refund on, and does not force it.
func (c *Client) Resolve(ctx context.Context, key string, r Resolution) (*Entry, error) {
	no := func(e *Error) error {
		e.Gateway, e.Op, e.Status = c.caps.Gateway, "journal", StatusNotSent
		return e
	}
	if e := r.check(); e != nil {
		return nil, no(e)
	}
	e, err := c.Entry(ctx, key)
	if err != nil {
		return nil, err
	}
	if err := c.sending(e); err != nil {
		return nil, err
	}
	stale := func(now *Entry) error {
		seen := "Seen is " + r.Seen.String()
		if r.Version != 0 {
			seen += fmt.Sprintf(" and Version %d", r.Version)
		}
		return no(&Error{Code: InvalidRequest, Err: ErrStale, Message: fmt.Sprintf(
			"%s, but the refund is %s now, in version %d: look again, then decide", seen, now.Status, now.Version)})
	}
	switch {
	case e.Status != r.Seen, r.Version != 0 && r.Version != e.Version:
		return nil, stale(e)
	case r.Status.MoneyMoved() == No && r.Status != e.Status && (e.accepted() || e.Status.took() || e.disputed()) && !r.Force:
		return nil, no(invalid(fmt.Sprintf(
			"the refund was taken on, by the word of the gateway or of a person: calling it %s frees money that may be gone; if you are sure that it did not move, force it (Resolution.Force)", r.Status)))
	}
	m := Move{Change: Change{Status: r.Status, At: c.now(), Cause: CausePerson, By: r.By, Note: r.Note}}
	if id := e.ownID(); r.Status.MoneyMoved() == No && id != "" && e.supposed() {
		// The id that was supposed to be this refund's is another one's, then.
		res := e.result()
		m.Elsewhere = []SeenRefund{{ID: id, Amount: res.Amount, Status: StatusSucceeded, Told: true}}
		res.RefundID, m.Result = "", res
		m.Err = &Error{Gateway: e.Gateway, Op: "refund", Code: Declined, Status: r.Status, Message: r.Note}
	}
	moved, err := c.journal.Move(ctx, e.Key, e.Version, m)
	if errors.Is(err, ErrStale) {
		now, err := c.journal.Entry(ctx, e.Key)
		if err != nil {
			return nil, err
		}
		return nil, stale(now)
	}
	return moved, err
}

func (c *Client) sending(e *Entry) error {
	if !e.Sending(c.now()) {
		return nil
	}
	return &Error{Gateway: c.caps.Gateway, Op: "journal", Code: InProgress, Status: StatusNotSent,
		Message: fmt.Sprintf("the refund with the key %q is being sent; its sender has time until %s", clip(e.Key, 64), e.LeaseUntil.UTC().Format(time.RFC3339))}
}
