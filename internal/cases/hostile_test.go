package cases

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/redstone"
	"github.com/gorefund/refund/redstone/redstonetest"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tarlan/tarlantest"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

func (s *shop) decide(key string, status refund.Status) {
	s.t.Helper()
	_, err := s.Resolve(s.t.Context(), key, refund.Resolution{Status: status, By: "Ada", Note: "not in the dashboard"})
	require.NoError(s.t, err)
}

// Redstone: the first try under the key failed, the second arrived, and its answer was lost.
func TestHostile_Redstone_TheFirstTrysFailureFreesTheSecond(t *testing.T) {
	s := atRedstone(t, redstonetest.Config{}, func(c *redstone.Config) {
		c.WebhookSecret, c.WebhookHeader, c.CallbackSecret = "", "", ownSecret
	})
	req := part("k1", redstonePay, "40.00 ZMW", "100.00 ZMW")
	req.CallbackURL = "https://shop.example/cb"
	s.gateway.Inject(pretend.DropAfterBooking)
	s.unknown(req)
	first := s.gateway.Refunds()[0]
	require.NoError(t, s.gateway.Decline(first.ID))
	s.decide("k1", refund.StatusNotSent)
	s.gateway.Inject(pretend.DropAfterBooking)
	s.unknown(req)
	require.Len(t, s.gateway.Refunds(), 2)
	call := refund.Callback{Method: "POST", URL: strings.TrimPrefix(first.CallbackURL, "https://shop.example")}
	call.Body = []byte(fmt.Sprintf(`{"reference":%q,"payment_reference":%q,"type":"refund","status":"failed","reason_for_failure":"DECLINED_TRANSACTION"}`, first.ID, redstonePay))
	done := s.called(call)
	t.Log(done.Why)
	s.stays("k1", refund.StatusUnknown)
	_, err := s.Refund(t.Context(), part("k2", redstonePay, "40.00 ZMW", "100.00 ZMW"))
	t.Logf("k2: %v, refunds at the gateway: %+v", err, s.gateway.Refunds())
	assert.Error(t, err)
}

// Redstone, a client with the default trust: the token's yes after a person's no.
func TestHostile_Redstone_ATokensYesAfterAPersonsNo(t *testing.T) {
	r := atRedstone(t, redstonetest.Config{}, func(c *redstone.Config) {
		c.WebhookSecret, c.WebhookHeader, c.CallbackSecret = "", "", ownSecret
	})
	p, err := redstone.New(redstone.Config{
		SecretKey: r.gateway.SecretKey(), PublicKey: r.gateway.PublicKey(), Environment: refund.Sandbox, BaseURL: r.gateway.URL(), CallbackSecret: ownSecret,
	})
	require.NoError(t, err)
	s := open(t, p)
	req := part("k1", redstonePay, "40.00 ZMW", "100.00 ZMW")
	req.CallbackURL = "https://shop.example/cb"
	r.gateway.Inject(pretend.DropAfterBooking)
	s.unknown(req)
	first := r.gateway.Refunds()[0]
	s.decide("k1", refund.StatusNotSent)
	call := refund.Callback{Method: "POST", URL: strings.TrimPrefix(first.CallbackURL, "https://shop.example")}
	call.Body = []byte(fmt.Sprintf(`{"reference":%q,"payment_reference":%q,"type":"refund","status":"successful"}`, first.ID, redstonePay))
	done := s.called(call)
	t.Log(done.Why)
	assert.True(t, s.entry("k1").Flagged(), "a yes after a no is never dropped")
	_, err = s.Refund(t.Context(), req)
	t.Logf("k1 again: %v", err)
	assert.Len(t, r.gateway.Refunds(), 1, "the money does not go out twice")
}

