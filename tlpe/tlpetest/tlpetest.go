// Package tlpetest is a pretend TLPE (AltPayNet): an HTTP server on loopback that takes refund requests as
// developers.tlpe.io describes them, keeps a ledger of what it accepted, reports on payments, and misbehaves on demand.
//
//	gw, err := tlpetest.Start(tlpetest.Config{})
//	...
//	defer gw.Close()
//	err = gw.AddPayment(pretend.Payment{ID: "TRX-10001", Amount: money.MustParse("25.00 PHP")})
//
// It shares no code with the adapter, so that a misreading there is not repeated here. What the documents say is done as
// they say; where they are silent the comment says "assumed", and where the choice matters [Config] has a switch.
//
// # What it knows
//
//   - Refunds at [Path] by POST, look-ups below [ReportPath] by GET. The token stands in the Authorization header alone,
//     without "Bearer".
//   - There is no type of refund and no currency in the request: an amount makes it partial, no amount makes it full, and
//     the payment's own currency says how many decimals the amount may have.
//   - A refund that is refused comes as HTTP 200, status 200 and "Request processed successfully"; only data.status_code
//     tells the truth.
//   - A report shows one code for the payment and no refunds. That the code turns to the latest refund's is assumed.
//   - There is no /sync, the look-up that can write to the customer.
//
// # What it posts
//
// With [Config.CallbackURL] each refund is notified once, by {"payload": a JWT}, with the integrator's token in the
// Authorization header, as the documents call it: see [pretend.Server.Deliver]. The JWT is signed
// with HS256 under the text of [Config.WebhookSecret] and good for 48 hours, as in the documents' sample, and its jti is
// a new one each time. That refunds are notified at all is taken from public client code; whose amount is told is not known,
// and [Config.NotifiesPaid] switches it. [Gateway.PaymentCallback] makes a genuine notification of something else, and
// [Gateway.Forgeries] what a merchant must not believe.
package tlpetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

const (
	// DefaultToken is the integrator's token where [Config] names none. It looks like base64 of a key, as real tokens do,
	// and holds the characters that an unwanted encoding damages.
	DefaultToken = "tlpe-test-token-MIIBIjANBg+/="

	// Path is the refund service.
	Path = "/refund"

	// ReportPath is followed by a payment's id: the look-up.
	ReportPath = "/report/"
)

// Config says how the pretend gateway behaves.
type Config struct {
	// Token is the only token that is accepted; empty means [DefaultToken].
	Token string

	// ForbidIP answers every request as from an address that is not on the allow list: 401, whatever the token.
	ForbidIP bool

	// FullAfterPartial lets a full refund give back what earlier partial ones left. Otherwise it is refused. The documents
	// don't say which of the two happens.
	FullAfterPartial bool

	// HideNewRefunds makes refunds show late: the first so many reports on a payment after a refund are as if it had not been
	// made.
	HideNewRefunds int

	// ReportsPaid makes every report say OK.00.00, whatever was refunded. The documents don't say whether the code turns.
	ReportsPaid bool

	// CallbackURL is where refunds are notified, on loopback; empty: nowhere. It is set at onboarding (documented).
	CallbackURL string

	// WebhookSecret signs the notifications by its text; empty means [DefaultWebhookSecret].
	WebhookSecret string

	// CamelCase makes notifications say statusCode instead of status_code. Public clients read either.
	CamelCase bool

	// NotifiesPaid makes a refund's notification show the payment's amount instead of the refund's. Nobody says which it is.
	NotifiesPaid bool

	// Now is the clock of the ledger and of the answers' timestamp; nil means [time.Now]. It must be safe for concurrent use
	// and must not call the gateway.
	Now func() time.Time

	// InMemory opens no socket: requests come by [pretend.Server.RoundTripper] only, and callbacks go to
	// [pretend.Server.HandTo].
	InMemory bool
}

// Gateway is a running pretend TLPE. It is safe for concurrent use. [Gateway.Close] ends it.
type Gateway struct {
	*pretend.Server
	token string
	desk  desk
	told  atomic.Int64 // notifications of payments
}

