package pretend_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

// expectation is what a raw client sees of a fault. A nil see means that the client gets no answer at all.
type expectation struct {
	booked bool
	see    func(t *testing.T, a answered)
}

// hangs stands for faults that answer only when the client gives up; they have tests of their own below.
var hangs = map[pretend.Fault]bool{pretend.HangBeforeBooking: true, pretend.HangAfterBooking: true}

var expectations = map[pretend.Fault]expectation{
	pretend.DropUnread:        {booked: false},
	pretend.DropBeforeBooking: {booked: false},
	pretend.DropAfterBooking:  {booked: true},
	pretend.HangBeforeBooking: {booked: false},
	pretend.HangAfterBooking:  {booked: true},
	pretend.Truncated: {booked: true, see: func(t *testing.T, a answered) {
		require.Equal(t, http.StatusOK, a.status)
		require.EqualValues(t, len(accepted), a.length)
		require.ErrorIs(t, a.readErr, io.ErrUnexpectedEOF)
		require.Equal(t, accepted[:len(accepted)/2], a.body)
	}},
	pretend.TruncatedChunked: {booked: true, see: func(t *testing.T, a answered) {
		require.Equal(t, http.StatusOK, a.status)
		require.EqualValues(t, -1, a.length)
		require.ErrorIs(t, a.readErr, io.ErrUnexpectedEOF)
		require.Equal(t, accepted[:len(accepted)/2], a.body)
	}},
	pretend.HTMLError: {booked: true, see: func(t *testing.T, a answered) { seeHTML(t, a, http.StatusBadGateway) }},
	pretend.HTMLOK:    {booked: true, see: func(t *testing.T, a answered) { seeHTML(t, a, http.StatusOK) }},
	pretend.Empty: {booked: true, see: func(t *testing.T, a answered) {
		seeWhole(t, a, http.StatusOK, "")
		require.EqualValues(t, 0, a.length)
	}},
	pretend.NoContent: {booked: true, see: func(t *testing.T, a answered) { seeWhole(t, a, http.StatusNoContent, "") }},
	pretend.TypeDrift: {booked: true, see: func(t *testing.T, a answered) { seeWhole(t, a, http.StatusOK, drifting) }},
	pretend.WrongContentType: {booked: true, see: func(t *testing.T, a answered) {
		seeWhole(t, a, http.StatusOK, accepted)
		require.Equal(t, "text/html; charset=utf-8", a.header.Get("Content-Type"))
	}},
	pretend.Redirect307: {booked: false, see: func(t *testing.T, a answered) { seeRedirect(t, a, http.StatusTemporaryRedirect) }},
	pretend.Redirect302: {booked: false, see: func(t *testing.T, a answered) { seeRedirect(t, a, http.StatusFound) }},
	pretend.SlowDrip:    {booked: true, see: func(t *testing.T, a answered) { seeWhole(t, a, http.StatusOK, accepted) }},
	pretend.Oversized: {booked: true, see: func(t *testing.T, a answered) {
		require.EqualValues(t, -1, a.length)
		seeWhole(t, a, http.StatusOK, accepted+strings.Repeat(" ", 2<<20))
	}},
	pretend.Endless: {booked: true}, // has a test of its own below
	pretend.GzipBomb: {booked: true, see: func(t *testing.T, a answered) {
		require.NoError(t, a.readErr)
		require.Equal(t, "gzip", a.header.Get("Content-Encoding"))
		require.Less(t, len(a.body), 128<<10)
		z, err := gzip.NewReader(strings.NewReader(a.body))
		require.NoError(t, err)
		begin := make([]byte, len(accepted))
		_, err = io.ReadFull(z, begin)
		require.NoError(t, err)
		require.Equal(t, accepted, string(begin))
		n, err := io.Copy(io.Discard, z)
		require.NoError(t, err)
		require.EqualValues(t, 64<<20, n)
	}},
	pretend.ServerError: {booked: false, see: func(t *testing.T, a answered) {
		seeWhole(t, a, http.StatusInternalServerError, `{"error":"internal"}`)
	}},
	pretend.ServerErrorBooked: {booked: true, see: func(t *testing.T, a answered) {
		seeWhole(t, a, http.StatusInternalServerError, `{"error":"internal"}`)
	}},
}

