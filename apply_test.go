package refund_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/money"
)

// office is a client with a journal in memory, whose gateway answers refunds with
// status, and look-ups with report.
type office struct {
	*desk
	status refund.Status
	report *refund.Report
	asked  int
	query  refund.Query     // the last one
	during func(key string) // what happens between the request and its answer
	fail   error            // the answer to a refund, if it is an error
}

func newOffice(t *testing.T, opts ...refund.Option) *office {
	o := &office{desk: newDesk(t), status: refund.StatusPending, report: &refund.Report{Why: "nobody knows"}}
	p := able{
		fake: &fake{caps: capabilities(), answer: func(_ context.Context, req refund.Request) (*refund.Result, error) {
			if o.during != nil {
				o.during(req.Key)
			}
			if o.fail != nil {
				return nil, o.fail
			}
			return &refund.Result{Status: o.status, RefundID: "R-" + req.Key, Amount: req.Amount, Code: "answer"}, nil
		}},
		inspect: func() (*refund.Report, error) { o.asked++; return o.report, nil },
		seen:    func(q refund.Query) { o.query = q },
		parse:   func() (*refund.Event, error) { return nil, errors.New("not needed here") },
	}
	o.Client = refund.New(p, append([]refund.Option{refund.WithJournal(journal.Memory()), refund.WithClock(o.clock.Now)}, opts...)...)
	return o
}

// refunded makes a refund of 10.00 that is in this state.
func (o *office) refunded(key string, status refund.Status) {
	o.t.Helper()
	req := keyed(key, "10.00 PHP")
	switch status {
	case refund.StatusPending, refund.StatusSucceeded:
		o.status = status
		_, err := o.Refund(o.t.Context(), req)
		require.NoError(o.t, err)
	default:
		o.fail = &refund.Error{Gateway: "fake", Op: "refund", Code: refund.OutcomeUnknown, Status: refund.StatusUnknown, Message: "cut"}
		_, err := o.Refund(o.t.Context(), req)
		require.Error(o.t, err)
		o.fail = nil
		if status != refund.StatusUnknown {
			_, err := o.Resolve(o.t.Context(), key, refund.Resolution{Status: status, By: "test", Note: "so it is"})
			require.NoError(o.t, err)
		}
	}
	o.asked = 0
}

// desk is a client with a clock of its own.
type desk struct {
	*refund.Client
	t     *testing.T
	clock *clock
}

func newDesk(t *testing.T) *desk { return &desk{t: t, clock: &clock{now: noon}} }

// entry is the journal's of a refund that is there.
func (d *desk) entry(key string) *refund.Entry {
	d.t.Helper()
	e, err := d.Entry(d.t.Context(), key)
	require.NoError(d.t, err)
	return e
}

// apply applies an event that must not fail.
func (d *desk) apply(ev refund.Event) *refund.Applied {
	d.t.Helper()
	done, err := d.Apply(d.t.Context(), &ev)
	require.NoError(d.t, err)
	return done
}

// signed is an event about the refund with a key.
func signed(id, key string, status refund.Status) refund.Event {
	return refund.Event{Gateway: "fake", ID: id, Key: key, Status: status, Code: "callback", Trust: refund.TrustSigned}
}

