package httpx_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/httpx"
)

// A gateway or a proxy may write what it got in its own way.
func TestClean_Secrets(t *testing.T) {
	t.Parallel()
	forms := map[string]func(string) string{
		"raw":           func(s string) string { return s },
		"base64":        func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"base64, bare":  func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) },
		"base64url":     func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) },
		"as a user":     func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s + ":")) },
		"query":         url.QueryEscape,
		"query, lower":  func(s string) string { return lowerEscapes(url.QueryEscape(s)) },
		"path":          url.PathEscape,
		"path, lower":   func(s string) string { return lowerEscapes(url.PathEscape(s)) },
		"%20":           func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") },
		"HTML":          html.EscapeString,
		"JSON":          func(s string) string { return inJSON(t, s) },
		"JSON of PHP":   func(s string) string { return strings.ReplaceAll(plainJSON(s), "/", `\/`) },
		"JSON, <>& raw": plainJSON,
		"hex":           func(s string) string { return fmt.Sprintf("%x", s) },
		"HEX":           func(s string) string { return fmt.Sprintf("%X", s) },
		"quoted":        func(s string) string { return fmt.Sprintf("%q", s) },
		"in ASCII":      func(s string) string { return fmt.Sprintf("%+q", s) },
		"a header line": func(s string) string { return `malformed header "Authorization: Basic ` + s + `"` },
	}
	for name, s := range map[string]string{
		"plain":      "sk_live_0123456789abcdef",
		"base64":     "q/83+Zk4==",
		"everything": `a/b+c d"e\f<g>&h'i%j`,
		"other":      "ключ-秘密",
		"lengths 0":  "abcdef",
		"lengths 1":  "abcdefg",
		"lengths 2":  "abcdefgh",
	} {
		base, err := url.Parse("https://gateway.example")
		require.NoError(t, err)
		c := httpx.New(httpx.Options{Gateway: "pretend", BaseURL: base, Secrets: []string{"", s}})
		for form, write := range forms {
			t.Run(name+", "+form, func(t *testing.T) {
				t.Parallel()
				hidden := write(s)
				for _, text := range []string{hidden, "x" + hidden + "y", hidden + hidden, "key " + hidden + ", key " + hidden} {
					for _, got := range []string{c.Clean(text), c.Bound(text)} {
						assert.NotContains(t, got, s)
						assert.NotContains(t, got, strings.TrimRight(hidden, "="))
						assert.Contains(t, got, "***")
					}
				}
			})
		}
	}
}

func lowerEscapes(s string) string {
	for i := 0; i+2 < len(s); i++ {
		if s[i] == '%' {
			s = s[:i] + strings.ToLower(s[i:i+3]) + s[i+3:]
		}
	}
	return s
}

func inJSON(t *testing.T, s string) string {
	t.Helper()
	quoted, err := json.Marshal(s)
	require.NoError(t, err)
	return string(quoted[1 : len(quoted)-1])
}

func plainJSON(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) }

// Who echoes what it got may cut it at its own limit.
func TestC81_CutSecrets(t *testing.T) {
	t.Parallel()
	base, err := url.Parse("https://gateway.example")
	require.NoError(t, err)
	const key = "redSec_test_0123456789abcdefghijklmn" // the first twelve bytes are no secret
	c := httpx.New(httpx.Options{Gateway: "pretend", BaseURL: base, Secrets: []string{key, "*"}})
	for name, write := range map[string]func(string) string{
		"raw":    func(s string) string { return s },
		"base64": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"hex":    func(s string) string { return fmt.Sprintf("%x", s) },
	} {
		whole := write(key)
		for n := len(whole) / 2; n < len(whole); n++ {
			for _, text := range []string{whole[:n], "no " + whole[:n] + "… no", whole[len(whole)-n:], "…" + whole[len(whole)-n:] + "!", whole[:n] + whole[:n]} {
				for _, got := range []string{c.Clean(text), c.Bound(text)} {
					assert.NotContains(t, got, whole[:8], "%s: %s", name, text)
					assert.NotContains(t, got, whole[len(whole)-8:], "%s: %s", name, text)
					assert.Contains(t, got, "***")
				}
			}
		}
	}
	assert.Equal(t, "it must begin with redSec_test_", c.Clean("it must begin with redSec_test_"))
}

