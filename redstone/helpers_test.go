package redstone_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/redstone"
)

// The keys belong to no account. paymentID is a published sample's.
const (
	secretKey = "redSec_test_0123456789abcdef"
	publicKey = "redPub_test_fedcba9876543210"
	paymentID = "PY_c77f7bff21514bdf9dfe9f1b2"
)

// config is a complete Config whose requests go to transport.
func config(transport http.RoundTripper) redstone.Config {
	return redstone.Config{SecretKey: secretKey, PublicKey: publicKey, Environment: refund.Sandbox, Transport: transport}
}

func provider(t testing.TB, c redstone.Config) *redstone.Provider {
	t.Helper()
	p, err := redstone.New(c)
	require.NoError(t, err)
	return p
}

func partial(amount string) refund.Request {
	return refund.Partial(paymentID, money.MustParse(amount))
}

func full(paid string) refund.Request {
	req := refund.Full(paymentID)
	req.Payment.Amount = money.MustParse(paid)
	return req
}

// answered asks for 10 ZMW and lets the gateway answer with status and body.
func answered(t testing.TB, c redstone.Config, status int, header http.Header, body string) (*refund.Result, error) {
	t.Helper()
	recorder := &adaptertest.Recorder{Status: status, Header: header, Body: body}
	c.Transport = recorder
	res, err := provider(t, c).Refund(t.Context(), partial("10.00 ZMW"))
	recorder.One(t)
	return res, err
}
