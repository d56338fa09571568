package paynet

import (
	"context"
	"strings"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/callback"
	"github.com/gorefund/refund/internal/wire"
)

// The codes of a callback, which are not those of the result table (documented).
const (
	callbackApproved    = 0
	callbackDisapproved = 1
)

// ParseCallback reads what Paynet posts to succeedUrl when a refund is approved, or
// disapproved, or an approval is taken back. Nothing in it is signed (documented).
//
// With [Config.CallbackSecret] the address must hold a refund's key and its token:
// the event then has that Key and [refund.TrustToken]. Without the secret anybody
// could have sent it, and the event has [refund.TrustNone].
//
// xact_id is documented as the number of the refund's own transaction, and may be
// the sale's all the same: it is the event's RefundID and, where no token tells which
// refund it is about, its PaymentID as well: a hint what to look up, by which nothing
// can be decided. The event has no amount and no time, since Paynet tells neither.
//
// The error matches [refund.Forged] if key or token is missing or wrong, and
// [refund.Malformed] if the body is no JSON object, has no integer code, or tells
// nothing by which the refund could be found.
func (p *Provider) ParseCallback(_ context.Context, c refund.Callback) (*refund.Event, error) {
	if err := callback.Check(gateway, &c); err != nil {
		return nil, err
	}
	ev := &refund.Event{Gateway: gateway}
	var token callback.Token
	if secret := p.callbackSecret(); secret != "" {
		key, err := callback.Key(gateway, p.env, c.URL, secret, p.previousCallbackSecret())
		if err != nil {
			return nil, err
		}
		ev.Key, ev.Trust, token = key, refund.TrustToken, callback.TokenOf(c.URL)
	}
	n, ok := decodeNotice(c.Body)
	if !ok {
		return nil, callback.Malformed(gateway, "the body is not one JSON object")
	}
	if ev.Status, ok = n.outcome(); !ok {
		return nil, callback.Malformed(gateway, "code is missing, given twice, or no integer")
	}
	ev.RefundID = callback.Reference(n.xactID, token, p.http.Bound)
	if ev.Key == "" {
		if ev.RefundID == "" {
			return nil, callback.Malformed(gateway, "xact_id is missing or no id, and no token tells which refund this is about")
		}
		ev.PaymentID = ev.RefundID
	}
	ev.ID = callback.ID(ev.Key, string(c.Body))
	ev.Code = p.http.Clean(n.code.S)
	ev.Message = p.http.Clean(string(token.Hide([]byte(n.text()))), ev.RefundID)
	return ev, nil
}

// notice is the body of a callback. Its fields are declared strings (documented); no
// sample is printed.
type notice struct {
	xactID, code, status, message wire.Text
}

// decodeNotice reports whether body is one JSON object.
func decodeNotice(body []byte) (n notice, ok bool) {
	err := wire.Read(body, []wire.Field{
		{Name: "xact_id", Text: &n.xactID},
		{Name: "code", Text: &n.code},
		{Name: "status", Text: &n.status},
		{Name: "message", Text: &n.message},
	})
	return n, err == nil
}

// outcome is what code says, and ok is false if it says nothing. A code that no
// document lists comes from Paynet as well: something has become of the refund, and
// [refund.StatusUnknown] has it looked up. It never decides.
func (n *notice) outcome() (status refund.Status, ok bool) {
	code, ok := n.code.Int()
	switch {
	case ok && code == callbackApproved:
		return refund.StatusSucceeded, true
	case ok && code == callbackDisapproved:
		return refund.StatusFailed, true
	}
	return refund.StatusUnknown, ok
}

// text is what people may read about it. The values of status are not documented, so
// that is the only use of it.
func (n *notice) text() string {
	var parts []string
	if s := n.status; (s.Shape == wire.String || s.Shape == wire.Number) && s.S != "" {
		parts = append(parts, "status "+s.S)
	}
	if n.message.Shape == wire.String && n.message.S != "" {
		parts = append(parts, n.message.S)
	}
	return strings.Join(parts, ": ")
}