func TestApplyMovesTheRefund(t *testing.T) {
	t.Parallel()
	const (
		unknown, notSent, refused                = refund.StatusUnknown, refund.StatusNotSent, refund.StatusRefused
		pending, succeeded, failed, reversedBack = refund.StatusPending, refund.StatusSucceeded, refund.StatusFailed, refund.StatusReversed
	)
	for _, tt := range []struct {
		from, says, want refund.Status
		flagged          bool
	}{
		{unknown, pending, pending, false},
		{unknown, succeeded, succeeded, false},
		{unknown, failed, failed, false},
		{pending, succeeded, succeeded, false},
		{pending, failed, failed, false},
		{pending, reversedBack, reversedBack, false},
		{pending, pending, pending, false},
		{succeeded, succeeded, succeeded, false},
		{succeeded, pending, succeeded, false}, // late
		{succeeded, failed, reversedBack, true},
		{succeeded, reversedBack, reversedBack, true},
		{failed, failed, failed, false},
		{failed, reversedBack, failed, false},
		{refused, failed, refused, false},
		{notSent, failed, notSent, false},
		{failed, pending, unknown, true},
		{reversedBack, failed, reversedBack, false},
		// Nobody can tell which came last, and both wrong answers cost money.
		{failed, succeeded, unknown, true},
		{reversedBack, succeeded, unknown, true},
		{refused, succeeded, unknown, true},
		{notSent, succeeded, unknown, true},
		{notSent, pending, unknown, true},
	} {
		t.Run(fmt.Sprintf("%s says %s", tt.from, tt.says), func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.refunded("K", tt.from)
			before := o.entry("K")
			done := o.apply(signed("E-1", "K", tt.says))
			e := o.entry("K")
			assert.Equal(t, e, done.Entry)
			assert.Equal(t, tt.want, e.Status, done.Why)
			assert.Equal(t, tt.from, done.From)
			assert.Equal(t, tt.want != tt.from, done.Changed)
			assert.Equal(t, tt.flagged, e.Flagged())
			assert.NotEmpty(t, done.Why)
			if !done.Changed {
				assert.Equal(t, before, e, "nothing changed")
				return
			}
			last := e.History[len(e.History)-1]
			assert.Equal(t, refund.CauseCallback, last.Cause)
			assert.Equal(t, refund.TrustSigned, last.Trust)
			assert.Equal(t, "E-1", last.Event)

			// Again, and as another message: nothing more happens.
			assert.False(t, o.apply(signed("E-1", "K", tt.says)).Changed)
			assert.Equal(t, e, o.entry("K"))

			res, err := o.Refund(t.Context(), keyed("K", "10.00 PHP"))
			if tt.want == succeeded || tt.want == pending {
				require.NoError(t, err)
				assert.True(t, res.Replayed)
				assert.Equal(t, tt.want, res.Status)
				assert.Equal(t, "callback", res.Code)
				return
			}
			own := theError(t, err)
			assert.True(t, own.Replayed)
			assert.Equal(t, tt.want, own.Status)
			assert.Equal(t, tt.want == unknown, errors.Is(err, refund.OutcomeUnknown))
		})
	}
}

// A contradiction is settled by the gateway if it can be asked by the refund's own id.
func TestApplyAsksAboutAContradiction(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.refunded("K", refund.StatusPending)
	o.apply(signed("E-0", "K", refund.StatusFailed))
	o.report = &refund.Report{Status: refund.StatusSucceeded, Conclusive: true, Why: "it is done"}
	done := o.apply(signed("E-1", "K", refund.StatusSucceeded))
	assert.Equal(t, refund.StatusSucceeded, done.Entry.Status)
	assert.Equal(t, 1, o.asked)
	assert.True(t, done.Entry.Flagged())
	_, err := o.Resolve(t.Context(), "K", refund.Resolution{Status: refund.StatusSucceeded, Seen: refund.StatusSucceeded, By: "test", Note: "seen at the bank"})
	require.NoError(t, err)
	assert.False(t, o.entry("K").Flagged(), "a person has decided")
}

func TestApplyByTime(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.refunded("K", refund.StatusPending)
	at := func(id string, status refund.Status, minute int) refund.Event {
		ev := signed(id, "K", status)
		ev.At = noon.Add(time.Duration(minute) * time.Minute)
		return ev
	}
	assert.True(t, o.apply(at("E-2", refund.StatusSucceeded, 2)).Changed)
	assert.False(t, o.apply(at("E-1", refund.StatusFailed, 1)).Changed, "it is older than what is known")
	assert.Equal(t, refund.StatusSucceeded, o.entry("K").Status)
	assert.True(t, o.apply(at("E-3", refund.StatusFailed, 3)).Changed)
	assert.Equal(t, refund.StatusReversed, o.entry("K").Status)
}

