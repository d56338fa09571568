package tlpe

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/wire"
)

const (
	productionURL = "https://api.tlpe.io"
	sandboxURL    = "https://test-api.tlpe.io"

	// refundPath is a constant: /capture takes the same body as a full refund
	// and would take money instead. A POST to it must not be repeated, since
	// TLPE has no idempotency key.
	refundPath = "/refund"

	// reportPath is followed by the payment's id. It may be asked for any number
	// of times. The other look-up, POST /sync, is never used: it can write to the
	// customer.
	reportPath = "/report/"

	// defaultReason is sent where the request has none: the field is required,
	// and nobody knows whether it may be empty.
	defaultReason = "Refund requested by the merchant"

	codePaid          = "OK.00.00"
	codeFull          = "OK.02.00"
	codePartial       = "OK.04.00"
	codeInvalid       = "ER.02.30"
	codeCannotProcess = "ER.20.20"

	// reasonAlreadyRefunded is quoted in the text of ER.20.20, which is a frame
	// around any reason.
	reasonAlreadyRefunded = "Transaction is already refunded"

	docs       = "https://developers.tlpe.io/post-refund-payment"
	docsReport = "https://developers.tlpe.io/get-transaction-details"
)

func capabilities(env refund.Environment, currency string, weak bool) refund.Capabilities {
	callbacks := "public client code takes OK.02.00 and OK.04.00 from signed notifications"
	if weak {
		callbacks += "; the token, the webhook secret or the webhook public key holds an RSA key below 1024 bits, as those that TLPE publishes: " +
			"whoever sees the token can break it and sign anything, so these notifications prove nothing unless trust_weak_key is set"
	}
	return refund.Capabilities{
		Gateway:          gateway,
		Environment:      env,
		Currencies:       refund.Fact[[]string]{Value: []string{currency}, Evidence: refund.Assumed, Source: "the call has no currency field: an amount is read in the payment's own currency"},
		Full:             refund.Fact[refund.FullMode]{Value: refund.FullNative, Evidence: refund.Documented, Source: docs + " (no amount; not every brand supports it)"},
		Partial:          refund.Fact[refund.Answer]{Value: refund.Can, Evidence: refund.Documented, Source: docs + " (not every brand supports it)"},
		RepeatedPartials: refund.Fact[refund.Answer]{Value: refund.Can, Evidence: refund.Assumed, Source: docs + ` ("must not exceed available refundable amount")`},
		Accepted:         refund.Fact[refund.Status]{Value: refund.StatusSucceeded, Evidence: refund.Assumed, Source: docs + " answers that the refund was successful; that nothing takes it back later is assumed"},
		Inspect:          refund.Fact[refund.Answer]{Value: refund.NobodyKnows, Evidence: refund.Assumed, Source: docsReport + " shows one code and no refunds: it can prove full refunds only; that the code turns to OK.02.00 is deduced from notifications"},
		Callback:         refund.Fact[refund.CallbackMode]{Value: refund.CallbackSigned, Evidence: refund.Observed, Source: callbacks},
		Codes:            codes(),
	}
}

// codes is every code that this adapter maps. The vendor's full table is not
// public: an OK.* or ER.* that is not here is unknown, and PN.* is pending.
func codes() []refund.GatewayCode {
	const client = "public client code"
	return []refund.GatewayCode{
		{Code: codeFull, Meaning: "Full refund successful", Status: refund.StatusSucceeded, Evidence: refund.Documented, Source: docs},
		{Code: codePartial, Meaning: "Partial refund successful", Status: refund.StatusSucceeded, Evidence: refund.Documented, Source: docs},
		{Code: codeInvalid, Meaning: "invalid parameters; PaymentNotFound if the envelope says 404", As: refund.InvalidRequest, Status: refund.StatusRefused, Evidence: refund.Documented, Source: docs + ", " + docsReport},
		{Code: codeCannotProcess, Meaning: "unable to process, with a quoted reason; AlreadyRefunded if the reason says so", As: refund.Declined, Status: refund.StatusRefused, Evidence: refund.Documented, Source: docs},
		{Code: "ER.02.00", Meaning: "brand not enabled", As: refund.Declined, Status: refund.StatusRefused, Evidence: refund.Observed, Source: client + " (seen at /checkout only)"},
		{Code: codePaid, Meaning: "payment successful: not a refund", As: refund.OutcomeUnknown, Status: refund.StatusUnknown, Evidence: refund.Documented, Source: docsReport},
		{Code: "OK.01.00", Meaning: "ready for payment: not a refund", As: refund.OutcomeUnknown, Status: refund.StatusUnknown, Evidence: refund.Observed, Source: client + " (a mock)"},
		{Code: "OK.00.10", Meaning: "payment pending: not a refund", As: refund.OutcomeUnknown, Status: refund.StatusUnknown, Evidence: refund.Observed, Source: client + " (a mock)"},
		{Code: "PN.*", Meaning: "pending", Status: refund.StatusPending, Evidence: refund.Assumed, Source: "no document shows one; the prefix stands for pending"},
	}
}

