package tlpe_test

import (
	"testing"

	"github.com/gorefund/refund/internal/adaptertest"
)

// Rule 10: whatever keeps a Provider, printing it shows no secret.
func TestC80_ProviderIsOpaque(t *testing.T) {
	t.Parallel()
	c := config(nil)
	adaptertest.Opaque(t, open(t, c), adaptertest.Secrets(t, c, "WebhookPublicKey")...)

	c = withKey(t, asPEM("PUBLIC KEY", der(t, &vendorKey().PublicKey)))
	c.WebhookSecret = ""
	adaptertest.Opaque(t, open(t, c), adaptertest.Secrets(t, c, "WebhookSecret")...)
}
