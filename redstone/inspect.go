package redstone

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/httpx"
	"github.com/gorefund/refund/internal/wire"
	"github.com/gorefund/refund/money"
)

// Inspect asks for the state of the refund q.RefundID, the reference that the
// refund was accepted with. Without one it asks for the payment, which gives a
// snapshot and proves nothing about a refund. See [refund.Inspector] for what
// the error means.
func (p *Provider) Inspect(ctx context.Context, q refund.Query) (*refund.Report, error) {
	if q.RefundID != "" {
		return p.inspectRefund(ctx, &q)
	}
	return p.inspectPayment(ctx, &q)
}

func (p *Provider) inspectRefund(ctx context.Context, q *refund.Query) (*refund.Report, error) {
	if q.RefundID == q.Payment.ID {
		return nil, wrongQuery("RefundID is the payment's own id: give the reference that the refund was accepted with, or leave it out")
	}
	path, ok := segment(q.RefundID)
	if !ok {
		return nil, wrongQuery("RefundID cannot be a reference of Redstone's")
	}
	a, reply, err := p.ask(ctx, checkPath+path+"/check", q.RefundID)
	if err != nil {
		return nil, err
	}
	r := new(refund.Report)
	if r.Why = p.doubt(&a); r.Why != "" {
		return r, nil
	}
	if !p.isRefunds(a.Type, word(a.Data.Status)) {
		r.Why = "Redstone does not say that this reference is a refund's: it may be the payment's, or its type contradicts its state"
		return r, nil
	}
	status, why := p.stateOf(&a, reply.Body)
	amount, _ := wire.Amount(a.Amount, a.Currency, p.currency())
	r.Refunds = []refund.SeenRefund{{ID: q.RefundID, Amount: amount, Status: status}}
	r.Conclude(q)
	r.Why += ": " + why
	if asked := expected(q); amount.IsSet() && asked.IsSet() && amount != asked {
		r.Why += fmt.Sprintf("; it shows %s where %s was asked for, which may be its charge", amount, asked)
	}
	return r, nil
}

// stateOf reads the state of a refund whose reference is the one asked for, so
// the refund did arrive.
func (p *Provider) stateOf(a *record, body []byte) (status refund.Status, why string) {
	state := word(a.Data.Status)
	switch known, onItsWay := p.state(a.Data.Status); {
	case state == "":
		return refund.StatusUnknown, "the refund's state cannot be read"
	case state == stateFailed && doubtsFailure(body):
		return refund.StatusUnknown, "the refund failed for a reason behind which the money may have gone out all the same, such as a time-out"
	case state == stateFailed && !explainsFailure(a.Reason, a.SistersReason):
		return refund.StatusUnknown, "Redstone says that the refund failed and gives none of the reasons that it documents: behind a time-out the money may have gone out all the same"
	case state == stateFailed:
		return refund.StatusFailed, "Redstone says that the refund failed, and why"
	case givesReason(a.Reason, a.SistersReason):
		return refund.StatusUnknown, "Redstone gives a reason for a failure, and a state that is none"
	case onItsWay && known == refund.StatusSucceeded:
		return refund.StatusSucceeded, "Redstone says that the refund is done"
	case onItsWay:
		return refund.StatusPending, "Redstone says that the refund is under way"
	}
	return refund.StatusUnknown, fmt.Sprintf("its state %q is none that the documents know", p.http.Clean(state))
}

