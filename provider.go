package refund

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gorefund/refund/money"
)

// Refunder gives money back. [Client], [Router] and every [Provider] are
// Refunders.
type Refunder interface {
	// Refund gives back what req asks for, at most once. If err is nil the
	// result is accepted or done; otherwise the result is nil and err wraps an
	// [*Error] whose Status says whether money has moved.
	Refund(ctx context.Context, req Request) (*Result, error)
}

// Provider is a Refunder for one gateway. Its rules, each of which is a subtest
// of refundtest.Run:
//
//  1. err == nil only if the gateway accepted the refund: [StatusPending] or
//     [StatusSucceeded].
//  2. Every error wraps [*Error] with a Code and a Status of NotSent, Refused or
//     Unknown.
//  3. At most one request that can move money leaves per call: no re-send by
//     transport, retry, redirect or HTTP/2.
//  4. Zero, negative, missing or misspelt amounts never become a full refund;
//     nothing is sent.
//  5. An amount in another currency, or finer than the gateway takes, is refused
//     before sending; nothing is ever rounded.
//  6. An unknown code, word, shape or type is never success, and never a plain
//     refusal unless the gateway clearly refused; its text is kept.
//  7. Success needs every success mark of the gateway to agree, matched exactly.
//  8. A context that ends gives an error that matches the context's, with a
//     truthful Status.
//  9. What the gateway documents as a refusal is Refused, even under HTTP 500 or
//     HTTP 200.
//  10. No secret, signature or personal data in any error, log line, %v, %+v, %#v,
//     JSON or Plan.
//  11. A drifting side field (number for string, object for string, null, missing)
//     does not turn an accepted refund into an error.
//  12. Answers over 1 MiB, endless answers and slow answers are cut off; the
//     Status is Unknown.
//  13. Safe for concurrent use; no goroutine is left behind.
//
// [Capabilities.Check] does the part of rules 4 and 5 that needs no knowledge of
// the wire; a provider calls it first.
type Provider interface {
	Refunder
	// Capabilities says what the gateway can do. It never changes for one
	// provider; the caller may keep and change what it gets.
	Capabilities() Capabilities
}

// Inspector is an optional ability of a [Provider]: it asks the gateway what it
// says now about a payment and its refunds. It moves no money and tells the
// customer nothing, and it may be repeated.
//
// A look-up that fails says nothing about the refund: its error has
// [StatusUnknown] and [OutcomeUnknown] whatever the gateway answered, or
// [StatusNotSent] if the query itself is wrong or the provider cannot ask.
type Inspector interface {
	Inspect(ctx context.Context, q Query) (*Report, error)
}

// Query is what to look up. Without Before and RefundID it asks for a snapshot,
// and the report is about no refund in particular.
type Query struct {
	Payment  Payment           // the refunded payment
	Kind     Kind              // of the refund asked for
	RefundID string            // the gateway's id of the refund, if known
	Key      string            // of the refund as it was sent, for gateways that keep it
	Amount   money.Amount      // what was asked to be given back, not set if the gateway alone knows
	Params   map[string]string // gateway details that the look-up needs, as in [Request.Params]
	Since    time.Time         // the time from which to look
	Before   *Report           // what the gateway said before the refund was sent, nil if it was not asked
}

// Report is what the gateway says now.
type Report struct {
	Status     Status       `json:"status"`              // of the refund that was asked for; StatusUnknown if not Conclusive
	Extent     Extent       `json:"extent,omitempty"`    // how much of the payment is given back, by the gateway's own word
	State      string       `json:"state,omitempty"`     // of the payment, in the gateway's own word
	Refunded   money.Amount `json:"refunded"`            // in total, not set if the gateway does not say
	Refunds    []SeenRefund `json:"refunds,omitempty"`   // those that the gateway shows
	Complete   bool         `json:"complete,omitempty"`  // Refunds are all of the payment's, and none is under way that is not among them
	RefundID   string       `json:"refund_id,omitempty"` // of the refund that was asked for, if the report tells it
	Conclusive bool         `json:"conclusive"`          // false: the answer proves nothing about the refund asked for
	Why        string       `json:"why"`                 // why it is, or is not, conclusive
}

// Extent is how much of a payment the gateway says is given back, where it says so in
// a word and not by amounts. The zero value says nothing.
type Extent uint8

const (
	// ExtentNone: the gateway shows no refund of the payment.
	ExtentNone Extent = iota + 1
	// ExtentPart: a part of it.
	ExtentPart
	// ExtentWhole: all of it.
	ExtentWhole
)

var extentNames = [...]string{"", "none", "part", "whole"}

// String returns "none", "part", "whole", or "" for one that says nothing.
func (x Extent) String() string {
	if int(x) < len(extentNames) {
		return extentNames[x]
	}
	return ""
}

// MarshalText returns what String returns.
func (x Extent) MarshalText() ([]byte, error) { return []byte(x.String()), nil }

// UnmarshalText accepts exactly the words of String. If it fails, x is unchanged.
func (x *Extent) UnmarshalText(text []byte) error {
	i := slices.Index(extentNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("refund: %q is not an extent", clip(string(text), 32))
	}
	*x = Extent(i)
	return nil
}

// SeenRefund is one refund in the gateway's books.
type SeenRefund struct {
	ID     string       `json:"id,omitempty"` // empty if the gateway gives none
	Amount money.Amount `json:"amount"`       // not set if the gateway does not say
	Status Status       `json:"status"`
	At     time.Time    `json:"at,omitzero"`    // zero if the gateway does not say
	Told   bool         `json:"told,omitempty"` // by a callback, and not shown in a look-up
}

// New returns the refunds of r that are not in before: those that came since.
// Refunds without an id are told apart by amount and time, and counted.
func (r *Report) New(before *Report) []SeenRefund {
	type mark struct {
		id     string
		amount money.Amount
		at     time.Time
	}
	of := func(s SeenRefund) mark {
		if s.ID != "" {
			return mark{id: s.ID}
		}
		return mark{amount: s.Amount, at: stored(s.At)}
	}
	known := make(map[mark]int)
	if before != nil {
		for _, s := range before.Refunds {
			known[of(s)]++
		}
	}
	var fresh []SeenRefund
	for _, s := range r.Refunds {
		if m := of(s); known[m] > 0 {
			known[m]--
			continue
		}
		fresh = append(fresh, s)
	}
	return fresh
}

// Planner is an optional ability of a [Provider]: it shows the request that
// Refund would send, and sends nothing.
type Planner interface {
	Plan(ctx context.Context, req Request) (*Plan, error)
}

// Plan is a request that would leave, with secrets, signatures and personal
// data masked.
type Plan struct {
	Method   string   `json:"method"`
	URL      string   `json:"url"`
	Header   []Header `json:"header"` // in alphabetical order
	Body     string   `json:"body"`
	Warnings []string `json:"warnings,omitempty"` // what nobody guards, in words
}

// Header is one line of a Plan.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// String shows the plan as a person reads an HTTP request, and the warnings after it.
func (p *Plan) String() string {
	var b strings.Builder
	b.WriteString(p.Method + " " + p.URL + "\n")
	for _, h := range p.Header {
		b.WriteString(h.Name + ": " + h.Value + "\n")
	}
	b.WriteString("\n" + p.Body + "\n")
	for _, w := range p.Warnings {
		b.WriteString("\nWarning: " + w + "\n")
	}
	return b.String()
}
