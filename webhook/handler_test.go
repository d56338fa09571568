package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/webhook"
)

// acme is a provider whose callbacks are events as JSON, in the body or in the address;
// some words in place of an event stand for errors.
type acme struct {
	asked    atomic.Int64
	url      atomic.Value // of the last callback
	unsigned bool
	silent   bool // it proves nothing when it is asked
}

func (a *acme) Capabilities() refund.Capabilities {
	c := refund.Capabilities{Gateway: "acme"}
	c.Currencies.Value = []string{"PHP"}
	c.Full.Value, c.Partial.Value = refund.FullNative, refund.Can
	if c.Callback.Value = refund.CallbackSigned; a.unsigned {
		c.Callback.Value = refund.CallbackUnsigned
	}
	return c
}

func (*acme) Refund(_ context.Context, req refund.Request) (*refund.Result, error) {
	return &refund.Result{Status: refund.StatusPending, Amount: req.Amount}, nil
}

func (a *acme) Inspect(context.Context, refund.Query) (*refund.Report, error) {
	a.asked.Add(1)
	if a.silent {
		return &refund.Report{Why: "nobody knows"}, nil
	}
	return &refund.Report{Status: refund.StatusSucceeded, Conclusive: true, Why: "it is done"}, nil
}

func (a *acme) ParseCallback(_ context.Context, c refund.Callback) (*refund.Event, error) {
	a.url.Store(c.URL)
	if _, inURL, ok := strings.Cut(c.URL, "?event="); ok {
		text, err := url.QueryUnescape(inURL)
		if err != nil {
			return nil, err
		}
		c.Body = []byte(text)
	}
	no := func(code refund.Code) (*refund.Event, error) {
		return nil, &refund.Error{Gateway: "acme", Op: "callback", Code: code, Status: refund.StatusNotSent, Message: "secret-4711 is not in the answer"}
	}
	switch string(c.Body) {
	case `"forged"`:
		return no(refund.Forged)
	case `"panic"`:
		panic("boom")
	case `"payment"`:
		return no(refund.NotARefund)
	case `"not set up"`:
		return no(refund.Unsupported)
	}
	ev := new(refund.Event)
	if err := json.Unmarshal(c.Body, ev); err != nil {
		return no(refund.Malformed)
	}
	return ev, nil
}

// shop is a client with one pending refund, and its handler.
type shop struct {
	*webhook.Handler
	client *refund.Client
	acme   *acme
	log    *bytes.Buffer
	now    atomic.Int64 // seconds added to the clock
}

func open(t *testing.T, j refund.Journal, opts ...webhook.Option) *shop {
	t.Helper()
	return openAt(t, new(acme), j, opts...)
}

// openAt is open at a gateway of one's own.
func openAt(t *testing.T, gateway *acme, j refund.Journal, opts ...webhook.Option) *shop {
	t.Helper()
	s := &shop{acme: gateway, log: new(bytes.Buffer)}
	clock := func() time.Time {
		return time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC).Add(time.Duration(s.now.Load()) * time.Second)
	}
	s.client = refund.New(s.acme, refund.WithJournal(j), refund.WithClock(clock))
	var err error
	s.Handler, err = webhook.New(s.client, append([]webhook.Option{webhook.WithLogger(slog.New(slog.NewTextHandler(s.log, nil)))}, opts...)...)
	require.NoError(t, err)
	req := refund.Partial("TRX-1", money.MustParse("10.00 PHP"))
	req.Key = "K"
	_, err = s.client.Refund(t.Context(), req)
	require.NoError(t, err)
	s.acme.asked.Store(0)
	return s
}

func (s *shop) state(t *testing.T) refund.Status {
	t.Helper()
	e, err := s.client.Entry(t.Context(), "K")
	require.NoError(t, err)
	return e.Status
}

func (s *shop) post(body string) *httptest.ResponseRecorder {
	return s.do(httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(body)))
}

