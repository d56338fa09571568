package tarlan_test

import (
	"testing"

	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/tarlan"
)

// Rule 10: whatever keeps a Provider, printing it shows no secret.
func TestC80_ProviderIsOpaque(t *testing.T) {
	t.Parallel()
	c := config(nil)
	c.Secret = hiddenSecret
	adaptertest.Opaque(t, provider(t, c), adaptertest.Secrets(t, c)...)
}

func TestC83_BadSecrets(t *testing.T) {
	t.Parallel()
	c := config(nil)
	c.Secret = hiddenSecret
	adaptertest.RefusesBadSecrets(t, c, func(c tarlan.Config) error {
		_, err := tarlan.New(c)
		return err
	})
}