// Start starts a pretend TLPE on loopback. It fails if the token could not travel in a header or no port can be had.
func Start(cfg Config) (*Gateway, error) {
	if cfg.Token == "" {
		cfg.Token = DefaultToken
	}
	if !pretend.HeaderSafe(cfg.Token) {
		// The token is left out of the text: it may be somebody's real one.
		return nil, errors.New("tlpetest: Token holds a space or a character that a header can't carry")
	}
	if cfg.WebhookSecret == "" {
		cfg.WebhookSecret = DefaultWebhookSecret
	}
	d := desk{cfg: cfg, late: pretend.NewLate(cfg.HideNewRefunds)}
	s, err := pretend.Start(pretend.Options{
		Now:       cfg.Now,
		InMemory:  cfg.InMemory,
		Callbacks: pretend.Callbacks{Make: d.callback},
		Elsewhere: func(r pretend.Refund, l *pretend.Ledger) pretend.Refund {
			r.ID = l.NextID(refundPrefix)
			return r
		},
		Routes: []pretend.Route{
			{Method: http.MethodPost, Path: Path, Money: true, Answer: d.answer},
			{Method: http.MethodGet, Path: ReportPath, Answer: d.report},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("tlpetest: %w", err)
	}
	return &Gateway{Server: s, token: cfg.Token, desk: d}, nil
}

// Token returns the token that the gateway accepts.
func (g *Gateway) Token() string { return g.token }

// MerchantReferenceID returns the merchant's own reference of a payment, which reports and notifications show:
// "INV-TRX-10001" for TRX-10001.
func (g *Gateway) MerchantReferenceID(paymentID string) string { return referencePrefix + paymentID }

// The documents' own codes and texts.
const (
	codePaid    = "OK.00.00"
	codeFull    = "OK.02.00"
	codePartial = "OK.04.00"
	codeInvalid = "ER.02.30"
	codeUnable  = "ER.20.20"

	textPaid    = "Payment successful"
	textFull    = "Full refund successful"
	textPartial = "Partial refund successful"
	textInvalid = "Invalid client request due to invalid parameters"
	textUnable  = "Unable to process client request due to '%s'" // a reason in quotes; only the first one is documented

	reasonRefunded = "Transaction is already refunded"
	reasonTooMuch  = "Amount exceeds available refundable amount" // assumed
	reasonPartly   = "Transaction is already partially refunded"  // assumed

	messageOK = "Request processed successfully"

	refundPrefix    = "refund-" // of ids in the ledger: the documents name no refund's id
	referencePrefix = "INV-"    // as in the report's sample

	timeLayout   = "2006-01-02T15:04:05.000-0700"
	reportLayout = "2006-01-02 15:04:05.0"
)

// plainAmount is an amount that can be read in one way only: no sign, exponent, separator, space, or bare point.
var plainAmount = regexp.MustCompile(`^(0|[1-9][0-9]*)(\.[0-9]+)?$`)

// desk judges requests. All that changes is in the ledger, whose lock is held around each answer, and in late, which that
// lock guards too.
type desk struct {
	cfg  Config
	late *pretend.Late
}

// order is what a request asks for.
type order struct {
	transactionID string
	reason        string
	amount        string // plain decimal; empty: the whole payment
}

func (d desk) answer(r pretend.Request, l *pretend.Ledger) pretend.Answer {
	if status := d.gate(r.Header); status != http.StatusOK {
		return front(l.Now(), Path, status)
	}
	if len(r.Header.Values("Content-Type")) > 0 && !pretend.IsJSON(r.Header) { // optional, JSON by default (documented)
		return front(l.Now(), Path, http.StatusBadRequest) // assumed
	}
	m, err := pretend.Members(r.Body)
	if err != nil {
		return front(l.Now(), Path, http.StatusBadRequest)
	}
	o, err := parseOrder(m)
	if err != nil {
		return unprocessable(l.Now())
	}
	return d.judge(o, l)
}

// gate is the part in front of the service. The documents give 401 for a bad header or a strange address, and 403 for a
// bad token. That "Bearer " makes it a bad token and not a bad header is assumed.
func (d desk) gate(h http.Header) int {
	got := h.Values("Authorization")
	switch {
	case d.cfg.ForbidIP, len(got) != 1, got[0] == "":
		return http.StatusUnauthorized
	case got[0] != d.cfg.Token:
		return http.StatusForbidden
	}
	return http.StatusOK
}

func (d desk) judge(o order, l *pretend.Ledger) pretend.Answer {
	now := l.Now()
	payment, ok := l.Payment(o.transactionID)
	if !ok {
		// The documents show this body under HTTP 200, but with the path of the look-up.
		return envelope(now, Path, http.StatusOK, http.StatusNotFound, "Not found", data{Code: codeInvalid, Text: textInvalid})
	}
	var asked money.Amount
	if o.amount != "" {
		if decimals(o.amount) > decimals(payment.Amount.Number()) {
			return unprocessable(now)
		}
		var err error
		if asked, err = money.New(o.amount, payment.Amount.Currency()); err != nil {
			return unable(now, reasonTooMuch) // all that is left to go wrong is a number beyond what an amount can hold
		}
	}
	refunded := l.Refunded(o.transactionID)
	rest, err := payment.Amount.Sub(refunded)
	if err != nil {
		return front(now, Path, http.StatusInternalServerError)
	}
	if !rest.IsPositive() {
		return unable(now, reasonRefunded)
	}
	give, full, code, text := rest, true, codeFull, textFull
	if o.amount != "" {
		c, err := asked.Cmp(rest)
		switch {
		case err != nil:
			return front(now, Path, http.StatusInternalServerError)
		case c > 0:
			return unable(now, reasonTooMuch)
		}
		// The whole amount, when named, is still answered as partial (assumed).
		give, full, code, text = asked, asked == payment.Amount, codePartial, textPartial
	} else if refunded.IsPositive() && !d.cfg.FullAfterPartial {
		return unable(now, reasonPartly)
	}
	a := envelope(now, Path, http.StatusOK, http.StatusOK, messageOK, data{ID: o.transactionID, Code: code, Text: text})
	a.Booking = &pretend.Refund{
		ID:        l.NextID(refundPrefix),
		PaymentID: o.transactionID,
		Amount:    give,
		Full:      full,
		Reason:    o.reason,
	}
	return a
}

// report answers a look-up: the payment, and one code for the state that it is in. That code after a refund is assumed to be
// the refund's, as it stands in notifications.
func (d desk) report(r pretend.Request, l *pretend.Ledger) pretend.Answer {
	now := l.Now()
	if status := d.gate(r.Header); status != http.StatusOK {
		return front(now, r.Path, status)
	}
	id := strings.TrimPrefix(r.Path, ReportPath)
	payment, ok := l.Payment(id)
	if !ok {
		// The documents print this body under HTTP 200.
		return envelope(now, r.Path, http.StatusOK, http.StatusNotFound, "Not found", data{Code: codeInvalid, Text: textInvalid})
	}
	code, text, at := codePaid, textPaid, payment.PaidAt
	if latest, ok := d.latest(l.Newest(id)); ok && !d.cfg.ReportsPaid {
		at = latest.At
		if code, text = codePartial, textPartial; latest.Full {
			code, text = codeFull, textFull
		}
	}
	return pretend.Answer{Body: encode(map[string]any{
		"customer_ip_address": "0.0.0.0",
		"customer": map[string]any{
			"first_name": "John", "last_name": "Doe",
			"billing_address": map[string]any{}, "shipping_address": map[string]any{}, "contact": map[string]any{},
		},
		"payment": map[string]any{
			"description": "Payment for a product",
			"amount":      payment.Amount.Number(), // the paid one; what it is after a refund is assumed
			"currency":    payment.Amount.Currency(),
			"option":      "GCash", "merchant_reference_id": referencePrefix + id, "other_references": []string{"string", "string"},
		},
		"result": map[string]any{
			"status_code": code, "processor_reference_id": "ABC123456", "descriptor": "descriptor", "message": text,
			"timestamp": at.UTC().Format(reportLayout),
		},
		"custom_parameters": map[string]any{"parameter_name": "value"},
		"transaction_id":    id,
	})}
}

// latest is the latest refund that a report shows. That one which came back leaves no trace is assumed.
func (d desk) latest(refunds iter.Seq[pretend.Refund]) (pretend.Refund, bool) {
	for r := range refunds {
		if r.State != pretend.Reversed && d.late.Look(r.ID) {
			return r, true
		}
	}
	return pretend.Refund{}, false
}

func decimals(number string) int {
	_, after, _ := strings.Cut(number, ".")
	return len(after)
}

type data struct {
	ID   string `json:"transaction_id,omitempty"` // absent in the documented errors
	Code string `json:"status_code"`
	Text string `json:"status_description"`
}

func unable(now time.Time, reason string) pretend.Answer {
	return envelope(now, Path, http.StatusOK, http.StatusOK, messageOK, data{Code: codeUnable, Text: fmt.Sprintf(textUnable, reason)})
}

// unprocessable is the answer to values that can't be right. HTTP 422 is documented for them; the body is assumed.
func unprocessable(now time.Time) pretend.Answer {
	return envelope(now, Path, http.StatusUnprocessableEntity, http.StatusUnprocessableEntity,
		http.StatusText(http.StatusUnprocessableEntity), data{Code: codeInvalid, Text: textInvalid})
}

// envelope is the body of every answer of the service itself. In its drifted form status is a string, as the documents
// declare it (their samples print a number), status and status_code keep their values, and the rest changes type or is gone.
func envelope(now time.Time, path string, httpStatus, status int, message string, d data) pretend.Answer {
	drifted := map[string]any{
		"timestamp": now.UnixMilli(),
		"status":    strconv.Itoa(status),
		"message":   map[string]any{"en": message},
		// path is missing
		"data": map[string]any{
			"transaction_id":     nil,
			"status_code":        d.Code,
			"status_description": []any{d.Text, 1},
		},
		"version": 2,
	}
	return pretend.Answer{
		Status: httpStatus,
		Body: encode(struct {
			Timestamp string `json:"timestamp"`
			Status    int    `json:"status"`
			Message   string `json:"message"`
			Path      string `json:"path"`
			Data      data   `json:"data"`
		}{timestamp(now), status, message, path, d}),
		Drifted: encode(drifted),
	}
}

// front is an answer of what stands before the service: the HTTP statuses are documented, their body is assumed.
func front(now time.Time, path string, status int) pretend.Answer {
	return pretend.Answer{
		Status: status,
		Body: encode(struct {
			Timestamp string `json:"timestamp"`
			Status    int    `json:"status"`
			Error     string `json:"error"`
			Path      string `json:"path"`
		}{timestamp(now), status, http.StatusText(status), path}),
		Drifted: encode(map[string]any{
			"timestamp": now.UnixMilli(),
			"status":    strconv.Itoa(status),
			"error":     nil,
		}),
	}
}

func timestamp(t time.Time) string { return t.UTC().Format(timeLayout) }

// encode can't fail for the plain values given to it; null would still be an answer that nobody takes for success.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("null")
	}
	return b
}

