package money

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"io"
)

// maxJSON bounds JSON, which may have white space and escapes.
const maxJSON = 1024

// MarshalText returns the text of [Amount.String]: "10.00 TRY", empty for the
// zero value. The error is always nil.
func (a Amount) MarshalText() ([]byte, error) {
	return a.appendText(make([]byte, 0, maxNumber+4)), nil
}

// UnmarshalText sets a to what [Parse] gives for the text, or to the zero value
// if the text is empty. If it fails, a is unchanged.
func (a *Amount) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*a = Amount{}
		return nil
	}
	return a.set(text)
}

// MarshalJSON returns {"amount":"10.00","currency":"TRY"}, and null for the zero
// value. The error is always nil.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a.currency == 0 {
		return []byte("null"), nil
	}
	// Neither part ever needs escaping.
	dst := make([]byte, 0, len(`{"amount":"","currency":"TRY"}`)+maxNumber)
	dst = append(dst, `{"amount":"`...)
	dst = a.AppendNumber(dst)
	dst = append(dst, `","currency":"`...)
	dst = append(dst, a.currency.code()...)
	return append(dst, `"}`...), nil
}

// UnmarshalJSON sets a to the amount of an object as [Amount.MarshalJSON] gives
// it, of a string such as "10.00 TRY", which is handier in configuration, or to
// the zero value for null.
//
// The amount in the object must be a string: a JSON number has passed or may
// pass through floating point. Fields that are missing, unknown, in other case
// or repeated are refused. If it fails, a is unchanged.
func (a *Amount) UnmarshalJSON(data []byte) error {
	if len(data) > maxJSON {
		return jsonError(data, "is too long")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	token, err := d.Token()
	if err != nil {
		return jsonError(data, "is not JSON")
	}

	var result Amount
	switch token := token.(type) {
	case nil:
	case string:
		result, err = Parse(token)
	case json.Number:
		err = jsonError(data, "is a number")
	case json.Delim:
		if token == '{' {
			result, err = decodeObject(d, data)
			break
		}
		err = jsonError(data, "is an array")
	default:
		err = jsonError(data, "is a boolean")
	}
	if err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return jsonError(data, "has something after its end")
	}
	*a = result
	return nil
}

// decodeObject reads the rest of an object, of which d has read the brace.
func decodeObject(d *json.Decoder, data []byte) (Amount, error) {
	var number, currency string
	var hasNumber, hasCurrency bool
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return Amount{}, jsonError(data, "is not JSON")
		}
		var field *string
		var seen *bool
		switch key {
		case "amount":
			field, seen = &number, &hasNumber
		case "currency":
			field, seen = &currency, &hasCurrency
		default:
			// Token gives a key as a string, or an error.
			return Amount{}, jsonError(data, "has the unknown field "+quote(key.(string)))
		}
		if *seen {
			return Amount{}, jsonError(data, "has the field "+quote(key.(string))+" twice")
		}
		value, err := d.Token()
		if err != nil {
			return Amount{}, jsonError(data, "is not JSON")
		}
		text, ok := value.(string)
		if !ok {
			if n, isNumber := value.(json.Number); isNumber && field == &number {
				return Amount{}, refuse(ErrSyntax, `money: "amount" is the JSON number %s; write it in quotes, because numbers may lose digits as floating point on the way`, shorten(n))
			}
			return Amount{}, jsonError(data, "has a field "+quote(key.(string))+" that is not a string")
		}
		*field, *seen = text, true
	}
	if _, err := d.Token(); err != nil {
		return Amount{}, jsonError(data, "is not JSON")
	}
	if !hasNumber || !hasCurrency {
		return Amount{}, jsonError(data, `lacks "amount" or "currency"`)
	}
	return New(number, currency)
}

// shorten bounds a JSON number, which the decoder has checked for its characters.
func shorten(n json.Number) string {
	if len(n) > maxQuoted {
		return string(n[:maxQuoted]) + "..."
	}
	return string(n)
}

func jsonError(data []byte, what string) error {
	return refuse(ErrSyntax, `money: the JSON %s %s; write {"amount":"10.00","currency":"TRY"}, "10.00 TRY", or null for no amount`, quote(data), what)
}

// Value returns what to store in an SQL database: the text of [Amount.String],
// nil for the zero value. The error is always nil.
func (a Amount) Value() (driver.Value, error) {
	if a.currency == 0 {
		return nil, nil
	}
	return a.String(), nil
}

// Scan sets a to what [Parse] gives for a string or a []byte from an SQL
// database, or to the zero value for nil. Anything else is refused, a number
// too, since it lacks the currency. If it fails, a is unchanged.
func (a *Amount) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		*a = Amount{}
		return nil
	case string:
		return a.set([]byte(src))
	case []byte:
		return a.set(src)
	}
	return refuse(ErrSyntax, `money: an SQL value of type %T is not an amount; store it as text, like "10.00 TRY"`, src)
}

// set parses text into a.
func (a *Amount) set(text []byte) error {
	if len(text) > maxLength {
		return refuse(ErrSyntax, "money: %s is too long for an amount", quote(text))
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}
