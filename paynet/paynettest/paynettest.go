// Package paynettest is a pretend Paynet: an HTTP server on loopback that takes refund requests as doc.paynet.com.tr
// describes them, keeps a ledger of what it accepted, lists it, and misbehaves on demand.
//
//	gw, err := paynettest.Start(paynettest.Config{})
//	...
//	defer gw.Close()
//	err = gw.AddPayment(pretend.Payment{ID: "xk_sale", Amount: money.MustParse("120.00 TRY")})
//
// It shares no code with the adapter, so that a misreading there is not repeated here. What the manual says is done as
// the manual says; where it is silent the comment says "assumed", and where the choice matters [Config] has a switch.
//
// # What it knows
//
//   - Refunds at [Path], look-ups at [ListPath] and [DetailPath], all by POST. The secret key stands behind "Basic " as it is,
//     without base64 and without a colon.
//   - The amount is text in hundredths: "1000" is 10.00. An amount that is absent, "0" or "" means the whole transaction,
//     and then the whole rest is really booked: a client that loses its amount on the way is seen in the ledger.
//   - Code 0 means that a request was taken, not that money moved: every booking is pending. [Gateway.Approve] and
//     [Gateway.Decline] decide, and Reverse takes an approval back; the list shows none of it. Each is posted to the
//     succeedUrl by Deliver.
//   - A sale of the same day, by the calendar of Istanbul, can only be cancelled whole.
package paynettest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

const (
	// DefaultSecretKey is the secret key where [Config] names none. It holds a slash and a plus, as real keys do, because
	// those are what an unwanted encoding damages.
	DefaultSecretKey = "sck_test_pretend_jECRyoZq0khnsV9elaF/SIBVvxQI+bIW"

	// Path is the one service that cancels, refunds and refunds in part.
	Path = "/v1/transaction/reversed_request"

	// ListPath lists refund requests, those of all sales, by day and in pages.
	ListPath = "/v1/transaction/reversal_list"

	// DetailPath shows a sale and whether it is reversed.
	DetailPath = "/v1/transaction/detail"
)

// Config says how the pretend gateway behaves. The zero value is a gateway that refuses by HTTP 200 and prints its code
// as a number, as the manual's sample does.
type Config struct {
	// SecretKey is the only key that is accepted; empty means [DefaultSecretKey].
	SecretKey string

	// RefuseAsHTTP400 answers refusals with HTTP 400 and the error object (type, message, code = 400, result_code = the
	// reason). Otherwise they come with HTTP 200 and the reason in code. The manual describes both forms and does not
	// say which one the refund service uses.
	RefuseAsHTTP400 bool

	// SameDayPartialCancels gives the whole rest back when a part of a sale of the same day is asked for: the dangerous
	// reading of "all amount will be cancelled". Otherwise such a request is refused.
	SameDayPartialCancels bool

	// CodeAsString prints code as "0", as the manual declares it, and not as 0, as the manual's sample shows it. It
	// concerns answers with HTTP 200; the error object keeps its numbers.
	CodeAsString bool

	// HideNewRefunds makes refund requests show late: each is left out of the first so many lists after it came.
	HideNewRefunds int

	// ListLimit is the most rows of a page, whatever the request says; 0 means 100. The manual names a default, 10, and no
	// maximum.
	ListLimit int

	// ListBySaleDate makes the list's days those of the sales. Otherwise they are those of the requests. The manual does
	// not say which.
	ListBySaleDate bool

	// ReversedByPart makes a sale reversed as soon as any refund of it is approved. Otherwise it is reversed when all of it
	// was given back. The manual does not say which.
	ReversedByPart bool

	// CallbackCodeAsNumber posts code as 0 or 1. Otherwise it is a string, as the manual declares it.
	CallbackCodeAsNumber bool

	// CallbackNamesSale posts the sale's number as xact_id. Otherwise it is the refund's, as the manual says; some of its
	// wording leaves that open.
	CallbackNamesSale bool

	// CallbackRetries is how often a callback that was not accepted is sent again. Nothing is known about that.
	CallbackRetries int

	// Now is the clock of the ledger and of the same-day rule; nil means [time.Now]. It must be safe for concurrent use and
	// must not call the gateway.
	Now func() time.Time

	// InMemory opens no socket: requests come by [pretend.Server.RoundTripper] only, and callbacks go to
	// [pretend.Server.HandTo].
	InMemory bool
}

