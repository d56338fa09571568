package refund

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/gorefund/refund/money"
)

// Journal keeps every refund from its intent to its end, so that none is made
// twice: no gateway here recognises a repeat. One journal serves any number of
// clients. Package journal has the implementations.
//
// A journal must be safe for concurrent use, and Begin and Move must be one step
// each, for everybody who uses the same store.
type Journal interface {
	// Begin stores an intent, durably, before anything is sent, and returns its
	// entry with fresh true: the caller alone may now send the refund, once. If
	// the key is taken and its entry not [Entry.Free], it returns that entry,
	// whatever it asks for, with fresh false, and nothing may be sent.
	//
	// The error of [Intent.Admit], which sees the other entries of the payment,
	// is returned as it is. After any other error the intent may be stored or
	// not; nothing may be sent.
	Begin(ctx context.Context, in Intent) (e *Entry, fresh bool, err error)

	// Move changes the state of an entry that still has this version. It
	// returns the entry after the change, [ErrStale] if the entry has moved on,
	// or [ErrNoEntry].
	Move(ctx context.Context, key string, version int64, m Move) (*Entry, error)

	// Entry returns the entry of a key, or [ErrNoEntry].
	Entry(ctx context.Context, key string) (*Entry, error)
}

var (
	// ErrNoEntry means that the journal has no refund with this key.
	ErrNoEntry = errors.New("refund: the journal has no such key")
	// ErrStale means that somebody else has changed the entry meanwhile.
	ErrStale = errors.New("refund: the entry was changed by somebody else")
)

// Intent is a refund that is about to be sent.
type Intent struct {
	Key      string
	Provider string // the client's name: two shops' equal payment ids don't meet
	Gateway  string

	// Environment is where the money is: equal payment ids of sandbox and production
	// don't meet.
	Environment Environment

	Request  Request // as the caller asked
	ByAmount bool    // the gateway is asked for a full refund by amount
	Before   *Report // what the gateway said just before, nil if it was not asked; Admit may drop it
	At       time.Time
	Lease    time.Duration // how long the sender may take

	elsewhere []SeenRefund // found by Admit
}

// Entry is one refund in a journal. Its owner may change it; the journal keeps
// its own.
type Entry struct {
	Key      string  `json:"key"`
	Provider string  `json:"provider"`
	Gateway  string  `json:"gateway"`
	Request  Request `json:"request"`

	// Environment is where the money is, "" where the provider does not say.
	Environment Environment `json:"environment,omitempty"`

	Amount  money.Amount `json:"amount"` // what it takes of the payment, not set if the gateway alone knows
	Status  Status       `json:"status"`
	Result  *Result      `json:"result,omitempty"` // if the gateway accepted it
	Err     *Error       `json:"error,omitempty"`  // if it did not, or did otherwise later
	History []Change     `json:"history"`          // the oldest first
	Before  *Report      `json:"before,omitempty"`

	// Elsewhere are refunds of the payment that the gateway showed while this one was
	// made or looked at, and that the journal does not know: made in a dashboard, or by
	// another program. They count in what is left of the payment, each once.
	Elsewhere []SeenRefund `json:"elsewhere,omitempty"`

	// Earlier are the gateway's ids of earlier tries under the key.
	Earlier []string `json:"earlier,omitempty"`

	BeganAt   time.Time `json:"began_at"`
	ChangedAt time.Time `json:"changed_at"`

	// LeaseUntil is when the sender's time is over. Until then an entry without
	// an outcome belongs to the sender; afterwards its outcome is unknown.
	LeaseUntil time.Time `json:"lease_until"`

	// Version grows with each change. Who has an old one cannot change the
	// entry.
	Version int64 `json:"version"`
}

