package refund

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
// the event proves it: if it is trusted (see [WithTrust]), certainly about that refund,
// and certainly later than what is known. Otherwise the gateway is asked, and the state
// changes if its answer is conclusive. What comes late, twice or out of order changes
// nothing; what contradicts an earlier outcome is kept in the history, and
// [Entry.Flagged] tells.
//
// Applying an event again does no harm. After an error the event is to be applied
// again: the journal, or the gateway that had to be asked, could not be reached, or,
// with an error that matches [InProgress], the refund is being sent and what the event
// says needs a look-up.
func (c *Client) Apply(ctx context.Context, ev *Event) (*Applied, error) {
	if ev == nil {
		return nil, &Error{Gateway: c.caps.Gateway, Op: "callback", Code: InvalidRequest, Status: StatusNotSent, Message: "the event is nil"}
	}
	for try := 1; ; try++ {
		done, err := c.apply(ctx, ev)
		if !errors.Is(err, ErrStale) || try == applyTries {
			return done, err
		}
	}
}

func (c *Client) apply(ctx context.Context, ev *Event) (*Applied, error) {
	st := told(ev)
	if st.at.After(c.now().Add(slack)) {
		st.at = time.Time{} // no statement is from the future: whatever this is, it is no date
	}
	all, why, err := c.candidates(ctx, &st)
	if err != nil || len(all) == 0 {
		return &Applied{Why: why}, err
	}
	e, v := c.pick(&st, all)
	out := &Applied{Entry: e, From: e.Status, Why: v.why}
	if v.act == changes && e.Sending(c.now()) && !st.claims(e) && (st.id == "" || st.id != e.ownID()) {
		// By its amount alone it may be somebody else's: the answer may tell another id.
		v.act = ask
	}
	if v.owner == anothers && st.claims(e) {
		if err := c.askOwner(ctx, &st, all); err != nil {
			return nil, err
		}
	}
	switch v.act {
	case changes:
		return c.enter(ctx, out, e.moveBy(&st, &v, CauseCallback, c.now()))
	case contradicts:
		return c.contradict(ctx, out, &st, &v)
	case ask:
		return c.ask(ctx, out, st.cleaned(e), &v, all)
	}
	if v.owner == anothers {
		out.Entry = nil // it is about none of the journal's
	}
	return out, c.note(ctx, out, e, &st, &v)
}

// candidates returns the refunds that a callback may be about. Without one, why says so.
func (c *Client) candidates(ctx context.Context, st *statement) (all []*Entry, why string, err error) {
	payment := st.payment
	if st.key != "" {
		e, err := c.Entry(ctx, st.key)
		switch {
		case errors.Is(err, ErrNoEntry), errors.Is(err, InvalidRequest): // of another provider
			return nil, "the journal has no refund of this provider with the event's key", nil
		case err != nil:
			return nil, "", err
		}
		if id := st.cleaned(e).id; id == "" || id == e.ownID() {
			return []*Entry{e}, "", nil // no other refund can be meant
		}
		payment = e.Request.Payment.ID
	}
	if payment == "" {
		return nil, "the event names neither a refund nor a payment of the journal's", nil
	}
	all, err = c.refunds(ctx, payment)
	if err != nil {
		return nil, "", err
	}
	if len(all) == 0 {
		why = "the journal has no refund of this payment"
		if st.status.took() {
			why = "a refund that the journal does not know: it has none of this payment"
			if st.trust >= c.trust {
				c.logElsewhere(ctx, payment, []SeenRefund{st.seen()})
			}
		}
	}
	return all, why, nil
}

// pick weighs a callback against each refund of a payment, and returns the one that it
// is about; else the one to ask the gateway about; else the last one, to which a refund
// made elsewhere is noted.
func (c *Client) pick(st *statement, all []*Entry) (*Entry, verdict) {
	var best *Entry
	var found verdict
	rank := -1
	for _, e := range all {
		if e.knows(st.event) {
			return e, verdict{owner: ours, why: "this event is in the refund's history already"}
		}
	}
	for _, e := range all {
		v := weigh(st, e, booksOf(all, e.Key), c.trust)
		r := 0
		switch {
		case st.claims(e):
			r = 100
		case v.owner == ours:
			r = 90
		case v.owner == unsure:
			r = 10
		}
		switch {
		case e.Status == StatusUnknown:
			r += 4
		case e.Status == StatusPending:
			r += 3
		case e.Open():
			r += 2
		}
		if r >= rank {
			best, found, rank = e, v, r
		}
	}
	return best, found
}

