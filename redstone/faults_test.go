package redstone_test

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
	"github.com/gorefund/refund/redstone"
	"github.com/gorefund/refund/redstone/redstonetest"
	"github.com/gorefund/refund/refundtest/pretend"
)

// gateway starts a pretend gateway with one payment of 250 ZMW, and makes a
// provider for it with a transport of its own.
func gateway(t *testing.T, g redstonetest.Config, timeout time.Duration) (*redstonetest.Gateway, *redstone.Provider) {
	t.Helper()
	gw, err := redstonetest.Start(g)
	require.NoError(t, err)
	t.Cleanup(gw.Close)
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: paymentID, Amount: money.MustParse("250.00 ZMW")}))
	p := provider(t, redstone.Config{
		SecretKey: gw.SecretKey(), PublicKey: gw.PublicKey(), Environment: refund.Sandbox, BaseURL: gw.URL(), Timeout: timeout,
	})
	t.Cleanup(p.CloseIdleConnections)
	return gw, p
}

func TestEndToEnd(t *testing.T) {
	t.Parallel()
	for _, empty := range []bool{false, true} {
		t.Run("empty reference "+strconv.FormatBool(empty), func(t *testing.T) {
			t.Parallel()
			gw, p := gateway(t, redstonetest.Config{EmptyReference: empty}, 0)
			client := refund.New(p)
			amount, rest := money.MustParse("19.99 ZMW"), money.MustParse("230.01 ZMW")

			req := refund.Partial(paymentID, amount)
			req.Reason, req.CallbackURL, req.Params = "damaged", "https://shop.example/redstone", sampleB()
			res, err := client.Refund(t.Context(), req)
			require.NoError(t, err)
			assert.Equal(t, refund.StatusPending, res.Status)
			assert.Equal(t, "redstone", res.Gateway)
			assert.Equal(t, amount, res.Amount)

			res2, err := client.Refund(t.Context(), full("250.00 ZMW")) // more than is left
			assert.Equal(t, refused(refund.InvalidRequest), adaptertest.Of(t, res2, err))
			_, err = client.Refund(t.Context(), refund.Partial(paymentID, rest))
			require.NoError(t, err)
			res2, err = client.Refund(t.Context(), refund.Partial(paymentID, amount)) // nothing is left
			assert.Equal(t, refused(refund.InvalidRequest), adaptertest.Of(t, res2, err))

			booked := gw.Refunds()
			require.Len(t, booked, 2)
			assert.Equal(t, amount, booked[0].Amount)
			assert.Equal(t, "damaged", booked[0].Reason)
			assert.Equal(t, "https://shop.example/redstone", booked[0].CallbackURL)
			assert.Equal(t, rest, booked[1].Amount)
			assert.Len(t, gw.Arrivals(), 4)
			if empty {
				assert.Empty(t, res.RefundID)
			} else {
				assert.Equal(t, booked[0].ID, res.RefundID)
			}
		})
	}
}

func TestEndToEndFull(t *testing.T) {
	t.Parallel()
	gw, p := gateway(t, redstonetest.Config{}, 0)
	res, err := p.Refund(t.Context(), full("250.00 ZMW"))
	require.NoError(t, err)
	booked := gw.Refunds()
	require.Len(t, booked, 1)
	assert.Equal(t, money.MustParse("250.00 ZMW"), booked[0].Amount)
	assert.True(t, booked[0].Full)
	assert.Equal(t, booked[0].ID, res.RefundID)
}

