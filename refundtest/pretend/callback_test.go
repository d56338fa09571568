package pretend_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

// merchant is a server that takes callbacks, and what it got.
type merchant struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	got    []string
}

func newMerchant(t *testing.T) *merchant {
	m := &merchant{status: http.StatusOK}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.got = append(m.got, string(body))
		w.WriteHeader(m.status)
	}))
	t.Cleanup(m.Close)
	return m
}

// taken returns what came since the last call.
func (m *merchant) taken() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := strings.Join(m.got, " ")
	m.got = nil
	return all
}

func (m *merchant) answers(status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status = status
}

// caller is a gateway on which each POST books a refund of 1.00 that is pending, and
// whose callbacks are the refund's id and state.
func caller(t *testing.T, m *merchant, change func(*pretend.Options)) *pretend.Server {
	t.Helper()
	o := pretend.Options{
		Routes: []pretend.Route{{Method: "POST", Path: "/refund", Money: true, Answer: func(_ pretend.Request, l *pretend.Ledger) pretend.Answer {
			return pretend.Answer{Body: []byte("{}"), Booking: &pretend.Refund{
				ID: l.NextID("R"), PaymentID: "P", Amount: money.MustParse("1.00 TRY"), Pending: true,
			}}
		}}},
		Callbacks: pretend.Callbacks{Make: func(r pretend.Refund, _ *pretend.Ledger) (pretend.Callback, bool) {
			return pretend.Callback{URL: m.URL, Body: []byte(r.ID + r.State)}, !r.Pending
		}},
	}
	if change != nil {
		change(&o)
	}
	s, err := pretend.Start(o)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.NoError(t, s.AddPayment(pretend.Payment{ID: "P", Amount: money.MustParse("100.00 TRY")}))
	return s
}

func book(t *testing.T, s *pretend.Server, n int) {
	t.Helper()
	for range n {
		res, err := http.Post(s.URL()+"/refund", "application/json", strings.NewReader("{}"))
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
	}
}

func deliver(t *testing.T, s *pretend.Server, arrange ...pretend.Arrangement) []pretend.Delivery {
	t.Helper()
	all, err := s.Deliver(t.Context(), arrange...)
	require.NoError(t, err)
	return all
}

func approve(t *testing.T, s *pretend.Server, ids ...string) {
	t.Helper()
	for _, id := range ids {
		require.NoError(t, s.Decide(id, pretend.Approved))
	}
}

func TestDeliver(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		arrange []pretend.Arrangement
		want    string
	}{
		{"as they came", nil, "R1approved R2approved R3approved"},
		{"twice", []pretend.Arrangement{pretend.Twice}, "R1approved R1approved R2approved R2approved R3approved R3approved"},
		{"backwards", []pretend.Arrangement{pretend.Backwards}, "R3approved R2approved R1approved"},
		{"lost", []pretend.Arrangement{pretend.Lost}, ""},
		{"one after the other", []pretend.Arrangement{pretend.Backwards, pretend.Twice}, "R3approved R3approved R2approved R2approved R1approved R1approved"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMerchant(t)
			s := caller(t, m, nil)
			book(t, s, 3)
			assert.Empty(t, deliver(t, s), "nothing is decided")
			approve(t, s, "R1", "R2", "R3")
			require.Len(t, s.Owed(), 3)
			for _, d := range deliver(t, s, tt.arrange...) {
				assert.Equal(t, http.StatusOK, d.Status)
				require.NoError(t, d.Err)
			}
			assert.Equal(t, tt.want, m.taken())
			assert.Empty(t, s.Owed())
			assert.Empty(t, deliver(t, s), "what was accepted is owed no more")
		})
	}
}

func TestShuffledIsTheSeeds(t *testing.T) {
	t.Parallel()
	var all []pretend.Callback
	for i := range 20 {
		all = append(all, pretend.Callback{RefundID: fmt.Sprint(i)})
	}
	one := pretend.Shuffled(1)(all)
	assert.Equal(t, one, pretend.Shuffled(1)(all))
	assert.NotEqual(t, one, pretend.Shuffled(2)(all))
	assert.ElementsMatch(t, all, one)
	assert.Equal(t, "0", all[0].RefundID, "the list itself stays as it is")
}

