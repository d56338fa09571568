package redstone_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/redstone"
	"github.com/gorefund/refund/redstone/redstonetest"
	"github.com/gorefund/refund/refundtest/pretend"
)

// inMemory is as gateway, without a socket.
func inMemory(t *testing.T, g redstonetest.Config) (*redstonetest.Gateway, *redstone.Provider) {
	t.Helper()
	g.InMemory = true
	gw, err := redstonetest.Start(g)
	require.NoError(t, err)
	t.Cleanup(gw.Close)
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: paymentID, Amount: money.MustParse("250.00 ZMW")}))
	return gw, provider(t, redstone.Config{
		SecretKey: gw.SecretKey(), PublicKey: gw.PublicKey(), Environment: refund.Sandbox, BaseURL: gw.URL(), Transport: gw.RoundTripper(),
	})
}

func TestInMemory(t *testing.T) {
	t.Parallel()
	adaptertest.Memory{
		Open: func(t *testing.T) (*pretend.Server, refund.Provider) {
			gw, p := inMemory(t, redstonetest.Config{ListRefunds: true})
			return gw.Server, p
		},
		Request:  refund.Partial(paymentID, money.MustParse("26.00 ZMW")),
		Query:    query(""),
		Accepted: refund.StatusPending,
	}.Test(t)
}

// A refund of the dashboard is in the look-ups and in what is left. Nobody is called: it has no address.
func TestRefundMadeElsewhere(t *testing.T) {
	t.Parallel()
	gw, p := inMemory(t, redstonetest.Config{ListRefunds: true, HideNewRefunds: 1, PendingCallbacks: true})
	made, err := gw.RefundElsewhere(paymentID, money.MustParse("26.00 ZMW"))
	require.NoError(t, err)
	seen := func() []refund.SeenRefund {
		r, err := p.Inspect(t.Context(), query(""))
		require.NoError(t, err)
		return r.Refunds
	}
	require.Empty(t, seen(), "it shows late")
	require.Len(t, seen(), 1)

	state := func() refund.Status {
		r, err := p.Inspect(t.Context(), query(made.ID))
		require.NoError(t, err)
		return r.Status
	}
	require.Equal(t, refund.StatusPending, state())
	require.NoError(t, gw.Approve(made.ID))
	require.Equal(t, refund.StatusSucceeded, state())
	require.NoError(t, gw.Reverse(made.ID))
	require.NotEqual(t, refund.StatusSucceeded, state())
	require.Empty(t, gw.Owed())
}
