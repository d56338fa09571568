package refund

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Code answers "what went wrong?". It is itself an error, so that
//
//	errors.Is(err, refund.AlreadyRefunded)
//
// works through any wrapping.
type Code string

// The codes. Every *Error carries one of them.
const (
	// InvalidRequest: something in the request or the configuration is missing
	// or wrong; the text says what to change.
	InvalidRequest Code = "invalid_request"
	// InvalidAmount: the amount is zero, negative, missing, in another currency
	// or finer than the gateway takes.
	InvalidAmount Code = "invalid_amount"
	// Unsupported: the gateway or its adapter cannot do this.
	Unsupported Code = "unsupported"
	// Unauthorized: keys, signature or the gateway's list of allowed addresses.
	Unauthorized Code = "unauthorized"
	// PaymentNotFound: the gateway does not know the payment.
	PaymentNotFound Code = "payment_not_found"
	// AlreadyRefunded: nothing is left of the payment. It does not say who
	// refunded it.
	AlreadyRefunded Code = "already_refunded"
	// ExceedsRefundable: more was asked than is left of the payment.
	ExceedsRefundable Code = "exceeds_refundable"
	// NotRefundable: the state of the payment forbids it, for example because
	// it is not settled.
	NotRefundable Code = "not_refundable"
	// SameDayPartial: the gateway cannot give back a part of a payment on the
	// day of the payment.
	SameDayPartial Code = "same_day_partial"
	// WindowExpired: the payment is too old to be refunded.
	WindowExpired Code = "window_expired"
	// InsufficientFunds: the merchant's balance is too low.
	InsufficientFunds Code = "insufficient_funds"
	// Declined: a no without a better word.
	Declined Code = "declined"
	// RateLimited: too many requests.
	RateLimited Code = "rate_limited"
	// Unavailable: the gateway could not be reached, or the caller's context
	// ended before anything was sent.
	Unavailable Code = "unavailable"
	// OutcomeUnknown: the request may have been carried out. Every error with
	// [StatusUnknown] has this code. Never send the refund again: look it up.
	OutcomeUnknown Code = "outcome_unknown"
	// KeyConflict: the key belongs to another request.
	KeyConflict Code = "key_conflict"
	// InProgress: another refund of this payment is open.
	InProgress Code = "in_progress"
	// RemainingMismatch: what is still refundable differs from
	// [Request.Remaining].
	RemainingMismatch Code = "remaining_mismatch"

	// Forged: a callback whose signature or token is wrong.
	Forged Code = "forged"
	// Malformed: a callback that cannot be read.
	Malformed Code = "malformed"
	// NotARefund: a genuine callback about something else than a refund.
	NotARefund Code = "not_a_refund"
)

var codes = [...]Code{
	InvalidRequest, InvalidAmount, Unsupported, Unauthorized, PaymentNotFound,
	AlreadyRefunded, ExceedsRefundable, NotRefundable, SameDayPartial,
	WindowExpired, InsufficientFunds, Declined, RateLimited, Unavailable,
	OutcomeUnknown, KeyConflict, InProgress, RemainingMismatch,
	Forged, Malformed, NotARefund,
}

// Codes returns every Code, in the order of the documentation.
func Codes() []Code { return slices.Clone(codes[:]) }

// Error makes a Code an error: its text is the code.
func (c Code) Error() string { return string(c) }

// Known reports whether c is one of the codes above.
func (c Code) Known() bool { return slices.Contains(codes[:], c) }

