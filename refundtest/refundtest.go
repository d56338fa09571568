// Package refundtest checks that a [refund.Provider] keeps the rules that stand
// on that interface.
//
//	func TestRules(t *testing.T) {
//		refundtest.Run(t, func(t testing.TB, o refundtest.Options) refundtest.Subject { … })
//	}
//
// Each rule is a subtest, and a failure prints the rule. The suite talks to a
// pretend gateway with a ledger, so that what the provider claims is compared
// with what was booked. Package pretend helps to build one.
package refundtest

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/refundtest/pretend"
)

// Options are what the suite wants of the provider that Open makes.
type Options struct {
	Transport http.RoundTripper // nil = the provider's own
	Timeout   time.Duration     // of a whole call; 0 = the provider's own
}

// Open makes a pretend gateway of its own and a provider that talks to it. The
// suite calls it many times; cleaning up is the caller's, by t.Cleanup.
type Open func(t testing.TB, o Options) Subject

// Subject is a provider under test.
type Subject struct {
	Provider refund.Provider
	Gateway  Gateway

	// Three requests, each of a payment of its own. The payments of Full and
	// Partial hold at least 200 major units, and nothing of them is refunded.
	Full    refund.Request // accepted
	Partial refund.Request // accepted; the suite changes its Amount
	Refused refund.Request // refused by the gateway, for example because it does not know the payment

	Secrets []string // what must never be seen: keys, tokens

	// What the gateway may answer to Partial.
	Refusals []Reply // documented refusals, under whatever HTTP status
	Unknown  []Reply // codes, words, shapes that no document knows
	Halves   []Reply // acceptances in which one mark is missing, misspelt or contradicted
	Drifts   []Reply // acceptances whose side fields drift; added to the gateway's own pretend.TypeDrift
}

// Gateway is the pretend gateway; *pretend.Server is one.
type Gateway interface {
	Inject(...pretend.Fault)
	Script(...pretend.Scripted)
	Refunds() []pretend.Refund
	Arrivals() []pretend.Request
	Requests() int
}

// Reply is an answer of the gateway.
type Reply struct {
	Name string
	HTTP int
	Body string
	Code refund.Code // for Refusals: what it is
	Text string      // must be kept in the error: its GatewayCode or Message
}

// rule is one of the numbered rules of refund.Provider.
type rule struct {
	number int
	text   string
	check  func(t testing.TB, r *run)
}

var rules = []rule{
	{1, "err == nil only if the gateway accepted the refund: StatusPending or StatusSucceeded", acceptedOnly},
	{2, "every error wraps *Error with a Code and a Status of NotSent, Refused or Unknown, which agrees with the gateway's ledger", wrappedErrors},
	{3, "at most one request that can move money leaves per call", oneRequest},
	{4, "zero, negative, missing or misspelt amounts never become a full refund; nothing is sent", noAccidentalFull},
	{5, "an amount in another currency, or finer than the gateway takes, is refused before sending; nothing is ever rounded", exactAmounts},
	{6, "an unknown code, word, shape or type is never success, and never a plain refusal; its text is kept", unknownStaysUnknown},
	{7, "success needs every success mark of the gateway to agree, matched exactly", allMarks},
	{8, "a context that ends gives an error that matches the context's, with a truthful Status", contexts},
	{9, "what the gateway documents as a refusal is Refused, even under HTTP 500 or HTTP 200", documentedRefusals},
	{10, "no secret, signature or personal data in any error, log line, %v, %+v, %#v, JSON or Plan", noLeaks},
	{11, "a drifting side field does not turn an accepted refund into an error", driftingFields},
	{12, "answers over 1 MiB, endless answers and slow answers are cut off; the Status is Unknown", cutOff},
	{13, "safe for concurrent use; no goroutine is left behind", concurrency},
}

// Run checks all rules. It counts goroutines, so the test that calls it must not
// run in parallel with others.
func Run(t *testing.T, open Open) {
	r := &run{open: open, short: 200 * time.Millisecond}
	for _, rule := range rules {
		t.Run(fmt.Sprintf("rule %02d", rule.number), func(t *testing.T) {
			rule.check(&named{TB: t, rule: rule}, r)
		})
	}
}

// named prints the broken rule with each failure.
type named struct {
	testing.TB
	rule rule
}

func (n *named) prefix() string { return fmt.Sprintf("rule %d: %s\n", n.rule.number, n.rule.text) }

// Errorf reports that the rule is broken.
func (n *named) Errorf(format string, args ...any) {
	n.TB.Helper()
	n.TB.Errorf("%s%s", n.prefix(), fmt.Sprintf(format, args...))
}

// Fatalf reports that the rule is broken and ends its check.
func (n *named) Fatalf(format string, args ...any) {
	n.TB.Helper()
	n.TB.Fatalf("%s%s", n.prefix(), fmt.Sprintf(format, args...))
}
