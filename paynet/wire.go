package paynet

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/wire"
)

const (
	productionURL = "https://api.paynet.com.tr"
	sandboxURL    = "https://pts-api.paynet.com.tr"

	// refundPath must not be posted to twice for one refund: Paynet has no
	// idempotency key, and nothing says that code 5 or 100 guards a repeat.
	refundPath = "/v1/transaction/reversed_request"

	// The look-ups are POSTs and move nothing: each may be repeated.
	detailPath = "/v1/transaction/detail"
	listPath   = "/v1/transaction/reversal_list"

	objectName = "transaction_reversed_request"
	listName   = "transaction_reversal_list"

	docs       = "https://doc.paynet.com.tr/english/cancellation-refund/refund"
	docsCodes  = "https://doc.paynet.com.tr/genel-bilgiler/hata-kodlari/doenues-kodlari"
	docsHTTP   = "https://doc.paynet.com.tr/genel-bilgiler/hata-kodlari/http-status-kodlar"
	docsOldRef = "https://doc.paynet.com.tr/uornek/servisler/iptal-iade/iade"
	docsList   = "https://doc.paynet.com.tr/english/cancellation-refund/refund-list"
	docsDetail = "https://doc.paynet.com.tr/english/transaction/transaction-details"
)

func capabilities(env refund.Environment, currency string) refund.Capabilities {
	return refund.Capabilities{
		Gateway:          gateway,
		Environment:      env,
		Currencies:       refund.Fact[[]string]{Value: []string{currency}, Evidence: refund.Assumed, Source: "the call has no currency field; documented amounts are in TL"},
		Full:             refund.Fact[refund.FullMode]{Value: refund.FullNative, Evidence: refund.Documented, Source: docs + " (amount left out)"},
		Partial:          refund.Fact[refund.Answer]{Value: refund.Can, Evidence: refund.Documented, Source: docs},
		RepeatedPartials: refund.Fact[refund.Answer]{Value: refund.NobodyKnows, Evidence: refund.Assumed, Source: "no document says"},
		Accepted:         refund.Fact[refund.Status]{Value: refund.StatusPending, Evidence: refund.Documented, Source: docs + " (approved or disapproved later), " + docsOldRef},
		SameDay: &refund.Fact[refund.SameDayRule]{
			Value:    refund.SameDayRule{TimeZone: timeZone, Margin: margin},
			Evidence: refund.Documented, Source: docs + " (the rule; its time zone and the margin are assumed)",
		},
		Inspect:  refund.Fact[refund.Answer]{Value: refund.Can, Evidence: refund.Documented, Source: docsList + " (requests, without amounts), " + docsDetail + " (whether a sale was given back): they prove a sale's first, full refund on its day; any other by its own id only"},
		Callback: refund.Fact[refund.CallbackMode]{Value: refund.CallbackUnsigned, Evidence: refund.Documented, Source: docs + " (succeedUrl)"},
		Codes:    codes(),
	}
}

// codes is every code that this adapter maps. The documents give names only;
// which of them are refusals is our reading of the names. A code that is not
// here is unknown.
func codes() []refund.GatewayCode {
	const named = docsCodes + " (the name; its class is deduced)"
	refused := func(code, name string, as refund.Code) refund.GatewayCode {
		return refund.GatewayCode{Code: code, Meaning: name, As: as, Status: refund.StatusRefused, Evidence: refund.Assumed, Source: named}
	}
	unknown := func(code, name string, evidence refund.Evidence, source string) refund.GatewayCode {
		return refund.GatewayCode{Code: code, Meaning: name, As: refund.OutcomeUnknown, Status: refund.StatusUnknown, Evidence: evidence, Source: source}
	}
	return []refund.GatewayCode{
		{Code: "0", Meaning: "successful", Status: refund.StatusPending, Evidence: refund.Documented, Source: docs + ", " + docsCodes},
		refused("1", "unsuccessful", refund.Declined),
		refused("2", "companyblocked", refund.Declined),
		refused("3", "agentblocked", refund.Declined),
		refused("4", "agentnotfound", refund.Declined),
		unknown("5", "duplicatedata: may be a repeat of a refund that worked", refund.Assumed, named),
		refused("6", "noprocess", refund.Declined),
		{Code: "7", Meaning: "unauthorized", As: refund.Unauthorized, Status: refund.StatusRefused, Evidence: refund.Documented, Source: docsCodes},
		unknown("8", "servererror", refund.Documented, docsCodes),
		refused("9", "notimplemented", refund.Unsupported),
		unknown("10", "timeout", refund.Documented, docsCodes),
		refused("11", "badrequest", refund.InvalidRequest),
		refused("12", "nodata", refund.PaymentNotFound),
		refused("18", "wrongcarddata", refund.Declined),
		refused("19", "wrongtransactiontype", refund.NotRefundable),
		refused("20", "wrongpostype", refund.NotRefundable),
		refused("21", "wrongratioget", refund.Declined),
		unknown("100", "oldsuccessful: an earlier success, no new money", refund.Observed, "public client code calls it an earlier successful operation"),
	}
}

// Full and partial refunds differ by nothing but amount, and an amount that is
// empty or zero means everything, so each has a type of its own and neither has
// an omitempty amount.
type fullRequest struct {
	XactID     string `json:"xact_id"`
	SucceedURL string `json:"succeedUrl,omitempty"`
}

