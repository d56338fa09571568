package tarlantest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorefund/refund/refundtest/pretend"
)

// statusPath is the path of look-ups. It is documented for production; that the sandbox has the same is assumed.
const statusPath = "/transaction/api/v1/system/transaction/status"

// Type is the type of all payments here, which look-ups must name.
const Type = "in"

const referencePrefix = "order-"

// The types of payments that the documents list.
var types = []string{
	Type, "out", "one_click_pay_in", "one_click_pay_out", "google_pay", "apple_pay", "card_link", "two_stage_pay_in", "refund",
}

// The codes that only a look-up can meet here.
var (
	undefinedType  = failure{http.StatusNotFound, 5102, "undefined transaction type"}
	unknownProject = failure{http.StatusNotFound, 8008, "project doesn't exist"}
)

// ProjectReferenceID returns the merchant's own order id of a payment, by which look-ups find it: "order-999" for 999.
func (g *Gateway) ProjectReferenceID(paymentID string) string {
	return referencePrefix + paymentID
}

// Approve makes a waiting refund final: the money went back. It fails if there is no such refund, or if it is not waiting. The
// id is the ledger's, see [pretend.Server.Refunds]: Tarlan gives its refunds none.
func (g *Gateway) Approve(refundID string) error {
	return g.Decide(refundID, pretend.Approved)
}

// Decline makes a waiting refund final: it did not happen. It fails as Approve does.
func (g *Gateway) Decline(refundID string) error {
	return g.Decide(refundID, pretend.Declined)
}

// status answers a look-up. Which of two mistakes is named first is assumed.
func (g *Gateway) status(r pretend.Request, l *pretend.Ledger) pretend.Answer {
	fields, ok := queryFields(r)
	if !ok {
		return invalidRequest.answer()
	}
	expected, err := sign(fields, g.cfg.Secret, goText)
	if err != nil {
		return invalidRequest.answer()
	}
	given := r.Header.Values("Authorization")
	if len(given) != 1 || given[0] != "Bearer "+expected {
		return wrongSignature.answer()
	}
	if r.Query.Get("merchant_id") != strconv.FormatInt(g.cfg.MerchantID, 10) ||
		r.Query.Get("project_id") != strconv.FormatInt(g.cfg.ProjectID, 10) {
		return unknownProject.answer() // assumed for the merchant
	}
	kind := r.Query.Get("type")
	if !slices.Contains(types, kind) {
		return undefinedType.answer()
	}
	id, ok := strings.CutPrefix(r.Query.Get("project_reference_id"), referencePrefix)
	payment, known := l.Payment(id)
	if !ok || !known || kind != Type {
		return paymentNotFound.answer()
	}
	return pretend.Answer{Body: g.report(payment, l)}
}

// queryFields turns the query into the JSON object that is signed: the ids are numbers and the rest strings, whatever they look
// like. A parameter more, twice or empty is refused (assumed).
func queryFields(r pretend.Request) (map[string]json.RawMessage, bool) {
	fields := make(map[string]json.RawMessage)
	for name, values := range r.Query {
		if len(values) != 1 || values[0] == "" {
			return nil, false
		}
		switch name {
		case "merchant_id", "project_id":
			n, err := strconv.ParseInt(values[0], 10, 64)
			if err != nil {
				return nil, false
			}
			fields[name] = strconv.AppendInt(nil, n, 10)
		case "project_reference_id", "type":
			text, err := json.Marshal(values[0])
			if err != nil {
				return nil, false
			}
			fields[name] = text
		default:
			return nil, false
		}
	}
	return fields, len(fields) == 4
}

// report is the documented answer. The payer's data in it are invented, and there for clients to be tested that must not show
// them.
func (g *Gateway) report(payment pretend.Payment, l *pretend.Ledger) []byte {
	var refunds []pretend.Refund
	if !g.cfg.Inconclusive {
		refunds = l.Refunds(payment.ID)
	}

	// Assumed: a part given back leaves "success", a waiting refund is not listed, and one that was declined or taken back
	// leaves no trace.
	state, listed := "success", []string{}
	rest := payment.Amount
	for _, r := range refunds {
		switch {
		case !g.late.Look(r.ID):
		case r.Pending:
			state = "refund_waiting"
		case r.State != pretend.Declined && r.State != pretend.Reversed:
			// The documents name amount and date without showing them: names and forms are assumed.
			listed = append(listed, fmt.Sprintf(`{"amount":%s,"date":%q}`, r.Amount.Number(), r.At.UTC().Format(time.RFC3339Nano)))
			if left, err := rest.Sub(r.Amount); err == nil {
				rest = left
			}
		}
	}
	if state == "success" && !rest.IsPositive() {
		state = "refund"
	}
	list := `,"refunds":[` + strings.Join(listed, ",") + `]`
	if g.cfg.Inconclusive {
		list = ""
	}
	return fmt.Appendf(nil, `{"status":true,"message":"Success","result":{"id":%s,"amount":%s,"description":"an order",`+
		`"user_phone":"+77010000000","user_email":"payer@example.com","card_token":"pretend-card-token","masked_pan":"440043******0000",`+
		`"bank_code":"0","bank_message":"","additional_data":{},"transaction_status":{"code":%q,"name":""},`+
		`"bank_reference_id":"100885","created_at":%q,"transaction_type":{"code":%q,"name":""}%s}}`,
		payment.ID, payment.Amount.Number(), state, payment.PaidAt.UTC().Format(time.RFC3339Nano), Type, list)
}