// knows reports whether an event has changed the entry already.
func (e *Entry) knows(event string) bool {
	return event != "" && slices.ContainsFunc(e.History, func(ch Change) bool { return ch.Event == event })
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

// contradict enters a statement that contradicts what the refund has come to. Where the
// refund's own id is known, the gateway is asked first which of the two holds.
func (c *Client) contradict(ctx context.Context, out *Applied, st *statement, v *verdict) (*Applied, error) {
	e := out.Entry
	if _, ok := c.provider.(Inspector); ok && e.ownID() != "" {
		if asked, err := c.lookUp(ctx, e, "", nil); err == nil {
			out.Why += "; asked, the gateway says: " + asked.why
			switch {
			case asked.move != nil && asked.move.Status != e.Status:
				return c.enter(ctx, out, asked.move.because(st, v))
			case asked.says != StatusUnknown && asked.says.MoneyMoved() == e.Status.MoneyMoved(): // that holds
				return out, c.note(ctx, out, e, st, &verdict{owner: ours, flag: true, why: out.Why, to: e.Status})
			}
		}
	}
	return c.enter(ctx, out, e.moveBy(st, v, CauseCallback, c.now()))
}

// ask lets the gateway say what an event does not prove, by what was known of the refund
// before. all are the payment's refunds, as far as they were read.
func (c *Client) ask(ctx context.Context, out *Applied, st *statement, v *verdict, all []*Entry) (*Applied, error) {
	e := out.Entry
	id := e.ownID()
	if id == "" && v.owner == ours && st.claims(e) {
		id = st.id // told here for the first time, and proven by the key
	}
	_, asks := c.provider.(Inspector)
	switch {
	case e.Sending(c.now()):
		err := &Error{Gateway: c.caps.Gateway, Op: "callback", Code: InProgress, Status: StatusNotSent,
			Message: fmt.Sprintf("%s; the refund with the key %q is being sent: the event waits for its outcome", v.why, clip(e.Key, 64))}
		return nil, errors.Join(err, c.flagUnasked(ctx, e, st, v))
	case id == "" && (e.Status == StatusNotSent || e.Status == StatusRefused):
		out.Why += "; the refund was " + e.Status.String()
		return out, c.note(ctx, out, e, st, v)
	case e.Status == st.status && e.Status != StatusUnknown:
		out.Why += "; the refund is " + e.Status.String() + " already"
		return out, c.note(ctx, out, e, st, v)
	case !asks:
		out.Why += "; the gateway cannot be asked"
		return out, c.note(ctx, out, e, st, v)
	}
	asked, err := c.lookUp(ctx, e, id, all)
	if err != nil {
		return nil, errors.Join(err, c.flagUnasked(ctx, e, st, v))
	}
	out.Why += "; asked, the gateway says: " + asked.why
	if asked.move == nil {
		return out, c.note(ctx, out, e, st, v)
	}
	change := asked.move.because(st, v)
	change.Flag = change.Flag || v.flag
	if v.elsewhere {
		change.Elsewhere = append(change.Elsewhere, st.seen())
	}
	return c.enter(ctx, out, change)
}

// askOwner asks the gateway about the refund whose id came under another one's key: who
// knows that one's address proves nothing about this one.
func (c *Client) askOwner(ctx context.Context, st *statement, all []*Entry) error {
	for _, e := range all {
		if st.id == "" || e.ownID() != st.id || e.Sending(c.now()) {
			continue
		}
		if _, ok := c.provider.(Inspector); !ok {
			return nil
		}
		asked, err := c.lookUp(ctx, e, "", all)
		if err != nil || asked.move == nil {
			return err
		}
		_, err = c.journal.Move(ctx, e.Key, e.Version, *asked.move)
		return err
	}
	return nil
}

// note keeps what somebody should see of a statement that changes no status: that the
// refund is flagged, and a refund that was made elsewhere. A second time it keeps
// nothing.
func (c *Client) note(ctx context.Context, out *Applied, e *Entry, st *statement, v *verdict) error {
	m := e.noteOf(st, v, c.now())
	if v.elsewhere {
		out.Why = "a refund that the journal does not know: " + out.Why
		if seen := st.seen(); !e.showed(seen) {
			m.Elsewhere = []SeenRefund{seen}
		}
		c.logElsewhere(ctx, e.Request.Payment.ID, []SeenRefund{st.seen()})
	}
	if !m.Flag && len(m.Elsewhere) == 0 {
		return nil
	}
	moved, err := c.journal.Move(ctx, e.Key, e.Version, m)
	if err == nil && out.Entry != nil {
		out.Entry = moved
	}
	return err
}

// noteOf is a change that leaves the refund's status and result as they are.
func (e *Entry) noteOf(st *statement, v *verdict, now time.Time) Move {
	return Move{Change: Change{
		Status: e.Status, At: now, Cause: CauseNote, Note: clip(v.why, maxReason), Trust: st.trust, Event: st.event, Flag: v.flag && !e.hasNote(v.why),
	}}
}

// flagUnasked flags a refund whose gateway could not be asked. The event is applied
// again later, so it is not in the history yet.
func (c *Client) flagUnasked(ctx context.Context, e *Entry, st *statement, v *verdict) error {
	again := *st
	again.event = ""
	return c.note(ctx, new(Applied), e, &again, &verdict{owner: v.owner, flag: v.flag, why: v.why, to: e.Status})
}

// hasNote reports whether the entry is flagged for that reason already.
func (e *Entry) hasNote(why string) bool {
	since := e.sinceBegin()
	for i := len(since) - 1; i >= 0 && since[i].Cause != CausePerson; i-- {
		if since[i].Flag && strings.Contains(since[i].Note, clip(why, maxReason)) {
			return true
		}
	}
	return false
}

// showed reports whether a refund made elsewhere is noted already, as it is now.
func (e *Entry) showed(seen SeenRefund) bool {
	return slices.ContainsFunc(e.Elsewhere, func(s SeenRefund) bool {
		if seen.ID != "" {
			return s.ID == seen.ID && s.Status == seen.Status && (!seen.Amount.IsSet() || s.Amount == seen.Amount)
		}
		return s.ID == "" && s.Amount == seen.Amount && stored(s.At).Equal(stored(seen.At)) && s.Told == seen.Told
	})
}

// seen is what a statement shows of a refund.
func (st *statement) seen() SeenRefund {
	return SeenRefund{ID: st.id, Amount: st.amount, Status: st.status, At: st.at, Told: true}
}

// moveBy is the change that the verdict on a statement makes of the entry.
func (e *Entry) moveBy(st *statement, v *verdict, cause string, now time.Time) Move {
	st = st.cleaned(e)
	m := Move{Change: Change{
		Status: v.to, At: now, Cause: cause, Note: clip(v.why, maxReason), Event: st.event, EventAt: st.at, Flag: v.flag,
	}}
	if cause == CauseCallback {
		m.Trust = st.trust
	}
	m.Supposed = st.id != "" && e.ownID() == "" && !st.claims(e) && !st.answer && !st.conclusive
	switch {
	case v.to.took():
		m.Result = e.result()
		m.Result.Status, m.Result.At = v.to, now
		if st.code != "" {
			m.Result.Code, m.Result.Message = st.code, st.message
		}
		if m.Result.RefundID == "" {
			m.Result.RefundID = st.id
		}
		if v.flag && st.amount.IsSet() {
			m.Result.Amount = st.amount // as the gateway says it; the larger one counts
		}
		if v.flag && st.kind != 0 {
			m.Result.Kind = st.kind
		}
	case v.to == StatusUnknown:
		m.Err = &Error{
			Gateway: e.Gateway, Op: "refund", Code: OutcomeUnknown, Status: v.to, GatewayCode: st.code, RefundID: cmp.Or(e.ownID(), st.id), Message: m.Note,
		}
	default:
		message := m.Note
		if st.message != "" {
			message += ": " + st.message
		}
		m.Err = &Error{
			Gateway: e.Gateway, Op: "refund", Code: Declined, Status: v.to, GatewayCode: st.code, RefundID: cmp.Or(e.ownID(), st.id), Message: clip(message, maxReason),
		}
	}
	return m
}

// because says that a callback has led to the look-up that makes this change. A date that
// is another refund's says nothing of this one's order.
func (m Move) because(st *statement, v *verdict) Move {
	m.Event, m.Trust = st.event, st.trust
	if v.owner == ours {
		m.EventAt = st.at
	}
	return m
}

// endLate ends a refund whose entry is no longer what the sender began: a callback came
// before the answer, or somebody decided meanwhile. The answer is weighed against what
// holds now; it is never dropped.
func (c *Client) endLate(ctx context.Context, begun *Entry, st *statement, res *Result, failure error) (*Result, error) {
	for range applyTries {
		e, err := c.journal.Entry(ctx, begun.Key)
		if err != nil {
			return nil, c.notStored(res, failure, err)
		}
		m, ok := c.lateEnding(e, begun, st, res, failure)
		if ok {
			if e, err = c.journal.Move(ctx, e.Key, e.Version, m); errors.Is(err, ErrStale) {
				continue
			} else if err != nil {
				return nil, c.notStored(res, failure, err)
			}
		}
		other := !e.BeganAt.Equal(begun.BeganAt)
		if told := copied(failure); other && told != nil && told.Status == StatusNotSent {
			told.Blocker = &Blocker{Key: e.Key, Status: e.Status} // another try under the key, about which this error says nothing
			return nil, told
		}
		switch {
		case other, !ok && st.status == StatusUnknown && e.Status == StatusUnknown:
			return nil, c.notStored(res, failure, ErrStale)
		case e.Status.took():
			return e.result(), nil
		case failure != nil && StatusOf(failure) == e.Status:
			return nil, failure
		}
		return nil, e.failure()
	}
	return nil, c.notStored(res, failure, ErrStale)
}

// lateEnding is the change that an answer makes which came late; ok is false if it makes
// none.
func (c *Client) lateEnding(e, begun *Entry, st *statement, res *Result, failure error) (m Move, ok bool) {
	const note = "the gateway's answer, after somebody else's news: "
	if !e.BeganAt.Equal(begun.BeganAt) {
		// The key was given to another try meanwhile: what this one did counts beside it.
		if !st.status.took() {
			return m, false
		}
		seen := SeenRefund{ID: st.id, Amount: st.amount, Status: st.status, Told: true}
		if !seen.Amount.IsSet() {
			seen.Amount = begun.Amount
		}
		m.Change = Change{Status: e.Status, At: c.now(), Cause: CauseNote, Flag: true, Note: note + "an earlier try under this key was accepted as well"}
		m.Elsewhere = []SeenRefund{seen}
		return m, true
	}
	own := copied(failure)
	if own != nil && st.status == StatusUnknown && e.Status == StatusUnknown && !e.disputed() {
		return Move{Change: Change{Status: StatusUnknown, At: c.now(), Cause: CauseAnswer}, Err: own}, true
	}
	if st.status == StatusUnknown || st.status == StatusNotSent && e.Status.MoneyMoved() == No {
		return m, false
	}
	v := weigh(st, e, new(books), c.trust)
	m = e.moveBy(st, &v, CauseAnswer, c.now())
	m.Note = clip(note+v.why, maxReason)
	taken := e.ownID() // by what was believed before the answer came
	switch {
	case taken != "" && st.id != "" && taken != st.id:
		// It was another refund's news: the answer alone knows our own.
		m.Status, m.Flag = st.status, true
		m.Note = clip(fmt.Sprintf("%sthe refund %q, which was taken for this one, was made elsewhere", note, clip(taken, 64)), maxReason)
		if e.Status.took() {
			m.Elsewhere = []SeenRefund{{ID: taken, Amount: e.result().Amount, Status: e.Status, Told: true}}
		}
	case v.act == changes, v.act == contradicts:
	case res != nil: // the callback knows better, and the answer its details
		m.Status = e.Status
	default:
		return m, false
	}
	if res != nil && m.Status != StatusUnknown {
		m.Result = res
	}
	if own != nil && m.Status != StatusUnknown {
		m.Err = own
	}
	return m, true
}
