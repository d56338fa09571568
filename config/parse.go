package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gorefund/refund"
)

const (
	maxName  = 255 // bytes of a provider's name, as in requests
	maxDepth = 32  // no gateway's fields need more than three
)

// object is a JSON object in its own order. encoding/json alone would take the
// last of two equal names, and "SECRET" for "secret".
type object []member

type member struct {
	name  string
	value any // string, json.Number, bool, nil, []any or object
}

func (o object) get(name string) (any, bool) {
	for _, m := range o {
		if m.name == name {
			return m.value, true
		}
	}
	return nil, false
}

// builder makes a Config of JSON and collects what is wrong with it.
type builder struct {
	*options
	problems   []string
	used       map[string]bool // the variables that were asked for
	identities []identity      // of the providers that could be read
}

func newBuilder(o *options) *builder {
	b := &builder{options: o, used: make(map[string]bool)}
	seen := make(map[string]bool)
	for _, g := range o.gateways {
		_, own := builtIn(g.name)
		switch {
		case g.name == "" || g.open == nil:
			b.addf("WithGateway needs a name and a constructor")
		case own:
			b.addf("WithGateway: %q is a gateway of this module: take another name", g.name)
		case seen[g.name]:
			b.addf("WithGateway: %q is given twice", g.name)
		}
		seen[g.name] = true
	}
	return b
}

func (b *builder) addf(format string, args ...any) {
	b.problems = append(b.problems, fmt.Sprintf(format, args...))
}

// at adds a problem of the place that path leads to: "is null".
func (b *builder) at(path []string, format string, args ...any) {
	b.problems = append(b.problems, place(path)+" "+fmt.Sprintf(format, args...))
}

// within adds a problem of a provider as a whole: "gateway is missing".
func (b *builder) within(path []string, format string, args ...any) {
	b.problems = append(b.problems, place(path)+": "+fmt.Sprintf(format, args...))
}

// place puts a path into words: providers, shop, codes, 7 is
// `provider "shop": codes.7`.
func place(path []string) string {
	if len(path) < 2 || path[0] != "providers" {
		return clip(strings.Join(path, "."))
	}
	text := fmt.Sprintf("provider %q", clip(path[1]))
	if len(path) > 2 {
		text += ": " + clip(strings.Join(path[2:], "."))
	}
	return text
}

// under makes the path of a member. It shares no memory with its siblings.
func under(path []string, name string) []string { return append(slices.Clone(path), name) }

// read takes JSON apart. Its error is about what is no configuration at all.
func (b *builder) read(data []byte) (object, error) {
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")) // some editors on Windows put it there
	if !utf8.Valid(data) {
		return nil, fail(b.source, []string{"it is not UTF-8"}) // encoding/json would change a secret in silence
	}
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		return nil, fail(b.source, []string{notJSON(data, err)})
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	value, err := b.value(d, nil)
	if err != nil { // too deep: the syntax is right
		return nil, fail(b.source, []string{err.Error()})
	}
	file, ok := value.(object)
	if !ok {
		return nil, fail(b.source, []string{`it must be an object, {"default": NAME, "providers": {NAME: {"gateway": …}}}`})
	}
	return file, nil
}

func notJSON(data []byte, err error) string {
	if len(bytes.TrimSpace(data)) == 0 {
		return "it is empty"
	}
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return fmt.Sprintf("it is not JSON: %v", err)
	}
	before := data[:min(max(int(syntax.Offset)-1, 0), len(data))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Sprintf("it is not JSON: line %d, column %d: %v", line, column, err)
}

// value reads the next value. Of two members of one name it keeps the first.
func (b *builder) value(d *json.Decoder, path []string) (any, error) {
	if len(path) > maxDepth {
		return nil, fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		members := object{}
		seen := make(map[string]bool)
		for d.More() {
			token, err := d.Token()
			if err != nil {
				return nil, err
			}
			name, ok := token.(string)
			if !ok {
				return nil, io.ErrUnexpectedEOF
			}
			inside := under(path, name)
			twice := seen[name]
			if twice {
				b.at(inside, "is given twice")
			}
			seen[name] = true
			value, err := b.value(d, inside)
			if err != nil {
				return nil, err
			}
			if !twice {
				members = append(members, member{name, value})
			}
		}
		_, err := d.Token()
		return members, err
	case json.Delim('['):
		values := []any{}
		for d.More() {
			value, err := b.value(d, under(path, strconv.Itoa(len(values))))
			if err != nil {
				return nil, err
			}
			values = append(values, value)
		}
		_, err := d.Token()
		return values, err
	default:
		return token, nil
	}
}