// What nobody signed decides nothing: the gateway is asked.
func TestApplyTrust(t *testing.T) {
	t.Parallel()
	done := &refund.Report{Status: refund.StatusSucceeded, Conclusive: true, Why: "it is done"}
	for _, tt := range []struct {
		name   string
		least  refund.Trust
		trust  refund.Trust
		report *refund.Report
		want   refund.Status
		asked  int
		cause  string
	}{
		{"signed", refund.TrustSigned, refund.TrustSigned, nil, refund.StatusSucceeded, 0, refund.CauseCallback},
		{"token, not allowed", refund.TrustSigned, refund.TrustToken, nil, refund.StatusPending, 1, refund.CauseAnswer},
		{"token, not allowed, confirmed", refund.TrustSigned, refund.TrustToken, done, refund.StatusSucceeded, 1, refund.CauseLookUp},
		{"token, allowed", refund.TrustToken, refund.TrustToken, nil, refund.StatusSucceeded, 0, refund.CauseCallback},
		{"none", refund.TrustSigned, refund.TrustNone, nil, refund.StatusPending, 1, refund.CauseAnswer},
		{"none, confirmed", refund.TrustSigned, refund.TrustNone, done, refund.StatusSucceeded, 1, refund.CauseLookUp},
		{"none can't be allowed", refund.TrustNone, refund.TrustNone, nil, refund.StatusPending, 1, refund.CauseAnswer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, refund.WithTrust(tt.least))
			o.refunded("K", refund.StatusPending)
			if tt.report != nil {
				o.report = tt.report
			}
			ev := signed("E-1", "K", refund.StatusSucceeded)
			ev.Trust = tt.trust
			o.apply(ev)
			e := o.entry("K")
			assert.Equal(t, tt.want, e.Status)
			assert.Equal(t, tt.asked, o.asked)
			assert.Equal(t, tt.cause, e.History[len(e.History)-1].Cause)
		})
	}
}

// An id of a refund is looked up only if it is proven whose it is: anybody could name
// that of another refund, which was done.
func TestApplyAsksAboutNoForeignRefund(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		key   string
		trust refund.Trust
		want  string
	}{
		{"token", "K", refund.TrustToken, "R-9"},
		{"nobody signed", "K", refund.TrustNone, ""},
		{"found by its payment", "", refund.TrustToken, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.refunded("K", refund.StatusUnknown)
			o.clock.advance(time.Hour)
			o.apply(refund.Event{ID: "E-1", Key: tt.key, PaymentID: "TRX-1", RefundID: "R-9", Status: refund.StatusSucceeded, Trust: tt.trust})
			assert.Equal(t, 1, o.asked)
			assert.Equal(t, tt.want, o.query.RefundID)
		})
	}
}

// Some gateways may name the payment where a refund's id belongs.
func TestApplyTakesNoPaymentForARefund(t *testing.T) {
	t.Parallel()
	o := newOffice(t, refund.WithTrust(refund.TrustToken))
	o.refunded("K", refund.StatusUnknown)
	o.clock.advance(time.Hour)
	ev := refund.Event{ID: "E-1", Key: "K", RefundID: "TRX-1", Status: refund.StatusUnknown, Trust: refund.TrustToken}
	o.apply(ev)
	assert.Equal(t, 1, o.asked)
	assert.Empty(t, o.query.RefundID)
	ev.ID, ev.Status = "E-2", refund.StatusSucceeded
	assert.Empty(t, o.apply(ev).Entry.Result.RefundID)
	o.refunded("K-2", refund.StatusUnknown)
	ev.ID, ev.Key, ev.RefundID = "E-3", "K-2", "R-9"
	assert.Equal(t, "R-9", o.apply(ev).Entry.Result.RefundID)
}

