package tarlan

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/callback"
	"github.com/gorefund/refund/internal/wire"
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
// finished_at; created_at may be the payment's and is not read. Equal callbacks have
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
// signature leaves out cannot change what the callback says. What cannot be a
// signature is refused before the body is looked at, since anybody can post it.
func (p *Provider) verify(c *refund.Callback) (signed []byte, err error) {
	header, ok := callback.Header(c, "Authorization")
	if !ok {
		return nil, callback.Forged(gateway, "there is not exactly one Authorization header")
	}
	given, ok := strings.CutPrefix(header, "Bearer ")
	if !ok || !isSignature(given) {
		return nil, callback.Forged(gateway, `the Authorization header is not "Bearer" and a signature of 64 digits, 0 to 9 and a to f`)
	}
	if !signable(c.Body) {
		return nil, errMalformed
	}
	for _, f := range forms {
		signature, err := signatureOf(c.Body, f, p.secret())
		if err != nil {
			return nil, errMalformed
		}
		if subtle.ConstantTimeCompare([]byte(given), []byte(signature)) == 1 {
			return canonical(c.Body, formGo)
		}
	}
	return nil, callback.Forged(gateway, "the signature is not that of the body")
}

var errMalformed = callback.Malformed(gateway, "the body is not one JSON object that can be read in one way only")

// isSignature reports whether text has the shape of one: a SHA-256 in lower-case hex.
func isSignature(text string) bool {
	return len(text) == hex.EncodedLen(sha256.Size) && strings.Trim(text, "0123456789abcdef") == ""
}

// event reads what was verified.
func (p *Provider) event(signed []byte) (*refund.Event, error) {
	var id, state, merchant, project, amount, currency, message, finished wire.Text
	if err := wire.Read(signed, []wire.Field{
		{Name: "transaction_id", Text: &id},
		{Name: "status_code", Text: &state},
		{Name: "merchant_id", Text: &merchant},
		{Name: "project_id", Text: &project},
		{Name: "amount", Text: &amount},
		{Name: "currency", Text: &currency}, // no document has it
		{Name: "bank_message", Text: &message},
		{Name: "finished_at", Text: &finished},
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
		Code: state.S, At: eventTime(finished), Trust: refund.TrustSigned,
	}
	e.Amount, e.AmountUnreadable = wire.Amount(amount, currency, p.currency())
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

// eventTime is a time that has a zone, else zero; no document says how times are
// written.
func eventTime(t wire.Text) time.Time {
	if at, err := time.Parse(time.RFC3339Nano, t.S); err == nil && t.Shape == wire.String {
		return at.UTC()
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