func (s *shop) do(r *http.Request) *httptest.ResponseRecorder {
	if r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func event(id, status, trust string) string {
	return `{"id":"` + id + `","key":"K","status":"` + status + `","trust":"` + trust + `"}`
}

func TestCallbackMovesTheRefund(t *testing.T) {
	t.Parallel()
	var told []webhook.Notice
	s := open(t, journal.Memory(), webhook.WithNotify(func(_ context.Context, n webhook.Notice) error {
		told = append(told, n)
		return nil
	}))
	w := s.post(event("E-1", "succeeded", "signed"))
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	assert.True(t, json.Valid(w.Body.Bytes()))
	assert.Equal(t, refund.StatusSucceeded, s.state(t))
	require.Len(t, told, 1)
	assert.Equal(t, refund.StatusPending, told[0].From)
	assert.Equal(t, refund.StatusSucceeded, told[0].Entry.Status)
	assert.Equal(t, "E-1", told[0].Event.ID)
	assert.True(t, told[0].Changed)
	assert.Zero(t, s.acme.asked.Load())

	// The same once more: answered alike, and nothing else.
	assert.Equal(t, http.StatusOK, s.post(event("E-1", "failed", "signed")).Code)
	assert.Equal(t, refund.StatusSucceeded, s.state(t))
	assert.Len(t, told, 1)
	left, err := s.client.Unfinished(t.Context(), -time.Hour, 10)
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	request := func(method, kind, body string) *http.Request {
		r := httptest.NewRequest(method, "/hook", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		return r
	}
	good := event("E-1", "succeeded", "signed")
	for _, tt := range []struct {
		name string
		r    *http.Request
		want int
		log  string
	}{
		{"forged", request("POST", "application/json", `"forged"`), 403, "forged"},
		{"not a refund", request("POST", "application/json", `"payment"`), 200, "not_a_refund"},
		{"malformed", request("POST", "application/json", `{`), 400, "malformed"},
		{"not set up", request("POST", "application/json", `"not set up"`), 503, "unsupported"},
		{"empty", request("POST", "application/json", ``), 400, "malformed"},
		{"GET", request("GET", "application/json", good), 405, "only POST"},
		{"too large", request("POST", "application/json", good+strings.Repeat(" ", 1000)), 413, "larger than 1000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, journal.Memory(), webhook.WithMaxBody(1000))
			w := s.do(tt.r)
			assert.Equal(t, tt.want, w.Code)
			assert.Equal(t, refund.StatusPending, s.state(t), "it changed something")
			assert.NotContains(t, w.Body.String(), "secret-4711")
			assert.True(t, json.Valid(w.Body.Bytes()))
			assert.Equal(t, 1, strings.Count(s.log.String(), "callback refused"), "counted in the log")
			assert.Contains(t, s.log.String(), tt.log)
		})
	}
}

// Whatever a callback calls itself, its proof counts and what the provider can read.
func TestC15_AnyContentType(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{
		"application/json", "text/json", "application/vnd.x+json; charset=utf-8", "text/plain", "application/octet-stream",
		"application/x-www-form-urlencoded", "multipart/form-data", "application/json/x", "",
	} {
		t.Run("C15 documented JSON as "+kind, func(t *testing.T) {
			t.Parallel()
			s := open(t, journal.Memory())
			post := func(body string) int {
				r := httptest.NewRequest(http.MethodPost, "/hook?refund_key=k&refund_token=T?xact_id=x&code=0", strings.NewReader(body))
				if r.Header.Set("Content-Type", kind); kind == "" {
					r.Header.Del("Content-Type")
				}
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				return w.Code
			}
			assert.Equal(t, http.StatusForbidden, post(`"forged"`))
			assert.Equal(t, http.StatusBadRequest, post("id=E-1&status=succeeded"))
			assert.Equal(t, refund.StatusPending, s.state(t))
			assert.Equal(t, http.StatusOK, post(event("E-1", "succeeded", "signed")))
			assert.Equal(t, refund.StatusSucceeded, s.state(t))
			assert.Equal(t, "/hook?refund_key=k&refund_token=T?xact_id=x&code=0", s.acme.url.Load())
		})
	}
}

// An event that nobody signed makes the client ask, not more than once in a while,
// and is not stored.
func TestHints(t *testing.T) {
	t.Parallel()
	s := open(t, journal.Memory())
	assert.Equal(t, http.StatusOK, s.post(`{"id":"E-1","payment_id":"TRX-1","status":"failed","trust":"none"}`).Code)
	assert.Equal(t, refund.StatusSucceeded, s.state(t), "the gateway says so, not the event")
	assert.EqualValues(t, 1, s.acme.asked.Load())
	for range 5 {
		assert.Equal(t, http.StatusOK, s.post(`{"id":"E-2","payment_id":"TRX-1","status":"failed","trust":"none"}`).Code)
	}
	assert.EqualValues(t, 1, s.acme.asked.Load(), "asked again at once")
	left, err := s.client.Unfinished(t.Context(), -time.Hour, 10)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// failing is a journal whose inbox can be out of order, or whose refunds are being sent.
type failing struct {
	refund.Journal
	refund.Inbox
	receive, move, sending atomic.Bool
}

func (f *failing) Entry(ctx context.Context, key string) (*refund.Entry, error) {
	if f.sending.Load() {
		return nil, &refund.Error{Op: "journal", Code: refund.InProgress, Status: refund.StatusNotSent}
	}
	return f.Journal.Entry(ctx, key)
}

func (f *failing) Refunds(ctx context.Context, provider, paymentID string) ([]*refund.Entry, error) {
	if f.sending.Load() {
		return nil, &refund.Error{Op: "journal", Code: refund.InProgress, Status: refund.StatusNotSent}
	}
	return f.Inbox.Refunds(ctx, provider, paymentID)
}

func (f *failing) Receive(ctx context.Context, provider string, ev refund.Event, at time.Time) (bool, error) {
	if f.receive.Load() {
		return false, errors.New("the disk is full")
	}
	return f.Inbox.Receive(ctx, provider, ev, at)
}

func (f *failing) Move(ctx context.Context, key string, version int64, m refund.Move) (*refund.Entry, error) {
	if f.move.Load() && m.Cause == refund.CauseCallback {
		return nil, errors.New("the disk is full")
	}
	return f.Journal.Move(ctx, key, version, m)
}

func breakable() *failing {
	j := journal.Memory()
	return &failing{Journal: j, Inbox: j.(refund.Inbox)}
}

// The gateway gets no 200 for what is not stored.
func TestNotStored(t *testing.T) {
	t.Parallel()
	j := breakable()
	s := open(t, j)
	j.receive.Store(true)
	w := s.post(event("E-1", "succeeded", "signed"))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.NotEmpty(t, w.Header().Get("Retry-After"))
	assert.NotContains(t, w.Body.String(), "disk")
	assert.Equal(t, refund.StatusPending, s.state(t))
	j.receive.Store(false)
	assert.Equal(t, http.StatusOK, s.post(event("E-1", "succeeded", "signed")).Code)
	assert.Equal(t, refund.StatusSucceeded, s.state(t))
}

// What was stored and not carried out is carried out later, once.
func TestResume(t *testing.T) {
	t.Parallel()
	j := breakable()
	s := open(t, j)
	j.move.Store(true)
	assert.Equal(t, http.StatusOK, s.post(event("E-1", "succeeded", "signed")).Code)
	assert.Equal(t, refund.StatusPending, s.state(t))
	j.move.Store(false)

	n, err := s.Resume(t.Context())
	require.NoError(t, err)
	assert.Zero(t, n, "it is too young: somebody may be at work on it")
	s.now.Store(61)
	n, err = s.Resume(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	assert.Equal(t, refund.StatusSucceeded, s.state(t))
	n, err = s.Resume(t.Context())
	require.NoError(t, err)
	assert.Zero(t, n)
}

// Events that fail, however many, keep no others waiting, and are not tried all the
// time.
func TestResumePassesOverWhatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := make(map[string]int)
		s := open(t, journal.Memory(), webhook.WithNotify(func(_ context.Context, n webhook.Notice) error {
			calls[n.Event.ID]++
			if n.Event.ID == "good" {
				return nil
			}
			return errors.New("boom")
		}))
		const bad = 250
		for i := range bad {
			_, err := s.client.Receive(t.Context(), &refund.Event{ID: fmt.Sprint("bad-", i), PaymentID: "TRX-9", Trust: refund.TrustSigned})
			require.NoError(t, err)
		}
		_, err := s.client.Receive(t.Context(), &refund.Event{ID: "good", Key: "K", Status: refund.StatusSucceeded, Trust: refund.TrustSigned})
		require.NoError(t, err)
		s.now.Store(61)
		n, err := s.Resume(t.Context())
		require.ErrorContains(t, err, "boom")
		assert.Equal(t, 1, n)
		assert.Equal(t, refund.StatusSucceeded, s.state(t))
		assert.Len(t, calls, bad+1)

		n, err = s.Resume(t.Context())
		require.NoError(t, err)
		assert.Zero(t, n)
		assert.Equal(t, 1, calls["bad-0"], "tried again at once")
		time.Sleep(time.Minute)
		_, err = s.Resume(t.Context())
		require.Error(t, err)
		assert.Equal(t, 2, calls["bad-0"])
		assert.Equal(t, 1, calls["good"])
	})
}

