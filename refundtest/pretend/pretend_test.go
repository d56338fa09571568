package pretend_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

const (
	accepted = `{"ok":true,"to":"me"}`
	drifting = `{"ok":true,"to":17}`
	declined = `{"ok":false}`
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// The smallest gateway: POST /refund gives money back, GET /payments/ID tells how much, POST /payments/ID/note does nothing.
func routes() []pretend.Route {
	return []pretend.Route{
		{Method: http.MethodPost, Path: "/refund", Money: true, Answer: refund},
		{Method: http.MethodGet, Path: "/payments/", Answer: func(r pretend.Request, l *pretend.Ledger) pretend.Answer {
			id := strings.TrimPrefix(r.Path, "/payments/")
			if _, ok := l.Payment(id); !ok {
				return pretend.Answer{Status: http.StatusNotFound, Body: []byte(`{}`)}
			}
			body, _ := json.Marshal(map[string]any{"refunded": l.Refunded(id).String(), "count": len(l.Refunds(id))})
			return pretend.Answer{Body: body}
		}},
		{Method: http.MethodGet, Path: "/payments/exact", Answer: func(pretend.Request, *pretend.Ledger) pretend.Answer {
			return pretend.Answer{Body: []byte(`"exact"`)}
		}},
	}
}

func refund(r pretend.Request, l *pretend.Ledger) pretend.Answer {
	var wire struct{ Payment, Amount string }
	if err := json.Unmarshal(r.Body, &wire); err != nil {
		return pretend.Answer{Status: http.StatusBadRequest, Body: []byte(declined)}
	}
	payment, ok := l.Payment(wire.Payment)
	if !ok {
		return pretend.Answer{Status: http.StatusNotFound, Body: []byte(declined)}
	}
	amount, err := money.New(wire.Amount, payment.Amount.Currency())
	if err != nil {
		return pretend.Answer{Status: http.StatusBadRequest, Body: []byte(declined)}
	}
	rest, err := payment.Amount.Sub(l.Refunded(payment.ID))
	if err != nil {
		return pretend.Answer{Status: http.StatusInternalServerError, Body: []byte(declined)}
	}
	if over, err := amount.Cmp(rest); err != nil || over > 0 {
		return pretend.Answer{Status: http.StatusBadRequest, Body: []byte(declined)}
	}
	return pretend.Answer{
		Body:    []byte(accepted),
		Drifted: []byte(drifting),
		Booking: &pretend.Refund{ID: l.NextID("R"), PaymentID: payment.ID, Amount: amount},
	}
}

func start(t *testing.T) *pretend.Server {
	t.Helper()
	s, err := pretend.Start(pretend.Options{Routes: routes(), Now: func() time.Time { return noon }})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.NoError(t, s.AddPayment(pretend.Payment{ID: "P1", Amount: money.MustParse("100.00 PHP")}))
	return s
}

// newClient follows no redirect, re-sends nothing and decodes no gzip, so that it sees what the server does.
func newClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func newPost(ctx context.Context, t *testing.T, s *pretend.Server, amount string) *http.Request {
	t.Helper()
	body := `{"payment":"P1","amount":"` + amount + `"}`
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL()+"/refund?a=1", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("X-Test", "yes")
	return r
}

// answered is what a client saw of an answer.
type answered struct {
	status  int
	header  http.Header
	length  int64
	body    string
	readErr error
}

func do(t *testing.T, c *http.Client, r *http.Request) answered {
	t.Helper()
	resp, err := c.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answered{resp.StatusCode, resp.Header, resp.ContentLength, string(body), err}
}

func post(t *testing.T, s *pretend.Server, amount string) answered {
	t.Helper()
	return do(t, newClient(t), newPost(t.Context(), t, s, amount))
}

func get(t *testing.T, url string) answered {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	return do(t, newClient(t), r)
}

func TestRefundIsBooked(t *testing.T) {
	t.Parallel()
	s := start(t)
	require.Equal(t, money.MustParse("0.00 PHP"), s.Refunded("P1"))

	a := post(t, s, "10.00")
	require.NoError(t, a.readErr)
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, "application/json", a.header.Get("Content-Type"))
	require.Equal(t, accepted, a.body)
	require.Equal(t, http.StatusOK, post(t, s, "5.50").status)
	require.Equal(t, http.StatusBadRequest, post(t, s, "84.51").status, "more than the rest")

	require.Equal(t, []pretend.Refund{
		{ID: "R1", PaymentID: "P1", Amount: money.MustParse("10.00 PHP"), At: noon},
		{ID: "R2", PaymentID: "P1", Amount: money.MustParse("5.50 PHP"), At: noon},
	}, s.Refunds())
	require.Equal(t, money.MustParse("15.50 PHP"), s.Refunded("P1"))
	require.False(t, s.Refunded("P2").IsSet())
	require.Equal(t, noon, s.Now())
	require.Equal(t, 3, s.Requests())
	require.Equal(t, 3, s.Connections())

	look := get(t, s.URL()+"/payments/P1")
	require.JSONEq(t, `{"refunded":"15.50 PHP","count":2}`, look.body)
	require.Len(t, s.Arrivals(), 3, "a look-up is no arrival")
	require.Equal(t, 4, s.Requests())
}

func TestConnectionsCountsReuseOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := newClient(t)
	for range 3 {
		require.Equal(t, http.StatusOK, do(t, c, newPost(t.Context(), t, s, "1.00")).status)
	}
	require.Equal(t, 1, s.Connections())
	require.Equal(t, 3, s.Requests())
}

func TestArrivals(t *testing.T) {
	t.Parallel()
	s := start(t)
	post(t, s, "1.00")
	first := s.Arrivals()
	require.Len(t, first, 1)
	require.Equal(t, http.MethodPost, first[0].Method)
	require.Equal(t, "/refund", first[0].Path)
	require.Equal(t, "1", first[0].Query.Get("a"))
	require.Equal(t, "yes", first[0].Header.Get("X-Test"))
	require.Equal(t, `{"payment":"P1","amount":"1.00"}`, string(first[0].Body))

	first[0].Header.Set("X-Test", "changed")
	first[0].Query.Set("a", "changed")
	first[0].Body[0] = 'x'
	second := s.Arrivals()
	require.Equal(t, "yes", second[0].Header.Get("X-Test"), "arrivals are copies")
	require.Equal(t, "1", second[0].Query.Get("a"))
	require.Equal(t, byte('{'), second[0].Body[0])
}

func TestUnknownPathAndMethod(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Inject(pretend.DropAfterBooking) // must wait for a money route

	a := get(t, s.URL()+"/nowhere")
	require.Equal(t, http.StatusNotFound, a.status)
	require.Contains(t, a.header.Get("Content-Type"), "text/html")
	require.Contains(t, a.body, "<html>")

	a = get(t, s.URL()+"/refund")
	require.Equal(t, http.StatusMethodNotAllowed, a.status)
	require.Equal(t, "POST", a.header.Get("Allow"))

	require.Equal(t, http.StatusNotFound, get(t, s.URL()+"/refund/").status, "a path is exact")
	require.Equal(t, `"exact"`, get(t, s.URL()+"/payments/exact").body, "the closer route answers")
	require.Equal(t, http.StatusNotFound, get(t, s.URL()+"/payments/P9").status)
	require.Equal(t, http.StatusOK, get(t, s.URL()+"/payments/P1").status)

	require.Equal(t, 6, s.Requests())
	require.Empty(t, s.Arrivals())
	_, err := newClient(t).Do(newPost(t.Context(), t, s, "1.00"))
	require.Error(t, err, "the fault was still there")
}

func TestAddPayment(t *testing.T) {
	t.Parallel()
	s := start(t)
	amount := money.MustParse("1.00 PHP")
	require.ErrorContains(t, s.AddPayment(pretend.Payment{Amount: amount}), "without an id")
	require.ErrorContains(t, s.AddPayment(pretend.Payment{ID: "P2"}), "not positive")
	require.ErrorContains(t, s.AddPayment(pretend.Payment{ID: "P2", Amount: money.MustParse("0.00 PHP")}), "not positive")
	require.ErrorContains(t, s.AddPayment(pretend.Payment{ID: "P2", Amount: money.MustParse("-1.00 PHP")}), "not positive")
	require.ErrorContains(t, s.AddPayment(pretend.Payment{ID: "P1", Amount: amount}), "exists already")
	require.NoError(t, s.AddPayment(pretend.Payment{ID: "P2", Amount: amount}))
}

func TestPayment(t *testing.T) {
	t.Parallel()
	s := start(t)
	want := pretend.Payment{ID: "P2", Amount: money.MustParse("1.00 PHP"), PaidAt: noon}
	got, ok := s.Payment("P2")
	require.False(t, ok)
	require.Zero(t, got)
	require.NoError(t, s.AddPayment(want))
	require.Error(t, s.AddPayment(pretend.Payment{ID: "P2", Amount: money.MustParse("2.00 PHP")}))
	got, ok = s.Payment("P2")
	require.True(t, ok)
	require.Equal(t, want, got, "one that was refused changes nothing")
}