// Gateway is a running pretend Paynet. It is safe for concurrent use. [Gateway.Close] ends it.
type Gateway struct {
	*pretend.Server
	secretKey string
}

// Start starts a pretend Paynet on loopback. It fails if the key could not travel in a header or no port can be had.
func Start(cfg Config) (*Gateway, error) {
	if cfg.SecretKey == "" {
		cfg.SecretKey = DefaultSecretKey
	}
	if !pretend.HeaderSafe(cfg.SecretKey) {
		// The key is left out of the text: it may be somebody's real one.
		return nil, errors.New("paynettest: SecretKey holds a space or a character that a header can't carry")
	}
	if cfg.ListLimit <= 0 {
		cfg.ListLimit = 100
	}
	d := desk{cfg: cfg, late: pretend.NewLate(cfg.HideNewRefunds)}
	s, err := pretend.Start(pretend.Options{
		Now: cfg.Now,
		Elsewhere: func(r pretend.Refund, l *pretend.Ledger) pretend.Refund {
			r.ID, r.Pending = l.NextID(refundPrefix), true // that it waits, too, is assumed
			return r
		},
		InMemory:  cfg.InMemory,
		Callbacks: pretend.Callbacks{Make: cfg.callback, Again: func(n int) (time.Duration, bool) { return 0, n <= cfg.CallbackRetries }},
		Routes: []pretend.Route{
			{Method: http.MethodPost, Path: Path, Money: true, Answer: d.answer},
			{Method: http.MethodPost, Path: ListPath, Answer: d.list},
			{Method: http.MethodPost, Path: DetailPath, Answer: d.detail},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("paynettest: %w", err)
	}
	return &Gateway{Server: s, secretKey: cfg.SecretKey}, nil
}

// SecretKey returns the key that the gateway accepts.
func (g *Gateway) SecretKey() string { return g.secretKey }

// Approve carries out a pending refund, named by its ID in the ledger.
func (g *Gateway) Approve(refundID string) error { return g.Decide(refundID, pretend.Approved) }

// Decline rejects a pending refund, named by its ID in the ledger. It stays in the list (assumed) and gives nothing back.
func (g *Gateway) Decline(refundID string) error { return g.Decide(refundID, pretend.Declined) }

// AddPayment adds a sale that can be refunded; a zero PaidAt makes it three days old. Besides what [pretend.Server]
// refuses it refuses an id that no request could name and a currency without hundredths, because the gateway counts in
// hundredths. The manual speaks of Turkish lira only.
func (g *Gateway) AddPayment(p pretend.Payment) error {
	if len(p.ID) > maxID {
		return fmt.Errorf("paynettest: payment id of %d bytes, longest is %d", len(p.ID), maxID)
	}
	if p.Amount.IsSet() && !hasHundredths(p.Amount.Currency()) {
		return fmt.Errorf("paynettest: %s has no hundredths", p.Amount.Currency())
	}
	return g.Server.AddPayment(p)
}

// Result codes of the manual's table. It gives names only; which of them the refund service returns for which refusal
// is assumed throughout.
const (
	codeSuccessful           = 0
	codeUnsuccessful         = 1  // assumed: more than the rest
	codeNoProcess            = 6  // assumed: nothing is left to give back
	codeUnauthorized         = 7  // assumed: in the error object of an HTTP 401
	codeServerError          = 8  // the pretend gateway itself is at a loss
	codeBadRequest           = 11 // assumed: the request is not as described
	codeNoData               = 12 // assumed: no such transaction
	codeWrongTransactionType = 19 // assumed: a part of a sale of the same day
)

var codeNames = map[int]string{
	codeUnsuccessful: "unsuccessful", codeNoProcess: "noprocess", codeUnauthorized: "unauthorized",
	codeServerError: "servererror", codeBadRequest: "badrequest", codeNoData: "nodata",
	codeWrongTransactionType: "wrongtransactiontype",
}

const (
	objectName = "transaction_reversed_request"
	succeeded  = "Başarılı İşlem"
	maxID      = 100 // bytes; the limit is printed in an older edition of the manual
)

// istanbul is fixed because Turkey has had no summer time since 2016, and a machine may lack the zone's file.
var istanbul = time.FixedZone("TRT", 3*60*60)

// digits is text that means an amount: nothing that could be read in two ways. A leading zero is refused (assumed).
var digits = regexp.MustCompile(`^[1-9][0-9]*$`)

// desk judges requests. All that changes is in the ledger, whose lock is held around each answer, and in late, which that
// lock guards too.
type desk struct {
	cfg  Config
	late *pretend.Late
}

// order is what a request asks for.
type order struct {
	xactID      string
	amount      string // digits; empty: the whole transaction
	callbackURL string
}

func (d desk) answer(r pretend.Request, l *pretend.Ledger) pretend.Answer {
	if a, ok := d.gate(r); !ok {
		return a
	}
	o, err := parseOrder(r.Body)
	if err != nil {
		return d.refuse(codeBadRequest)
	}
	return d.judge(o, l)
}

// gate is what each service checks first. If it does not let the request in, it returns the answer.
func (d desk) gate(r pretend.Request) (pretend.Answer, bool) {
	switch {
	case !d.authorized(r.Header):
		return errorObject(http.StatusUnauthorized, codeUnauthorized), false
	case !pretend.IsJSON(r.Header):
		return d.refuse(codeBadRequest), false
	}
	return pretend.Answer{}, true
}

// authorized compares the header byte for byte. Whether the real gateway also takes base64 forms, which some public
// clients send, is unknown; here they are refused (assumed), so that a client's test does not depend on them.
func (d desk) authorized(h http.Header) bool {
	got := h.Values("Authorization")
	return len(got) == 1 && got[0] == "Basic "+d.cfg.SecretKey
}

func (d desk) judge(o order, l *pretend.Ledger) pretend.Answer {
	payment, ok := l.Payment(o.xactID)
	if !ok || !hasHundredths(payment.Amount.Currency()) {
		return d.refuse(codeNoData)
	}
	rest, err := payment.Amount.Sub(l.Refunded(o.xactID))
	if err != nil {
		return errorObject(http.StatusInternalServerError, codeServerError)
	}
	if !rest.IsPositive() {
		return d.refuse(codeNoProcess)
	}
	give, whole := rest, true
	if o.amount != "" {
		asked, err := strconv.ParseInt(o.amount, 10, 64)
		if err != nil || asked > rest.Minor() { // digits that overflow are more than any rest
			return d.refuse(codeUnsuccessful)
		}
		if give, err = money.FromMinor(asked, rest.Currency()); err != nil {
			return errorObject(http.StatusInternalServerError, codeServerError)
		}
		whole = give == payment.Amount
	}
	if sameDay(payment.PaidAt, l.Now()) {
		// The whole amount in digits is not a part, so it cancels (assumed).
		if give != rest && !d.cfg.SameDayPartialCancels {
			return d.refuse(codeWrongTransactionType)
		}
		give, whole = rest, true
	}
	a := d.reply(codeSuccessful, succeeded)
	a.Booking = &pretend.Refund{
		ID:          l.NextID(refundPrefix),
		PaymentID:   o.xactID,
		Amount:      give,
		Full:        whole,
		CallbackURL: o.callbackURL,
		Pending:     true,
	}
	return a
}

// refuse says no in the form that Config chose. The message is the code's name, since the manual prints no texts (assumed).
func (d desk) refuse(code int) pretend.Answer {
	if d.cfg.RefuseAsHTTP400 {
		return errorObject(http.StatusBadRequest, code)
	}
	return d.reply(code, codeNames[code])
}

// code is a code as answers with HTTP 200 print it.
func (d desk) code(code int) any {
	if d.cfg.CodeAsString {
		return strconv.Itoa(code)
	}
	return code
}

// reply is the body of HTTP 200. Only code decides, so object_name and message drift.
func (d desk) reply(code int, message string) pretend.Answer {
	c := d.code(code)
	return pretend.Answer{
		Status: http.StatusOK,
		Body: encode(struct {
			ObjectName string `json:"object_name"`
			Message    string `json:"message"`
			Code       any    `json:"code"`
		}{objectName, message, c}),
		Drifted: encode(map[string]any{
			"object_name": nil,
			"message":     map[string]any{"tr": message, "id": 17},
			"code":        c,
			"version":     2,
		}),
	}
}

// errorObject is the body of every other HTTP status, in which code repeats that status and result_code is the reason.
// The values of type stand in a table that was not available; the one used here is assumed.
func errorObject(status, code int) pretend.Answer {
	return pretend.Answer{
		Status: status,
		Body: encode(struct {
			Type       string `json:"type"`
			Message    string `json:"message"`
			Code       int    `json:"code"`
			ResultCode int    `json:"result_code"`
		}{"request_error", codeNames[code], status, code}),
		Drifted: encode(map[string]any{
			"type":        4,
			"message":     map[string]any{"tr": codeNames[code]},
			"code":        status,
			"result_code": code,
		}),
	}
}

// encode can't fail for the plain values given to it; null would still be an answer that nobody takes for success.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("null")
	}
	return b
}