// TLPE: news of a refund by hand, dated later, makes our own yes old.
func TestHostile_TLPE_AnothersDateDropsOurYesAfterANo(t *testing.T) {
	s := atTLPE(t, tlpetest.Config{ReportsPaid: true})
	s.gateway.Inject(pretend.DropAfterBooking)
	s.unknown(part("k1", "TRX-1", "30.00 PHP", "100.00 PHP"))
	s.decide("k1", refund.StatusNotSent)
	begun := s.entry("k1").BeganAt
	_, err := s.byHand.Refund(t.Context(), part("", "TRX-1", "5.00 PHP", ""))
	require.NoError(t, err)
	s.called(s.notify("OK.04.00", "5.00", begun.Add(2*time.Minute)))
	done := s.called(s.notify("OK.04.00", "30.00", begun.Add(time.Second)))
	t.Log(done.Why)
	s.stays("k1", refund.StatusUnknown)
	_, err = s.Refund(t.Context(), part("k1", "TRX-1", "30.00 PHP", "100.00 PHP"))
	t.Logf("k1 again: %v, at the gateway: %d", err, len(s.gateway.Refunds()))
	assert.Len(t, s.gateway.Refunds(), 2, "the money does not go out twice")
}

// Tarlan: the callback's amount may be the payment's.
func TestHostile_Tarlan_ThePaymentsAmountIsCreditedToAFullRefund(t *testing.T) {
	s := atTarlan(t, tarlantest.Config{Inconclusive: true})
	s.gateway.Inject(pretend.DropBeforeBooking)
	req := s.part("k1", "100.00 KZT")
	req.Kind, req.Amount = refund.KindFull, money.Amount{}
	s.unknown(req)
	_, err := s.byHand.Refund(t.Context(), s.part("", "5.00 KZT"))
	require.NoError(t, err)
	done := s.called(s.callback("100", s.clock().Format(time.RFC3339))) // of the 5.00, with the payment's amount
	t.Log(done.Why)
	s.stays("k1", refund.StatusUnknown)
}

// Tarlan: told by a callback and listed: one refund by hand.
func TestHostile_Tarlan_OneRefundByHandIsCountedTwice(t *testing.T) {
	s := atTarlan(t, tarlantest.Config{})
	_, err := s.Refund(t.Context(), s.part("k1", "20.00 KZT"))
	require.NoError(t, err)
	_, err = s.byHand.Refund(t.Context(), s.part("", "30.00 KZT"))
	require.NoError(t, err)
	done := s.called(s.callback("30", s.clock().Add(time.Second).Format(time.RFC3339)))
	t.Log(done.Why, s.entry("k1").Elsewhere)
	s.advance(time.Minute)
	_, err = s.Refund(t.Context(), s.part("k2", "50.00 KZT"))
	require.NoError(t, err, "20.00 of ours and 30.00 by hand: 50.00 are left")
}

// Tarlan: two refunds of one amount were called unsent, and the list shows one.
func TestHostile_Tarlan_AListedRefundThatFitsTwo(t *testing.T) {
	s := atTarlan(t, tarlantest.Config{})
	s.gateway.Inject(pretend.DropBeforeBooking)
	s.unknown(s.part("k1", "20.00 KZT"))
	s.decide("k1", refund.StatusNotSent) // rightly
	s.gateway.Inject(pretend.DropAfterBooking)
	s.unknown(s.part("k2", "20.00 KZT"))
	s.decide("k2", refund.StatusNotSent) // wrongly
	_, err := s.Refund(t.Context(), s.part("k2", "20.00 KZT"))
	t.Logf("k2 again: %v", err)
	assert.Len(t, s.gateway.Refunds(), 1, "the money does not go out twice")
}

// TLPE: the whole is given back, by two refunds by hand, of which one is known as such.
func TestHostile_TLPE_WholeByHandsIsCreditedToAFullRefund(t *testing.T) {
	s := atTLPE(t, tlpetest.Config{ReportsPaid: true})
	s.gateway.Inject(pretend.DropBeforeBooking)
	s.unknown(whole("k1", "TRX-1", "100.00 PHP"))
	_, err := s.byHand.Refund(t.Context(), part("", "TRX-1", "30.00 PHP", ""))
	require.NoError(t, err)
	s.called(s.notify("OK.04.00", "30.00", s.clock()))
	require.Len(t, s.entry("k1").Elsewhere, 1)
	_, err = s.byHand.Refund(t.Context(), part("", "TRX-1", "70.00 PHP", ""))
	require.NoError(t, err)
	_, err = s.Settle(t.Context(), "k1")
	require.NoError(t, err)
	t.Logf("%+v", s.entry("k1").History)
	s.stays("k1", refund.StatusUnknown)
}
