package paynet_test

import (
	"testing"

	"github.com/gorefund/refund/internal/adaptertest"
)

// Rule 10: whatever keeps a Provider, printing it shows no secret.
func TestC80_ProviderIsOpaque(t *testing.T) {
	t.Parallel()
	c := config(nil)
	c.PreviousCallbackSecret = "the secret of the shop in the last year"
	adaptertest.Opaque(t, open(t, c), adaptertest.Secrets(t, c)...)
}