// An event of unknown meaning, however trusted, makes the client ask.
func TestApplyUnknownAsks(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.refunded("K", refund.StatusSucceeded)
	o.report = &refund.Report{Status: refund.StatusFailed, Conclusive: true, Why: "it failed"}
	done := o.apply(signed("E-1", "K", refund.StatusUnknown))
	assert.Equal(t, refund.StatusReversed, done.Entry.Status, "a late failure")
	assert.True(t, done.Entry.Flagged())

	o.refunded("K-2", refund.StatusFailed)
	o.report = &refund.Report{Status: refund.StatusSucceeded, Conclusive: true, Why: "it is done"}
	late := o.apply(signed("E-2", "K-2", refund.StatusUnknown)).Entry
	assert.Equal(t, refund.StatusUnknown, late.Status, "a yes after a no, and no id of its own to ask by")
	assert.True(t, late.Flagged())
}

func TestApplyFindsTheRefund(t *testing.T) {
	t.Parallel()
	about := func(amount string, change func(*refund.Event)) refund.Event {
		ev := refund.Event{ID: "E-1", PaymentID: "TRX-1", Status: refund.StatusSucceeded, Trust: refund.TrustSigned}
		if amount != "" {
			ev.Amount = money.MustParse(amount)
		}
		if change != nil {
			change(&ev)
		}
		return ev
	}
	type refunds map[string]string // key to amount
	for _, tt := range []struct {
		name    string
		refunds refunds
		event   refund.Event
		want    string // the key of the refund that has moved, "" for none
	}{
		{"the only one, and no amount", refunds{"A": "10.00 PHP"}, about("", nil), ""},
		{"the only one, of this amount", refunds{"A": "10.00 PHP"}, about("10.00 PHP", nil), "A"},
		{"the only one, of another amount", refunds{"A": "10.00 PHP"}, about("10.01 PHP", nil), ""},
		{"one of two, by its amount", refunds{"A": "10.00 PHP", "B": "20.00 PHP"}, about("10.00 PHP", nil), "A"},
		{"one of two, by its amount, the other", refunds{"A": "10.00 PHP", "B": "20.00 PHP"}, about("20.00 PHP", nil), "B"},
		{"two of the same amount", refunds{"A": "10.00 PHP", "B": "10.00 PHP"}, about("10.00 PHP", nil), ""},
		{"two, and no amount", refunds{"A": "10.00 PHP", "B": "20.00 PHP"}, about("", nil), ""},
		{"two, and the payment's amount", refunds{"A": "10.00 PHP", "B": "20.00 PHP"}, about("100.00 PHP", nil), ""},
		{"by the refund's id", refunds{"A": "10.00 PHP", "B": "10.00 PHP"}, about("", func(ev *refund.Event) { ev.RefundID = "R-B" }), "B"},
		{"by its key", refunds{"A": "10.00 PHP", "B": "10.00 PHP"}, about("", func(ev *refund.Event) { ev.Key = "B" }), "B"},
		{"by its key, without the payment", refunds{"A": "10.00 PHP"}, about("", func(ev *refund.Event) { ev.Key, ev.PaymentID = "A", "" }), "A"},
		{"by its key, another payment", refunds{"A": "10.00 PHP"}, about("", func(ev *refund.Event) { ev.Key, ev.PaymentID = "A", "TRX-2" }), ""},
		{"another payment", refunds{"A": "10.00 PHP"}, about("", func(ev *refund.Event) { ev.PaymentID = "TRX-2" }), ""},
		{"another key", refunds{"A": "10.00 PHP"}, about("", func(ev *refund.Event) { ev.Key = "C" }), ""},
		{"nothing named", refunds{"A": "10.00 PHP"}, about("", func(ev *refund.Event) { ev.PaymentID = "" }), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			for _, key := range []string{"A", "B"} {
				if amount := tt.refunds[key]; amount != "" {
					_, err := o.Refund(t.Context(), keyed(key, amount))
					require.NoError(t, err)
				}
			}
			done := o.apply(tt.event)
			assert.Equal(t, tt.want != "", done.Changed, done.Why)
			for key := range tt.refunds {
				want := refund.StatusPending
				if key == tt.want {
					want = refund.StatusSucceeded
				}
				assert.Equal(t, want, o.entry(key).Status, key)
			}
		})
	}
}

