package redstonetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorefund/refund/refundtest/pretend"
)

// The paths of look-ups, each with a reference behind it.
const (
	checkPath   = "/v1/payment/transactions/" // and "/check" behind the reference
	paymentPath = "/v1/payment/"
)

// Approve makes a pending refund successful. It fails if there is no such refund, or if it is not pending.
func (g *Gateway) Approve(refundID string) error {
	return g.Decide(refundID, pretend.Approved)
}

// Decline makes a pending refund failed, for Config.FailureReason. It fails as Approve does.
func (g *Gateway) Decline(refundID string) error {
	return g.Decide(refundID, pretend.Declined)
}

// check answers a look-up of a refund by its own reference. What the reference of a payment would get here is unknown, so it
// is refused.
func (g *Gateway) check(r pretend.Request, l *pretend.Ledger) pretend.Answer {
	if !g.knows(r.Header) {
		return unauthorised()
	}
	reference, ok := strings.CutSuffix(strings.TrimPrefix(r.Path, checkPath), "/check")
	refund, known := l.Refund(reference)
	if !ok || !known || !g.late.Look(refund.ID) {
		return failure(http.StatusNotFound, "transaction not found")
	}
	kind, state := g.cfg.RefundType, state(refund)
	if g.cfg.Inconclusive {
		kind, state = "payment", "successful"
	}
	return pretend.Answer{Body: fmt.Appendf(nil, `{"status":"success","code":200,"message":"Transaction check completed successfully.",`+
		`"data":{%s}}`, g.row(refund, reference, kind, state))}
}

// row is what the documents show of a transaction. The dashboard reads the name of the reason; that it is here is assumed.
func (g *Gateway) row(refund pretend.Refund, reference, kind, state string) string {
	reason := ""
	if state == "failed" {
		reason = `,"reason_for_failure":` + quote(g.cfg.FailureReason)
	}
	return fmt.Sprintf(`"amount":%s,"charge":0,"environment":%s,"type":%s,"method":"mobilemoney","status":%s,"currency":%s,"reference":%s%s`,
		refund.Amount.Number(), quote(g.environment()), quote(kind), quote(state), quote(refund.Amount.Currency()), quote(reference), reason)
}

// payment answers a look-up of a payment. The payer's data in it are invented, and there for clients to be tested that must not
// show them.
func (g *Gateway) payment(r pretend.Request, l *pretend.Ledger) pretend.Answer {
	if !g.knows(r.Header) {
		return unauthorised()
	}
	payment, ok := l.Payment(strings.TrimPrefix(r.Path, paymentPath))
	if !ok {
		return failure(http.StatusNotFound, "payment not found")
	}
	list := ""
	if g.cfg.ListRefunds {
		list = `,"refunds":[` + strings.Join(g.list(payment, l), ",") + `]`
	}
	return pretend.Answer{Body: fmt.Appendf(nil, `{"status":"success","code":200,"message":"success",`+
		`"data":{"id":"1","amount":%s,"type":"payment","method":"mobilemoney","status":"successful","currency":%s,"reference":%s,`+
		`"business_id":"1","created_at":%s,"environment":%s,"redirect_url":"https://shop.example","email":"payer@example.com",`+
		`"customer_first_name":"Mutale","customer_last_name":"Banda","phone_number":"260970000000"%s}}`,
		payment.Amount.Number(), quote(payment.Amount.Currency()), quote(payment.ID), when(payment.PaidAt), quote(g.environment()), list)}
}

// list is what a sister product shows of a payment's refunds.
func (g *Gateway) list(payment pretend.Payment, l *pretend.Ledger) []string {
	var rows []string
	for _, r := range l.Refunds(payment.ID) {
		if g.late.Look(r.ID) {
			rows = append(rows, fmt.Sprintf(`{"reference":%s,"status":%s,"amount":%s,"reason":%s,"created_at":%s,"completed_at":null}`,
				quote(r.ID), quote(state(r)), r.Amount.Number(), quote(r.Reason), when(r.At)))
		}
	}
	return rows
}

// quote is s as JSON has it.
func quote(s string) string {
	text, _ := json.Marshal(s) // a string always has a form
	return string(text)
}

// when is a time as the documents' samples show it.
func when(t time.Time) string {
	return quote(t.UTC().Format("2006-01-02T15:04:05.000000Z"))
}

func state(r pretend.Refund) string {
	switch {
	case r.Pending:
		return "pending"
	case r.State == pretend.Declined, r.State == pretend.Reversed: // that a refund which was done can become failed is assumed
		return "failed"
	default:
		return "successful"
	}
}

// environment follows the keys, as it does there.
func (g *Gateway) environment() string {
	if strings.Contains(g.cfg.SecretKey, "_live_") {
		return "live"
	}
	return "test"
}