// A user's function that panics or fails loses no event: the change stands, and the
// function is called again.
func TestNotifyFails(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"panics": func() error { panic("boom") },
		"fails":  func() error { return errors.New("boom") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls []webhook.Notice
			s := open(t, journal.Memory(), webhook.WithNotify(func(_ context.Context, n webhook.Notice) error {
				if calls = append(calls, n); len(calls) == 1 {
					return fail()
				}
				return nil
			}))
			assert.Equal(t, http.StatusOK, s.post(event("E-1", "succeeded", "signed")).Code)
			assert.Equal(t, refund.StatusSucceeded, s.state(t))
			assert.Contains(t, s.log.String(), "boom")
			s.now.Store(61)
			n, err := s.Resume(t.Context())
			require.NoError(t, err)
			assert.Equal(t, 1, n)
			require.Len(t, calls, 2)
			assert.Equal(t, refund.StatusSucceeded, calls[1].Entry.Status)
			assert.False(t, calls[1].Changed)
		})
	}
}

// The gateway has its answer before the work begins.
func TestAnswersFirst(t *testing.T) {
	t.Parallel()
	answered := make(chan struct{})
	s := open(t, journal.Memory(), webhook.WithNotify(func(context.Context, webhook.Notice) error {
		<-answered // it would wait for ever
		return nil
	}))
	server := httptest.NewServer(s.Handler)
	res, err := http.Post(server.URL, "application/json", strings.NewReader(event("E-1", "succeeded", "signed")))
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, res.StatusCode)
	require.NoError(t, res.Body.Close())
	close(answered)
	server.Close()
	s.Wait()
	left, err := s.client.Unfinished(t.Context(), -time.Hour, 10)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// A body that comes too slowly is given up.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	s := open(t, journal.Memory(), webhook.WithTimeouts(50*time.Millisecond, time.Minute))
	server := httptest.NewServer(s.Handler)
	defer server.Close()
	body, write := newPipe()
	defer write()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err == nil { // else the connection was closed, which is as good
		assert.Equal(t, http.StatusBadRequest, res.StatusCode)
		_ = res.Body.Close()
	}
	assert.Equal(t, refund.StatusPending, s.state(t))
}