type partialRequest struct {
	XactID     string `json:"xact_id"`
	Amount     string `json:"amount"` // hundredths, digits only
	SucceedURL string `json:"succeedUrl,omitempty"`
}

// encode makes the body of a request that was checked: a partial amount is
// positive and of a currency with hundredths.
func encode(req *refund.Request) ([]byte, error) {
	if req.Kind == refund.KindFull {
		return json.Marshal(fullRequest{XactID: req.Payment.ID, SucceedURL: req.CallbackURL})
	}
	return json.Marshal(partialRequest{
		XactID: req.Payment.ID, Amount: strconv.FormatInt(req.Amount.Minor(), 10), SucceedURL: req.CallbackURL,
	})
}

// answer is the refund's answer, or under another status than 200 the error
// object.
type answer struct {
	ObjectName wire.Text
	Code       wire.Text // declared a string, printed as a number
	ResultCode wire.Text
	Message    wire.Text
}

// decode reports whether body is one of Paynet's.
func decode(body []byte) (a answer, ok bool) {
	err := wire.Read(body, []wire.Field{
		{Name: "object_name", Text: &a.ObjectName},
		{Name: "code", Text: &a.Code},
		{Name: "result_code", Text: &a.ResultCode},
		{Name: "message", Text: &a.Message},
	})
	if a.Message.Shape != wire.String {
		a.Message.S = ""
	}
	return a, err == nil && (!a.Code.Absent() || !a.ResultCode.Absent())
}

// resultCode is the result code in its plain form, its text if it has none, or
// empty if there is none at all.
func (a *answer) resultCode(httpStatus int) string {
	t := a.ResultCode
	if httpStatus == http.StatusOK {
		t = a.Code
	}
	return t.S
}

// agrees reports whether the two codes do not contradict each other.
func (a *answer) agrees() bool {
	return a.ResultCode.Absent() || a.ResultCode.S == a.Code.S
}

// accepted reports whether a code 0 stands alone: as an integer, without another
// result code, and in an answer that does not name itself another one.
func (a *answer) accepted() bool {
	n, ok := a.Code.Int()
	otherwise := a.ObjectName.Shape == wire.Twice || a.ObjectName.Shape == wire.String && a.ObjectName.S != objectName
	return ok && n == 0 && a.agrees() && !otherwise
}

// legible reports whether the codes, where there are any, have a text. One that
// is given twice, or is an object or a list, may say anything.
func (a *answer) legible() bool {
	for _, t := range []wire.Text{a.Code, a.ResultCode} {
		switch t.Shape {
		case wire.Object, wire.Array, wire.Twice:
			return false
		}
	}
	return true
}

// isRefusal reports whether an HTTP status leaves it to the result code.
func isRefusal(status int) bool { return status >= 400 && status < 500 }

type detailRequest struct {
	XactID string `json:"xact_id"`
}

type listRequest struct {
	From          string `json:"datab"` // a day, as public client code writes it: 2026-03-10
	To            string `json:"datbi"`
	Limit         int    `json:"limit"`
	StartingAfter int    `json:"starting_after"` // rows to pass over
}

// sale is what a look-up reads of a transaction. Its reversed_xact_id is filled
// also where reversed is false, so it says nothing and is not read.
type sale struct {
	ID       wire.Text // the plain number
	XactID   wire.Text
	Date     wire.Text
	Currency wire.Text
	Reversed wire.Text
}

// row is what a look-up reads of a refund request: of the documented part, all
// that concerns the refund. The rest is about the shop and the card's holder.
type row struct {
	ID             wire.Text // the plain number
	XactID         wire.Text
	EntryDate      wire.Text
	ReversedID     wire.Text
	ReversedXactID wire.Text
}

func decodeSale(object []byte) (s sale, ok bool) {
	err := wire.Read(object, []wire.Field{
		{Name: "id", Text: &s.ID},
		{Name: "xact_id", Text: &s.XactID},
		{Name: "xact_date", Text: &s.Date},
		{Name: "currency", Text: &s.Currency},
		{Name: "reversed", Text: &s.Reversed},
	})
	return s, err == nil
}

func decodeRow(object []byte) (r row, ok bool) {
	err := wire.Read(object, []wire.Field{
		{Name: "id", Text: &r.ID},
		{Name: "xact_id", Text: &r.XactID},
		{Name: "entry_date", Text: &r.EntryDate},
		{Name: "reversed_id", Text: &r.ReversedID},
		{Name: "reversed_xact_id", Text: &r.ReversedXactID},
	})
	return r, err == nil
}

// decodeData returns the rows of a look-up's answer. The documents write the name
// in both ways.
func decodeData(body []byte) (rows [][]byte, ok bool) {
	for _, name := range []string{"Data", "data"} {
		if rows, shape := wire.List(body, name); shape == wire.Array {
			return rows, true
		}
	}
	return nil, false
}

// decodeMore reads whether rows follow those of a page.
func decodeMore(body []byte) (more, ok bool) {
	var t wire.Text
	if wire.Read(body, []wire.Field{{Name: "has_more", Text: &t}}) != nil || t.Shape != wire.Bool && t.Shape != wire.String {
		return false, false
	}
	return t.S == "true", t.S == "true" || t.S == "false"
}

// number is a plain number as text. Zero is none.
func number(t wire.Text) string {
	if t.Shape != wire.String && t.Shape != wire.Number || t.S == "0" {
		return ""
	}
	return t.S
}