func seeWhole(t *testing.T, a answered, status int, body string) {
	t.Helper()
	require.NoError(t, a.readErr)
	require.Equal(t, status, a.status)
	require.True(t, body == a.body, "the body differs") // not Equal, which would print megabytes
}

func seeHTML(t *testing.T, a answered, status int) {
	t.Helper()
	require.NoError(t, a.readErr)
	require.Equal(t, status, a.status)
	require.Contains(t, a.header.Get("Content-Type"), "text/html")
	require.Contains(t, a.body, "<html>")
	require.False(t, json.Valid([]byte(a.body)))
}

func seeRedirect(t *testing.T, a answered, status int) {
	t.Helper()
	require.NoError(t, a.readErr)
	require.Equal(t, status, a.status)
	require.True(t, strings.HasSuffix(a.header.Get("Location"), "/refund?again=1"))
}

func TestEveryFault(t *testing.T) {
	t.Parallel()
	require.Len(t, expectations, len(pretend.Faults()))
	for _, fault := range pretend.Faults() {
		want, ok := expectations[fault]
		require.True(t, ok, fault)
		if hangs[fault] || fault == pretend.Endless {
			continue
		}
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.Inject(fault)
			r := newPost(t.Context(), t, s, "10.00")
			if want.see == nil {
				_, err := newClient(t).Do(r)
				require.Error(t, err)
			} else {
				want.see(t, do(t, newClient(t), r))
			}
			seeLedger(t, s, want.booked)
			require.Equal(t, 1, s.Requests())
			require.Len(t, s.Arrivals(), 1)
			require.Equal(t, fault == pretend.DropUnread, s.Arrivals()[0].Body == nil)

			seeWhole(t, post(t, s, "10.00"), http.StatusOK, accepted) // a fault is for one request
		})
	}
}

func seeLedger(t *testing.T, s *pretend.Server, booked bool) {
	t.Helper()
	if booked {
		require.Len(t, s.Refunds(), 1)
		require.Equal(t, money.MustParse("10.00 PHP"), s.Refunded("P1"))
	} else {
		require.Empty(t, s.Refunds())
		require.Equal(t, money.MustParse("0.00 PHP"), s.Refunded("P1"))
	}
}

func TestFaultsBookNothingThatTheGatewayRefuses(t *testing.T) {
	t.Parallel()
	for _, fault := range pretend.Faults() {
		if hangs[fault] || fault == pretend.Endless || fault == pretend.GzipBomb {
			continue // their answers are none of this test's business
		}
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.Inject(fault)
			resp, err := newClient(t).Do(newPost(t.Context(), t, s, "100.01"))
			if err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				if fault == pretend.TypeDrift || fault == pretend.SlowDrip || fault == pretend.WrongContentType {
					require.Equal(t, http.StatusBadRequest, resp.StatusCode, "the refusal's own status")
				}
			}
			require.Empty(t, s.Refunds())
			require.Len(t, s.Arrivals(), 1)
		})
	}
}

func TestHangEndsWhenTheClientGivesUp(t *testing.T) {
	t.Parallel()
	for fault := range hangs {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.Inject(fault)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			result := make(chan error, 1)
			c, r := newClient(t), newPost(ctx, t, s, "10.00")
			go func() {
				_, err := c.Do(r)
				result <- err
			}()
			awaitArrival(t, s)
			seeLedger(t, s, expectations[fault].booked) // booked before the answer hangs
			seeWhole(t, post(t, s, "0.01"), http.StatusOK, accepted)
			cancel()
			require.ErrorIs(t, <-result, context.Canceled)
		})
	}
}

func TestCloseEndsEveryAnswer(t *testing.T) {
	t.Parallel()
	for _, fault := range []pretend.Fault{pretend.HangBeforeBooking, pretend.HangAfterBooking, pretend.SlowDrip, pretend.Endless} {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.Inject(fault)
			result := make(chan error, 1)
			c, r := newClient(t), newPost(t.Context(), t, s, "10.00")
			go func() {
				resp, err := c.Do(r)
				if err == nil {
					_, err = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
				result <- err
			}()
			awaitArrival(t, s)
			s.Close()
			require.Error(t, <-result)
			seeLedger(t, s, expectations[fault].booked)
		})
	}
}

// awaitArrival polls, since a hanging answer is seen in nothing but the record.
func awaitArrival(t *testing.T, s *pretend.Server) {
	t.Helper()
	require.Eventually(t, func() bool { return len(s.Arrivals()) > 0 }, time.Minute, time.Millisecond)
}

