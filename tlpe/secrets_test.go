package tlpe_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/tlpe"
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

func TestC83_BadSecrets(t *testing.T) {
	t.Parallel()
	c := config(nil)
	adaptertest.RefusesBadSecrets(t, c, func(c tlpe.Config) error {
		_, err := tlpe.New(c)
		return err
	}, "WebhookPublicKey")

	// A key in PEM has line ends, and comes from a file that ends with one.
	key := asPEM("PUBLIC KEY", der(t, &vendorKey().PublicKey))
	for name, text := range map[string]string{"quotes": `"` + key + `"`, "angle brackets": "<" + key + ">", "a variable": "$TLPE_KEY", "a word": "changeme"} {
		_, err := tlpe.New(withKey(t, text))
		assert.ErrorContains(t, err, "webhook_public_key", name)
		adaptertest.NoLeak(t, err, text, key)
	}
	_, err := tlpe.New(withKey(t, key+"\r\n"))
	assert.NoError(t, err)
}
