package paynettest

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gorefund/refund/refundtest/pretend"
)

// States of the manual's general table, which a callback's status may use (assumed).
const (
	statusDone   = "3"
	statusUndone = "4"
)

// callback is the post to succeedUrl: one for an approval, one for a rejection, and
// one for an approval that is taken back. A request that waits has none.
func (cfg Config) callback(r pretend.Refund, _ *pretend.Ledger) (pretend.Callback, bool) {
	code, status, note := 1, statusUndone, "Iade talebi reddedildi"
	switch {
	case r.CallbackURL == "" || r.Pending:
		return pretend.Callback{}, false
	case r.State == pretend.Approved:
		code, status, note = 0, statusDone, "Iade talebi onaylandi"
	case r.State == pretend.Reversed:
		note = "Iade onayi geri alindi"
	}
	body := map[string]any{"xact_id": r.ID, "code": strconv.Itoa(code), "status": status, "message": note}
	if cfg.CallbackCodeAsNumber {
		body["code"] = code
	}
	if cfg.CallbackNamesSale {
		body["xact_id"] = r.PaymentID
	}
	return pretend.Callback{
		URL: r.CallbackURL, Header: http.Header{"Content-Type": {"application/json; charset=UTF-8"}}, Body: encode(body),
	}, true
}

// Forgeries are what somebody could make of a genuine callback, by what is wrong with
// them. other is the address of another refund's callback.
func (g *Gateway) Forgeries(c pretend.Callback, other string) map[string]pretend.Callback {
	address := func(change func(url.Values)) string {
		u, err := url.Parse(c.URL)
		if err != nil {
			return c.URL
		}
		query := u.Query()
		change(query)
		u.RawQuery = query.Encode()
		return u.String()
	}
	tokens := func(of string) string {
		_, token, _ := strings.Cut(of, "refund_token=")
		return token
	}
	at := func(url string) pretend.Callback { c := c; c.URL = url; return c }
	with := func(body string) pretend.Callback { c := c; c.Body = []byte(body); return c }
	return map[string]pretend.Callback{
		"no token":                 at(address(func(q url.Values) { q.Del("refund_token") })),
		"no key":                   at(address(func(q url.Values) { q.Del("refund_key") })),
		"neither":                  at(address(func(q url.Values) { q.Del("refund_key"); q.Del("refund_token") })),
		"a token of zeros":         at(address(func(q url.Values) { q.Set("refund_token", strings.Repeat("A", 43)) })),
		"a token cut short":        at(address(func(q url.Values) { q.Set("refund_token", q.Get("refund_token")[1:]) })),
		"the token of another":     at(address(func(q url.Values) { q.Set("refund_token", tokens(other)) })),
		"the key of another":       at(address(func(q url.Values) { q.Set("refund_key", q.Get("refund_key")+"0") })),
		"two keys":                 at(address(func(q url.Values) { q.Add("refund_key", "other") })),
		"two tokens":               at(address(func(q url.Values) { q.Add("refund_token", tokens(other)) })),
		"truncated":                with(string(c.Body[:len(c.Body)/2])),
		"oversized":                with(strings.TrimSuffix(string(c.Body), "}") + `,"note":"` + strings.Repeat("x", 2<<20) + `"}`),
		"empty":                    with(""),
		"not JSON":                 with("xact_id=xk_1&code=0"),
		"a list":                   with("[" + string(c.Body) + "]"),
		"no code":                  with(`{"xact_id":"xk_1","status":"3"}`),
		"code null":                with(`{"xact_id":"xk_1","code":null}`),
		"code true":                with(`{"xact_id":"xk_1","code":true}`),
		"code with a leading zero": with(`{"xact_id":"xk_1","code":"00"}`),
		"code as a fraction":       with(`{"xact_id":"xk_1","code":0.0}`),
		"two codes":                with(`{"xact_id":"xk_1","code":"1","code":"0"}`),
		"two codes by case":        with(`{"xact_id":"xk_1","code":"1","Code":"0"}`),
	}
}
