package tarlan

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
)

// The vectors V1 to V6 of the fact sheet. V1 is the only one whose signature
// the vendor published.
func TestSign(t *testing.T) {
	t.Parallel()
	var vectors []struct{ Name, Source, Canonical, Secret, Signature string }
	text, err := os.ReadFile(filepath.Join("testdata", "signatures.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &vectors))
	require.Len(t, vectors, 6)
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			assert.NotEmpty(t, v.Source)
			assert.Equal(t, v.Signature, sign([]byte(v.Canonical), v.Secret))
		})
	}
}

// The curl sample of the signature page shows this hash. It belongs to none of
// the inputs on that page; should it ever match, the sheet has to be read anew.
func TestSignPlaceholder(t *testing.T) {
	t.Parallel()
	const placeholder = "ff1a38a78ccca1b313ae172307e49112066ec2f5a1dfa2a76110104da3012896"
	assert.NotEqual(t, placeholder, sign([]byte(`{"merchant_id":1,"project_client_id":"9999","project_id":1}`), "12345"))
	assert.NotEqual(t, placeholder, sign([]byte(`{}`), "12345"))
}

// The body must be what a server signs that reads it and writes it anew with
// encoding/json, the form that the fact sheet infers: every number through a
// float64, every key in order.
func TestEncodeIsCanonical(t *testing.T) {
	t.Parallel()
	const secret = "a secret with ünusual /+=& signs"
	for _, amount := range []string{
		"1.00 KZT", "10.00 KZT", "100.00 KZT", "1000000.00 KZT", "0.01 KZT", "0.10 KZT", "10.50 KZT", "19.99 KZT",
		"1.15 KZT", "0.29 KZT", "4.35 KZT", "100.01 KZT", "999999999999.99 KZT", "100 JPY", "10 JPY", "10.500 KWD", "0.001 KWD",
	} {
		for _, id := range []int64{1, 10, 999, 200000001, maxID} {
			body := encode(money.MustParse(amount), id)
			var read map[string]any
			require.NoError(t, json.Unmarshal(body, &read), "%s", body)
			rewritten, err := json.Marshal(read)
			require.NoError(t, err)
			assert.Equal(t, string(rewritten), string(body), "what the server signs and what is sent")

			sum := sha256.Sum256([]byte(base64.StdEncoding.EncodeToString(rewritten) + secret))
			assert.Equal(t, hex.EncodeToString(sum[:]), sign(body, secret))
		}
	}
}