func TestCloseEndsAClientThatDoesNotRead(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Inject(pretend.Endless)
	conn := dial(t, s)
	_, err := io.WriteString(conn, rawPost("10.00"))
	require.NoError(t, err)
	awaitArrival(t, s)
	s.Close() // the server's writes are stuck by now or will be: nobody reads
}

func TestCloseEndsHalfARequest(t *testing.T) {
	t.Parallel()
	s := start(t)
	conn := dial(t, s)
	_, err := io.WriteString(conn, "POST /refund HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return s.Requests() == 1 }, time.Minute, time.Millisecond)
	s.Close()
	require.Empty(t, s.Refunds())
	require.Len(t, s.Arrivals(), 1)
	require.Equal(t, "{", string(s.Arrivals()[0].Body))
}

// While a request is pending, net/http reads on to learn whether the client is gone. It stops at the first byte, so that after
// such a byte only Close itself can end the answer.
func TestCloseEndsAHangAfterMoreBytes(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Inject(pretend.HangAfterBooking)
	conn := dial(t, s)
	_, err := io.WriteString(conn, rawPost("10.00"))
	require.NoError(t, err)
	awaitArrival(t, s)
	_, err = io.WriteString(conn, "P")
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, post(t, s, "100.01").status) // gives the byte time to be read
	s.Close()
	seeLedger(t, s, true)
}

func TestCloseManyTimes(t *testing.T) {
	t.Parallel()
	s := start(t)
	post(t, s, "10.00")
	var all sync.WaitGroup
	for range 4 {
		all.Go(s.Close)
	}
	all.Wait()
	_, err := newClient(t).Do(newPost(t.Context(), t, s, "10.00"))
	require.Error(t, err)
	seeLedger(t, s, true)
}

func TestEndless(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Inject(pretend.Endless)
	resp, err := newClient(t).Do(newPost(t.Context(), t, s, "10.00"))
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	body, err := io.ReadAll(io.LimitReader(resp.Body, 3<<20))
	require.NoError(t, err)
	require.Len(t, body, 3<<20)
	require.True(t, bytes.HasPrefix(body, []byte(`{"message":"x`)))
	require.NotContains(t, string(body[12:]), `"`)
	seeLedger(t, s, true)
}

func TestRedirectFollowedArrivesTwice(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Inject(pretend.Redirect307)
	c := newClient(t)
	c.CheckRedirect = nil
	seeWhole(t, do(t, c, newPost(t.Context(), t, s, "10.00")), http.StatusOK, accepted)
	arrivals := s.Arrivals()
	require.Len(t, arrivals, 2)
	require.Equal(t, "1", arrivals[1].Query.Get("again"))
	require.Equal(t, arrivals[0].Body, arrivals[1].Body)
	seeLedger(t, s, true)

	s = start(t)
	s.Inject(pretend.Redirect302)
	require.Equal(t, http.StatusMethodNotAllowed, do(t, c, newPost(t.Context(), t, s, "10.00")).status, "comes back as GET")
	require.Equal(t, 2, s.Requests())
	seeLedger(t, s, false)
}

