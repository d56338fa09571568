package tarlan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/internal/callback"
)

// FuzzParseCallback gives the adapter any body: once with the signature that a
// second implementation makes for it, which must be taken exactly if that one can
// read the body, and once with the signature of another body, which must be taken
// only if both say the same.
func FuzzParseCallback(f *testing.F) {
	samples := sampleCallbacks(f)
	for _, name := range []string{"refund", "refund_waiting", "success", "text_go"} {
		for form := range uint8(3) {
			f.Add(samples[name].Body, form)
		}
	}
	base := with(map[string]string{"description": `"ж&"`})
	f.Add(base, uint8(0))
	f.Add(strings.Replace(base, "{", `{"a":"","additional_data":[1],`, 1), uint8(1))
	for _, odd := range []string{"1.0", "1e1", "-0", "1e-7", "9007199254740993.10", `"\ud800"`, `"\\ud800"`, `{"a":1,"a":2}`, `[["\u2028"]]`, "1e999"} {
		f.Add(strings.Replace(base, "{", `{"x":`+odd+`,`, 1), uint8(2))
	}
	p := reader(f)
	want, err := p.ParseCallback(f.Context(), signedCallback(strings.Replace(base, "&", `\u0026`, 1)))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string, form uint8) {
		form %= 3
		canonical, readable := oracle(body, form)
		readable = readable && len(body) <= callback.MaxBody
		got, err := p.ParseCallback(t.Context(), posted(body, bearer(canonical)))
		event, code := meaning(canonical)
		if !readable {
			event, code = nil, refund.Malformed
		}
		switch {
		case (err == nil) == (got == nil):
			t.Fatalf("%v and %v", got, err)
		case err != nil && !errors.Is(err, code):
			t.Fatalf("%v, want %q: %q", err, code, body)
		case err == nil && (event == nil || got.PaymentID != event.PaymentID || got.Status != event.Status || got.Code != event.Code):
			t.Fatalf("%+v, want %+v or %q: %q", got, event, code, body)
		}

		got, err = p.ParseCallback(t.Context(), posted(body, bearer(strings.Replace(base, "&", `\u0026`, 1))))
		same, _ := oracle(base, 0)
		genuine := readable && func() bool { c, ok := oracle(body, 0); return ok && c == same }()
		if (err == nil) != genuine || err == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("signed for another body: %+v, %v: %q", got, err, body)
		}
		if err != nil && !errors.Is(err, refund.Forged) && !errors.Is(err, refund.Malformed) {
			t.Fatalf("nothing but the signature may be read: %v", err)
		}
	})
}

// meaning is what a canonical body says, by the rules of the fact sheet.
func meaning(canonical string) (*refund.Event, refund.Code) {
	members, _ := adaptertest.Members(canonical)
	id, idOnce := adaptertest.Only(members, "transaction_id")
	raw, stateOnce := adaptertest.Only(members, "status_code")
	for name, want := range map[string]string{"merchant_id": "1", "project_id": "42"} {
		// Whether the other id, too, is wrong or missing decides which error it is.
		if is, once := adaptertest.Only(members, name); !once || is != want {
			return nil, owners(members)
		}
	}
	state, isText := adaptertest.Unquote(raw)
	if n, err := strconv.ParseInt(id, 10, 64); !idOnce || !stateOnce || !isText || err != nil || n <= 0 || fmt.Sprint(n) != id {
		return nil, refund.Malformed
	}
	switch state {
	case "refund":
		return &refund.Event{PaymentID: id, Status: refund.StatusSucceeded, Code: state}, ""
	case "refund_waiting":
		return &refund.Event{PaymentID: id, Status: refund.StatusPending, Code: state}, ""
	}
	return nil, refund.NotARefund
}

// owners is the error for wrong ids: that of the merchant comes first.
func owners(members []adaptertest.Member) refund.Code {
	for _, o := range []struct{ name, want string }{{"merchant_id", "1"}, {"project_id", "42"}} {
		raw, once := adaptertest.Only(members, o.name)
		n, err := strconv.ParseInt(raw, 10, 64)
		switch {
		case !once || err != nil || fmt.Sprint(n) != raw:
			return refund.Malformed
		case raw != o.want:
			return refund.Forged
		}
	}
	return ""
}

