package redstone

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/httpx"
	"github.com/gorefund/refund/internal/wire"
	"github.com/gorefund/refund/money"
)

const (
	// hostURL serves test and live keys alike. It is deduced from public client
	// code: the documents write the address as a variable.
	hostURL = "https://api.gateway.redstonepgs.com"

	// refundPath must not be posted to twice for one refund: Redstone has no
	// idempotency key and takes several partial refunds.
	refundPath = "/v1/payment/refunds/process"

	// Look-ups may be asked as often as one likes.
	paymentPath = "/v1/payment/"
	checkPath   = "/v1/payment/transactions/" // and the reference and "/check"

	// defaultReason is sent where the request has none: the prose lists the
	// field beside the required ones.
	defaultReason = "Refund requested by the merchant"

	stateFailed = "failed"

	// Where a failure's reason stands: as the dashboard reads it, and as a sister
	// product writes it.
	fieldReason        = "reason_for_failure"
	fieldSistersReason = "failure_reason"

	paramCountry    = "redstone.country"
	paramCurrency   = "redstone.currency"
	paramNarration  = "redstone.narration"
	paramTransferTo = "redstone.transfer_to"
	paramEmail      = "redstone.email"
	paramPhone      = "redstone.momo_phone_number"

	docs       = "https://developer.redstonepgs.com/api-documentation/payments/refund"
	docsErrors = "https://developer.redstonepgs.com/api-documentation/errors"
	docsCheck  = "https://developer.redstonepgs.com/api-documentation/payments/check-transaction-status"
)

func capabilities(env refund.Environment, currency string, signed bool) refund.Capabilities {
	callbacks := refund.Fact[refund.CallbackMode]{Value: refund.CallbackUnsigned, Evidence: refund.Assumed, Source: docs + " has a webhook_url; its payload and signature are not documented"}
	if signed {
		callbacks.Value = refund.CallbackSigned
		callbacks.Source = "webhook_header is configured; no document says in which header a signature is, or what is signed"
	}
	return refund.Capabilities{
		Gateway:          gateway,
		Environment:      env,
		Currencies:       refund.Fact[[]string]{Value: []string{currency}, Evidence: refund.Assumed, Source: "only ZMW is seen in the samples"},
		Full:             refund.Fact[refund.FullMode]{Value: refund.FullByAmount, Evidence: refund.Documented, Source: docs + " (based on the amount)"},
		Partial:          refund.Fact[refund.Answer]{Value: refund.Can, Evidence: refund.Documented, Source: docs},
		RepeatedPartials: refund.Fact[refund.Answer]{Value: refund.NobodyKnows, Evidence: refund.Assumed, Source: "no document says whether the sum is limited"},
		Accepted:         refund.Fact[refund.Status]{Value: refund.StatusPending, Evidence: refund.Documented, Source: docs + " (refund queued)"},
		Inspect:          refund.Fact[refund.Answer]{Value: refund.Can, Evidence: refund.Documented, Source: docsCheck + " (by the refund's reference only)"},
		Callback:         callbacks,
		Params: []refund.Param{
			{Name: paramCountry, Use: `sent as it is, such as "Zambia"`},
			{Name: paramCurrency, Use: "sent as it is; must be the provider's currency"},
			{Name: paramNarration, Use: "sent as it is"},
			{Name: paramTransferTo, Use: `where the money goes, "mobile_number" is the only value seen`},
			{Name: paramEmail, Use: "sent as it is"},
			{Name: paramPhone, Use: "the mobile money account that is paid, 260… without +; a wrong number may pay somebody else"},
		},
		Codes: codes(),
	}
}