// Change is one state in an entry's history.
type Change struct {
	Status Status    `json:"status"`
	At     time.Time `json:"at"`
	Cause  string    `json:"cause"` // "begin", "answer", "look-up", "person", "callback", "note"
	By     string    `json:"by,omitempty"`
	Note   string    `json:"note,omitempty"`
	Trust  Trust     `json:"trust"` // of a callback

	// Flag: somebody should look at the refund because of this change, also if its
	// status stays as it was.
	Flag bool `json:"flag,omitempty"`

	// Supposed: the gateway's id of the refund, which this change tells first, is one that
	// nothing but the amount speaks for. It may be another refund's.
	Supposed bool `json:"supposed,omitempty"`

	Event   string    `json:"event,omitempty"`   // the id of the callback's [Event]
	EventAt time.Time `json:"event_at,omitzero"` // when, by the gateway's clock
}

// Move is a change with what came of it.
type Move struct {
	Change
	Result *Result // replaces the entry's if it is not nil
	Err    *Error  // replaces the entry's if it is not nil

	Elsewhere []SeenRefund // added to the entry's
}

// leaseMargin is how much longer others count a lease than its sender does, since their
// clocks may differ by that much.
const leaseMargin = time.Minute

// Sending reports whether the sender's time is not over: the entry has no
// outcome yet, but nothing is wrong with it either. By the clock of somebody else it
// counts as over a minute later than [Entry.LeaseUntil].
func (e *Entry) Sending(now time.Time) bool {
	return e.Status == StatusUnknown && now.Before(e.LeaseUntil.Add(leaseMargin)) && len(e.History) > 0 &&
		!slices.ContainsFunc(e.sinceBegin(), func(ch Change) bool { return ch.Cause == CauseAnswer || ch.Status != StatusUnknown })
}

// Free reports whether the entry's key may be used for another try: nothing was
// sent, or the gateway certainly did nothing and only asked to come later. Begin
// replaces such an entry.
func (e *Entry) Free() bool {
	return e.Status == StatusNotSent || e.Status == StatusRefused && e.Err != nil && SafeToRetry(e.Err)
}

// Open reports whether the refund keeps others of its payment away: it has no outcome,
// or it came back by a callback that proves no date, and neither the gateway, when
// asked, nor a person has confirmed that.
func (e *Entry) Open() bool { return e.Status == StatusUnknown || e.unconfirmed() }

// unconfirmed reports whether nothing but a callback without a date says that the refund
// came back.
func (e *Entry) unconfirmed() bool {
	if e.Status != StatusReversed {
		return false
	}
	for i := len(e.History) - 1; i >= 0 && e.History[i].Status == StatusReversed; i-- {
		ch := e.History[i]
		if ch.Cause != CauseNote && (ch.Cause != CauseCallback || !ch.EventAt.IsZero()) {
			return false
		}
	}
	return true
}

// Flagged reports whether somebody should look at the refund although nothing is to
// be sent: the gateway took back what it had called done, changed its mind otherwise,
// did otherwise than asked, or said what does not go with the refund; and no person has
// decided since.
func (e *Entry) Flagged() bool {
	var was Status // the last outcome
	flagged := false
	for _, ch := range e.History {
		switch {
		case ch.Cause == CausePerson:
			flagged = false
		case ch.Cause == CauseBegin: // another try, of which nothing is known yet
		case was == StatusSucceeded || was.MoneyMoved() == No:
			flagged = flagged || ch.Status != was
		}
		flagged = flagged || ch.Flag
		was = ch.Status
	}
	return flagged
}

// sinceBegin are the changes since the entry was last begun, without that.
func (e *Entry) sinceBegin() []Change {
	for i := len(e.History) - 1; i >= 0; i-- {
		if e.History[i].Cause == CauseBegin {
			return e.History[i+1:]
		}
	}
	return e.History
}

// disputed reports whether the refund had an outcome and has none any more, because the
// gateway contradicted it.
func (e *Entry) disputed() bool {
	return e.Status == StatusUnknown && slices.ContainsFunc(e.sinceBegin(), func(ch Change) bool { return ch.Status != StatusUnknown })
}

// accepted reports whether the gateway has taken the refund on, by its own word.
func (e *Entry) accepted() bool {
	return slices.ContainsFunc(e.sinceBegin(), func(ch Change) bool {
		return ch.Cause != CausePerson && ch.Cause != CauseNote && ch.Status.took()
	})
}

