package wire

import (
	"encoding/json"
	"strings"
)

// List returns the values of the array to which path leads: the names of an
// object within an object, from the outermost on, each matched as [Read] does
// it. Without a path the body itself must be the array. Each value is JSON of its
// own, for Read if it is an object, and shares the body's memory.
//
// shape is Array if there is one, also if it is empty; else values is nil and
// shape says what stands at the end of the path: Missing also if the path ends
// before, or if the body is no JSON.
func List(body []byte, path ...string) (values [][]byte, shape Shape) {
	value := trim(body)
	if !json.Valid(value) {
		return nil, Missing
	}
	for _, name := range path {
		if shapeOf(value) != Object {
			return nil, Missing
		}
		if value, shape = member(value, name); shape == Missing || shape == Twice {
			return nil, shape
		}
	}
	if shape = shapeOf(value); shape != Array {
		return nil, shape
	}
	return split(value), Array
}

// member finds the value of a name in a valid object. The same name in another
// case makes it Twice: nobody can say which one counts.
func member(object []byte, name string) (value []byte, shape Shape) {
	Members(object, func(found string, v []byte) bool {
		switch {
		case found == name && shape == Missing:
			value, shape = v, shapeOf(v)
		case strings.EqualFold(found, name):
			value, shape = nil, Twice
		}
		return true
	})
	return value, shape
}

// split cuts a valid array into its values.
func split(array []byte) [][]byte {
	values := [][]byte{}
	Values(array, func(v []byte) bool {
		values = append(values, v)
		return true
	})
	return values
}
