package refund_test

import (
	"bytes"
	"context"
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

// What once went wrong between a client, its journal and people. Each name begins with
// the number under which it was found.

func decide(status, seen refund.Status) refund.Resolution {
	return refund.Resolution{Status: status, Seen: seen, By: "Ada", Note: "the dashboard says so"}
}

// A person said that nothing was sent, and then the gateway says that it was done.
func TestC12_AYesAfterAPersonsNo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.refunded("K", refund.StatusUnknown)
	o.clock.advance(time.Hour)
	_, err := o.Resolve(t.Context(), "K", decide(refund.StatusNotSent, refund.StatusUnknown))
	require.NoError(t, err)

	done := o.apply(refund.Event{
		ID: "E-1", PaymentID: "TRX-1", Status: refund.StatusSucceeded, Kind: refund.KindPartial, Amount: money.MustParse("10.00 PHP"), Trust: refund.TrustSigned,
	})
	e := o.entry("K")
	assert.Equal(t, refund.StatusUnknown, e.Status, done.Why)
	assert.True(t, e.Flagged())
	assert.False(t, e.Free(), "the key is taken back")
	o.during = func(string) { t.Error("it was sent again") }
	_, err = o.Refund(t.Context(), keyed("K", "10.00 PHP"))
	require.ErrorIs(t, err, refund.OutcomeUnknown)
	_, err = o.Refund(t.Context(), keyed("K-2", "10.00 PHP"))
	require.ErrorIs(t, err, refund.InProgress, "the payment is blocked")
}

func TestC13_ANoAfterANo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.refunded("K", refund.StatusRefused)
	assert.False(t, o.apply(signed("E-1", "K", refund.StatusFailed)).Changed)
	assert.Equal(t, refund.StatusRefused, o.entry("K").Status)
	assert.False(t, o.entry("K").Flagged())
}

func TestC14_AnotherRefundsIDUnderAKey(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.refunded("K-1", refund.StatusSucceeded)
	o.refunded("K-2", refund.StatusUnknown)
	o.clock.advance(time.Hour)
	o.asked = 0
	ev := signed("E-1", "K-2", refund.StatusSucceeded)
	ev.RefundID = "R-K-1"
	done := o.apply(ev)
	assert.Equal(t, refund.StatusUnknown, done.Entry.Status, done.Why)
	assert.True(t, done.Entry.Flagged())
	assert.Equal(t, 2, o.asked, "about the refund whose id it is, too")
	assert.Empty(t, o.query.RefundID, "the gateway is asked by what was known before")
	version := done.Entry.Version
	o.apply(ev)
	assert.Equal(t, version, o.entry("K-2").Version, "a second time it changes nothing")

	ev = signed("E-2", "K-2", refund.StatusSucceeded)
	ev.RefundID = "TRX-1"
	assert.Equal(t, refund.StatusSucceeded, o.apply(ev).Entry.Status, "the payment's own id is none")
	assert.Empty(t, o.entry("K-2").Result.RefundID)
}

func TestC30_TheSameKeyWhileItIsSent(t *testing.T) {
	t.Parallel()
	j, now := journal.Memory(), &clock{now: noon}
	crash(t, j, keyed("K", "10.00 PHP"), noon)
	client := refund.New(accepting(), refund.WithJournal(j), refund.WithClock(now.Now))
	_, err := client.Refund(t.Context(), keyed("K", "10.00 PHP"))
	e := theError(t, err)
	assert.Equal(t, refund.StatusUnknown, refund.StatusOf(err))
	assert.Equal(t, refund.Maybe, e.Status.MoneyMoved())
	require.ErrorIs(t, err, refund.OutcomeUnknown)
	require.ErrorIs(t, err, refund.InProgress)
	assert.False(t, refund.SafeToRetry(err))
	assert.Equal(t, &refund.Blocker{Key: "K", Status: refund.StatusUnknown}, e.Blocker)
}