// A short secret that is part of a longer one must not uncover the rest of it.
func TestClean_SecretInSecret(t *testing.T) {
	t.Parallel()
	base, err := url.Parse("https://gateway.example")
	require.NoError(t, err)
	c := httpx.New(httpx.Options{Gateway: "pretend", BaseURL: base, Secrets: []string{"key", "long-key-of-mine"}})
	assert.Equal(t, "*** and ***", c.Clean("long-key-of-mine and key"))
}

func TestPersonal(t *testing.T) {
	t.Parallel()
	const signature = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	for _, tt := range []struct{ name, in, want string }{
		{"signature", "sign " + signature + " is wrong", "sign *** is wrong"},
		{"signature in capitals", strings.ToUpper(signature), "***"},
		{"signature in a word", "x" + signature + "x", "x***x"},

		{"e-mail", "jane.doe+x@mail.example.com is unknown", "[e-mail] is unknown"},
		{"e-mail in brackets", "Jane <jane@example.com>, hello", "Jane <[e-mail]>, hello"},
		{"e-mail in a query", "?email=jane%40example.com&x", "?email=[e-mail]"},
		{"e-mail in a link", "mailto:jane@example.com", "mailto:[e-mail]"},
		{"e-mail not in ASCII", "jäne@bücher.example", "[e-mail]"},
		{"e-mail without digits or points before", "no account a@b.cd", "no account [e-mail]"},
		{"login in a URL", "proxy http://user:pa%ss@proxy:3128 failed", "proxy http://***@proxy:3128 failed"},
		{"login with an at sign", "http://user:p@ss@proxy", "http://***@proxy"},

		{"phone", "phone +260971234567 unknown", "phone [number] unknown"},
		{"phone, spaced", "phone +90 532 123 45 67 unknown", "phone [number] unknown"},
		{"phone, brackets", "call +7 (701) 123-45-67.", "call [number]."},
		{"phone, points", "call 0971.234.567!", "call [number]!"},
		{"phone, typographic dashes", "call 0971\u2011234\u2013567", "call [number]"},
		{"phone behind a word", "tel+260971234567", "tel[number]"},
		{"phone behind a date", "2024-05-01 0971234567 unknown", "2024-05-01 [number] unknown"},
		{"phone behind a time", "2024-05-01 10:00 0971234567", "2024-05-01 10:[number]"}, // what may belong to it is masked
		{"phone that begins like a date", "call 2024-05-0123456", "call [number]"},
		{"phone before a word with a digit", "call 0971234567 3x", "call [number] 3x"},
		{"phone behind a word with a digit", "error5 0971234567", "error5 [number]"},
		{"two phones", "0971234567 0967654321", "[number]"},
		{"card", "card 4111111111111111 declined", "card [number] declined"},
		{"card, spaced", "card 4111 1111 1111 1111 declined", "card [number] declined"},
		{"card before 3DS", "card 4111 1111 1111 1111 3DS failed", "card [number] 3DS failed"},
		{"card behind v2", "v2 4111111111111111", "v2 [number]"},
		{"card and its date", "4111111111111111 12 2027", "[number]"},
		{"two cards", "4111 1111 1111 1111 5500 0000 0000 0004", "[number]"},
		{"card, masked", "card 411111******1111 declined", "card [number] declined"},
		{"card, masked and spaced", "4111 11** **** 1111", "[number]"},

		{"IPv4", "IP 203.0.113.7 is not listed", "IP [address] is not listed"},
		{"IPv4 at the end", "not listed: 203.0.113.7.", "not listed: [address]."},
		{"IPv4 with port", "dial tcp 127.0.0.1:443: refused", "dial tcp [address]:443: refused"},
		{"IPv6", "IP 2001:db8::1 is not listed", "IP [address] is not listed"},
		{"IPv6 in brackets", "dial tcp [2001:db8::1]:443: refused", "dial tcp [[address]]:443: refused"},
		{"IPv6 at the end", "not listed: 2001:db8::1.", "not listed: [address]."},
		{"IPv6 before a colon", "2001:db8::1: not listed", "[address]: not listed"},
		{"IPv6 behind a colon", "IP:2001:db8::1", "IP:[address]"},
		{"IPv6 that ends with colons", "2001:db8:: is a net", "[address] is a net"},
		{"IPv6, long", "2001:0db8:0000:0000:0000:ff00:0042:8329", "[address]"},
		{"IPv6 of letters", "from dead:beef::cafe", "from [address]"},
		{"IPv6 loopback", "at ::1", "at [address]"},
		{"IPv4 in IPv6", "from ::ffff:203.0.113.7", "from [address]"},

		{"nothing", "Transaction is already refunded", "Transaction is already refunded"},
		{"empty", "", ""},
		{"amount", "only 1234.50 TRY are left of 12345678.90 TRY", "only 1234.50 TRY are left of 12345678.90 TRY"},
		{"amount, three decimals", "12345678.905 KWD", "12345678.905 KWD"},
		{"amount, spaced", "1 234 567.89 KZT", "1 234 567.89 KZT"},
		{"amount, commas", "1,234,567.89 PHP", "1,234,567.89 PHP"},
		{"date", "since 2024-05-01", "since 2024-05-01"},
		{"date and time", "at 2024-05-01 10:30:00, not later", "at 2024-05-01 10:30:00, not later"},
		{"RFC 3339", "at 2024-05-01T10:30:00Z", "at 2024-05-01T10:30:00Z"},
		{"date, day first", "at 01.05.2024 10:30:00", "at 01.05.2024 10:30:00"},
		{"date range", "2024-05-01 - 2024-05-31 is closed", "2024-05-01 - 2024-05-31 is closed"},
		{"short id", "payment 20000001", "payment 20000001"},
		{"id with letters", "TRX10001000100 unknown", "TRX10001000100 unknown"},
		{"id, letters behind", "10001000100A unknown", "10001000100A unknown"},
		{"id, long", "id 123456789012345678901", "id 123456789012345678901"},
		{"UUID", "id 550e8400-e29b-41d4-a716-446655440000 unknown", "id 550e8400-e29b-41d4-a716-446655440000 unknown"},
		{"gateway codes", "ER.20.20 and 5103", "ER.20.20 and 5103"},
		{"version", "nginx/1.18.0 (Ubuntu)", "nginx/1.18.0 (Ubuntu)"},
		{"time", "at 12:30:45", "at 12:30:45"},
		{"C++", "Refund::Process failed", "Refund::Process failed"},
		{"percent", "100% refunded", "100% refunded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, httpx.Personal(tt.in))
			assert.Equal(t, "a "+tt.want+" b", httpx.Personal("a "+tt.in+" b"))
		})
	}
}

