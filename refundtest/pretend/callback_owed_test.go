package pretend_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/refundtest/pretend"
)

// bodies are those of the callbacks that are owed.
func bodies(s *pretend.Server) []string {
	var all []string
	for _, c := range s.Owed() {
		all = append(all, string(c.Body))
	}
	return all
}

func readAll(r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }

// A message that is sent twice is still one message.
func TestTwiceIsOwedOnce(t *testing.T) {
	t.Parallel()
	m := newMerchant(t)
	m.answers(http.StatusServiceUnavailable)
	s := caller(t, m, func(o *pretend.Options) {
		o.Callbacks.Again = func(n int) (time.Duration, bool) { return 0, n <= 2 }
	})
	book(t, s, 1)
	approve(t, s, "R1")
	for range 2 {
		require.Len(t, deliver(t, s, pretend.Twice), 2)
		require.Equal(t, []string{"R1approved"}, bodies(s))
	}
	require.Len(t, deliver(t, s, pretend.Twice), 2)
	assert.Empty(t, s.Owed(), "three times it was sent, however often each time")
}

// One copy that was accepted is enough, whatever became of the others.
func TestOneAcceptedCopyEndsIt(t *testing.T) {
	t.Parallel()
	for _, accepted := range []int{1, 2} {
		m := newMerchant(t)
		answers := 0 // of one Deliver, which sends one after the other
		s := caller(t, m, func(o *pretend.Options) {
			o.Callbacks.Accepts = func(int) bool { answers++; return answers == accepted }
		})
		book(t, s, 1)
		approve(t, s, "R1")
		require.Len(t, deliver(t, s, pretend.Twice), 2)
		assert.Empty(t, s.Owed())
	}
}

// What an arrangement puts in is not the gateway's, and what it changes is owed as it
// was.
func TestArrangedMessages(t *testing.T) {
	t.Parallel()
	m := newMerchant(t)
	m.answers(http.StatusForbidden)
	s := caller(t, m, nil)
	book(t, s, 1)
	approve(t, s, "R1")
	require.Len(t, deliver(t, s, func(all []pretend.Callback) []pretend.Callback {
		changed := all[0]
		changed.Body = []byte("changed")
		return []pretend.Callback{changed, {URL: m.URL, Body: []byte("of its own")}}
	}), 2)
	assert.Equal(t, "changed of its own", m.taken())
	assert.Equal(t, []string{"R1approved"}, bodies(s))
}

// The context ends after the first of three. The others stay as they were: in the order
// in which they came up, and with the number of their sendings.
func TestDeliverEndsInBetween(t *testing.T) {
	t.Parallel()
	m := newMerchant(t)
	end := func() {}
	s := caller(t, m, func(o *pretend.Options) {
		o.Callbacks.Again = func(n int) (time.Duration, bool) { return 0, n < 2 }
		o.Callbacks.Accepts = func(status int) bool { end(); return status == http.StatusOK }
	})
	book(t, s, 3)
	approve(t, s, "R1", "R2", "R3")
	m.answers(http.StatusServiceUnavailable)
	require.Len(t, deliver(t, s), 3)
	m.taken()

	m.answers(http.StatusOK)
	ctx, cancel := context.WithCancel(t.Context())
	end = cancel
	done, err := s.Deliver(ctx, pretend.Backwards, pretend.Twice)
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, done, 1)
	assert.Equal(t, "R3approved", m.taken())
	require.Equal(t, []string{"R1approved", "R2approved"}, bodies(s))

	end = func() {}
	m.answers(http.StatusServiceUnavailable)
	require.Len(t, deliver(t, s), 2)
	assert.Empty(t, s.Owed(), "this was the second sending, the last one")
}

