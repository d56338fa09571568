package refund_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/money"
)

// clock is a time that the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// keyed is a refund of 10.00 of a payment of 100.00.
func keyed(key string, amount string) refund.Request {
	req := refund.Partial("TRX-1", money.MustParse(amount))
	req.Key, req.Payment.Amount = key, money.MustParse("100.00 PHP")
	return req
}

// crash leaves an intent in the journal whose sender never comes back.
func crash(t *testing.T, j refund.Journal, req refund.Request, at time.Time) {
	t.Helper()
	_, fresh, err := j.Begin(t.Context(), refund.Intent{
		Key: req.Key, Provider: "fake", Gateway: "fake", Request: req, At: at, Lease: time.Minute,
	})
	require.NoError(t, err)
	require.True(t, fresh)
}

func TestJournalNeedsAKey(t *testing.T) {
	t.Parallel()
	p := accepting()
	_, err := refund.New(p, refund.WithJournal(journal.Memory())).Refund(t.Context(), ten())
	e := theError(t, err)
	assert.Equal(t, refund.InvalidRequest, e.Code)
	assert.Contains(t, e.Message, "Key")
	assert.Zero(t, p.calls.Load())
}

func TestSameKeyIsAnsweredFromTheJournal(t *testing.T) {
	t.Parallel()
	refused := &refund.Error{Gateway: "fake", Op: "refund", Code: refund.AlreadyRefunded, Status: refund.StatusRefused, GatewayCode: "7", Message: "gone"}
	unknown := &refund.Error{Gateway: "fake", Op: "refund", Code: refund.OutcomeUnknown, Status: refund.StatusUnknown, Message: "cut"}
	for name, p := range map[string]*fake{"accepted": accepting(), "refused": failing(refused), "unknown": failing(unknown)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := refund.New(p, refund.WithJournal(journal.Memory()))
			first, firstErr := client.Refund(t.Context(), keyed("K", "10.00 PHP"))
			again, againErr := client.Refund(t.Context(), keyed("K", "10.00 PHP"))
			assert.EqualValues(t, 1, p.calls.Load(), "sent again")
			if firstErr == nil {
				require.NoError(t, againErr)
				assert.False(t, first.Replayed)
				assert.True(t, again.Replayed)
				again.Replayed = false
				assert.Equal(t, first, again)
				return
			}
			assert.Nil(t, again)
			one, two := theError(t, firstErr), theError(t, againErr)
			assert.False(t, one.Replayed)
			assert.True(t, two.Replayed)
			assert.Equal(t, one.Code, two.Code)
			assert.Equal(t, one.Status, two.Status)
			assert.Equal(t, one.GatewayCode, two.GatewayCode)
			assert.Equal(t, one.Message, two.Message)
		})
	}
}

func TestAnotherRequestUnderTheKeyIsAConflict(t *testing.T) {
	t.Parallel()
	p := accepting()
	client := refund.New(p, refund.WithJournal(journal.Memory()))
	_, err := client.Refund(t.Context(), keyed("K", "10.00 PHP"))
	require.NoError(t, err)
	other := func(change func(*refund.Request)) refund.Request {
		req := keyed("K", "10.00 PHP")
		change(&req)
		return req
	}
	for name, req := range map[string]refund.Request{
		"amount":  keyed("K", "10.01 PHP"),
		"payment": other(func(r *refund.Request) { r.Payment.ID = "TRX-2" }),
		"kind":    other(func(r *refund.Request) { r.Kind, r.Amount = refund.KindFull, money.Amount{} }),
		"params":  other(func(r *refund.Request) { r.Params = map[string]string{"fake.note": "x"} }),
		"paid at": other(func(r *refund.Request) { r.Payment.PaidAt = noon }),
	} {
		_, err := client.Refund(t.Context(), req)
		require.ErrorIs(t, err, refund.KeyConflict, name)
		assert.Equal(t, refund.StatusNotSent, refund.StatusOf(err), name)
	}
	same := other(func(r *refund.Request) { r.Params = map[string]string{} })
	res, err := client.Refund(t.Context(), same)
	require.NoError(t, err, "no parameters are no parameters")
	assert.True(t, res.Replayed)
	assert.EqualValues(t, 1, p.calls.Load())
}

