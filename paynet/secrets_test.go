package paynet_test

import (
	"testing"

	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/paynet"
)

// Rule 10: whatever keeps a Provider, printing it shows no secret.
func TestC80_ProviderIsOpaque(t *testing.T) {
	t.Parallel()
	c := config(nil)
	c.PreviousCallbackSecret = "the secret of the shop in the last year"
	adaptertest.Opaque(t, open(t, c), adaptertest.Secrets(t, c)...)
}

func TestC83_BadSecrets(t *testing.T) {
	t.Parallel()
	c := config(nil)
	c.PreviousCallbackSecret = "the secret of the shop in the last year"
	adaptertest.RefusesBadSecrets(t, c, func(c paynet.Config) error {
		_, err := paynet.New(c)
		return err
	})
}
