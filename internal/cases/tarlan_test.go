package cases

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tarlan"
	"github.com/gorefund/refund/tarlan/tarlantest"
)

// tarlanShop is a shop at a pretend Tarlan with one payment of 100.00.
type tarlanShop struct {
	*shop
	gateway *tarlantest.Gateway
	byHand  *refund.Client // the dashboard
}

func atTarlan(t *testing.T, cfg tarlantest.Config) *tarlanShop {
	s := new(tarlanShop)
	cfg.Now = func() time.Time { return s.clock() }
	s.shop = &shop{t: t, now: time.Now().UTC().Truncate(time.Second)}
	gw, err := tarlantest.Start(cfg)
	require.NoError(t, err)
	t.Cleanup(gw.Close)
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: "999", Amount: money.MustParse("100.00 KZT")}))
	p, err := tarlan.New(tarlan.Config{
		Secret: gw.Secret(), MerchantID: tarlantest.DefaultMerchantID, ProjectID: tarlantest.DefaultProjectID,
		Environment: refund.Production, BaseURL: gw.URL(),
	})
	require.NoError(t, err)
	s.shop, s.gateway, s.byHand = open(t, p), gw, refund.New(p)
	return s
}

func (s *tarlanShop) part(key, amount string) refund.Request {
	req := part(key, "999", amount, "100.00 KZT")
	req.Params = map[string]string{"tarlan.project_reference_id": s.gateway.ProjectReferenceID("999"), "tarlan.type": tarlantest.Type}
	return req
}

// callback makes a signed one; its members must be in alphabetical order.
func (s *tarlanShop) callback(amount, finished string) refund.Callback {
	body := fmt.Sprintf(`{"amount":%s,"finished_at":%q,"merchant_id":%d,"project_id":%d,"status_code":"refund","transaction_id":999}`,
		amount, finished, tarlantest.DefaultMerchantID, tarlantest.DefaultProjectID)
	sum := sha256.Sum256([]byte(base64.StdEncoding.EncodeToString([]byte(body)) + s.gateway.Secret()))
	return refund.Callback{Method: "POST", URL: "/", Header: map[string][]string{"Authorization": {"Bearer " + hex.EncodeToString(sum[:])}}, Body: []byte(body)}
}

func TestC04_NewsFromBeforeTheRefund_Tarlan(t *testing.T) {
	t.Parallel()
	s := atTarlan(t, tarlantest.Config{Inconclusive: true})
	s.gateway.Inject(pretend.DropBeforeBooking)
	s.unknown(s.part("k1", "30.00 KZT"))
	s.called(s.callback("30", "2020-01-01T00:00:00Z"))
	s.stays("k1", refund.StatusUnknown)
	s.called(s.callback("30", s.clock().Format(time.RFC3339)))
	s.stays("k1", refund.StatusSucceeded)
}

func TestC07_AmountsThatNobodyCanRead_Tarlan(t *testing.T) {
	t.Parallel()
	for _, amount := range []string{`"x"`, `29.999999999999996`, `[30]`, `{"value":30}`, `true`, `"30,00"`} {
		s := atTarlan(t, tarlantest.Config{Inconclusive: true})
		s.gateway.Inject(pretend.DropBeforeBooking)
		s.unknown(s.part("k1", "30.00 KZT"))
		s.called(s.callback(amount, s.clock().Format(time.RFC3339)))
		s.stays("k1", refund.StatusUnknown)
	}
}

// The list of refunds tells amounts: ours is the one of its amount, and nobody else's.
func TestC08_ARefundByHandIsNotOurs_Tarlan(t *testing.T) {
	t.Parallel()
	lost := func(fault pretend.Fault) *tarlanShop {
		s := atTarlan(t, tarlantest.Config{})
		s.gateway.Inject(fault)
		s.unknown(s.part("k1", "20.00 KZT"))
		_, err := s.byHand.Refund(t.Context(), s.part("", "5.00 KZT"))
		require.NoError(t, err)
		_, err = s.Settle(t.Context(), "k1")
		require.NoError(t, err)
		return s
	}
	s := lost(pretend.DropBeforeBooking)
	s.stays("k1", refund.StatusUnknown)
	require.Len(t, s.entry("k1").Elsewhere, 1)
	assert.Equal(t, money.MustParse("5.00 KZT"), s.entry("k1").Elsewhere[0].Amount)
	_, err := s.Resolve(t.Context(), "k1", refund.Resolution{Status: refund.StatusNotSent, By: "Ada", Note: "not in the dashboard"})
	require.NoError(t, err)
	_, err = s.Refund(t.Context(), s.part("k2", "96.00 KZT"))
	require.ErrorIs(t, err, refund.ExceedsRefundable, "what went elsewhere counts once")
	_, err = s.Refund(t.Context(), s.part("k2", "95.00 KZT"))
	require.NoError(t, err)

	lost(pretend.DropAfterBooking).stays("k1", refund.StatusSucceeded)
}

// A refund that was refused, and that the gateway shows all the same when the next one
// is about to be sent, is a yes after a no.
func TestARefusedRefundThatTheGatewayShows(t *testing.T) {
	t.Parallel()
	s := atTarlan(t, tarlantest.Config{})
	s.gateway.Inject(pretend.DropAfterBooking)
	s.unknown(s.part("k1", "20.00 KZT"))
	_, err := s.Resolve(t.Context(), "k1", refund.Resolution{Status: refund.StatusRefused, By: "Ada", Note: "not in the dashboard"})
	require.NoError(t, err)
	_, err = s.Refund(t.Context(), s.part("k2", "20.00 KZT"))
	require.ErrorIs(t, err, refund.InProgress)
	e := s.entry("k1")
	assert.Equal(t, refund.StatusUnknown, e.Status)
	assert.True(t, e.Flagged())
	assert.Len(t, s.gateway.Refunds(), 1, "the money does not go out twice")
}