func TestWhatWasNotSentFreesItsKey(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]*refund.Error{
		"not sent":     {Gateway: "fake", Op: "refund", Code: refund.Unavailable, Status: refund.StatusNotSent},
		"rate limited": {Gateway: "fake", Op: "refund", Code: refund.RateLimited, Status: refund.StatusRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := accepting()
			accept := p.answer
			p.answer = func(ctx context.Context, req refund.Request) (*refund.Result, error) {
				if p.calls.Load() == 1 {
					return nil, first
				}
				return accept(ctx, req)
			}
			client := refund.New(p, refund.WithJournal(journal.Memory()), refund.WithRetry(refund.Retry{Attempts: 2, Base: 1}))
			res, err := client.Refund(t.Context(), keyed("K", "10.00 PHP"))
			require.NoError(t, err)
			assert.False(t, res.Replayed)
			assert.EqualValues(t, 2, p.calls.Load())
			e, err := client.Entry(t.Context(), "K")
			require.NoError(t, err)
			assert.Equal(t, []refund.Status{refund.StatusUnknown, first.Status, refund.StatusUnknown, refund.StatusSucceeded}, states(e))
		})
	}
}

func states(e *refund.Entry) (list []refund.Status) {
	for _, ch := range e.History {
		list = append(list, ch.Status)
	}
	return list
}

func TestOneOpenRefundPerPayment(t *testing.T) {
	t.Parallel()
	j := journal.Memory()
	entered, leave := make(chan struct{}), make(chan struct{})
	slow := &fake{caps: capabilities(), answer: func(context.Context, refund.Request) (*refund.Result, error) {
		close(entered)
		<-leave
		return &refund.Result{Status: refund.StatusSucceeded}, nil
	}}
	var done sync.WaitGroup
	done.Go(func() {
		_, err := refund.New(slow, refund.WithJournal(j)).Refund(context.Background(), keyed("K-1", "10.00 PHP"))
		assert.NoError(t, err)
	})
	<-entered
	p := accepting()
	for name, req := range map[string]refund.Request{"the same key": keyed("K-1", "10.00 PHP"), "another key": keyed("K-2", "10.00 PHP")} {
		_, err := refund.New(p, refund.WithJournal(j)).Refund(t.Context(), req)
		require.ErrorIs(t, err, refund.InProgress, name)
		same := req.Key == "K-1"
		assert.Equal(t, same, errors.Is(err, refund.OutcomeUnknown), "%s: money may have moved under the same key", name)
		assert.Equal(t, !same, refund.StatusOf(err) == refund.StatusNotSent, name)
		assert.Equal(t, !same, refund.SafeToRetry(err), name)
		assert.Equal(t, &refund.Blocker{Key: "K-1", Status: refund.StatusUnknown}, theError(t, err).Blocker, name)
	}
	assert.Zero(t, p.calls.Load())

	// The same payment id at another shop is another payment.
	_, err := refund.New(p, refund.WithJournal(j), refund.WithName("other-shop")).Refund(t.Context(), keyed("K-3", "10.00 PHP"))
	require.NoError(t, err)

	close(leave)
	done.Wait()
	_, err = refund.New(p, refund.WithJournal(j)).Refund(t.Context(), keyed("K-2", "10.00 PHP"))
	require.NoError(t, err)
}

