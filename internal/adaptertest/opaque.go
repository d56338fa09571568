package adaptertest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
)

// Secrets returns the values of all fields of a Config that are tagged as secrets.
// It fails the test if one is empty and not named in unset: a secret that is added
// later has to be looked for too.
func Secrets(t testing.TB, config any, unset ...string) []string {
	t.Helper()
	var secrets []string
	v := reflect.ValueOf(config)
	for _, field := range secretFields(v.Type(), unset) {
		secret := v.FieldByIndex(field.Index).String()
		if secret == "" {
			t.Errorf("%s.%s is a secret and not set: nobody would notice if it was shown", v.Type(), field.Name)
			continue
		}
		secrets = append(secrets, secret)
	}
	return secrets
}

// secretFields are the fields of a Config that are tagged as secrets, but those.
func secretFields(config reflect.Type, but []string) []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(config), func(field reflect.StructField) bool {
		return field.Tag.Get("secret") != "true" || slices.Contains(but, field.Name)
	})
}

// Opaque fails the test if a Provider shows one of hidden, whatever prints it and
// wherever it is kept: by each verb that package fmt may be given, by value, by
// pointer, in exported and unexported fields, in slices, maps and interfaces. Since
// other printers follow pointers which fmt does not, it also walks through all that
// reflection reaches.
func Opaque[P any](t testing.TB, provider *P, hidden ...string) {
	t.Helper()
	look := func(where, text string) {
		t.Helper()
		for _, secret := range hidden {
			if as, found := leaks(address.ReplaceAllString(text, "0x"), secret); found {
				t.Errorf("%s shows %q %s:\n%s", where, secret, as, text)
			}
		}
	}
	for where, v := range holders(provider) {
		for _, verb := range verbs() {
			look(verb+" of "+where, fmt.Sprintf(verb, v))
		}
	}
	walk(reflect.ValueOf(provider), make(map[visit]bool), func(text string) { look("reflection", text) })
}

// verbs are all letters, known to fmt or not, with its flags: what fmt prints of a
// value under a verb that does not fit is made without calling the value's methods.
func verbs() []string {
	var all []string
	for _, flags := range []string{"%", "%+", "%#", "% ", "%12.3"} {
		for c := 'A'; c <= 'z'; c++ {
			if c <= 'Z' || c >= 'a' {
				all = append(all, flags+string(c))
			}
		}
	}
	return all
}

// holders are the places in which a program may keep a Provider.
func holders[P any](p *P) map[string]any {
	type byValue struct{ provider P }
	type byPointer struct{ provider *P }
	type byInterface struct{ provider any }
	return map[string]any{
		"a pointer":                             p,
		"a value":                               *p,
		"a pointer to a pointer":                &p,
		"an exported field":                     struct{ Provider P }{*p},
		"an exported field with a pointer":      struct{ Provider *P }{p},
		"an unexported field":                   byValue{*p},
		"a pointer to an unexported field":      &byValue{*p},
		"an unexported field with a pointer":    byPointer{p},
		"a pointer to one":                      &byPointer{p},
		"an interface in a field":               byInterface{*p},
		"an interface in a field, of a pointer": byInterface{p},
		"fields in fields":                      struct{ in struct{ in *byInterface } }{struct{ in *byInterface }{&byInterface{p}}},
		"a slice in a field":                    struct{ all []P }{[]P{*p}},
		"a slice of pointers in a field":        struct{ all []*P }{[]*P{p}},
		"an array in a field":                   struct{ all [1]*P }{[1]*P{p}},
		"a map in a field":                      struct{ all map[string]P }{map[string]P{"p": *p}},
		"a map of pointers in a field":          struct{ all map[string]*P }{map[string]*P{"p": p}},
		"a map of interfaces in a field":        struct{ all map[string]any }{map[string]any{"p": *p}},
		"a slice":                               []P{*p},
		"a slice of pointers":                   []*P{p},
		"a map":                                 map[string]P{"p": *p},
		"a map of pointers":                     map[string]*P{"p": p},
	}
}

// visit is a place where the walk has been: values may lead back to themselves.
type visit struct {
	at uintptr
	of reflect.Type
}

// walk gives text every string and byte sequence that reflection reaches from v.
func walk(v reflect.Value, seen map[visit]bool, text func(string)) {
	switch v.Kind() {
	case reflect.String:
		text(v.String())
	case reflect.Pointer:
		if at := (visit{v.Pointer(), v.Type()}); !v.IsNil() && !seen[at] {
			seen[at] = true
			walk(v.Elem(), seen, text)
		}
	case reflect.Interface:
		walk(v.Elem(), seen, text)
	case reflect.Struct:
		for i := range v.NumField() {
			walk(v.Field(i), seen, text)
		}
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); {
			walk(entries.Key(), seen, text)
			walk(entries.Value(), seen, text)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			raw := make([]byte, v.Len())
			for i := range raw {
				raw[i] = byte(v.Index(i).Uint())
			}
			text(string(raw))
			return
		}
		for i := range v.Len() {
			walk(v.Index(i), seen, text)
		}
	default: // numbers, and functions and channels, into which nothing can look
	}
}