// parseOrder reads the body. A member that the manual does not list is refused (assumed), since "succeed_url" or "Amount"
// ignored in silence would hide a client's mistake; so is a member given twice (assumed).
func parseOrder(body []byte) (order, error) {
	m, err := pretend.Members(body)
	if err != nil {
		return order{}, err
	}
	var o order
	for name, raw := range m {
		switch name {
		case "xact_id":
			o.xactID, err = text(raw)
		case "amount":
			o.amount, err = amountText(raw)
		case "succeedUrl":
			o.callbackURL, err = optionalText(raw)
		default:
			err = errors.New("not a member of this request")
		}
		if err != nil {
			return order{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	if o.xactID == "" || len(o.xactID) > maxID {
		return order{}, errors.New("xact_id: missing or too long")
	}
	return o, nil
}

// amountText returns the digits of an amount, or "" for the whole transaction: documented for "0", assumed for "" and
// null, which are what a client most likely sends when it has lost its amount. A number is refused (assumed).
func amountText(raw json.RawMessage) (string, error) {
	s, err := optionalText(raw)
	switch {
	case err != nil:
		return "", err
	case s == "" || s == "0":
		return "", nil
	case !digits.MatchString(s):
		return "", errors.New("not an amount in hundredths")
	}
	return s, nil
}

func optionalText(raw json.RawMessage) (string, error) {
	if string(raw) == "null" {
		return "", nil
	}
	return text(raw)
}

func text(raw json.RawMessage) (string, error) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", errors.New("not a string")
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}

func sameDay(a, b time.Time) bool {
	ay, am, ad := a.In(istanbul).Date()
	by, bm, bd := b.In(istanbul).Date()
	return ay == by && am == bm && ad == bd
}

// hasHundredths is true for a currency whose minor unit is the hundredth, so that minor units are what the gateway counts.
func hasHundredths(currency string) bool {
	one, err := money.FromMinor(100, currency)
	return err == nil && one.Number() == "1.00"
}