func TestRefundsNeverExceedWhatWasPaid(t *testing.T) {
	t.Parallel()
	client := refund.New(accepting(), refund.WithJournal(journal.Memory()))
	_, err := client.Refund(t.Context(), keyed("K-1", "60.00 PHP"))
	require.NoError(t, err)

	_, err = client.Refund(t.Context(), keyed("K-2", "40.01 PHP"))
	require.ErrorIs(t, err, refund.ExceedsRefundable)

	silent := keyed("K-3", "40.01 PHP")
	silent.Payment.Amount = money.Amount{}
	_, err = client.Refund(t.Context(), silent)
	require.ErrorIs(t, err, refund.ExceedsRefundable, "the earlier entry knows what was paid")

	different := keyed("K-4", "10.00 PHP")
	different.Payment.Amount = money.MustParse("99.00 PHP")
	_, err = client.Refund(t.Context(), different)
	require.ErrorIs(t, err, refund.InvalidRequest)

	precondition := keyed("K-5", "10.00 PHP")
	precondition.Remaining = money.MustParse("50.00 PHP")
	_, err = client.Refund(t.Context(), precondition)
	require.ErrorIs(t, err, refund.RemainingMismatch)
	assert.ErrorContains(t, err, "40.00 PHP", "the text says what is left")
	precondition.Remaining = money.MustParse("40.00 PHP")
	_, err = client.Refund(t.Context(), precondition)
	require.NoError(t, err)

	full := refund.Full("TRX-1")
	full.Key = "K-6"
	_, err = client.Refund(t.Context(), full)
	require.NoError(t, err)
	e, err := client.Entry(t.Context(), "K-6")
	require.NoError(t, err)
	assert.Equal(t, money.MustParse("30.00 PHP"), e.Amount, "a full refund takes what is left")

	_, err = client.Refund(t.Context(), keyed("K-7", "0.01 PHP"))
	require.ErrorIs(t, err, refund.ExceedsRefundable)
}

func TestRefusedAndFailedFreeTheirPart(t *testing.T) {
	t.Parallel()
	j := journal.Memory()
	no := failing(&refund.Error{Gateway: "fake", Op: "refund", Code: refund.Declined, Status: refund.StatusRefused})
	_, err := refund.New(no, refund.WithJournal(j)).Refund(t.Context(), keyed("K-1", "60.00 PHP"))
	require.ErrorIs(t, err, refund.Declined)
	client := refund.New(accepting(), refund.WithJournal(j))
	_, err = client.Refund(t.Context(), keyed("K-2", "60.00 PHP"))
	require.NoError(t, err)
	_, err = client.Resolve(t.Context(), "K-2", refund.Resolution{Status: refund.StatusReversed, Seen: refund.StatusSucceeded, Force: true, By: "Ada", Note: "came back"})
	require.NoError(t, err)
	_, err = client.Refund(t.Context(), keyed("K-3", "100.00 PHP"))
	require.NoError(t, err)
}

func TestFullAfterAPartialAsksForTheRest(t *testing.T) {
	t.Parallel()
	var asked []refund.Request
	p := &fake{
		caps: capabilities(func(c *refund.Capabilities) { c.Full.Value = refund.FullByAmount }),
		answer: func(_ context.Context, req refund.Request) (*refund.Result, error) {
			asked = append(asked, req)
			amount := req.Amount
			if req.Kind == refund.KindFull {
				amount = req.Payment.Amount
			}
			return &refund.Result{Status: refund.StatusSucceeded, Amount: amount}, nil
		},
	}
	client := refund.New(p, refund.WithJournal(journal.Memory()))
	_, err := client.Refund(t.Context(), keyed("K-1", "30.00 PHP"))
	require.NoError(t, err)
	full := refund.Full("TRX-1")
	full.Key = "K-2"
	res, err := client.Refund(t.Context(), full)
	require.NoError(t, err)
	assert.Equal(t, money.MustParse("70.00 PHP"), asked[1].Payment.Amount)
	assert.Equal(t, money.MustParse("70.00 PHP"), res.Amount)

	unknown := refund.Full("TRX-nobody-said-what-was-paid")
	unknown.Key = "K-3"
	_, err = client.Refund(t.Context(), unknown)
	require.ErrorIs(t, err, refund.InvalidRequest)
	assert.Len(t, asked, 2)
}

func TestACrashLeavesAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	j, now := journal.Memory(), &clock{now: noon}
	crash(t, j, keyed("K-1", "10.00 PHP"), noon)
	p := accepting()
	client := refund.New(p, refund.WithJournal(j), refund.WithClock(now.Now))

	_, err := client.Refund(t.Context(), keyed("K-1", "10.00 PHP"))
	require.ErrorIs(t, err, refund.InProgress, "the sender may still be alive")
	_, err = client.Settle(t.Context(), "K-1")
	require.ErrorIs(t, err, refund.InProgress)
	_, err = client.Resolve(t.Context(), "K-1", refund.Resolution{Status: refund.StatusFailed, By: "Ada", Note: "not there"})
	require.ErrorIs(t, err, refund.InProgress)

	now.advance(time.Hour)
	res, err := client.Refund(t.Context(), keyed("K-1", "10.00 PHP"))
	e := requireUnknown(t, res, err)
	assert.True(t, e.Replayed)
	_, err = client.Refund(t.Context(), keyed("K-2", "10.00 PHP"))
	require.ErrorIs(t, err, refund.InProgress, "an unknown outcome blocks the payment")
	assert.Zero(t, p.calls.Load(), "nothing may ever be sent again")

	entry, err := client.Resolve(t.Context(), "K-1", refund.Resolution{Status: refund.StatusFailed, By: "Ada", Note: "the bank says no"})
	require.NoError(t, err)
	last := entry.History[len(entry.History)-1]
	assert.Equal(t, refund.Change{Status: refund.StatusFailed, At: now.Now(), Cause: "person", By: "Ada", Note: "the bank says no"}, last)
	_, err = client.Refund(t.Context(), keyed("K-1", "10.00 PHP"))
	f := theError(t, err)
	assert.Equal(t, refund.StatusFailed, f.Status)
	assert.True(t, f.Replayed)
	assert.Contains(t, f.Message, "the bank says no")
	assert.NotErrorIs(t, err, refund.OutcomeUnknown)

	_, err = client.Refund(t.Context(), keyed("K-2", "10.00 PHP"))
	require.NoError(t, err)
}

// brokenJournal fails where it is told to.
type brokenJournal struct {
	refund.Journal
	begin, move error
}

func (b brokenJournal) Begin(ctx context.Context, in refund.Intent) (*refund.Entry, bool, error) {
	if b.begin != nil {
		return nil, false, b.begin
	}
	return b.Journal.Begin(ctx, in)
}

func (b brokenJournal) Move(ctx context.Context, key string, version int64, m refund.Move) (*refund.Entry, error) {
	if b.move != nil {
		return nil, b.move
	}
	return b.Journal.Move(ctx, key, version, m)
}

func TestWithoutAnIntentNothingIsSent(t *testing.T) {
	t.Parallel()
	p := accepting()
	disk := errors.New("disk full")
	_, err := refund.New(p, refund.WithJournal(brokenJournal{journal.Memory(), disk, nil})).Refund(t.Context(), keyed("K", "10.00 PHP"))
	require.ErrorIs(t, err, refund.Unavailable)
	require.ErrorIs(t, err, disk)
	assert.Equal(t, refund.StatusNotSent, refund.StatusOf(err))
	assert.Zero(t, p.calls.Load())
}

func TestAnOutcomeThatCannotBeStoredIsUnknown(t *testing.T) {
	t.Parallel()
	disk := errors.New("disk full")
	for name, tt := range map[string]struct {
		p    *fake
		text string
	}{
		"accepted": {accepting(), "R-1"},
		"refused":  {failing(&refund.Error{Gateway: "fake", Op: "refund", Code: refund.AlreadyRefunded, Status: refund.StatusRefused, Message: "gone"}), "gone"},
	} {
		res, err := refund.New(tt.p, refund.WithJournal(brokenJournal{journal.Memory(), nil, disk})).Refund(t.Context(), keyed("K", "10.00 PHP"))
		e := requireUnknown(t, res, err)
		assert.Contains(t, e.Message, tt.text, "%s: the gateway's answer must not be lost", name)
		require.ErrorIs(t, err, disk, name)
	}
}

