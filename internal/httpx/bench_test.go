package httpx_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func BenchmarkSend(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }))
	b.Cleanup(s.Close)
	for name, transport := range map[string]http.RoundTripper{"own transport": nil, "default transport": http.DefaultTransport} {
		b.Run(name, func(b *testing.B) {
			c := newClient(b, s.URL, transport)
			b.ReportAllocs()
			b.SetParallelism(callers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, err := c.Send(b.Context(), "refund", post)
					require.NoError(b, err)
				}
			})
		})
	}
}

func BenchmarkClean(b *testing.B) {
	c := newClient(b, "https://gateway.example", nil)
	for name, text := range map[string]string{
		"plain":   "Refund successful",
		"numbers": "payment 200000001 of +260 97 1234567 at 10.0.0.1, 2024-05-01 10:00",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c.Clean(text, "200000001") == "" {
					b.Fatal("nothing is left")
				}
			}
		})
	}
}