func TestC31_AKeyConflictTellsWhatStandsInTheWay(t *testing.T) {
	t.Parallel()
	p := accepting()
	client := refund.New(p, refund.WithJournal(journal.Memory()))
	_, err := client.Refund(t.Context(), keyed("K", "10.00 PHP"))
	require.NoError(t, err)
	for field, change := range map[string]func(*refund.Request){
		"Reason":         func(r *refund.Request) { r.Reason = "another" },
		"Amount":         func(r *refund.Request) { r.Amount = money.MustParse("11.00 PHP") },
		"Payment.ID":     func(r *refund.Request) { r.Payment.ID = "TRX-2" },
		"Payment.Amount": func(r *refund.Request) { r.Payment.Amount = money.MustParse("101.00 PHP") },
		"Payment.PaidAt": func(r *refund.Request) { r.Payment.PaidAt = noon },
		"NotifyCustomer": func(r *refund.Request) { r.NotifyCustomer = true },
		"CallbackURL":    func(r *refund.Request) { r.CallbackURL = "https://shop.example/cb" },
		"Params":         func(r *refund.Request) { r.Params = map[string]string{"fake.note": "x"} },
	} {
		req := keyed("K", "10.00 PHP")
		change(&req)
		_, err = client.Refund(t.Context(), req)
		require.ErrorIs(t, err, refund.KeyConflict, field)
		assert.Equal(t, &refund.Blocker{Key: "K", Status: refund.StatusSucceeded}, theError(t, err).Blocker, field)
		assert.ErrorContains(t, err, "whose "+field+" differs and whose outcome is \"succeeded\"", field)
	}
	req := keyed("K", "10.00 PHP")
	req.By, req.Again = "Ada", true
	res, err := client.Refund(t.Context(), req)
	require.NoError(t, err, "who asks, and whether again, is no part of the request")
	assert.True(t, res.Replayed)
	assert.EqualValues(t, 1, p.calls.Load())
}

func TestC32_ADecisionByWhatWasSeenAMinuteAgo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.refunded("K", refund.StatusUnknown)
	o.clock.advance(time.Hour)
	seen := o.entry("K")
	o.apply(signed("E-1", "K", refund.StatusSucceeded))

	_, err := o.Resolve(t.Context(), "K", decide(refund.StatusNotSent, seen.Status))
	require.ErrorIs(t, err, refund.ErrStale)
	theError(t, err)
	assert.ErrorContains(t, err, "Seen is unknown, but the refund is succeeded now")
	assert.Equal(t, refund.StatusSucceeded, o.entry("K").Status)

	r := decide(refund.StatusReversed, refund.StatusSucceeded)
	r.Version = seen.Version
	_, err = o.Resolve(t.Context(), "K", r)
	require.ErrorIs(t, err, refund.ErrStale, "the status is the same, the version is not")
	r.Version = o.entry("K").Version
	_, err = o.Resolve(t.Context(), "K", r)
	require.ErrorIs(t, err, refund.InvalidRequest)
	assert.ErrorContains(t, err, "Force", "the gateway has taken it on")
	assert.Equal(t, refund.StatusSucceeded, o.entry("K").Status)
	r.Force = true
	e, err := o.Resolve(t.Context(), "K", r)
	require.NoError(t, err)
	assert.Equal(t, refund.StatusReversed, e.Status)
}

// slowJournal lets two people read before one of them writes.
type slowJournal struct {
	refund.Journal
	read *sync.WaitGroup
}

func (j *slowJournal) Entry(ctx context.Context, key string) (*refund.Entry, error) {
	e, err := j.Journal.Entry(ctx, key)
	if j.read != nil && e != nil && e.Status == refund.StatusUnknown {
		j.read.Done()
		j.read.Wait()
	}
	return e, err
}

