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

// A refund of the dashboard is in the look-up, in what the gateway tells, and in what is left.
func TestRefundMadeElsewhere(t *testing.T) {
	t.Parallel()
	gw, p := inMemory(t, tlpetest.Config{CallbackURL: "https://shop.example/hook", HideNewRefunds: 1})
	_, err := gw.RefundElsewhere(payment, money.MustParse("25.00 PHP"))
	require.NoError(t, err)
	q := refund.Query{Payment: refund.Payment{ID: payment}, Kind: refund.KindFull, Amount: money.MustParse("25.00 PHP")}
	state := func() string {
		r, err := p.Inspect(t.Context(), q)
		require.NoError(t, err)
		return r.State
	}
	require.Equal(t, "OK.00.00", state(), "it shows late")
	require.Equal(t, "OK.02.00", state())

	owed := gw.Owed()
	require.Len(t, owed, 1)
	e, err := p.ParseCallback(t.Context(), callback(owed[0]))
	require.NoError(t, err)
	require.Equal(t, refund.TrustSigned, e.Trust)
	require.Equal(t, refund.StatusSucceeded, e.Status)
	require.Equal(t, payment, e.PaymentID)

	_, err = p.Refund(t.Context(), partial("1.00 PHP"))
	require.ErrorIs(t, err, refund.AlreadyRefunded)
	require.NoError(t, gw.Reverse(gw.Refunds()[0].ID))
	require.Equal(t, "OK.00.00", state(), "it came back")
	require.Len(t, gw.Owed(), 1, "no code tells that")
}

func callback(c pretend.Callback) refund.Callback {
	return refund.Callback{Method: "POST", URL: c.URL, Header: c.Header, Body: c.Body}
}
