package pretend_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

// startPending is a gateway whose refunds are accepted only, and whose GET /refunds/ID tells what the ledger finds.
func startPending(t *testing.T) *pretend.Server {
	t.Helper()
	s, err := pretend.Start(pretend.Options{Routes: []pretend.Route{
		{Method: http.MethodPost, Path: "/refund", Money: true, Answer: func(r pretend.Request, l *pretend.Ledger) pretend.Answer {
			a := refund(r, l)
			if a.Booking != nil {
				a.Booking.Pending = true
			}
			return a
		}},
		{Method: http.MethodGet, Path: "/refunds/", Answer: func(r pretend.Request, l *pretend.Ledger) pretend.Answer {
			found, ok := l.Refund(r.Path[len("/refunds/"):])
			if !ok {
				return pretend.Answer{Status: http.StatusNotFound}
			}
			return pretend.Answer{Body: []byte(found.Amount.String() + " " + found.State)}
		}},
	}})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.NoError(t, s.AddPayment(pretend.Payment{ID: "P1", Amount: money.MustParse("100.00 PHP")}))
	return s
}

func find(t *testing.T, s *pretend.Server, id string) answered {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/refunds/"+id, nil)
	require.NoError(t, err)
	return do(t, newClient(t), r)
}

func TestDecide(t *testing.T) {
	t.Parallel()
	s := startPending(t)
	for _, amount := range []string{"30.00", "20.00", "10.00"} {
		require.Equal(t, http.StatusOK, post(t, s, amount).status)
	}
	require.Equal(t, money.MustParse("60.00 PHP"), s.Refunded("P1"), "pending ones count")

	require.NoError(t, s.Decide("R1", pretend.Approved))
	require.NoError(t, s.Decide("R2", pretend.Declined))
	booked := s.Refunds()
	require.Len(t, booked, 3, "a declined one stays in the ledger")
	for i, want := range []struct {
		pending bool
		state   string
	}{{false, "approved"}, {false, "declined"}, {true, ""}} {
		require.Equal(t, want.pending, booked[i].Pending)
		require.Equal(t, want.state, booked[i].State)
	}
	require.Equal(t, money.MustParse("40.00 PHP"), s.Refunded("P1"), "a declined one does not count")
	require.Equal(t, http.StatusOK, post(t, s, "60.00").status, "its part is free again")

	require.Equal(t, "20.00 PHP declined", find(t, s, "R2").body)
	require.Equal(t, "10.00 PHP ", find(t, s, "R3").body)
	require.Equal(t, http.StatusNotFound, find(t, s, "R5").status)
	require.Equal(t, http.StatusNotFound, find(t, s, "").status)
}

func TestDecideRefuses(t *testing.T) {
	t.Parallel()
	s := startPending(t)
	require.Equal(t, http.StatusOK, post(t, s, "30.00").status)
	for _, c := range []struct{ id, state, text string }{
		{"R2", pretend.Approved, `no refund "R2"`},
		{"", pretend.Approved, `no refund ""`},
		{"R1", "", "no final state"},
		{"R1", "pending", "no final state"},
	} {
		require.ErrorContains(t, s.Decide(c.id, c.state), c.text)
	}
	require.True(t, s.Refunds()[0].Pending, "nothing changed")

	require.NoError(t, s.Decide("R1", pretend.Declined))
	require.ErrorContains(t, s.Decide("R1", pretend.Declined), "not pending")
	require.ErrorContains(t, s.Decide("R1", pretend.Approved), "not pending")
	require.True(t, s.Refunded("P1").IsZero(), "given back to the payment once")

	done := start(t) // whose refunds are final
	require.Equal(t, http.StatusOK, post(t, done, "30.00").status)
	require.ErrorContains(t, done.Decide("R1", pretend.Declined), "not pending")
	require.Equal(t, money.MustParse("30.00 PHP"), done.Refunded("P1"))
}
