package redstone_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
)

// FuzzParseCallback gives the adapter any callback. It must not panic, and must
// say of its trust and its state what a second, simple reading says.
func FuzzParseCallback(f *testing.F) {
	where, err := url.Parse(address(f, refundKey))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range []string{
		"enveloped_successful.json", "enveloped_failed.json", "enveloped_timeout.json", "flat_successful.json",
		"flat_pending.json", "payment.json", "sister_status.json",
	} {
		body := sample(f, file)
		f.Add(where.RawQuery, hex.EncodeToString(digest(webhookSecret, body)), body)
	}
	contradicting, agreeing := variations()
	for _, bodies := range []map[string]string{contradicting, agreeing} {
		for _, name := range slices.Sorted(maps.Keys(bodies)) {
			f.Add(where.RawQuery, "", bodies[name])
		}
	}
	f.Add("", "", `{"type":"payment","reference":"PY_1","data":{},"data":{}}`)
	for _, kind := range []string{`true`, `"true"`, `7`, `"7"`, `"Payment"`, `null`} {
		f.Add("", "", noticed("type", kind))
		f.Add("", "", noticed("reference", kind))
		f.Add("", "", noticed("payment_reference", kind, "reference", kind))
		f.Add("", "", noticed("status", kind))
		f.Add("", "", noticed("status", `"failed"`, "reason_for_failure", kind))
	}
	f.Add("", "", `{"status":"success","data":{"status":"failed","reference":"PY_1","reason_for_failure":"INSUFFICIENT_FUNDS"}}`)
	f.Add(where.RawQuery+"?reference=PY_1&x=%zz", "none", `{"reference":"PY_1","type":"refund","status":"successful"}`)
	f.Add("refund_key=x&refund_token=y", "none", `{"reference":"PY_1","data":{"reference":"PY_2","type":"refund"}}`)

	plain, token, sign := provider(f, config(nil)), provider(f, guarded()), provider(f, signing())
	f.Fuzz(func(t *testing.T, query, signature, body string) {
		cb := signed(body, signature)
		cb.URL = "/hooks/redstone?" + query
		genuine := bearsToken(query, where.Query().Get("refund_token"))
		right := signature == hex.EncodeToString(digest(webhookSecret, body))

		e, err := token.ParseCallback(t.Context(), cb)
		judged(t, e, err, reads(body, genuine), refund.TrustToken, !genuine)
		if e != nil && e.Key != refundKey {
			t.Errorf("the key is %q", e.Key)
		}
		// The same body at the right address.
		cb.URL = where.String()
		e, err = token.ParseCallback(t.Context(), cb)
		judged(t, e, err, reads(body, true), refund.TrustToken, false)

		e, err = plain.ParseCallback(t.Context(), cb)
		judged(t, e, err, reads(body, false), refund.TrustNone, false)

		e, err = sign.ParseCallback(t.Context(), cb)
		if right || !errors.Is(err, refund.Forged) {
			// Another form of the signature than this one may be right too.
			judged(t, e, err, reads(body, false), refund.TrustSigned, false)
		}
		if !right && !strings.EqualFold(signature, hex.EncodeToString(digest(webhookSecret, body))) && len(signature) > 44 && err == nil {
			t.Errorf("the signature %q is believed", signature)
		}
	})
}

// behindToken matches what follows a token with a "?".
var behindToken = regexp.MustCompile(`(?s)^((?:[^&]*&)*?refund_token=[^&?]*)\?.*$`)

// bearsToken reports whether a query has refundKey and its token, each once, before
// whatever follows the token with a "?".
func bearsToken(query, token string) bool {
	q, err := url.ParseQuery(behindToken.ReplaceAllString(strings.SplitN(query, "#", 2)[0], "$1"))
	u, uerr := url.Parse("/hooks/redstone?" + query)
	return err == nil && uerr == nil && u.RawQuery != "" && len(q["refund_key"]) == 1 && len(q["refund_token"]) == 1 &&
		q.Get("refund_key") == refundKey && q.Get("refund_token") == token
}

