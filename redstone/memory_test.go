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
