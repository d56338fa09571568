package tarlan

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gorefund/refund/internal/wire"
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
	maxDepth    = 32   // of lists and objects in each other; a callback has one or two
	maxValues   = 1024 // in all objects and lists together; a callback has about twenty
	maxExponent = 300  // of a number; not all servers can read larger ones
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
	if !signable(body) {
		return nil, errCanonical
	}
	var text bytes.Buffer
	if err := write(&text, body, f); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// signable reports whether body is an object of plain text. It builds nothing.
func signable(body []byte) bool {
	body = bytes.TrimLeft(body, " \t\r\n")
	return len(body) > 0 && body[0] == '{' && utf8.Valid(body) && json.Valid(body) && !halfPair(body)
}

// signatureOf is the signature of a body that is signable. The canonical text is
// hashed as it is written and never stands in memory as a whole: anybody can post a
// body, and only who has the secret gets further.
func signatureOf(body []byte, f form, secret string) (string, error) {
	hash := sha256.New()
	encoder := base64.NewEncoder(base64.StdEncoding, hash)
	if err := write(encoder, body, f); err != nil {
		return "", err
	}
	_ = encoder.Close() // a hash takes everything
	hash.Write([]byte(secret))
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// write writes a body that is signable.
func write(to io.Writer, body []byte, f form) error {
	w := writer{Writer: bufio.NewWriter(to), form: f}
	if !w.object(bytes.Trim(body, " \t\r\n"), 1) {
		return errCanonical
	}
	return w.Flush()
}

// writer writes values anew. Its methods report whether they could.
type writer struct {
	*bufio.Writer // what goes wrong shows when it is flushed
	form          form
	values        int // so far, in objects and lists
}

func (w *writer) object(object []byte, depth int) bool {
	if depth > maxDepth {
		return false
	}
	type member struct {
		name  string
		value []byte
	}
	var members []member
	wire.Members(object, func(name string, value []byte) bool {
		members = append(members, member{name, value})
		w.values++
		return w.values <= maxValues
	})
	if w.values > maxValues {
		return false
	}
	slices.SortFunc(members, func(a, b member) int { return cmp.Compare(a.name, b.name) })
	w.WriteByte('{')
	first := true
	for i, m := range members {
		if i > 0 && members[i-1].name == m.name {
			return false
		}
		if depth == 1 && (m.name == "additional_data" || string(m.value) == `""`) { // not signed, so nothing of it counts
			continue
		}
		if !first {
			w.WriteByte(',')
		}
		first = false
		w.quote(m.name)
		w.WriteByte(':')
		if !w.value(m.value, depth) {
			return false
		}
	}
	w.WriteByte('}')
	return true
}

func (w *writer) value(value []byte, depth int) bool {
	switch value[0] {
	case '{':
		return w.object(value, depth+1)
	case '[':
		return w.list(value, depth+1)
	case '"':
		w.quote(wire.Unquote(value))
	case 't', 'f', 'n':
		w.Write(value)
	default:
		number, ok := shortNumber(string(value))
		w.WriteString(number)
		return ok
	}
	return true
}

func (w *writer) list(list []byte, depth int) bool {
	if depth > maxDepth {
		return false
	}
	w.WriteByte('[')
	first, ok := true, true
	wire.Values(list, func(value []byte) bool {
		if !first {
			w.WriteByte(',')
		}
		first = false
		w.values++
		ok = w.values <= maxValues && w.value(value, depth)
		return ok
	})
	w.WriteByte(']')
	return ok
}

// quote writes a string. The slash is never escaped: that is documented.
func (w *writer) quote(s string) {
	w.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			w.WriteByte('\\')
			w.WriteByte(byte(r))
		case r == '\b':
			w.WriteString(`\b`)
		case r == '\f':
			w.WriteString(`\f`)
		case r == '\n':
			w.WriteString(`\n`)
		case r == '\r':
			w.WriteString(`\r`)
		case r == '\t':
			w.WriteString(`\t`)
		case r < ' ',
			w.form == formGo && (r == '&' || r == '<' || r == '>' || r == 0x2028 || r == 0x2029),
			w.form == formPHP && r >= utf8.RuneSelf && r <= 0xFFFF:
			w.escape(r)
		case w.form == formPHP && r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			w.escape(high)
			w.escape(low)
		default:
			w.WriteRune(r)
		}
	}
	w.WriteByte('"')
}

// escape writes a character of 16 bits as four digits.
func (w *writer) escape(r rune) {
	const digits = "0123456789abcdef"
	w.WriteString(`\u`)
	for shift := 12; shift >= 0; shift -= 4 {
		w.WriteByte(digits[r>>shift&0xF])
	}
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
		var n rune
		for _, c := range text[i+2 : i+6] { // four digits, in valid JSON
			switch {
			case c <= '9':
				c -= '0'
			default:
				c = c&^0x20 - 'A' + 10
			}
			n = n<<4 | rune(c)
		}
		return n
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
