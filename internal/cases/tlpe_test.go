package cases

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

// tlpeShop is a shop at a pretend TLPE with one payment of 100.00.
type tlpeShop struct {
	*shop
	gateway *tlpetest.Gateway
	byHand  *refund.Client // the dashboard
}

func atTLPE(t *testing.T, cfg tlpetest.Config) *tlpeShop {
	gw, err := tlpetest.Start(cfg)
	require.NoError(t, err)
	t.Cleanup(gw.Close)
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: "TRX-1", Amount: money.MustParse("100.00 PHP")}))
	s := &tlpeShop{gateway: gw}
	p, err := tlpe.New(tlpe.Config{
		Token: gw.Token(), WebhookSecret: gw.WebhookSecret(), Environment: refund.Sandbox, BaseURL: gw.URL(), Now: func() time.Time { return s.clock() },
	})
	require.NoError(t, err)
	s.shop, s.byHand = open(t, p), refund.New(p)
	return s
}

// notify makes a signed notification. Each one has an id of its own.
func (s *tlpeShop) notify(code string, amount any, iat time.Time) refund.Callback {
	payment := map[string]any{"currency": "PHP"}
	if amount != nil {
		payment["amount"] = amount
	}
	claims := jwt.MapClaims{
		"iss": "TLPE", "sub": "TLPE Notification Authentication", "aud": "TLPE Notification",
		"exp": time.Now().Add(48 * time.Hour).Unix(), "iat": iat.Unix(), "jti": fmt.Sprintf("%s %v %v", code, amount, iat.UnixNano()),
		"data": map[string]any{"transaction_id": "TRX-1", "payment": payment, "result": map[string]any{"status_code": code}},
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(s.gateway.WebhookSecret()))
	require.NoError(s.t, err)
	body, err := json.Marshal(map[string]string{"payload": token})
	require.NoError(s.t, err)
	return refund.Callback{Method: "POST", URL: "/", Header: map[string][]string{"Content-Type": {"application/json"}}, Body: body}
}

func TestC04_NewsFromBeforeTheRefund(t *testing.T) {
	t.Parallel()
	s := atTLPE(t, tlpetest.Config{ReportsPaid: true})
	s.gateway.Inject(pretend.DropBeforeBooking)
	s.unknown(part("k1", "TRX-1", "30.00 PHP", "100.00 PHP"))
	before := s.entry("k1").BeganAt
	s.called(s.notify("OK.04.00", "30.00", before.Add(-time.Hour)))
	s.stays("k1", refund.StatusUnknown)
	s.called(s.notify("OK.04.00", "30.00", before.Add(time.Second)))
	s.stays("k1", refund.StatusSucceeded)
}

func TestC05_C06_AnotherKindOrAmount(t *testing.T) {
	t.Parallel()
	whole100, wholeOfUnknown, part30 := whole("k1", "TRX-1", "100.00 PHP"), whole("k1", "TRX-1", ""), part("k1", "TRX-1", "30.00 PHP", "100.00 PHP")
	for _, tt := range []struct {
		name   string
		req    refund.Request
		code   string
		amount any
		want   refund.Status
	}{
		{"C05 a part of a full refund of unknown amount", wholeOfUnknown, "OK.04.00", "30.00", refund.StatusUnknown},
		{"C05 a part of a full refund, without an amount", whole100, "OK.04.00", nil, refund.StatusUnknown},
		{"C05 a part of a full refund, of all of it", whole100, "OK.04.00", "100.00", refund.StatusUnknown},
		{"C06 the whole instead of a part, without an amount", part30, "OK.02.00", nil, refund.StatusUnknown},
		{"C06 the whole instead of a part", part30, "OK.02.00", "100.00", refund.StatusUnknown},
		{"C06 a part without an amount", part30, "OK.04.00", nil, refund.StatusUnknown},
		{"as asked", part30, "OK.04.00", "30.00", refund.StatusSucceeded},
		{"the whole, as asked", whole100, "OK.02.00", "100.00", refund.StatusSucceeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := atTLPE(t, tlpetest.Config{ReportsPaid: true})
			s.gateway.Inject(pretend.DropBeforeBooking)
			s.unknown(tt.req)
			done := s.called(s.notify(tt.code, tt.amount, s.clock()))
			s.stays("k1", tt.want)
			assert.Equal(t, tt.want != refund.StatusUnknown, done.Changed, done.Why)
		})
	}
	t.Run("C06 the snapshot was refunded in part already", func(t *testing.T) {
		t.Parallel()
		s := atTLPE(t, tlpetest.Config{})
		_, err := s.byHand.Refund(t.Context(), part("", "TRX-1", "30.00 PHP", ""))
		require.NoError(t, err)
		s.gateway.Inject(pretend.DropBeforeBooking)
		s.unknown(part("k1", "TRX-1", "30.00 PHP", "100.00 PHP"))
		s.called(s.notify("OK.04.00", "30.00", s.clock()))
		s.stays("k1", refund.StatusUnknown)
	})
}