// reading is what a callback's body says; code is set if it says nothing.
type reading struct {
	code   refund.Code
	status refund.Status
}

// judged compares what the adapter made of a callback with the second reading.
func judged(t *testing.T, e *refund.Event, err error, want reading, trust refund.Trust, forged bool) {
	t.Helper()
	switch {
	case (e == nil) == (err == nil):
		t.Fatalf("event %v with error %v", e, err)
	case err != nil:
		var own *refund.Error
		if !errors.As(err, &own) || own.Status != refund.StatusNotSent || len(own.Message) > 200 {
			t.Fatalf("error %#v", err)
		}
		switch {
		case want.code == refund.Malformed && own.Code == refund.Malformed, forged && own.Code == refund.Forged:
		case forged || own.Code != want.code:
			t.Errorf("%s, want %q, forged %t", own.Code, want.code, forged)
		}
		return
	case forged || want.code != "":
		t.Fatalf("an event, want %q, forged %t", want.code, forged)
	}
	if e.Status != want.status {
		t.Errorf("%s, want %s", e.Status, want.status)
	}
	if e.Trust != trust || e.Gateway != "redstone" || e.ID == "" {
		t.Errorf("event %+v", e)
	}
	if e.RefundID != "" && e.RefundID == e.PaymentID {
		t.Errorf("the payment's own id %q is the refund's", e.RefundID)
	}
	if e.Amount.IsSet() && (e.AmountUnreadable || !e.Amount.IsPositive() || e.Amount.Currency() != "ZMW" && e.Status != refund.StatusUnknown) {
		t.Errorf("amount %s", e.Amount)
	}
	for _, text := range []string{e.Code, e.Message, e.RefundID, e.PaymentID} {
		if len(text) > 4<<10 || !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n\x00") {
			t.Errorf("the text %q", text)
		}
	}
}

// reads is the rule of a callback's body, written down a second time. known says
// that the token tells which refund it is about.
func reads(body string, known bool) reading {
	top, ok := adaptertest.Members(body)
	if !ok || len(body) > 256<<10 {
		return reading{code: refund.Malformed}
	}
	r := reader{top: top, clear: true}
	raw, once := adaptertest.Only(top, "data")
	r.enclosed, r.twice = raw != "" && raw != "null" || !once, !once
	r.data, _ = adaptertest.Members(raw)

	kind, event := r.field("type"), r.field("event")
	payments := func(v value) bool {
		word := strings.ToLower(v.text)
		return v.isText && (word == "payment" || slices.Contains([]string{"success", "successful", "pending", "processing", "failed"}, strings.TrimPrefix(word, "payment.")) && word[0] == 'p' && strings.HasPrefix(word, "payment."))
	}
	if (payments(kind) || payments(event)) && (payments(kind) || !kind.given) && (payments(event) || !event.given) {
		return reading{code: refund.NotARefund}
	}
	reference, paid := r.field("reference"), r.field("payment_reference")
	currency, environment := r.field("currency"), r.field("environment")
	reason, sisters := r.field("reason_for_failure"), r.field("failure_reason")
	r.field("amount")
	named := paid.isReference() || reference.isReference()
	if !known && !named {
		return reading{code: refund.Malformed}
	}

	outer, state := r.one(r.top, "status"), r.one(r.data, "status")
	if r.enclosed && !state.given {
		return reading{}
	}
	if !r.enclosed {
		outer, state = value{}, outer
	}
	word := strings.ToLower(state.text)
	code, success := r.one(r.top, "code"), r.one(r.top, "success")
	switch {
	case !r.clear, !named, !state.isWord(),
		outer.given && (!outer.isText || strings.ToLower(outer.text) != "success" && strings.ToLower(outer.text) != word),
		code.given && code.text != "200" && code.text != "201",
		success.given && success.text != "true",
		currency.given && (!currency.isText || currency.text != "ZMW"),
		environment.given && (!environment.isText || environment.text != "test"),
		reference.text != "" && reference.text == paid.text,
		!kind.given && !event.given && !known,
		kind.given && !refunds(kind, word), event.given && !refunds(event, word),
		!known && !(reference.isReference() && reference.text != paid.text) && (payouts(kind) || payouts(event)):
		return reading{}
	}
	final := func(v value) bool {
		return v.isText && slices.Contains([]string{"ABANDONED_TRANSACTION", "DECLINED_TRANSACTION", "INSUFFICIENT_FUNDS"}, strings.ToUpper(v.text))
	}
	explained := final(reason) && sisters.text == "" || final(sisters) && reason.text == "" ||
		final(reason) && strings.EqualFold(reason.text, sisters.text) && sisters.isText
	switch {
	case word == "failed" && !doubtful(body) && explained:
		return reading{status: refund.StatusFailed}
	case reason.text != "" || sisters.text != "":
	case word == "successful":
		return reading{status: refund.StatusSucceeded}
	case word == "pending", word == "processing":
		return reading{status: refund.StatusPending}
	}
	return reading{}
}

