package tarlan_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tarlan"
	"github.com/gorefund/refund/tarlan/tarlantest"
)

// hook is a merchant's server, which keeps what its Provider reads.
type hook struct {
	mu     sync.Mutex
	reader refund.CallbackParser
	events []*refund.Event
	errs   []error
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var e *refund.Event
	if err == nil {
		e, err = h.reader.ParseCallback(r.Context(), refund.Callback{Method: r.Method, URL: r.URL.String(), Header: r.Header, Body: body})
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		h.errs = append(h.errs, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.events = append(h.events, e)
}

// called returns a gateway, a Provider for it, and the server that it calls.
func called(t *testing.T, cfg tarlantest.Config) (*tarlantest.Gateway, *tarlan.Provider, *hook) {
	t.Helper()
	h := new(hook)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	cfg.CallbackURL = server.URL + "/tarlan"
	gateway, err := tarlantest.Start(cfg)
	require.NoError(t, err)
	t.Cleanup(gateway.Close)
	require.NoError(t, gateway.AddPayment(pretend.Payment{ID: "999", Amount: money.MustParse("100.00 KZT")}))
	p := provider(t, tarlan.Config{
		Secret: gateway.Secret(), MerchantID: tarlantest.DefaultMerchantID, ProjectID: tarlantest.DefaultProjectID,
		Environment: refund.Production, BaseURL: gateway.URL(),
	})
	h.reader = p
	return gateway, p, h
}

func TestCallbackOfTheGateway(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	gateway, p, h := called(t, tarlantest.Config{Waiting: true, Now: func() time.Time { return now }})
	for range 2 { // two equal ones
		_, err := p.Refund(t.Context(), partial("10.00 KZT"))
		require.NoError(t, err)
	}
	_, err := gateway.Deliver(t.Context(), pretend.Twice)
	require.NoError(t, err)
	for _, r := range gateway.Refunds() {
		require.NoError(t, gateway.Approve(r.ID))
	}
	_, err = gateway.Deliver(t.Context())
	require.NoError(t, err)
	require.Empty(t, h.errs)
	require.Empty(t, gateway.Owed())
	require.Len(t, h.events, 6)

	ids := make(map[string]int)
	for i, e := range h.events {
		ids[e.ID]++
		want := refund.Event{
			Gateway: "tarlan", ID: e.ID, PaymentID: "999", Status: refund.StatusPending, Amount: money.MustParse("10.00 KZT"),
			Code: "refund_waiting", At: e.At, Trust: refund.TrustSigned,
		}
		if i >= 4 {
			want.Status, want.Code = refund.StatusSucceeded, "refund"
		}
		assert.Equal(t, &want, e)
		assert.WithinDuration(t, now, e.At, time.Millisecond)
	}
	assert.Len(t, ids, 4, "a repeat has the same ID, and another refund has another")
	assert.Equal(t, h.events[0], h.events[1])
}

// Should Tarlan tell refunds apart by nothing, neither can the events' IDs.
func TestCallbackOfTheGateway_Equal(t *testing.T) {
	t.Parallel()
	gateway, p, h := called(t, tarlantest.Config{EqualCallbacks: true})
	for range 2 {
		_, err := p.Refund(t.Context(), partial("10.00 KZT"))
		require.NoError(t, err)
	}
	_, err := gateway.Deliver(t.Context())
	require.NoError(t, err)
	require.Len(t, h.events, 2)
	assert.Equal(t, h.events[0], h.events[1])
}

func TestForgeriesAreRefused(t *testing.T) {
	t.Parallel()
	// All others are Forged: they can be read, and are not signed.
	malformed := []string{"status twice", "text behind the body", "truncated body", "body in a list", "empty body", "oversized body", "a refund call"}
	for _, waiting := range []bool{false, true} {
		gateway, p, h := called(t, tarlantest.Config{Waiting: waiting})
		_, err := p.Refund(t.Context(), partial("10.00 KZT"))
		require.NoError(t, err)
		owed := gateway.Owed()
		require.Len(t, owed, 1)
		forgeries := gateway.Forgeries(owed[0])
		require.NotEmpty(t, forgeries)
		for _, name := range malformed {
			require.Contains(t, forgeries, name)
		}
		for name, f := range forgeries {
			want := refund.Forged
			for _, m := range malformed {
				if name == m {
					want = refund.Malformed
				}
			}
			_, err := p.ParseCallback(t.Context(), refund.Callback{Method: http.MethodPost, Header: f.Header, Body: f.Body})
			require.ErrorIs(t, err, want, name)
			adaptertest.NoLeak(t, err, gateway.Secret(), "Jane Doe", "pretend-card-token")
			if _, signature, _ := strings.Cut(f.Header.Get("Authorization"), " "); len(signature) >= 63 {
				adaptertest.NoLeak(t, err, signature)
			}
			_, err = gateway.Send(t.Context(), f)
			require.NoError(t, err, name)
		}
		require.Empty(t, h.events)
		require.Len(t, h.errs, len(forgeries))
		_, err = gateway.Deliver(t.Context())
		require.NoError(t, err)
		require.Len(t, h.events, 1, "the genuine one is taken still")
	}
}
