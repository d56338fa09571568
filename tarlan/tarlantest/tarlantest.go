// Package tarlantest is a pretend Tarlan gateway: it answers refund calls and look-ups and sends callbacks as the documents of Tarlan
// Payments say, keeps a ledger, and goes wrong on demand. It shares no code with package tarlan, so that the two can disagree.
//
//	gateway, err := tarlantest.Start(tarlantest.Config{})
//	if err != nil { … }
//	defer gateway.Close()
//	err = gateway.AddPayment(pretend.Payment{ID: "999", Amount: money.MustParse("100.00 KZT")})
//
// It is as strict as the documents allow. Where they are silent it refuses, and the comment on that rule says "assumed":
// a client should not depend on leniency that nobody promised.
package tarlantest

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

// DefaultSecret signs requests if Config.Secret is empty.
const DefaultSecret = "tarlan-test-secret"

// What look-ups must ask for if Config leaves it empty.
const (
	DefaultMerchantID = 1  // DefaultMerchantID is the merchant_id
	DefaultProjectID  = 42 // DefaultProjectID is the project_id
)

// The paths of the refund call. They differ by more than the host, which is easily missed.
const (
	productionPath = "/refund/api/v1/system/refund/partial"
	sandboxPath    = "/transaction/api/v1/system/refund/partial"
)

// refundPrefix is of ids for the ledger only: Tarlan gives its refunds none.
const refundPrefix = "refund-"

// Config says what kind of Tarlan gateway to pretend. Its zero value is the production gateway as documented.
type Config struct {
	Secret           string           // signs the requests; DefaultSecret if empty
	Sandbox          bool             // serve the sandbox's path only, instead of production's only
	Fractions        bool             // take amounts with decimals; the documents say integer, so the default is to refuse them
	MerchantID       int64            // that look-ups must name; DefaultMerchantID if 0
	ProjectID        int64            // that look-ups must name; DefaultProjectID if 0
	Waiting          bool             // accept refunds as refund_waiting only (assumed); see [Gateway.Approve]
	HideNewRefunds   int              // so many look-ups do not show a refund yet, each of those that would have
	Inconclusive     bool             // look-ups never show a refund: no list, and the state stays as it was
	StructuredResult bool             // answer success with an object in "result", as an older page has it, instead of a word
	CallbackURL      string           // given when the payments were made: callbacks about refunds go there; none are sent if empty
	EqualCallbacks   bool             // callbacks about refunds of one payment differ by nothing but state and amount; nobody knows whether they do
	PaidAmount       bool             // callbacks hold what was paid instead of what is given back; nobody knows which it is
	PHPSignature     bool             // sign callbacks in the form of the documents' PHP sample; else in that of Go, which is inferred
	Now              func() time.Time // nil means time.Now; must be safe for concurrent use
	InMemory         bool             // opens no socket: requests come by RoundTripper only, and callbacks go to HandTo
}

// Gateway is a pretend Tarlan gateway at work. All its methods are safe for concurrent use.
type Gateway struct {
	*pretend.Server
	cfg   Config
	drift int // guarded by the ledger's lock, as the two below: only answers and callbacks use them
	late  *pretend.Late
	told  time.Time // the latest callback's finished_at
}

// Start begins to serve on a free port of 127.0.0.1. The caller must Close the gateway.
func Start(cfg Config) (*Gateway, error) {
	if cfg.Secret == "" {
		cfg.Secret = DefaultSecret
	}
	if cfg.MerchantID == 0 {
		cfg.MerchantID = DefaultMerchantID
	}
	if cfg.ProjectID == 0 {
		cfg.ProjectID = DefaultProjectID
	}
	g := &Gateway{cfg: cfg, late: pretend.NewLate(cfg.HideNewRefunds)}
	path := productionPath
	if cfg.Sandbox {
		path = sandboxPath
	}
	server, err := pretend.Start(pretend.Options{
		Routes: []pretend.Route{
			{Method: http.MethodPost, Path: path, Money: true, Answer: g.refund},
			{Method: http.MethodGet, Path: statusPath, Answer: g.status},
		},
		Callbacks: g.callbacks(),
		Elsewhere: func(r pretend.Refund, l *pretend.Ledger) pretend.Refund {
			r.ID, r.Pending = l.NextID(refundPrefix), cfg.Waiting
			return r
		},
		Now:      cfg.Now,
		InMemory: cfg.InMemory,
	})
	if err != nil {
		return nil, fmt.Errorf("tarlantest: %w", err)
	}
	g.Server = server
	return g, nil
}

// Secret returns the secret that requests have to be signed with.
func (g *Gateway) Secret() string {
	return g.cfg.Secret
}

// AddPayment makes a payment known to the gateway. Its ID is a positive integer as text, "999", since that is how Tarlan names
// transactions; other texts are errors. For the rest see [pretend.Server.AddPayment].
func (g *Gateway) AddPayment(p pretend.Payment) error {
	id, err := strconv.ParseInt(p.ID, 10, 64)
	if err != nil || id <= 0 || strconv.FormatInt(id, 10) != p.ID {
		return fmt.Errorf("tarlantest: payment id %q is not a positive integer", p.ID)
	}
	return g.Server.AddPayment(p)
}

