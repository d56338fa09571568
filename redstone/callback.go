package redstone

import (
	"context"
	"slices"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/callback"
	"github.com/gorefund/refund/internal/wire"
)

// ParseCallback checks where a callback comes from, and reads it. The body's shape
// is not documented, so the event is a hint: [refund.StatusUnknown] wherever a
// body contradicts itself or this provider, and otherwise still best confirmed by
// [Provider.Inspect]. See the package's "Webhooks" for the rules.
//
// The error matches [refund.Forged] if the token or the signature that is
// configured is missing or wrong, [refund.NotARefund] if the body says that it is
// about a payment, and [refund.Malformed] if it cannot be read or tells in no way
// which refund it is about.
func (p *Provider) ParseCallback(_ context.Context, c refund.Callback) (*refund.Event, error) {
	if err := callback.Check(gateway, &c); err != nil {
		return nil, err
	}
	key, trust, err := p.verify(&c)
	if err != nil {
		return nil, err
	}
	n, ok := decodeNotice(c.Body)
	switch {
	case !ok:
		return nil, callback.Malformed(gateway, "the body is not one JSON object")
	case p.aboutAPayment(&n):
		return nil, callback.NotARefund(gateway, "it is about a payment")
	}

	token := callback.Token("")
	if key != "" {
		token = callback.TokenOf(c.URL)
	}
	clean := func(t wire.Text, keep ...string) string {
		return p.http.Clean(string(token.Hide([]byte(t.S))), keep...)
	}
	e := &refund.Event{
		Gateway: gateway, ID: callback.ID(key, string(c.Body)), Key: key, Trust: trust,
		PaymentID: callback.Reference(n.payment, token, p.http.Bound), RefundID: callback.Reference(n.reference, token, p.http.Bound),
		Code: clean(n.state), At: n.at(),
	}
	if e.RefundID == e.PaymentID {
		e.RefundID = "" // the payment's own is none of the refund
	}
	if e.Key == "" && e.RefundID == "" && e.PaymentID == "" {
		return nil, callback.Malformed(gateway, "it tells in no way which refund it is about")
	}
	e.Amount, e.AmountUnreadable = wire.Amount(n.amount, n.currency, p.currency())
	e.Message = clean(n.text(), e.RefundID, e.PaymentID)
	e.Status = p.hint(&n, e, c.Body)
	return e, nil
}

// hint is the state that a callback tells, unknown as soon as anything in it
// speaks against it.
func (p *Provider) hint(n *notice, e *refund.Event, body []byte) refund.Status {
	state := word(n.state)
	status, onItsWay := p.state(n.state)
	switch {
	case n.torn, !n.carries(state), e.RefundID == "" && e.PaymentID == "":
		return refund.StatusUnknown // a state of nothing in particular may be the call's
	case !n.environment.Absent() && !n.environment.IsString(p.environment()),
		!n.currency.Absent() && !n.currency.IsString(p.currency()):
		return refund.StatusUnknown
	case n.kind.Absent() && n.event.Absent() && e.Key == "":
		return refund.StatusUnknown // without a token it may be about the payment
	case !n.kind.Absent() && !p.isRefunds(n.kind, state), !n.event.Absent() && !p.isRefunds(n.event, state):
		return refund.StatusUnknown // a word that is not about refunds, or names another state
	case e.Key == "" && e.RefundID == "" && p.aboutAPayout(n):
		return refund.StatusUnknown // a payout is a refund only by the refund's own reference or token
	case !n.reference.Absent() && n.reference.S != "" && n.reference.S == n.payment.S:
		return refund.StatusUnknown // so may this
	case state == stateFailed:
		if doubtsFailure(body) || !explainsFailure(n.reasons()...) {
			return refund.StatusUnknown
		}
		return refund.StatusFailed
	case !onItsWay, givesReason(n.reasons()...):
		return refund.StatusUnknown // a word nobody knows, or a reason for a failure that is none
	}
	return status
}

// aboutAPayment reports whether a word says that it is about a payment, and no other
// says anything else.
func (p *Provider) aboutAPayment(n *notice) bool {
	says := false
	for _, t := range []wire.Text{n.kind, n.event} {
		switch what, _ := p.subjectOf(t); {
		case what == ofPayments:
			says = true
		case !t.Absent():
			return false
		}
	}
	return says
}

// aboutAPayout reports whether a word speaks of a payout.
func (p *Provider) aboutAPayout(n *notice) bool {
	kind, _ := p.subjectOf(n.kind)
	event, _ := p.subjectOf(n.event)
	return kind == ofPayout || event == ofPayout
}