func TestC07_AmountsThatNobodyCanRead_TLPE(t *testing.T) {
	t.Parallel()
	for _, amount := range []any{"1e2", "1,000.00", "5.00 USD", json.Number("3e1"), true, "30,00", "-30.00"} {
		s := atTLPE(t, tlpetest.Config{ReportsPaid: true})
		s.gateway.Inject(pretend.DropBeforeBooking)
		s.unknown(part("k1", "TRX-1", "30.00 PHP", "100.00 PHP"))
		s.called(s.notify("OK.04.00", amount, s.clock()))
		s.stays("k1", refund.StatusUnknown)
	}
}

func TestC08_ARefundByHandIsNotOurs(t *testing.T) {
	t.Parallel()
	t.Run("by Settle", func(t *testing.T) {
		t.Parallel()
		s := atTLPE(t, tlpetest.Config{})
		s.gateway.Inject(pretend.DropBeforeBooking)
		s.unknown(part("k1", "TRX-1", "20.00 PHP", "100.00 PHP"))
		_, err := s.byHand.Refund(t.Context(), part("", "TRX-1", "5.00 PHP", ""))
		require.NoError(t, err)
		_, err = s.Settle(t.Context(), "k1")
		require.NoError(t, err)
		s.stays("k1", refund.StatusUnknown)
	})
	t.Run("by a notification", func(t *testing.T) {
		t.Parallel()
		s := atTLPE(t, tlpetest.Config{})
		s.gateway.Inject(pretend.DropBeforeBooking)
		s.unknown(part("k1", "TRX-1", "20.00 PHP", "100.00 PHP"))
		done := s.called(s.notify("OK.04.00", "5.00", s.clock()))
		s.stays("k1", refund.StatusUnknown)
		assert.Contains(t, done.Why, "a refund that the journal does not know")
		require.Len(t, s.entry("k1").Elsewhere, 1)
		assert.Equal(t, money.MustParse("5.00 PHP"), s.entry("k1").Elsewhere[0].Amount)

		_, err := s.Resolve(t.Context(), "k1", refund.Resolution{Status: refund.StatusNotSent, By: "Ada", Note: "not in the dashboard"})
		require.NoError(t, err)
		_, err = s.Refund(t.Context(), part("k2", "TRX-1", "95.01 PHP", "100.00 PHP"))
		require.ErrorIs(t, err, refund.ExceedsRefundable, "what went elsewhere counts")
	})
}

func TestC12_AYesAfterAPersonsNo_TLPE(t *testing.T) {
	t.Parallel()
	s := atTLPE(t, tlpetest.Config{ReportsPaid: true})
	s.gateway.Inject(pretend.DropAfterBooking)
	s.unknown(part("k1", "TRX-1", "30.00 PHP", "100.00 PHP"))
	_, err := s.Resolve(t.Context(), "k1", refund.Resolution{Status: refund.StatusNotSent, By: "Ada", Note: "not in the dashboard"})
	require.NoError(t, err)
	s.called(s.notify("OK.04.00", "30.00", s.clock()))
	e := s.entry("k1")
	assert.Equal(t, refund.StatusUnknown, e.Status)
	assert.True(t, e.Flagged())
	assert.False(t, e.Free())
	_, err = s.Refund(t.Context(), part("k1", "TRX-1", "30.00 PHP", "100.00 PHP"))
	require.ErrorIs(t, err, refund.OutcomeUnknown)
	assert.Len(t, s.gateway.Refunds(), 1, "it is not sent again")
}