// Error is what a failing call of a client, a router, a provider or a New
// returns, wrapped or not; find it with [errors.As]. It holds no secret, no
// signature and no personal data.
//
// Its Status is [StatusNotSent], [StatusRefused] or [StatusUnknown] where a
// refund was asked for.
type Error struct {
	Gateway     string        `json:"gateway"`                // "paynet"; empty where no gateway was chosen yet
	Op          string        `json:"op"`                     // "refund", "plan", "inspect", "callback", "journal", "config"
	Code        Code          `json:"code"`                   // what went wrong
	Status      Status        `json:"status"`                 // has money moved?
	GatewayCode string        `json:"gateway_code,omitempty"` // the gateway's own code, as it came
	Message     string        `json:"message,omitempty"`      // for people; the gateway's own text where it gave one, at most 4 KiB
	HTTPStatus  int           `json:"http_status,omitempty"`  // 0 if no answer came
	RefundID    string        `json:"refund_id,omitempty"`    // the gateway's id of what it refused, empty if it gives none
	RetryAfter  time.Duration `json:"retry_after,omitempty"`  // how long the gateway asks to wait, 0 if it does not say; nanoseconds in JSON
	Replayed    bool          `json:"replayed,omitempty"`     // answered from the journal, nothing was sent
	Blocker     *Blocker      `json:"blocker,omitempty"`      // the refund of the journal that stands in the way, nil if none does
	Err         error         `json:"-"`                      // the cause, if there is one: a context's error, a network error
}

// Blocker is the refund of the journal because of which a request was not sent:
// that of the same key, or another one of the same payment. Its Status says whether
// its money has moved, which the error's own Status does not.
type Blocker struct {
	Key    string `json:"key"`
	Status Status `json:"status"`
}

// Error returns one line: gateway, operation, outcome, code, message, and the
// gateway's own code and HTTP status where there are such.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Gateway != "" {
		b.WriteString(e.Gateway)
		b.WriteString(": ")
	}
	if e.Op != "" {
		b.WriteString(e.Op)
		if e.Op == "refund" && e.Status != StatusUnknown { // an unknown outcome is said by its code
			b.WriteByte(' ')
			b.WriteString(strings.ReplaceAll(e.Status.String(), "_", " "))
		}
		b.WriteString(": ")
	}
	b.WriteString(string(e.Code))
	if e.Message != "" {
		b.WriteString(": ")
		b.WriteString(e.Message)
	}
	if e.GatewayCode != "" || e.HTTPStatus != 0 {
		b.WriteString(" (")
		if e.GatewayCode != "" {
			b.WriteString("gateway code ")
			b.WriteString(e.GatewayCode)
		}
		if e.HTTPStatus != 0 {
			if e.GatewayCode != "" {
				b.WriteString(", ")
			}
			b.WriteString("HTTP ")
			b.WriteString(strconv.Itoa(e.HTTPStatus))
		}
		b.WriteByte(')')
	}
	if _, code := e.Err.(Code); e.Err != nil && !code { // a code beside another one is for errors.Is
		if cause := e.Err.Error(); !strings.Contains(e.Message, cause) {
			b.WriteString(": ")
			b.WriteString(cause)
		}
	}
	if e.Replayed && e.Status == StatusRefused {
		b.WriteString("; this is the stored refusal: once its cause is mended, the same request with Request.Again is tried again under this key")
	}
	return b.String()
}

// Is reports whether target is the error's Code.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// Unwrap returns the cause, so that [errors.Is] finds a context's error.
func (e *Error) Unwrap() error { return e.Err }

// StatusOf returns the Status of the *Error in err. Any other error, and nil,
// gives StatusUnknown: nothing is known about what it did. So does an error that
// matches [OutcomeUnknown] anywhere, such as several errors joined.
func StatusOf(err error) Status {
	if e, ok := asError(err); ok && !errors.Is(err, OutcomeUnknown) {
		return e.Status
	}
	return StatusUnknown
}

// SafeToRetry reports whether the same refund may be asked for again: nothing
// was sent or the gateway certainly did nothing, and a later try may succeed.
// Its default is false.
func SafeToRetry(err error) bool {
	e, ok := asError(err)
	if !ok {
		return false
	}
	switch StatusOf(err) {
	case StatusNotSent:
		return e.Code == Unavailable || e.Code == RateLimited || e.Code == InProgress
	case StatusRefused:
		return e.Code == RateLimited
	default:
		return false
	}
}

func asError(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok && e != nil
}

// clip cuts s to at most n bytes, on a rune's border, for use in a text.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}