// oracle is the canonical form, made in another way: by maps and encoding/json,
// and by changes to what that writes.
func oracle(body string, form uint8) (canonical string, ok bool) {
	value, ok := tree(body, 1)
	object, isObject := value.(map[string]any)
	if !ok || !isObject || !utf8.ValidString(body) || strings.HasPrefix(body, "\xEF\xBB\xBF") || lonely(body) {
		return "", false
	}
	delete(object, "additional_data")
	for name, v := range object {
		if v == "" {
			delete(object, name)
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(form == 0)
	if e.Encode(object) != nil {
		return "", false
	}
	text := strings.TrimSuffix(b.String(), "\n")
	if form > 0 { // encoding/json escapes these two always
		text = escape.ReplaceAllStringFunc(text, func(s string) string {
			if s == `\u2028` || s == `\u2029` {
				return string(rune(0x2028 + int(s[5]-'8')))
			}
			return s
		})
	}
	if form == 1 {
		var ascii strings.Builder
		for _, r := range text {
			if r < utf8.RuneSelf {
				ascii.WriteRune(r)
				continue
			}
			for _, u := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&ascii, `\u%04x`, u)
			}
		}
		text = ascii.String()
	}
	return text, true
}

var escape = regexp.MustCompile(`\\(u[0-9a-fA-F]{4}|.)`)

// lonely reports whether half of a surrogate pair is in a text.
func lonely(body string) bool {
	high := -1 // where a high half ends
	for _, at := range escape.FindAllStringIndex(body, -1) {
		n, err := strconv.ParseUint(strings.TrimPrefix(body[at[0]:at[1]], `\u`), 16, 16)
		low := err == nil && at[1]-at[0] == 6 && n >= 0xDC00 && n < 0xE000
		if high >= 0 && !(low && at[0] == high) || high < 0 && low {
			return true
		}
		high = -1
		if err == nil && at[1]-at[0] == 6 && n >= 0xD800 && n < 0xDC00 {
			high = at[1]
		}
	}
	return high >= 0
}

// tree reads a value with numbers as they are to be written.
func tree(raw string, depth int) (any, bool) {
	raw = strings.Trim(raw, " \t\r\n")
	if raw == "" || !json.Valid([]byte(raw)) {
		return nil, false
	}
	if (raw[0] == '{' || raw[0] == '[') && depth > 32 {
		return nil, false
	}
	switch raw[0] {
	case '{':
		members, ok := adaptertest.Members(raw)
		object := make(map[string]any)
		for _, m := range members {
			if _, twice := object[m.Name]; twice {
				return nil, false
			}
			object[m.Name] = nil
			if depth == 1 && m.Name == "additional_data" {
				continue
			}
			v, readable := tree(m.Raw, depth+1)
			if !readable {
				return nil, false
			}
			object[m.Name] = v
		}
		return object, ok
	case '[':
		var list []json.RawMessage
		if json.Unmarshal([]byte(raw), &list) != nil {
			return nil, false
		}
		values := make([]any, len(list))
		for i, one := range list {
			v, readable := tree(string(one), depth+1)
			if !readable {
				return nil, false
			}
			values[i] = v
		}
		return values, true
	case '"':
		s, ok := adaptertest.Unquote(raw)
		return s, ok
	case 't', 'f', 'n':
		return map[string]any{"true": true, "false": false, "null": nil}[raw], true
	}
	return number(raw)
}

// number is the shortest form of a number, by decimals.
func number(literal string) (any, bool) {
	if !strings.ContainsAny(literal, ".eE") {
		return json.Number(literal), true
	}
	sign := ""
	if literal[0] == '-' {
		sign = "-"
	}
	if _, power, found := strings.Cut(strings.ToLower(literal), "e"); found {
		if n, err := strconv.ParseInt(power, 10, 64); err != nil || n > 1<<20 || n < -1<<20 {
			return nil, false
		}
	}
	d, err := decimal.NewFromString(literal)
	if err != nil {
		return nil, false
	}
	if d.IsZero() {
		return json.Number(sign + "0"), true
	}
	digits := strings.TrimRight(d.Coefficient().Text(10), "0")
	digits = strings.TrimPrefix(digits, "-")
	power := len(strings.TrimPrefix(d.Coefficient().Text(10), "-")) + int(d.Exponent()) - 1
	switch {
	case power > 300 || power < -300:
		return nil, false
	case power >= -6 && power < 21:
		return json.Number(d.String()), true
	case len(digits) > 1:
		digits = digits[:1] + "." + digits[1:]
	}
	return json.Number(fmt.Sprintf("%s%se%+d", sign, digits, power)), true
}
