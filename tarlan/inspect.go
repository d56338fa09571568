package tarlan

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/httpx"
	"github.com/gorefund/refund/internal/wire"
)

// Inspect asks for the payment's state and its refunds. It needs
// Config.MerchantID and Config.ProjectID, and the parameters
// tarlan.project_reference_id and tarlan.type, since Tarlan looks up payments by
// the merchant's own order id and not by its own.
//
// The report's State is the payment's, which "refund" says of a part as well (assumed),
// so that there is no Extent; Refunds have the amounts that Tarlan lists. They are
// Complete if the list can be read as a whole and the state goes with it: while it is
// "refund_waiting", a refund may be under way that the list does not show, and an empty
// list under "refund" has left it out.
//
// Tarlan names no refunds, so only one of the asked amount that came since q.Before can
// prove that it arrived, and nothing proves that it did not. See [refund.Inspector] for what
// the error means.
func (p *Provider) Inspect(ctx context.Context, q refund.Query) (*refund.Report, error) {
	out, err := p.question(&q)
	if err != nil {
		return nil, err
	}
	reply, err := p.http.Lookup(ctx, out)
	if err != nil {
		return nil, err
	}
	a, ok := decodeStatus(reply.Body, p.currency())
	switch {
	case !ok:
		return nil, p.http.LookupUnreadable(reply, q.Payment.ID)
	case !a.succeeded(reply.Status):
		return nil, p.http.LookupFailed(reply, a.StatusCode.S, a.text(), q.Payment.ID)
	case !a.isAbout(q.Payment.ID):
		return nil, p.http.LookupFailed(reply, "", fmt.Sprintf("the answer is not about payment %s: check %s and %s",
			q.Payment.ID, paramReference, paramType), q.Payment.ID)
	}
	r := &refund.Report{Refunded: a.Refunds.total, Refunds: a.Refunds.refunds}
	if a.State.Shape == wire.String {
		r.State = p.http.Clean(a.State.S)
	}
	r.Complete = a.Refunds.total.IsSet() && (a.State.IsString(stateSuccess) || a.State.IsString(stateRefunded) && len(r.Refunds) > 0)
	if a.Refunds.unclear {
		r.Why = "the list of refunds holds something that cannot be read"
		return r, nil
	}
	r.Conclude(&q)
	return r, nil
}

func (p *Provider) currency() string { return p.caps.Currencies.Value[0] }

// question makes the signed request, or names all that it lacks.
func (p *Provider) question(q *refund.Query) (httpx.Request, error) {
	if _, err := transactionID("inspect", q.Payment.ID); err != nil {
		return httpx.Request{}, err
	}
	ask := question{MerchantID: p.merchantID, ProjectID: p.projectID, Reference: q.Params[paramReference], Type: q.Params[paramType]}
	var missing []string
	for _, field := range []struct {
		name  string
		empty bool
	}{
		{"Config.MerchantID", ask.MerchantID == 0},
		{"Config.ProjectID", ask.ProjectID == 0},
		{paramReference + " (the merchant's own order id)", ask.Reference == ""},
		{paramType + ` (of the payment, such as "in"; there is no default)`, ask.Type == ""},
	} {
		if field.empty {
			missing = append(missing, field.name)
		}
	}
	canonical, err := ask.canonical()
	if err != nil || len(missing) > 0 {
		return httpx.Request{}, &refund.Error{
			Gateway: gateway, Op: "inspect", Code: refund.InvalidRequest, Status: refund.StatusNotSent, Err: err,
			Message: "a look-up needs " + strings.Join(missing, ", "),
		}
	}
	return httpx.Request{Method: http.MethodGet, Path: ask.path(), Bearer: sign(canonical, p.secret())}, nil
}
