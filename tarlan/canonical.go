package tarlan

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// form is a way to write text in JSON. A text is signed, and no document says how
// the server writes it. Each form writes different values differently, so to take
// several of them lets nothing through that was not signed.
type form uint8

// The forms that sources show. ASCII without & < > is the same in all of them.
const (
	formGo     form = iota // & < > U+2028 U+2029 escaped, as encoding/json does it; observed for &: the vendor's Flutter helper
	formPHP                // all that is not ASCII escaped; documented: the PHP sample of the signature page
	formPython             // nothing escaped that need not be; documented: the Python sample of a sister product
)

var forms = [...]form{formGo, formPHP, formPython}

const (
	maxDepth    = 32  // of lists and objects in each other; a callback has one or two
	maxExponent = 300 // of a number; not all servers can read larger ones
)

var errCanonical = errors.New("the body is not an object that can be signed")

// canonical writes the body of a callback as it is signed: keys sorted, no spaces,
// short numbers, and at the top neither additional_data (documented) nor members
// that are "" (documented). Not documented, and assumed: members of inner objects
// are sorted too, and all of them stay, and so do null, false, 0 and empty lists.
//
// It refuses what two readers may understand in two ways: a key given twice, half
// of a surrogate pair, bytes that are not UTF-8, text behind the object.
func canonical(body []byte, f form) ([]byte, error) {
	if !utf8.Valid(body) || !json.Valid(body) || halfPair(body) {
		return nil, errCanonical
	}
	w := writer{decoder: json.NewDecoder(bytes.NewReader(body)), form: f}
	w.decoder.UseNumber()
	if token, err := w.decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, errCanonical
	}
	return w.object(nil, 1)
}

// writer writes values anew as it reads them.
type writer struct {
	decoder *json.Decoder
	form    form
}

// object writes the rest of an object whose brace was read.
func (w *writer) object(to []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, errCanonical
	}
	type member struct {
		name string
		text []byte
	}
	var members []member
	for w.decoder.More() {
		token, err := w.decoder.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, errCanonical
		}
		m := member{name: name}
		if depth == 1 && name == "additional_data" { // not signed, so nothing of it counts
			var skipped json.RawMessage
			err = w.decoder.Decode(&skipped)
		} else {
			m.text, err = w.value(nil, depth)
		}
		if err != nil {
			return nil, errCanonical
		}
		members = append(members, m)
	}
	if _, err := w.decoder.Token(); err != nil {
		return nil, errCanonical
	}
	slices.SortStableFunc(members, func(a, b member) int { return cmp.Compare(a.name, b.name) })
	to = append(to, '{')
	first := true
	for i, m := range members {
		if i > 0 && members[i-1].name == m.name {
			return nil, errCanonical
		}
		if depth == 1 && (m.name == "additional_data" || string(m.text) == `""`) {
			continue
		}
		if !first {
			to = append(to, ',')
		}
		first = false
		to = append(w.quote(to, m.name), ':')
		to = append(to, m.text...)
	}
	return append(to, '}'), nil
}

func (w *writer) value(to []byte, depth int) ([]byte, error) {
	token, err := w.decoder.Token()
	if err != nil {
		return nil, errCanonical
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '{' {
			return w.object(to, depth+1)
		}
		return w.list(to, depth+1)
	case string:
		return w.quote(to, v), nil
	case json.Number:
		number, ok := shortNumber(v.String())
		if !ok {
			return nil, errCanonical
		}
		return append(to, number...), nil
	case bool:
		return strconv.AppendBool(to, v), nil
	default:
		return append(to, "null"...), nil
	}
}

// list writes the rest of a list whose bracket was read.
func (w *writer) list(to []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, errCanonical
	}
	to = append(to, '[')
	for first := true; w.decoder.More(); first = false {
		if !first {
			to = append(to, ',')
		}
		var err error
		if to, err = w.value(to, depth); err != nil {
			return nil, err
		}
	}
	if _, err := w.decoder.Token(); err != nil {
		return nil, errCanonical
	}
	return append(to, ']'), nil
}

// quote writes a string. The slash is never escaped: that is documented.
func (w *writer) quote(to []byte, s string) []byte {
	to = append(to, '"')
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			to = append(to, '\\', byte(r))
		case r == '\b':
			to = append(to, `\b`...)
		case r == '\f':
			to = append(to, `\f`...)
		case r == '\n':
			to = append(to, `\n`...)
		case r == '\r':
			to = append(to, `\r`...)
		case r == '\t':
			to = append(to, `\t`...)
		case r < ' ',
			w.form == formGo && (r == '&' || r == '<' || r == '>' || r == 0x2028 || r == 0x2029),
			w.form == formPHP && r >= utf8.RuneSelf && r <= 0xFFFF:
			to = fmt.Appendf(to, `\u%04x`, r)
		case w.form == formPHP && r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			to = fmt.Appendf(to, `\u%04x\u%04x`, high, low)
		default:
			to = utf8.AppendRune(to, r)
		}
	}
	return append(to, '"')
}

// shortNumber writes a valid JSON number without superfluous zeros, as the server
// is thought to (assumed): 10.0 as 10, 10.50 as 10.5, 1e1 as 10. It loses no
// digit: an integer without exponent stays as it is, however long, since nobody
// knows whether the server rounds those above 2^53. Where encoding/json writes an
// exponent, below 1e-6 and from 1e21 on, so does this. A minus stays on a zero.
func shortNumber(literal string) (short string, ok bool) {
	mantissa, exponentText, hasExponent := strings.Cut(strings.ToLower(literal), "e")
	whole, fraction, hasPoint := strings.Cut(mantissa, ".")
	if !hasExponent && !hasPoint {
		return literal, true
	}
	sign := ""
	if whole[0] == '-' {
		sign, whole = "-", whole[1:]
	}
	exponent := 0
	if hasExponent {
		var err error
		if exponent, err = strconv.Atoi(exponentText); err != nil || exponent > 1<<20 || exponent < -1<<20 {
			return "", false
		}
	}
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return sign + "0", true
	}
	// The value is 0.digits * 10^point.
	point := len(digits) - len(fraction) + exponent
	digits = strings.TrimRight(digits, "0")
	switch {
	case point-1 > maxExponent || point-1 < -maxExponent:
		return "", false
	case point-1 < -6 || point-1 >= 21:
		short = digits[:1]
		if len(digits) > 1 {
			short += "." + digits[1:]
		}
		return fmt.Sprintf("%s%se%+d", sign, short, point-1), true
	case point <= 0:
		return sign + "0." + strings.Repeat("0", -point) + digits, true
	case point >= len(digits):
		return sign + digits + strings.Repeat("0", point-len(digits)), true
	default:
		return sign + digits[:point] + "." + digits[point:], true
	}
}

// halfPair reports whether a string of a valid JSON text has half of a surrogate
// pair, which is no text: readers put different things in its place.
func halfPair(text []byte) bool {
	unit := func(i int) rune {
		if i+6 > len(text) || text[i] != '\\' || text[i+1] != 'u' {
			return -1
		}
		n, err := strconv.ParseUint(string(text[i+2:i+6]), 16, 16)
		if err != nil {
			return -1
		}
		return rune(n)
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if u := unit(i); utf16.IsSurrogate(u) {
			if utf16.DecodeRune(u, unit(i+6)) == utf8.RuneError {
				return true
			}
			i += 6
		}
		i++ // what is escaped, which may be a backslash
	}
	return false
}
