package redstone_test

import (
	"testing"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/redstone"
)

// Rule 10: whatever keeps a Provider, printing it shows no secret.
func TestC80_ProviderIsOpaque(t *testing.T) {
	t.Parallel()
	c := redstone.Config{
		SecretKey: hiddenSecret, PublicKey: hiddenPublic, CallbackSecret: hiddenCallback, PreviousCallbackSecret: hiddenPrevious,
		WebhookSecret: hiddenWebhook, WebhookHeader: "X-Signature", Environment: refund.Sandbox,
	}
	adaptertest.Opaque(t, provider(t, c), adaptertest.Secrets(t, c)...)
}

func TestC83_BadSecrets(t *testing.T) {
	t.Parallel()
	c := redstone.Config{
		SecretKey: hiddenSecret, PublicKey: hiddenPublic, CallbackSecret: hiddenCallback, PreviousCallbackSecret: hiddenPrevious,
		WebhookSecret: hiddenWebhook, WebhookHeader: "X-Signature", Environment: refund.Sandbox,
	}
	adaptertest.RefusesBadSecrets(t, c, func(c redstone.Config) error {
		_, err := redstone.New(c)
		return err
	})
}
