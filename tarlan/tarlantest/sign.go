package tarlantest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A textForm turns JSON as encoding/json writes it into the form that is signed.
type textForm func(text []byte) []byte

// goText escapes & < > and keeps other text as it is, which is the form that the fact sheet infers.
func goText(text []byte) []byte { return text }

// phpText is what the documents' PHP sample makes: json_encode with JSON_UNESCAPED_SLASHES alone escapes all that is not
// ASCII, in pairs of surrogates beyond 16 bits, and not & < >.
func phpText(text []byte) []byte {
	var b bytes.Buffer
	for s := string(text); s != ""; {
		if plain, ok := unescaped[s[:min(6, len(s))]]; ok {
			b.WriteByte(plain)
			s = s[6:]
			continue
		}
		if s[0] == '\\' { // and what it escapes, which may be another one
			b.WriteString(s[:2])
			s = s[2:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.Bytes()
}

// unescaped are the characters that Go escapes and PHP does not.
var unescaped = map[string]byte{`\u0026`: '&', `\u003c`: '<', `\u003e`: '>'}

// sign returns the signature of a body: lower-case hex of SHA-256 over the base64 of the canonical JSON and the secret.
func sign(fields map[string]json.RawMessage, secret string, form textForm) (string, error) {
	canonical, err := canonicalJSON(fields)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(base64.StdEncoding.EncodeToString(form(canonical)) + secret))
	return hex.EncodeToString(sum[:]), nil
}

// canonicalJSON writes the members anew, as the server does with a body that it has parsed: sorted by name, compact, without
// additional_data and without empty strings. Only the top level is cleaned of empty strings, and nested objects are sorted
// too; for both the documents have no word (assumed).
func canonicalJSON(fields map[string]json.RawMessage) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if name == "additional_data" || string(fields[name]) == `""` {
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(fields[name]))
		decoder.UseNumber()
		var value any
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		value, err := shortNumbers(value)
		if err != nil {
			return nil, err
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(text)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// shortNumbers writes each number in its shortest form: 10.0 as 10, 10.50 as 10.5. Integers keep all their digits; whether the
// real server loses some above 2^53 is unknown.
func shortNumbers(value any) (any, error) {
	switch v := value.(type) {
	case json.Number:
		return shortNumber(v)
	case []any:
		for i := range v {
			short, err := shortNumbers(v[i])
			if err != nil {
				return nil, err
			}
			v[i] = short
		}
	case map[string]any:
		for name := range v {
			short, err := shortNumbers(v[name])
			if err != nil {
				return nil, err
			}
			v[name] = short
		}
	}
	return value, nil
}

func shortNumber(n json.Number) (any, error) {
	s := n.String()
	if strings.ContainsAny(s, "eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, err
		}
		return f, nil
	}
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return json.Number(s), nil
}