func TestEndToEndRefusals(t *testing.T) {
	t.Parallel()
	t.Run("unknown payment", func(t *testing.T) {
		t.Parallel()
		gw, p := gateway(t, redstonetest.Config{}, 0)
		res, err := p.Refund(t.Context(), refund.Partial("PY_1", money.MustParse("10.00 ZMW")))
		assert.Equal(t, refused(refund.PaymentNotFound), adaptertest.Of(t, res, err))
		assert.Empty(t, gw.Refunds())
	})
	t.Run("wrong keys", func(t *testing.T) {
		t.Parallel()
		gw, _ := gateway(t, redstonetest.Config{}, 0)
		for _, keys := range [][2]string{{secretKey, gw.PublicKey()}, {gw.SecretKey(), publicKey}, {secretKey, publicKey}} {
			p := provider(t, redstone.Config{SecretKey: keys[0], PublicKey: keys[1], Environment: refund.Sandbox, BaseURL: gw.URL()})
			t.Cleanup(p.CloseIdleConnections)
			res, err := p.Refund(t.Context(), partial("10.00 ZMW"))
			assert.Equal(t, refused(refund.Unauthorized), adaptertest.Of(t, res, err))
		}
		assert.Empty(t, gw.Refunds())
	})
	t.Run("wrong address", func(t *testing.T) {
		t.Parallel()
		gw, _ := gateway(t, redstonetest.Config{}, 0)
		p := provider(t, redstone.Config{SecretKey: gw.SecretKey(), PublicKey: gw.PublicKey(), Environment: refund.Sandbox, BaseURL: gw.URL() + "/v1"})
		t.Cleanup(p.CloseIdleConnections)
		res, err := p.Refund(t.Context(), partial("10.00 ZMW"))
		assert.Equal(t, refused(refund.Declined), adaptertest.Of(t, res, err))
		require.ErrorContains(t, err, "BaseURL")
		assert.Empty(t, gw.Refunds())
	})
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		gw, p := gateway(t, redstonetest.Config{}, 0)
		gw.Close()
		res, err := p.Refund(t.Context(), partial("10.00 ZMW"))
		assert.Equal(t, adaptertest.Claim{Status: refund.StatusNotSent, Code: refund.Unavailable}, adaptertest.Of(t, res, err))
		assert.True(t, refund.SafeToRetry(err))
	})
}

// TestFaults lets each fault befall one refund and compares what the adapter
// claims with the gateway's ledger.
func TestFaults(t *testing.T) {
	t.Parallel()
	bench := func(request func(id string) refund.Request, booked string, g redstonetest.Config) adaptertest.Bench {
		return adaptertest.Bench{
			Open: func(t *testing.T, timeout time.Duration) (*pretend.Server, refund.Provider) {
				gw, p := gateway(t, g, timeout)
				return gw.Server, p
			},
			Request:  request,
			Paid:     money.MustParse("143.00 ZMW"),
			Booked:   money.MustParse(booked),
			Accepted: refund.StatusPending,
		}
	}
	t.Run("partial", func(t *testing.T) {
		t.Parallel()
		bench(func(id string) refund.Request {
			return refund.Partial(id, money.MustParse("4.35 ZMW"))
		}, "4.35 ZMW", redstonetest.Config{}).Faults(t)
	})
	t.Run("full", func(t *testing.T) {
		t.Parallel()
		bench(func(id string) refund.Request {
			req := refund.Full(id)
			req.Payment.Amount = money.MustParse("143.00 ZMW")
			return req
		}, "143.00 ZMW", redstonetest.Config{EmptyReference: true}).Faults(t)
	})
}

// Many calls at once: each is told what was booked for it.
func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	gw, p := gateway(t, redstonetest.Config{}, 0)
	const calls = 16
	for i := range calls {
		require.NoError(t, gw.AddPayment(pretend.Payment{ID: "PY_" + strconv.Itoa(i), Amount: money.MustParse("50.00 ZMW")}))
	}
	type answer struct {
		i   int
		res *refund.Result
		err error
	}
	answers := make(chan answer, calls)
	for i := range calls {
		go func() {
			amount, err := money.FromMinor(int64(i)+101, "ZMW")
			if err != nil {
				answers <- answer{i, nil, err}
				return
			}
			res, err := p.Refund(context.WithoutCancel(t.Context()), refund.Partial("PY_"+strconv.Itoa(i), amount))
			answers <- answer{i, res, err}
		}()
	}
	got := make(map[string]string) // the refund's id to the payment's
	for range calls {
		a := <-answers
		require.NoError(t, a.err)
		id := "PY_" + strconv.Itoa(a.i)
		assert.Equal(t, id, a.res.PaymentID)
		assert.Equal(t, int64(a.i)+101, a.res.Amount.Minor())
		assert.Equal(t, a.res.Amount, gw.Refunded(id))
		got[a.res.RefundID] = id
	}
	want := make(map[string]string)
	for _, r := range gw.Refunds() {
		want[r.ID] = r.PaymentID
	}
	assert.Equal(t, want, got)
	assert.Len(t, gw.Arrivals(), calls)
}
