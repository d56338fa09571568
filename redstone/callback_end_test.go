package redstone_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/callback"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/redstone"
	"github.com/gorefund/refund/redstone/redstonetest"
	"github.com/gorefund/refund/refundtest/pretend"
)

// shop is a merchant's server that reads callbacks.
type shop struct {
	parser refund.CallbackParser

	mu     sync.Mutex
	events []*refund.Event
	errs   []error
}

// ServeHTTP takes what can be read and refuses the rest.
func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, callback.MaxBody+1))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	event, err := s.parser.ParseCallback(r.Context(), refund.Callback{Method: r.Method, URL: r.URL.String(), Header: r.Header, Body: body})
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.errs = append(s.errs, err)
		w.WriteHeader(http.StatusForbidden)
		return
	}
	s.events = append(s.events, event)
}

// last is the newest event, out of so many in all.
func (s *shop) last(t *testing.T, of int) *refund.Event {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Empty(t, s.errs)
	require.Len(t, s.events, of)
	return s.events[of-1]
}

// seen is what came so far.
func (s *shop) seen() ([]*refund.Event, []error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events), slices.Clone(s.errs)
}

// street is a pretend gateway, an adapter and a shop that know each other.
func street(t *testing.T, gc redstonetest.Config, callbackSecret string) (*redstonetest.Gateway, *redstone.Provider, *shop, string) {
	t.Helper()
	g, err := redstonetest.Start(gc)
	require.NoError(t, err)
	t.Cleanup(g.Close)
	require.NoError(t, g.AddPayment(pretend.Payment{ID: paymentID, Amount: money.MustParse("250.00 ZMW")}))
	p := provider(t, redstone.Config{
		SecretKey: g.SecretKey(), PublicKey: g.PublicKey(), Environment: refund.Sandbox, BaseURL: g.URL(),
		CallbackSecret: callbackSecret, WebhookSecret: gc.WebhookSecret, WebhookHeader: gc.WebhookHeader,
	})
	t.Cleanup(p.CloseIdleConnections)
	s := &shop{parser: p}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return g, p, s, server.URL + "/hooks?shop=7"
}

func delivered(t *testing.T, g *redstonetest.Gateway, want int) []pretend.Delivery {
	t.Helper()
	all, err := g.Deliver(t.Context())
	require.NoError(t, err)
	require.Len(t, all, want)
	return all
}

func TestCallbackEndToEnd(t *testing.T) {
	t.Parallel()
	const secret = "shop's own, of 32 random bytes or more"
	for name, tt := range map[string]struct {
		gc     redstonetest.Config
		secret string
		trust  refund.Trust
	}{
		"as it is":             {redstonetest.Config{}, "", refund.TrustNone},
		"with a token":         {redstonetest.Config{}, secret, refund.TrustToken},
		"flat":                 {redstonetest.Config{FlatCallbacks: true}, secret, refund.TrustToken},
		"signed":               {redstonetest.Config{WebhookSecret: "w", WebhookHeader: webhookHeader}, "", refund.TrustSigned},
		"signed, base64":       {redstonetest.Config{WebhookSecret: "w", WebhookHeader: "mor-signature", WebhookBase64: true}, "", refund.TrustSigned},
		"signed with a token":  {redstonetest.Config{WebhookSecret: "w", WebhookHeader: webhookHeader, FlatCallbacks: true}, secret, refund.TrustSigned},
		"a payout":             {redstonetest.Config{RefundType: "payout"}, secret, refund.TrustToken},
		"in no funds":          {redstonetest.Config{FailureReason: "INSUFFICIENT_FUNDS"}, secret, refund.TrustToken},
		"no reference, signed": {redstonetest.Config{EmptyReference: true, WebhookSecret: "w", WebhookHeader: webhookHeader}, secret, refund.TrustSigned},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.gc.PendingCallbacks = true
			g, p, s, hook := street(t, tt.gc, tt.secret)
			req := refund.Partial(paymentID, money.MustParse("26.00 ZMW"))
			req.Key, req.CallbackURL = refundKey, hook
			res, err := p.Refund(t.Context(), req)
			require.NoError(t, err)
			id := g.Refunds()[0].ID
			checks := func(e *refund.Event, status refund.Status) {
				t.Helper()
				assert.Equal(t, status, e.Status)
				assert.Equal(t, tt.trust, e.Trust)
				assert.Equal(t, paymentID, e.PaymentID)
				assert.Equal(t, res.RefundID, e.RefundID)
				assert.Equal(t, req.Amount, e.Amount)
				assert.False(t, e.At.IsZero())
				assert.Equal(t, tt.secret != "", e.Key == refundKey)
				// The look-up tells the same.
				if res.RefundID != "" {
					r, err := p.Inspect(t.Context(), query(res.RefundID))
					require.NoError(t, err)
					assert.Equal(t, status, r.Status)
				}
			}
			delivered(t, g, 1)
			checks(s.last(t, 1), refund.StatusPending)
			require.NoError(t, g.Approve(id))
			delivered(t, g, 1)
			checks(s.last(t, 2), refund.StatusSucceeded)
			require.NoError(t, g.Reverse(id))
			delivered(t, g, 1)
			checks(s.last(t, 3), refund.StatusFailed)

			_, err = p.Refund(t.Context(), req)
			require.NoError(t, err)
			require.NoError(t, g.Decline(g.Refunds()[1].ID))
			delivered(t, g, 2)
			assert.Equal(t, refund.StatusFailed, s.last(t, 5).Status)
			assert.Zero(t, g.Refunded(paymentID).Minor())
		})
	}
}

