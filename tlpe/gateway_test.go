package tlpe_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

// start starts a pretend TLPE that knows one payment of 25.00 PHP, and a
// provider of it.
func start(t *testing.T, gc tlpetest.Config, change func(*tlpe.Config)) (*tlpetest.Gateway, *tlpe.Provider) {
	t.Helper()
	gw, err := tlpetest.Start(gc)
	require.NoError(t, err)
	t.Cleanup(gw.Close)
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: payment, Amount: money.MustParse("25.00 PHP")}))
	c := tlpe.Config{Token: gw.Token(), Environment: refund.Sandbox, BaseURL: gw.URL()}
	if change != nil {
		change(&c)
	}
	p := open(t, c)
	t.Cleanup(p.CloseIdleConnections)
	return gw, p
}

func TestAcceptedByTheGateway(t *testing.T) {
	t.Parallel()
	for _, as := range []string{"", "string", "number"} {
		t.Run("amount as "+as, func(t *testing.T) {
			t.Parallel()
			gw, p := start(t, tlpetest.Config{FullAfterPartial: true}, func(c *tlpe.Config) { c.AmountAs = as })

			for _, amount := range []string{"19.99 PHP", "0.29 PHP", "0.01 PHP"} {
				req := partial(amount)
				req.Reason = "Cancelled transaction"
				res, err := p.Refund(t.Context(), req)
				require.NoError(t, err)
				assert.Equal(t, refund.StatusSucceeded, res.Status)
				assert.Equal(t, refund.KindPartial, res.Kind)
				assert.Equal(t, money.MustParse(amount), res.Amount)
			}
			res, err := p.Refund(t.Context(), refund.Full(payment))
			require.NoError(t, err)
			assert.Equal(t, refund.StatusSucceeded, res.Status)
			assert.Equal(t, refund.KindFull, res.Kind)
			assert.False(t, res.Amount.IsSet(), "the gateway alone knows how much was left")

			var booked []string
			for _, r := range gw.Refunds() {
				booked = append(booked, fmt.Sprintf("%s %s", r.Amount, r.Reason))
			}
			assert.Equal(t, []string{
				"19.99 PHP Cancelled transaction", "0.29 PHP Cancelled transaction", "0.01 PHP Cancelled transaction",
				"4.71 PHP Refund requested by the merchant",
			}, booked)
			assert.Len(t, gw.Arrivals(), 4)
		})
	}
}

func TestRefusedByTheGateway(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		gateway tlpetest.Config
		change  func(*tlpe.Config)
		before  []refund.Request
		req     refund.Request
		code    refund.Code
	}{
		{"unknown payment", tlpetest.Config{}, nil, nil, refund.Full("TRX-nobody-knows"), refund.PaymentNotFound},
		{"too much", tlpetest.Config{}, nil, nil, partial("25.01 PHP"), refund.Declined},
		{"nothing left", tlpetest.Config{}, nil, []refund.Request{refund.Full(payment)}, partial("0.01 PHP"), refund.AlreadyRefunded},
		{"full twice", tlpetest.Config{}, nil, []refund.Request{refund.Full(payment)}, refund.Full(payment), refund.AlreadyRefunded},
		{"full after a part", tlpetest.Config{}, nil, []refund.Request{partial("1.00 PHP")}, refund.Full(payment), refund.Declined},
		{"wrong token", tlpetest.Config{}, func(c *tlpe.Config) { c.Token = "another" }, nil, refund.Full(payment), refund.Unauthorized},
		{"address not allowed", tlpetest.Config{ForbidIP: true}, nil, nil, refund.Full(payment), refund.Unauthorized},
		{"decimals that the payment does not have", tlpetest.Config{}, func(c *tlpe.Config) { c.Currency = "KWD" }, nil, partial("1.005 KWD"), refund.InvalidRequest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			gw, p := start(t, tt.gateway, tt.change)
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

// Rules 1 to 3, 11 and 12: what the adapter claims agrees with the ledger.
func TestFaults(t *testing.T) {
	t.Parallel()
	bench := func(req func(id string) refund.Request, booked string) adaptertest.Bench {
		return adaptertest.Bench{
			Open: func(t *testing.T, timeout time.Duration) (*pretend.Server, refund.Provider) {
				gw, p := start(t, tlpetest.Config{}, func(c *tlpe.Config) { c.Timeout = timeout })
				return gw.Server, p
			},
			Request: req, Paid: money.MustParse("25.00 PHP"), Booked: money.MustParse(booked), Accepted: refund.StatusSucceeded,
		}
	}
	t.Run("full", func(t *testing.T) {
		t.Parallel()
		bench(refund.Full, "25.00 PHP").Faults(t)
	})
	t.Run("partial", func(t *testing.T) {
		t.Parallel()
		bench(func(id string) refund.Request { return refund.Partial(id, money.MustParse("4.35 PHP")) }, "4.35 PHP").Faults(t)
	})
}

// A refusal that a fault hides is unknown as well.
func TestFaultsOfRefusals(t *testing.T) {
	t.Parallel()
	for _, fault := range []pretend.Fault{pretend.DropAfterBooking, pretend.HTMLError, pretend.Truncated, pretend.ServerErrorBooked} {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			gw, p := start(t, tlpetest.Config{}, nil)
			gw.Inject(fault)
			res, err := p.Refund(t.Context(), refund.Full("TRX-nobody-knows"))
			assert.Equal(t, refund.StatusUnknown, failure(t, res, err).Status)
			assert.Len(t, gw.Arrivals(), 1)
			assert.Empty(t, gw.Refunds())
		})
	}
}

// Rule 13.
func TestConcurrentRefunds(t *testing.T) {
	t.Parallel()
	gw, p := start(t, tlpetest.Config{}, nil)
	var wg sync.WaitGroup
	for i := range 25 {
		wg.Go(func() {
			res, err := p.Refund(t.Context(), partial("1.00 PHP"))
			if assert.NoError(t, err, i) {
				assert.Equal(t, money.MustParse("1.00 PHP"), res.Amount)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, money.MustParse("25.00 PHP"), gw.Refunded(payment))
	assert.Len(t, gw.Arrivals(), 25)
}
