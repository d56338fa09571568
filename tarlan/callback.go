package tarlan

import (
	"context"
	"crypto/subtle"
	"strconv"
	"strings"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/callback"
	"github.com/gorefund/refund/internal/wire"
	"github.com/gorefund/refund/money"
)

var _ refund.CallbackParser = (*Provider)(nil)

// ParseCallback verifies and reads a callback. The error matches
//   - [refund.Forged] if the signature is missing or wrong, or if it is another
//     merchant's or project's than that of the Config;
//   - [refund.Malformed] if the body cannot be read, or lacks what is needed;
//   - [refund.NotARefund] if it is about another state of the payment.
//
// The event names the payment and neither a refund nor a key: Tarlan gives refunds
// no id. Nobody knows whether the event's Amount is that of the refund or of the
// payment, so it must not decide alone which refund is meant. The time is that of
// finished_at, or of created_at, which may be the payment's. Equal callbacks have
// equal IDs; whether two refunds of one payment always differ is not known.
//
// Nothing in a callback is checked against the clock: it stays valid for ever, and
// its ID tells a repeat.
func (p *Provider) ParseCallback(_ context.Context, c refund.Callback) (*refund.Event, error) {
	if err := callback.Check(gateway, &c); err != nil {
		return nil, err
	}
	signed, err := p.verify(&c)
	if err != nil {
		return nil, err
	}
	return p.event(signed)
}

// verify returns the text that was signed. Only that is read afterwards: what the
// signature leaves out cannot change what the callback says.
func (p *Provider) verify(c *refund.Callback) (signed []byte, err error) {
	header, ok := callback.Header(c, "Authorization")
	if !ok {
		return nil, callback.Forged(gateway, "there is not exactly one Authorization header")
	}
	given, ok := strings.CutPrefix(header, "Bearer ")
	if !ok {
		return nil, callback.Forged(gateway, `the Authorization header is not "Bearer" and a signature`)
	}
	for _, f := range forms {
		text, err := canonical(c.Body, f)
		if err != nil {
			return nil, callback.Malformed(gateway, "the body is not one JSON object that can be read in one way only")
		}
		if f == formGo {
			signed = text
		}
		if subtle.ConstantTimeCompare([]byte(given), []byte(sign(text, p.secret()))) == 1 {
			return signed, nil
		}
	}
	return nil, callback.Forged(gateway, "the signature is not that of the body")
}

// event reads what was verified.
func (p *Provider) event(signed []byte) (*refund.Event, error) {
	var id, state, merchant, project, amount, message, finished, created wire.Text
	if err := wire.Read(signed, []wire.Field{
		{Name: "transaction_id", Text: &id},
		{Name: "status_code", Text: &state},
		{Name: "merchant_id", Text: &merchant},
		{Name: "project_id", Text: &project},
		{Name: "amount", Text: &amount},
		{Name: "bank_message", Text: &message},
		{Name: "finished_at", Text: &finished},
		{Name: "created_at", Text: &created},
	}); err != nil {
		return nil, callback.Malformed(gateway, "the body is not a JSON object")
	}

	// A merchant may have one secret for several projects. Another one's callback is
	// genuine, but says nothing about this one's payments, so it is as good as forged.
	for _, owner := range []struct {
		name string
		says wire.Text
		want int64
	}{{"merchant_id", merchant, p.merchantID}, {"project_id", project, p.projectID}} {
		if owner.want == 0 {
			continue
		}
		n, ok := owner.says.Int()
		switch {
		case owner.says.Shape != wire.Number || !ok:
			return nil, callback.Malformed(gateway, owner.name+" is not an integer")
		case n != owner.want:
			return nil, callback.Forged(gateway, owner.name+" is not that of the configuration")
		}
	}

	payment, ok := id.Int()
	if id.Shape != wire.Number || !ok || payment <= 0 {
		return nil, callback.Malformed(gateway, "transaction_id is not a positive integer")
	}
	if state.Shape != wire.String {
		return nil, callback.Malformed(gateway, "status_code is not a text")
	}
	e := &refund.Event{
		Gateway: gateway, ID: callback.ID(string(signed)), PaymentID: strconv.FormatInt(payment, 10),
		Amount: p.callbackAmount(amount), Code: state.S, At: eventTime(finished, created), Trust: refund.TrustSigned,
	}
	switch state.S {
	case stateRefunded:
		e.Status = refund.StatusSucceeded
	case stateWaiting:
		e.Status = refund.StatusPending
	default:
		return nil, callback.NotARefund(gateway, "the payment's state is "+strconv.Quote(bounded(p.http.Clean(state.S))))
	}
	if message.Shape == wire.String { // the bank's; description is the merchant's own text, which may name people
		e.Message = p.http.Clean(message.S)
	}
	return e, nil
}

// callbackAmount is the amount if it can be read exactly.
func (p *Provider) callbackAmount(t wire.Text) money.Amount {
	if t.Shape != wire.Number && t.Shape != wire.String {
		return money.Amount{}
	}
	a, err := money.New(t.S, p.currency())
	if err != nil || !a.IsPositive() {
		return money.Amount{}
	}
	return a
}

// eventTime is the first time that has a zone; no document says how times are
// written.
func eventTime(texts ...wire.Text) time.Time {
	for _, t := range texts {
		if at, err := time.Parse(time.RFC3339Nano, t.S); err == nil && t.Shape == wire.String {
			return at.UTC()
		}
	}
	return time.Time{}
}

// bounded keeps a word of a state short.
func bounded(word string) string {
	const longest = 64
	if runes := []rune(word); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return word
}
