package tlpe

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/httpx"
)

// Inspect asks for the payment's report. It shows one code for the payment and
// no refunds: State is the code, and Extent what it says. So it proves full refunds
// only, by a code that has turned to that of a payment given back as a whole. See
// [refund.Inspector] for what its error means.
func (p *Provider) Inspect(ctx context.Context, q refund.Query) (*refund.Report, error) {
	if err := p.checkQuery(&q); err != nil {
		return nil, err
	}
	id := q.Payment.ID
	reply, err := p.http.Lookup(ctx, httpx.Request{Method: http.MethodGet, Path: reportPath + url.PathEscape(id)})
	if err != nil {
		return nil, err
	}
	r, ok := decodeReport(reply.Body)
	a, enveloped := decode(reply.Body)
	switch {
	case enveloped && a.accepted(reply.Status) && !isError(a.code()):
		return nil, p.http.LookupFailed(reply, a.code(), "the answer is no report", id)
	case enveloped: // a report has no envelope, an error has
		return nil, p.http.LookupFailed(reply, a.code(), a.text(), id)
	case reply.Status != http.StatusOK || !ok:
		return nil, p.http.LookupUnreadable(reply, id)
	case r.TransactionID.S != id:
		return nil, p.http.LookupFailed(reply, "", "the answer is about another payment", id)
	}
	return p.report(&q, &r), nil
}

// checkQuery refuses what could not have been refunded here.
func (p *Provider) checkQuery(q *refund.Query) error {
	req := refund.Request{Kind: refund.KindFull, Payment: q.Payment, Params: q.Params}
	if q.Amount.IsSet() {
		req.Kind, req.Amount = refund.KindPartial, q.Amount
	}
	return p.caps.Check("inspect", &req)
}

// report reads a report about the payment.
func (p *Provider) report(q *refund.Query, r *report) *refund.Report {
	rep := &refund.Report{State: p.http.Clean(r.StatusCode.S), Extent: extentOf(r.StatusCode.S)}
	if !r.Currency.IsString(p.caps.Currencies.Value[0]) {
		rep.Extent = 0
		rep.Why = "the report does not say that the payment is in " + p.caps.Currencies.Value[0] + ", the currency of this provider"
		return rep
	}
	rep.Conclude(q)
	return rep
}

// extentOf is how much of a payment a report's code says is given back.
func extentOf(code string) refund.Extent {
	switch code {
	case codePaid:
		return refund.ExtentNone
	case codePartial:
		return refund.ExtentPart
	case codeFull:
		return refund.ExtentWhole
	}
	return 0
}