// notice is the body of a callback. All of it is assumed: the fields are those
// that the check call's answer has (documented), the reason is the one that the
// dashboard reads (observed) or that of a sister product, payment_reference that of
// the refund call (documented), event is what webhooks often have. They stand beside each other, or in the member "data" of the
// envelope that all answers share.
type notice struct {
	envelope answer
	enclosed bool // data is there, so the status beside it is the envelope's
	torn     bool // a field but the state is there twice with different values, or in a way that nobody can read

	state, reference, payment, kind, event, amount, currency, environment wire.Text

	reason, sistersReason wire.Text

	updated, created wire.Text
}

// decodeNotice reports whether body is one JSON object.
func decodeNotice(body []byte) (n notice, ok bool) {
	type pair struct{ outer, inner wire.Text }
	var reference, payment, kind, event, amount, currency, environment, reason, sistersReason, updated, created pair
	pairs := []struct {
		name string
		pair *pair
		into *wire.Text
	}{
		{"reference", &reference, &n.reference},
		{"payment_reference", &payment, &n.payment},
		{"type", &kind, &n.kind},
		{"event", &event, &n.event},
		{"amount", &amount, &n.amount},
		{"currency", &currency, &n.currency},
		{"environment", &environment, &n.environment},
		{fieldReason, &reason, &n.reason},
		{fieldSistersReason, &sistersReason, &n.sistersReason},
		{"updated_at", &updated, &n.updated},
		{"created_at", &created, &n.created},
	}
	a := &n.envelope
	data := wire.Field{Name: "data", Text: &a.Data.Self, Inside: []wire.Field{
		{Name: "status", Text: &a.Data.Status},
		{Name: "message", Text: &a.Data.Message},
	}}
	fields := []wire.Field{
		{Name: "status", Text: &a.Status},
		{Name: "success", Text: &a.Success},
		{Name: "code", Text: &a.Code},
		{Name: "message", Text: &a.Message},
	}
	for _, x := range pairs {
		fields = append(fields, wire.Field{Name: x.name, Text: &x.pair.outer})
		data.Inside = append(data.Inside, wire.Field{Name: x.name, Text: &x.pair.inner})
	}
	if wire.Read(body, append(fields, data)) != nil {
		return n, false
	}

	for _, x := range pairs {
		outer, inner := x.pair.outer, x.pair.inner
		*x.into = outer
		if !inner.Absent() {
			*x.into = inner
		}
		if scalar(outer) && scalar(inner) && (outer.Absent() || inner.Absent() || outer == inner) {
			continue
		}
		*x.into = wire.Text{Shape: wire.Twice}
		if x.into != &n.updated && x.into != &n.created { // a side field
			n.torn = true
		}
	}
	n.enclosed = !a.Data.Self.Absent()
	n.state = a.Status
	if !a.Data.Status.Absent() {
		n.state = a.Data.Status
	}
	return n, true
}

// scalar reports whether a field is missing or has a value that can be compared.
func scalar(t wire.Text) bool {
	return t.Shape != wire.Object && t.Shape != wire.Array && t.Shape != wire.Twice
}

// carries reports whether state is the refund's own, and the envelope, where there
// is one, says nothing against it. A status beside data is the call's word: it may
// say "success" whatever became of the refund.
func (n *notice) carries(state string) bool {
	a := &n.envelope
	if n.enclosed && a.Data.Status.Absent() {
		return false
	}
	if !a.Success.Absent() && a.Success.S != "true" || !a.Code.Absent() && a.Code.S != "200" && a.Code.S != "201" {
		return false
	}
	return !n.enclosed || a.Status.Absent() || word(a.Status) == "success" || word(a.Status) == state
}

func (n *notice) reasons() []wire.Text { return []wire.Text{n.reason, n.sistersReason} }

// givesReason reports whether a reason for a failure is given, known or not.
func givesReason(fields ...wire.Text) bool {
	return slices.ContainsFunc(fields, func(t wire.Text) bool { return !t.Absent() && t.S != "" })
}

// text is what people may read about it.
func (n *notice) text() wire.Text {
	for _, t := range append(n.reasons(), n.envelope.Data.Message, n.envelope.Message) {
		if t.Shape == wire.String && t.S != "" {
			return t
		}
	}
	return wire.Text{}
}

// at is when the refund was made or came to its state, whichever is earlier; zero if
// neither can be read.
func (n *notice) at() (earlier time.Time) {
	for _, t := range []wire.Text{n.updated, n.created} {
		at, err := time.Parse(time.RFC3339Nano, t.S)
		if err == nil && t.Shape == wire.String && (earlier.IsZero() || at.Before(earlier)) {
			earlier = at.UTC()
		}
	}
	return earlier
}
