// Package pretend is the ground that pretend gateways stand on: a loopback HTTP server, a ledger, and faults.
//
// A pretend gateway gives its [Route]s to [Start]. A route judges a [Request] against the [Ledger] and returns an
// [Answer]; the server books what the answer says, and then delivers the answer, or, if a [Fault] was injected, does not
// deliver it, or only half of it. So one fault works alike for every gateway, and a test can compare what a client claims
// with what the ledger says:
//
//	gateway.Inject(pretend.DropAfterBooking)
//	_, err := client.Refund(ctx, req) // must say that the outcome is unknown
//	booked := gateway.Refunds()       // the money did move
//
// A server may also stay in memory: with [Options.InMemory] it has no socket, a client that takes a transport gets
// [Server.RoundTripper], and callbacks go to the function given to [Server.HandTo]. One request is then one call in the
// caller's goroutine, and with [Options.Now] nothing depends on real time.
//
// Nothing here knows a real gateway, and nothing here imports package testing.
package pretend

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gorefund/refund/money"
)

// Payment is a payment that the gateway has taken and that can be given back.
type Payment struct {
	ID     string       // as the gateway names it
	Amount money.Amount // what was paid
	PaidAt time.Time    // zero in [Server.AddPayment] means three days ago
}

// Refund is one row of the ledger: money that the gateway gave back or promised to give back.
type Refund struct {
	ID, PaymentID string
	Amount        money.Amount
	Full          bool   // the whole payment was asked for, by a word of the protocol or by its amount
	Reason        string // as it arrived, "" if the protocol has none
	CallbackURL   string
	Pending       bool      // accepted only; [Server.Decide] gives the final state
	State         string    // of one that was pending: Approved or Declined, "" as long as it has none; of any one that was taken back: Reversed
	At            time.Time // set by the server when it books
	Elsewhere     bool      // no request asked for it: [Server.RefundElsewhere] booked it
}

// The states that [Server.Decide] and [Server.Reverse] give to a refund.
const (
	Approved = "approved" // Approved means that the money went back
	Declined = "declined" // Declined means that it did not after all; the refund no longer counts in [Server.Refunded]
	Reversed = "reversed" // Reversed means that it did, and came back; nor does that one count
)

// Request is a request that arrived. Its body has been read whole, up to 1 MiB.
type Request struct {
	Method, Path string
	Query        url.Values
	Header       http.Header
	Body         []byte
}

func (r Request) clone() Request {
	query := make(url.Values, len(r.Query))
	for name, values := range r.Query {
		query[name] = slices.Clone(values)
	}
	r.Query, r.Header, r.Body = query, r.Header.Clone(), slices.Clone(r.Body)
	return r
}

// Answer is what a route decides about a request.
type Answer struct {
	Status int         // 0 means 200
	Header http.Header // Content-Type is application/json unless given here
	Body   []byte

	// Booking is the refund that the gateway accepts with this answer, nil if it accepts none. The server puts it into the
	// ledger, with At set, unless a fault says that nothing is booked. Its payment must exist in the ledger, and its amount
	// must be positive and in the payment's currency; it may exceed the payment, since a real gateway may be that careless.
	Booking *Refund

	// Drifted is the same answer with its side fields drifting in type (number for string, object for string, null,
	// missing) and the marks of success kept. [TypeDrift] delivers it; nil means that Body is delivered.
	Drifted []byte
}

// Route is one method and path that the gateway serves.
type Route struct {
	Method string
	Path   string // exact, or a prefix if it ends in "/"
	Money  bool   // can move money: faults and scripts apply, and [Server.Arrivals] records what arrives

	// Answer judges a request. The server calls it with the ledger locked, so that judging and booking are one step. It must
	// not call methods of the Server, and must not keep the ledger.
	Answer func(r Request, l *Ledger) Answer
}

// Scripted is an answer given word for word instead of the gateway's own.
type Scripted struct {
	Status int         // 0 means 200
	Header http.Header // Content-Type is application/json unless given here
	Body   string
	Book   bool // judge and book as usual first; otherwise nothing is booked
}

// Options are what a pretend gateway is made of.
type Options struct {
	Routes    []Route
	Callbacks Callbacks        // without a Make none are sent
	Now       func() time.Time // nil means time.Now; must be safe for concurrent use and must not call the Server

	// Elsewhere completes a refund that [Server.RefundElsewhere] is about to book: it sets the id, and Pending where the
	// gateway decides later. nil means an id of the ledger's, and that the refund is done. The server calls it with the ledger
	// locked; it must not call methods of the Server.
	Elsewhere func(r Refund, l *Ledger) Refund

	InMemory bool // opens no socket: requests come by [Server.RoundTripper] only, and callbacks go to [Server.HandTo]
}