// The same text twice has the same id, and an early one comes before the answer.
func TestCallbackTwiceAndEarly(t *testing.T) {
	t.Parallel()
	g, p, s, hook := street(t, redstonetest.Config{}, callbackSecret)
	g.Early(pretend.Approved)
	req := refund.Partial(paymentID, money.MustParse("26.00 ZMW"))
	req.Key, req.CallbackURL = refundKey, hook
	_, err := p.Refund(t.Context(), req)
	require.NoError(t, err)
	e := s.last(t, 1)
	assert.Equal(t, refundKey, e.Key)
	assert.Equal(t, refund.StatusSucceeded, e.Status)

	require.NoError(t, g.Reverse(g.Refunds()[0].ID))
	_, err = g.Deliver(t.Context(), pretend.Twice)
	require.NoError(t, err)
	second := s.last(t, 3)
	events, _ := s.seen()
	assert.Equal(t, events[1].ID, second.ID)
	assert.NotEqual(t, e.ID, second.ID)
}

// Each of them is refused, with the word that is due to it.
func TestForgeries(t *testing.T) {
	t.Parallel()
	malformed := "truncated, oversized, empty, not JSON, a list, a second value, null"
	for name, tt := range map[string]struct {
		gc     redstonetest.Config
		secret string
		count  int
	}{
		"nothing":   {redstonetest.Config{}, "", 7},
		"token":     {redstonetest.Config{}, callbackSecret, 18},
		"signature": {redstonetest.Config{WebhookSecret: "w", WebhookHeader: webhookHeader}, "", 18},
		"both":      {redstonetest.Config{WebhookSecret: "w", WebhookHeader: webhookHeader, WebhookBase64: true}, callbackSecret, 29},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, p, s, hook := street(t, tt.gc, tt.secret)
			req := refund.Partial(paymentID, money.MustParse("26.00 ZMW"))
			req.Key, req.CallbackURL = refundKey, hook
			_, err := p.Refund(t.Context(), req)
			require.NoError(t, err)
			require.NoError(t, g.Approve(g.Refunds()[0].ID))
			genuine := delivered(t, g, 1)[0].Callback
			s.last(t, 1)

			all := g.Forgeries(genuine)
			assert.Len(t, all, tt.count)
			for title, forged := range all {
				want := refund.Forged
				if strings.Contains(malformed, title) && (tt.gc.WebhookSecret == "" || title == "oversized" || title == "empty") {
					want = refund.Malformed // what cannot be signed is forged first
				}
				d, err := g.Send(t.Context(), forged)
				require.NoError(t, err, title)
				require.NoError(t, d.Err, title)
				assert.Equal(t, http.StatusForbidden, d.Status, title)
				_, errs := s.seen()
				require.NotEmpty(t, errs, title)
				require.ErrorIs(t, errs[len(errs)-1], want, title)
			}
			events, errs := s.seen()
			assert.Len(t, events, 1)
			assert.Len(t, errs, tt.count)
			// The genuine one still counts.
			d, err := g.Send(t.Context(), genuine)
			require.NoError(t, err)
			assert.Equal(t, http.StatusOK, d.Status)
			events, _ = s.seen()
			require.Len(t, events, 2)
			assert.Equal(t, events[0].ID, events[1].ID)
		})
	}
}
