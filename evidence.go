package refund

import (
	"fmt"
	"slices"
)

// What the answer to a look-up proves about the refund that was asked for.

// Conclude says what r proves about the refund that q asks about: it fills in Status,
// RefundID, Conclusive and Why from what r shows. A provider's Inspect calls it last,
// with what it has read, so that all gateways are judged alike. It judges in this order:
//
//   - the refund's own id, q.RefundID, among r.Refunds tells its state;
//   - one refund of the asked amount that came since q.Before is it, if q.Before was
//     complete, nothing of it is gone, each one that came tells its amount, and it has
//     not come to nothing: it may be another's, and a no frees money;
//   - a full refund is done if the payment is given back as a whole now, and was not in
//     q.Before.
//
// Where q.RefundID is known, a refund with another id is another one. Anything else
// proves nothing. Nothing proves that a refund did not arrive: it may show late.
func (r *Report) Conclude(q *Query) {
	r.Status, r.RefundID, r.Conclusive = StatusUnknown, "", false
	status, id, why := r.conclude(q)
	r.Why = why
	if status != StatusUnknown {
		r.Status, r.RefundID, r.Conclusive = status, id, true
	}
}

func (r *Report) conclude(q *Query) (status Status, id, why string) {
	no := func(format string, args ...any) (Status, string, string) {
		return StatusUnknown, "", fmt.Sprintf(format, args...)
	}
	own := q.RefundID
	if own == q.Payment.ID {
		own = "" // it is none of a refund
	}
	for _, seen := range r.Refunds {
		switch {
		case own == "" || seen.ID != own:
		case seen.Status == StatusUnknown:
			return no("the gateway shows the refund's id: it arrived; what became of it is not shown")
		default:
			return seen.Status, seen.ID, "the gateway shows the refund's own id, and says " + seen.Status.String()
		}
	}
	before := q.Before
	switch {
	case before == nil && q.RefundID == "":
		return no("this is a look at the payment: no refund was asked for")
	case before == nil:
		return no("the gateway does not show the refund's id, and there is no report from before the refund to compare with")
	case len(before.New(r)) > 0:
		return no("refunds that the gateway showed before the refund are not shown any more")
	}
	fresh := slices.DeleteFunc(r.New(before), func(seen SeenRefund) bool { return own != "" && seen.ID != "" })
	if before.Complete && len(fresh) > 0 {
		status, id, why = r.among(fresh, q)
		if status != StatusUnknown || q.Kind != KindFull {
			return status, id, why
		}
	}
	was := before.Extent == ExtentNone || before.Extent == ExtentPart
	first := before.Complete && len(before.Refunds) == 0 && len(fresh) == 1 && !fresh[0].Amount.IsSet()
	switch {
	case q.Kind == KindFull && was && r.Extent == ExtentWhole && (!before.Complete || first):
		if first {
			id = fresh[0].ID
		}
		return StatusSucceeded, id, "the payment is given back as a whole now, and was not before the refund"
	case why != "":
		return no("%s", why)
	case len(fresh) > 0:
		return no("the gateway shows refunds that came since, but its list from before the refund was not complete: they may be earlier ones")
	case r.Extent == ExtentPart && before.Extent == ExtentNone:
		return no("a part of the payment is given back, and how much is not told: another refund explains that as well")
	case r.Extent == ExtentWhole && was:
		return no("the payment is given back as a whole, and not by this refund alone: another one explains that as well")
	}
	return no("no refund is shown that was not there before, which does not prove that none comes: ask again later")
}

// among looks for the refund among those that came since the snapshot.
func (r *Report) among(fresh []SeenRefund, q *Query) (status Status, id, why string) {
	asked := &Entry{Request: Request{Kind: q.Kind, Payment: q.Payment}, Amount: q.Amount}
	if !asked.Amount.IsSet() && q.Kind == KindFull {
		asked.Amount = q.Payment.Amount
	}
	var found []SeenRefund
	unreadable := 0
	for i := range fresh {
		st := listed(&fresh[i])
		switch owner, _ := st.whose(asked, new(books)); {
		case !st.at.IsZero() && !q.Since.IsZero() && st.at.Before(q.Since.Add(-slack)): // it was made before, and shows late
		case owner == ours:
			found = append(found, fresh[i])
		case st.illegible:
			unreadable++
		}
	}
	more := "one refund came"
	if len(fresh) > 1 {
		more = fmt.Sprintf("%d refunds came", len(fresh))
	}
	switch {
	case unreadable > 0:
		return StatusUnknown, "", more + " since the snapshot, but not every amount is told: nobody can tell which is which"
	case !asked.Amount.IsSet():
		return StatusUnknown, "", more + " since the snapshot, but the amount that was asked for is not known"
	case len(found) == 0:
		return StatusUnknown, "", fmt.Sprintf("%s since the snapshot, and none is of %s: made elsewhere", more, asked.Amount)
	case len(found) > 1:
		return StatusUnknown, "", fmt.Sprintf("%d refunds of %s came since the snapshot: nobody can tell which is which", len(found), asked.Amount)
	case found[0].Status == StatusUnknown:
		return StatusUnknown, "", fmt.Sprintf("one refund of %s came since the snapshot: its state cannot be read", asked.Amount)
	case found[0].Status.MoneyMoved() == No:
		return StatusUnknown, "", fmt.Sprintf("one refund of %s came since the snapshot, and it is %s: that it is this one only its own id could prove", asked.Amount, found[0].Status)
	}
	return found[0].Status, found[0].ID, fmt.Sprintf("exactly one refund of %s came since the snapshot, and it is %s", asked.Amount, found[0].Status)
}
