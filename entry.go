package refund

import (
	"maps"
	"slices"
	"time"

	"github.com/gorefund/refund/money"
)

// One refund in a journal: what has become of it, and what can be read of that.

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