func TestPersonal_Keep(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want, keep string }{
		{"number", "payment 200000001 unknown", "payment 200000001 unknown", "200000001"},
		{"another number", "payment 200000001 unknown", "payment [number] unknown", "200000002"},
		{"beside another number", "200000001 (0971234567)", "200000001 ([number])", "200000001"},
		{"behind a date", "2024-05-01 200000001", "2024-05-01 200000001", "200000001"},
		{"part of a number", "call 1200000001", "call [number]", "200000001"},
		{"part of a word", "x200000001 200000001", "x200000001 200000001", "200000001"},
		{"letters and number", "TRX-10001000100 unknown", "TRX-10001000100 unknown", "TRX-10001000100"},
		{"address", "order 10.0.0.1", "order 10.0.0.1", "10.0.0.1"},
		{"often", strings.Repeat("200000001 ", 3), strings.Repeat("200000001 ", 3), "200000001"},
		{"too short to be kept out of a phone", "call +260 97 1234567", "call [number]", "97"},
		{"empty", "call 0971234567", "call [number]", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, httpx.Personal(tt.in, tt.keep))
		})
	}
	assert.Equal(t, "200000001 200000002 [number]", httpx.Personal("200000001 200000002 200000003", "200000002", "200000001"))
}

func TestClean_OneLine(t *testing.T) {
	t.Parallel()
	c := newClient(t, "https://gateway.example", nil)
	for _, tt := range []struct{ name, in, want string }{
		{"line breaks", "a\r\nb\nc\vd\u2028e\u2029f\u0085g", "a  b c d e f g"},
		{"tab and other controls", "a\tb\x00c\x1b[31md\x7fe\u009bf", "a b c [31md e f"},
		{"edges", " \n a \t ", "a"},
		{"only controls", "\r\n\x00", ""},
		{"invalid UTF-8", "a\xff\xfeb\xc3", "a\uFFFDb\uFFFD"},
		{"letters", "Kart geçersiz – reddedildi", "Kart geçersiz – reddedildi"},
		{"turned around", "a\u202Eb\u2066c\u200Fd", "abcd"},
		{"a number hidden by what nobody sees", "call 0971\u200B234\u00AD567", "call [number]"},
		{"a number hidden by controls", "call 0971\x00234\t567", "call [number]"},
		{"a number with other spaces", "call 0971\u00A0234\u202F567", "call [number]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, c.Clean(tt.in))
		})
	}
	assert.Equal(t, "200000001", c.Bound("200000001\n"), "Bound is for ids")
	assert.Equal(t, "***", c.Bound(secret))
}

