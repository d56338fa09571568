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
