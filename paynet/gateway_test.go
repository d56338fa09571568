package paynet_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/refundtest/pretend"
)

// today is a sale of the day on which the tests play.
const today = "xk_sale-of-today"

// start starts a pretend Paynet that knows a sale of 25.00 TRY of last week and
// one of today, and a provider of it.
func start(t *testing.T, gc paynettest.Config, change func(*paynet.Config)) (*paynettest.Gateway, *paynet.Provider) {
	t.Helper()
	gc.Now = noon
	gw, err := paynettest.Start(gc)
	require.NoError(t, err)
	t.Cleanup(gw.Close)
	paid := money.MustParse("25.00 TRY")
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: payment, Amount: paid, PaidAt: noon().AddDate(0, 0, -7)}))
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: today, Amount: paid, PaidAt: noon().Add(-time.Hour)}))
	c := paynet.Config{SecretKey: gw.SecretKey(), Environment: refund.Sandbox, BaseURL: gw.URL(), Now: noon}
	if change != nil {
		change(&c)
	}
	p := open(t, c)
	t.Cleanup(p.CloseIdleConnections)
	return gw, p
}

func TestAcceptedByTheGateway(t *testing.T) {
	t.Parallel()
	for name, gc := range map[string]paynettest.Config{"code as a number": {}, "code as a string": {CodeAsString: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gw, p := start(t, gc, nil)
			for _, amount := range []string{"19.99 TRY", "0.29 TRY", "0.01 TRY"} {
				req := partial(amount)
				req.CallbackURL = "https://shop.example/refunds?token=1"
				res, err := p.Refund(t.Context(), req)
				require.NoError(t, err)
				assert.Equal(t, refund.StatusPending, res.Status)
				assert.Equal(t, refund.KindPartial, res.Kind)
				assert.Equal(t, money.MustParse(amount), res.Amount)
			}
			res, err := p.Refund(t.Context(), refund.Full(payment))
			require.NoError(t, err)
			assert.Equal(t, refund.StatusPending, res.Status)
			assert.Equal(t, refund.KindFull, res.Kind)
			assert.False(t, res.Amount.IsSet(), "the gateway alone knows how much was left")

			type row struct {
				amount, callback string
				full             bool
			}
			var booked []row
			for _, r := range gw.Refunds() {
				booked = append(booked, row{r.Amount.String(), r.CallbackURL, r.Full})
			}
			const callback = "https://shop.example/refunds?token=1"
			assert.Equal(t, []row{
				{"19.99 TRY", callback, false}, {"0.29 TRY", callback, false}, {"0.01 TRY", callback, false}, {"4.71 TRY", "", true},
			}, booked)
			assert.Len(t, gw.Arrivals(), 4)
		})
	}
}

func TestRefusedByTheGateway(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*paynet.Config)
		before []refund.Request
		req    refund.Request
		code   refund.Code
	}{
		{"unknown payment", nil, nil, refund.Full("xk_nobody_knows"), refund.PaymentNotFound},
		{"too much", nil, nil, partial("25.01 TRY"), refund.Declined},
		{"nothing left", nil, []refund.Request{refund.Full(payment)}, partial("0.01 TRY"), refund.Declined},
		{"full twice", nil, []refund.Request{refund.Full(payment)}, refund.Full(payment), refund.Declined},
		{"wrong key", func(c *paynet.Config) { c.SecretKey = "another" }, nil, refund.Full(payment), refund.Unauthorized},
	}
	for _, tt := range tests {
		for form, gc := range map[string]paynettest.Config{"HTTP 200": {}, "HTTP 200, code as a string": {CodeAsString: true}, "HTTP 400": {RefuseAsHTTP400: true}} {
			t.Run(tt.name+" by "+form, func(t *testing.T) {
				t.Parallel()
				gw, p := start(t, gc, tt.change)
				for _, req := range tt.before {
					_, err := p.Refund(t.Context(), req)
					require.NoError(t, err)
				}
				refunded, arrived := gw.Refunded(payment), len(gw.Arrivals())

				res, err := p.Refund(t.Context(), tt.req)
				e := failure(t, res, err)
				assert.Equal(t, tt.code, e.Code, "%v", err)
				assert.Equal(t, refund.StatusRefused, e.Status)
				assert.Equal(t, refunded, gw.Refunded(payment), "nothing moved")
				assert.Len(t, gw.Arrivals(), arrived+1)
				assert.False(t, refund.SafeToRetry(err))
			})
		}
	}
}

