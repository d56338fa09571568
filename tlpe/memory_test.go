package tlpe_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

// inMemory is as start, without a socket.
func inMemory(t *testing.T, gc tlpetest.Config) (*tlpetest.Gateway, *tlpe.Provider) {
	t.Helper()
	gc.InMemory = true
	gw, err := tlpetest.Start(gc)
	require.NoError(t, err)
	t.Cleanup(gw.Close)
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: payment, Amount: money.MustParse("25.00 PHP")}))
	return gw, open(t, tlpe.Config{
		Token: gw.Token(), WebhookSecret: gw.WebhookSecret(), Environment: refund.Sandbox, BaseURL: gw.URL(), Transport: gw.RoundTripper(),
	})
}

func TestInMemory(t *testing.T) {
	t.Parallel()
	adaptertest.Memory{
		Open: func(t *testing.T) (*pretend.Server, refund.Provider) {
			gw, p := inMemory(t, tlpetest.Config{})
			return gw.Server, p
		},
		Request:  partial("10.00 PHP"),
		Query:    refund.Query{Payment: refund.Payment{ID: payment}, Kind: refund.KindPartial, Amount: money.MustParse("10.00 PHP")},
		Accepted: refund.StatusSucceeded,
	}.Test(t)
}