// Many callbacks at once, each of them several times, change the refund once.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	var told atomic.Int64
	s := open(t, journal.Memory(), webhook.WithNotify(func(_ context.Context, n webhook.Notice) error {
		if n.Changed {
			told.Add(1)
		}
		return nil
	}))
	s.log = nil
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() { s.post(event([]string{"E-1", "E-2", "E-3", "E-4"}[i%4], "succeeded", "signed")) })
	}
	wg.Wait()
	assert.Equal(t, refund.StatusSucceeded, s.state(t))
	assert.EqualValues(t, 1, told.Load())
	e, err := s.client.Entry(t.Context(), "K")
	require.NoError(t, err)
	assert.Len(t, e.History, 3, "begin, answer, callback")
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := refund.New(new(acme), refund.WithJournal(journal.Memory()))
	for name, f := range map[string]func() (*webhook.Handler, error){
		"no client":  func() (*webhook.Handler, error) { return webhook.New(nil) },
		"no journal": func() (*webhook.Handler, error) { return webhook.New(refund.New(new(acme))) },
		"no size":    func() (*webhook.Handler, error) { return webhook.New(good, webhook.WithMaxBody(0)) },
		"no time":    func() (*webhook.Handler, error) { return webhook.New(good, webhook.WithTimeouts(0, 0)) },
	} {
		h, err := f()
		require.Error(t, err, name)
		assert.Nil(t, h, name)
	}
}