func TestC33_TwoPeopleDecideAtOnce(t *testing.T) {
	t.Parallel()
	j := &slowJournal{Journal: journal.Memory()}
	crash(t, j, keyed("K", "10.00 PHP"), noon)
	later := &clock{now: noon.Add(time.Hour)}
	client := refund.New(accepting(), refund.WithJournal(j), refund.WithClock(later.Now))
	j.read = new(sync.WaitGroup)
	j.read.Add(2)
	errs := make(chan error, 2)
	for _, status := range []refund.Status{refund.StatusNotSent, refund.StatusSucceeded} {
		go func() {
			_, err := client.Resolve(context.Background(), "K", decide(status, refund.StatusUnknown))
			errs <- err
		}()
	}
	one, two := <-errs, <-errs
	if one != nil {
		one, two = two, one
	}
	require.NoError(t, one)
	require.ErrorIs(t, two, refund.ErrStale, "the loser is told")
}

// A sender that was suspended after Begin, and comes back a day later.
func TestC34_ASenderFromThePast(t *testing.T) {
	t.Parallel()
	now := &clock{now: noon}
	j := &freezing{Journal: journal.Memory(), after: func() {}}
	p := accepting()
	client := refund.New(p, refund.WithJournal(j), refund.WithClock(now.Now), refund.WithLease(time.Minute))
	j.after = func() {
		j.after = func() {}
		now.advance(61 * time.Second)
		_, err := client.Resolve(context.Background(), "K", decide(refund.StatusNotSent, refund.StatusUnknown))
		assert.ErrorIs(t, err, refund.InProgress, "others count a lease as over a minute later")
		now.advance(26 * time.Hour)
		_, err = client.Resolve(context.Background(), "K", decide(refund.StatusNotSent, refund.StatusUnknown))
		assert.NoError(t, err)
		_, err = client.Refund(context.Background(), keyed("K", "10.00 PHP"))
		assert.NoError(t, err)
	}
	_, err := client.Refund(t.Context(), keyed("K", "10.00 PHP"))
	e := theError(t, err)
	assert.Equal(t, refund.StatusNotSent, e.Status, "this call sent nothing")
	assert.Equal(t, &refund.Blocker{Key: "K", Status: refund.StatusSucceeded}, e.Blocker)
	assert.EqualValues(t, 1, p.calls.Load(), "the refund was sent once")
}

// A late sender alone leaves the refund as what it is: never sent.
func TestC34_ALateSenderSendsNothing(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"suspended": time.Hour, "just over": time.Minute} {
		now := &clock{now: noon}
		j := &freezing{Journal: journal.Memory(), after: func() { now.advance(jump) }}
		p := accepting()
		client := refund.New(p, refund.WithJournal(j), refund.WithClock(now.Now), refund.WithLease(time.Minute))
		_, err := client.Refund(t.Context(), keyed("K", "10.00 PHP"))
		assert.Equal(t, refund.StatusNotSent, refund.StatusOf(err), name)
		assert.True(t, refund.SafeToRetry(err), name)
		assert.Zero(t, p.calls.Load(), name)
		e, err := client.Entry(t.Context(), "K")
		require.NoError(t, err)
		assert.Equal(t, refund.StatusNotSent, e.Status, name)
	}
}

// The call ends with the lease, also if the provider would go on.
func TestC34_TheCallEndsWithTheLease(t *testing.T) {
	t.Parallel()
	p := &fake{caps: capabilities(), answer: func(ctx context.Context, _ refund.Request) (*refund.Result, error) {
		deadline, ok := ctx.Deadline()
		assert.True(t, ok)
		assert.LessOrEqual(t, time.Until(deadline), time.Minute)
		return &refund.Result{Status: refund.StatusSucceeded}, nil
	}}
	_, err := refund.New(p, refund.WithJournal(journal.Memory()), refund.WithLease(time.Minute)).Refund(t.Context(), keyed("K", "10.00 PHP"))
	require.NoError(t, err)
}

// freezing is a journal after whose Begin something happens.
type freezing struct {
	refund.Journal
	after func()
}