func TestTheOutcomeIsStoredAfterTheContextHasEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p := &fake{caps: capabilities(), answer: func(context.Context, refund.Request) (*refund.Result, error) {
		cancel()
		return &refund.Result{Status: refund.StatusSucceeded}, nil
	}}
	client := refund.New(p, refund.WithJournal(journal.Memory()))
	_, err := client.Refund(ctx, keyed("K", "10.00 PHP"))
	require.NoError(t, err)
	e, err := client.Entry(t.Context(), "K")
	require.NoError(t, err)
	assert.Equal(t, refund.StatusSucceeded, e.Status)
}

func TestALateSenderCannotOverwrite(t *testing.T) {
	t.Parallel()
	j, now := journal.Memory(), &clock{now: noon}
	client := refund.New(accepting(), refund.WithJournal(j), refund.WithClock(now.Now))
	late := &fake{caps: capabilities(), answer: func(ctx context.Context, req refund.Request) (*refund.Result, error) {
		now.advance(time.Hour) // the sender sleeps until its lease is over
		_, err := client.Resolve(ctx, req.Key, refund.Resolution{Status: refund.StatusFailed, By: "Ada", Note: "not there"})
		assert.NoError(t, err)
		return &refund.Result{Status: refund.StatusSucceeded}, nil
	}}
	res, err := refund.New(late, refund.WithJournal(j), refund.WithClock(now.Now)).Refund(t.Context(), keyed("K", "10.00 PHP"))
	requireUnknown(t, res, err)
	e, err := client.Entry(t.Context(), "K")
	require.NoError(t, err)
	assert.Equal(t, refund.StatusUnknown, e.Status, "the gateway's yes after the person's no is not dropped")
	assert.True(t, e.Flagged())
}

func TestSettle(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		start  refund.Status
		report *refund.Report
		want   refund.Status
	}{
		{"unknown, found", refund.StatusUnknown, &refund.Report{Status: refund.StatusSucceeded, Conclusive: true, Why: "one more", RefundID: "R-9"}, refund.StatusSucceeded},
		{"unknown, arrived", refund.StatusUnknown, &refund.Report{Status: refund.StatusPending, Conclusive: true}, refund.StatusPending},
		{"unknown, failed", refund.StatusUnknown, &refund.Report{Status: refund.StatusFailed, Conclusive: true, Why: "the bank said no"}, refund.StatusFailed},
		{"unknown, inconclusive", refund.StatusUnknown, &refund.Report{Status: refund.StatusSucceeded}, refund.StatusUnknown},
		{"unknown, called not sent", refund.StatusUnknown, &refund.Report{Status: refund.StatusNotSent, Conclusive: true}, refund.StatusUnknown},
		{"pending, done", refund.StatusPending, &refund.Report{Status: refund.StatusSucceeded, Conclusive: true}, refund.StatusSucceeded},
		{"pending, still", refund.StatusPending, &refund.Report{Status: refund.StatusPending, Conclusive: true}, refund.StatusPending},
		{"succeeded, whatever", refund.StatusSucceeded, &refund.Report{Status: refund.StatusFailed, Conclusive: true}, refund.StatusSucceeded},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := able{fake: accepting()}
			p.answer = func(_ context.Context, req refund.Request) (*refund.Result, error) {
				if tt.start == refund.StatusUnknown {
					return nil, &refund.Error{Gateway: "fake", Op: "refund", Code: refund.OutcomeUnknown, Status: refund.StatusUnknown}
				}
				return &refund.Result{Status: tt.start, Kind: req.Kind, Amount: req.Amount, RefundID: "R-1"}, nil
			}
			p.inspect = func() (*refund.Report, error) { return &refund.Report{State: "paid"}, nil }
			j := journal.Memory()
			_, _ = refund.New(p, refund.WithJournal(j)).Refund(t.Context(), keyed("K", "10.00 PHP"))
			p.inspect = func() (*refund.Report, error) { return tt.report, nil }
			client := refund.New(p, refund.WithJournal(j))
			before, err := client.Entry(t.Context(), "K")
			require.NoError(t, err)
			assert.Equal(t, "paid", before.Before.State, "the snapshot is kept")

			e, err := client.Settle(t.Context(), "K")
			require.NoError(t, err)
			assert.Equal(t, tt.want, e.Status)
			changed := tt.want != tt.start
			assert.Equal(t, changed, len(e.History) > len(before.History), "only a change is history")
			if changed {
				last := e.History[len(e.History)-1]
				assert.Equal(t, "look-up", last.Cause)
				assert.Equal(t, tt.report.Why, last.Note)
			}
			res, err := client.Refund(t.Context(), keyed("K", "10.00 PHP"))
			if tt.want == refund.StatusSucceeded || tt.want == refund.StatusPending {
				require.NoError(t, err)
				assert.Equal(t, tt.want, res.Status)
				assert.Equal(t, money.MustParse("10.00 PHP"), res.Amount)
				if tt.report.RefundID != "" {
					assert.Equal(t, tt.report.RefundID, res.RefundID)
				}
			} else {
				assert.Equal(t, tt.want, refund.StatusOf(err))
			}
			assert.EqualValues(t, 1, p.calls.Load())
		})
	}
}

