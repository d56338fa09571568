package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
)

// maxBody is many times what a refund needs.
const maxBody = 64 << 10

// order is the body of POST /refunds. Amounts are texts such as "10.00 TRY".
type order struct {
	Provider string      `json:"provider"` // a name of the configuration; "" = the default
	Payment  string      `json:"payment"`  // the payment's id at the gateway
	Kind     refund.Kind `json:"kind"`     // "full" or "partial"
	Amount   amount      `json:"amount"`   // for a partial refund
	Paid     amount      `json:"paid"`     // what was paid; some gateways need it
	PaidAt   time.Time   `json:"paid_at"`  // when, in RFC 3339; some gateways need it
	Reason   string      `json:"reason"`
}

// amount is a text in JSON. An empty one is refused: only one that is left out
// means that there is none.
type amount struct{ money.Amount }

func (a *amount) UnmarshalJSON(data []byte) error {
	var text string
	err := json.Unmarshal(data, &text)
	if err == nil {
		a.Amount, err = money.Parse(text)
	}
	if err != nil {
		return fmt.Errorf(`an amount is a text such as "10.00 TRY": %w`, err)
	}
	return nil
}

func (o *order) request() refund.Request {
	return refund.Request{
		Kind: o.Kind, Provider: o.Provider, Amount: o.Amount.Amount, Reason: o.Reason,
		Payment: refund.Payment{ID: o.Payment, Amount: o.Paid.Amount, PaidAt: o.PaidAt},
	}
}

// answer is the body of each answer, good or bad.
type answer struct {
	Status      refund.Status `json:"status"`
	MoneyMoved  refund.Moved  `json:"money_moved"` // the question that matters: "yes", "no" or "maybe"
	Code        refund.Code   `json:"code,omitempty"`
	Gateway     string        `json:"gateway,omitempty"`
	Kind        refund.Kind   `json:"kind,omitempty"` // what the gateway did; one that differs from the order's needs a person
	RefundID    string        `json:"refund_id,omitempty"`
	Amount      string        `json:"amount,omitempty"`
	GatewayCode string        `json:"gateway_code,omitempty"`
	Message     string        `json:"message,omitempty"`
}

// newHandler serves POST /refunds. The HTTP status answers the same question as
// money_moved:
//
//	200  yes: the gateway says that the refund is done
//	202  maybe: pending, or unknown; do not send it again
//	503  no, and a later try may succeed: only this one may be sent again
//	422  no: the gateway refused it for good
//	400  no: nothing was sent, the request is wrong; so with 413 and 415
//
// An unknown outcome is 202 and neither a 500 nor a 4xx, for two reasons.
// Clients, proxies and queues repeat a request after a 5xx, and some after a 409
// too, which may pay twice. And a 4xx reads as "it did not happen", whereupon
// somebody pays by other means, twice as well. 202 promises nothing and is
// repeated by nobody: the body says whether the gateway will decide ("pending")
// or a look-up and then a person must ("unknown"). The log has the unknown ones
// as errors, so that an alarm can be set on them.
func newHandler(refunds refund.Refunder) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /refunds", func(w http.ResponseWriter, r *http.Request) {
		o, status, err := read(w, r)
		if err != nil {
			write(w, status, answer{
				Status: refund.StatusNotSent, MoneyMoved: refund.No, Code: refund.InvalidRequest, Message: err.Error(),
			})
			return
		}
		// A caller who hangs up does not stop the refund: it may have left
		// already, and its outcome belongs into the log.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), refundTime)
		defer cancel()
		res, err := refunds.Refund(ctx, o.request())
		if err != nil {
			refuse(w, err)
			return
		}
		accept(w, res)
	})
	return mux
}

// read takes the order out of the request. With an error it returns the HTTP
// status too.
func read(w http.ResponseWriter, r *http.Request) (order, int, error) {
	// A web page may make a browser post plain forms to an address in your
	// network, but not JSON.
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return order{}, http.StatusUnsupportedMediaType, errors.New("Content-Type must be application/json")
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	var o order
	err := d.Decode(&o)
	if err == io.EOF {
		err = errors.New("the body is empty")
	}
	if err == nil {
		if _, more := d.Token(); more == nil {
			err = errors.New("there is more than one order in the body")
		} else if more != io.EOF {
			err = more
		}
	}
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return order{}, http.StatusRequestEntityTooLarge, fmt.Errorf("the body is larger than %d bytes", maxBody)
	}
	return o, http.StatusBadRequest, err
}

func accept(w http.ResponseWriter, res *refund.Result) {
	a := answer{
		Status: res.Status, MoneyMoved: res.Status.MoneyMoved(), Gateway: res.Gateway, Kind: res.Kind,
		RefundID: res.RefundID, GatewayCode: res.Code, Message: res.Message,
	}
	if res.Amount.IsSet() {
		a.Amount = res.Amount.String()
	}
	write(w, httpStatus(res.Status, nil), a)
}

func refuse(w http.ResponseWriter, err error) {
	status := refund.StatusOf(err)
	a := answer{Status: status, MoneyMoved: status.MoneyMoved(), Code: refund.OutcomeUnknown, Message: err.Error()}
	var e *refund.Error
	if errors.As(err, &e) {
		a.Code, a.Gateway, a.GatewayCode = e.Code, e.Gateway, e.GatewayCode
	}
	code := httpStatus(status, err)
	if code == http.StatusServiceUnavailable {
		wait := 5 * time.Second
		if e != nil && e.RetryAfter > wait {
			wait = e.RetryAfter
		}
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
	}
	write(w, code, a)
}

// httpStatus never says more than is known about the money.
func httpStatus(status refund.Status, err error) int {
	switch moved := status.MoneyMoved(); {
	case moved == refund.Yes:
		return http.StatusOK
	case moved == refund.Maybe:
		return http.StatusAccepted
	case refund.SafeToRetry(err):
		return http.StatusServiceUnavailable
	case status == refund.StatusNotSent:
		return http.StatusBadRequest
	default:
		return http.StatusUnprocessableEntity
	}
}

func write(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(a) // fails only if the caller is gone
}
