package httpx

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	masked  = "***"
	maxText = 4 << 10  // bytes of a gateway's text
	maxLook = 64 << 10 // bytes of it that are searched for personal data
)

// masker knows the secrets of one configuration, also in the forms in which
// they may come back: a gateway or a proxy can echo what it got, and cut it.
type masker struct {
	forms []string

	// signs are what a text must hold one of to hold a form, whole or cut, by the first
	// byte. Most texts hold none.
	signs [256][]string
}

// leastCut is how much of a secret that was cut is looked for, in bytes; half of a
// longer one. Less of it may be a public beginning, such as "redSec_test".
const leastCut = 12

// halves are what is looked for of a form that was cut, "" if it is too short for that.
func halves(form string) (first, last string) {
	n := max(leastCut, len(form)/2)
	if len(form) <= n {
		return "", ""
	}
	return form[:n], form[len(form)-n:]
}

func newMasker(secrets []string) *masker {
	m := new(masker)
	for _, s := range secrets {
		if s != "" {
			m.forms = append(m.forms, forms(s)...)
		}
	}
	slices.Sort(m.forms)
	m.forms = slices.Compact(m.forms)
	// The longest first: one form may hold another.
	slices.SortStableFunc(m.forms, func(a, b string) int { return len(b) - len(a) })
	for _, form := range m.forms {
		first, last := halves(form)
		if first == "" {
			first, last = form, form
		}
		for _, sign := range []string{first, last} { // a whole form holds its first half
			if known := m.signs[sign[0]]; !slices.Contains(known, sign) {
				m.signs[sign[0]] = append(known, sign)
			}
		}
	}
	return m
}

// finds reports whether s holds anything to be masked.
func (m *masker) finds(s string) bool {
	for i := range len(s) {
		for _, sign := range m.signs[s[i]] {
			if strings.HasPrefix(s[i:], sign) {
				return true
			}
		}
	}
	return false
}

// leastHex is the length from which a secret in hexadecimal is looked for: a shorter one
// turns up in ids by chance.
const leastHex = 12

// forms lists how a secret may be written. Most of them are equal for a secret
// of letters and digits.
func forms(s string) []string {
	list := []string{s, html.EscapeString(s), quote(s, true), quote(s, false), strings.ReplaceAll(quote(s, false), "/", `\/`)}
	for _, quoted := range []string{strconv.Quote(s), strconv.QuoteToASCII(s)} { // by Go's %q
		list = append(list, quoted[1:len(quoted)-1])
	}
	if digits := hex.EncodeToString([]byte(s)); len(digits) >= leastHex {
		list = append(list, digits, strings.ToUpper(digits))
	}
	for _, text := range []string{s, s + ":"} { // the latter: as the user of basic authentication
		list = append(list, base64.RawStdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text)))
	}
	for _, escaped := range []string{url.QueryEscape(s), url.PathEscape(s), strings.ReplaceAll(url.QueryEscape(s), "+", "%20")} {
		list = append(list, escaped, percent.ReplaceAllStringFunc(escaped, strings.ToLower))
	}
	return list
}

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

// quote is s as it stands in JSON.
func quote(s string, escapeHTML bool) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(escapeHTML)
	_ = e.Encode(s) // a string always can be
	return b.String()[1 : b.Len()-len("\"\n")]
}

func (m *masker) secrets(s string) string {
	if !m.finds(s) {
		return s
	}
	for _, form := range m.forms {
		if strings.Contains(s, form) {
			s = strings.ReplaceAll(s, form, masked)
		}
	}
	for _, form := range m.forms { // those that were cut
		if first, last := halves(form); first != "" {
			s = m.cut(s, first, true)
			s = m.cut(s, last, false)
		}
	}
	return s
}

// cut masks each part of s that is the first or the last half of a form, with as much
// as any form has behind it or before it.
func (m *masker) cut(s, half string, first bool) string {
	for at := 0; ; {
		i := strings.Index(s[at:], half)
		if i < 0 {
			return s
		}
		begin, behind := at+i, at+i+len(half)
		for _, form := range m.forms {
			if first {
				behind = max(behind, begin+common(s[begin:], form))
			} else {
				begin = min(begin, behind-commonEnd(s[at:behind], form))
			}
		}
		s = s[:begin] + masked + s[behind:]
		at = begin + len(masked)
	}
}

