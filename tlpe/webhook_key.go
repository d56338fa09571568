package tlpe

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gorefund/refund/internal/conf"
)

// The smallest and the largest RSA key, in bits: a smaller one can be broken, a
// larger one takes long. Those that TLPE publishes have publishedBits: nobody can
// choose others, so they are taken, and prove nothing (see weakKey).
const (
	minBits       = 2048
	maxBits       = 8192
	publishedBits = 512
)

// webhookKey chooses algorithm and key of the notifications by the Config alone.
// The key is nil if there is none.
func webhookKey(c *Config, problems *conf.Problems) (jwt.SigningMethod, any) {
	if c.WebhookSecret != "" {
		if c.WebhookSecret == c.Token {
			// The token travels in headers, so that others than TLPE may know it.
			problems.Addf("webhook_secret must not be the token")
		}
		problems.Secret("webhook_secret", c.WebhookSecret)
	}
	switch c.WebhookAlgorithm {
	case "", "HS256":
		if c.WebhookPublicKey != "" {
			problems.Addf(`webhook_public_key is for webhook_algorithm "RS256" only`)
		}
		if c.WebhookSecret == "" {
			return jwt.SigningMethodHS256, nil
		}
		// The text itself: it looks like base64, and two public clients do not decode it.
		return jwt.SigningMethodHS256, []byte(c.WebhookSecret)
	case "RS256":
		if c.WebhookPublicKey == "" {
			problems.Addf(`webhook_public_key is missing: webhook_algorithm "RS256" needs it`)
			return jwt.SigningMethodRS256, nil
		}
		key, ok := publicKey(c.WebhookPublicKey)
		if !ok {
			problems.Addf("webhook_public_key must be an RSA public key of %d to %d bits, or one as short as those that TLPE publishes, as PEM or as base64 of DER (SPKI)", minBits, maxBits)
			return jwt.SigningMethodRS256, nil
		}
		if key.N.BitLen() < weakBits {
			return weakRS256{}, key
		}
		return jwt.SigningMethodRS256, key
	default:
		problems.Addf(`webhook_algorithm must be "HS256" or "RS256"`)
		return jwt.SigningMethodHS256, nil
	}
}

func publicKey(text string) (*rsa.PublicKey, bool) {
	var der []byte
	if block, rest := pem.Decode([]byte(text)); block != nil {
		if block.Type != "PUBLIC KEY" || strings.TrimSpace(string(rest)) != "" {
			return nil, false
		}
		der = block.Bytes
	} else {
		var err error
		if der, err = base64.StdEncoding.DecodeString(strings.TrimSpace(text)); err != nil {
			return nil, false
		}
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	key, ok := parsed.(*rsa.PublicKey)
	if err != nil || !ok {
		return nil, false
	}
	bits := key.N.BitLen()
	return key, bits >= publishedBits && bits < weakBits || bits >= minBits && bits <= maxBits
}
