package paynet_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/internal/callback"
	"github.com/gorefund/refund/paynet"
)

// FuzzParseCallback gives the adapter any query and any body: the body at the address
// with that query, at a refund's own address, and at one that nothing guards. The
// adapter must not panic, and must make of each what the second reading below makes.
func FuzzParseCallback(f *testing.F) {
	address, err := callback.Address("paynet", refund.Sandbox, "refund", hook, callbackSecret, "K-1")
	if err != nil {
		f.Fatal(err)
	}
	_, query, _ := strings.Cut(address, "?")
	samples, err := filepath.Glob("testdata/callbacks/*.json")
	if err != nil || len(samples) == 0 {
		f.Fatalf("no sample callbacks: %v", err)
	}
	for _, file := range samples {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(query, body)
	}
	f.Add(strings.Replace(query, "K-1", "K-2", 1), []byte(`{"code":"0"}`))
	f.Add(query+"&refund_key=K-1", []byte(`{"code":"0"}`))
	f.Add(query+"?xact_id=x&code=0", []byte(`{"code":"0"}`))

	token, plain := provider(f, config(nil)), provider(f, unguarded())
	f.Fuzz(func(t *testing.T, q string, body []byte) {
		want := reads(string(body), true)
		ev, err := token.ParseCallback(t.Context(), posted(address, string(body)))
		want.compare(t, ev, err, refund.TrustToken)

		ev, err = plain.ParseCallback(t.Context(), posted(hook, string(body)))
		reads(string(body), false).compare(t, ev, err, refund.TrustNone)

		if !bears(q, tokenOf(query)) && want.bodyChecked {
			want = heard{code: refund.Forged}
		}
		ev, err = token.ParseCallback(t.Context(), posted(hook+"?"+q, string(body)))
		want.compare(t, ev, err, refund.TrustToken)
	})
}

func provider(f *testing.F, c paynet.Config) *paynet.Provider {
	p, err := paynet.New(c)
	if err != nil {
		f.Fatal(err)
	}
	return p
}

// bears reports whether a query holds K-1 and its token, each once, before whatever
// follows the token with a "?".
func bears(query, token string) bool {
	query, _, _ = strings.Cut(query, "#")
	if strings.ContainsFunc(query, func(r rune) bool { return r < ' ' || r == 0x7F }) {
		return false // no address
	}
	query = behindToken.ReplaceAllString(query, "$1")
	q, err := url.ParseQuery(query)
	return err == nil && len(q["refund_key"]) == 1 && len(q["refund_token"]) == 1 && q.Get("refund_key") == "K-1" && q.Get("refund_token") == token
}

var behindToken = regexp.MustCompile(`(?s)^((?:[^&]*&)*?refund_token=[^&?]*)\?.*$`)

// heard is what a strict reader makes of a body: an outcome, or the code of an error.
type heard struct {
	code        refund.Code
	status      refund.Status
	text        string // of code
	id          string
	bodyChecked bool // it is not refused before the token is looked at
}

var integer = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,18})$`)

func reads(body string, known bool) heard {
	h := heard{code: refund.Malformed, bodyChecked: len(body) > 0 && len(body) <= 256<<10}
	top, ok := adaptertest.Members(body)
	if !h.bodyChecked || !ok {
		return h
	}
	code, _ := scalar(top, "code")
	if _, err := strconv.ParseInt(code, 10, 64); err != nil || !integer.MatchString(code) {
		return h
	}
	if id, _ := scalar(top, "xact_id"); isID(id) {
		h.id = id
	}
	if h.id == "" && !known {
		return h
	}
	h.code, h.text = "", code
	h.status = map[string]refund.Status{"0": refund.StatusSucceeded, "1": refund.StatusFailed}[code]
	return h
}

// scalar is the text of a string or a number that is there once.
func scalar(top []adaptertest.Member, name string) (string, bool) {
	raw, ok := adaptertest.Only(top, name)
	if !ok || raw == "" {
		return "", false
	}
	if s, ok := adaptertest.Unquote(raw); ok {
		return s, true
	}
	return raw, strings.Contains("-0123456789", raw[:1])
}

// isID is what no reader could take for anything but an id. The rest is not compared.
func isID(s string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9_*/.-]{1,255}$`).MatchString(s) && s != "null" && s != "true" && s != "false"
}

func (h heard) compare(t *testing.T, ev *refund.Event, err error, trust refund.Trust) {
	t.Helper()
	var e *refund.Error
	switch {
	case (ev == nil) == (err == nil):
		t.Fatalf("event %v with error %v", ev, err)
	case err != nil && (!errors.As(err, &e) || e.Status != refund.StatusNotSent || len(e.Message) > 200):
		t.Fatalf("error %#v", err)
	case err != nil && e.Code != h.code:
		t.Fatalf("%v, want %+v", err, h)
	case err != nil:
		return
	case h.code != "":
		if h.code == refund.Malformed && trust == refund.TrustNone && ev.RefundID != "" && !isID(ev.RefundID) {
			return // another id than this reader dares to take
		}
		t.Fatalf("event %+v, want %s", ev, h.code)
	}
	key := map[refund.Trust]string{refund.TrustToken: "K-1"}[trust]
	if ev.Status != h.status || ev.Trust != trust || ev.Key != key || ev.Gateway != "paynet" || ev.ID == "" || ev.Amount.IsSet() || !ev.At.IsZero() {
		t.Fatalf("event %+v, want %+v", ev, h)
	}
	if isID(ev.RefundID) != (h.id != "") || h.id != "" && ev.RefundID != h.id {
		t.Fatalf("refund %q, want %q", ev.RefundID, h.id)
	}
	if trust == refund.TrustToken && ev.PaymentID != "" || trust == refund.TrustNone && ev.PaymentID != ev.RefundID {
		t.Fatalf("payment %q beside refund %q", ev.PaymentID, ev.RefundID)
	}
	if len(h.text) < 9 && ev.Code != h.text {
		t.Fatalf("code %q, want %q", ev.Code, h.text)
	}
	for _, text := range []string{ev.Code, ev.Message, ev.RefundID} {
		if len(text) > 4<<10 || !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n\x00") {
			t.Fatalf("text %q", text)
		}
	}
}
