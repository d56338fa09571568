package tarlan_test

import (
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