func TestSettlePassesTheSnapshotAndTheRefundOn(t *testing.T) {
	t.Parallel()
	var asked []refund.Query
	p := &asking{fake: accepting(), ask: func(q refund.Query) (*refund.Report, error) {
		asked = append(asked, q)
		return &refund.Report{State: "paid"}, nil
	}}
	pending := true
	p.answer = func(context.Context, refund.Request) (*refund.Result, error) {
		if pending {
			return &refund.Result{Status: refund.StatusPending, RefundID: "R-1"}, nil
		}
		return nil, &refund.Error{Gateway: "fake", Op: "refund", Code: refund.OutcomeUnknown, Status: refund.StatusUnknown}
	}
	client := refund.New(p, refund.WithJournal(journal.Memory()), refund.WithClock(func() time.Time { return noon }))
	req := keyed("K", "10.00 PHP")
	req.Params = map[string]string{"fake.note": "x"}
	_, err := client.Refund(t.Context(), req)
	require.NoError(t, err)
	_, err = client.Refund(t.Context(), req)
	require.NoError(t, err)
	require.Len(t, asked, 1, "a replay asks the gateway nothing")
	_, err = client.Settle(t.Context(), "K")
	require.NoError(t, err)
	assert.Equal(t, refund.Query{
		Payment: req.Payment, Kind: refund.KindPartial, RefundID: "R-1", Key: "K", Amount: req.Amount, Params: req.Params, Since: noon,
	}, asked[1], "a pending refund keeps no other away, so its snapshot proves nothing")

	pending = false
	req.Key, req.Payment.ID = "K-2", "TRX-2"
	_, err = client.Refund(t.Context(), req)
	require.ErrorIs(t, err, refund.OutcomeUnknown)
	_, err = client.Settle(t.Context(), "K-2")
	require.NoError(t, err)
	assert.Equal(t, &refund.Report{State: "paid"}, asked[3].Before)
}

// A snapshot proves something only if no other refund can show up later.
func TestASnapshotBesideOtherRefunds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		earlier refund.Status
		shown   []refund.SeenRefund
		kept    bool
	}{
		"an earlier one is pending":           {refund.StatusPending, []refund.SeenRefund{{ID: "R-1"}}, false},
		"an earlier one does not show":        {refund.StatusSucceeded, nil, false},
		"an earlier one shows":                {refund.StatusSucceeded, []refund.SeenRefund{{ID: "R-1", Amount: money.MustParse("10.00 PHP")}}, true},
		"an earlier one was refused":          {refund.StatusRefused, nil, true},
		"more show than the journal knows of": {refund.StatusRefused, []refund.SeenRefund{{ID: "by hand"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			p := &asking{fake: accepting(), ask: func(refund.Query) (*refund.Report, error) {
				if asked++; asked == 1 { // nothing was refunded yet
					return &refund.Report{}, nil
				}
				return &refund.Report{Refunds: tt.shown}, nil
			}}
			p.answer = func(context.Context, refund.Request) (*refund.Result, error) {
				if tt.earlier == refund.StatusRefused {
					return nil, &refund.Error{Gateway: "fake", Op: "refund", Code: refund.Declined, Status: refund.StatusRefused}
				}
				return &refund.Result{Status: tt.earlier}, nil
			}
			client := refund.New(p, refund.WithJournal(journal.Memory()))
			_, _ = client.Refund(t.Context(), keyed("K-1", "10.00 PHP"))
			_, _ = client.Refund(t.Context(), keyed("K-2", "10.00 PHP"))
			e, err := client.Entry(t.Context(), "K-2")
			require.NoError(t, err)
			assert.Equal(t, tt.kept, e.Before != nil)
		})
	}
}

