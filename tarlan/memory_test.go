package tarlan_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tarlan"
	"github.com/gorefund/refund/tarlan/tarlantest"
)

// inMemory returns a gateway without a socket and a Provider for it.
func inMemory(t *testing.T, cfg tarlantest.Config) (*tarlantest.Gateway, *tarlan.Provider) {
	t.Helper()
	cfg.InMemory = true
	gateway, err := tarlantest.Start(cfg)
	require.NoError(t, err)
	t.Cleanup(gateway.Close)
	require.NoError(t, gateway.AddPayment(pretend.Payment{ID: "999", Amount: money.MustParse("100.00 KZT")}))
	return gateway, provider(t, tarlan.Config{
		Secret: gateway.Secret(), MerchantID: tarlantest.DefaultMerchantID, ProjectID: tarlantest.DefaultProjectID,
		Environment: refund.Production, BaseURL: gateway.URL(), Transport: gateway.RoundTripper(),
	})
}

func TestInMemory(t *testing.T) {
	t.Parallel()
	q := query(nil)
	q.Params = map[string]string{"tarlan.project_reference_id": "order-999", "tarlan.type": tarlantest.Type}
	adaptertest.Memory{
		Open: func(t *testing.T) (*pretend.Server, refund.Provider) {
			gateway, p := inMemory(t, tarlantest.Config{})
			return gateway.Server, p
		},
		Request:  partial("10.00 KZT"),
		Query:    q,
		Accepted: refund.StatusSucceeded,
	}.Test(t)
}

// A refund of the dashboard is in the look-up, in what the gateway tells, and in what is left. The PHP form of the signature
// is verified like the other.
func TestRefundMadeElsewhere(t *testing.T) {
	t.Parallel()
	for name, php := range map[string]bool{"signed as Go writes text": false, "signed as PHP writes text": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway, p := inMemory(t, tarlantest.Config{
				CallbackURL: "https://shop.example/hook?a=1", Waiting: true, HideNewRefunds: 1, PHPSignature: php,
			})
			made, err := gateway.RefundElsewhere("999", money.MustParse("30.00 KZT"))
			require.NoError(t, err)
			q := query(nil)
			q.Params["tarlan.project_reference_id"] = gateway.ProjectReferenceID("999")
			look := func() *refund.Report {
				r, err := p.Inspect(t.Context(), q)
				require.NoError(t, err)
				return r
			}
			require.Equal(t, "success", look().State, "it shows late")
			require.Equal(t, "refund_waiting", look().State)
			require.NoError(t, gateway.Approve(made.ID))
			require.Len(t, look().Refunds, 1)

			var told []refund.Status
			gateway.HandTo(func(ctx context.Context, c pretend.Callback) (int, error) {
				e, err := p.ParseCallback(ctx, refund.Callback{Method: http.MethodPost, URL: c.URL, Header: c.Header, Body: c.Body})
				require.NoError(t, err)
				require.Equal(t, refund.TrustSigned, e.Trust)
				require.Equal(t, made.Amount, e.Amount)
				told = append(told, e.Status)
				for name, forged := range gateway.Forgeries(c) {
					e, err := p.ParseCallback(ctx, refund.Callback{Method: http.MethodPost, URL: forged.URL, Header: forged.Header, Body: forged.Body})
					require.Truef(t, err != nil || e.Trust != refund.TrustSigned, "%s: %v", name, e)
				}
				return http.StatusOK, nil
			})
			_, err = gateway.Deliver(t.Context())
			require.NoError(t, err)
			require.Equal(t, []refund.Status{refund.StatusPending, refund.StatusSucceeded}, told)

			require.NoError(t, gateway.Reverse(made.ID))
			require.Empty(t, look().Refunds, "it came back")
			require.Empty(t, gateway.Owed(), "no word tells that")
		})
	}
}
