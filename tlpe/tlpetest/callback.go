package tlpetest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorefund/refund/refundtest/pretend"
)

// DefaultWebhookSecret signs the notifications where [Config] names none. It looks like base64, as real ones do, and is a
// text all the same.
const DefaultWebhookSecret = "tlpe-test-webhook-MIIEvQIBADANBg+/="

// lifetime is how long a notification is good: exp and iat of the documents' sample are 48 hours apart.
const lifetime = 48 * time.Hour

// WebhookSecret returns the text that signs the notifications.
func (g *Gateway) WebhookSecret() string { return g.desk.cfg.WebhookSecret }

// PaymentCallback makes the notification of a payment, which is about no refund, if [pretend.Server.AddPayment] made
// it known; otherwise it is empty. It is not sent: [pretend.Server.Send] does that.
func (g *Gateway) PaymentCallback(paymentID string) pretend.Callback {
	p, ok := g.Payment(paymentID)
	if !ok {
		return pretend.Callback{}
	}
	id := "payment-notification-" + strconv.FormatInt(g.told.Add(1), 10)
	return g.desk.notification(p, p.Amount.Number(), codePaid, textPaid, id, g.Now())
}

// callback makes the notification of a refund, if there is an address. The ledger is locked.
func (d desk) callback(r pretend.Refund, l *pretend.Ledger) (pretend.Callback, bool) {
	p, ok := l.Payment(r.PaymentID)
	if !ok || d.cfg.CallbackURL == "" || r.State == pretend.Reversed { // no code says that a refund came back
		return pretend.Callback{}, false
	}
	code, text := codePartial, textPartial
	if r.Full {
		code, text = codeFull, textFull
	}
	amount := r.Amount.Number()
	if d.cfg.NotifiesPaid {
		amount = p.Amount.Number()
	}
	return d.notification(p, amount, code, text, l.NextID("notification-"), l.Now()), true
}

// notification signs by hand: nothing here is the adapter's.
func (d desk) notification(p pretend.Payment, amount, code, text, id string, now time.Time) pretend.Callback {
	name := "status_code"
	if d.cfg.CamelCase {
		name = "statusCode"
	}
	claims := encode(map[string]any{
		"iss": "TLPE", "sub": "TLPE Notification Authentication", "aud": "TLPE Notification",
		"iat": now.Unix(), "exp": now.Add(lifetime).Unix(), "jti": id,
		"data": map[string]any{
			"customer":       map[string]any{"first_name": "John", "last_name": "Doe"},
			"transaction_id": p.ID,
			"payment": map[string]any{
				"amount": amount, "currency": p.Amount.Currency(), "option": "GCash", "merchant_reference_id": referencePrefix + p.ID,
			},
			"result": map[string]any{
				"timestamp": now.UTC().Format("2006-01-02 15:04:05 -07:00"), name: code, "message": text, "processor_reference_id": "ABC123456",
			},
		},
	})
	return d.posted(token(`{"alg":"HS256","typ":"JWT"}`, claims, []byte(d.cfg.WebhookSecret)))
}

// posted is a notification. Its Authorization header is documented as the integrator's identifier; that this is the token
// which the integrator sends in the same header is assumed, and a reason not to take the token for a key.
func (d desk) posted(payload string) pretend.Callback {
	return pretend.Callback{
		URL:    d.cfg.CallbackURL,
		Header: http.Header{"Content-Type": {"application/json"}, "Authorization": {d.cfg.Token}},
		Body:   encode(map[string]string{"payload": payload}),
	}
}

func token(header string, claims, key []byte) string {
	text := segment([]byte(header)) + "." + segment(claims)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return text + "." + segment(mac.Sum(nil))
}

func segment(b []byte) string { return strings.TrimRight(base64.URLEncoding.EncodeToString(b), "=") }