// The context ends while the merchant's server works on a message: it may have come,
// and is sent once more.
func TestDeliverEndsWithinASending(t *testing.T) {
	t.Parallel()
	came := make(chan struct{})
	merchant := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		readAll(r) // only then the end of a connection is seen
		close(came)
		<-r.Context().Done()
	}))
	t.Cleanup(merchant.Close)
	s := caller(t, newMerchant(t), func(o *pretend.Options) {
		o.Callbacks.Again = func(int) (time.Duration, bool) { return 0, false }
		o.Callbacks.Make = func(r pretend.Refund, _ *pretend.Ledger) (pretend.Callback, bool) {
			return pretend.Callback{URL: merchant.URL, Body: []byte("x")}, !r.Pending
		}
	})
	book(t, s, 1)
	approve(t, s, "R1")
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-came; cancel() }()
	_, err := s.Deliver(ctx)
	require.ErrorIs(t, err, context.Canceled)
	assert.Len(t, s.Owed(), 1)
}

// What is on its way is not accepted yet, and nobody else sends it.
func TestOwedWhileItIsSent(t *testing.T) {
	t.Parallel()
	var s *pretend.Server
	var owed, sent int
	merchant := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		owed = len(s.Owed())
		all, err := s.Deliver(r.Context())
		assert.NoError(t, err)
		sent = len(all)
	}))
	t.Cleanup(merchant.Close)
	s = caller(t, newMerchant(t), func(o *pretend.Options) {
		o.Callbacks.Make = func(r pretend.Refund, _ *pretend.Ledger) (pretend.Callback, bool) {
			return pretend.Callback{URL: merchant.URL, Body: []byte("x")}, !r.Pending
		}
	})
	book(t, s, 1)
	approve(t, s, "R1")
	require.Len(t, deliver(t, s), 1)
	assert.Equal(t, 1, owed)
	assert.Zero(t, sent)
	assert.Empty(t, s.Owed())
}

// A refund whose address may be somebody's is an error, and nothing is sent there.
func TestDeliverToARealAddress(t *testing.T) {
	t.Parallel()
	s := caller(t, newMerchant(t), func(o *pretend.Options) {
		o.Callbacks.Make = func(r pretend.Refund, _ *pretend.Ledger) (pretend.Callback, bool) {
			return pretend.Callback{URL: "https://shop.example/hook", Body: []byte("x")}, !r.Pending
		}
	})
	book(t, s, 1)
	approve(t, s, "R1")
	done, err := s.Deliver(t.Context())
	require.ErrorContains(t, err, "loopback")
	assert.Empty(t, done)
	assert.Len(t, s.Owed(), 1)
}

// Close ends what is being sent, leaves no connection, and nothing is sent after it.
func TestCloseEndsCallbacks(t *testing.T) {
	t.Parallel()
	came, opened, closed := make(chan struct{}), make(chan struct{}, 8), make(chan struct{}, 8)
	merchant := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		readAll(r)
		if r.URL.Path == "/wait" {
			close(came)
			<-r.Context().Done()
		}
	}))
	merchant.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			opened <- struct{}{}
		case http.StateClosed:
			closed <- struct{}{}
		}
	}
	merchant.Start()
	t.Cleanup(merchant.Close)
	s := caller(t, newMerchant(t), func(o *pretend.Options) {
		o.Callbacks.Make = func(r pretend.Refund, _ *pretend.Ledger) (pretend.Callback, bool) {
			return pretend.Callback{URL: merchant.URL + "/wait", Body: []byte("x")}, !r.Pending
		}
	})
	_, err := s.Send(t.Context(), pretend.Callback{URL: merchant.URL, Body: []byte("x")})
	require.NoError(t, err, "its connection is kept")
	book(t, s, 1)
	approve(t, s, "R1")
	ended := make(chan error)
	go func() {
		_, err := s.Deliver(context.Background())
		ended <- err
	}()
	<-came
	s.Close()
	require.ErrorContains(t, <-ended, "closed")
	for len(opened) > 0 {
		<-opened
		<-closed
	}

	assert.Len(t, s.Owed(), 1)
	_, err = s.Deliver(t.Context())
	require.ErrorContains(t, err, "closed")
	_, err = s.Send(t.Context(), pretend.Callback{URL: merchant.URL, Body: []byte("x")})
	require.ErrorContains(t, err, "closed")
	assert.Empty(t, opened, "nothing was sent")
}
