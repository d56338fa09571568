package tarlan_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/tarlan"
)

// secret is that of the signature vectors.
const secret = "12345"

// config is a complete Config whose requests go to transport.
func config(transport http.RoundTripper) tarlan.Config {
	return tarlan.Config{Secret: secret, Environment: refund.Production, Transport: transport}
}

func provider(t testing.TB, c tarlan.Config) *tarlan.Provider {
	t.Helper()
	p, err := tarlan.New(c)
	require.NoError(t, err)
	return p
}

// partial asks for an amount of the payment of the published samples.
func partial(amount string) refund.Request {
	return refund.Partial("999", money.MustParse(amount))
}

func full(paid string) refund.Request {
	req := refund.Full("999")
	req.Payment.Amount = money.MustParse(paid)
	return req
}

// answered asks for 10 KZT and lets the gateway answer with status and body.
func answered(t testing.TB, c tarlan.Config, status int, header http.Header, body string) (*refund.Result, error) {
	t.Helper()
	recorder := &adaptertest.Recorder{Status: status, Header: header, Body: body}
	c.Transport = recorder
	res, err := provider(t, c).Refund(t.Context(), partial("10.00 KZT"))
	recorder.One(t)
	return res, err
}
