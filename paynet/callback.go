package paynet

import (
	"context"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/callback"
	"github.com/gorefund/refund/internal/wire"
)

// The codes of a callback, which are not those of the result table.
const (
	callbackApproved    = 0
	callbackDisapproved = 1
)

// ParseCallback reads what Paynet posts to succeedUrl when a refund is approved, or
// disapproved, or an approval is taken back. Nothing in it is signed (documented).
//
// With [Config.CallbackSecret] the address must hold a refund's key and its token:
// the event then has that Key and [refund.TrustToken], and a callback without them
// is [refund.Forged]. Without the secret anybody could have sent it, and the event
// has [refund.TrustNone].
//
// xact_id is documented as the number of the refund's own transaction, and may be
// the sale's all the same: it is the event's RefundID and, where no token tells which
// refund it is about, its PaymentID as well, as a hint. A code that no document lists
// gives [refund.StatusUnknown]: something has happened, and the refund is to be
// looked up.
func (p *Provider) ParseCallback(_ context.Context, c refund.Callback) (*refund.Event, error) {
	if err := callback.Check(gateway, &c); err != nil {
		return nil, err
	}
	ev := &refund.Event{Gateway: gateway}
	if secret := p.callbackSecret(); secret != "" {
		key, err := callback.Key(gateway, c.URL, secret)
		if err != nil {
			return nil, err
		}
		ev.Key, ev.Trust = key, refund.TrustToken
	}
	var xactID, code, status, message wire.Text
	err := wire.Read(c.Body, []wire.Field{
		{Name: "xact_id", Text: &xactID},
		{Name: "code", Text: &code},
		{Name: "status", Text: &status},
		{Name: "message", Text: &message},
	})
	if err != nil {
		return nil, callback.Malformed(gateway, "the body is no JSON object")
	}
	n, ok := code.Int()
	if !ok {
		return nil, callback.Malformed(gateway, "code is missing, given twice, or no integer")
	}
	switch n {
	case callbackApproved:
		ev.Status = refund.StatusSucceeded
	case callbackDisapproved:
		ev.Status = refund.StatusFailed
	}
	switch xactID.Shape {
	case wire.String, wire.Number:
		ev.RefundID = p.http.Bound(string(callback.TokenOf(c.URL).Hide([]byte(xactID.S))))
	}
	if ev.Key == "" {
		if ev.PaymentID = ev.RefundID; ev.PaymentID == "" {
			return nil, callback.Malformed(gateway, "xact_id is missing, and no token tells which refund this is about")
		}
	}
	ev.ID = callback.ID(ev.Key, string(c.Body))
	ev.Code = p.http.Bound(code.S)
	token := callback.TokenOf(c.URL)
	if message.Shape == wire.String {
		ev.Message = p.http.Clean(string(token.Hide([]byte(message.S))), xactID.S)
	}
	if status.Shape == wire.String || status.Shape == wire.Number { // its values are not documented
		ev.Message = p.http.Clean("status "+status.S+": "+ev.Message, xactID.S)
	}
	return ev, nil
}
