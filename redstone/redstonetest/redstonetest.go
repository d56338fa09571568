// Package redstonetest is a pretend Redstone gateway: it answers refund calls and look-ups as the documents of Redstone Payment
// Gateway Services say, sends callbacks, keeps a ledger, and goes wrong on demand. It shares no code with package redstone, so that
// the two can disagree.
//
//	gateway, err := redstonetest.Start(redstonetest.Config{})
//	if err != nil { … }
//	defer gateway.Close()
//	err = gateway.AddPayment(pretend.Payment{ID: "PY_c77f7bff21514bdf9dfe9f1b2", Amount: money.MustParse("100.00 ZMW")})
//
// It is as strict as the documents allow. Where they are silent it refuses, and the comment on that rule says "assumed":
// a client should not depend on leniency that nobody promised.
package redstonetest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

// The keys that requests must carry if Config leaves them empty. They belong to no account.
const (
	DefaultSecretKey = "redSec_test_pretend0000000000000000" // DefaultSecretKey is the secret-key header
	DefaultPublicKey = "redPub_test_pretend0000000000000000" // DefaultPublicKey is the public-key header
)

const path = "/v1/payment/refunds/process"

// Config says what kind of Redstone gateway to pretend. Its zero value is the gateway as documented.
type Config struct {
	SecretKey      string // DefaultSecretKey if empty
	PublicKey      string // DefaultPublicKey if empty
	EmptyReference bool   // answer with an empty data.reference, as the documents' sample does
	RefundType     string // data.type in look-ups of refunds; no document shows one, "refund" if empty (assumed)
	FailureReason  string // why a declined refund failed; "DECLINED_TRANSACTION" if empty
	HideNewRefunds int    // so many look-ups do not show a refund yet, each of those that would have
	Inconclusive   bool   // look-ups of refunds answer as if they were asked about the payment
	ListRefunds    bool   // show refunds in look-ups of payments, as a sister product does

	// What callbacks look like is not documented: all of it is assumed. They go to the refund's webhook_url.
	PendingCallbacks bool   // send one when a refund is booked, too
	FlatCallbacks    bool   // post the data alone, without the envelope around it
	CallbackRetries  int    // how often one that was not accepted is sent again, at once
	WebhookSecret    string // signs them with HMAC-SHA256 over the body; needs WebhookHeader
	WebhookHeader    string // the header for the signature
	WebhookBase64    bool   // write the signature in base64 and not in hexadecimal

	Now      func() time.Time // nil means time.Now; must be safe for concurrent use
	InMemory bool             // opens no socket: requests come by RoundTripper only, and callbacks go to HandTo
}

// Gateway is a pretend Redstone gateway at work. All its methods are safe for concurrent use.
type Gateway struct {
	*pretend.Server
	cfg   Config
	drift int // guarded by the ledger's lock, as late: only answers use them
	late  *pretend.Late
}

// Start begins to serve on a free port of 127.0.0.1. The caller must Close the gateway.
func Start(cfg Config) (*Gateway, error) {
	if cfg.SecretKey == "" {
		cfg.SecretKey = DefaultSecretKey
	}
	if cfg.PublicKey == "" {
		cfg.PublicKey = DefaultPublicKey
	}
	if cfg.RefundType == "" {
		cfg.RefundType = "refund"
	}
	if cfg.FailureReason == "" {
		cfg.FailureReason = "DECLINED_TRANSACTION"
	}
	if (cfg.WebhookSecret == "") != (cfg.WebhookHeader == "") {
		return nil, errors.New("redstonetest: WebhookSecret and WebhookHeader are needed both, or none")
	}
	g := &Gateway{cfg: cfg, late: pretend.NewLate(cfg.HideNewRefunds)}
	server, err := pretend.Start(pretend.Options{
		Routes: []pretend.Route{
			{Method: http.MethodPost, Path: path, Money: true, Answer: g.refund},
			{Method: http.MethodGet, Path: checkPath, Answer: g.check},
			{Method: http.MethodGet, Path: paymentPath, Answer: g.payment},
		},
		Callbacks: pretend.Callbacks{
			Make:  g.callback,
			Again: func(n int) (time.Duration, bool) { return 0, n <= cfg.CallbackRetries },
		},
		Elsewhere: func(r pretend.Refund, l *pretend.Ledger) pretend.Refund {
			r.ID, r.Pending = nextReference(l), true // that it waits, too, is assumed
			return r
		},
		Now:      cfg.Now,
		InMemory: cfg.InMemory,
	})
	if err != nil {
		return nil, fmt.Errorf("redstonetest: %w", err)
	}
	g.Server = server
	return g, nil
}

// SecretKey returns the secret-key header that requests must have.
func (g *Gateway) SecretKey() string {
	return g.cfg.SecretKey
}

// PublicKey returns the public-key header that requests must have.
func (g *Gateway) PublicKey() string {
	return g.cfg.PublicKey
}

