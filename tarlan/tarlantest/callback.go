package tarlantest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/gorefund/refund/refundtest/pretend"
)

// The documented policy for a callback that was not answered by HTTP 200. The names are those of the Go library
// cenkalti/backoff, whose factor is assumed. The documented randomisation is left out, so that a test meets the same pauses in
// every run.
const (
	firstPause  = 500 * time.Millisecond
	maxPause    = 60 * time.Second
	maxElapsed  = 10 * time.Minute
	pauseFactor = 1.5 // assumed
)

func (g *Gateway) callbacks() pretend.Callbacks {
	return pretend.Callbacks{
		Make:    g.callback,
		Accepts: func(status int) bool { return status == http.StatusOK },
		Again:   pause,
	}
}

// pause returns the pause after the nth sending, and false once it would end after ten minutes.
func pause(n int) (time.Duration, bool) {
	next, elapsed := float64(firstPause), 0.0
	for range n - 1 {
		elapsed += next
		next = min(next*pauseFactor, float64(maxPause))
	}
	if elapsed+next > float64(maxElapsed) {
		return 0, false
	}
	return time.Duration(next), true
}

// callback makes the message about a refund as it stands now. The ledger is locked.
//
// Assumed: each refund causes one, also a refund in part; one that was declined or taken back causes none, since no word for
// that is documented.
func (g *Gateway) callback(r pretend.Refund, l *pretend.Ledger) (pretend.Callback, bool) {
	payment, ok := l.Payment(r.PaymentID)
	if g.cfg.CallbackURL == "" || !ok {
		return pretend.Callback{}, false
	}
	state := "refund"
	switch {
	case r.Pending:
		state = "refund_waiting"
	case r.State == pretend.Declined, r.State == pretend.Reversed:
		return pretend.Callback{}, false
	}
	amount := r.Amount
	if g.cfg.PaidAmount {
		amount = payment.Amount
	}
	finished := payment.PaidAt
	if !g.cfg.EqualCallbacks {
		finished = l.Now()
		if !finished.After(g.told) { // a clock that stands still
			finished = g.told.Add(time.Microsecond)
		}
		g.told = finished
	}
	quoted := func(s string) json.RawMessage {
		text, _ := json.Marshal(s) // a string always has a JSON form
		return text
	}
	at := func(t time.Time) json.RawMessage { return quoted(t.UTC().Format(time.RFC3339Nano)) }
	integer := func(n int64) json.RawMessage { return strconv.AppendInt(nil, n, 10) }
	// The payer's data are invented, and there for clients to be tested that must not show them.
	c, err := g.signed(map[string]json.RawMessage{
		"created_at":           at(payment.PaidAt),
		"transaction_id":       json.RawMessage(payment.ID),
		"acquirer_code":        quoted("pretend"),
		"project_reference_id": quoted(g.ProjectReferenceID(payment.ID)),
		"project_client_id":    quoted("client-1"),
		"status_code":          quoted(state),
		"type_code":            quoted(Type),
		"amount":               json.RawMessage(amount.Number()),
		"description":          quoted("Тапсырыс & order of Jane Doe"),
		"finished_at":          at(finished),
		"project_id":           integer(g.cfg.ProjectID),
		"merchant_id":          integer(g.cfg.MerchantID),
		"additional_data":      json.RawMessage(`{"basket":[1,2]}`),
		"card_token":           quoted("pretend-card-token"),
		"masked_pan":           quoted("440043******0000"),
		"bank_code":            quoted("0"),
		"bank_message":         quoted(""),
	})
	return c, err == nil
}

// signature signs a callback's members.
func (g *Gateway) signature(fields map[string]json.RawMessage, secret string) (string, error) {
	if g.cfg.PHPSignature {
		return sign(fields, secret, phpText)
	}
	return sign(fields, secret, goText)
}

// signed makes the callback of a body. Go writes maps in the order of their keys, so the body has its members sorted, and is
// still not the text that is signed: empty members and additional_data are in it.
func (g *Gateway) signed(fields map[string]json.RawMessage) (pretend.Callback, error) {
	signature, err := g.signature(fields, g.cfg.Secret)
	if err != nil {
		return pretend.Callback{}, err
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return pretend.Callback{}, err
	}
	return pretend.Callback{
		URL:    g.cfg.CallbackURL,
		Header: http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + signature}},
		Body:   body,
	}, nil
}
