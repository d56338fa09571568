package tarlan_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tarlan"
	"github.com/gorefund/refund/tarlan/tarlantest"
)

// gateway starts a pretend gateway with one payment, 999 of 250 KZT, and makes
// a provider for it with a transport of its own.
func gateway(t *testing.T, g tarlantest.Config, timeout time.Duration) (*tarlantest.Gateway, *tarlan.Provider) {
	t.Helper()
	gw, err := tarlantest.Start(g)
	require.NoError(t, err)
	t.Cleanup(gw.Close)
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: "999", Amount: money.MustParse("250.00 KZT")}))
	environment := refund.Production
	if g.Sandbox {
		environment = refund.Sandbox
	}
	p := provider(t, tarlan.Config{
		Secret: gw.Secret(), Environment: environment, Fractions: g.Fractions, BaseURL: gw.URL(), Timeout: timeout,
	})
	t.Cleanup(p.CloseIdleConnections)
	return gw, p
}

func TestEndToEnd(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]tarlantest.Config{
		"production":        {},
		"sandbox":           {Sandbox: true},
		"fractions":         {Fractions: true},
		"structured result": {StructuredResult: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gw, p := gateway(t, g, 0)
			client := refund.New(p)
			amount := money.MustParse("100.00 KZT")
			if g.Fractions {
				amount = money.MustParse("19.99 KZT")
			}
			// Partial, then more than what is left, then what is left, then again.
			res, err := client.Refund(t.Context(), refund.Partial("999", amount))
			require.NoError(t, err)
			assert.Equal(t, refund.StatusSucceeded, res.Status)
			assert.Equal(t, "tarlan", res.Gateway)
			assert.Equal(t, amount, res.Amount)

			res, err = client.Refund(t.Context(), full("250.00 KZT"))
			assert.Equal(t, refused(refund.ExceedsRefundable), adaptertest.Of(t, res, err))

			rest, err := money.MustParse("250.00 KZT").Sub(amount)
			require.NoError(t, err)
			_, err = client.Refund(t.Context(), refund.Partial("999", rest))
			require.NoError(t, err)

			res, err = client.Refund(t.Context(), refund.Partial("999", amount))
			assert.Equal(t, refused(refund.NotRefundable), adaptertest.Of(t, res, err))

			booked := gw.Refunds()
			require.Len(t, booked, 2)
			assert.Equal(t, amount, booked[0].Amount)
			assert.Equal(t, rest, booked[1].Amount)
			assert.Len(t, gw.Arrivals(), 4)
		})
	}
}

func TestEndToEndFull(t *testing.T) {
	t.Parallel()
	gw, p := gateway(t, tarlantest.Config{}, 0)
	_, err := p.Refund(t.Context(), full("250.00 KZT"))
	require.NoError(t, err)
	booked := gw.Refunds()
	require.Len(t, booked, 1)
	assert.Equal(t, money.MustParse("250.00 KZT"), booked[0].Amount)
	assert.True(t, booked[0].Full)
}

func TestEndToEndRefusals(t *testing.T) {
	t.Parallel()
	t.Run("unknown payment", func(t *testing.T) {
		t.Parallel()
		gw, p := gateway(t, tarlantest.Config{}, 0)
		res, err := p.Refund(t.Context(), refund.Partial("1000", money.MustParse("10.00 KZT")))
		assert.Equal(t, refused(refund.PaymentNotFound), adaptertest.Of(t, res, err))
		assert.Empty(t, gw.Refunds())
	})
	t.Run("wrong secret", func(t *testing.T) {
		t.Parallel()
		gw, _ := gateway(t, tarlantest.Config{}, 0)
		p := provider(t, tarlan.Config{Secret: "another", Environment: refund.Production, BaseURL: gw.URL()})
		t.Cleanup(p.CloseIdleConnections)
		res, err := p.Refund(t.Context(), partial("10.00 KZT"))
		assert.Equal(t, refused(refund.Unauthorized), adaptertest.Of(t, res, err))
		assert.Empty(t, gw.Refunds())
	})
	t.Run("wrong environment", func(t *testing.T) {
		t.Parallel()
		gw, _ := gateway(t, tarlantest.Config{}, 0) // it serves production's path only
		p := provider(t, tarlan.Config{Secret: gw.Secret(), Environment: refund.Sandbox, BaseURL: gw.URL()})
		t.Cleanup(p.CloseIdleConnections)
		res, err := p.Refund(t.Context(), partial("10.00 KZT"))
		assert.Equal(t, refused(refund.Declined), adaptertest.Of(t, res, err))
		require.ErrorContains(t, err, "Environment")
		assert.Empty(t, gw.Refunds())
	})
	t.Run("a fraction that this gateway does not take", func(t *testing.T) {
		t.Parallel()
		gw, _ := gateway(t, tarlantest.Config{}, 0)
		p := provider(t, tarlan.Config{Secret: gw.Secret(), Environment: refund.Production, Fractions: true, BaseURL: gw.URL()})
		t.Cleanup(p.CloseIdleConnections)
		res, err := p.Refund(t.Context(), partial("10.50 KZT"))
		assert.Equal(t, refused(refund.InvalidRequest), adaptertest.Of(t, res, err))
		assert.Empty(t, gw.Refunds())
	})
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		gw, p := gateway(t, tarlantest.Config{}, 0)
		gw.Close()
		res, err := p.Refund(t.Context(), partial("10.00 KZT"))
		assert.Equal(t, adaptertest.Claim{Status: refund.StatusNotSent, Code: refund.Unavailable}, adaptertest.Of(t, res, err))
		assert.True(t, refund.SafeToRetry(err))
	})
}