// codes is every code and word that this adapter maps: numbers are codes of the
// envelope, words are states of the refund. Anything else is unknown.
func codes() []refund.GatewayCode {
	state := func(word string, status refund.Status, as refund.Code, evidence refund.Evidence, source string) refund.GatewayCode {
		return refund.GatewayCode{Code: word, Meaning: "state of the refund", As: as, Status: status, Evidence: evidence, Source: source}
	}
	fault := func(code string) refund.GatewayCode {
		return refund.GatewayCode{Code: code, Meaning: "fault on Redstone's side", As: refund.OutcomeUnknown, Status: refund.StatusUnknown, Evidence: refund.Documented, Source: docsErrors}
	}
	done := func(code string) refund.GatewayCode {
		return refund.GatewayCode{Code: code, Meaning: "the call went well; the state says how the refund stands", Status: refund.StatusPending, Evidence: refund.Documented, Source: docsErrors}
	}
	return []refund.GatewayCode{
		state("pending", refund.StatusPending, "", refund.Documented, docs),
		state("processing", refund.StatusPending, "", refund.Documented, "https://developer.redstonepgs.com/api-documentation/payments/payout (a payout's state)"),
		state("successful", refund.StatusSucceeded, "", refund.Documented, docsCheck+" (a final state)"),
		state(stateFailed, refund.StatusUnknown, refund.OutcomeUnknown, refund.Assumed, docsErrors+" (a provider's time-out counts as failed there, so it proves nothing in an accepted answer)"),
		done("200"), done("201"),
		{Code: "400", Meaning: `bad request; unknown where the text says "already exists"`, As: refund.InvalidRequest, Status: refund.StatusRefused, Evidence: refund.Documented, Source: docsErrors},
		{Code: "401", Meaning: "not authorised", As: refund.Unauthorized, Status: refund.StatusRefused, Evidence: refund.Documented, Source: docsErrors},
		{Code: "404", Meaning: "no such resource", As: refund.PaymentNotFound, Status: refund.StatusRefused, Evidence: refund.Documented, Source: docsErrors},
		fault("500"), fault("501"), fault("502"), fault("503"), fault("504"),
	}
}

// request is the body. The fields of the documents' newer sample are sent only
// if the caller gives them: what an empty one does, nobody knows.
type request struct {
	Amount           json.Number `json:"amount"` // major units, a plain decimal
	PaymentReference string      `json:"payment_reference"`
	Reason           string      `json:"reason"`
	WebhookURL       string      `json:"webhook_url,omitempty"`
	Country          string      `json:"country,omitempty"`
	Currency         string      `json:"currency,omitempty"`
	Narration        string      `json:"narration,omitempty"`
	TransferTo       string      `json:"transfer_to,omitempty"`
	Email            string      `json:"email,omitempty"`
	Phone            string      `json:"momo_phone_number,omitempty"`
}

// encode makes the body of a request that was checked.
func encode(req *refund.Request) ([]byte, error) {
	return json.Marshal(request{
		Amount:           json.Number(asked(req).Number()),
		PaymentReference: req.Payment.ID,
		Reason:           req.ReasonOr(defaultReason),
		WebhookURL:       req.CallbackURL,
		Country:          req.Params[paramCountry],
		Currency:         req.Params[paramCurrency],
		Narration:        req.Params[paramNarration],
		TransferTo:       req.Params[paramTransferTo],
		Email:            req.Params[paramEmail],
		Phone:            req.Params[paramPhone],
	})
}

// asked is the amount that a checked request means: Redstone knows refunds by
// amount only.
func asked(req *refund.Request) money.Amount {
	if req.Kind == refund.KindFull {
		return req.Payment.Amount
	}
	return req.Amount
}

// maskPersonal returns a copy of req that may be shown.
func maskPersonal(req *refund.Request) *refund.Request {
	shown := *req
	shown.Reason = httpx.Personal(req.Reason, req.Payment.ID)
	shown.CallbackURL = httpx.MaskQuery(req.CallbackURL)
	shown.Params = make(map[string]string, len(req.Params))
	for name, value := range req.Params {
		switch name {
		case paramEmail, paramPhone:
			if value != "" {
				value = "***"
			}
		default:
			value = httpx.Personal(value)
		}
		shown.Params[name] = value
	}
	return &shown
}

// answer is the envelope with the refund in it. A failed call's envelope is not
// documented; the dashboard reads the same four fields, a sister product has
// "success" as a boolean.
type answer struct {
	Status  wire.Text
	Success wire.Text
	Code    wire.Text
	Message wire.Text
	Data    struct {
		Self      wire.Text // a text or a list in other calls' answers
		Status    wire.Text
		Message   wire.Text
		Reference wire.Text // may be empty
	}
}

// decode reports whether body is Redstone's envelope.
func decode(body []byte) (a answer, ok bool) {
	err := wire.Read(body, []wire.Field{
		{Name: "status", Text: &a.Status},
		{Name: "success", Text: &a.Success},
		{Name: "code", Text: &a.Code},
		{Name: "message", Text: &a.Message},
		{Name: "data", Text: &a.Data.Self, Inside: []wire.Field{
			{Name: "status", Text: &a.Data.Status},
			{Name: "message", Text: &a.Data.Message},
			{Name: "reference", Text: &a.Data.Reference},
		}},
	})
	return a, err == nil && (!a.Status.Absent() || !a.Success.Absent() || !a.Code.Absent())
}

