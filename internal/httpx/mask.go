package httpx

import (
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	masked  = "***"
	maxText = 4 << 10 // bytes of a gateway's text
)

// masker knows the secrets of one configuration, also in the forms in which
// they may come back: a gateway or a proxy can echo what it got.
type masker struct{ forms []string }

func newMasker(secrets []string) *masker {
	m := new(masker)
	for _, s := range secrets {
		if s == "" {
			continue
		}
		quoted, _ := json.Marshal(s)
		m.forms = append(m.forms, s,
			base64.StdEncoding.EncodeToString([]byte(s)), base64.StdEncoding.EncodeToString([]byte(s+":")),
			url.QueryEscape(s), url.PathEscape(s), string(quoted[1:len(quoted)-1]))
	}
	slices.Sort(m.forms)
	m.forms = slices.Compact(m.forms)
	// The longest first: one form may hold another.
	slices.SortStableFunc(m.forms, func(a, b string) int { return len(b) - len(a) })
	return m
}

func (m *masker) secrets(s string) string {
	for _, form := range m.forms {
		if strings.Contains(s, form) {
			s = strings.ReplaceAll(s, form, masked)
		}
	}
	return s
}

// Clean makes a foreign text fit for results, errors and logs: without secrets
// and personal data, on one line, valid UTF-8, at most 4 KiB. Texts in keep
// stay although they look like personal data.
func (c *Client) Clean(s string, keep ...string) string {
	return c.Bound(Personal(c.mask.secrets(s), keep...))
}

// Bound is Clean for codes and ids, which look like numbers and are none of a
// person's.
func (c *Client) Bound(s string) string {
	s = oneLine(c.mask.secrets(s))
	if len(s) > maxText {
		n := maxText - len("…")
		for !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "…"
	}
	return s
}

// oneLine replaces what would break a line of a log.
func oneLine(s string) string {
	for i := range len(s) {
		if b := s[i]; b < 0x20 || b >= 0x7F {
			s = strings.ToValidUTF8(s, "\uFFFD")
			return strings.TrimSpace(strings.Map(func(r rune) rune {
				if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
					return ' '
				}
				return r
			}, s))
		}
	}
	return strings.TrimSpace(s)
}

var (
	email = regexp.MustCompile(`[^\s@"'<>()\[\],;:=]+@[^\s@"'<>()\[\],;:=]+\.[^\s@"'<>()\[\],;:=]+`)
	// Digits as phone and card numbers are written, not inside a longer word.
	number = regexp.MustCompile(`\+?[0-9](?:[ ().*-]*[0-9*]){6,}`)
	ipv4   = regexp.MustCompile(`[0-9]{1,3}(?:\.[0-9]{1,3}){3}`)
	ipv6   = regexp.MustCompile(`[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*`)
	digest = regexp.MustCompile(`[0-9A-Fa-f]{64}`)
	date   = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}`)
)

// Personal replaces e-mail addresses, phone and card numbers and IP addresses,
// and what may be a signature: an echoed one can be used again.
// Names and postal addresses have no shape: the adapters never take them from
// an answer.
func Personal(s string, keep ...string) string {
	if !suspicious(s) {
		return s
	}
	s = digest.ReplaceAllString(s, masked)
	s = email.ReplaceAllString(s, "[e-mail]")
	s = replace(s, ipv4, keep, func(hit string) (string, bool) { return "[address]", isIP(hit) })
	s = replace(s, ipv6, keep, func(hit string) (string, bool) { return "[address]", isIP(hit) })
	return replace(s, number, keep, func(hit string) (string, bool) {
		digits := 0
		for _, r := range hit {
			if r >= '0' && r <= '9' || r == '*' {
				digits++
			}
		}
		return "[number]", digits >= 9 && digits <= 19 && !date.MatchString(hit)
	})
}

// suspicious is a cheap test before the expressions: most texts of gateways
// hold nothing of the kind.
func suspicious(s string) bool {
	digits := 0
	for i := range len(s) {
		switch b := s[i]; {
		case b >= '0' && b <= ':':
			if digits++; digits >= 4 {
				return true
			}
		case b == '@':
			return true
		}
	}
	return false
}

// replace is ReplaceAllStringFunc for hits that stand alone and are not kept.
func replace(s string, re *regexp.Regexp, keep []string, by func(string) (string, bool)) string {
	var b strings.Builder
	last := 0
	for _, at := range re.FindAllStringIndex(s, -1) {
		hit := s[at[0]:at[1]]
		if touchesWord(s, at[0], at[1]) || slices.Contains(keep, hit) {
			continue
		}
		if text, ok := by(hit); ok {
			b.WriteString(s[last:at[0]])
			b.WriteString(text)
			last = at[1]
		}
	}
	if last == 0 {
		return s
	}
	b.WriteString(s[last:])
	return b.String()
}

func touchesWord(s string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	after, _ := utf8.DecodeRuneInString(s[to:])
	return isWord(before) || isWord(after)
}

func isWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
}

func isIP(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// MaskQuery hides the query of a URL: it may hold a token that lets its owner
// post a callback.
func MaskQuery(s string) string {
	address, query, found := strings.Cut(s, "?")
	if !found || query == "" {
		return s
	}
	return address + "?" + masked
}
