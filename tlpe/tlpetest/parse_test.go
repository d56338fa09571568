package tlpetest

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/gorefund/refund/refundtest/pretend"
)

// FuzzParseOrder holds the parser against the standard decoder: what is accepted must mean the same there, and be safe.
func FuzzParseOrder(f *testing.F) {
	const good = `"transaction_id":"a","notify_user":"false","reason":"r"`
	for _, s := range []string{
		`{` + good + `}`, `{` + good + `,"amount":1.00}`, `{` + good + `,"amount":"1.00"}`, `{` + good + `,"amount":null}`,
		`{` + good + `,"amount":1e2}`, `{` + good + `,"amount":"0.00"}`, `{` + good + `,"amount":-1}`, `{` + good + `,"Amount":1}`,
		`{` + good + `,"reason":"s"}`, `{` + good + `}{}`, `{"transaction_id":"a","notify_user":true,"reason":"r"}`, `[]`, `null`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := pretend.Members(body)
		if err != nil {
			return
		}
		o, err := parseOrder(m)
		if err != nil {
			return
		}
		var std struct {
			ID     string           `json:"transaction_id"`
			Notify any              `json:"notify_user"`
			Reason string           `json:"reason"`
			Amount *json.RawMessage `json:"amount"`
		}
		if err := json.Unmarshal(body, &std); err != nil {
			t.Fatalf("accepted %q: %v", body, err)
		}
		if o.transactionID != std.ID || o.reason != std.Reason || std.ID == "" || std.Reason == "" {
			t.Fatalf("%q read as %+v", body, o)
		}
		switch std.Notify {
		case true, false, "true", "false":
		default:
			t.Fatalf("notify_user %v accepted", std.Notify)
		}
		if (std.Amount == nil) != (o.amount == "") {
			t.Fatalf("amount of %q read as %q", body, o.amount)
		}
		if std.Amount == nil {
			return
		}
		var number json.Number // takes a number and a number in quotes
		if err := json.Unmarshal(*std.Amount, &number); err != nil || number.String() != o.amount {
			t.Fatalf("amount %s read as %q: %v", *std.Amount, o.amount, err)
		}
		if r, ok := new(big.Rat).SetString(o.amount); !ok || r.Sign() <= 0 {
			t.Fatalf("amount %q is not positive", o.amount)
		}
	})
}