// common is how many bytes a and b begin with alike.
func common(a, b string) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// commonEnd is how many bytes a and b end with alike.
func commonEnd(a, b string) (n int) {
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

// Clean makes a foreign text fit for results, errors and logs: without secrets
// and personal data, on one line, valid UTF-8, at most 4 KiB. Texts in keep
// stay although they look like personal data.
func (c *Client) Clean(s string, keep ...string) string {
	s = oneLine(c.mask().secrets(s))
	if len(s) > maxLook { // not in the middle of something to be masked
		s = shorten(s, maxLook)
		s = s[:max(strings.LastIndexByte(s, ' '), 0)]
	}
	return shorten(Personal(s, keep...), maxText)
}

// Bound is Clean for codes and ids, which look like numbers and are none of a
// person's.
func (c *Client) Bound(s string) string { return shorten(oneLine(c.mask().secrets(s)), maxText) }

// shorten cuts s to at most n bytes, on a rune's border.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n -= len("…")
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// oneLine replaces what would break a line of a log, and drops what nobody
// sees: it could hide a number from the masking, or turn a line around.
func oneLine(s string) string {
	for i := range len(s) {
		if b := s[i]; b < 0x20 || b >= 0x7F {
			s = strings.ToValidUTF8(s, "\uFFFD")
			return strings.TrimSpace(strings.Map(func(r rune) rune {
				switch {
				case r >= ' ' && r < 0x7F: // most of them
					return r
				case unicode.IsControl(r), unicode.IsSpace(r):
					return ' '
				case unicode.Is(unicode.Cf, r):
					return -1
				}
				return r
			}, s))
		}
	}
	return strings.TrimSpace(s)
}

var (
	digest = regexp.MustCompile(`[0-9A-Fa-f]{64}`)
	login  = regexp.MustCompile(`://[^\s/"'<>]*@`)
	email  = regexp.MustCompile(`[^\s@"'<>()\[\],;:=]+(?:@|%40)[^\s@"'<>()\[\],;:=]+\.[^\s@"'<>()\[\],;:=]+`)
	ipv4   = regexp.MustCompile(`[0-9]{1,3}(?:\.[0-9]{1,3}){3}`)
	ipv6   = regexp.MustCompile(`[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*`)

	// Digits as phone and card numbers are written, also partly masked ones.
	number = regexp.MustCompile(`\+?[0-9](?:[ ().*\x{2010}-\x{2015}-]*[0-9*]){6,}`)
	// What looks like a number and is none: a date with the hour that follows
	// it, an amount, an id with letters in it.
	date   = regexp.MustCompile(`^(?:(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[1-9]|[12][0-9]|3[01])[.-](?:0[1-9]|1[0-2])[.-](?:19|20)[0-9]{2})(?: [0-2][0-9]\b)?`)
	amount = regexp.MustCompile(`^(?:[1-9][0-9]*|[1-9][0-9]{0,2}(?: [0-9]{3})+)\.[0-9]{2,3}$`)
	uuid   = regexp.MustCompile(`[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}`)
)

// Personal replaces e-mail addresses, phone and card numbers and IP addresses,
// and what may be a signature or a password: an echoed one can be used again.
// Names and postal addresses have no shape: the adapters never take them from
// an answer. Where a text leaves it open, it is masked.
func Personal(s string, keep ...string) string {
	if !suspicious(s) {
		return s
	}
	var b strings.Builder
	last := 0
	for _, at := range kept(s, keep) {
		if at[0] >= last { // two may overlap
			b.WriteString(personal(s[last:at[0]]))
			b.WriteString(s[at[0]:at[1]])
			last = at[1]
		}
	}
	if last == 0 {
		return personal(s)
	}
	b.WriteString(personal(s[last:]))
	return b.String()
}

func personal(s string) string {
	s = digest.ReplaceAllString(s, masked)
	s = login.ReplaceAllString(s, "://"+masked+"@")
	s = email.ReplaceAllString(s, "[e-mail]")
	s = replace(s, ipv6, "[address]", address) // first: its end may be written as an IPv4
	s = replace(s, ipv4, "[address]", address)
	return replace(s, number, "[number]", personalNumber)
}

// suspicious is a cheap test before the expressions: most texts of gateways
// hold nothing of the kind.
func suspicious(s string) bool {
	digits := 0
	for i := range len(s) {
		switch b := s[i]; {
		case b >= '0' && b <= ':':
			if digits++; digits >= 4 || b == ':' && i > 0 && s[i-1] == ':' {
				return true
			}
		case b == '@', b == '%':
			return true
		}
	}
	return false
}

// kept finds what stays: the texts of keep where they stand alone, and UUIDs. A
// short text may be a part of a phone number, and does not need it.
func kept(s string, keep []string) [][]int {
	const shortest = 7
	var spots [][]int
	for _, k := range keep {
		if len(k) < shortest {
			continue
		}
		for from := 0; ; {
			i := strings.Index(s[from:], k)
			if i < 0 {
				break
			}
			from += i + len(k)
			if at := []int{from - len(k), from}; !touchesWord(s, at[0], at[1]) {
				spots = append(spots, at)
			}
		}
	}
	if strings.Count(s, "-") >= 4 {
		for _, at := range uuid.FindAllStringIndex(s, -1) {
			if !touchesWord(s, at[0], at[1]) {
				spots = append(spots, at)
			}
		}
	}
	slices.SortFunc(spots, func(a, b []int) int { return a[0] - b[0] })
	return spots
}

// replace puts text in the place of what pick picks out of the hits of re.
func replace(s string, re *regexp.Regexp, text string, pick func(s string, from, to int) (int, int)) string {
	var b strings.Builder
	last := 0
	for _, at := range re.FindAllStringIndex(s, -1) {
		if from, to := pick(s, at[0], at[1]); from < to {
			b.WriteString(s[last:from])
			b.WriteString(text)
			last = to
		}
	}
	if last == 0 {
		return s
	}
	b.WriteString(s[last:])
	return b.String()
}

// address picks an IP address, without the colon before it or the point or
// colon behind it.
func address(s string, from, to int) (int, int) {
	for to > from && (s[to-1] == '.' || s[to-1] == ':' && !strings.HasSuffix(s[from:to], "::")) {
		to--
	}
	if from < to && s[from] == ':' && !strings.HasPrefix(s[from:to], "::") {
		from++
	}
	if _, err := netip.ParseAddr(s[from:to]); err != nil || touchesWord(s, from, to) {
		return 0, 0
	}
	return from, to
}

// personalNumber picks what may be a phone or card number: 9 digits and more
// that stand alone. A word or date beside it takes its own digits with it:
// "4111 1111 1111 1111 3DS" holds a card.
func personalNumber(s string, from, to int) (int, int) {
	if s[from] != '+' && wordBefore(s, from) {
		from = skip(s, from, to, func(b byte) bool { return b != ' ' })
	}
	if wordBehind(s, to) {
		to = from + strings.LastIndexByte(s[from:to], ' ') + 1
	}
	if at := date.FindString(s[from:to]); len(at) == to-from || at != "" && s[from+len(at)] == ' ' {
		from += len(at)
	}
	digit := func(b byte) bool { return b >= '0' && b <= '9' || b == '*' }
	from = skip(s, from, to, func(b byte) bool { return b != '+' && !digit(b) })
	for to > from && !digit(s[to-1]) {
		to--
	}
	digits := 0
	for i := from; i < to; i++ {
		if digit(s[i]) {
			digits++
		}
	}
	const fewest, longestCard = 9, 19
	switch {
	case digits < fewest, amount.MatchString(s[from:to]):
		return 0, 0
	case digits > longestCard && digits == to-from: // one long run is an id
		return 0, 0
	}
	return from, to
}

func skip(s string, from, to int, over func(byte) bool) int {
	for from < to && over(s[from]) {
		from++
	}
	return from
}

func touchesWord(s string, from, to int) bool { return wordBefore(s, from) || wordBehind(s, to) }

func wordBefore(s string, at int) bool {
	r, _ := utf8.DecodeLastRuneInString(s[:at])
	return isWord(r)
}

func wordBehind(s string, at int) bool {
	r, _ := utf8.DecodeRuneInString(s[at:])
	return isWord(r)
}

func isWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
}

// MaskQuery hides the query and the fragment of a URL: they may hold a token
// that lets its owner post a callback.
func MaskQuery(s string) string {
	if i := strings.IndexAny(s, "?#"); i >= 0 && i < len(s)-1 {
		return s[:i+1] + masked
	}
	return s
}