// Where nobody knows what was paid, an amount may be that, and tells no refund.
func TestApplyAmountOfThePayment(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for key, amount := range map[string]string{"A": "10.00 PHP", "B": "25.00 PHP"} {
		req := keyed(key, amount)
		req.Payment.Amount = money.Amount{}
		_, err := o.Refund(t.Context(), req)
		require.NoError(t, err)
	}
	done := o.apply(refund.Event{
		ID: "E-1", PaymentID: "TRX-1", Amount: money.MustParse("25.00 PHP"), Status: refund.StatusSucceeded, Trust: refund.TrustSigned,
	})
	assert.False(t, done.Changed, done.Why)
}

// A refund that the gateway never took is not what its callback speaks of.
func TestApplyPassesOverRefusedOnes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.refunded("A", refund.StatusRefused)
	ev := refund.Event{ID: "E-1", PaymentID: "TRX-1", Status: refund.StatusSucceeded, Trust: refund.TrustSigned}
	assert.Equal(t, refund.StatusRefused, o.apply(ev).Entry.Status)
	assert.Zero(t, o.asked, "there is nothing to ask about")
	o.refunded("B", refund.StatusPending)
	assert.Equal(t, "B", o.apply(ev).Entry.Key)
}

// Another shop's refund of the same key or payment is none of this one's.
func TestApplyKeepsProvidersApart(t *testing.T) {
	t.Parallel()
	j := journal.Memory()
	_, err := refund.New(accepting(), refund.WithJournal(j), refund.WithName("other")).Refund(t.Context(), keyed("K", "10.00 PHP"))
	require.NoError(t, err)
	client := refund.New(able{fake: accepting()}, refund.WithJournal(j))
	for _, ev := range []refund.Event{signed("E-1", "K", refund.StatusFailed), {ID: "E-2", PaymentID: "TRX-1", Status: refund.StatusFailed, Trust: refund.TrustSigned}} {
		done, err := client.Apply(t.Context(), &ev)
		require.NoError(t, err)
		assert.Nil(t, done.Entry)
		assert.False(t, done.Changed)
	}
}

// The callback may be faster than the answer to the refund call.
func TestCallbackBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	cut := &refund.Error{Gateway: "fake", Op: "refund", Code: refund.OutcomeUnknown, Status: refund.StatusUnknown, Message: "cut"}
	no := &refund.Error{Gateway: "fake", Op: "refund", Code: refund.AlreadyRefunded, Status: refund.StatusRefused, Message: "gone"}
	for _, tt := range []struct {
		name   string
		answer refund.Status // accepted with it, if fail is nil
		fail   error
		says   refund.Status
		want   refund.Status
	}{
		{"pending, done", refund.StatusPending, nil, refund.StatusSucceeded, refund.StatusSucceeded},
		{"pending, failed", refund.StatusPending, nil, refund.StatusFailed, refund.StatusFailed},
		{"done, pending", refund.StatusSucceeded, nil, refund.StatusPending, refund.StatusSucceeded},
		{"done, done", refund.StatusSucceeded, nil, refund.StatusSucceeded, refund.StatusSucceeded},
		{"done, failed", refund.StatusSucceeded, nil, refund.StatusFailed, refund.StatusFailed},
		{"cut, done", 0, cut, refund.StatusSucceeded, refund.StatusSucceeded},
		{"cut, failed", 0, cut, refund.StatusFailed, refund.StatusFailed},
		{"refused, failed", 0, no, refund.StatusFailed, refund.StatusFailed},
		{"refused, done", 0, no, refund.StatusSucceeded, refund.StatusUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.status, o.fail = tt.answer, tt.fail
			o.during = func(key string) { o.apply(signed("E-1", key, tt.says)) }
			res, err := o.Refund(t.Context(), keyed("K", "10.00 PHP"))
			e := o.entry("K")
			assert.Equal(t, tt.want, e.Status)
			switch tt.want {
			case refund.StatusPending, refund.StatusSucceeded:
				require.NoError(t, err)
				assert.Equal(t, tt.want, res.Status)
				assert.False(t, res.Replayed, "it was sent now")
				if tt.fail == nil {
					assert.Equal(t, "R-K", res.RefundID, "the answer's details are kept")
				}
			default:
				assert.Nil(t, res)
				assert.Equal(t, tt.want, theError(t, err).Status)
				assert.Equal(t, tt.want == refund.StatusUnknown, errors.Is(err, refund.OutcomeUnknown))
			}
			before := e
			o.apply(signed("E-1", "K", tt.says))
			assert.Equal(t, before, o.entry("K"), "the repeat changes nothing")
		})
	}
}

