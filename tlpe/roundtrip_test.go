package tlpe_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

// What the pretend gateway says is understood, and what is forged of it is not.
func TestCallbackRoundTrip(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]tlpetest.Config{
		"as documented": {}, "camel case": {CamelCase: true}, "the payment's amount": {NotifiesPaid: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg.CallbackURL = "http://127.0.0.1:1/hook"
			gw, err := tlpetest.Start(cfg)
			require.NoError(t, err)
			t.Cleanup(gw.Close)
			require.NoError(t, gw.AddPayment(pretend.Payment{ID: payment, Amount: money.MustParse("25.00 PHP")}))
			p := open(t, tlpe.Config{Token: gw.Token(), WebhookSecret: gw.WebhookSecret(), Environment: refund.Sandbox, BaseURL: gw.URL()})
			t.Cleanup(p.CloseIdleConnections)
			_, err = p.Refund(t.Context(), partial("10.00 PHP"))
			require.NoError(t, err)
			owed := gw.Owed()
			require.Len(t, owed, 1)

			read := func(c pretend.Callback) (*refund.Event, error) {
				return p.ParseCallback(t.Context(), refund.Callback{Method: "POST", URL: c.URL, Header: c.Header, Body: c.Body})
			}
			e, err := read(owed[0])
			require.NoError(t, err)
			want := money.MustParse("10.00 PHP")
			if cfg.NotifiesPaid {
				want = money.MustParse("25.00 PHP")
			}
			assert.Equal(t, want, e.Amount)
			assert.Equal(t, "OK.04.00", e.Code)
			assert.Equal(t, payment, e.PaymentID)
			assert.Equal(t, refund.TrustSigned, e.Trust)
			assert.NotEmpty(t, e.ID)

			_, err = read(gw.PaymentCallback(payment))
			require.ErrorIs(t, err, refund.NotARefund)
			assert.Equal(t, "OK.00.00", adaptertest.Error(t, err).GatewayCode)

			malformed := map[string]bool{
				"no body": true, "no payload": true, "empty payload": true, "payload no text": true, "two payloads": true,
				"truncated": true, "oversized": true, "two parts": true, "without jti": true,
			}
			forgeries := gw.Forgeries(owed[0])
			require.Len(t, forgeries, 25)
			for name, f := range forgeries {
				code := refund.Forged
				if malformed[name] {
					code = refund.Malformed
				}
				e, err := read(f)
				assert.Nil(t, e, name)
				assert.ErrorIs(t, err, code, name)
				adaptertest.NoLeak(t, err, gw.Token(), gw.WebhookSecret(), "John", "Doe")
			}
		})
	}
}
