package refund

import (
	"time"

	"github.com/gorefund/refund/money"
)

// statement is what the gateway says about a refund, once: as the answer to the call,
// when it is asked, or in a callback. It does not hold by which of these ways it came:
// what it proves depends on what it says and how far that is proven, and on nothing
// else.
type statement struct {
	status  Status
	payment string // "" if it does not say
	id      string // the gateway's of the refund, "" if it does not say
	key     string // of the refund, if the statement proves it: by the token in an address
	kind    Kind   // KindFull: the payment is given back as a whole; 0 if it does not say
	amount  money.Amount
	trust   Trust

	illegible bool      // an amount is there, and nobody can read it
	at        time.Time // when it was said, or the refund made; zero if no proof covers that

	answer     bool // to the very call that sent the refund: whatever came since is later
	now        bool // it was asked for, and says how things stand now
	conclusive bool // the look-up itself says which refund it is about
	fresh      bool // of a refund that the snapshot does not show

	event         string // the callback's id
	code, message string // the gateway's own
}

// cleaned is the statement without an id that is the payment's own: that is none of a
// refund.
func (st *statement) cleaned(e *Entry) *statement {
	if st.id == "" || st.id != e.Request.Payment.ID {
		return st
	}
	clean := *st
	clean.id = ""
	return &clean
}

// answered is what the answer to a refund call states. res or failure is nil.
func answered(res *Result, failure error) statement {
	st := statement{answer: true, trust: TrustSigned, status: StatusOf(failure)}
	if failure == nil {
		st.status, st.id, st.kind, st.amount = res.Status, res.RefundID, res.Kind, res.Amount
	} else if e, ok := asError(failure); ok {
		st.id = e.RefundID
	}
	return st
}

// told is what a callback states.
func told(ev *Event) statement {
	st := statement{
		status: ev.Status, payment: ev.PaymentID, id: ev.RefundID, key: ev.Key, kind: ev.Kind,
		amount: ev.Amount, illegible: ev.AmountUnreadable, trust: ev.Trust,
		event: ev.ID, code: ev.Code, message: ev.Message,
	}
	if ev.Trust == TrustSigned { // a token in the address covers no date
		st.at = ev.At
	}
	return st
}

// looked is what the answer to a look-up states about the refund that was asked for.
func looked(r *Report) statement {
	st := statement{status: r.Status, id: r.RefundID, trust: TrustSigned, now: true, conclusive: r.Conclusive}
	for _, seen := range r.Refunds {
		if st.id != "" && seen.ID == st.id {
			st.amount = seen.Amount
		}
	}
	return st
}

// listed is what the gateway's list states about a refund that came since the snapshot.
func listed(seen *SeenRefund) statement {
	return statement{
		status: seen.Status, id: seen.ID, amount: seen.Amount, illegible: !seen.Amount.IsSet(), trust: TrustSigned, at: seen.At, now: true, fresh: true,
	}
}

// took reports whether a status says that the gateway has taken the refund on.
func (s Status) took() bool { return s == StatusPending || s == StatusSucceeded }