// The dangerous reading of the manual: a part of a sale of today cancels all of
// it. It must never be asked for, and a full refund must work.
func TestSaleOfToday(t *testing.T) {
	t.Parallel()
	gw, p := start(t, paynettest.Config{SameDayPartialCancels: true}, nil)
	req := refund.Partial(today, money.MustParse("1.00 TRY"))
	req.Payment.PaidAt = noon().Add(-time.Hour)
	res, err := p.Refund(t.Context(), req)
	assert.Equal(t, refund.SameDayPartial, failure(t, res, err).Code)
	assert.Zero(t, gw.Requests())

	req = refund.Full(today)
	req.Payment.PaidAt = noon().Add(-time.Hour)
	_, err = p.Refund(t.Context(), req)
	require.NoError(t, err)
	assert.Equal(t, money.MustParse("25.00 TRY"), gw.Refunded(today))
}

// Rules 1 to 3, 11 and 12: what the adapter claims agrees with the ledger.
func TestFaults(t *testing.T) {
	t.Parallel()
	bench := func(gc paynettest.Config, req func(id string) refund.Request, booked string) adaptertest.Bench {
		return adaptertest.Bench{
			Open: func(t *testing.T, timeout time.Duration) (*pretend.Server, refund.Provider) {
				gw, p := start(t, gc, func(c *paynet.Config) { c.Timeout = timeout })
				return gw.Server, p
			},
			Request: req, Paid: money.MustParse("25.00 TRY"), Booked: money.MustParse(booked), Accepted: refund.StatusPending,
		}
	}
	t.Run("full", func(t *testing.T) {
		t.Parallel()
		bench(paynettest.Config{}, refund.Full, "25.00 TRY").Faults(t)
	})
	t.Run("partial", func(t *testing.T) {
		t.Parallel()
		bench(paynettest.Config{CodeAsString: true}, func(id string) refund.Request {
			req := partial("4.35 TRY")
			req.Payment.ID = id
			return req
		}, "4.35 TRY").Faults(t)
	})
}

// A refusal that a fault hides is unknown as well.
func TestFaultsOfRefusals(t *testing.T) {
	t.Parallel()
	for _, fault := range []pretend.Fault{pretend.DropAfterBooking, pretend.HTMLError, pretend.Truncated, pretend.ServerErrorBooked} {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			gw, p := start(t, paynettest.Config{RefuseAsHTTP400: true}, nil)
			gw.Inject(fault)
			res, err := p.Refund(t.Context(), refund.Full("xk_nobody_knows"))
			assert.Equal(t, refund.StatusUnknown, failure(t, res, err).Status)
			assert.Len(t, gw.Arrivals(), 1)
			assert.Empty(t, gw.Refunds())
		})
	}
}

// Rule 13.
func TestConcurrentRefunds(t *testing.T) {
	t.Parallel()
	gw, p := start(t, paynettest.Config{}, nil)
	var wg sync.WaitGroup
	for i := range 25 {
		wg.Go(func() {
			res, err := p.Refund(t.Context(), partial("1.00 TRY"))
			if assert.NoError(t, err, i) {
				assert.Equal(t, money.MustParse("1.00 TRY"), res.Amount)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, money.MustParse("25.00 TRY"), gw.Refunded(payment))
	assert.Len(t, gw.Arrivals(), 25)
}
