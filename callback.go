package refund

import (
	"context"
	"fmt"
	"time"

	"github.com/gorefund/refund/money"
)

// CallbackParser is an optional ability of a [Provider]: it verifies and reads
// a callback. It is pure: it sends nothing and stores nothing. Its errors match
// [Forged], [Malformed] or [NotARefund].
type CallbackParser interface {
	ParseCallback(ctx context.Context, c Callback) (*Event, error)
}

// Callback is an HTTP request that a gateway sent, with its body read.
type Callback struct {
	Method string
	URL    string // whole, or from the path on; its query may hold a token
	Header map[string][]string
	Body   []byte
}

// Trust says how far the origin of an [Event] is proven.
type Trust uint8

const (
	// TrustNone: anybody could have sent it.
	TrustNone Trust = iota
	// TrustToken: it came to a URL that holds an unguessable token.
	TrustToken
	// TrustSigned: the gateway signed it.
	TrustSigned
)

var trustNames = [...]string{TrustNone: "none", TrustToken: "token", TrustSigned: "signed"}

// String returns "none", "token" or "signed".
func (t Trust) String() string {
	if int(t) < len(trustNames) {
		return trustNames[t]
	}
	return trustNames[TrustNone]
}

// MarshalText returns what String returns.
func (t Trust) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText accepts exactly the words of String. If it fails, t is unchanged.
func (t *Trust) UnmarshalText(text []byte) error {
	for i, name := range trustNames {
		if string(text) == name {
			*t = Trust(i)
			return nil
		}
	}
	return fmt.Errorf("refund: %q is not a degree of trust", clip(string(text), 32))
}

// Event is what a callback says about a refund. It holds no secret and no personal
// data.
type Event struct {
	Gateway   string       `json:"gateway"`
	ID        string       `json:"id"`                   // of the event: a repeat has the same one
	Key       string       `json:"key,omitempty"`        // of the refund, if the callback proves it
	PaymentID string       `json:"payment_id,omitempty"` // empty if the callback does not say
	RefundID  string       `json:"refund_id,omitempty"`  // the gateway's id of the refund, empty if it does not say
	Status    Status       `json:"status"`               // StatusUnknown: something has happened, look it up
	Kind      Kind         `json:"kind,omitempty"`       // of the refund, 0 if the callback does not say
	Amount    money.Amount `json:"amount"`               // not set if it does not say, or if nobody can read it

	// AmountUnreadable: an amount is there, and nobody can read it. It is then never
	// taken for one that fits, as one that is absent may be.
	AmountUnreadable bool `json:"amount_unreadable,omitempty"`

	Code    string `json:"code,omitempty"`    // the gateway's own
	Message string `json:"message,omitempty"` // the gateway's own, at most 4 KiB

	// At is when the gateway said it, or when the refund was made, by the gateway's
	// clock: the earlier one where it tells both. It is zero if the callback tells
	// neither. It counts only if the event is TrustSigned: a token in the address
	// covers no date.
	At time.Time `json:"at,omitzero"`

	Trust Trust `json:"trust"`
}

// Inbox is an optional ability of a [Journal]: it keeps callbacks until what they
// say is in the journal, so that none gets lost between the answer to the gateway
// and the change, and knows each one again. Events belong to a client by its name.
type Inbox interface {
	// Receive stores an event, durably. fresh is false if the provider has one with
	// this id already, finished or not; that one stays as it is.
	Receive(ctx context.Context, provider string, ev Event, at time.Time) (fresh bool, err error)

	// Finish notes that nothing is left to be done about an event. One that is
	// finished already, or not there, is no error.
	Finish(ctx context.Context, provider, id string) error

	// Unfinished returns events that were received before a time and are not
	// finished, the oldest first, at most limit of them.
	Unfinished(ctx context.Context, provider string, before time.Time, limit int) ([]Event, error)

	// Refunds returns the entries of a payment at a provider, in the order in which
	// their keys were first begun, and none if there are none.
	Refunds(ctx context.Context, provider, paymentID string) ([]*Entry, error)
}