// parseOrder checks the values. A member that the documents don't list is refused (assumed), since "Amount" ignored in
// silence would turn a partial refund into a full one.
func parseOrder(m map[string]json.RawMessage) (order, error) {
	var o order
	var notify bool
	var err error
	for name, raw := range m {
		switch name {
		case "transaction_id":
			o.transactionID, err = text(raw)
		case "notify_user":
			notify, err = true, checkNotify(raw)
		case "reason":
			o.reason, err = text(raw)
		case "amount":
			o.amount, err = amountText(raw)
		default:
			err = errors.New("not a member of this request")
		}
		if err != nil {
			return order{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	switch {
	case o.transactionID == "":
		return order{}, errors.New("transaction_id: missing")
	case !notify:
		return order{}, errors.New("notify_user: missing")
	case strings.TrimSpace(o.reason) == "": // that blank is refused is assumed
		return order{}, errors.New("reason: missing")
	}
	return o, nil
}

// checkNotify takes what the samples show: the strings and, in one of them, the bare boolean.
func checkNotify(raw json.RawMessage) error {
	switch string(raw) {
	case "true", "false":
		return nil
	}
	s, err := text(raw)
	if err == nil && s != "true" && s != "false" {
		err = errors.New("neither true nor false")
	}
	return err
}

// amountText returns the digits of an amount, which may come as the string that the schema declares or as the number that
// the sample shows; a number's own text is kept, so that 1e2 is seen. Zero, empty and null are refused and never mean the
// whole payment (assumed).
func amountText(raw json.RawMessage) (string, error) {
	s := string(raw)
	if strings.HasPrefix(s, `"`) {
		var err error
		if s, err = text(raw); err != nil {
			return "", err
		}
	}
	switch {
	case !plainAmount.MatchString(s):
		return "", errors.New("not a plain amount")
	case strings.Trim(s, "0.") == "":
		return "", errors.New("zero")
	}
	return s, nil
}

func text(raw json.RawMessage) (string, error) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", errors.New("not a string")
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}