// TestFaults lets each fault befall one refund, on a fresh connection and on a
// kept one, and compares what the adapter claims with the gateway's ledger.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, kept := range []bool{false, true} {
		for _, structured := range []bool{false, true} {
			for _, fault := range append(pretend.Faults(), pretend.NoFault) {
				name := fault.String() + ", fresh connection"
				if kept {
					name = fault.String() + ", kept connection"
				}
				if structured {
					name += ", structured result"
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					testFault(t, fault, kept, structured)
				})
			}
		}
	}
}

func testFault(t *testing.T, fault pretend.Fault, kept, structured bool) {
	timeout := time.Minute
	want := unknown
	switch fault {
	case pretend.HangBeforeBooking, pretend.HangAfterBooking, pretend.SlowDrip:
		timeout = 150 * time.Millisecond // these end by the time limit only
	case pretend.NoFault, pretend.TypeDrift, pretend.WrongContentType:
		want = succeeded
	}
	gw, p := gateway(t, tarlantest.Config{StructuredResult: structured}, timeout)
	amount := money.MustParse("10.00 KZT")
	if kept {
		warmUp(t, gw, p)
	}
	before, connections, booked := len(gw.Arrivals()), gw.Connections(), len(gw.Refunds())

	gw.Inject(fault)
	res, err := p.Refund(t.Context(), refund.Partial("999", amount))
	claim := adaptertest.Of(t, res, err)
	if kept {
		assert.Equal(t, connections, gw.Connections(), "the kept connection is used")
	}
	gw.Close() // from here on the ledger does not change

	arrivals, refunds := len(gw.Arrivals())-before, gw.Refunds()[booked:]
	assert.LessOrEqual(t, arrivals, 1, "a second request could move money again")
	assert.LessOrEqual(t, len(refunds), 1)
	for _, r := range refunds {
		assert.Equal(t, "999", r.PaymentID)
		assert.Equal(t, amount, r.Amount)
	}
	if len(refunds) > 0 {
		assert.NotEqual(t, refund.No, claim.Status.MoneyMoved(), "money moved")
	}
	if err == nil {
		assert.Len(t, refunds, 1, "nothing was booked")
	}
	if fault == pretend.DropUnread && claim.Status == refund.StatusNotSent {
		return // the body may not have left before the connection broke: then that is the truth
	}
	assert.Equal(t, want, claim, "%v", err)
}

// warmUp leaves a kept connection behind. Where the time limit is short, a busy
// machine may need more than one try.
func warmUp(t *testing.T, gw *tarlantest.Gateway, p *tarlan.Provider) {
	t.Helper()
	var err error
	for i := range 20 {
		id := strconv.Itoa(3000 + i)
		require.NoError(t, gw.AddPayment(pretend.Payment{ID: id, Amount: money.MustParse("10.00 KZT")}))
		if _, err = p.Refund(t.Context(), refund.Partial(id, money.MustParse("10.00 KZT"))); err == nil {
			return
		}
	}
	require.NoError(t, err, "no refund without a fault worked")
}

// Tarlan names no refund, so what each of many calls at once was told is
// compared by number and sum.
func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	gw, p := gateway(t, tarlantest.Config{}, 0)
	const calls = 16
	for i := range calls {
		require.NoError(t, gw.AddPayment(pretend.Payment{ID: strconv.Itoa(2000 + i), Amount: money.MustParse("50.00 KZT")}))
	}
	type answer struct {
		i   int
		res *refund.Result
		err error
	}
	answers := make(chan answer, calls)
	for i := range calls {
		go func() {
			amount, err := money.FromMinor(int64(i+1)*100, "KZT")
			if err != nil {
				answers <- answer{i, nil, err}
				return
			}
			res, err := p.Refund(context.WithoutCancel(t.Context()), refund.Partial(strconv.Itoa(2000+i), amount))
			answers <- answer{i, res, err}
		}()
	}
	for range calls {
		a := <-answers
		require.NoError(t, a.err)
		id := strconv.Itoa(2000 + a.i)
		assert.Equal(t, id, a.res.PaymentID)
		assert.Equal(t, int64(a.i+1)*100, a.res.Amount.Minor())
		assert.Equal(t, a.res.Amount, gw.Refunded(id))
	}
	assert.Len(t, gw.Arrivals(), calls)
}