// tries counts how often the refund was sent under its key, without the tries of which
// their own senders know that the gateway did not take them.
func (e *Entry) tries() int {
	n, last := 0, ""
	for _, ch := range e.History {
		if ch.Cause == CauseBegin && last != CauseAnswer {
			n++
		}
		if ch.Cause != CauseNote {
			last = ch.Cause
		}
	}
	return n
}

// begins counts how often the refund was begun under its key.
func (e *Entry) begins() int {
	n := 0
	for _, ch := range e.History {
		if ch.Cause == CauseBegin {
			n++
		}
	}
	return n
}

// never reports whether the refund's own sender knows that the gateway did not take it.
func (e *Entry) never() bool {
	if e.Status != StatusNotSent && e.Status != StatusRefused {
		return false
	}
	last := ""
	for _, ch := range e.sinceBegin() {
		if ch.Cause != CauseNote {
			last = ch.Cause
		}
	}
	return last == CauseAnswer
}

// ownID is the gateway's id of the refund, "" if it is not known.
func (e *Entry) ownID() string {
	id := ""
	switch {
	case e.Result != nil && e.Result.RefundID != "":
		id = e.Result.RefundID
	case e.Err != nil:
		id = e.Err.RefundID
	}
	if id == e.Request.Payment.ID {
		return "" // the payment's own is none of a refund
	}
	return id
}

// supposed reports whether the gateway's id of the refund is one that nothing but its
// amount speaks for: what is said of it frees no money.
func (e *Entry) supposed() bool {
	since := e.sinceBegin()
	for i := len(since) - 1; i >= 0; i-- {
		switch ch := &since[i]; {
		case ch.Supposed:
			return true
		case ch.Cause == CauseAnswer && ch.Status.took():
			return false // it told the id itself
		}
	}
	return false
}

// The causes of a Change.
const (
	CauseBegin    = "begin"
	CauseAnswer   = "answer"   // the gateway's, to the refund call
	CauseLookUp   = "look-up"  // the gateway's, to [Client.Settle]
	CausePerson   = "person"   // [Client.Resolve]
	CauseCallback = "callback" // a message of the gateway's
	CauseNote     = "note"     // something beside the refund's own state: it leaves the status as it was
)

// Replaces reports whether a Begin of the intent takes the place of e, the entry
// under its key: e is [Entry.Free], or the gateway refused the same request and
// [Request.Again] asks for another try. A key belongs to one environment for good, and
// one that somebody else than its sender called not sent is free for the same request
// only: should it have been sent after all, what
// the gateway says under that key must not be taken for news of another refund. All
// stores decide by it.
func (in *Intent) Replaces(e *Entry) bool {
	switch {
	case e.Environment != in.Environment:
		return false
	case len(e.Elsewhere) > 0 && e.Request.Payment.ID != in.Request.Payment.ID:
		return false // what it has seen of its payment must not get lost
	case e.Status == StatusNotSent && !e.never():
		return in.Same(e)
	}
	return e.Free() || in.Request.Again && e.Status == StatusRefused && in.Same(e)
}

// Apply makes the change in e. A Journal calls it inside its own step.
func (e *Entry) Apply(m Move) {
	e.Status, e.ChangedAt = m.Status, m.At
	e.History = append(slices.Clip(e.History), m.Change)
	e.Version++
	if m.Result != nil {
		e.Result = m.Result
		if own := e.ownID(); own != "" { // what was taken for another's turns out to be this one
			e.Elsewhere = slices.DeleteFunc(slices.Clone(e.Elsewhere), func(s SeenRefund) bool { return s.ID == own })
		}
		switch given := m.Result.Amount; {
		case m.Result.Kind == KindFull && e.Request.Kind == KindPartial && !given.IsSet():
			e.Amount = money.Amount{} // more than was asked for: the gateway alone knows
		case e.Amount.IsSet() && less(e.Amount, given):
			e.Amount = given // the larger one counts
		}
	}
	if len(m.Elsewhere) > 0 {
		e.Elsewhere = new(books).add(slices.Clone(e.Elsewhere), m.Elsewhere)
	}
	if m.Err != nil {
		e.Err = m.Err
	}
}