func TestClean_Bounded(t *testing.T) {
	t.Parallel()
	const most = 4 << 10
	c := newClient(t, "https://gateway.example", nil)
	for _, unit := range []string{"x", "ç", "漢", "𝄞", "word ", secret, "jane@example.com ", "0971234567 x ", "\xff"} {
		for _, n := range []int{most - 4, most - 3, most - 2, most - 1, most, most + 1, most + 2, most + 3, most + 4, 70 << 10} {
			text := strings.Repeat(unit, n/len(unit)) + strings.Repeat("y", n%len(unit))
			for name, got := range map[string]string{"Clean": c.Clean(text), "Bound": c.Bound(text)} {
				if len(got) > most || !utf8.ValidString(got) || strings.Contains(got, secret) {
					t.Errorf("%s of %d bytes of %q: %d bytes, valid %t", name, n, unit, len(got), utf8.ValidString(got))
				}
				if cut := strings.HasSuffix(got, "…"); unit == "x" && cut != (n > most) && n < 70<<10 {
					t.Errorf("%s of %d bytes: cut is %t", name, n, cut)
				}
			}
			if got := c.Clean(text); strings.Contains(got, "jane@") || strings.Contains(got, "0971") {
				t.Errorf("%d bytes of %q: personal data is left", n, unit)
			}
		}
	}
	assert.Equal(t, strings.Repeat("x", most), c.Clean(strings.Repeat("x", most)))
}

// What stands on the border of a cut must not be seen in part.
func TestUnreadable_CutsWhatIsClean(t *testing.T) {
	t.Parallel()
	c := newClient(t, "https://gateway.example", nil)
	for what, hidden := range map[string]string{
		"secret": secret, "e-mail": "jane.doe@example.com", "phone": "+260971234567",
		"signature": strings.Repeat("0a", 32), "address": "2001:0db8:0000:0000:0000:ff00:0042:8329",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			for n := range 260 {
				page := strings.Repeat("<", n) + " " + hidden + " and so on" + strings.Repeat(".", 100)
				text := c.Unreadable("refund", httpx.Reply{Status: 502, Body: []byte(page)}).Error()
				require.NotContains(t, text, hidden[:6], "after %d bytes", n)
			}
		})
	}
}

func TestUnreadable_ShowsNoJSON(t *testing.T) {
	t.Parallel()
	c := newClient(t, "https://gateway.example", nil)
	const person = `"name":"Jane Doe","address":"1 High Street"`
	for name, content := range map[string]string{
		"object":             `{` + person + `}`,
		"behind a mark":      "\xEF\xBB\xBF{" + person + `}`,
		"cut off":            `{"customer":{` + person,
		"array":              `[{` + person + `}]`,
		"two":                `{` + person + `}{` + person + `}`,
		"garbage behind":     `{` + person + `} <!-- 12 ms -->`,
		"text":               `"Jane Doe, 1 High Street"`,
		"spaces":             " \r\n\t{" + person + "}",
		"mark, then nothing": "\xEF\xBB\xBF",
		"nothing":            "",
		"spaces only":        " \r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.Unreadable("refund", httpx.Reply{Status: 200, Body: []byte(content)})
			requireStatus(t, refund.StatusUnknown, err)
			assert.NotContains(t, err.Error(), "Jane")
			assert.NotContains(t, err.Error(), "High Street")
			assert.Contains(t, err.Error(), ": it is ")
		})
	}
}

