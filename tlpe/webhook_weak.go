package tlpe

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// weakBits is the length, in bits, below which an RSA key can be broken by anybody
// with a little patience: one of 512 takes hours.
const weakBits = 1024

// weakKey reports whether a part of the Config holds an RSA key that can be broken.
// In one public client the token is the public half of the key and the secret the
// private one: who breaks the token then has the secret.
func weakKey(c *Config) bool {
	for _, text := range []string{c.Token, c.WebhookSecret, c.WebhookPublicKey} {
		if key := rsaKey(text); key != nil && key.N.BitLen() < weakBits {
			return true
		}
	}
	return false
}

// rsaKey finds the RSA key in a text: PEM, or base64 of DER or of PEM. It is nil if
// there is none.
func rsaKey(text string) *rsa.PublicKey {
	if key := rsaPEM([]byte(text)); key != nil {
		return key
	}
	text = strings.TrimRight(strings.Join(strings.Fields(text), ""), "=")
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		decoded, err := e.DecodeString(text)
		if err != nil {
			continue
		}
		if key := rsaPEM(decoded); key != nil {
			return key
		}
		if key := rsaDER(decoded); key != nil {
			return key
		}
	}
	return nil
}

func rsaPEM(text []byte) *rsa.PublicKey {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if key := rsaDER(block.Bytes); key != nil {
			return key
		}
	}
	return nil
}

// rsaDER reads SPKI and PKCS #1 of public keys, PKCS #8 and PKCS #1 of private ones.
func rsaDER(der []byte) *rsa.PublicKey {
	if parsed, err := x509.ParsePKIXPublicKey(der); err == nil {
		key, _ := parsed.(*rsa.PublicKey)
		return key
	}
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return &key.PublicKey
	}
	if parsed, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if key, ok := parsed.(*rsa.PrivateKey); ok {
			return &key.PublicKey
		}
	}
	return nil
}

// weakRS256 is RS256 for a key below 1024 bits, by which crypto/rsa verifies nothing.
type weakRS256 struct{}

// Alg returns "RS256".
func (weakRS256) Alg() string { return jwt.SigningMethodRS256.Alg() }

// Sign fails: notifications are only verified.
func (weakRS256) Sign(string, any) ([]byte, error) { return nil, jwt.ErrInvalidKeyType }

// beforeSum is what PKCS #1 (RFC 8017, section 9.2) puts before a SHA-256.
var beforeSum = []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}

// Verify makes the whole padded text that the signature must give, and compares.
func (weakRS256) Verify(text string, signature []byte, key any) error {
	k, ok := key.(*rsa.PublicKey)
	if !ok {
		return jwt.ErrInvalidKeyType
	}
	sum := sha256.Sum256([]byte(text))
	size := k.Size()
	padding := size - 3 - len(beforeSum) - len(sum)
	s := new(big.Int).SetBytes(signature)
	if padding < 8 || len(signature) != size || s.Cmp(k.N) >= 0 {
		return rsa.ErrVerification
	}
	want := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, padding)...)
	want = append(append(append(want, 0), beforeSum...), sum[:]...)
	if !bytes.Equal(s.Exp(s, big.NewInt(int64(k.E)), k.N).FillBytes(make([]byte, size)), want) {
		return rsa.ErrVerification
	}
	return nil
}
