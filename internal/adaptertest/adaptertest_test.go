package adaptertest_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
)

// fake takes the failures of a test that must fail.
type fake struct {
	testing.TB
	failures []string
}

func (f *fake) Helper() {}

func (f *fake) Errorf(format string, args ...any) {
	f.failures = append(f.failures, fmt.Sprintf(format, args...))
}

// A search that finds nothing where there is something would prove nothing.
func TestNoLeakFinds(t *testing.T) {
	t.Parallel()
	const secret = `s3cr3t/"key"+é=`
	type hidden struct{ inner string }
	tests := []struct {
		name  string
		value any
	}{
		{"text", "before " + secret + " after"},
		{"bytes", []byte(secret)},
		{"exported field", struct{ Token string }{secret}},
		{"unexported field", hidden{secret}},
		{"pointer", &hidden{secret}},
		{"map key", map[string]int{secret: 1}},
		{"error", errors.New(secret)},
		{"wrapped error", &refund.Error{Op: "refund", Err: fmt.Errorf("outer: %w", errors.New(secret))}},
		{"field of an error", &refund.Error{Op: "refund", GatewayCode: secret}},
		{"base64", base64.StdEncoding.EncodeToString([]byte(secret))},
		{"base64 with a colon", base64.StdEncoding.EncodeToString([]byte(secret + ":"))},
		{"hexadecimal", hex.EncodeToString([]byte(secret))},
		{"capital hexadecimal", strings.ToUpper(hex.EncodeToString([]byte(secret)))},
		{"query", "https://x.example/?k=s3cr3t%2F%22key%22%2B%C3%A9%3D"},
		{"JSON", `{"key":"s3cr3t/\"key\"+é="}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := new(fake)
			adaptertest.NoLeak(f, tt.value, secret)
			assert.NotEmpty(t, f.failures)
		})
	}
}

func TestNoLeakPasses(t *testing.T) {
	t.Parallel()
	f := new(fake)
	adaptertest.NoLeak(f, &refund.Error{Op: "refund", Message: "s3cr3t", Err: errors.New("***")}, "s3cr3t-key")
	assert.Empty(t, f.failures)
	assert.Panics(t, func() { adaptertest.NoLeak(f, "text", "") }, "an empty secret is in every text")
}

func TestRecorder(t *testing.T) {
	t.Parallel()
	r := &adaptertest.Recorder{Status: 418, Body: "short and stout"}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://gateway.example/refund?a=1", strings.NewReader("tea"))
	require.NoError(t, err)
	req.Header.Set("B", "key")
	req.Header.Set("A", "1")
	resp, err := r.RoundTrip(req)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, 418, resp.StatusCode)
	assert.Equal(t, "short and stout", string(body))

	sent := r.One(t)
	assert.Equal(t, "POST https://gateway.example/refund?a=1\nA: 1\nB: key\n\ntea\n", sent.String())
	assert.Equal(t, &refund.Plan{
		Method: "POST", URL: "https://gateway.example/refund?a=1",
		Header: []refund.Header{{Name: "A", Value: "1"}, {Name: "B", Value: "***"}}, Body: "t-",
	}, sent.Plan("key", "***", "ea", "-"))
}

func TestMustNotSend(t *testing.T) {
	t.Parallel()
	f := new(fake)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://gateway.example/refund", nil)
	require.NoError(t, err)
	resp, err := adaptertest.MustNotSend(f).RoundTrip(req)
	require.Error(t, err)
	assert.Nil(t, resp)
	assert.Len(t, f.failures, 1)
}
