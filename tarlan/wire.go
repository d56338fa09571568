package tarlan

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/wire"
	"github.com/gorefund/refund/money"
)

const (
	productionURL = "https://prapi.tarlanpayments.kz"
	sandboxURL    = "https://sandboxapi.tarlanpayments.kz"

	// The sandbox has another path, not only another host. Neither must be
	// posted to twice for one refund: Tarlan has no idempotency key, and equal
	// requests carry equal signatures.
	productionPath = "/refund/api/v1/system/refund/partial"
	sandboxPath    = "/transaction/api/v1/system/refund/partial"

	// maxID is the largest id that a server which reads numbers as floats still
	// signs as we do.
	maxID = 1 << 53

	docs       = "https://docs.tarlanpayments.kz/eng/acquiring/supplementary-methods/refund"
	docsErrors = "https://docs.tarlanpayments.kz/eng/acquiring/error-code"
	docsKinds  = "https://docs.tarlanpayments.kz/eng/acquiring/welcom/kinds-of-operations"
	docsStatus = "https://docs.tarlanpayments.kz/eng/acquiring/supplementary-methods/verification-of-transaction-status"
	docsHook   = "https://docs.tarlanpayments.kz/eng/acquiring/webhook-of-the-payment-system/payment-status"
)

func capabilities(currency string, fractions bool) refund.Capabilities {
	c := refund.Capabilities{
		Gateway:          gateway,
		Currencies:       refund.Fact[[]string]{Value: []string{currency}, Evidence: refund.Assumed, Source: "the call has no currency field; major units deduced from the plugins"},
		Full:             refund.Fact[refund.FullMode]{Value: refund.FullByAmount, Evidence: refund.Assumed, Source: docs + " shows only a refund by amount"},
		Partial:          refund.Fact[refund.Answer]{Value: refund.Can, Evidence: refund.Documented, Source: docs},
		RepeatedPartials: refund.Fact[refund.Answer]{Value: refund.NobodyKnows, Evidence: refund.Assumed, Source: "the status call lists refunds; no document says whether a second one is taken"},
		Accepted:         refund.Fact[refund.Status]{Value: refund.StatusSucceeded, Evidence: refund.Documented, Source: docs + " (answers \"Success\"); " + docsKinds},
		Inspect:          refund.Fact[refund.Answer]{Value: refund.Can, Evidence: refund.Documented, Source: docsStatus},
		Callback:         refund.Fact[refund.CallbackMode]{Value: refund.CallbackSigned, Evidence: refund.Documented, Source: docsHook},
		Params: []refund.Param{
			{Name: "tarlan.project_reference_id", Use: "the merchant's own order id, for look-ups"},
			{Name: "tarlan.type", Use: "the payment's type, such as in, for look-ups"},
		},
		Codes: codes(),
	}
	if digits, ok := money.Digits(currency); ok && digits > 0 && !fractions {
		unit := int64(1)
		for range digits {
			unit *= 10
		}
		step, _ := money.FromMinor(unit, currency)
		c.Step = &refund.Fact[money.Amount]{Value: step, Evidence: refund.Documented, Source: docs + " (amount is an integer)"}
	}
	return c
}

// codes is every code that this adapter maps. Which of them mean that nothing
// was done is deduced from the documented meanings; a code that is not here is
// unknown.
func codes() []refund.GatewayCode {
	refused := func(code, meaning string, as refund.Code, evidence refund.Evidence, source string) refund.GatewayCode {
		return refund.GatewayCode{Code: code, Meaning: meaning, As: as, Status: refund.StatusRefused, Evidence: evidence, Source: source}
	}
	unknown := func(code, meaning string) refund.GatewayCode {
		return refund.GatewayCode{Code: code, Meaning: meaning, As: refund.OutcomeUnknown, Status: refund.StatusUnknown, Evidence: refund.Assumed, Source: docsErrors}
	}
	return []refund.GatewayCode{
		{Code: "0", Meaning: "Success", Status: refund.StatusSucceeded, Evidence: refund.Documented, Source: docsErrors},
		refused("1021", "request validation error", refund.InvalidRequest, refund.Documented, docsErrors),
		unknown("1022", "couldn't parse response body"),
		refused("3010", "inoperable transaction status for this method", refund.NotRefundable, refund.Documented, docsErrors),
		unknown("3108", "card doesn't exist"),
		unknown("5000", "transaction already exists"),
		unknown("5003", "an error occurred while creating transaction"),
		refused("5006", "transaction amount limit is over", refund.ExceedsRefundable, refund.Assumed, docsErrors),
		unknown("5101", "undefined transaction status"),
		refused("5102", "undefined transaction type", refund.InvalidRequest, refund.Assumed, docsErrors),
		refused("5103", "transaction not found", refund.PaymentNotFound, refund.Documented, docs),
		refused("5107", "transaction limit doesn't exist", refund.Declined, refund.Assumed, docsErrors),
		unknown("5202", "request failed"),
		unknown("5205", "unavailable project server"),
		unknown("5400", "couldn't receive project data"),
		refused("5406", "invalid project secret", refund.Unauthorized, refund.Documented, docsErrors),
		refused("8008", "project doesn't exist", refund.Unauthorized, refund.Assumed, docsErrors),
		unknown("8301", "unexpected db error"),
	}
}

