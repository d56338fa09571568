// Package conf holds what the adapters' Configs share: reading them strictly,
// printing them without secrets, and naming all that is wrong at once.
//
// A field with the tag `secret:"true"` is a secret.
package conf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
)

// Problems collects what is wrong with a configuration.
type Problems []string

// Addf adds a problem.
func (p *Problems) Addf(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

// Err returns nil, or one error that names all problems.
func (p Problems) Err(gateway string) error {
	if len(p) == 0 {
		return nil
	}
	return &refund.Error{
		Gateway: gateway, Op: "config", Code: refund.InvalidRequest, Status: refund.StatusNotSent,
		Message: strings.Join(p, "; "),
	}
}

// Common is what every Config has.
type Common struct {
	Environment         refund.Environment
	Currency, Default   string // the chosen currency and the gateway's own
	BaseURL             string
	Production, Sandbox string // the gateway's own addresses
	Timeout             time.Duration
}

// Check adds the problems of c. It returns the currency and the address to use.
func (p *Problems) Check(c Common) (currency string, base *url.URL) {
	def, other := c.Production, c.Sandbox
	switch c.Environment {
	case refund.Production:
	case refund.Sandbox:
		def, other = other, def
	case "":
		other = def
		p.Addf(`environment is missing: say "production" or "sandbox", it decides where the money is`)
	default:
		other = def
		p.Addf(`environment is %q: it must be "production" or "sandbox"`, bound(string(c.Environment)))
	}
	currency = c.Currency
	if currency == "" {
		currency = c.Default
	}
	if _, ok := money.Digits(currency); !ok {
		p.Addf("currency is %q: it must be an ISO 4217 code such as %s", bound(currency), c.Default)
	}
	if c.Timeout < 0 {
		p.Addf("timeout is %s: it must be positive, or left out", c.Timeout)
	}
	base, err := baseURL(c.BaseURL, def, other)
	if err != nil {
		p.Addf("%v", err)
	}
	return currency, base
}

// Duration is a time limit as "30s".
type Duration time.Duration

// UnmarshalJSON accepts what time.ParseDuration accepts, in quotes.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf(`timeout must be a text such as "30s"`)
	}
	v, err := time.ParseDuration(s)
	if err != nil || v <= 0 {
		return fmt.Errorf(`timeout is %q: it must be a time such as "30s"`, bound(s))
	}
	*d = Duration(v)
	return nil
}

// Decode reads data strictly into v: an unknown field, a second value or a
// wrong type is an error that names it.
func Decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return readable(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("there is more than one value")
	}
	return nil
}

// readable puts the messages of encoding/json into the words of a person who
// edits a configuration.
func readable(err error) error {
	if wrong, ok := err.(*json.UnmarshalTypeError); ok {
		// A Config is flat: what stands before the field are names of Go types.
		field := wrong.Field[strings.LastIndexByte(wrong.Field, '.')+1:]
		if field == "" {
			field = "it"
		}
		return fmt.Errorf("%s is %s: it must be %s", field, given(wrong.Value), wanted(wrong.Type.Kind()))
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("it is no JSON: it ends too early")
	}
	if syntax, ok := err.(*json.SyntaxError); ok {
		return fmt.Errorf("it is no JSON: %v", syntax)
	}
	text := err.Error()
	if field, ok := strings.CutPrefix(text, "json: unknown field "); ok {
		return fmt.Errorf("unknown field %s", field)
	}
	return fmt.Errorf("%s", strings.TrimPrefix(text, "json: "))
}

// given names what came, by the word of encoding/json.
func given(value string) string {
	switch value {
	case "string":
		return "a text"
	case "bool":
		return "true or false"
	case "array", "object":
		return "an " + value
	default: // "number", or "number 7.5"
		return "a " + bound(value)
	}
}

// wanted names what should have come.
func wanted(kind reflect.Kind) string {
	switch kind {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int64:
		return "a whole number"
	case reflect.Struct, reflect.Map:
		return "an object"
	default:
		return "a " + kind.String()
	}
}

// Print is the Format method of a Config: every verb gives the same line, with
// secrets masked and unset fields left out.
func Print(f fmt.State, config any) {
	v := reflect.ValueOf(config)
	t := v.Type()
	parts := make([]string, 0, t.NumField())
	for i := range t.NumField() {
		field, value := t.Field(i), v.Field(i)
		if value.IsZero() {
			continue
		}
		parts = append(parts, field.Name+":"+show(field, value))
	}
	fmt.Fprintf(f, "%s{%s}", t, strings.Join(parts, " "))
}

func show(field reflect.StructField, value reflect.Value) string {
	switch {
	case field.Tag.Get("secret") == "true":
		return "***"
	case value.Kind() == reflect.Func || value.Kind() == reflect.Interface:
		return "(set)"
	case field.Name == addressField:
		return address(value.String())
	default:
		return fmt.Sprintf("%v", value.Interface())
	}
}

const addressField = "BaseURL"

// address hides an address that New would refuse because of what it may hold: a
// password, a key in a query.
func address(s string) string {
	if strings.ContainsAny(s, "@?#") {
		return "***"
	}
	return s
}

// MarshalJSON is the MarshalJSON method of a Config: it has the names of the
// configuration file and masked secrets, so it is for showing, not for storing.
func MarshalJSON(config any) ([]byte, error) {
	v := reflect.ValueOf(config)
	t := v.Type()
	out := make(map[string]any, t.NumField())
	for i := range t.NumField() {
		field, value := t.Field(i), v.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || name == "-" || value.IsZero() {
			continue
		}
		out[name] = value.Interface()
		if field.Tag.Get("secret") == "true" {
			out[name] = "***"
		}
		if field.Name == addressField {
			out[name] = address(value.String())
		}
		if d, ok := value.Interface().(time.Duration); ok {
			out[name] = d.String()
		}
	}
	return json.Marshal(out)
}

func bound(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
