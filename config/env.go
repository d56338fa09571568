package config

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

const (
	prefix       = "REFUND_"
	fileVariable = prefix + "CONFIG"
	kindVariable = prefix + "GATEWAY"
)

// FromEnv reads the environment alone, as a service in a container does it.
//
// REFUND_CONFIG names a file for [Load]. Without it REFUND_GATEWAY names the
// gateway of the only provider, which bears the gateway's name, and each field
// of its Config is REFUND_ and the field's JSON name in capitals:
//
//	REFUND_GATEWAY=tlpe
//	REFUND_ENVIRONMENT=production
//	REFUND_TOKEN=…
//	REFUND_CODES=ER.01.01=declined,ER.01.02=not_refundable
//
// Any other variable that begins with REFUND_ is an error, since it may be a
// misspelt one: a service's own variables need another prefix. Beside
// REFUND_CONFIG those are allowed that the file mentions. Variables that
// Kubernetes makes for a service called "refund", such as REFUND_SERVICE_HOST,
// are passed over.
func FromEnv(opts ...Option) (*Config, error) {
	o := gather(opts)
	path, _ := o.lookup(fileVariable)
	kind, _ := o.lookup(kindVariable)
	switch {
	case path != "" && kind != "":
		return nil, fail("the environment", []string{fmt.Sprintf("%s and %s are both set: unset one, they say different things", fileVariable, kindVariable)})
	case path != "":
		return o.fileFromEnv(path)
	case kind != "":
		return o.providerFromEnv(kind)
	default:
		return nil, fail("the environment", []string{fmt.Sprintf("set %s to the path of a file, or %s to one of %s", fileVariable, kindVariable, o.known())})
	}
}

func (o *options) fileFromEnv(path string) (*Config, error) {
	b, file, err := open(path, o)
	if err != nil {
		return nil, err
	}
	c, err := b.build(file)
	if err != nil {
		return nil, err
	}
	var idle []string
	for _, name := range o.ours() {
		if name != fileVariable && name != kindVariable && !b.used[name] {
			idle = append(idle, name)
		}
	}
	if len(idle) > 0 {
		return nil, fail("the environment", []string{fmt.Sprintf("%s is set and not used: mention it in %s as ${%s}, or unset it", list(idle), path, idle[0])})
	}
	return c, nil
}

// providerFromEnv writes the file that the variables stand for, each field one
// variable, so that all rules are the same.
func (o *options) providerFromEnv(kind string) (*Config, error) {
	o.source = "the environment (a field is " + prefix + " and its name in capitals)"
	b := newBuilder(o)
	g, _ := o.find(kind)
	fields := object{{"gateway", "${" + kindVariable + "}"}}
	var strange []string
	for _, name := range o.ours() {
		field := strings.ToLower(strings.TrimPrefix(name, prefix))
		_, ok := g.fields[field]
		switch {
		case name == fileVariable || name == kindVariable:
		case g.fields != nil && !ok || name != prefix+strings.ToUpper(field):
			strange = append(strange, name)
		default:
			fields = append(fields, member{field, "${" + name + "}"})
		}
	}
	if len(strange) > 0 {
		names := slices.Sorted(maps.Keys(g.fields))
		for i := range names {
			names[i] = prefix + strings.ToUpper(names[i])
		}
		b.addf("unknown variable %s: for %s there are %s", list(strange), clip(kind), list(names))
	}
	return b.build(object{
		{"default", "${" + kindVariable + "}"},
		{"providers", object{{kind, fields}}},
	})
}

// ours are the names of all variables with the prefix, in alphabetical order.
func (o *options) ours() []string {
	var names []string
	if o.env != nil {
		names = slices.Collect(maps.Keys(o.env))
	} else {
		for _, line := range os.Environ() {
			name, _, _ := strings.Cut(line, "=")
			names = append(names, name)
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		return !strings.HasPrefix(name, prefix) || kubernetes.MatchString(name)
	})
	slices.Sort(names)
	return names
}

// kubernetes matches what it puts into every container of a namespace that has
// a service called "refund" or "refund-…".
var kubernetes = regexp.MustCompile(`^REFUND_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)
