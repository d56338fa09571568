package tlpe_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/tlpe"
)

const (
	token         = "tlpe-MIIBIjANBg+kqhkiG9w0/BAQEF="
	webhookSecret = "whsec+MIIEvQIBADANBg/kqhkiG9w0="
	payment       = "TRX-10001"
)

// config is complete; its requests go to transport.
func config(transport http.RoundTripper) tlpe.Config {
	return tlpe.Config{Token: token, WebhookSecret: webhookSecret, Environment: refund.Sandbox, Transport: transport}
}

func open(t testing.TB, c tlpe.Config) *tlpe.Provider {
	t.Helper()
	p, err := tlpe.New(c)
	require.NoError(t, err)
	return p
}

func partial(amount string) refund.Request {
	return refund.Partial(payment, money.MustParse(amount))
}

// answered asks once and lets the gateway answer with status and body.
func answered(t testing.TB, c tlpe.Config, req refund.Request, status int, body string) (*refund.Result, error) {
	t.Helper()
	recorder := &adaptertest.Recorder{Status: status, Body: body}
	c.Transport = recorder
	res, err := open(t, c).Refund(t.Context(), req)
	recorder.One(t)
	return res, err
}

// sent returns the request that leaves for req.
func sent(t testing.TB, c tlpe.Config, req refund.Request) adaptertest.Sent {
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
	require.Equal(t, "tlpe", e.Gateway)
	adaptertest.NoLeak(t, err, token, webhookSecret)
	return e
}
