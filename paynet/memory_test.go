package paynet_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/refundtest/pretend"
)

// inMemory is as start, without a socket and with the sale of last week alone.
func inMemory(t *testing.T, gc paynettest.Config) (*paynettest.Gateway, *paynet.Provider) {
	t.Helper()
	gc.InMemory, gc.Now = true, noon
	gw, err := paynettest.Start(gc)
	require.NoError(t, err)
	t.Cleanup(gw.Close)
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: payment, Amount: money.MustParse("25.00 TRY"), PaidAt: noon().AddDate(0, 0, -7)}))
	return gw, open(t, paynet.Config{
		SecretKey: gw.SecretKey(), Environment: refund.Sandbox, BaseURL: gw.URL(), Transport: gw.RoundTripper(), Now: noon,
	})
}

func TestInMemory(t *testing.T) {
	t.Parallel()
	sale := refund.Payment{ID: payment, Amount: money.MustParse("25.00 TRY"), PaidAt: noon().AddDate(0, 0, -7)}
	req := partial("10.00 TRY")
	req.Payment = sale
	adaptertest.Memory{
		Open: func(t *testing.T) (*pretend.Server, refund.Provider) {
			gw, p := inMemory(t, paynettest.Config{})
			return gw.Server, p
		},
		Request:  req,
		Query:    refund.Query{Payment: sale, Kind: refund.KindPartial, Amount: money.MustParse("10.00 TRY")},
		Accepted: refund.StatusPending,
	}.Test(t)
}

// A refund of the dashboard is in the look-ups and in what is left. Nobody is called: it has no address.
func TestRefundMadeElsewhere(t *testing.T) {
	t.Parallel()
	gw, p := inMemory(t, paynettest.Config{HideNewRefunds: 1})
	made, err := gw.RefundElsewhere(payment, money.MustParse("25.00 TRY"))
	require.NoError(t, err)
	q := refund.Query{Payment: refund.Payment{ID: payment, PaidAt: noon().AddDate(0, 0, -7)}, Kind: refund.KindFull, Amount: money.MustParse("25.00 TRY")}
	look := func() *refund.Report {
		r, err := p.Inspect(t.Context(), q)
		require.NoError(t, err)
		return r
	}
	require.Empty(t, look().Refunds, "it shows late")
	r := look()
	require.Len(t, r.Refunds, 1)
	require.Equal(t, made.ID, "xk_reversed_"+r.Refunds[0].ID)
	waiting := r.State
	require.NoError(t, gw.Approve(made.ID))
	require.NotEqual(t, waiting, look().State, "the sale is reversed")
	require.NoError(t, gw.Reverse(made.ID))
	require.Equal(t, waiting, look().State)
	require.Empty(t, gw.Owed())

	second, err := gw.RefundElsewhere(payment, money.MustParse("1.00 TRY"))
	require.NoError(t, err)
	require.NoError(t, gw.Decline(second.ID))
	require.True(t, gw.Refunded(payment).IsZero())
}