func (j *freezing) Begin(ctx context.Context, in refund.Intent) (*refund.Entry, bool, error) {
	e, fresh, err := j.Journal.Begin(ctx, in)
	if fresh {
		j.after()
	}
	return e, fresh, err
}

func inEnvironment(env refund.Environment) func(*refund.Capabilities) {
	return func(c *refund.Capabilities) { c.Environment = env }
}

func TestC37_SandboxAndProductionDoNotMeet(t *testing.T) {
	t.Parallel()
	j := journal.Memory()
	client := func(env refund.Environment) *refund.Client {
		return refund.New(&fake{caps: capabilities(inEnvironment(env)), answer: accepting().answer}, refund.WithJournal(j))
	}
	test, live := client(refund.Sandbox), client(refund.Production)
	_, err := test.Refund(t.Context(), keyed("order-1", "100.00 PHP"))
	require.NoError(t, err)

	_, err = live.Refund(t.Context(), keyed("order-1", "100.00 PHP"))
	require.ErrorIs(t, err, refund.KeyConflict)
	assert.ErrorContains(t, err, "environment")
	_, err = live.Entry(t.Context(), "order-1")
	require.ErrorIs(t, err, refund.InvalidRequest)
	res, err := live.Refund(t.Context(), keyed("order-2", "100.00 PHP"))
	require.NoError(t, err, "the payments do not meet")
	assert.False(t, res.Replayed)
}

func TestC38_ARefusedRefundsMistakeCountsForNothing(t *testing.T) {
	t.Parallel()
	j := journal.Memory()
	wrong := keyed("K-1", "10.00 PHP")
	wrong.Payment.Amount = money.MustParse("250.00 PHP")
	no := failing(&refund.Error{Gateway: "fake", Op: "refund", Code: refund.Declined, Status: refund.StatusRefused})
	_, err := refund.New(no, refund.WithJournal(j)).Refund(t.Context(), wrong)
	require.ErrorIs(t, err, refund.Declined)

	right := keyed("K-2", "20.00 PHP")
	right.Payment.Amount = money.MustParse("25.00 PHP")
	client := refund.New(accepting(), refund.WithJournal(j))
	_, err = client.Refund(t.Context(), right)
	require.NoError(t, err)
	right.Key = "K-3"
	_, err = client.Refund(t.Context(), right)
	require.ErrorIs(t, err, refund.ExceedsRefundable, "25.00 counts")
	assert.Equal(t, &refund.Blocker{Key: "K-2", Status: refund.StatusSucceeded}, theError(t, err).Blocker)
}

func TestC39_NoJournalIsNoGuard(t *testing.T) {
	t.Parallel()
	var store *journal.Store // as an Open whose error nobody looked at leaves it
	for name, j := range map[string]refund.Journal{"nil": nil, "a nil pointer": store} {
		p := able{fake: accepting()}
		client := refund.New(p, refund.WithJournal(j))
		_, err := client.Refund(t.Context(), keyed("K", "10.00 PHP"))
		require.ErrorIs(t, err, refund.InvalidRequest, name)
		assert.ErrorContains(t, err, "journal is nil", name)
		_, err = client.Settle(t.Context(), "K")
		assert.ErrorContains(t, err, "journal is nil", name)
		_, err = client.Apply(t.Context(), &refund.Event{ID: "E", PaymentID: "TRX-1"})
		assert.ErrorContains(t, err, "journal is nil", name)
		assert.Zero(t, p.calls.Load(), name)
	}
}