// The codes of Tarlan's error table that one refund can meet here, with the table's HTTP status and message. That HTTP 500
// stands for a plain "not found" is documented.
var (
	invalidRequest  = failure{http.StatusBadRequest, 1021, "request validation error"}
	notRefundable   = failure{http.StatusBadRequest, 3010, "inoperable transaction status for this method"}
	overLimit       = failure{http.StatusBadRequest, 5006, "transaction amount limit is over"}
	paymentNotFound = failure{http.StatusInternalServerError, 5103, "transaction not found"}
	wrongSignature  = failure{http.StatusBadRequest, 5406, "invalid project secret"}
)

type failure struct {
	http    int
	code    int
	message string
}

func (f failure) answer() pretend.Answer {
	return pretend.Answer{
		Status: f.http,
		Body:   fmt.Appendf(nil, `{"status":false,"status_code":%d,"message":%q,"result":{}}`, f.code, f.message),
	}
}

// refund answers a refund call. Which of two mistakes is named first is assumed, except that a body which can't be read can't
// be checked against a signature either.
func (g *Gateway) refund(r pretend.Request, l *pretend.Ledger) pretend.Answer {
	fields, err := pretend.Members(r.Body)
	if err != nil {
		return invalidRequest.answer()
	}
	expected, err := sign(fields, g.cfg.Secret, goText)
	if err != nil {
		return invalidRequest.answer()
	}
	// Hex in upper case and a second header are refused (assumed).
	given := r.Header.Values("Authorization")
	if len(given) != 1 || given[0] != "Bearer "+expected {
		return wrongSignature.answer()
	}
	// The documents have the header in their samples; that it is insisted on is assumed.
	if !pretend.IsJSON(r.Header) {
		return invalidRequest.answer()
	}

	// A member more than the documents list is refused (assumed): it would be ignored at best, and a client that believes in
	// it would be wrong.
	if len(fields) != 2 {
		return invalidRequest.answer()
	}
	id, err := strconv.ParseInt(string(fields["transaction_id"]), 10, 64)
	if err != nil || id <= 0 {
		return invalidRequest.answer()
	}
	number := string(fields["amount"])
	if err := checkAmount(number, g.cfg.Fractions); err != nil {
		return invalidRequest.answer()
	}

	payment, ok := l.Payment(strconv.FormatInt(id, 10))
	if !ok {
		return paymentNotFound.answer()
	}
	// Major units (the fact sheet infers it: both plugins pass shop totals as they are).
	amount, err := money.New(number, payment.Amount.Currency())
	if err != nil || !amount.IsPositive() {
		return invalidRequest.answer()
	}
	rest, err := payment.Amount.Sub(l.Refunded(payment.ID))
	if err != nil {
		return invalidRequest.answer()
	}
	if !rest.IsPositive() {
		// 3010 is documented for a state that permits no further refund.
		return notRefundable.answer()
	}
	if over, err := amount.Cmp(rest); err != nil || over > 0 {
		// Assumed: no document says which code this gets; 5006, 1021 and 3010 are candidates.
		return overLimit.answer()
	}

	g.drift++
	return pretend.Answer{
		Body:    g.success(id),
		Drifted: drifted(g.drift),
		Booking: &pretend.Refund{
			ID:        l.NextID(refundPrefix),
			PaymentID: payment.ID,
			Amount:    amount,
			Full:      amount == payment.Amount,
			Pending:   g.cfg.Waiting,
		},
	}
}

func (g *Gateway) success(id int64) []byte {
	if g.cfg.Waiting {
		// The word is documented as a state of transactions; that it comes here is assumed.
		return fmt.Appendf(nil, `{"status":true,"message":"Success","result":{"transaction_id":%d,"transaction_status_code":"refund_waiting"}}`, id)
	}
	if !g.cfg.StructuredResult {
		return []byte(`{"status":true,"message":"Success","result":"success"}`)
	}
	// 999 is the only number that the documents show here; no list of such numbers is published.
	return fmt.Appendf(nil, `{"status":true,"message":"Success","result":{"transaction_id":%d,"transaction_status_code":999}}`, id)
}

// drifted returns a success whose marks stand (HTTP 200, status true, status_code 0 or absent) while the rest changes type, each
// time in another way.
func drifted(n int) []byte {
	bodies := []string{
		`{"status":true,"message":200,"result":{"transaction_id":"999","transaction_status_code":"success"}}`,
		`{"status":true,"message":{"en":"Success"},"result":null}`,
		`{"status":true,"status_code":0,"message":["success",1],"result":{}}`,
		`{"status":true,"message":null,"result":{"transaction_id":[1],"transaction_status_code":"999"}}`,
		`{"status":true}`,
	}
	return []byte(bodies[(n-1)%len(bodies)])
}

// checkAmount accepts plain positive numbers only. The documents say Integer. An exponent is refused also where fractions are
// taken (assumed). Quotes, null and all else that is no number don't pass either.
func checkAmount(number string, fractions bool) error {
	whole, part, pointed := strings.Cut(number, ".")
	if !digits(whole) || pointed && !digits(part) {
		return errors.New("not a plain number")
	}
	if pointed && !fractions {
		return errors.New("not an integer")
	}
	if strings.Trim(whole+part, "0") == "" {
		return errors.New("zero")
	}
	return nil
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
