package cases

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tarlan/tarlantest"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

// Tarlan names no refunds: the second of one amount is explained by the first.
func TestHostile_Tarlan_ASecondOfOneAmountIsSentTwice(t *testing.T) {
	s := atTarlan(t, tarlantest.Config{})
	_, err := s.Refund(t.Context(), s.part("k0", "20.00 KZT"))
	require.NoError(t, err)
	s.advance(time.Minute)
	s.gateway.Inject(pretend.DropAfterBooking)
	s.unknown(s.part("k1", "20.00 KZT"))
	s.decide("k1", refund.StatusNotSent) // wrongly
	_, err = s.Refund(t.Context(), s.part("k1", "20.00 KZT"))
	e := s.entry("k1")
	t.Logf("k1 again: %v: %v flagged %v elsewhere %+v", err, e.Status, e.Flagged(), e.Elsewhere)
	assert.Len(t, s.gateway.Refunds(), 2, "the money does not go out twice")
}

// TLPE: the signed yes of a refund of all that was paid, which a person called unsent.
func TestHostile_TLPE_TheYesOfTheWholeAmountAfterANoIsDropped(t *testing.T) {
	for _, code := range []string{"OK.02.00", "OK.04.00"} {
		t.Run(code, func(t *testing.T) {
			s := atTLPE(t, tlpetest.Config{ReportsPaid: true})
			s.gateway.Inject(pretend.DropAfterBooking)
			req := part("k1", "TRX-1", "100.00 PHP", "100.00 PHP")
			s.unknown(req)
			s.decide("k1", refund.StatusNotSent) // wrongly
			was := s.entry("k1")
			done := s.called(s.notify(code, "100.00", was.BeganAt.Add(time.Second)))
			t.Log(done.Why)
			assert.NotEqual(t, was.Version, s.entry("k1").Version, "10.4: a yes after a no is never dropped")
			_, err := s.Refund(t.Context(), req)
			e := s.entry("k1")
			t.Logf("again: %v; at the gateway: %d; %v flagged %v", err, len(s.gateway.Refunds()), e.Status, e.Flagged())
			assert.Equal(t, refund.StatusUnknown, e.Status)
		})
	}
}

// Tarlan: the same, the list shows it.
func TestHostile_Tarlan_TheWholeAmountInTheListAfterANo(t *testing.T) {
	s := atTarlan(t, tarlantest.Config{})
	s.gateway.Inject(pretend.DropAfterBooking)
	s.unknown(s.part("k1", "100.00 KZT"))
	s.decide("k1", refund.StatusNotSent) // wrongly
	_, err := s.Refund(t.Context(), s.part("k1", "100.00 KZT"))
	e := s.entry("k1")
	t.Logf("again: %v; %v flagged %v", err, e.Status, e.Flagged())
	assert.Equal(t, refund.StatusUnknown, e.Status, "9.16, 10.4")
	assert.True(t, e.Flagged())
}
