package tarlan

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

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

	// statusPath may be asked as often as one likes. That the sandbox has the
	// same is assumed.
	statusPath = "/transaction/api/v1/system/transaction/status"

	paramReference = "tarlan.project_reference_id"
	paramType      = "tarlan.type"

	// maxID is the largest id that a server which reads numbers as floats still
	// signs as we do.
	maxID = 1 << 53

	docs       = "https://docs.tarlanpayments.kz/eng/acquiring/supplementary-methods/refund"
	docsErrors = "https://docs.tarlanpayments.kz/eng/acquiring/error-code"
	docsKinds  = "https://docs.tarlanpayments.kz/eng/acquiring/welcom/kinds-of-operations"
	docsStatus = "https://docs.tarlanpayments.kz/eng/acquiring/supplementary-methods/verification-of-transaction-status"
	docsHook   = "https://docs.tarlanpayments.kz/eng/acquiring/webhook-of-the-payment-system/payment-status"
)

func capabilities(env refund.Environment, currency string, fractions bool) refund.Capabilities {
	c := refund.Capabilities{
		Gateway:          gateway,
		Environment:      env,
		Currencies:       refund.Fact[[]string]{Value: []string{currency}, Evidence: refund.Assumed, Source: "the call has no currency field; major units deduced from the plugins"},
		Full:             refund.Fact[refund.FullMode]{Value: refund.FullByAmount, Evidence: refund.Assumed, Source: docs + " shows only a refund by amount"},
		Partial:          refund.Fact[refund.Answer]{Value: refund.Can, Evidence: refund.Documented, Source: docs},
		RepeatedPartials: refund.Fact[refund.Answer]{Value: refund.NobodyKnows, Evidence: refund.Assumed, Source: "the status call lists refunds; no document says whether a second one is taken"},
		Accepted:         refund.Fact[refund.Status]{Value: refund.StatusSucceeded, Evidence: refund.Assumed, Source: docs + " answers \"Success\" (" + docsKinds + "); that nothing takes it back later is assumed"},
		Inspect:          refund.Fact[refund.Answer]{Value: refund.Can, Evidence: refund.Documented, Source: docsStatus + " (refunds have amounts and no ids)"},
		Callback:         refund.Fact[refund.CallbackMode]{Value: refund.CallbackSigned, Evidence: refund.Observed, Source: "signed: " + docsHook + "; that a refund causes one: the vendor's WooCommerce plugin reads the state refund there"},
		Params: []refund.Param{
			{Name: paramReference, Use: "the merchant's own order id, for look-ups"},
			{Name: paramType, Use: "the payment's type, such as in, for look-ups"},
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
	no := func(message string) (int64, error) {
		return 0, &refund.Error{Gateway: gateway, Op: op, Code: refund.InvalidRequest, Status: refund.StatusNotSent, Message: message}
	}
	n, err := strconv.ParseInt(id, 10, 64)
	switch {
	case id == "" || id[0] == '0' || strings.Trim(id, "0123456789") != "":
		return no("Payment.ID must be Tarlan's transaction_id, a positive integer such as 200000001")
	case err != nil || n > maxID:
		return no(fmt.Sprintf("Payment.ID must be Tarlan's transaction_id of at most 2^53 (%d): a server that reads numbers as floats would sign a larger one otherwise, or refund another payment", int64(maxID)))
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

// accepted reports whether every mark of success agrees but the one inside result.
func (a *answer) accepted(httpStatus int) bool {
	if httpStatus != http.StatusOK || !a.isYes() {
		return false
	}
	if n, ok := a.StatusCode.Int(); !a.StatusCode.Absent() && (!ok || n != 0) {
		return false
	}
	switch a.Result.Self.Shape {
	case wire.Missing, wire.Null, wire.Object:
		return true
	default: // of the published shapes, only this word is left
		return a.Result.Self.IsString("success")
	}
}

// States of a transaction.
const (
	stateSuccess  = "success"        // paid
	stateRefunded = "refund"         // given back
	stateWaiting  = "refund_waiting" // a refund has begun and is not final
)

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

// question is the query of a look-up. It is signed as the JSON object that the
// server makes of it: numbers where it declares numbers, strings elsewhere, also
// where they look like numbers. encoding/json sorts by the order of the fields,
// and escapes as the server is thought to do.
type question struct {
	MerchantID int64  `json:"merchant_id"`
	ProjectID  int64  `json:"project_id"`
	Reference  string `json:"project_reference_id"`
	Type       string `json:"type"`
}

func (q question) canonical() ([]byte, error) { return json.Marshal(q) }

func (q question) path() string {
	return statusPath + "?" + url.Values{
		"merchant_id":          {strconv.FormatInt(q.MerchantID, 10)},
		"project_id":           {strconv.FormatInt(q.ProjectID, 10)},
		"project_reference_id": {q.Reference},
		"type":                 {q.Type},
	}.Encode()
}

// statusAnswer is the answer to a look-up. What it tells about the payer is not
// read.
type statusAnswer struct {
	Status     wire.Text
	StatusCode wire.Text
	Message    wire.Text
	Result     wire.Text
	ID         wire.Text // the payment's transaction_id
	State      wire.Text
	Refunds    listing
}

// decodeStatus reports whether body is Tarlan's envelope.
func decodeStatus(body []byte, currency string) (a statusAnswer, ok bool) {
	var transactionStatus wire.Text
	err := wire.Read(body, []wire.Field{
		{Name: "status", Text: &a.Status},
		{Name: "status_code", Text: &a.StatusCode},
		{Name: "message", Text: &a.Message},
		{Name: "result", Text: &a.Result, Inside: []wire.Field{
			{Name: "id", Text: &a.ID},
			{Name: "transaction_status", Text: &transactionStatus, Inside: []wire.Field{{Name: "code", Text: &a.State}}},
		}},
	})
	if err != nil || a.Status.Absent() && a.StatusCode.Absent() {
		return statusAnswer{}, false
	}
	a.Refunds = decodeRefunds(body, currency)
	a.Refunds.follow(a.State)
	return a, true
}

// succeeded reports whether HTTP and the envelope agree that the question was
// answered.
func (a *statusAnswer) succeeded(httpStatus int) bool {
	return httpStatus == http.StatusOK && a.Status.Shape == wire.Bool && a.Status.S == "true" &&
		(a.StatusCode.Absent() || a.StatusCode.S == "0") && a.Result.Shape == wire.Object
}

// isAbout reports whether the answer names that payment.
func (a *statusAnswer) isAbout(id string) bool {
	return (a.ID.Shape == wire.Number || a.ID.Shape == wire.String) && a.ID.S == id
}

func (a *statusAnswer) text() string {
	if a.Message.Shape != wire.String {
		return ""
	}
	return strings.TrimSpace(a.Message.S)
}

// listing is the answer's list of refunds.
type listing struct {
	refunds []refund.SeenRefund
	silent  []bool       // for each, whether it has no word of its own about its state
	total   money.Amount // of all; not set unless each of them could be read
	unclear bool         // there is something in the place of the list that cannot be read
}

// decodeRefunds reads the list. The documents say that an entry has an amount
// and a date, and do not show one, so names and types are guesses, and whatever
// does not fit makes the list unclear. No time zone is documented either: only a
// time that has one counts.
func decodeRefunds(body []byte, currency string) (l listing) {
	entries, shape := wire.List(body, "result", "refunds")
	switch shape {
	case wire.Array:
	case wire.Missing, wire.Null:
		return listing{}
	default:
		return listing{refunds: make([]refund.SeenRefund, 1), unclear: true} // something is there: a snapshot must not say "none"
	}
	total, err := money.FromMinor(0, currency)
	l.unclear = err != nil
	for _, entry := range entries {
		seen, silent, clear := decodeRefund(entry, currency)
		l.refunds, l.silent = append(l.refunds, seen), append(l.silent, silent)
		if total, err = total.Add(seen.Amount); err != nil || !clear {
			l.unclear = true
		}
	}
	if !l.unclear {
		l.total = total
	}
	return l
}

// follow gives the refunds that have no word of their own the state that the payment's
// has for them. A payment's that goes with no refund leaves none of them a state.
func (l *listing) follow(payments wire.Text) {
	var status refund.Status
	switch {
	case payments.IsString(stateWaiting):
		status = refund.StatusPending
	case payments.IsString(stateSuccess), payments.IsString(stateRefunded):
		status = refund.StatusSucceeded
	}
	for i, silent := range l.silent {
		if silent || status == refund.StatusUnknown {
			l.refunds[i].Status = status
		}
	}
}

// decodeRefund reads one entry, and reports whether all of it that counts could
// be read. No document gives it a state; should it have one, that counts too, and it
// is not silent.
func decodeRefund(entry []byte, currency string) (seen refund.SeenRefund, silent, clear bool) {
	var (
		amount, currencySaid, date, created wire.Text
		words                               [7]wire.Text
	)
	err := wire.Read(entry, []wire.Field{
		{Name: "amount", Text: &amount},
		{Name: "currency", Text: &currencySaid}, // no document has it
		{Name: "date", Text: &date},
		{Name: "created_at", Text: &created},
		{Name: "state", Text: &words[0]},
		{Name: "status", Text: &words[1], Inside: []wire.Field{{Name: "code", Text: &words[2]}}},
		{Name: "status_code", Text: &words[3]},
		{Name: "transaction_status", Text: &words[4], Inside: []wire.Field{{Name: "code", Text: &words[5]}}},
		{Name: "transaction_status_code", Text: &words[6]},
	})
	if err != nil {
		return seen, false, false
	}
	silent, clear = true, true
	for i, word := range words {
		var says refund.Status
		switch {
		case word.Absent():
			continue
		case word.Shape == wire.Object && (i == 1 || i == 4) && !words[i+1].Absent(): // its code speaks for it
			continue
		case word.IsString(stateWaiting):
			says = refund.StatusPending
		case word.IsString(stateSuccess), word.IsString(stateRefunded):
			says = refund.StatusSucceeded
		}
		if says == refund.StatusUnknown || seen.Status != refund.StatusUnknown && seen.Status != says {
			clear = false
		}
		seen.Status, silent = says, false
	}
	if !clear {
		seen.Status = refund.StatusUnknown
	}
	seen.Amount, _ = wire.Amount(amount, currencySaid, currency)
	for _, t := range []wire.Text{created, date} {
		if at, err := time.Parse(time.RFC3339Nano, t.S); err == nil {
			seen.At = at.UTC()
		}
	}
	return seen, silent, clear && seen.Amount.IsSet()
}

// isFront reports whether an HTTP status comes from what stands before the
// gateway's code table.
func isFront(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusTooManyRequests
}
