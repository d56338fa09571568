package config

import (
	"strings"
	"unicode/utf8"
)

// expand fills the variables of a text and reports whether all could be.
func (b *builder) expand(path []string, text string) (string, bool) {
	var out strings.Builder
	ok := true
	for text != "" {
		i := strings.Index(text, "${")
		if i < 0 {
			out.WriteString(text)
			break
		}
		if i > 0 && text[i-1] == '$' {
			out.WriteString(text[:i-1] + "${")
			text = text[i+2:]
			continue
		}
		out.WriteString(text[:i])
		name, rest, whole := variable(text[i:])
		if !whole { // the text is left out: it may be a secret
			b.at(path, "has a ${ that begins no variable: write ${NAME} with letters, digits and _ in the name, or $${ where ${ itself is meant")
			return "", false
		}
		value, filled := b.fill(path, name)
		out.WriteString(value)
		ok = ok && filled
		text = rest
	}
	return out.String(), ok
}

// variable takes ${NAME} from the beginning of text.
func variable(text string) (name, rest string, ok bool) {
	inside, ok := strings.CutPrefix(text, "${")
	if !ok {
		return "", "", false
	}
	name, rest, ok = strings.Cut(inside, "}")
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return "", "", false
		}
	}
	return name, rest, ok && name != ""
}

// fill is the value of a variable.
func (b *builder) fill(path []string, name string) (string, bool) {
	b.used[name] = true
	value, ok := b.lookup(name)
	switch {
	case !ok:
		b.at(path, "names the variable %s, which is not set", clip(name))
	case value == "":
		b.at(path, "names the variable %s, which is empty", clip(name))
	case !utf8.ValidString(value):
		b.at(path, "names the variable %s, which is not UTF-8", clip(name))
		return "", false
	}
	return value, value != ""
}

// list puts names into a sentence.
func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	clipped := make([]string, len(names))
	for i, name := range names {
		clipped[i] = clip(name)
	}
	return strings.Join(clipped, ", ")
}

// clip bounds a name in an error: by mistake it may be anything.
func clip(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