// Clone returns a copy that shares nothing with e.
func (e *Entry) Clone() *Entry {
	d := *e
	d.Request.Params = maps.Clone(e.Request.Params)
	d.History = slices.Clone(e.History)
	d.Elsewhere = slices.Clone(e.Elsewhere)
	d.Earlier = slices.Clone(e.Earlier)
	if e.Result != nil {
		r := *e.Result
		d.Result = &r
	}
	if e.Err != nil {
		f := *e.Err
		if f.Blocker != nil {
			b := *f.Blocker
			f.Blocker = &b
		}
		d.Err = &f
	}
	if e.Before != nil {
		b := *e.Before
		b.Refunds = slices.Clone(e.Before.Refunds)
		d.Before = &b
	}
	return &d
}

// Same reports whether e is of the same request as in: a repeat of it, not
// another refund under its key.
func (in *Intent) Same(e *Entry) bool {
	return in.Provider == e.Provider && in.Gateway == e.Gateway && in.Environment == e.Environment && reflect.DeepEqual(canonical(in.Request), canonical(e.Request))
}

// canonical makes requests equal that mean the same.
func canonical(r Request) Request {
	r.Provider = "" // the entry's own says which it was
	r.By, r.Again = "", false
	r.Payment.PaidAt = stored(r.Payment.PaidAt)
	if len(r.Params) == 0 {
		r.Params = nil
	}
	return r
}

// NewEntry makes the entry of an admitted intent. replaced is the entry under
// the same key that was never sent, or nil; its history goes on.
func (in *Intent) NewEntry(amount money.Amount, replaced *Entry) *Entry {
	e := &Entry{
		Key: in.Key, Provider: in.Provider, Gateway: in.Gateway, Environment: in.Environment, Request: in.Request, Amount: amount, Before: in.Before, Elsewhere: in.elsewhere,
		BeganAt: in.At, LeaseUntil: in.At.Add(in.Lease),
	}
	if replaced != nil {
		e.History, e.Version = replaced.History, replaced.Version
		e.Earlier = slices.Clone(replaced.Earlier)
		if id := replaced.ownID(); id != "" {
			e.Earlier = append(e.Earlier, id)
		}
		if replaced.Request.Payment.ID == in.Request.Payment.ID {
			e.Elsewhere = new(books).add(slices.Clone(replaced.Elsewhere), in.elsewhere)
		}
	}
	e.Apply(Move{Change: Change{Status: StatusUnknown, At: in.At, Cause: CauseBegin, By: in.Request.By}})
	return e.Clone()
}

// Admit decides whether the intent may be sent, beside the entries of the same payment at
// the same provider in the same environment, that of its own key included if it is to be
// replaced, and says how much of the
// payment it takes: not set for a full refund whose amount the gateway alone knows. A
// Journal calls it inside its step, so that all stores decide alike, and makes the entry
// afterwards: Admit drops a snapshot that could not prove anything, and keeps what it
// shows of refunds that others made. The error is an [*Error] with [StatusNotSent].
func (in *Intent) Admit(others []*Entry) (money.Amount, error) {
	amount, e := in.admit(others)
	if e != nil {
		e.Gateway, e.Op, e.Status = in.Gateway, "refund", StatusNotSent
		return money.Amount{}, e
	}
	return amount, nil
}