func TestC43_AnswersOtherwiseThanAsked(t *testing.T) {
	t.Parallel()
	answering := func(res refund.Result) *fake {
		return &fake{caps: capabilities(), answer: func(context.Context, refund.Request) (*refund.Result, error) { r := res; return &r, nil }}
	}
	for name, opts := range map[string][]refund.Option{"alone": nil, "with a journal": {refund.WithJournal(journal.Memory())}} {
		client := refund.New(answering(refund.Result{Status: refund.StatusSucceeded, RefundID: "R-1", Amount: money.MustParse("1000 JPY")}), opts...)
		res, err := client.Refund(t.Context(), keyed("K", "10.00 PHP"))
		requireUnknown(t, res, err)
		assert.ErrorContains(t, err, "1000 JPY", name)
	}
	for _, tt := range []struct {
		name   string
		ask    refund.Request
		answer refund.Result
		books  string
	}{
		{"a part instead of the whole", refund.Full("TRX-1"), refund.Result{Kind: refund.KindPartial, Amount: money.MustParse("40.00 PHP")}, "100.00 PHP"},
		{"more", refund.Partial("TRX-1", money.MustParse("10.00 PHP")), refund.Result{Amount: money.MustParse("30.00 PHP")}, "30.00 PHP"},
		{"less", refund.Partial("TRX-1", money.MustParse("10.00 PHP")), refund.Result{Amount: money.MustParse("3.00 PHP")}, "10.00 PHP"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.answer.Status = refund.StatusSucceeded
			tt.ask.Key, tt.ask.Payment.Amount = "K", money.MustParse("100.00 PHP")
			client := refund.New(answering(tt.answer), refund.WithJournal(journal.Memory()))
			res, err := client.Refund(t.Context(), tt.ask)
			require.NoError(t, err)
			assert.Equal(t, tt.answer.Amount, res.Amount, "as the gateway says it")
			e, err := client.Entry(t.Context(), "K")
			require.NoError(t, err)
			assert.True(t, e.Flagged())
			assert.Equal(t, money.MustParse(tt.books), e.Amount, "the larger amount counts")
		})
	}
}

// listing is a provider whose gateway shows these refunds.
func listing(p *fake, seen ...refund.SeenRefund) *asking {
	return &asking{fake: p, ask: func(q refund.Query) (*refund.Report, error) {
		r := &refund.Report{Refunds: seen, Complete: true}
		r.Conclude(&q)
		return r, nil
	}}
}

func TestC44_MoneyGoneElsewhereCounts(t *testing.T) {
	t.Parallel()
	byHand := refund.SeenRefund{ID: "by hand", Amount: money.MustParse("60.00 PHP"), Status: refund.StatusSucceeded}
	client := refund.New(listing(accepting(), byHand), refund.WithJournal(journal.Memory()))
	req := keyed("K-1", "40.00 PHP")
	req.Remaining = money.MustParse("100.00 PHP")
	_, err := client.Refund(t.Context(), req)
	require.ErrorIs(t, err, refund.RemainingMismatch)
	assert.ErrorContains(t, err, "40.00 PHP of the payment is still refundable")
	assert.ErrorContains(t, err, "60.00 PHP was refunded elsewhere")

	_, err = client.Refund(t.Context(), keyed("K-2", "40.01 PHP"))
	require.ErrorIs(t, err, refund.ExceedsRefundable)
	assert.Nil(t, theError(t, err).Blocker, "none of the journal's stands in the way")
	req.Remaining = money.MustParse("40.00 PHP")
	_, err = client.Refund(t.Context(), req)
	require.NoError(t, err)
	_, err = client.Refund(t.Context(), keyed("K-3", "0.01 PHP"))
	require.ErrorIs(t, err, refund.ExceedsRefundable, "counted once, and for all that follow")
	assert.ErrorContains(t, err, "nothing is left")
}

func TestC45_ARefusalWhoseCauseWasMended(t *testing.T) {
	t.Parallel()
	empty := true
	p := &fake{caps: capabilities()}
	p.answer = func(_ context.Context, req refund.Request) (*refund.Result, error) {
		if empty {
			return nil, &refund.Error{Gateway: "fake", Op: "refund", Code: refund.InsufficientFunds, Status: refund.StatusRefused, Message: "no funds"}
		}
		return &refund.Result{Status: refund.StatusSucceeded, Amount: req.Amount}, nil
	}
	client := refund.New(p, refund.WithJournal(journal.Memory()))
	req := keyed("K", "10.00 PHP")
	_, err := client.Refund(t.Context(), req)
	require.ErrorIs(t, err, refund.InsufficientFunds)
	empty = false
	_, err = client.Refund(t.Context(), req)
	require.ErrorIs(t, err, refund.InsufficientFunds, "without asking for it, the refusal is replayed")
	assert.ErrorContains(t, err, "Request.Again")
	assert.EqualValues(t, 1, p.calls.Load())

	req.Again, req.Reason = true, "another"
	_, err = client.Refund(t.Context(), req)
	require.ErrorIs(t, err, refund.KeyConflict, "another request is none of it")
	req.Reason = ""
	res, err := client.Refund(t.Context(), req)
	require.NoError(t, err)
	assert.False(t, res.Replayed)
	res, err = client.Refund(t.Context(), req)
	require.NoError(t, err)
	assert.True(t, res.Replayed, "what is done is not done again")
	assert.EqualValues(t, 2, p.calls.Load())
	e, err := client.Entry(t.Context(), "K")
	require.NoError(t, err)
	assert.Len(t, e.History, 4, "both tries are kept")
}

func TestC47_ASumThatNobodyGuards(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	client := refund.New(accepting(), refund.WithJournal(journal.Memory()), refund.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	for _, key := range []string{"K-1", "K-2", "K-3"} {
		req := keyed(key, "60.00 PHP")
		req.Payment.Amount = money.Amount{}
		_, err := client.Refund(t.Context(), req)
		require.NoError(t, err)
	}
	assert.Contains(t, log.String(), "level=WARN")
	assert.Contains(t, log.String(), "give Payment.Amount")
	log.Reset()
	_, err := client.Refund(t.Context(), keyed("K-4", "1.00 PHP"))
	require.ErrorIs(t, err, refund.ExceedsRefundable)
	assert.NotContains(t, log.String(), "give Payment.Amount")
}

func TestC48_NothingIsLeftBelowZero(t *testing.T) {
	t.Parallel()
	client := refund.New(accepting(), refund.WithJournal(journal.Memory()))
	for _, key := range []string{"K-1", "K-2", "K-3"} {
		req := keyed(key, "60.00 PHP")
		req.Payment.Amount = money.Amount{}
		_, err := client.Refund(t.Context(), req)
		require.NoError(t, err)
	}
	_, err := client.Refund(t.Context(), keyed("K-4", "10.00 PHP"))
	require.ErrorIs(t, err, refund.ExceedsRefundable)
	assert.ErrorContains(t, err, "100.00 PHP was paid and nothing is left, since this journal has given back, or may have given back, 180.00 PHP")
	assert.NotContains(t, err.Error(), "-80")
}

// What is only noted while a refund is being sent leaves it its sender's.
func TestANoteDuringTheCall(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.during = func(key string) {
		ev := signed("E-1", key, refund.StatusSucceeded)
		ev.Amount = money.MustParse("3.00 PHP") // its key, and another amount
		_, err := o.Apply(t.Context(), &ev)
		assert.ErrorIs(t, err, refund.InProgress)
		assert.True(t, o.entry(key).Flagged())
		_, err = o.Resolve(t.Context(), key, decide(refund.StatusNotSent, refund.StatusUnknown))
		assert.ErrorIs(t, err, refund.InProgress)
		_, err = o.Client.Refund(t.Context(), keyed(key, "10.00 PHP"))
		assert.ErrorIs(t, err, refund.InProgress)
	}
	res, err := o.Refund(t.Context(), keyed("K", "10.00 PHP"))
	require.NoError(t, err)
	assert.Equal(t, "R-K", res.RefundID)
	e := o.entry("K")
	assert.Equal(t, refund.StatusPending, e.Status)
	assert.True(t, e.Flagged())
}
