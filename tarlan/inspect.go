package tarlan

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/httpx"
	"github.com/gorefund/refund/internal/wire"
	"github.com/gorefund/refund/money"
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
// Tarlan names no refunds, so only a change since q.Before can prove that one
// arrived, and nothing proves that it did not. See [refund.Inspector] for what
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
	r.Status, r.Why = conclude(&q, r, a.Refunds.unclear)
	r.Conclusive = r.Status != refund.StatusUnknown
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

// conclude says what r proves about the refund that was asked for, and why.
// Anything but [refund.StatusUnknown] needs positive proof: a change since the
// snapshot which nothing else explains. unclear: the list of refunds could not
// be read.
func conclude(q *refund.Query, r *refund.Report, unclear bool) (status refund.Status, why string) {
	before := q.Before
	switch {
	case before == nil && q.RefundID == "":
		return refund.StatusUnknown, "this is a snapshot: it is about no refund in particular"
	case before == nil:
		return refund.StatusUnknown, "Tarlan does not look up refunds by an id, and without a snapshot from before the refund nothing tells it from others"
	case unclear:
		return refund.StatusUnknown, "the list of refunds holds something that cannot be read"
	case before.State != stateSuccess && before.State != stateRefunded:
		return refund.StatusUnknown, fmt.Sprintf("before the refund the payment's state was %q: what changed since may come from something else", before.State)
	}
	if entry, found, odd := added(q, r); odd != "" {
		return refund.StatusUnknown, odd
	} else if found {
		return byEntry(r.State, entry)
	}
	return byState(before, r.State)
}

// added looks for the refund among those that came since the snapshot. odd says
// what else happened to the list, "" if nothing did.
func added(q *refund.Query, r *refund.Report) (entry refund.SeenRefund, found bool, odd string) {
	before := q.Before
	if !r.Refunded.IsSet() { // no list now
		return entry, false, ""
	}
	if !before.Refunded.IsSet() || before.State == stateRefunded && len(before.Refunds) == 0 {
		// What stands in the list may have been there, or come late.
		if len(r.Refunds) == 0 {
			return entry, false, ""
		}
		return entry, false, "refunds are listed now, but the snapshot from before the refund had no complete list to compare with"
	}
	fresh := r.New(before)
	asked := expected(q)
	switch {
	case len(before.New(r)) > 0:
		return entry, false, "refunds that were listed before the refund are not listed any more"
	case len(fresh) == 0:
		return entry, false, ""
	case len(fresh) > 1:
		return entry, false, fmt.Sprintf("%d refunds were added since the refund was sent: nothing tells which one is it", len(fresh))
	case !asked.IsSet():
		return entry, false, fmt.Sprintf("a refund of %s was added, but the amount that was asked for is not known", fresh[0].Amount)
	case fresh[0].Amount != asked:
		return entry, false, fmt.Sprintf("a refund of %s was added, but %s was asked for", fresh[0].Amount, asked)
	}
	return fresh[0], true, ""
}

// expected is what was asked to be given back.
func expected(q *refund.Query) money.Amount {
	if !q.Amount.IsSet() && q.Kind == refund.KindFull {
		return q.Payment.Amount
	}
	return q.Amount
}

// byEntry concludes from the one refund that was added to the list.
func byEntry(state string, entry refund.SeenRefund) (refund.Status, string) {
	switch {
	case state == stateWaiting, entry.Status == refund.StatusPending && (state == stateSuccess || state == stateRefunded):
		return refund.StatusPending, fmt.Sprintf("one refund of %s was added since, and it is not final yet", entry.Amount)
	case state == stateSuccess, state == stateRefunded:
		return refund.StatusSucceeded, fmt.Sprintf("exactly one refund was added since, and it is of %s as asked", entry.Amount)
	}
	return refund.StatusUnknown, fmt.Sprintf("a refund of %s was added, but the payment's state %q does not go with it", entry.Amount, state)
}

// byState concludes from the payment's state, where no list tells more. No
// refund was under way when the snapshot was taken.
func byState(before *refund.Report, state string) (refund.Status, string) {
	switch {
	case state == stateWaiting:
		return refund.StatusPending, "no refund was under way before, and one is now"
	case state == stateRefunded && before.State == stateSuccess && len(before.Refunds) == 0:
		return refund.StatusSucceeded, "the payment had no refund before, and is refunded now"
	case state == stateRefunded:
		return refund.StatusUnknown, "the payment is refunded, which an earlier refund explains as well"
	case state == stateSuccess:
		return refund.StatusUnknown, "no refund is shown, which does not prove that none comes: ask again later"
	}
	return refund.StatusUnknown, fmt.Sprintf("the payment's state is %q, which tells nothing about a refund", state)
}
