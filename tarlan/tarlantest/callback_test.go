package tarlantest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tarlan/tarlantest"
)

// shop answers each callback with the next of the statuses, the last one over and over.
func shop(t *testing.T, statuses ...int) string {
	t.Helper()
	var mu sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		w.WriteHeader(statuses[0])
		if len(statuses) > 1 {
			statuses = statuses[1:]
		}
	}))
	t.Cleanup(s.Close)
	return s.URL + "/tarlan"
}

// told books refunds of 10 and 10 of one payment and returns the callbacks about them.
func told(t *testing.T, cfg tarlantest.Config) (*tarlantest.Gateway, []pretend.Delivery) {
	t.Helper()
	g := startWith(t, cfg)
	for range 2 {
		refundTen(t, g)
	}
	sent, err := g.Deliver(t.Context())
	require.NoError(t, err)
	return g, sent
}

func startWith(t *testing.T, cfg tarlantest.Config) *tarlantest.Gateway {
	t.Helper()
	g, err := tarlantest.Start(cfg)
	require.NoError(t, err)
	t.Cleanup(g.Close)
	require.NoError(t, g.AddPayment(pretend.Payment{
		ID: "999", Amount: money.MustParse("100.50 KZT"), PaidAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}))
	return g
}

func refundTen(t *testing.T, g *tarlantest.Gateway) {
	t.Helper()
	status, body := post(t, g, `{"amount":10,"transaction_id":999}`)
	require.Equal(t, http.StatusOK, status, body)
}

func fieldsOf(t *testing.T, c pretend.Callback) map[string]any {
	t.Helper()
	var fields map[string]any
	require.NoError(t, json.Unmarshal(c.Body, &fields))
	return fields
}

func TestCallback(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	cfg := tarlantest.Config{CallbackURL: shop(t, 200), Now: func() time.Time { return now }}
	_, sent := told(t, cfg)
	require.Len(t, sent, 2)
	fields := fieldsOf(t, sent[0].Callback)
	for name, want := range map[string]any{
		"transaction_id": 999.0, "merchant_id": 1.0, "project_id": 42.0, "amount": 10.0, "status_code": "refund", "type_code": "in",
		"project_reference_id": "order-999", "created_at": "2026-03-01T12:00:00Z", "finished_at": "2026-03-04T12:00:00Z",
	} {
		require.Equal(t, want, fields[name], name)
	}
	for _, name := range []string{"acquirer_code", "project_client_id", "description", "additional_data", "card_token", "masked_pan", "bank_code", "bank_message"} {
		require.Contains(t, fields, name)
	}
	require.NotEqual(t, sent[0].Body, sent[1].Body, "also if the clock stands still")

	cfg.EqualCallbacks = true
	_, sent = told(t, cfg)
	require.Equal(t, sent[0].Body, sent[1].Body)
	require.Equal(t, sent[0].Header, sent[1].Header)

	cfg.PaidAmount = true
	_, sent = told(t, cfg)
	require.Equal(t, 100.5, fieldsOf(t, sent[0].Callback)["amount"])
}

// The text that is signed, written by hand: PHP's json_encode, and Go's.
func TestCallbackSignature(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		php         bool
		description string
	}{
		"Go":  {false, `Тапсырыс \u0026 order of Jane Doe`},
		"PHP": {true, `\u0422\u0430\u043f\u0441\u044b\u0440\u044b\u0441 & order of Jane Doe`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
			g, sent := told(t, tarlantest.Config{CallbackURL: shop(t, 200), PHPSignature: c.php, Now: func() time.Time { return now }})
			text := `{"acquirer_code":"pretend","amount":10,"bank_code":"0","card_token":"pretend-card-token","created_at":"2026-03-01T12:00:00Z",` +
				`"description":"` + c.description + `","finished_at":"2026-03-04T12:00:00Z","masked_pan":"440043******0000","merchant_id":1,` +
				`"project_client_id":"client-1","project_id":42,"project_reference_id":"order-999","status_code":"refund","transaction_id":999,"type_code":"in"}`
			require.Equal(t, bearer(text, g.Secret()), sent[0].Header.Get("Authorization"))
			require.NotEmpty(t, g.Forgeries(sent[0].Callback), "the gateway knows its own")
		})
	}
}

func TestCallbackNone(t *testing.T) {
	t.Parallel()
	g, sent := told(t, tarlantest.Config{})
	require.Empty(t, sent)
	require.Empty(t, g.Owed())
}

func TestCallbackWaiting(t *testing.T) {
	t.Parallel()
	g, sent := told(t, tarlantest.Config{CallbackURL: shop(t, 200), Waiting: true})
	require.Len(t, sent, 2)
	require.Equal(t, "refund_waiting", fieldsOf(t, sent[0].Callback)["status_code"])

	refunds := g.Refunds()
	require.NoError(t, g.Approve(refunds[0].ID))
	require.NoError(t, g.Decline(refunds[1].ID))
	sent, err := g.Deliver(t.Context())
	require.NoError(t, err)
	require.Len(t, sent, 1, "no word for a declined one is documented")
	require.Equal(t, "refund", fieldsOf(t, sent[0].Callback)["status_code"])
	require.Equal(t, refunds[0].ID, sent[0].RefundID)
}

// Only HTTP 200 ends it; the pauses grow from 500 ms by half up to a minute, and all of it takes ten minutes at most.
func TestCallbackAgain(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	g := startWith(t, tarlantest.Config{CallbackURL: shop(t, 201), Now: func() time.Time { return now }})
	refundTen(t, g)
	began, sendings := now, 0
	pause, last := 500*time.Millisecond, now
	for len(g.Owed()) > 0 {
		sent, err := g.Deliver(t.Context())
		require.NoError(t, err)
		require.Len(t, sent, 1)
		sendings++
		last = now
		now = now.Add(pause - time.Microsecond)
		sent, err = g.Deliver(t.Context())
		require.NoError(t, err)
		require.Empty(t, sent, "before its time")
		now = last.Add(pause + time.Microsecond) // fractions of a nanosecond are cut off
		pause = min(pause*3/2, time.Minute)
	}
	require.LessOrEqual(t, last.Sub(began), 10*time.Minute)
	require.Greater(t, last.Add(time.Minute).Sub(began), 10*time.Minute, "as long as the documents say")
	require.Equal(t, 20, sendings) // twelve pauses of 128.7 s together, and seven of a minute

	g = startWith(t, tarlantest.Config{CallbackURL: shop(t, 503, 200)})
	refundTen(t, g)
	_, err := g.Deliver(t.Context())
	require.NoError(t, err)
	require.Len(t, g.Owed(), 1)
}

func TestForgeries(t *testing.T) {
	t.Parallel()
	g, sent := told(t, tarlantest.Config{CallbackURL: shop(t, 200)})
	genuine := sent[0].Callback
	body, authorization := string(genuine.Body), genuine.Header.Get("Authorization")
	forgeries := g.Forgeries(genuine)
	require.GreaterOrEqual(t, len(forgeries), 30)
	for name, f := range forgeries {
		require.Equal(t, genuine.URL, f.URL, name)
		require.Equal(t, genuine.RefundID, f.RefundID, name)
		require.False(t, string(f.Body) == body && len(f.Header.Values("Authorization")) == 1 && f.Header.Get("Authorization") == authorization, name)
	}
	require.Equal(t, body, string(genuine.Body), "the genuine one stays as it is")
	require.Equal(t, authorization, genuine.Header.Get("Authorization"))

	require.Nil(t, g.Forgeries(pretend.Callback{}))
	require.Nil(t, g.Forgeries(forgeries["tampered amount"]), "not of this gateway")
}
