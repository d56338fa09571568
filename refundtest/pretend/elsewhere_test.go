package pretend_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

func TestRefundElsewhere(t *testing.T) {
	t.Parallel()
	s := startInMemory(t, pretend.Options{
		Routes: routes(),
		Callbacks: pretend.Callbacks{Make: func(r pretend.Refund, _ *pretend.Ledger) (pretend.Callback, bool) {
			return pretend.Callback{URL: "https://shop.example", Body: []byte(r.ID + " " + r.State)}, true
		}},
	})
	r, err := s.RefundElsewhere("P1", money.MustParse("60.00 PHP"))
	require.NoError(t, err)
	require.Equal(t, []pretend.Refund{r}, s.Refunds())
	require.True(t, r.Elsewhere)
	require.False(t, r.Full)
	require.False(t, r.At.IsZero())
	require.Equal(t, money.MustParse("60.00 PHP"), s.Refunded("P1"))
	require.Zero(t, s.Requests())

	require.Equal(t, 400, do(t, inMemory(s), newPost(t.Context(), t, s, "40.01")).status, "a request counts it")
	require.NoError(t, s.Reverse(r.ID))
	require.Equal(t, []string{r.ID + " ", r.ID + " reversed"}, bodies(s))
	require.True(t, s.Refunded("P1").IsZero())

	full, err := s.RefundElsewhere("P1", money.MustParse("100.00 PHP"))
	require.NoError(t, err)
	require.True(t, full.Full)
	require.NotEqual(t, r.ID, full.ID)
}

func TestRefundElsewhereRefused(t *testing.T) {
	t.Parallel()
	s := startInMemory(t, pretend.Options{Routes: routes()})
	for name, c := range map[string]struct{ payment, amount string }{
		"no such payment":  {"P2", "1.00 PHP"},
		"too much":         {"P1", "100.01 PHP"},
		"another currency": {"P1", "1.00 TRY"},
		"negative":         {"P1", "-1.00 PHP"},
		"zero":             {"P1", "0.00 PHP"},
	} {
		_, err := s.RefundElsewhere(c.payment, money.MustParse(c.amount))
		assert.Error(t, err, name)
	}
	_, err := s.RefundElsewhere("P1", money.Amount{})
	require.Error(t, err)
	require.Empty(t, s.Refunds())
}

// A gateway that decides later does so for refunds of its dashboard, too.
func TestRefundElsewhereIsCompleted(t *testing.T) {
	t.Parallel()
	s := startInMemory(t, pretend.Options{Routes: routes(), Elsewhere: func(r pretend.Refund, l *pretend.Ledger) pretend.Refund {
		r.ID, r.Pending = l.NextID("R"), true
		return r
	}})
	for _, state := range []string{pretend.Approved, pretend.Declined} {
		r, err := s.RefundElsewhere("P1", money.MustParse("10.00 PHP"))
		require.NoError(t, err)
		require.True(t, r.Pending)
		require.NoError(t, s.Decide(r.ID, state))
	}
	require.Equal(t, money.MustParse("10.00 PHP"), s.Refunded("P1"))
	require.Equal(t, []string{"R1", "R2"}, []string{s.RefundsOf("P1")[0].ID, s.Refunds()[1].ID})
}

func TestLate(t *testing.T) {
	t.Parallel()
	l := pretend.NewLate(2)
	require.False(t, l.Shows("a"))
	require.False(t, l.Look("a"))
	require.False(t, l.Look("a"))
	require.False(t, l.Look("b"), "each has its own look-ups")
	require.False(t, l.Shows("a"))
	require.True(t, l.Look("a"))
	require.True(t, l.Shows("a"))
	require.True(t, pretend.NewLate(0).Look("a"))
}
