package refund

import (
	"fmt"
	"time"

	"github.com/gorefund/refund/money"
)

// Kind says whether a refund gives back everything or a part. The zero value
// is invalid, so that a forgotten kind never becomes a full refund.
type Kind uint8

const (
	// KindFull gives back the whole payment, or what is left of it.
	KindFull Kind = iota + 1
	// KindPartial gives back exactly [Request.Amount].
	KindPartial
)

// String returns "full", "partial", or "" for an invalid kind.
func (k Kind) String() string {
	switch k {
	case KindFull:
		return "full"
	case KindPartial:
		return "partial"
	default:
		return ""
	}
}

// MarshalText returns what String returns.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText accepts "full", "partial" and, for the zero value, "". If it
// fails, k is unchanged.
func (k *Kind) UnmarshalText(text []byte) error {
	switch string(text) {
	case "full":
		*k = KindFull
	case "partial":
		*k = KindPartial
	case "":
		*k = 0
	default:
		return fmt.Errorf(`refund: %q is not a kind: it must be "full" or "partial"`, clip(string(text), 32))
	}
	return nil
}

// Request asks for one refund. Make it with [Full] or [Partial] and fill in
// what else is known.
type Request struct {
	Kind     Kind   `json:"kind"`
	Provider string `json:"provider,omitempty"` // for a [Router]: the name in the configuration, "" = the default
	Key      string `json:"key,omitempty"`      // the caller's own id of this refund, at most 255 bytes
	By       string `json:"by,omitempty"`       // who asks for it, for the history; stored, never sent, never logged

	// Again, with a journal: a refund that the gateway refused is tried again under its
	// Key, after the cause was mended. Without it the refusal is replayed.
	Again bool `json:"again,omitempty"`

	Payment Payment      `json:"payment"`
	Amount  money.Amount `json:"amount"` // KindPartial: how much to give back; KindFull: not set

	// Remaining is a precondition: refund only if this much is still
	// refundable. Only a client that can check it accepts it.
	Remaining money.Amount `json:"remaining"`

	Reason         string `json:"reason,omitempty"`          // why; sent where the gateway takes a reason
	NotifyCustomer bool   `json:"notify_customer,omitempty"` // where the gateway can tell the customer
	CallbackURL    string `json:"callback_url,omitempty"`    // where the gateway should post the final state, if it can

	// Params are gateway details, "redstone.transfer_to". Those of other gateways are
	// ignored, so that one request serves several, but a [Router] refuses those that
	// are for none of its own; one that the provider's own gateway does not know is
	// refused.
	Params map[string]string `json:"params,omitempty"`
}

// Payment is what is refunded.
type Payment struct {
	ID     string       `json:"id"`               // as the gateway names it: transaction_id, payment_reference, xact_id
	Amount money.Amount `json:"amount"`           // what was paid, if known
	PaidAt time.Time    `json:"paid_at,omitzero"` // when, if known
}

// Full asks for the whole payment back. Where the gateway knows refunds by
// amount only, Payment.Amount must be filled in too.
func Full(paymentID string) Request {
	return Request{Kind: KindFull, Payment: Payment{ID: paymentID}}
}

// Partial asks for amount back.
func Partial(paymentID string, amount money.Amount) Request {
	return Request{Kind: KindPartial, Payment: Payment{ID: paymentID}, Amount: amount}
}

// Result is an accepted refund. Its Status is [StatusPending] or
// [StatusSucceeded].
type Result struct {
	Gateway   string       `json:"gateway"` // "paynet"
	Key       string       `json:"key,omitempty"`
	Status    Status       `json:"status"`
	Kind      Kind         `json:"kind"` // what the gateway says it did; the kind asked for where it does not say
	PaymentID string       `json:"payment_id"`
	RefundID  string       `json:"refund_id,omitempty"` // the gateway's id of the refund, empty if it gives none
	Amount    money.Amount `json:"amount"`              // what is given back, not set if the gateway alone knows
	Code      string       `json:"code,omitempty"`      // the gateway's own, as it came
	Message   string       `json:"message,omitempty"`   // the gateway's own, at most 4 KiB; secrets and personal data masked
	Replayed  bool         `json:"replayed,omitempty"`  // answered from the journal, nothing was sent
	At        time.Time    `json:"at"`                  // when the answer came, by the client's clock
}