// wentWell reports whether HTTP and the envelope agree that the call went well.
func (a *answer) wentWell(httpStatus int) bool {
	if httpStatus != http.StatusOK && httpStatus != http.StatusCreated || !a.Status.IsString("success") {
		return false
	}
	if !a.Success.Absent() && a.Success.S != "true" {
		return false
	}
	return a.Code.Absent() || a.Code.S == "200" || a.Code.S == "201"
}

// word is a state as the table lists it. The documents write the same states in
// small letters and with a capital. A number is none: it would be taken for a
// code of the envelope.
func word(t wire.Text) string {
	if t.Shape != wire.String || t.S == "" || t.S[0] < 'A' {
		return ""
	}
	return strings.ToLower(t.S)
}

// saysYes reports whether any mark of the envelope is that of a success, or
// cannot be read.
func (a *answer) saysYes() bool {
	for _, mark := range []wire.Text{a.Status, a.Success, a.Code} {
		switch mark.Shape {
		case wire.Twice, wire.Object, wire.Array:
			return true
		}
	}
	n, _ := a.Code.Int()
	return strings.EqualFold(a.Status.S, "success") || a.Success.S == "true" || n >= 200 && n < 300
}

// leavesOpen reports whether the answer to a failed call holds a word that
// leaves open what became of a refund: a 400 is documented for "already exists"
// as well, then an earlier request may have worked; a provider's time-out can
// hide a transfer that was made. Where such a word stands is not documented, so
// the whole body is searched.
func leavesOpen(body []byte) bool {
	body = bytes.ToLower(body)
	for _, text := range []string{"already exist", "provider_timeout", "transaction_pending", "trnasaction_pending"} {
		if bytes.Contains(body, []byte(text)) {
			return true
		}
	}
	return false
}

// record is the answer to a look-up: the envelope with a refund or a payment in
// it. What it tells about the payer is not read.
type record struct {
	answer
	Amount      wire.Text
	Currency    wire.Text
	Environment wire.Text
	Type        wire.Text

	Reason, SistersReason wire.Text
}

// decodeRecord reports whether body is Redstone's envelope.
func decodeRecord(body []byte) (r record, ok bool) {
	r.answer, ok = decode(body)
	if ok {
		var data wire.Text
		ok = wire.Read(body, []wire.Field{{Name: "data", Text: &data, Inside: []wire.Field{
			{Name: "amount", Text: &r.Amount},
			{Name: "currency", Text: &r.Currency},
			{Name: "environment", Text: &r.Environment},
			{Name: "type", Text: &r.Type},
			{Name: fieldReason, Text: &r.Reason},
			{Name: fieldSistersReason, Text: &r.SistersReason},
		}}}) == nil
	}
	return r, ok
}

// doubtsFailure reports whether an answer about a failed refund holds a word
// that leaves open whether the money went out all the same: a time-out counts as
// failed, and it can hide a transfer that was made. Where such a word stands is
// not documented, so the whole body is searched, as it came and with its escapes
// undone.
func doubtsFailure(body []byte) bool {
	var v any
	if json.Unmarshal(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")), &v) != nil {
		return true
	}
	undone, err := json.Marshal(v)
	if err != nil {
		return true
	}
	text := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(string(body) + string(undone)))
	for _, word := range []string{"timeout", "time_out", "timed_out", "timedout", "pending", "already_exist"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// finalReasons are those that the documents list.
var finalReasons = []string{"ABANDONED_TRANSACTION", "DECLINED_TRANSACTION", "INSUFFICIENT_FUNDS"}

// explainsFailure reports whether the fields for it give a reason that the documents
// list as final: the whole of a field, and nothing else in another one. What stands
// elsewhere in an answer may be anybody's text, such as a narration.
func explainsFailure(fields ...wire.Text) bool {
	given := ""
	for _, t := range fields {
		reason := strings.ToUpper(t.S)
		switch {
		case t.Absent(), t.IsString(""):
		case t.Shape != wire.String, !slices.Contains(finalReasons, reason), given != "" && given != reason:
			return false
		default:
			given = reason
		}
	}
	return given != ""
}

func (a *answer) text() string {
	for _, t := range []wire.Text{a.Message, a.Data.Message} {
		if t.Shape == wire.String && t.S != "" {
			return t.S
		}
	}
	return ""
}