// What is not accepted is sent again when the gateway's rule says so.
func TestDeliverAgain(t *testing.T) {
	t.Parallel()
	m := newMerchant(t)
	var mu sync.Mutex
	now := time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)
	s := caller(t, m, func(o *pretend.Options) {
		o.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
		o.Callbacks.Accepts = func(status int) bool { return status == http.StatusAccepted }
		o.Callbacks.Again = func(n int) (time.Duration, bool) { return time.Duration(n) * time.Minute, n < 3 }
	})
	later := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }
	book(t, s, 1)
	approve(t, s, "R1")
	require.Len(t, deliver(t, s), 1)
	require.Len(t, s.Owed(), 1, "200 is not what this gateway accepts")
	assert.Empty(t, deliver(t, s), "it is not due")
	later(time.Minute)
	require.Len(t, deliver(t, s), 1)
	later(time.Minute)
	assert.Empty(t, deliver(t, s), "the second pause is longer")
	later(time.Minute)
	m.answers(http.StatusAccepted)
	require.Len(t, deliver(t, s), 1)
	assert.Empty(t, s.Owed())

	book(t, s, 1)
	m.answers(http.StatusInternalServerError)
	approve(t, s, "R2")
	for range 3 {
		require.Len(t, deliver(t, s), 1)
		later(time.Hour)
	}
	assert.Empty(t, s.Owed(), "it gives up")
}

// A merchant's server that is down leaves the callback owed, and no error.
func TestDeliverToNobody(t *testing.T) {
	t.Parallel()
	m := newMerchant(t)
	s := caller(t, m, nil)
	book(t, s, 1)
	approve(t, s, "R1")
	m.Close()
	all := deliver(t, s)
	require.Len(t, all, 1)
	require.Error(t, all[0].Err)
	assert.Zero(t, all[0].Status)
	assert.Len(t, s.Owed(), 1)
}

func TestDeliverContextEnds(t *testing.T) {
	t.Parallel()
	m := newMerchant(t)
	s := caller(t, m, nil)
	book(t, s, 2)
	approve(t, s, "R1", "R2")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Deliver(ctx)
	require.ErrorIs(t, err, context.Canceled)
	assert.Len(t, s.Owed(), 2, "what was not sent is still owed")
	deliver(t, s)
	assert.Equal(t, "R1approved R2approved", m.taken())
}

// A pretend gateway calls nobody who may be real.
func TestLoopbackOnly(t *testing.T) {
	t.Parallel()
	m := newMerchant(t)
	s := caller(t, m, nil)
	for _, url := range []string{"http://shop.example/hook", "https://127.0.0.1/hook", "http://10.0.0.1/hook", "http://localhost/hook", "ftp://127.0.0.1", ""} {
		_, err := s.Send(t.Context(), pretend.Callback{URL: url, Body: []byte("x")})
		require.ErrorContains(t, err, "loopback", url)
	}
	d, err := s.Send(t.Context(), pretend.Callback{URL: m.URL, Body: []byte("x")})
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, d.Status)
	assert.Equal(t, "x", m.taken())
}

// The callback is there before the answer to the refund call.
func TestEarly(t *testing.T) {
	t.Parallel()
	m := newMerchant(t)
	s := caller(t, m, nil)
	s.Early(pretend.Approved, "", pretend.Declined)
	book(t, s, 1)
	assert.Equal(t, "R1approved", m.taken())
	book(t, s, 1)
	assert.Empty(t, m.taken(), "it is pending, and this gateway tells of that nothing")
	book(t, s, 2)
	assert.Equal(t, "R3declined", m.taken(), "the fourth is as usual")
	assert.Equal(t, []string{pretend.Approved, "", pretend.Declined, ""}, []string{
		s.Refunds()[0].State, s.Refunds()[1].State, s.Refunds()[2].State, s.Refunds()[3].State})
	assert.Equal(t, "3.00 TRY", s.Refunded("P").String())
}

func TestReverse(t *testing.T) {
	t.Parallel()
	m := newMerchant(t)
	s := caller(t, m, nil)
	book(t, s, 2)
	require.Error(t, s.Reverse("R1"), "it is pending")
	require.Error(t, s.Reverse("R9"), "it is not there")
	approve(t, s, "R1")
	require.NoError(t, s.Decide("R2", pretend.Declined))
	require.Error(t, s.Reverse("R2"), "it was declined")
	assert.Equal(t, "1.00 TRY", s.Refunded("P").String())
	require.NoError(t, s.Reverse("R1"))
	require.Error(t, s.Reverse("R1"), "once")
	assert.Equal(t, "0.00 TRY", s.Refunded("P").String())
	assert.Equal(t, pretend.Reversed, s.Refunds()[0].State)
	deliver(t, s)
	assert.Equal(t, "R1approved R2declined R1reversed", m.taken())
}

// Several at once send each callback once.
func TestDeliverConcurrently(t *testing.T) {
	t.Parallel()
	m := newMerchant(t)
	s := caller(t, m, nil)
	book(t, s, 20)
	for i := range 20 {
		approve(t, s, fmt.Sprintf("R%d", i+1))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { _, _ = s.Deliver(context.Background()) })
	}
	wg.Wait()
	assert.Len(t, strings.Fields(m.taken()), 20)
	assert.Empty(t, s.Owed())
}