func TestPaidAt(t *testing.T) {
	t.Parallel()
	paid := make(chan time.Time, 1)
	s, err := pretend.Start(pretend.Options{
		Now: func() time.Time { return noon },
		Routes: []pretend.Route{{Method: http.MethodGet, Path: "/", Answer: func(r pretend.Request, l *pretend.Ledger) pretend.Answer {
			payment, _ := l.Payment(strings.TrimPrefix(r.Path, "/"))
			paid <- payment.PaidAt
			return pretend.Answer{Body: []byte(l.Now().Format(time.RFC3339))}
		}}},
	})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	amount := money.MustParse("1.00 PHP")
	require.NoError(t, s.AddPayment(pretend.Payment{ID: "old", Amount: amount}))
	require.NoError(t, s.AddPayment(pretend.Payment{ID: "new", Amount: amount, PaidAt: noon}))

	require.Equal(t, "2026-03-04T12:00:00Z", get(t, s.URL()+"/old").body)
	require.Equal(t, noon.Add(-72*time.Hour), <-paid)
	get(t, s.URL()+"/new")
	require.Equal(t, noon, <-paid)
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	answer := func(pretend.Request, *pretend.Ledger) pretend.Answer { return pretend.Answer{} }
	for name, routes := range map[string][]pretend.Route{
		"no routes":       nil,
		"no method":       {{Path: "/a", Answer: answer}},
		"no path":         {{Method: "GET", Answer: answer}},
		"a relative path": {{Method: "GET", Path: "a", Answer: answer}},
		"no answer":       {{Method: "GET", Path: "/a"}},
		"given twice":     {{Method: "GET", Path: "/a", Answer: answer}, {Method: "GET", Path: "/a", Answer: answer}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := pretend.Start(pretend.Options{Routes: routes})
			require.ErrorContains(t, err, "pretend: ")
		})
	}
}

func TestZeroNowIsTheRealClock(t *testing.T) {
	t.Parallel()
	s, err := pretend.Start(pretend.Options{Routes: routes()})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.False(t, s.Now().IsZero())
}

func TestScript(t *testing.T) {
	t.Parallel()
	s := start(t)
	header := http.Header{"content-type": {"text/plain"}, "X-Extra": {"a", "b"}}
	s.Script(
		pretend.Scripted{Status: http.StatusTeapot, Header: header, Body: "short and stout"},
		pretend.Scripted{Body: `{"booked":true}`, Book: true},
		pretend.Scripted{Status: http.StatusNoContent, Body: "never seen"},
	)
	header.Set("X-Extra", "changed later")

	a := post(t, s, "10.00")
	require.Equal(t, http.StatusTeapot, a.status)
	require.Equal(t, []string{"text/plain"}, a.header.Values("Content-Type"))
	require.Equal(t, []string{"a", "b"}, a.header.Values("X-Extra"))
	require.Equal(t, "short and stout", a.body)
	require.Empty(t, s.Refunds())

	a = post(t, s, "10.00")
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, "application/json", a.header.Get("Content-Type"))
	require.Equal(t, `{"booked":true}`, a.body)
	require.Len(t, s.Refunds(), 1)

	a = post(t, s, "10.00")
	require.Equal(t, http.StatusNoContent, a.status)
	require.Empty(t, a.body)
	require.NoError(t, a.readErr)

	require.Equal(t, accepted, post(t, s, "10.00").body, "the script is over")
	require.Len(t, s.Refunds(), 2)
	require.Len(t, s.Arrivals(), 4)
}

func TestScriptBooksOnlyWhatTheGatewayAccepts(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Script(pretend.Scripted{Body: accepted, Book: true})
	require.Equal(t, accepted, post(t, s, "100.01").body)
	require.Empty(t, s.Refunds())
}

func TestFaultsAndScriptsComeInOrder(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Inject(pretend.ServerError, pretend.NoFault)
	s.Script(pretend.Scripted{Status: http.StatusTeapot})
	s.Inject(pretend.HTMLError, pretend.Fault(200))
	var got []int
	for range 6 {
		got = append(got, post(t, s, "1.00").status)
	}
	require.Equal(t, []int{500, 200, 418, 502, 200, 200}, got)
	require.Len(t, s.Refunds(), 4)
}

func TestImpossibleStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []int{-1, 1, 99, 100, 199, 1000} {
		s := start(t)
		s.Script(pretend.Scripted{Status: status, Body: accepted})
		a := post(t, s, "1.00")
		require.Equal(t, http.StatusInternalServerError, a.status)
		require.Contains(t, a.body, "impossible status")
	}
}

func TestBodyOverOneMiBIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	body := `{"payment":"P1","amount":"1.00"}`
	for size, want := range map[int]int{1 << 20: http.StatusOK, 1<<20 + 1: http.StatusRequestEntityTooLarge} {
		padded := body + strings.Repeat(" ", size-len(body))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/refund", strings.NewReader(padded))
		require.NoError(t, err)
		require.Equal(t, want, do(t, newClient(t), r).status)
	}
	require.Len(t, s.Refunds(), 1)
	for _, arrived := range s.Arrivals() {
		require.Len(t, arrived.Body, 1<<20)
	}
}

func TestImpossibleBookingIsShown(t *testing.T) {
	t.Parallel()
	for name, booking := range map[string]pretend.Refund{
		"unknown payment": {PaymentID: "P9", Amount: money.MustParse("1.00 PHP")},
		"no amount":       {PaymentID: "P1"},
		"negative":        {PaymentID: "P1", Amount: money.MustParse("-1.00 PHP")},
		"other currency":  {PaymentID: "P1", Amount: money.MustParse("1.00 TRY")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := pretend.Start(pretend.Options{Routes: []pretend.Route{{
				Method: http.MethodPost, Path: "/refund", Money: true,
				Answer: func(pretend.Request, *pretend.Ledger) pretend.Answer {
					return pretend.Answer{Body: []byte(accepted), Booking: &booking}
				},
			}}})
			require.NoError(t, err)
			t.Cleanup(s.Close)
			require.NoError(t, s.AddPayment(pretend.Payment{ID: "P1", Amount: money.MustParse("1.00 PHP")}))
			a := post(t, s, "1.00")
			require.Equal(t, http.StatusInternalServerError, a.status)
			require.Contains(t, a.body, "a route booked a refund")
			require.Empty(t, s.Refunds())
			require.True(t, s.Refunded("P1").IsZero())
		})
	}
}

func TestRefundMayExceedThePayment(t *testing.T) {
	t.Parallel()
	s, err := pretend.Start(pretend.Options{Routes: []pretend.Route{{
		Method: http.MethodPost, Path: "/refund", Money: true,
		Answer: func(pretend.Request, *pretend.Ledger) pretend.Answer {
			return pretend.Answer{Booking: &pretend.Refund{PaymentID: "P1", Amount: money.MustParse("3.00 PHP")}}
		},
	}}})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.NoError(t, s.AddPayment(pretend.Payment{ID: "P1", Amount: money.MustParse("1.00 PHP")}))
	require.Equal(t, http.StatusOK, post(t, s, "3.00").status)
	require.Equal(t, money.MustParse("3.00 PHP"), s.Refunded("P1"))
}

func TestNextID(t *testing.T) {
	t.Parallel()
	s, err := pretend.Start(pretend.Options{Routes: []pretend.Route{{
		Method: http.MethodGet, Path: "/",
		Answer: func(_ pretend.Request, l *pretend.Ledger) pretend.Answer {
			return pretend.Answer{Body: []byte(l.NextID("a") + l.NextID("a") + l.NextID("b"))}
		},
	}}})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.Equal(t, "a1a2b1", get(t, s.URL()+"/").body)
	require.Equal(t, "a3a4b2", get(t, s.URL()+"/").body)
}

func TestJudgingAndBookingAreOneStep(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := newClient(t)
	var all sync.WaitGroup
	status := make(chan int, 40)
	for range cap(status) {
		r := newPost(t.Context(), t, s, "10.00")
		all.Go(func() {
			resp, err := c.Do(r)
			if err != nil {
				status <- 0
				return
			}
			_ = resp.Body.Close()
			status <- resp.StatusCode
			_, _, _, _ = s.Refunds(), s.Arrivals(), s.Requests(), s.Refunded("P1")
		})
	}
	all.Wait()
	close(status)
	count := map[int]int{}
	for code := range status {
		count[code]++
	}
	require.Equal(t, map[int]int{http.StatusOK: 10, http.StatusBadRequest: 30}, count)
	require.Equal(t, money.MustParse("100.00 PHP"), s.Refunded("P1"))
	require.Len(t, s.Refunds(), 10)
	require.Len(t, s.Arrivals(), 40)
}