// kindOf is the kind of refund that a code tells, 0 if it tells none.
func kindOf(code string) refund.Kind {
	switch code {
	case codeFull:
		return refund.KindFull
	case codePartial:
		return refund.KindPartial
	}
	return 0
}

func isPending(code string) bool { return strings.HasPrefix(code, "PN.") && len(code) > len("PN.") }

func isError(code string) bool { return strings.HasPrefix(code, "ER.") }

// Full and partial refunds differ by nothing but amount, so each has a type of
// its own: no empty value can turn one into the other.
type fullRequest struct {
	TransactionID string `json:"transaction_id"`
	NotifyUser    string `json:"notify_user"` // "true" or "false", a string by the schema
	Reason        string `json:"reason"`
}

type partialRequest struct {
	fullRequest
	Amount any `json:"amount"` // a string or a json.Number
}

// encode makes the body of a request that was checked.
func encode(req *refund.Request, asNumber bool) ([]byte, error) {
	full := fullRequest{TransactionID: req.Payment.ID, NotifyUser: "false", Reason: req.ReasonOr(defaultReason)}
	if req.NotifyCustomer {
		full.NotifyUser = "true"
	}
	if req.Kind == refund.KindFull {
		return json.Marshal(full)
	}
	partial := partialRequest{fullRequest: full, Amount: req.Amount.Number()}
	if asNumber {
		partial.Amount = json.Number(req.Amount.Number())
	}
	return json.Marshal(partial)
}

type answer struct {
	Status  wire.Text // like an HTTP status; a string by the schema, a number in the samples
	Message wire.Text
	Error   wire.Text
	Data    struct {
		Self          wire.Text
		TransactionID wire.Text
		StatusCode    wire.Text
		Description   wire.Text
	}
}

// decode reports whether body is TLPE's envelope.
func decode(body []byte) (a answer, ok bool) {
	err := wire.Read(body, []wire.Field{
		{Name: "status", Text: &a.Status},
		{Name: "message", Text: &a.Message},
		{Name: "error", Text: &a.Error},
		{Name: "data", Text: &a.Data.Self, Inside: []wire.Field{
			{Name: "transaction_id", Text: &a.Data.TransactionID},
			{Name: "status_code", Text: &a.Data.StatusCode},
			{Name: "status_description", Text: &a.Data.Description},
		}},
	})
	return a, err == nil && (!a.Status.Absent() || !a.Data.StatusCode.Absent())
}

// code is status_code as it came. A number keeps its text, although no document
// knows such a code.
func (a *answer) code() string { return a.Data.StatusCode.S }

// silent reports whether the answer leaves the outcome to HTTP: it has no code,
// and its envelope does not claim that the call went well. A code of another
// type than a string is not silence: it may have been an acceptance.
func (a *answer) silent() bool {
	status, _ := a.Status.Int()
	return (a.Data.StatusCode.Absent() || a.Data.StatusCode.IsString("")) && status != http.StatusOK
}

// text is the most telling of the answer's texts.
func (a *answer) text() string {
	for _, t := range []wire.Text{a.Data.Description, a.Message, a.Error} {
		if t.Shape == wire.String && t.S != "" {
			return t.S
		}
	}
	return ""
}

// accepted reports whether HTTP and the envelope say that the call went well.
func (a *answer) accepted(httpStatus int) bool {
	status, ok := a.Status.Int()
	return ok && status == http.StatusOK && httpStatus >= 200 && httpStatus < 300
}

// reason is the text that ER.20.20 quotes.
func (a *answer) reason() string {
	s := a.Data.Description.S
	from, to := strings.IndexByte(s, '\''), strings.LastIndexByte(s, '\'')
	if from < 0 || to <= from {
		return ""
	}
	return s[from+1 : to]
}

// report is the answer of a look-up, which has no envelope. It also holds names
// and addresses of the payer: nothing but these fields is read.
type report struct {
	TransactionID wire.Text
	Currency      wire.Text
	StatusCode    wire.Text
}

// decodeReport reports whether body is one.
func decodeReport(body []byte) (r report, ok bool) {
	var payment, result wire.Text
	err := wire.Read(body, []wire.Field{
		{Name: "transaction_id", Text: &r.TransactionID},
		{Name: "payment", Text: &payment, Inside: []wire.Field{{Name: "currency", Text: &r.Currency}}},
		{Name: "result", Text: &result, Inside: []wire.Field{{Name: "status_code", Text: &r.StatusCode}}},
	})
	return r, err == nil && r.TransactionID.Shape == wire.String && r.StatusCode.Shape == wire.String && r.StatusCode.S != ""
}