// transactionID reads the payment's id, which Tarlan wants as an integer.
func transactionID(op, id string) (int64, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 || n > maxID || strconv.FormatInt(n, 10) != id {
		return 0, &refund.Error{
			Gateway: gateway, Op: op, Code: refund.InvalidRequest, Status: refund.StatusNotSent,
			Message: "Payment.ID must be Tarlan's transaction_id, a positive integer such as 200000001",
		}
	}
	return n, nil
}

// encode makes the body. It is in the canonical form that is signed: sorted
// keys, no spaces, numbers without superfluous zeros.
func encode(amount money.Amount, id int64) []byte {
	body := make([]byte, 0, 64)
	body = append(body, `{"amount":`...)
	body = amount.AppendNumber(body)
	if amount.Digits() > 0 {
		for body[len(body)-1] == '0' {
			body = body[:len(body)-1]
		}
		if body[len(body)-1] == '.' {
			body = body[:len(body)-1]
		}
	}
	body = append(body, `,"transaction_id":`...)
	body = strconv.AppendInt(body, id, 10)
	return append(body, '}')
}

// sign hashes the canonical body and the secret: SHA-256 of base64(body)+secret,
// in lower-case hex. It is a plain hash, not an HMAC, and holds no time: who has
// one can send the request again, so it is never shown.
func sign(canonical []byte, secret string) string {
	text := make([]byte, 0, base64.StdEncoding.EncodedLen(len(canonical))+len(secret))
	text = base64.StdEncoding.AppendEncode(text, canonical)
	text = append(text, secret...)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// answer is the envelope. Its result is published as the word "success" and as
// an object.
type answer struct {
	Status     wire.Text
	StatusCode wire.Text // absent from published successes
	Message    wire.Text
	Result     struct {
		Self          wire.Text
		TransactionID wire.Text
		StatusCode    wire.Text // a number here, a state word elsewhere
	}
}

// decode reports whether body is Tarlan's envelope.
func decode(body []byte) (a answer, ok bool) {
	err := wire.Read(body, []wire.Field{
		{Name: "status", Text: &a.Status},
		{Name: "status_code", Text: &a.StatusCode},
		{Name: "message", Text: &a.Message},
		{Name: "result", Text: &a.Result.Self, Inside: []wire.Field{
			{Name: "transaction_id", Text: &a.Result.TransactionID},
			{Name: "transaction_status_code", Text: &a.Result.StatusCode},
		}},
	})
	return a, err == nil && (!a.Status.Absent() || !a.StatusCode.Absent())
}

// isYes and isNo report whether status is exactly that boolean.
func (a *answer) isYes() bool { return a.Status.Shape == wire.Bool && a.Status.S == "true" }

func (a *answer) isNo() bool { return a.Status.Shape == wire.Bool && a.Status.S == "false" }

// speaksOfSuccess reports whether any mark does, exactly or not. What is said
// beside it is never a plain refusal.
func (a *answer) speaksOfSuccess() bool {
	return a.Status.S == "true" || a.Status.Shape == wire.Twice || a.Result.Self.IsString("success")
}

// accepted reports whether every mark of success agrees.
func (a *answer) accepted(httpStatus int) bool {
	if httpStatus != http.StatusOK || !a.isYes() {
		return false
	}
	if n, ok := a.StatusCode.Int(); !a.StatusCode.Absent() && (!ok || n != 0) {
		return false
	}
	switch a.Result.Self.Shape {
	case wire.String:
		return a.Result.Self.S == "success"
	case wire.Twice:
		return false
	}
	switch state := a.Result.StatusCode; state.Shape {
	case wire.String:
		return isAccepted(state.S)
	case wire.Twice:
		return false
	}
	return true
}

// isAccepted reports whether the state of a transaction, in the place where
// samples have a number, goes with an accepted refund.
func isAccepted(state string) bool {
	_, err := strconv.Atoi(state)
	return err == nil || state == "success" || state == "refund" || state == stateWaiting
}

// stateWaiting means that the refund has begun and is not final.
const stateWaiting = "refund_waiting"

func (a *answer) state() refund.Status {
	if a.Result.StatusCode.IsString(stateWaiting) {
		return refund.StatusPending
	}
	return refund.StatusSucceeded
}

func (a *answer) text() string {
	if a.Message.Shape != wire.String {
		return ""
	}
	return strings.TrimSpace(a.Message.S)
}

// isFront reports whether an HTTP status comes from what stands before the
// gateway's code table.
func isFront(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusTooManyRequests
}