func TestMaskQuery(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                 "",
		"https://shop.example/cb":          "https://shop.example/cb",
		"https://shop.example/cb?":         "https://shop.example/cb?",
		"https://shop.example/cb?token=1":  "https://shop.example/cb?***",
		"https://shop.example/cb?a=1?b=2":  "https://shop.example/cb?***",
		"https://shop.example/cb#token":    "https://shop.example/cb#***",
		"https://shop.example/cb?a=1#b":    "https://shop.example/cb?***",
		"https://shop.example/cb#a?b=c":    "https://shop.example/cb#***",
		"https://shop.example/cb;token=1?": "https://shop.example/cb;token=1?",
	} {
		assert.Equal(t, want, httpx.MaskQuery(in))
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	const bearer = "9f86d081884c7d659a2feaa0c55ad015"
	base, err := url.Parse("https://gateway.example/prefix/")
	require.NoError(t, err)
	c := httpx.New(httpx.Options{
		Gateway: "pretend", BaseURL: base, Transport: failing(false, errRefused),
		Header: map[string]string{"secret-key": secret, "X-Basic": "Basic " + secret, "Accept": "text/json"}, Secrets: []string{secret},
	})
	r := httpx.Request{Method: http.MethodPost, Path: "/refund/" + url.PathEscape(secret), Bearer: bearer, Body: []byte("not shown")}
	p := c.Plan(r, `{"callback":"https://shop.example/`+secret+`"}`)
	assert.Equal(t, &refund.Plan{
		Method: "POST", URL: "https://gateway.example/prefix/refund/***",
		Header: []refund.Header{
			{Name: "Accept", Value: "text/json"},
			{Name: "Authorization", Value: "Bearer ***"},
			{Name: "Content-Type", Value: "application/json"},
			{Name: "Secret-Key", Value: "***"},
			{Name: "User-Agent", Value: "gorefund"},
			{Name: "X-Basic", Value: "Basic ***"},
		},
		Body: `{"callback":"https://shop.example/***"}`,
	}, p)
	for _, shown := range []string{p.String(), fmt.Sprintf("%+v", p), fmt.Sprintf("%#v", *p)} {
		assert.NotContains(t, shown, secret)
		assert.NotContains(t, shown, bearer)
	}
}

// Cleaning is done for each answer, also of a gateway that means harm.
func FuzzClean(f *testing.F) {
	for _, s := range []string{
		"", "Refund successful", secret, "jane@example.com", "+260 97 123 45 67", "2001:db8::1.", "4111 1111 1111 1111 3DS",
		"2024-05-01 10:30", "::", "%40", "\xff\n", "550e8400-e29b-41d4-a716-446655440000", "-9-", "1 1 1 1 1 1 1 1 1 1x",
	} {
		f.Add(s, "200000001")
	}
	base, err := url.Parse("https://gateway.example")
	require.NoError(f, err)
	c := httpx.New(httpx.Options{Gateway: "pretend", BaseURL: base, Secrets: []string{secret}})
	f.Fuzz(func(t *testing.T, s, keep string) {
		for _, got := range []string{c.Clean(s, keep), c.Clean(s), c.Bound(s)} {
			if !utf8.ValidString(got) || len(got) > 4<<10 || strings.ContainsAny(got, "\r\n\x00\u2028") || strings.Contains(got, secret) {
				t.Fatalf("%q became %q", s, got)
			}
		}
		hidden := "+260971234567"
		if got := httpx.Personal(s + " " + hidden + " " + keep); strings.Contains(got, hidden) {
			t.Fatalf("%q shows a phone number", got)
		}
	})
}

// The expressions see the beginning of a text only, or a gateway could keep a
// processor busy with 1 MiB of the worst.
func TestClean_LooksAtTheBeginning(t *testing.T) {
	t.Parallel()
	c := newClient(t, "https://gateway.example", nil)
	for _, unit := range []string{"a", "a1:.@- "} {
		all := strings.Repeat(unit, 1<<20/len(unit))
		assert.Equal(t, c.Clean(all[:70<<10]), c.Clean(all), "%q", unit)
	}
	// What stands at the end of the beginning is not seen in part.
	signature := strings.Repeat("0a", 32)
	for _, n := range []int{0, 25, 50} {
		got := c.Clean(strings.Repeat("x", n) + " " + strings.Repeat(signature+" ", 1200))
		assert.Empty(t, strings.Trim(got, "x *…"), "%d bytes before", n)
	}
}

// Most texts hold nothing to be masked, and cost no memory.
func TestClean_Allocations(t *testing.T) {
	base, err := url.Parse("https://gateway.example")
	require.NoError(t, err)
	c := httpx.New(httpx.Options{Gateway: "pretend", BaseURL: base, Secrets: []string{"redSec_test_1", "redPub_test_1"}})
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		_ = c.Clean("refund queued successfully", "PY_1")
		_ = c.Bound("PY_6c663231b92a4bbabdff4bcc1")
	}))
}
