package tlpe_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/tlpe"
)

// keyOf makes a key that may be shorter than crypto/rsa makes it.
func keyOf(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	one := big.NewInt(1)
	for {
		p, err := rand.Prime(rand.Reader, bits/2)
		require.NoError(t, err)
		q, err := rand.Prime(rand.Reader, bits-bits/2)
		require.NoError(t, err)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, Primes: []*big.Int{p, q}}
		if key.D = new(big.Int).ModInverse(big.NewInt(65537), phi); key.D != nil && p.Cmp(q) != 0 && key.N.BitLen() == bits {
			return key
		}
	}
}

// signedWeak signs as RFC 8017 says, section 8.2.1.
func signedWeak(claims string, key *rsa.PrivateKey) string {
	text := b64(rs256) + "." + b64(claims)
	sum := sha256.Sum256([]byte(text))
	tail := append([]byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}, sum[:]...)
	padded := append(append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, key.Size()-3-len(tail))...), append([]byte{0}, tail...)...)
	m := new(big.Int).SetBytes(padded)
	return text + "." + base64.RawURLEncoding.EncodeToString(m.Exp(m, key.D, key.N).FillBytes(make([]byte, key.Size())))
}

// The token and the secret that TLPE publishes are the halves of one key of 512 bits:
// whoever sees the token can make the secret.
func TestC18_WeakKeys(t *testing.T) {
	t.Parallel()
	weak, strong := keyOf(t, 512), keyOf(t, 1024)
	inBase64 := base64.StdEncoding.EncodeToString
	pkcs8 := func(key *rsa.PrivateKey) []byte {
		b, err := x509.MarshalPKCS8PrivateKey(key)
		require.NoError(t, err)
		return b
	}
	weakToken, weakSecret := inBase64(der(t, &weak.PublicKey)), inBase64(x509.MarshalPKCS1PrivateKey(weak))
	good := claims(`"jti":"j",`+times, refunded(`"status_code":"OK.02.00"`))
	for _, tt := range []struct {
		name, token, secret string
		want                refund.Trust
	}{
		{"no keys", token, webhookSecret, refund.TrustSigned},
		{"both halves", weakToken, weakSecret, refund.TrustNone},
		{"the token, SPKI", weakToken, webhookSecret, refund.TrustNone},
		{"the token, PKCS #1", inBase64(x509.MarshalPKCS1PublicKey(&weak.PublicKey)), webhookSecret, refund.TrustNone},
		{"the token, without padding", base64.RawStdEncoding.EncodeToString(der(t, &weak.PublicKey)), webhookSecret, refund.TrustNone},
		{"the token, base64 of PEM", inBase64([]byte(asPEM("PUBLIC KEY", der(t, &weak.PublicKey)))), webhookSecret, refund.TrustNone},
		{"the secret, PKCS #1", token, weakSecret, refund.TrustNone},
		{"the secret, PKCS #8", token, inBase64(pkcs8(weak)), refund.TrustNone},
		{"the secret, for addresses", token, base64.URLEncoding.EncodeToString(pkcs8(weak)), refund.TrustNone},
		{"a key of 1023 bits", inBase64(der(t, ofBits(1023))), webhookSecret, refund.TrustNone},
		{"a key of 1024 bits", inBase64(der(t, &strong.PublicKey)), inBase64(pkcs8(strong)), refund.TrustSigned},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := config(adaptertest.MustNotSend(t))
			c.Now, c.Token, c.WebhookSecret = func() time.Time { return noon }, tt.token, tt.secret
			for _, anyway := range []bool{false, true} {
				c.TrustWeakKey = anyway
				p := open(t, c)
				e, err := p.ParseCallback(t.Context(), posted(signed(hs256, good, tt.secret)))
				require.NoError(t, err)
				want := tt.want
				if anyway {
					want = refund.TrustSigned
				}
				assert.Equal(t, want, e.Trust, "trust_weak_key %t", anyway)
				source := p.Capabilities().Callback.Source
				assert.Equal(t, tt.want == refund.TrustNone, bytes.Contains([]byte(source), []byte("1024 bits")), source)

				_, err = p.ParseCallback(t.Context(), posted(signed(hs256, good, tt.secret+"x")))
				require.ErrorIs(t, err, refund.Forged, "a wrong signature is one all the same")
			}
		})
	}
}

func TestC18_WeakPublicKey(t *testing.T) {
	t.Parallel()
	good := claims(`"jti":"j",`+times, refunded(`"status_code":"OK.04.00"`))
	for _, bits := range []int{512, 1000, 1023} {
		weak := keyOf(t, bits)
		for name, key := range map[string]string{
			"DER": base64.StdEncoding.EncodeToString(der(t, &weak.PublicKey)),
			"PEM": asPEM("PUBLIC KEY", der(t, &weak.PublicKey)),
		} {
			for anyway, want := range map[bool]refund.Trust{false: refund.TrustNone, true: refund.TrustSigned} {
				c := withKey(t, key)
				c.TrustWeakKey = anyway
				p := open(t, c)
				genuine := signedWeak(good, weak)
				e, err := p.ParseCallback(t.Context(), posted(genuine))
				require.NoError(t, err, name)
				assert.Equal(t, want, e.Trust, name)

				for _, forged := range []string{
					signedWeak(good, keyOf(t, bits)), signed(rs256, good, key), signed(hs256, good, key),
					genuine[:len(genuine)-4], genuine + "AAAA", b64(rs256) + "." + b64(good) + ".",
				} {
					_, err := p.ParseCallback(t.Context(), posted(forged))
					require.ErrorIs(t, err, refund.Forged, name)
				}
			}
		}
	}
	_, err := tlpe.New(withKey(t, asPEM("PUBLIC KEY", der(t, ofBits(511)))))
	require.ErrorContains(t, err, "webhook_public_key")
}
