package cases

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
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
)

const (
	redstoneSecret = "redstone-signs-with-this-00000000"
	ownSecret      = "a callback secret of the shop's own: 32 bytes and more"
	redstonePay    = "PY_c77f7bff21514bdf9dfe9f1b2"
)

// redstoneShop is a shop at a pretend Redstone with one payment of 100.00.
type redstoneShop struct {
	*shop
	gateway *redstonetest.Gateway
}

func atRedstone(t *testing.T, cfg redstonetest.Config, edits ...func(*redstone.Config)) *redstoneShop {
	gw, err := redstonetest.Start(cfg)
	require.NoError(t, err)
	t.Cleanup(gw.Close)
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: redstonePay, Amount: money.MustParse("100.00 ZMW")}))
	c := redstone.Config{
		SecretKey: gw.SecretKey(), PublicKey: gw.PublicKey(), Environment: refund.Sandbox, BaseURL: gw.URL(),
		WebhookSecret: redstoneSecret, WebhookHeader: "X-Signature",
	}
	for _, edit := range edits {
		edit(&c)
	}
	p, err := redstone.New(c)
	require.NoError(t, err)
	return &redstoneShop{shop: open(t, p, refund.WithTrust(refund.TrustToken)), gateway: gw}
}

// signed makes a callback that is signed in the configured header.
func (s *redstoneShop) signed(body string) refund.Callback {
	mac := hmac.New(sha256.New, []byte(redstoneSecret))
	mac.Write([]byte(body))
	return refund.Callback{
		Method: "POST", URL: "/", Body: []byte(body),
		Header: map[string][]string{"Content-Type": {"application/json"}, "X-Signature": {hex.EncodeToString(mac.Sum(nil))}},
	}
}

func (s *redstoneShop) refs() (reference string) {
	s.t.Helper()
	all := s.gateway.Refunds()
	require.NotEmpty(s.t, all)
	return all[0].ID
}