func (in *Intent) admit(others []*Entry) (money.Amount, *Error) {
	none := money.Amount{}
	b, e := newBooks(others, in.Key)
	if e != nil {
		return none, e
	}
	req := &in.Request
	paid := req.Payment.Amount
	switch {
	case b.open != nil && b.open.status == StatusReversed:
		return none, &Error{Code: InProgress, Blocker: b.open.blocker(), Message: b.open.String() +
			" of the same payment came back, as a callback without a date says: ask the gateway, or let a person confirm it, first"}
	case b.open != nil:
		return none, &Error{Code: InProgress, Blocker: b.open.blocker(), Message: b.open.String() +
			" of the same payment has no outcome yet: wait for it, or settle it"}
	case b.whole != nil:
		return none, &Error{Code: ExceedsRefundable, Blocker: b.whole.blocker(), Message: b.whole.String() + " takes the whole payment"}
	case paid.IsSet() && b.paid.IsSet() && paid != b.paid:
		return none, invalid(fmt.Sprintf("Payment.Amount is %s, but the refund with the key %q said %s", paid, clip(b.paidBy, 64), b.paid))
	case !paid.IsSet():
		paid = b.paid
	}
	asked := req.Amount
	if in.Before != nil {
		unknown, ours := b.strangers(in.Before)
		b.elsewhere, in.elsewhere = b.add(b.elsewhere, unknown), unknown
		if b.mayShowLate(ours, asked) {
			in.Before = nil // it could not prove anything
		}
	}
	if !paid.IsSet() {
		switch {
		case req.Remaining.IsSet():
			return none, invalid("Remaining cannot be checked: give Payment.Amount, what was paid")
		case req.Kind == KindFull && in.ByAmount:
			return none, invalid("this gateway refunds by amount only: give Payment.Amount, what was paid")
		}
		return asked, nil
	}
	rest, lost, e := b.rest(paid)
	if e != nil {
		return none, e
	}
	since := ""
	if lost.IsSet() {
		since = fmt.Sprintf(", since %s was refunded elsewhere, by a dashboard or another program", lost)
	}
	if word := b.toldByWord(in.Before); req.Remaining.IsSet() && word != "" {
		return none, &Error{Code: RemainingMismatch, Message: fmt.Sprintf("the gateway says that %s of the payment was refunded elsewhere, and not how much: %s cannot be what is left", word, req.Remaining)}
	}
	if want := req.Remaining; want.IsSet() && want != rest {
		return none, &Error{Code: RemainingMismatch, Message: fmt.Sprintf("%s of the payment is still refundable, not %s%s", rest, want, since)}
	}
	if req.Kind == KindFull {
		asked = rest
	}
	order, err := asked.Cmp(rest)
	if req.Kind == KindFull && !in.ByAmount && order == 0 && asked.IsPositive() {
		return b.mostOf(paid), nil
	}
	switch {
	case err != nil:
		return none, badAmount(err.Error())
	case order > 0 || !asked.IsPositive():
		if b.taken.IsSet() {
			since = fmt.Sprintf(", since this journal has given back, or may have given back, %s", b.taken) + strings.Replace(since, ", since", " and", 1)
		}
		exceeds := &Error{Code: ExceedsRefundable, Message: fmt.Sprintf("%s was paid and %s is left%s", paid, left(rest), since)}
		if b.last != nil {
			exceeds.Blocker = b.last.blocker()
		}
		return none, exceeds
	}
	return asked, nil
}

// left puts what is left into words.
func left(rest money.Amount) string {
	if rest.IsZero() {
		return "nothing"
	}
	return rest.String()
}

// Resolution is what a person decides about a refund, by what they saw of it.
type Resolution struct {
	Status Status // Succeeded, Pending, Failed, Refused, Reversed, or NotSent, which frees the key
	By     string // who decides
	Note   string // why

	// Seen is the status that the person saw; the zero value is StatusUnknown. Version,
	// unless 0, is the entry's that they saw. If the refund has moved on since, the
	// decision is not carried out.
	Seen    Status
	Version int64

	// Force carries out a decision that the refund did not happen although the gateway
	// has taken it on. Without it that is refused: it frees money which may be gone.
	Force bool
}

func (r *Resolution) check() *Error {
	switch {
	case r.Status == StatusUnknown || int(r.Status) >= len(statusNames):
		return invalid("a resolution needs a Status other than unknown")
	case strings.TrimSpace(r.By) == "":
		return invalid("a resolution needs By, the name of who decides")
	case NameFault(r.By) != "":
		return checkName("By", r.By)
	case strings.TrimSpace(r.Note) == "" || len(r.Note) > maxReason || !plain(r.Note):
		return invalid("a resolution needs a Note, why it is so, on one line")
	}
	return nil
}
