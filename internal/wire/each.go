package wire

// Members calls each with the members of an object, by their names without escapes,
// in their order and with all duplicates, until it returns false. The object must be
// valid JSON without space around it; value shares its memory.
func Members(object []byte, each func(name string, value []byte) bool) {
	for i := 1; ; {
		for object[i] != '"' { // between members: spaces and a comma
			if object[i] == '}' {
				return
			}
			i++
		}
		end := endOfString(object, i)
		name := unquote(object[i:end])
		for i = end; object[i] == ':' || isSpace(object[i]); {
			i++
		}
		from := i
		i = endOfValue(object, i)
		if !each(name, object[from:i]) {
			return
		}
	}
}

// Values calls each with the values of an array, as [Members] does with those of an
// object.
func Values(array []byte, each func(value []byte) bool) {
	for i := 1; ; {
		for array[i] == ',' || isSpace(array[i]) {
			i++
		}
		if array[i] == ']' {
			return
		}
		from := i
		i = endOfValue(array, i)
		if !each(array[from:i]) {
			return
		}
	}
}

// Unquote is the content of a valid JSON string.
func Unquote(quoted []byte) string { return unquote(quoted) }
