package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// Field is a member of an object that an adapter looks at.
type Field struct {
	Name   string // matched exactly; the same name in another case makes the field Twice
	Text   *Text
	Inside []Field // members of the object that the field is; they stay Missing if it is none
}

// ErrNoObject means that an answer is not one JSON object.
var ErrNoObject = errors.New("the answer is no JSON object")

// Read fills fields from an answer that must be one JSON object. Members that
// no field names are passed over. A field that comes twice is Twice, and so is
// all that is inside it.
func Read(body []byte, fields []Field) error {
	body = trim(body)
	if len(body) == 0 || body[0] != '{' || !json.Valid(body) {
		return ErrNoObject
	}
	read(body, fields)
	return nil
}

// trim takes off the byte order mark that some servers prefix, and what JSON
// counts as space.
func trim(body []byte) []byte {
	return bytes.Trim(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")), " \t\r\n")
}

// read goes through an object that is known to be valid.
func read(object []byte, fields []Field) {
	for i := 1; ; {
		for object[i] != '"' { // between members: spaces and a comma
			if object[i] == '}' {
				return
			}
			i++
		}
		end := endOfString(object, i)
		name := object[i+1 : end-1]
		if bytes.IndexByte(name, '\\') >= 0 {
			name = []byte(unquote(object[i:end]))
		}
		for i = end; object[i] == ':' || isSpace(object[i]); {
			i++
		}
		value := object[i:endOfValue(object, i)]
		i += len(value)
		for f := range fields {
			switch {
			case string(name) == fields[f].Name:
				fields[f].set(value)
			case strings.EqualFold(string(name), fields[f].Name): // a mark, or its opposite: nobody can say
				fields[f].spoil()
			}
		}
	}
}

func (f *Field) set(value []byte) {
	if f.Text.Shape != Missing {
		f.spoil()
		return
	}
	f.Text.set(value)
	if f.Text.Shape == Object {
		read(value, f.Inside)
	}
}

// spoil marks the field, and all that is inside it, as given twice.
func (f *Field) spoil() {
	*f.Text = Text{Shape: Twice}
	for i := range f.Inside {
		f.Inside[i].spoil()
	}
}

// unquote is the content of a JSON string.
func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var text string
	_ = json.Unmarshal(quoted, &text) // it is a valid one
	return text
}

func endOfString(text []byte, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func endOfValue(text []byte, i int) int {
	switch text[i] {
	case '"':
		return endOfString(text, i)
	case '{', '[':
		for depth := 0; ; {
			switch text[i] {
			case '"':
				i = endOfString(text, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
	}
	for text[i] != ',' && text[i] != '}' && text[i] != ']' && !isSpace(text[i]) {
		i++
	}
	return i
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }
