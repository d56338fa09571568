package refund_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
)

// noon is a time that no clock gives by chance.
var noon = time.Date(2024, 5, 6, 12, 0, 0, 0, time.UTC)

// capabilities are those of a gateway that can do everything. edits restrict it.
func capabilities(edits ...func(*refund.Capabilities)) refund.Capabilities {
	c := refund.Capabilities{
		Gateway:    "fake",
		Currencies: refund.Fact[[]string]{Value: []string{"PHP"}},
		Full:       refund.Fact[refund.FullMode]{Value: refund.FullNative},
		Partial:    refund.Fact[refund.Answer]{Value: refund.Can},
		Params:     []refund.Param{{Name: "fake.note"}, {Name: "fake.desk"}},
	}
	for _, edit := range edits {
		edit(&c)
	}
	return c
}

// fake is a provider that answers what answer says, and counts the calls.
type fake struct {
	caps   refund.Capabilities
	answer func(ctx context.Context, req refund.Request) (*refund.Result, error)
	calls  atomic.Int64
}

func (f *fake) Capabilities() refund.Capabilities { return f.caps.Clone() }

func (f *fake) Refund(ctx context.Context, req refund.Request) (*refund.Result, error) {
	f.calls.Add(1)
	return f.answer(ctx, req)
}

// accepting is a provider that accepts everything.
func accepting() *fake {
	return &fake{caps: capabilities(), answer: func(_ context.Context, req refund.Request) (*refund.Result, error) {
		return &refund.Result{Status: refund.StatusSucceeded, Kind: req.Kind, Amount: req.Amount, RefundID: "R-1", Code: "00"}, nil
	}}
}

// failing is a provider that fails with err.
func failing(err error) *fake {
	return &fake{caps: capabilities(), answer: func(context.Context, refund.Request) (*refund.Result, error) { return nil, err }}
}

// able has every optional ability.
type able struct {
	*fake
	inspect func() (*refund.Report, error)
	seen    func(refund.Query) // nil = nobody looks
	parse   func() (*refund.Event, error)
	plan    func() (*refund.Plan, error)
}

func (a able) Inspect(_ context.Context, q refund.Query) (*refund.Report, error) {
	if a.seen != nil {
		a.seen(q)
	}
	return a.inspect()
}

func (a able) ParseCallback(context.Context, refund.Callback) (*refund.Event, error) {
	return a.parse()
}

func (a able) Plan(context.Context, refund.Request) (*refund.Plan, error) { return a.plan() }

func ten() refund.Request { return refund.Partial("TRX-1", money.MustParse("10.00 PHP")) }

// theError finds the *Error in err.
func theError(t *testing.T, err error) *refund.Error {
	t.Helper()
	var e *refund.Error
	require.ErrorAs(t, err, &e)
	return e
}

// requireUnknown checks all that makes an unknown outcome one: the careful
// status, its code and no other, no retry, and no result.
func requireUnknown(t *testing.T, res *refund.Result, err error) *refund.Error {
	t.Helper()
	require.Error(t, err)
	assert.Nil(t, res, "a result and an error never come together")
	e := theError(t, err)
	assert.Equal(t, refund.StatusUnknown, e.Status)
	assert.Equal(t, refund.StatusUnknown, refund.StatusOf(err))
	assert.Equal(t, refund.Maybe, refund.StatusOf(err).MoneyMoved())
	assert.False(t, refund.SafeToRetry(err))
	for _, code := range refund.Codes() {
		// Another code would send a caller who asks for it first down the path
		// where no money moved.
		assert.Equal(t, code == refund.OutcomeUnknown, errors.Is(err, code), "errors.Is(err, %s)", code)
	}
	return e
}

func TestRefundAccepted(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]refund.Status{"pending": refund.StatusPending, "succeeded": refund.StatusSucceeded} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &fake{caps: capabilities(), answer: func(context.Context, refund.Request) (*refund.Result, error) {
				return &refund.Result{Status: status, RefundID: "R-7", Code: "00", Message: "fine"}, nil
			}}
			req := ten()
			req.Key = "K-1"
			res, err := refund.New(p, refund.WithClock(func() time.Time { return noon })).Refund(t.Context(), req)
			require.NoError(t, err)
			assert.Equal(t, &refund.Result{
				Gateway: "fake", Key: "K-1", Status: status, Kind: refund.KindPartial, PaymentID: "TRX-1",
				RefundID: "R-7", Code: "00", Message: "fine", At: noon,
			}, res)
			assert.EqualValues(t, 1, p.calls.Load())
		})
	}
}

// What the gateway says it did stands, even where it is not what was asked for.
func TestRefundKeepsTheProvidersAnswer(t *testing.T) {
	t.Parallel()
	earlier := noon.Add(-time.Hour)
	p := &fake{caps: capabilities(), answer: func(context.Context, refund.Request) (*refund.Result, error) {
		return &refund.Result{
			Gateway: "other", Key: "other", Status: refund.StatusPending, Kind: refund.KindFull, PaymentID: "TRX-001",
			Amount: money.MustParse("25.00 PHP"), At: earlier,
		}, nil
	}}
	req := ten()
	req.Key = "K-1"
	res, err := refund.New(p, refund.WithClock(func() time.Time { return noon })).Refund(t.Context(), req)
	require.NoError(t, err)
	assert.Equal(t, refund.KindFull, res.Kind)
	assert.Equal(t, "TRX-001", res.PaymentID)
	assert.Equal(t, money.MustParse("25.00 PHP"), res.Amount)
	assert.Equal(t, earlier, res.At)
	assert.Equal(t, "fake", res.Gateway, "the gateway's name is the client's knowledge")
	assert.Equal(t, "K-1", res.Key, "the key is the caller's")
}

func TestRefundPassesTheRequestOn(t *testing.T) {
	t.Parallel()
	want := ten()
	want.Key, want.Reason, want.NotifyCustomer = "K-1", "broken", true
	want.CallbackURL = "https://shop.example/cb"
	want.Params = map[string]string{"fake.note": "n", "redstone.transfer_to": "momo"}
	want.Payment.Amount, want.Payment.PaidAt = money.MustParse("25.00 PHP"), noon
	var got refund.Request
	p := accepting()
	accept := p.answer
	p.answer = func(ctx context.Context, req refund.Request) (*refund.Result, error) {
		got = req
		return accept(ctx, req)
	}
	_, err := refund.New(p).Refund(t.Context(), want)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestClockDefault(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]refund.Option{"none": nil, "nil clock": {refund.WithClock(nil)}, "nil option": {nil}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := time.Now()
			res, err := refund.New(accepting(), opts...).Refund(t.Context(), ten())
			require.NoError(t, err)
			assert.False(t, res.At.Before(before), "At is %s, the call began at %s", res.At, before)
		})
	}
}

// badError is an error that cannot even be printed when it is a nil pointer.
type badError struct{ text string }

func (e *badError) Error() string { return e.text }

// valueError is a provider's own kind of error.
type valueError struct{ text string }

func (e valueError) Error() string { return e.text }

// Whatever a bad provider does, its call was made: nothing but an answer that
// agrees with itself may say that no money moved.
func TestGuardUnknown(t *testing.T) {
	t.Parallel()
	ok := func(s refund.Status) *refund.Result { return &refund.Result{Status: s, RefundID: "R-1"} }
	fail := func(s refund.Status, c refund.Code) error {
		return &refund.Error{Gateway: "fake", Op: "refund", Status: s, Code: c, Message: "the gateway's text"}
	}
	notSent := fail(refund.StatusNotSent, refund.Unavailable)
	for name, tt := range map[string]struct {
		res *refund.Result
		err error
	}{
		"neither result nor error":    {nil, nil},
		"result of the zero status":   {&refund.Result{}, nil},
		"result unknown":              {ok(refund.StatusUnknown), nil},
		"result not sent":             {ok(refund.StatusNotSent), nil},
		"result refused":              {ok(refund.StatusRefused), nil},
		"result failed":               {ok(refund.StatusFailed), nil},
		"result reversed":             {ok(refund.StatusReversed), nil},
		"result of no listed status":  {ok(refund.Status(77)), nil},
		"success and an error":        {ok(refund.StatusSucceeded), errors.New("but")},
		"plain error":                 {nil, errors.New("no")},
		"a bare Code":                 {nil, refund.Declined},
		"a wrapped bare Code":         {nil, fmt.Errorf("no: %w", refund.AlreadyRefunded)},
		"error succeeded":             {nil, fail(refund.StatusSucceeded, refund.Declined)},
		"error pending":               {nil, fail(refund.StatusPending, refund.Declined)},
		"error failed":                {nil, fail(refund.StatusFailed, refund.Declined)},
		"error reversed":              {nil, fail(refund.StatusReversed, refund.Declined)},
		"error of no listed status":   {nil, fail(refund.Status(77), refund.Declined)},
		"error without a status":      {nil, fail(0, refund.Declined)},
		"unknown, retryable code":     {nil, fail(refund.StatusUnknown, refund.RateLimited)},
		"unknown without a code":      {nil, fail(refund.StatusUnknown, "")},
		"unknown as it should be":     {nil, fail(refund.StatusUnknown, refund.OutcomeUnknown)},
		"not sent, outcome unknown":   {nil, fail(refund.StatusNotSent, refund.OutcomeUnknown)},
		"refused, outcome unknown":    {nil, fail(refund.StatusRefused, refund.OutcomeUnknown)},
		"refused, no listed code":     {nil, fail(refund.StatusRefused, "nope")},
		"not sent, no code":           {nil, fail(refund.StatusNotSent, "")},
		"wrapped contradiction":       {nil, fmt.Errorf("fake: %w", fail(refund.StatusUnknown, refund.Declined))},
		"unknown around a refusal":    {nil, &refund.Error{Status: refund.StatusUnknown, Code: refund.OutcomeUnknown, Err: fail(refund.StatusRefused, refund.Declined)}},
		"not sent around an unknown":  {nil, &refund.Error{Status: refund.StatusNotSent, Code: refund.Unavailable, Err: fail(refund.StatusUnknown, refund.OutcomeUnknown)}},
		"not sent joined w. unknown":  {nil, errors.Join(notSent, fail(refund.StatusUnknown, refund.OutcomeUnknown))},
		"unknown joined with refused": {nil, errors.Join(fail(refund.StatusUnknown, refund.OutcomeUnknown), fail(refund.StatusRefused, refund.Declined))},
		"nil *Error":                  {nil, (*refund.Error)(nil)},
		"success and a nil *Error":    {ok(refund.StatusSucceeded), (*refund.Error)(nil)},
		"nil *Error inside":           {nil, fmt.Errorf("no: %w", &refund.Error{Status: refund.StatusRefused, Code: refund.Declined, Err: (*refund.Error)(nil)})},
		"error that can't be printed": {nil, (*badError)(nil)},
		"cause that can't be printed": {nil, &refund.Error{Status: refund.StatusRefused, Code: refund.Declined, Err: (*badError)(nil)}},
		"error of a type of its own":  {nil, valueError{"no"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &fake{caps: capabilities(), answer: func(context.Context, refund.Request) (*refund.Result, error) { return tt.res, tt.err }}
			log := new(recorder)
			c := refund.New(p, refund.WithRetry(refund.Retry{Attempts: 3, Base: 1, Max: 1}), refund.WithLogger(slog.New(log)))
			res, err := c.Refund(t.Context(), ten())
			requireUnknown(t, res, err)
			assert.EqualValues(t, 1, p.calls.Load(), "an unknown outcome was sent again")
			assert.Contains(t, err.Error(), "fake", "the text names the gateway")
			assert.Contains(t, err.Error(), string(refund.OutcomeUnknown))
		})
	}
}

// What the gateway said stays readable although its status is not believed.
func TestGuardKeepsTheText(t *testing.T) {
	t.Parallel()
	inner := &refund.Error{
		Gateway: "fake", Op: "refund", Status: refund.StatusUnknown, Code: refund.Declined,
		GatewayCode: "X-9", HTTPStatus: 502, Message: "the gateway's text",
	}
	_, err := refund.New(failing(inner)).Refund(t.Context(), ten())
	e := theError(t, err)
	assert.Equal(t, "X-9", e.GatewayCode)
	assert.Equal(t, 502, e.HTTPStatus)
	assert.Contains(t, err.Error(), "the gateway's text")
	assert.Contains(t, err.Error(), "do not send again")
	assert.Equal(t, refund.Declined, inner.Code, "the provider's own error was changed")

	cause := valueError{"socket burnt"}
	_, err = refund.New(failing(cause)).Refund(t.Context(), ten())
	require.ErrorIs(t, err, cause)
	var found valueError
	require.ErrorAs(t, err, &found)
	assert.Equal(t, cause, found)
	assert.Contains(t, err.Error(), "socket burnt")
}

func TestGuardPassesGoodErrors(t *testing.T) {
	t.Parallel()
	for _, status := range []refund.Status{refund.StatusNotSent, refund.StatusRefused} {
		for _, code := range refund.Codes() {
			if code == refund.OutcomeUnknown {
				continue
			}
			t.Run(status.String()+" "+string(code), func(t *testing.T) {
				t.Parallel()
				want := fmt.Errorf("outer: %w", &refund.Error{Gateway: "fake", Op: "refund", Status: status, Code: code})
				res, err := refund.New(failing(want)).Refund(t.Context(), ten())
				assert.Nil(t, res)
				assert.Equal(t, want, err)
				assert.Equal(t, status, refund.StatusOf(err))
				assert.ErrorIs(t, err, code)
			})
		}
	}
}

func TestGuardDropsAResultBesideAnError(t *testing.T) {
	t.Parallel()
	refused := &refund.Error{Gateway: "fake", Op: "refund", Status: refund.StatusRefused, Code: refund.Declined}
	p := &fake{caps: capabilities(), answer: func(context.Context, refund.Request) (*refund.Result, error) {
		return &refund.Result{Status: refund.StatusSucceeded}, refused
	}}
	res, err := refund.New(p).Refund(t.Context(), ten())
	// The two contradict each other: nobody can tell which of them is true.
	requireUnknown(t, res, err)
}

func TestGuardPanic(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{
		"error": errors.New("sk_live_secret"), "string": "sk_live_secret", "nil": nil, "number": 7,
		"code": refund.Declined, "*Error": &refund.Error{Status: refund.StatusRefused, Code: refund.Declined},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &fake{caps: capabilities(), answer: func(context.Context, refund.Request) (*refund.Result, error) { panic(value) }}
			log := new(recorder)
			res, err := refund.New(p, refund.WithLogger(slog.New(log)), refund.WithRetry(refund.Retry{Attempts: 3})).Refund(t.Context(), ten())
			requireUnknown(t, res, err)
			assert.EqualValues(t, 1, p.calls.Load())
			assert.Contains(t, err.Error(), "panicked")
			assert.NotContains(t, err.Error(), "sk_live_secret", "a panic's value may hold anything")
			assert.NotContains(t, log.text(), "sk_live_secret")
			assert.Contains(t, log.text(), "stack")
		})
	}
}

func TestContextErrorsMatch(t *testing.T) {
	t.Parallel()
	for _, ctxErr := range []error{context.Canceled, context.DeadlineExceeded} {
		for name, tt := range map[string]struct {
			err    error
			status refund.Status
		}{
			"bare":             {ctxErr, refund.StatusUnknown},
			"wrapped":          {fmt.Errorf("fake: %w", ctxErr), refund.StatusUnknown},
			"unknown":          {&refund.Error{Status: refund.StatusUnknown, Code: refund.OutcomeUnknown, Err: ctxErr}, refund.StatusUnknown},
			"not sent":         {&refund.Error{Status: refund.StatusNotSent, Code: refund.Unavailable, Err: ctxErr}, refund.StatusNotSent},
			"unknown, no code": {&refund.Error{Status: refund.StatusUnknown, Err: fmt.Errorf("x: %w", ctxErr)}, refund.StatusUnknown},
		} {
			t.Run(ctxErr.Error()+" "+name, func(t *testing.T) {
				t.Parallel()
				_, err := refund.New(failing(tt.err)).Refund(t.Context(), ten())
				require.ErrorIs(t, err, ctxErr)
				require.ErrorIs(t, fmt.Errorf("the shop's own: %w", err), ctxErr)
				assert.Equal(t, tt.status, refund.StatusOf(err))
			})
		}
	}
}

func TestRefundWithAnEndedContext(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), noon) // long past
	t.Cleanup(cancel)
	for name, tt := range map[string]struct {
		ctx  context.Context
		want error
	}{"cancelled": {cancelled, context.Canceled}, "late": {late, context.DeadlineExceeded}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := accepting()
			res, err := refund.New(p, refund.WithRetry(refund.Retry{Attempts: 5})).Refund(tt.ctx, ten())
			assert.Nil(t, res)
			require.ErrorIs(t, err, tt.want)
			require.ErrorIs(t, err, refund.Unavailable)
			assert.Equal(t, refund.StatusNotSent, refund.StatusOf(err))
			assert.Zero(t, p.calls.Load())
		})
	}
}

func TestRefundWithoutContext(t *testing.T) {
	t.Parallel()
	p, log := accepting(), new(recorder)
	c := refund.New(able{fake: p}, refund.WithLogger(slog.New(log)))
	var ctx context.Context
	for op, call := range map[string]func() error{
		"refund": func() error { _, err := c.Refund(ctx, ten()); return err },
		"plan":   func() error { _, err := c.Plan(ctx, ten()); return err },
	} {
		e := theError(t, call())
		assert.Equal(t, refund.InvalidRequest, e.Code, op)
		assert.Equal(t, refund.StatusNotSent, e.Status, op)
		assert.Contains(t, e.Message, "context", op)
	}
	assert.Zero(t, p.calls.Load())
	assert.Len(t, log.all(), 1, "the refund; a plan is not logged")
}

// bare has no method that works without its pointer.
type bare struct{ caps refund.Capabilities }

func (b *bare) Capabilities() refund.Capabilities { return b.caps.Clone() }

func (b *bare) Refund(context.Context, refund.Request) (*refund.Result, error) {
	return &refund.Result{Status: refund.StatusSucceeded}, nil
}

func TestClientWithoutProvider(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*refund.Client{
		"nil":                refund.New(nil),
		"nil pointer":        refund.New((*bare)(nil)),
		"nil pointer, named": refund.New((*bare)(nil), refund.WithName("shop")),
		"zero Client":        new(refund.Client),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := map[string]func() error{
				"refund":   func() error { _, err := c.Refund(t.Context(), ten()); return err },
				"plan":     func() error { _, err := c.Plan(t.Context(), ten()); return err },
				"inspect":  func() error { _, err := c.Inspect(t.Context(), refund.Query{}); return err },
				"callback": func() error { _, err := c.ParseCallback(t.Context(), refund.Callback{}); return err },
			}
			for op, call := range calls {
				e := theError(t, call())
				assert.Equal(t, refund.InvalidRequest, e.Code, op)
				assert.Equal(t, refund.StatusNotSent, e.Status, op)
				assert.Equal(t, op, e.Op)
				assert.Contains(t, e.Message, "no provider", op)
			}
			caps := c.Capabilities()
			assert.Empty(t, caps.Gateway)
		})
	}
}

func TestWithName(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opts    []refund.Option
		asked   string
		want    string
		refused bool
	}{
		"no name":             {nil, "", "fake", false},
		"no name, one asked":  {nil, "shop", "fake", false},
		"empty name":          {[]refund.Option{refund.WithName("")}, "shop", "fake", false},
		"none asked":          {[]refund.Option{refund.WithName("shop")}, "", "shop", false},
		"own name":            {[]refund.Option{refund.WithName("shop")}, "shop", "shop", false},
		"another name":        {[]refund.Option{refund.WithName("shop")}, "other", "shop", true},
		"name in other case":  {[]refund.Option{refund.WithName("shop")}, "Shop", "shop", true},
		"the gateway's name":  {[]refund.Option{refund.WithName("shop")}, "fake", "shop", true},
		"the last name holds": {[]refund.Option{refund.WithName("a"), refund.WithName("shop")}, "a", "shop", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := accepting()
			c := refund.New(p, tt.opts...)
			assert.Equal(t, tt.want, c.Name())
			req := ten()
			req.Provider = tt.asked
			_, err := c.Refund(t.Context(), req)
			if !tt.refused {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, refund.InvalidRequest)
			assert.Equal(t, refund.StatusNotSent, refund.StatusOf(err))
			assert.Contains(t, err.Error(), strconv.Quote(tt.asked))
			assert.Contains(t, err.Error(), strconv.Quote(tt.want))
			assert.Zero(t, p.calls.Load())
		})
	}
}

func TestAbilitiesMissing(t *testing.T) {
	t.Parallel()
	c := refund.New(accepting())
	for op, call := range map[string]func() (any, error){
		"inspect":  func() (any, error) { return c.Inspect(t.Context(), refund.Query{}) },
		"callback": func() (any, error) { return c.ParseCallback(t.Context(), refund.Callback{}) },
		"plan":     func() (any, error) { return c.Plan(t.Context(), ten()) },
	} {
		t.Run(op, func(t *testing.T) {
			v, err := call()
			assert.Nil(t, v)
			e := theError(t, err)
			assert.Equal(t, refund.Unsupported, e.Code)
			assert.Equal(t, refund.StatusNotSent, e.Status)
			assert.Equal(t, "fake", e.Gateway)
			assert.Equal(t, op, e.Op)
			assert.False(t, refund.SafeToRetry(err))
		})
	}
}

func TestAbilitiesPresent(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	report, event, plan := &refund.Report{Why: "seen"}, &refund.Event{ID: "E-1"}, &refund.Plan{Method: "POST"}
	p := able{
		fake:    accepting(),
		inspect: func() (*refund.Report, error) { return report, nil },
		parse:   func() (*refund.Event, error) { return event, nil },
		plan:    func() (*refund.Plan, error) { return plan, nil },
	}
	c := refund.New(p)
	gotReport, err := c.Inspect(t.Context(), refund.Query{})
	require.NoError(t, err)
	assert.Same(t, report, gotReport)
	gotEvent, err := c.ParseCallback(t.Context(), refund.Callback{})
	require.NoError(t, err)
	assert.Equal(t, &refund.Event{Gateway: "fake", ID: "E-1"}, gotEvent)
	assert.Equal(t, &refund.Event{ID: "E-1"}, event, "the provider's value was changed")
	gotPlan, err := c.Plan(t.Context(), refund.Full("TRX-1"))
	require.NoError(t, err)
	assert.Same(t, plan, gotPlan)
	assert.Zero(t, p.calls.Load(), "none of them refunds")

	p.inspect = func() (*refund.Report, error) { return nil, boom }
	_, err = refund.New(p).Inspect(t.Context(), refund.Query{})
	require.ErrorIs(t, err, boom)
}

// Plan refuses what Refund would refuse, and under its own name.
func TestPlanChecks(t *testing.T) {
	t.Parallel()
	p := able{fake: accepting(), plan: func() (*refund.Plan, error) {
		t.Error("the provider was asked")
		return nil, nil
	}}
	c := refund.New(p, refund.WithName("shop"))
	bad := refund.Partial("TRX-1", money.Amount{})
	other := ten()
	other.Provider = "elsewhere"
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tt := range map[string]struct {
		ctx  context.Context
		req  refund.Request
		code refund.Code
	}{
		"no amount":     {t.Context(), bad, refund.InvalidAmount},
		"another shop":  {t.Context(), other, refund.InvalidRequest},
		"ended context": {ended, ten(), refund.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.Plan(tt.ctx, tt.req)
			e := theError(t, err)
			assert.Equal(t, tt.code, e.Code)
			assert.Equal(t, "plan", e.Op)
			assert.Equal(t, refund.StatusNotSent, e.Status)
		})
	}
}

// A provider may answer each call with the same value, as test doubles do.
// Callers must not see each other's key through it.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	shared := &refund.Result{Status: refund.StatusPending}
	p := &fake{caps: capabilities(), answer: func(context.Context, refund.Request) (*refund.Result, error) { return shared, nil }}
	log := new(recorder)
	c := refund.New(p, refund.WithLogger(slog.New(log)))
	r, err := refund.NewRouter("shop", map[string]*refund.Client{"shop": c})
	require.NoError(t, err)

	const n = 64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			req := refund.Full(fmt.Sprintf("TRX-%d", i))
			req.Key = fmt.Sprintf("K-%d", i)
			var sender refund.Refunder = c
			if i%2 == 0 {
				sender = r
			}
			res, err := sender.Refund(t.Context(), req)
			if assert.NoError(t, err) {
				assert.Equal(t, req.Key, res.Key)
				assert.Equal(t, req.Payment.ID, res.PaymentID)
			}
			caps := c.Capabilities()
			caps.Currencies.Value[0] = "XXX" // the caller's own copy
		})
	}
	wg.Wait()
	assert.Equal(t, &refund.Result{Status: refund.StatusPending}, shared, "the provider's value was changed")
	assert.EqualValues(t, n, p.calls.Load())
	assert.Len(t, log.all(), n)
}

// Two calls are two refunds without a journal, whatever their key.
func TestNoJournalNoMemory(t *testing.T) {
	t.Parallel()
	p := accepting()
	c := refund.New(p)
	req := ten()
	req.Key = "K-1"
	for range 2 {
		res, err := c.Refund(t.Context(), req)
		require.NoError(t, err)
		assert.False(t, res.Replayed)
	}
	assert.EqualValues(t, 2, p.calls.Load())
}

// recorder is a slog.Handler that keeps the records.
type recorder struct {
	mu      sync.Mutex
	least   slog.Level
	records []record
}

type record struct {
	level slog.Level
	text  string
	attrs map[string]string
	twice []string // attributes that came more than once
}

func (h *recorder) Enabled(_ context.Context, l slog.Level) bool { return l >= h.least }
func (h *recorder) WithAttrs([]slog.Attr) slog.Handler           { return h }
func (h *recorder) WithGroup(string) slog.Handler                { return h }

func (h *recorder) Handle(_ context.Context, r slog.Record) error {
	kept := record{level: r.Level, text: r.Message, attrs: map[string]string{}}
	r.Attrs(func(a slog.Attr) bool {
		if _, seen := kept.attrs[a.Key]; seen {
			kept.twice = append(kept.twice, a.Key)
		}
		kept.attrs[a.Key] = a.Value.String()
		return true
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.records = append(h.records, kept)
	return nil
}

func (h *recorder) all() []record {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.records
}

func (h *recorder) text() string { return fmt.Sprint(h.all()) }

func TestLogging(t *testing.T) {
	t.Parallel()
	fail := func(s refund.Status, c refund.Code) *fake {
		return failing(&refund.Error{Gateway: "fake", Op: "refund", Status: s, Code: c, GatewayCode: "X-9", Message: "no"})
	}
	answering := func(res refund.Result) *fake {
		return &fake{caps: capabilities(), answer: func(context.Context, refund.Request) (*refund.Result, error) { return &res, nil }}
	}
	done := map[string]string{"attempt": "1", "refund_id": "R-1", "gateway_code": "00", "amount": "10.00 PHP"}
	for name, tt := range map[string]struct {
		p     *fake
		edit  func(*refund.Request)
		level slog.Level
		text  string
		attrs map[string]string
	}{
		"succeeded": {accepting(), nil, slog.LevelInfo, "refund succeeded", done},
		"refused": {fail(refund.StatusRefused, refund.Declined), nil, slog.LevelWarn, "refund refused",
			map[string]string{"code": "declined", "gateway_code": "X-9", "money_moved": "no", "attempt": "1", "error": "fake: refund refused: declined: no (gateway code X-9)"}},
		"not sent": {fail(refund.StatusNotSent, refund.Unavailable), nil, slog.LevelWarn, "refund not_sent",
			map[string]string{"code": "unavailable", "money_moved": "no", "attempt": "1"}},
		"not even asked": {accepting(), func(r *refund.Request) { r.Kind = 0 }, slog.LevelWarn, "refund not_sent",
			map[string]string{"code": "invalid_request", "attempt": "0", "asked": ""}},
		"unknown": {fail(refund.StatusUnknown, refund.OutcomeUnknown), nil, slog.LevelError, "refund unknown",
			map[string]string{"code": "outcome_unknown", "money_moved": "maybe", "attempt": "1"}},
		"another kind": {answering(refund.Result{Status: refund.StatusPending, Kind: refund.KindFull}), nil, slog.LevelWarn, "refund pending",
			map[string]string{"asked": "partial", "kind": "full", "money_moved": "maybe"}},
		"another amount": {answering(refund.Result{Status: refund.StatusPending, Amount: money.MustParse("100.00 PHP")}), nil, slog.LevelWarn, "refund pending",
			map[string]string{"asked_amount": "10.00 PHP", "amount": "100.00 PHP"}},
		"another payment": {answering(refund.Result{Status: refund.StatusSucceeded, PaymentID: "TRX-2"}), nil, slog.LevelWarn, "refund succeeded",
			map[string]string{"payment": "TRX-1"}},
		"amount not told": {answering(refund.Result{Status: refund.StatusPending}), nil, slog.LevelInfo, "refund pending",
			map[string]string{"asked_amount": "10.00 PHP", "amount": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := ten()
			req.Payment.Amount, req.By = money.MustParse("25.00 PHP"), "Ayşe Yılmaz"
			req.Key, req.Reason, req.CallbackURL = "K-1", "for Ayşe, +90 555 000 11 22", "https://shop.example/cb?token=t0ken"
			req.Params = map[string]string{"fake.note": "param-value", "redstone.email": "a@b.example"}
			if tt.edit != nil {
				tt.edit(&req)
			}
			log := new(recorder)
			_, _ = refund.New(tt.p, refund.WithLogger(slog.New(log)), refund.WithName("shop")).Refund(t.Context(), req)
			records := log.all()
			require.Len(t, records, 1, "one call, one record")
			got := records[0]
			assert.Equal(t, tt.level, got.level)
			assert.Equal(t, tt.text, got.text)
			assert.Empty(t, got.twice)
			for k, v := range map[string]string{"gateway": "fake", "provider": "shop", "payment": "TRX-1", "key": "K-1"} {
				assert.Equal(t, v, got.attrs[k], k)
			}
			for k, v := range tt.attrs {
				assert.Equal(t, v, got.attrs[k], k)
			}
			for _, private := range []string{"Ayşe", "Yılmaz", "555", "t0ken", "shop.example", "param-value", "a@b.example"} {
				assert.NotContains(t, log.text(), private)
			}
		})
	}
}

func TestLoggingLevelAndBounds(t *testing.T) {
	t.Parallel()
	t.Run("level off", func(t *testing.T) {
		t.Parallel()
		log := &recorder{least: slog.LevelError}
		_, err := refund.New(accepting(), refund.WithLogger(slog.New(log))).Refund(t.Context(), ten())
		require.NoError(t, err)
		assert.Empty(t, log.all())
	})
	t.Run("nil logger", func(t *testing.T) {
		t.Parallel()
		_, err := refund.New(accepting(), refund.WithLogger(nil)).Refund(t.Context(), ten())
		require.NoError(t, err)
	})
	t.Run("each attempt", func(t *testing.T) {
		t.Parallel()
		log := new(recorder)
		p := failing(&refund.Error{Status: refund.StatusNotSent, Code: refund.Unavailable})
		c := refund.New(p, refund.WithLogger(slog.New(log)), refund.WithRetry(refund.Retry{Attempts: 3, Base: 1, Max: 1}))
		req := ten()
		req.Payment.Amount = money.MustParse("25.00 PHP")
		_, err := c.Refund(t.Context(), req)
		require.Error(t, err)
		var attempts []string
		for _, r := range log.all() {
			attempts = append(attempts, r.attrs["attempt"])
		}
		assert.Equal(t, []string{"1", "2", "3"}, attempts)
	})
	t.Run("refused ids are cut", func(t *testing.T) {
		t.Parallel()
		log := new(recorder)
		req := refund.Full(strings.Repeat("x", 1<<20))
		req.Key, req.Provider = strings.Repeat("y", 1<<20), strings.Repeat("z", 1<<20)
		_, err := refund.New(accepting(), refund.WithLogger(slog.New(log)), refund.WithName("shop")).Refund(t.Context(), req)
		require.Error(t, err)
		require.Len(t, log.all(), 1)
		assert.Less(t, len(log.text()), 4<<10)
		assert.Less(t, len(err.Error()), 1<<10)
	})
	t.Run("the request's text stays out of errors", func(t *testing.T) {
		t.Parallel()
		req := ten()
		req.Params = map[string]string{"fake.note": "pa\nram"}
		_, err := refund.New(accepting()).Refund(t.Context(), req)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "ram\"")
		req = ten()
		req.CallbackURL = "https://user:s3cret@shop.example/t0ken"
		_, err = refund.New(accepting()).Refund(t.Context(), req)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "s3cret")
		assert.NotContains(t, err.Error(), "t0ken")
	})
}

// talkative is a provider that hides nothing of itself.
type talkative struct {
	refund.Provider
	Token string
}

func TestPrintingAClientShowsNothingOfTheProvider(t *testing.T) {
	t.Parallel()
	client := refund.New(talkative{Provider: &fake{}, Token: "token-5f2c"}, refund.WithName("shop-tr"))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		assert.Equal(t, "refund.Client(shop-tr)", fmt.Sprintf(verb, client), verb)
	}
}