func dial(t *testing.T, s *pretend.Server) net.Conn {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL(), "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func rawPost(amount string) string {
	body := `{"payment":"P1","amount":"` + amount + `"}`
	return "POST /refund HTTP/1.1\r\nHost: x\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// What follows looks at the bytes on the wire, which an HTTP client hides.

func TestDropUnreadResets(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Inject(pretend.DropUnread)
	conn := dial(t, s)
	// No body is ever sent: the connection is cut without waiting for it.
	_, err := io.WriteString(conn, "POST /refund HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
	require.NoError(t, err)
	_, err = conn.Read(make([]byte, 1))
	require.Error(t, err)
	require.False(t, errors.Is(err, io.EOF), "an orderly end instead of a reset")
	require.Len(t, s.Arrivals(), 1)
	seeLedger(t, s, false)
}

func TestDropsAreOrderly(t *testing.T) {
	t.Parallel()
	for _, fault := range []pretend.Fault{pretend.DropBeforeBooking, pretend.DropAfterBooking} {
		s := start(t)
		s.Inject(fault)
		conn := dial(t, s)
		_, err := io.WriteString(conn, rawPost("10.00"))
		require.NoError(t, err)
		got, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Empty(t, got)
	}
}

func TestSlowDripSendsSingleBytes(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Inject(pretend.SlowDrip)
	conn := dial(t, s)
	_, err := io.WriteString(conn, rawPost("10.00"))
	require.NoError(t, err)
	r := bufio.NewReader(conn)
	for line := ""; line != "\r\n"; {
		line, err = r.ReadString('\n')
		require.NoError(t, err)
	}
	var want strings.Builder
	for i := range len(accepted) {
		want.WriteString("1\r\n" + accepted[i:i+1] + "\r\n")
	}
	got := make([]byte, want.Len())
	_, err = io.ReadFull(r, got)
	require.NoError(t, err)
	require.Equal(t, want.String(), string(got))
}

func TestTruncatedCutsEmptyBodiesToo(t *testing.T) {
	t.Parallel()
	s, err := pretend.Start(pretend.Options{Routes: []pretend.Route{{
		Method: http.MethodPost, Path: "/refund", Money: true,
		Answer: func(pretend.Request, *pretend.Ledger) pretend.Answer { return pretend.Answer{} },
	}}})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	s.Inject(pretend.Truncated, pretend.TruncatedChunked)
	for range 2 {
		require.ErrorIs(t, post(t, s, "1.00").readErr, io.ErrUnexpectedEOF)
	}
}

func TestTypeDriftWithoutDriftedBody(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Inject(pretend.TypeDrift)
	seeWhole(t, post(t, s, "100.01"), http.StatusBadRequest, declined)
}

func TestFaultNames(t *testing.T) {
	t.Parallel()
	require.Equal(t, "no fault", pretend.NoFault.String())
	require.Equal(t, "drop after booking", pretend.DropAfterBooking.String())
	require.Equal(t, "server error booked", pretend.ServerErrorBooked.String())
	require.Equal(t, "Fault(200)", pretend.Fault(200).String())

	all := pretend.Faults()
	require.Equal(t, pretend.DropUnread, all[0])
	require.Equal(t, pretend.ServerErrorBooked, all[len(all)-1])
	seen := map[string]bool{"": true}
	for _, fault := range all {
		require.False(t, seen[fault.String()], "%d has no name of its own", fault)
		seen[fault.String()] = true
	}
	all[0] = pretend.NoFault
	require.Equal(t, pretend.DropUnread, pretend.Faults()[0], "the list is the caller's own")
}

// TestCloseLeavesNoGoroutine counts the goroutines of the whole process, so it can't run beside others. It polls, because a
// goroutine that has done its last work takes a moment to end.
func TestCloseLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, fault := range append(pretend.Faults(), pretend.NoFault) {
		if fault == pretend.SlowDrip || fault == pretend.GzipBomb {
			continue // slow; the first is closed halfway below
		}
		leaves(t, fault)
	}
	leaves(t, pretend.SlowDrip)
	awaitGoroutines(t, before)
}

// TestClientGoneLeavesNoGoroutine counts like TestCloseLeavesNoGoroutine, with the server still at work.
func TestClientGoneLeavesNoGoroutine(t *testing.T) {
	for _, fault := range []pretend.Fault{pretend.HangBeforeBooking, pretend.HangAfterBooking, pretend.SlowDrip, pretend.Endless} {
		s := start(t)
		before := runtime.NumGoroutine()
		s.Inject(fault)
		conn := dial(t, s)
		_, err := io.WriteString(conn, rawPost("10.00"))
		require.NoError(t, err)
		awaitArrival(t, s)
		_ = conn.Close()
		awaitGoroutines(t, before)
	}
}

func awaitGoroutines(t *testing.T, atMost int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); runtime.NumGoroutine() > atMost; runtime.Gosched() {
		if time.Now().After(deadline) {
			all := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, now:\n%s", atMost, all[:runtime.Stack(all, true)])
		}
	}
}

func leaves(t *testing.T, fault pretend.Fault) {
	t.Helper()
	s := start(t)
	s.Inject(fault)
	conn := dial(t, s)
	_, err := io.WriteString(conn, rawPost("10.00"))
	require.NoError(t, err)
	awaitArrival(t, s)
	idle := dial(t, s)
	s.Close()
	_ = conn.Close()
	_ = idle.Close()
}