// A hint cannot take the refund away from its sender.
func TestHintDuringTheCall(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.during = func(key string) {
		ev := signed("E-1", key, refund.StatusFailed)
		ev.Trust = refund.TrustNone
		_, err := o.Apply(t.Context(), &ev)
		assert.ErrorIs(t, err, refund.InProgress, "it waits for the answer")
	}
	o.asked = 0
	_, err := o.Refund(t.Context(), keyed("K", "10.00 PHP"))
	require.NoError(t, err)
	assert.Equal(t, refund.StatusPending, o.entry("K").Status)
	assert.Equal(t, 1, o.asked, "the snapshot only")
}

func TestApplyNeedsAnInbox(t *testing.T) {
	t.Parallel()
	ev := signed("E-1", "", refund.StatusSucceeded)
	ev.PaymentID = "TRX-1"
	for name, c := range map[string]*refund.Client{
		"no journal": refund.New(able{fake: accepting()}),
		"no inbox":   refund.New(able{fake: accepting()}, refund.WithJournal(struct{ refund.Journal }{journal.Memory()})),
	} {
		require.ErrorIs(t, c.CanReceive(), refund.Unsupported, name)
		_, err := c.Receive(t.Context(), &ev)
		require.ErrorIs(t, err, refund.Unsupported, name)
		_, err = c.Apply(t.Context(), &ev)
		require.ErrorIs(t, err, refund.Unsupported, name)
		_, err = c.Unfinished(t.Context(), 0, 1)
		require.ErrorIs(t, err, refund.Unsupported, name)
		require.ErrorIs(t, c.Finish(t.Context(), &ev), refund.Unsupported, name)
	}
	require.ErrorIs(t, refund.New(accepting(), refund.WithJournal(journal.Memory())).CanReceive(), refund.Unsupported)
	require.NoError(t, refund.New(able{fake: accepting()}, refund.WithJournal(journal.Memory())).CanReceive())
}

func TestParseCallbackGuardsTheProvider(t *testing.T) {
	t.Parallel()
	parse := func(f func() (*refund.Event, error)) (*refund.Event, error) {
		return refund.New(able{fake: accepting(), parse: f}).ParseCallback(t.Context(), refund.Callback{})
	}
	_, err := parse(func() (*refund.Event, error) { panic("boom") })
	require.ErrorIs(t, err, refund.Malformed)
	_, err = parse(func() (*refund.Event, error) { return nil, nil })
	require.ErrorIs(t, err, refund.Malformed)
	nameless := func(status refund.Status) func() (*refund.Event, error) {
		return func() (*refund.Event, error) { return &refund.Event{Status: status}, nil }
	}
	one, err := parse(nameless(refund.StatusSucceeded))
	require.NoError(t, err)
	assert.NotEmpty(t, one.ID)
	same, err := parse(nameless(refund.StatusSucceeded))
	require.NoError(t, err)
	other, err := parse(nameless(refund.StatusFailed))
	require.NoError(t, err)
	assert.Equal(t, one.ID, same.ID)
	assert.NotEqual(t, one.ID, other.ID)
}

func TestTrustAsText(t *testing.T) {
	t.Parallel()
	for _, trust := range []refund.Trust{refund.TrustNone, refund.TrustToken, refund.TrustSigned} {
		text, err := trust.MarshalText()
		require.NoError(t, err)
		var read refund.Trust
		require.NoError(t, read.UnmarshalText(text))
		assert.Equal(t, trust, read)
	}
	read := refund.TrustToken
	require.Error(t, read.UnmarshalText([]byte("Signed")))
	assert.Equal(t, refund.TrustToken, read)
	assert.Equal(t, "none", refund.Trust(9).String())
}
