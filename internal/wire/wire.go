// Package wire reads the gateways' JSON. Their fields drift: a number comes as
// a string, an object as a string or null, a field not at all. The types here
// take whatever comes, without an error, and remember what it was, so that the
// adapter decides by the marks that matter and no side field breaks an answer.
package wire

import "strconv"

// Shape says what a field was.
type Shape uint8

// The shapes.
const (
	Missing Shape = iota
	Null
	String
	Number
	Bool
	Object
	Array
	Twice // given more than once, or by a name in another case, so that nobody can say what counts
)

func shapeOf(data []byte) Shape {
	switch data[0] {
	case '"':
		return String
	case '{':
		return Object
	case '[':
		return Array
	case 'n':
		return Null
	case 't', 'f':
		return Bool
	default:
		return Number
	}
}

// Text is a scalar as text.
type Text struct {
	S     string // the string's content; the literal of a number or boolean; else empty
	Shape Shape
}

// set takes a valid JSON value.
func (t *Text) set(value []byte) {
	switch t.Shape = shapeOf(value); t.Shape {
	case String:
		t.S = unquote(value)
	case Number, Bool:
		t.S = string(value)
	}
}

// Int returns a JSON number or string that is an integer in its plain form: no
// fraction, exponent, sign plus, space or leading zero.
func (t Text) Int() (int64, bool) {
	if t.Shape != String && t.Shape != Number {
		return 0, false
	}
	n, err := strconv.ParseInt(t.S, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != t.S {
		return 0, false
	}
	return n, true
}

// IsString reports whether the field was exactly the JSON string s.
func (t Text) IsString(s string) bool { return t.Shape == String && t.S == s }

// Absent reports whether the field says nothing: missing or null.
func (t Text) Absent() bool { return t.Shape == Missing || t.Shape == Null }