// refund answers a refund call. Which of two mistakes is named first is assumed, except that keys come before all else.
func (g *Gateway) refund(r pretend.Request, l *pretend.Ledger) pretend.Answer {
	if !g.knows(r.Header) {
		return unauthorised()
	}
	// The documents speak of raw JSON data; that the header is insisted on is assumed.
	if !pretend.IsJSON(r.Header) {
		return failure(http.StatusBadRequest, "content type must be application/json")
	}
	fields, err := pretend.Members(r.Body)
	if err != nil {
		return failure(http.StatusBadRequest, "invalid request body")
	}
	texts, err := check(fields)
	if err != nil {
		return failure(http.StatusBadRequest, err.Error())
	}

	payment, ok := l.Payment(texts["payment_reference"])
	if !ok {
		return failure(http.StatusNotFound, "payment not found")
	}
	currency := payment.Amount.Currency()
	if given, ok := texts["currency"]; ok && given != currency {
		return failure(http.StatusBadRequest, "currency does not match the payment") // assumed
	}
	// Major units (inferred from the samples' 0.1 and 1).
	amount, err := money.New(string(fields["amount"]), currency)
	if err != nil || !amount.IsPositive() {
		return failure(http.StatusBadRequest, "invalid amount")
	}
	rest, err := payment.Amount.Sub(l.Refunded(payment.ID))
	if err != nil {
		return failure(http.StatusBadRequest, "invalid amount")
	}
	if !rest.IsPositive() {
		return failure(http.StatusBadRequest, "payment has been fully refunded") // status and text assumed
	}
	if over, err := amount.Cmp(rest); err != nil || over > 0 {
		// The documents forbid more than the payment; that earlier refunds count, and the answer's text, are assumed.
		return failure(http.StatusBadRequest, "amount exceeds the refundable amount of the payment")
	}

	reference := nextReference(l)
	shown := reference
	if g.cfg.EmptyReference {
		shown = ""
	}
	g.drift++
	return pretend.Answer{
		Body: fmt.Appendf(nil, `{"status":"success","code":200,"message":"refund queued successfully",`+
			`"data":{"status":"pending","message":"refund queued successfully","reference":%q}}`, shown),
		Drifted: drifted(g.drift, shown),
		Booking: &pretend.Refund{
			ID:          reference,
			PaymentID:   payment.ID,
			Amount:      amount,
			Full:        amount == payment.Amount,
			Reason:      texts["reason"],
			CallbackURL: texts["webhook_url"],
			Pending:     true,
		},
	}
}

// nextReference names a refund. Payments and payouts have references of this form; for refunds it is assumed.
func nextReference(l *pretend.Ledger) string {
	sum := sha256.Sum256([]byte(l.NextID("refund-")))
	return "PY_" + hex.EncodeToString(sum[:])[:25]
}

// knows tells whether both keys are right.
func (g *Gateway) knows(h http.Header) bool {
	return is(h, "secret-key", g.cfg.SecretKey) && is(h, "public-key", g.cfg.PublicKey)
}

func unauthorised() pretend.Answer {
	return failure(http.StatusUnauthorized, "invalid secret-key or public-key")
}

// failure is the envelope of a call that failed. Redstone publishes none; this form is a sister product's (assumed), and agrees
// with what Redstone's dashboard reads.
func failure(status int, message string) pretend.Answer {
	return pretend.Answer{
		Status: status,
		Body:   fmt.Appendf(nil, `{"status":"error","code":%d,"message":%q,"data":null}`, status, message),
	}
}

// drifted returns a success whose marks stand (HTTP 200, status, code and data.status) while the rest changes type, each time in
// another way.
func drifted(n int, reference string) []byte {
	bodies := []string{
		`{"status":"success","code":200,"message":200,"data":{"status":"pending","message":null,"reference":12345}}`,
		`{"status":"success","code":200,"message":{"en":"refund queued"},"data":{"status":"pending","message":["refund queued"],"reference":null}}`,
		`{"status":"success","code":200,"data":{"status":"pending"}}`,
		`{"status":"success","code":200,"message":null,"data":{"status":"pending","message":1,"reference":{"id":"` + reference + `"}}}`,
	}
	return []byte(bodies[(n-1)%len(bodies)])
}

// is tells whether the header is there once, with exactly this value. A second one is refused (assumed).
func is(h http.Header, name, value string) bool {
	values := h.Values(name)
	return len(values) == 1 && values[0] == value
}

// check returns the members that are strings. It refuses members that the documents don't know, and others than strings. An
// empty webhook_url and an empty email, which the two samples show, count as absent. Other empty ones are refused (assumed), so
// that a client which sends its unset fields is caught: what the real gateway makes of an empty momo_phone_number nobody knows.
func check(fields map[string]json.RawMessage) (map[string]string, error) {
	if _, ok := fields["amount"]; !ok {
		return nil, errors.New("amount is required")
	}
	if _, ok := fields["payment_reference"]; !ok {
		return nil, errors.New("payment_reference is required")
	}
	texts := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(fields)) { // in order, so that the same body gets the same answer
		value := fields[name]
		switch name {
		case "amount":
			if !plainNumber(string(value)) {
				return nil, errors.New("amount must be a positive number with at most two decimals")
			}
		case "payment_reference", "reason", "webhook_url", "country", "currency", "narration", "transfer_to", "email",
			"momo_phone_number":
			var text *string
			err := json.Unmarshal(value, &text)
			switch {
			case err == nil && text != nil && *text != "":
				texts[name] = *text
			case err == nil && text != nil && (name == "webhook_url" || name == "email"):
			default:
				return nil, errors.New(name + " must be a string that is not empty")
			}
		default:
			return nil, errors.New("unknown field") // its name is the client's text, so it is not repeated
		}
	}
	return texts, nil
}

// plainNumber accepts a positive JSON number without exponent and with at most two decimals (what more the real gateway takes
// is unknown). Quotes, null and a sign don't pass.
func plainNumber(number string) bool {
	whole, part, pointed := strings.Cut(number, ".")
	if !digits(whole) || pointed && (!digits(part) || len(part) > 2) {
		return false
	}
	return strings.Trim(whole+part, "0") != ""
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
