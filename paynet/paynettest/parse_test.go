package paynettest

import (
	"encoding/json"
	"strconv"
	"testing"
)

// FuzzParseOrder holds the parser against the standard decoder: what is accepted must mean the same there, and be safe.
func FuzzParseOrder(f *testing.F) {
	for _, s := range []string{
		`{"xact_id":"xk_a"}`, `{"xact_id":"xk_a","amount":"1000","succeedUrl":"https://shop.example/"}`,
		`{"xact_id":"xk_a","amount":"0"}`, `{"xact_id":"xk_a","amount":null}`, `{"xact_id":"xk_a","amount":"01"}`,
		`{"xact_id":"xk_a","amount":1}`, `{"xact_id":"a","xact_id":"b"}`, `{"xact_id":"a"}{}`, `[]`, `null`, ``,
		"{\"xact_id\":\"\xff\"}", `{"xact_id":"\ud800"}`, `{"xact_id":"a","Amount":"1"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := parseOrder(body)
		if err != nil {
			return
		}
		var std map[string]*string
		if err := json.Unmarshal(body, &std); err != nil {
			t.Fatalf("accepted %q: %v", body, err)
		}
		value := func(name string) string {
			if p := std[name]; p != nil {
				return *p
			}
			return ""
		}
		if o.xactID != value("xact_id") || o.xactID == "" || o.callbackURL != value("succeedUrl") {
			t.Fatalf("%q read as %+v", body, o)
		}
		switch amount := value("amount"); {
		case o.amount == "" && amount != "" && amount != "0":
			t.Fatalf("amount %q became the whole transaction", amount)
		case o.amount != "" && (o.amount != amount || o.amount[0] < '1' || o.amount[0] > '9'):
			t.Fatalf("amount %q read as %q", amount, o.amount)
		case o.amount != "" && len(o.amount) < 19:
			if n, err := strconv.ParseInt(o.amount, 10, 64); err != nil || n <= 0 || strconv.FormatInt(n, 10) != o.amount {
				t.Fatalf("amount %q is not plain", o.amount)
			}
		}
	})
}
