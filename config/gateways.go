package config

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/paynet"
	"github.com/gorefund/refund/redstone"
	"github.com/gorefund/refund/tarlan"
	"github.com/gorefund/refund/tlpe"
)

// builtInNames are the cases of builtIn, for messages. A test holds them together.
var builtInNames = [...]string{"paynet", "redstone", "tarlan", "tlpe"}

// gateway is what is known about a kind of provider.
type gateway struct {
	// fields are those of its Config by their JSON names; nil for an outside
	// adapter, whose fields only its constructor knows.
	fields map[string]reflect.Type

	// account are the fields that tell whose account it is: first its secret, then what
	// may tell several accounts with one secret apart. Nil for an outside adapter.
	account []string

	// load reads a provider's fields, and gives what opens it.
	load func(raw json.RawMessage) (open func() (refund.Provider, error), err error)
}

func builtIn(name string) (gateway, bool) {
	switch name {
	case "paynet":
		return adapter(paynet.New, "secret_key"), true
	case "redstone":
		return adapter(redstone.New, "secret_key"), true
	case "tarlan":
		return adapter(tarlan.New, "secret", "merchant_id", "project_id"), true
	case "tlpe":
		return adapter(tlpe.New, "token"), true
	default:
		return gateway{}, false
	}
}

// adapter makes a gateway of an adapter's New, and of the fields that tell the account.
func adapter[C any, P refund.Provider](construct func(C) (P, error), account ...string) gateway {
	return gateway{
		account: account,
		fields:  fieldsOf(reflect.TypeFor[C]()),
		load: func(raw json.RawMessage) (func() (refund.Provider, error), error) {
			var c C
			if err := json.Unmarshal(raw, &c); err != nil {
				return nil, err
			}
			return func() (refund.Provider, error) {
				p, err := construct(c)
				if err != nil {
					return nil, err // not p: a nil pointer in an interface is not nil
				}
				return p, nil
			}, nil
		},
	}
}

func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type, t.NumField())
	for i := range t.NumField() {
		field := t.Field(i)
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			fields[name] = field.Type
		}
	}
	return fields
}

// find looks among this module's gateways and those of the options.
func (o *options) find(name string) (gateway, bool) {
	if g, ok := builtIn(name); ok {
		return g, true
	}
	i := slices.IndexFunc(o.gateways, func(g outside) bool { return g.name == name })
	if i < 0 {
		return gateway{}, false
	}
	construct := o.gateways[i].open
	return gateway{load: func(raw json.RawMessage) (func() (refund.Provider, error), error) {
		return func() (refund.Provider, error) { return construct(bytes.Clone(raw)) }, nil
	}}, true
}

// known lists all gateways in alphabetical order.
func (o *options) known() string {
	names := slices.Clone(builtInNames[:])
	for _, g := range o.gateways {
		names = append(names, g.name)
	}
	slices.Sort(names)
	return list(names)
}
