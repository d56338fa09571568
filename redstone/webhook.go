package redstone

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/callback"
	"github.com/gorefund/refund/internal/conf"
)

// verify proves as much of where a callback comes from as is configured. All that
// is configured must be right: a token does not stand for a signature, nor the
// other way round. key is that of the refund to which the token belongs.
func (p *Provider) verify(c *refund.Callback) (key string, trust refund.Trust, err error) {
	if secret := p.callbackSecret(); secret != "" {
		if key, err = callback.Key(gateway, p.env, c.URL, secret, p.previousCallbackSecret()); err != nil {
			return "", refund.TrustNone, err
		}
		trust = refund.TrustToken
	}
	if secret := p.webhookSecret(); secret != "" {
		given, ok := callback.Header(c, p.webhookHeader)
		switch {
		case !ok:
			return "", refund.TrustNone, callback.Forged(gateway, "there must be exactly one header of the name in webhook_header")
		case !signedBy(given, secret, c.Body):
			return "", refund.TrustNone, callback.Forged(gateway, "the signature is not that of the body")
		}
		trust = refund.TrustSigned
	}
	return key, trust, nil
}

// signedBy reports whether given is the HMAC-SHA256 of the raw body under the
// secret's text. Assumed: a sister product signs so, and does not say whether
// the result is written in hexadecimal or in base64. That product also has a text
// "timestamp.body"; where the timestamp travels is written nowhere, so that one is
// not accepted.
func signedBy(given, secret string, body []byte) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	sum := mac.Sum(nil)
	if len(given) == hex.EncodedLen(len(sum)) {
		return same(strings.ToLower(given), hex.EncodeToString(sum))
	}
	right := false
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		right = same(given, e.EncodeToString(sum)) || right
	}
	return right
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// checkWebhook judges the two fields that are about the signature.
func checkWebhook(problems *conf.Problems, secret, header string) {
	if secret != "" {
		problems.Secret("webhook_secret", secret)
	}
	switch {
	case secret != "" && header == "":
		problems.Addf("webhook_secret is given and webhook_header is not: no document names the header, ask Redstone")
	case secret == "" && header != "":
		problems.Addf("webhook_header is given and webhook_secret is not: without it no signature can be checked")
	}
	if strings.ContainsFunc(header, notInHeaderName) {
		problems.Addf("webhook_header cannot be the name of a header: it holds a space, a colon or the like")
	}
}

// notInHeaderName is the rule of RFC 9110, section 5.6.2.
func notInHeaderName(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}