// asking is an Inspector that sees the query.
type asking struct {
	*fake
	ask func(refund.Query) (*refund.Report, error)
}

func (a *asking) Inspect(_ context.Context, q refund.Query) (*refund.Report, error) { return a.ask(q) }

func TestASnapshotThatFailsDoesNotStopTheRefund(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	p := &asking{fake: accepting(), ask: func(refund.Query) (*refund.Report, error) { panic("no") }}
	client := refund.New(p, refund.WithJournal(journal.Memory()),
		refund.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	_, err := client.Refund(t.Context(), keyed("K", "10.00 PHP"))
	require.NoError(t, err)
	assert.Contains(t, log.String(), "no snapshot")
	_, err = client.Inspect(t.Context(), refund.Query{})
	require.ErrorIs(t, err, refund.OutcomeUnknown, "a panic is no answer")
}

func TestResolveNeedsAPersonAndAReason(t *testing.T) {
	t.Parallel()
	j := journal.Memory()
	client := refund.New(accepting(), refund.WithJournal(j))
	_, err := client.Refund(t.Context(), keyed("K", "10.00 PHP"))
	require.NoError(t, err)
	for name, r := range map[string]refund.Resolution{
		"nobody":    {Status: refund.StatusFailed, Note: "why"},
		"no reason": {Status: refund.StatusFailed, By: "Ada", Note: "  "},
		"unknown":   {By: "Ada", Note: "why"},
		"two lines": {Status: refund.StatusFailed, By: "Ada\nBob", Note: "why"},
	} {
		_, err := client.Resolve(t.Context(), "K", r)
		require.ErrorIs(t, err, refund.InvalidRequest, name)
	}
	_, err = client.Resolve(t.Context(), "nobody knows", refund.Resolution{Status: refund.StatusFailed, By: "Ada", Note: "why"})
	require.ErrorIs(t, err, refund.ErrNoEntry)
	other := refund.New(accepting(), refund.WithJournal(j), refund.WithName("other-shop"))
	_, err = other.Resolve(t.Context(), "K", refund.Resolution{Status: refund.StatusFailed, By: "Ada", Note: "why"})
	require.ErrorIs(t, err, refund.InvalidRequest, "another shop's refund")
	e, err := client.Entry(t.Context(), "K")
	require.NoError(t, err)
	assert.Equal(t, refund.StatusSucceeded, e.Status)
}

func TestWithoutAJournalThereIsNoEntry(t *testing.T) {
	t.Parallel()
	client := refund.New(accepting())
	_, err := client.Entry(t.Context(), "K")
	require.ErrorIs(t, err, refund.Unsupported)
	_, err = client.Settle(t.Context(), "K")
	require.ErrorIs(t, err, refund.Unsupported)
}

func TestAFullRefundInsteadOfAPartialOneTakesAll(t *testing.T) {
	t.Parallel()
	p := accepting()
	p.answer = func(context.Context, refund.Request) (*refund.Result, error) {
		return &refund.Result{Status: refund.StatusSucceeded, Kind: refund.KindFull}, nil
	}
	client := refund.New(p, refund.WithJournal(journal.Memory()))
	_, err := client.Refund(t.Context(), keyed("K-1", "10.00 PHP"))
	require.NoError(t, err)
	_, err = client.Refund(t.Context(), keyed("K-2", "10.00 PHP"))
	require.ErrorIs(t, err, refund.ExceedsRefundable)
	assert.EqualValues(t, 1, p.calls.Load())
}