// build makes the Config, or one error of all problems.
func (b *builder) build(file object) (*Config, error) {
	c := &Config{source: b.source, providers: make(map[string]provider)}
	for _, m := range file {
		if m.name != "default" && m.name != "providers" {
			b.addf(`unknown field %q: there are "default" and "providers" only`, clip(m.name))
		}
	}
	given, ok := file.get("providers")
	providers, isObject := given.(object)
	switch {
	case ok && !isObject:
		b.addf(`providers must be an object, {NAME: {"gateway": …}}`)
	case len(providers) == 0:
		b.addf(`there are no providers: add "providers": {NAME: {"gateway": …}}`)
	}
	for _, m := range providers {
		if p, ok := b.provider(m); ok {
			c.providers[m.name] = p
		}
	}
	b.shared()
	c.def = b.chosen(file, providers)
	if len(b.problems) > 0 {
		return nil, fail(b.source, b.problems)
	}
	return c, nil
}

// chosen is the name of the default provider.
func (b *builder) chosen(file, providers object) string {
	given, ok := file.get("default")
	if !ok {
		if len(providers) == 1 {
			return providers[0].name
		}
		return ""
	}
	text, ok := given.(string)
	if !ok {
		b.addf("default must be a text, the name of a provider")
		return ""
	}
	name, ok := b.expand([]string{"default"}, text)
	if !ok {
		return ""
	}
	if _, found := providers.get(name); !found && len(providers) > 0 {
		names := make([]string, len(providers))
		for i, m := range providers {
			names[i] = m.name
		}
		slices.Sort(names)
		b.addf("default %q is not among the providers: %s", clip(name), list(names))
	}
	return name
}

// provider reads one provider. It adds a problem for whatever is wrong and
// reports whether there was none.
func (b *builder) provider(m member) (provider, bool) {
	before := len(b.problems)
	path := []string{"providers", m.name}
	if fault := refund.NameFault(m.name); fault != "" {
		b.within(path, "the name must be one line of 1 to %d bytes without surrounding spaces or characters that do not show: %s", maxName, fault)
	}
	given, ok := m.value.(object)
	if !ok {
		b.at(path, `must be an object, {"gateway": …}`)
		return provider{}, false
	}
	name, kind, known := b.gateway(path, given)
	fields := make(map[string]any, len(given))
	var strange []string
	for _, f := range given {
		if f.name == "gateway" {
			continue
		}
		inside := under(path, f.name)
		if kind.fields == nil { // nothing is known about its fields
			fields[f.name] = b.resolve(inside, f.value)
			continue
		}
		t, ok := kind.fields[f.name]
		if !ok {
			strange = append(strange, strconv.Quote(clip(f.name)))
			continue
		}
		fields[f.name] = b.field(inside, f.value, t)
	}
	if len(strange) > 0 {
		b.within(path, "unknown field %s: %s has %s", list(strange), name, list(slices.Sorted(maps.Keys(kind.fields))))
	}
	if !known || len(b.problems) > before {
		return provider{}, false
	}

	raw, err := json.Marshal(fields)
	if err != nil { // cannot be: all of it came from JSON
		b.within(path, "%v", err)
		return provider{}, false
	}
	open, err := kind.load(raw)
	if err != nil {
		b.within(path, "%v", err)
		return provider{}, false
	}
	b.identities = append(b.identities, identity{name: m.name, gateway: name, fields: fields, account: kind.account})
	p := provider{gateway: name, open: open}
	switch fields["environment"] {
	case string(refund.Production):
		p.environment = refund.Production
	case string(refund.Sandbox):
		p.environment = refund.Sandbox
	}
	return p, true
}

