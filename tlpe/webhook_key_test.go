package tlpe_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/tlpe"
)

const rs256 = `{"alg":"RS256","typ":"JWT"}`

var vendorKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func der(t testing.TB, key any) []byte {
	t.Helper()
	b, err := x509.MarshalPKIXPublicKey(key)
	require.NoError(t, err)
	return b
}

func asPEM(kind string, b []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
}

// ofBits is a public key to which nobody has the private one: a length is all that
// it has.
func ofBits(n uint) *rsa.PublicKey {
	N := new(big.Int).Lsh(big.NewInt(1), n-1)
	return &rsa.PublicKey{N: N.SetBit(N, 0, 1), E: 65537}
}

func signedRSA(t testing.TB, header, claims string, key *rsa.PrivateKey) string {
	t.Helper()
	text := b64(header) + "." + b64(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	require.NoError(t, err)
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func withKey(t testing.TB, key string) tlpe.Config {
	c := config(adaptertest.MustNotSend(t))
	c.Now = func() time.Time { return noon }
	c.WebhookAlgorithm, c.WebhookPublicKey = "RS256", key
	return c
}

// The Config chooses algorithm and key. What a token says of itself chooses
// nothing, so that a public key never serves as a secret.
func TestRS256(t *testing.T) {
	t.Parallel()
	good := claims(`"iss":"TLPE","jti":"j-1",`+times, refunded(`"status_code":"OK.04.00"`))
	public := der(t, &vendorKey().PublicKey)
	text := asPEM("PUBLIC KEY", public)
	genuine := signedRSA(t, rs256, good, vendorKey())
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)

	encoded := base64.StdEncoding.EncodeToString(public)
	for name, key := range map[string]string{"PEM": text, "DER": encoded, "PEM with lines around": "\n" + text + "\n", "DER with a line end": encoded + "\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, withKey(t, key))
			e, err := p.ParseCallback(t.Context(), posted(genuine))
			require.NoError(t, err)
			assert.Equal(t, "j-1", e.ID)
			assert.Equal(t, "OK.04.00", e.Code)
			assert.Equal(t, refund.TrustSigned, e.Trust)

			for name, payload := range map[string]string{
				"HS256 with the key's text":       signed(hs256, good, text),
				"HS256 with the key as given":     signed(hs256, good, key),
				"HS256 with the key's DER":        signed(hs256, good, string(public)),
				"RS256 by the key's text":         signed(rs256, good, text),
				"RS256 by the key's DER":          signed(rs256, good, string(public)),
				"HS256 with the secret":           signed(hs256, good, webhookSecret),
				"RS256 by the secret":             signed(rs256, good, webhookSecret),
				"another's key":                   signedRSA(t, rs256, good, other),
				"the right key, called HS256":     signedRSA(t, hs256, good, vendorKey()),
				"the right key, called PS256":     signedRSA(t, `{"alg":"PS256"}`, good, vendorKey()),
				"the right key, called none":      signedRSA(t, `{"alg":"none"}`, good, vendorKey()),
				"the right key, called nothing":   signedRSA(t, `{}`, good, vendorKey()),
				"no signature":                    b64(rs256) + "." + b64(good) + ".",
				"the right key, exp in the past":  signedRSA(t, rs256, claims(`"jti":"j","exp":1`, refunded(`"status_code":"OK.04.00"`)), vendorKey()),
				"the right key, another's claims": b64(rs256) + "." + b64(good+" ") + genuine[len(b64(rs256)+"."+b64(good)):],
			} {
				e, err := p.ParseCallback(t.Context(), posted(payload))
				require.ErrorIs(t, err, refund.Forged, name)
				assert.Nil(t, e, name)
				adaptertest.NoLeak(t, err, encoded, webhookSecret, token)
			}
		})
	}

	_, err = parse(t, posted(genuine))
	require.ErrorIs(t, err, refund.Forged, "without webhook_algorithm it is HS256")

	c := withKey(t, text)
	c.WebhookSecret = ""
	_, err = open(t, c).ParseCallback(t.Context(), posted(genuine))
	require.NoError(t, err, "the secret has no part in RS256")
}

func TestPublicKeys(t *testing.T) {
	t.Parallel()
	public := der(t, &vendorKey().PublicKey)
	text := asPEM("PUBLIC KEY", public)
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for name, key := range map[string]string{
		"2048 bits": asPEM("PUBLIC KEY", der(t, ofBits(2048))),
		"8192 bits": asPEM("PUBLIC KEY", der(t, ofBits(8192))),
	} {
		_, err := tlpe.New(withKey(t, key))
		require.NoError(t, err, name)
	}
	for name, key := range map[string]string{
		"1024 bits":                  asPEM("PUBLIC KEY", der(t, ofBits(1024))),
		"1024 bits, DER":             base64.StdEncoding.EncodeToString(der(t, ofBits(1024))),
		"2047 bits":                  asPEM("PUBLIC KEY", der(t, ofBits(2047))),
		"8193 bits":                  asPEM("PUBLIC KEY", der(t, ofBits(8193))),
		"no RSA":                     asPEM("PUBLIC KEY", der(t, edwards)),
		"no key":                     "garbage",
		"white space":                " \n",
		"half a key":                 base64.StdEncoding.EncodeToString(public[:len(public)/2]),
		"something behind the DER":   base64.StdEncoding.EncodeToString(append(public[:len(public):len(public)], 0)),
		"something behind the PEM":   text + "x",
		"two keys":                   text + text,
		"PEM of something else":      asPEM("CERTIFICATE", public),
		"PKCS #1":                    asPEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&vendorKey().PublicKey)),
		"base64 of the key as PEM":   base64.StdEncoding.EncodeToString([]byte(text)),
		"the private key":            asPEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(vendorKey())),
		"the private key, so called": asPEM("PUBLIC KEY", x509.MarshalPKCS1PrivateKey(vendorKey())),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := tlpe.New(withKey(t, key))
			assert.Nil(t, p)
			require.ErrorIs(t, err, refund.InvalidRequest)
			require.ErrorContains(t, err, "webhook_public_key")
			if len(key) > 20 {
				adaptertest.NoLeak(t, err, key, token, webhookSecret)
			}
		})
	}
}