func (p *Provider) inspectPayment(ctx context.Context, q *refund.Query) (*refund.Report, error) {
	path, ok := segment(q.Payment.ID)
	if !ok {
		return nil, wrongQuery("Payment.ID must be Redstone's payment_reference, such as PY_c77f7bff21514bdf9dfe9f1b2")
	}
	a, reply, err := p.ask(ctx, paymentPath+path, q.Payment.ID)
	if err != nil {
		return nil, err
	}
	r := new(refund.Report)
	if r.Why = p.doubt(&a); r.Why != "" {
		return r, nil
	}
	if word(a.Type) != "payment" {
		r.Why = "Redstone does not say that this reference is a payment's"
		return r, nil
	}
	if a.Data.Status.Shape == wire.String {
		r.State = p.http.Clean(a.Data.Status.S)
	}
	r.Refunds = p.refunds(reply.Body)
	r.Why = "this is a snapshot: it is about no refund in particular"
	if q.Before != nil {
		r.Why = "Redstone tells what became of a refund by its reference only, and none is known"
		if n := len(r.New(q.Before)); n > 0 {
			r.Why += fmt.Sprintf("; its list of refunds has grown by %d since, but no document describes that list", n)
		}
	}
	return r, nil
}

// refunds reads the list of refunds that a sister product shows in a payment.
// Redstone's documents know none, so nothing is concluded from it.
func (p *Provider) refunds(body []byte) []refund.SeenRefund {
	entries, _ := wire.List(body, "data", "refunds")
	var all []refund.SeenRefund
	for _, entry := range entries {
		var reference, status, amount, currency, created wire.Text
		_ = wire.Read(entry, []wire.Field{ // an entry that is no object stays empty, and is counted
			{Name: "reference", Text: &reference},
			{Name: "status", Text: &status},
			{Name: "amount", Text: &amount},
			{Name: "currency", Text: &currency},
			{Name: "created_at", Text: &created},
		})
		var seen refund.SeenRefund
		seen.Amount, _ = wire.Amount(amount, currency, p.currency())
		if reference.Shape == wire.String {
			seen.ID = p.http.Bound(reference.S)
		}
		seen.Status, _ = p.state(status)
		if at, err := time.Parse(time.RFC3339Nano, created.S); err == nil {
			seen.At = at.UTC()
		}
		all = append(all, seen)
	}
	return all
}

// ask sends a look-up, and returns an answer that is about reference.
func (p *Provider) ask(ctx context.Context, path, reference string) (record, httpx.Reply, error) {
	reply, err := p.http.Lookup(ctx, httpx.Request{Method: http.MethodGet, Path: path})
	if err != nil {
		return record{}, reply, err
	}
	a, ok := decodeRecord(reply.Body)
	switch {
	case !ok:
		err = p.http.LookupUnreadable(reply, reference)
	case !a.wentWell(reply.Status):
		err = p.http.LookupFailed(reply, a.Code.S, a.text(), reference)
	case !a.Data.Reference.IsString(reference):
		err = p.http.LookupFailed(reply, "", "the answer is not about "+reference, reference)
	}
	return a, reply, err
}

// doubt says why an answer is not believed: keys and money of another
// environment, or another business. It is empty if it is believed.
func (p *Provider) doubt(a *record) string {
	switch {
	case !a.Environment.IsString(p.environment()):
		return fmt.Sprintf("Redstone does not say that this is in its environment %q", p.environment())
	case !a.Currency.IsString(p.currency()):
		return "Redstone does not say that this is in " + p.currency()
	}
	return ""
}

// environment is Redstone's own word for where the money is.
func (p *Provider) environment() string {
	if p.env == refund.Sandbox {
		return "test"
	}
	return "live"
}

func (p *Provider) currency() string { return p.caps.Currencies.Value[0] }

// expected is what was asked to be given back.
func expected(q *refund.Query) money.Amount {
	if !q.Amount.IsSet() && q.Kind == refund.KindFull {
		return q.Payment.Amount
	}
	return q.Amount
}

// segment escapes a reference for its place in a path. A server may take "." and
// ".." for another path, escaped or not.
func segment(reference string) (escaped string, ok bool) {
	return url.PathEscape(reference), reference != "" && reference != "." && reference != ".."
}

func wrongQuery(message string) error {
	return &refund.Error{Gateway: gateway, Op: "inspect", Code: refund.InvalidRequest, Status: refund.StatusNotSent, Message: message}
}