func (b *builder) gateway(path []string, given object) (name string, kind gateway, known bool) {
	value, ok := given.get("gateway")
	if !ok {
		b.within(path, "gateway is missing: say one of %s", b.known())
		return "", gateway{}, false
	}
	text, ok := value.(string)
	if !ok {
		b.within(path, "gateway must be a text, one of %s", b.known())
		return "", gateway{}, false
	}
	name, ok = b.expand(under(path, "gateway"), text)
	if !ok {
		return "", gateway{}, false
	}
	kind, known = b.find(name)
	if !known {
		b.within(path, "unknown gateway %q: known are %s", clip(name), b.known())
	}
	return name, kind, known
}

// field is the value for a field of a known type.
func (b *builder) field(path []string, value any, t reflect.Type) any {
	if value == nil {
		b.at(path, "is null: give a value, or leave the field out")
		return nil
	}
	s := shapeOf(t)
	if text, ok := value.(string); ok && s.read != nil {
		if name, rest, ok := variable(text); ok && rest == "" {
			filled, ok := b.fill(path, name)
			if !ok {
				return nil
			}
			read, ok := s.read(filled)
			if !ok { // the value is left out: by mistake it may be a secret
				b.at(path, "names the variable %s, which must hold %s", clip(name), s.holds)
			}
			return read
		}
	}
	if !s.is(value) {
		b.at(path, "must be %s", s.want)
		return nil
	}
	return b.resolve(path, value)
}

// shape is what a field of some type looks like in JSON.
type shape struct {
	is   func(value any) bool
	want string

	// read makes the value of a variable's text; nil where it is the text.
	read  func(text string) (any, bool)
	holds string
}

func shapeOf(t reflect.Type) shape {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return shape{is: isA[string], want: `a text such as "30s"`}
	case t.Kind() == reflect.String:
		return shape{is: isA[string], want: "a text in quotes"}
	case t.Kind() == reflect.Bool:
		return shape{is: isA[bool], want: "true or false", read: readBool, holds: "true or false"}
	case t.Kind() == reflect.Int64:
		return shape{is: isWhole, want: "a whole number", read: readWhole, holds: "a whole number"}
	case t.Kind() == reflect.Map:
		return shape{
			is: isTexts, want: `an object such as {"ER.01.01": "declined"}`,
			read: readPairs, holds: "pairs such as ER.01.01=declined,ER.01.02=not_refundable",
		}
	default: // no such field yet; its adapter says what it thinks of the value
		return shape{is: func(any) bool { return true }}
	}
}

func isA[T any](value any) bool {
	_, ok := value.(T)
	return ok
}

// isTexts is for codes: a null or a number would become an empty text.
func isTexts(value any) bool {
	o, ok := value.(object)
	return ok && !slices.ContainsFunc(o, func(m member) bool { return !isA[string](m.value) })
}

func isWhole(value any) bool {
	number, ok := value.(json.Number)
	if ok {
		_, ok = readWhole(number.String())
	}
	return ok
}

func readWhole(text string) (any, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == text // one spelling only: no plus, no leading zero
}

func readBool(text string) (any, bool) { return text == "true", text == "true" || text == "false" }

func readPairs(text string) (any, bool) {
	pairs := make(map[string]string)
	for pair := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(pair, "=")
		if _, twice := pairs[name]; !ok || twice || name == "" || value == "" || strings.ContainsAny(value, "= ") {
			return nil, false
		}
		pairs[name] = value
	}
	return pairs, true
}

// resolve fills the variables in all texts of a value.
func (b *builder) resolve(path []string, value any) any {
	switch v := value.(type) {
	case string:
		text, _ := b.expand(path, v)
		return text
	case object:
		m := make(map[string]any, len(v))
		for _, field := range v {
			m[field.name] = b.resolve(under(path, field.name), field.value)
		}
		return m
	case []any:
		s := make([]any, len(v))
		for i := range v {
			s[i] = b.resolve(under(path, strconv.Itoa(i)), v[i])
		}
		return s
	default:
		return v
	}
}
