package pretend_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

func startInMemory(t *testing.T, o pretend.Options) *pretend.Server {
	t.Helper()
	o.InMemory = true
	s, err := pretend.Start(o)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.NoError(t, s.AddPayment(pretend.Payment{ID: "P1", Amount: money.MustParse("100.00 PHP")}))
	return s
}

// inMemory is a client whose requests stay in the process.
func inMemory(s *pretend.Server) *http.Client {
	return &http.Client{
		Transport:     s.RoundTripper(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// The faults look as they do over a socket, but for those that take time.
func TestEveryFaultInMemory(t *testing.T) {
	t.Parallel()
	for _, fault := range pretend.Faults() {
		want := expectations[fault]
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // it would not end if a goroutine were left, and time stands still in it
				s := startInMemory(t, pretend.Options{Routes: routes(), Now: func() time.Time { return noon }})
				s.Inject(fault)
				began := time.Now()
				switch r := newPost(t.Context(), t, s, "10.00"); {
				case fault == pretend.Endless:
					a := do(t, inMemory(s), r)
					require.ErrorIs(t, a.readErr, io.ErrUnexpectedEOF)
					require.Greater(t, len(a.body), 2<<20)
				case want.see == nil:
					_, err := inMemory(s).Do(r)
					require.ErrorIs(t, err, map[bool]error{false: io.EOF, true: os.ErrDeadlineExceeded}[hangs[fault]])
				default:
					want.see(t, do(t, inMemory(s), r))
				}
				require.Zero(t, time.Since(began))
				seeLedger(t, s, want.booked)
				require.Equal(t, 1, s.Requests())
				require.Zero(t, s.Connections())
				require.Len(t, s.Arrivals(), 1)
				require.Equal(t, fault == pretend.DropUnread, s.Arrivals()[0].Body == nil)
				seeWhole(t, do(t, inMemory(s), newPost(t.Context(), t, s, "10.00")), http.StatusOK, accepted)
			})
		})
	}
}

func goroutine() string {
	stack := make([]byte, 64)
	text, _, _ := bytes.Cut(stack[:runtime.Stack(stack, false)], []byte(" ["))
	return string(text)
}

func TestInMemoryServesInTheCallingGoroutine(t *testing.T) {
	t.Parallel()
	var in string
	s := startInMemory(t, pretend.Options{Routes: []pretend.Route{{Method: http.MethodGet, Path: "/", Answer: func(pretend.Request, *pretend.Ledger) pretend.Answer {
		in = goroutine()
		return pretend.Answer{Body: []byte("{}")}
	}}}})
	seeWhole(t, do(t, inMemory(s), must(http.NewRequestWithContext(t.Context(), http.MethodGet, "https://gateway.example/x", nil))), http.StatusOK, "{}")
	assert.Equal(t, goroutine(), in)
}

func must(r *http.Request, err error) *http.Request {
	if err != nil {
		panic(err)
	}
	return r
}

func TestInMemoryWithAnEndedContext(t *testing.T) {
	t.Parallel()
	s := startInMemory(t, pretend.Options{Routes: routes()})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.RoundTripper().RoundTrip(newPost(ctx, t, s, "10.00")) //nolint:bodyclose // there is none
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, s.Requests())
	require.Empty(t, s.Refunds())
}

func TestInMemoryAfterClose(t *testing.T) {
	t.Parallel()
	s := startInMemory(t, pretend.Options{Routes: routes()})
	s.Close()
	_, err := inMemory(s).Do(newPost(t.Context(), t, s, "10.00")) //nolint:bodyclose // there is none
	require.ErrorIs(t, err, io.EOF)
	require.Empty(t, s.Refunds())
}

// Who knows the address alone reaches nobody.
func TestInMemoryListensNowhere(t *testing.T) {
	t.Parallel()
	s := startInMemory(t, pretend.Options{Routes: routes()})
	_, err := newClient(t).Do(newPost(t.Context(), t, s, "10.00")) //nolint:bodyclose // there is none
	require.Error(t, err)
}

// callerInMemory is a gateway as of [caller] whose callbacks are to go where no pretend gateway posts.
func callerInMemory(t *testing.T, again func(int) (time.Duration, bool)) *pretend.Server {
	t.Helper()
	return caller(t, nil, func(o *pretend.Options) {
		o.InMemory = true
		o.Callbacks.Again = again
		o.Callbacks.Make = func(r pretend.Refund, _ *pretend.Ledger) (pretend.Callback, bool) {
			return pretend.Callback{URL: "https://shop.example/hook", Body: []byte(r.ID + r.State)}, !r.Pending
		}
	})
}

func bookInMemory(t *testing.T, s *pretend.Server, n int) {
	t.Helper()
	for range n {
		r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/refund", strings.NewReader("{}")))
		require.Equal(t, http.StatusOK, do(t, inMemory(s), r).status)
	}
}

func TestHandTo(t *testing.T) {
	t.Parallel()
	s := callerInMemory(t, func(n int) (time.Duration, bool) { return 0, n < 2 })
	bookInMemory(t, s, 2)
	approve(t, s, "R1", "R2")

	_, err := s.Deliver(t.Context())
	require.Error(t, err, "nobody to hand to")
	require.Len(t, s.Owed(), 2)

	var got []string
	status, failure := http.StatusServiceUnavailable, error(nil)
	in := goroutine()
	s.HandTo(func(_ context.Context, c pretend.Callback) (int, error) {
		assert.Equal(t, in, goroutine())
		assert.NotEmpty(t, s.Refunds(), "it may call the server")
		got = append(got, string(c.Body))
		c.Body[0] = 'X' // its own copy
		return status, failure
	})
	deliver(t, s, pretend.Backwards)
	assert.Equal(t, []string{"R2approved", "R1approved"}, got)
	assert.Equal(t, []string{"R1approved", "R2approved"}, bodies(s), "not accepted, and as they were")

	got, failure = nil, errors.New("no answer")
	all := deliver(t, s)
	assert.Equal(t, []string{"R1approved", "R2approved"}, got)
	assert.ErrorIs(t, all[0].Err, failure)
	assert.Zero(t, all[0].Status)
	assert.Empty(t, s.Owed(), "that was the last sending")

	got, status, failure = nil, http.StatusOK, nil
	d, err := s.Send(t.Context(), all[1].Callback)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, d.Status)
	assert.Equal(t, []string{"R2approved"}, got)
}

func TestHandToBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	s := callerInMemory(t, nil)
	var got []string
	s.HandTo(func(_ context.Context, c pretend.Callback) (int, error) {
		got = append(got, string(c.Body))
		return http.StatusOK, nil
	})
	s.Early(pretend.Approved)
	bookInMemory(t, s, 1)
	assert.Equal(t, []string{"R1approved"}, got)
	assert.Empty(t, s.Owed())
}

func TestHandToWithAnEndedContextOrServer(t *testing.T) {
	t.Parallel()
	s := callerInMemory(t, nil)
	s.HandTo(func(context.Context, pretend.Callback) (int, error) { t.Error("called"); return 0, nil })
	bookInMemory(t, s, 1)
	approve(t, s, "R1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Deliver(ctx)
	require.ErrorIs(t, err, context.Canceled)
	s.Close()
	_, err = s.Deliver(t.Context())
	require.Error(t, err)
	assert.Len(t, s.Owed(), 1)
}
