package adaptertest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Printed returns v in every form in which programs show values: by each verb
// of package fmt that prints a value, as JSON, as a record of both handlers of
// slog, and, for an error, the texts of all that it wraps. The keys name the
// form.
func Printed(v any) map[string]string {
	forms := make(map[string]string)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%+q", "%x", "%X", "% x", "%d", "%t", "%e", "%10.3v"} {
		forms[verb] = fmt.Sprintf(verb, v)
	}
	forms["Sprint"] = fmt.Sprint(v)
	forms["inside a struct"] = fmt.Sprintf("%+v", struct{ V any }{v})
	forms["inside a slice"] = fmt.Sprintf("%#v", []any{v})
	forms["inside a map"] = fmt.Sprintf("%v", map[string]any{"v": v})
	if text, err := json.Marshal(v); err != nil {
		forms["the error of json.Marshal"] = err.Error()
	} else {
		forms["json.Marshal"] = string(text)
	}
	var log bytes.Buffer
	options := &slog.HandlerOptions{Level: slog.LevelDebug}
	slog.New(slog.NewTextHandler(&log, options)).Info("record", "value", v)
	slog.New(slog.NewJSONHandler(&log, options)).Info("record", "value", v)
	forms["slog"] = log.String()
	if err, ok := v.(error); ok {
		for depth := 0; err != nil; depth++ {
			forms["Error of level "+strconv.Itoa(depth)] = err.Error()
			forms["%#v of level "+strconv.Itoa(depth)] = fmt.Sprintf("%#v", err)
			err = errors.Unwrap(err)
		}
	}
	return forms
}

// address is where something lies in memory: it says nothing, and its digits may
// look like anything.
var address = regexp.MustCompile(`0x[0-9a-f]{6,16}`)

// NoLeak fails the test if v, printed in any way, shows one of hidden, as it is
// or encoded. They should be long enough not to turn up by chance.
func NoLeak(t testing.TB, v any, hidden ...string) {
	t.Helper()
	for form, text := range Printed(v) {
		text = address.ReplaceAllString(text, "0x")
		for _, secret := range hidden {
			if as, found := leaks(text, secret); found {
				t.Errorf("%T printed by %s shows %q %s:\n%s", v, form, secret, as, text)
			}
		}
	}
}

// leaks reports whether text shows secret, and in what form.
func leaks(text, secret string) (as string, found bool) {
	if secret == "" {
		panic("adaptertest: an empty secret is in every text")
	}
	for _, form := range encodings(secret) {
		if strings.Contains(text, form.text) {
			return form.as, true
		}
	}
	return "", false
}

type encoding struct{ as, text string }

// encodings are the forms in which a secret is still one.
func encodings(secret string) []encoding {
	raw := []byte(secret)
	quoted, _ := json.Marshal(secret) // a string always has a JSON form
	inQuotes := strconv.Quote(secret)
	inASCII := strconv.QuoteToASCII(secret)
	forms := []encoding{
		{"as it is", secret},
		{"in JSON", string(quoted[1 : len(quoted)-1])},
		{"quoted", inQuotes[1 : len(inQuotes)-1]},
		{"quoted in ASCII", inASCII[1 : len(inASCII)-1]},
		{"in hexadecimal", hex.EncodeToString(raw)},
		{"in capital hexadecimal", strings.ToUpper(hex.EncodeToString(raw))},
		{"in spaced hexadecimal", fmt.Sprintf("% x", raw)},
		{"as numbers", strings.Trim(fmt.Sprint(raw), "[]")},
		{"in base64", base64.RawStdEncoding.EncodeToString(raw)},
		{"in base64 for URLs", base64.RawURLEncoding.EncodeToString(raw)},
		{"in base64 with a colon", base64.StdEncoding.EncodeToString([]byte(secret + ":"))},
		{"escaped for a query", url.QueryEscape(secret)},
		{"escaped for a path", url.PathEscape(secret)},
	}
	return slices.DeleteFunc(forms, func(e encoding) bool { return e.text == "" })
}