// refunds reports whether a type or an event is a refund's or a payout's, in that state.
func refunds(v value, state string) bool {
	word := strings.ToLower(v.text)
	return v.isText && slices.Contains([]string{"refund", "payout", "refund." + state, "payout." + state}, word) &&
		(!strings.Contains(word, ".") || slices.Contains([]string{"successful", "pending", "processing", "failed"}, state))
}

func payouts(v value) bool { return v.isText && strings.HasPrefix(strings.ToLower(v.text), "payout") }

// reader looks at the members beside data and in it.
type reader struct {
	top, data              []adaptertest.Member
	enclosed, twice, clear bool
}

// value is one that is no object and no list.
type value struct {
	text          string
	given, isText bool
}

func (v value) isWord() bool { return v.isText && v.text != "" && v.text[0] >= 'A' }

// isReference reports whether v can be an id: on one line, and nobody's address.
func (v value) isReference() bool {
	if v.text == "" || !v.isText && (v.text == "true" || v.text == "false") {
		return false
	}
	return len(v.text) <= 255 && utf8.ValidString(v.text) && v.text[0] != '+' && v.text == strings.TrimSpace(v.text) &&
		!strings.ContainsFunc(v.text, func(r rune) bool {
			return r == '@' || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r) && r != ' '
		})
}

// one is the value of a name, none if it is null. One that is no such value, or is
// there twice, makes the whole unclear.
func (r *reader) one(of []adaptertest.Member, name string) value {
	raw, once := adaptertest.Only(of, name)
	switch {
	case !once, strings.HasPrefix(raw, "{"), strings.HasPrefix(raw, "["):
		r.clear = false
		return value{given: true}
	case raw == "", raw == "null":
		return value{}
	}
	if raw[0] == '"' && !strings.Contains(raw, `\`) {
		return value{raw[1 : len(raw)-1], true, true} // bytes that are not UTF-8 stay
	}
	if text, isText := adaptertest.Unquote(raw); isText {
		return value{text, true, true}
	}
	return value{raw, true, false}
}

// field is what both places say. If they differ nobody can say.
func (r *reader) field(name string) value {
	each := reader{clear: true}
	outer, inner := each.one(r.top, name), each.one(r.data, name)
	switch {
	case !each.clear, r.twice, outer.given && inner.given && outer != inner:
		r.clear = false
		return value{given: true}
	case inner.given:
		return inner
	}
	return outer
}

// doubtful is the rule for words behind which money may have gone out.
func doubtful(body string) bool {
	var v any
	if json.Unmarshal([]byte(strings.TrimPrefix(body, "\xEF\xBB\xBF")), &v) != nil {
		return true
	}
	undone, _ := json.Marshal(v)
	text := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(body + string(undone)))
	return says(text, "timeout", "time_out", "timed_out", "timedout", "pending", "already_exist")
}

func says(text string, words ...string) bool {
	for _, word := range words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}