func TestC01_C02_AnotherRefundsNews(t *testing.T) {
	t.Parallel()
	for name, rest := range map[string]string{
		"C01 failed":                      `"status":"failed","type":"refund","reason_for_failure":"DECLINED_TRANSACTION"`,
		"C02 successful":                  `"status":"successful","type":"refund"`,
		"C02 successful, of another sum":  `"status":"successful","type":"refund","amount":"3.00"`,
		"C01 failed, of the same amount":  `"status":"failed","type":"refund","reason_for_failure":"DECLINED_TRANSACTION","amount":40,"currency":"ZMW"`,
		"C02 successful, the same amount": `"status":"successful","type":"refund","amount":40,"currency":"ZMW"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := atRedstone(t, redstonetest.Config{})
			res, err := s.Refund(t.Context(), part("k1", redstonePay, "40.00 ZMW", "100.00 ZMW"))
			require.NoError(t, err)
			require.Equal(t, refund.StatusPending, res.Status)
			done := s.called(s.signed(fmt.Sprintf(`{"payment_reference":%q,"reference":"PY_2",%s}`, redstonePay, rest)))
			s.stays("k1", refund.StatusPending)
			assert.Contains(t, done.Why, "asked, the gateway says")
			_, err = s.Refund(t.Context(), part("k2", redstonePay, "60.01 ZMW", "100.00 ZMW"))
			require.ErrorIs(t, err, refund.ExceedsRefundable, "nothing is freed")
		})
	}
}

func TestC03_NewsFromBeforeTheRefund(t *testing.T) {
	t.Parallel()
	for _, status := range []string{`"failed","reason_for_failure":"DECLINED_TRANSACTION"`, `"successful"`} {
		s := atRedstone(t, redstonetest.Config{})
		s.gateway.Inject(pretend.DropBeforeBooking)
		s.unknown(part("k1", redstonePay, "40.00 ZMW", "100.00 ZMW"))
		s.called(s.signed(fmt.Sprintf(
			`{"payment_reference":%q,"reference":"PY_0","type":"refund","amount":40,"currency":"ZMW","created_at":"2020-01-02T03:04:05Z","status":%s}`, redstonePay, status)))
		s.stays("k1", refund.StatusUnknown)
	}
}

func TestC09_WordsAboutPayments(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a payment's word":            fmt.Sprintf(`{"type":"payment.success","data":{"reference":%q,"status":"successful"}}`, redstonePay),
		"a payment's event":           fmt.Sprintf(`{"event":"payment.success","payment_reference":%q,"data":{"reference":"PY_9","status":"successful","amount":40,"currency":"ZMW"}}`, redstonePay),
		"a word against its own type": fmt.Sprintf(`{"type":"refund.failed","payment_reference":%q,"reference":"PY_9","status":"successful","amount":40,"currency":"ZMW"}`, redstonePay),
		"a word that nobody lists":    fmt.Sprintf(`{"event":"wallet.credited","payment_reference":%q,"reference":"PY_9","status":"successful","amount":40,"currency":"ZMW"}`, redstonePay),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := atRedstone(t, redstonetest.Config{})
			s.gateway.Inject(pretend.DropBeforeBooking)
			s.unknown(part("k1", redstonePay, "40.00 ZMW", "100.00 ZMW"))
			s.called(s.signed(body))
			s.stays("k1", refund.StatusUnknown)
		})
	}
	t.Run("a payment's event with the refund's token", func(t *testing.T) {
		t.Parallel()
		s := atRedstone(t, redstonetest.Config{}, func(c *redstone.Config) {
			c.WebhookSecret, c.WebhookHeader, c.CallbackSecret = "", "", ownSecret
		})
		req := part("k1", redstonePay, "40.00 ZMW", "100.00 ZMW")
		req.CallbackURL = "https://shop.example/cb"
		_, err := s.Refund(t.Context(), req)
		require.NoError(t, err)
		address := s.gateway.Refunds()[0].CallbackURL
		require.Contains(t, address, "refund_token=")
		call := refund.Callback{Method: "POST", URL: strings.TrimPrefix(address, "https://shop.example")}
		call.Body = []byte(`{"event":"payment.success","data":{"reference":"` + s.refs() + `","status":"successful"}}`)
		s.called(call)
		s.stays("k1", refund.StatusPending)
	})
}

func TestC10_AReasonIsReadFromItsOwnField(t *testing.T) {
	t.Parallel()
	for name, reason := range map[string]string{
		"in another field":    `"narration":"INSUFFICIENT_FUNDS"`,
		"within a longer one": `"reason_for_failure":"NOT_INSUFFICIENT_FUNDS_BUT_LIMIT"`,
		"none":                `"charge":1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := atRedstone(t, redstonetest.Config{})
			_, err := s.Refund(t.Context(), part("k1", redstonePay, "40.00 ZMW", "100.00 ZMW"))
			require.NoError(t, err)
			s.called(s.signed(fmt.Sprintf(`{"payment_reference":%q,"reference":%q,"type":"refund","status":"failed",%s}`, redstonePay, s.refs(), reason)))
			s.stays("k1", refund.StatusPending)
		})
	}
	t.Run("whole", func(t *testing.T) {
		t.Parallel()
		s := atRedstone(t, redstonetest.Config{})
		_, err := s.Refund(t.Context(), part("k1", redstonePay, "40.00 ZMW", "100.00 ZMW"))
		require.NoError(t, err)
		s.called(s.signed(fmt.Sprintf(`{"payment_reference":%q,"reference":%q,"type":"refund","status":"failed","reason_for_failure":"INSUFFICIENT_FUNDS"}`, redstonePay, s.refs())))
		s.stays("k1", refund.StatusFailed)
	})
}

// An undated reversal is kept, and keeps others away until the gateway or a person
// confirms it.
func TestAnUndatedReversalWaitsForItsProof(t *testing.T) {
	t.Parallel()
	s := atRedstone(t, redstonetest.Config{})
	_, err := s.Refund(t.Context(), part("k1", redstonePay, "40.00 ZMW", "100.00 ZMW"))
	require.NoError(t, err)
	call := func(status string) {
		s.called(s.signed(fmt.Sprintf(`{"payment_reference":%q,"reference":%q,"type":"refund","status":%s}`, redstonePay, s.refs(), status)))
	}
	call(`"successful"`)
	s.stays("k1", refund.StatusSucceeded)
	call(`"failed","reason_for_failure":"DECLINED_TRANSACTION"`)
	e := s.entry("k1")
	assert.Equal(t, refund.StatusReversed, e.Status)
	assert.True(t, e.Flagged())
	_, err = s.Refund(t.Context(), part("k2", redstonePay, "10.00 ZMW", "100.00 ZMW"))
	require.ErrorIs(t, err, refund.InProgress, "it blocks the payment")

	require.NoError(t, s.gateway.Decline(s.refs()))
	_, err = s.Settle(t.Context(), "k1")
	require.NoError(t, err)
	s.stays("k1", refund.StatusReversed)
	assert.False(t, s.entry("k1").Open(), "the gateway confirmed it")
	s.advance(time.Minute)
	_, err = s.Refund(t.Context(), part("k2", redstonePay, "10.00 ZMW", "100.00 ZMW"))
	require.NoError(t, err)
}
