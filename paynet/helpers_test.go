package paynet_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet"
)

const (
	secretKey      = "sck_pcs_jECRyoZq0khnsV9elaF/SIBVvxQI+bIW" // the documents' own
	callbackSecret = "callback-secret+0123/4567/89abcdef="
	payment        = "xk_EAAAAAh7VYf9HG4+GR9ezqiMWAA8PY6P4eroE4BUUHRCLxGO" // the sample's
)

// istanbul is where Paynet's day begins.
var istanbul = time.FixedZone("TRT", 3*60*60)

// noon is the time in all tests but those of the day rule: far from midnight.
func noon() time.Time { return time.Date(2026, 3, 10, 12, 0, 0, 0, istanbul) }

// config is complete; its requests go to transport.
func config(transport http.RoundTripper) paynet.Config {
	return paynet.Config{
		SecretKey: secretKey, CallbackSecret: callbackSecret, Environment: refund.Sandbox,
		Transport: transport, Now: noon,
	}
}

func open(t testing.TB, c paynet.Config) *paynet.Provider {
	t.Helper()
	p, err := paynet.New(c)
	require.NoError(t, err)
	return p
}

// partial asks for a part of a sale of last week.
func partial(amount string) refund.Request {
	req := refund.Partial(payment, money.MustParse(amount))
	req.Payment.PaidAt = noon().AddDate(0, 0, -7)
	return req
}

// answered asks once and lets the gateway answer with status and body.
func answered(t testing.TB, c paynet.Config, req refund.Request, status int, body string) (*refund.Result, error) {
	t.Helper()
	recorder := &adaptertest.Recorder{Status: status, Body: body}
	c.Transport = recorder
	res, err := open(t, c).Refund(t.Context(), req)
	recorder.One(t)
	return res, err
}

// sent returns the request that leaves for req.
func sent(t testing.TB, c paynet.Config, req refund.Request) adaptertest.Sent {
	t.Helper()
	recorder := new(adaptertest.Recorder)
	c.Transport = recorder
	_, err := open(t, c).Refund(t.Context(), req)
	require.ErrorIs(t, err, refund.OutcomeUnknown, "an empty answer proves nothing")
	return recorder.One(t)
}

// failure returns the *refund.Error in err and checks what holds for each.
func failure(t testing.TB, res *refund.Result, err error) *refund.Error {
	t.Helper()
	require.Error(t, err, "the refund was taken for accepted: %+v", res)
	adaptertest.Of(t, res, err)
	e := adaptertest.Error(t, err)
	require.Equal(t, "paynet", e.Gateway)
	adaptertest.NoLeak(t, err, secretKey, callbackSecret)
	return e
}
