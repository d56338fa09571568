// Package config opens providers by name, so that the choice of a gateway is a
// word in a file and not a line of code.
//
//	{
//	  "default": "shop-tr",
//	  "providers": {
//	    "shop-tr": {"gateway": "paynet", "environment": "production", "secret_key": "${PAYNET_SECRET_KEY}"},
//	    "shop-ph": {"gateway": "tlpe", "environment": "production", "token": "${TLPE_TOKEN}"}
//	  }
//	}
//
// A name is yours; "gateway" is one of paynet, redstone, tarlan and tlpe, or one
// that [WithGateway] adds. The other fields are those of the Config of that
// gateway's package, by their JSON names. "default" may be left out: a single
// provider is the default then, and among several there is none.
//
// # Variables
//
// ${NAME} in any text is replaced by the environment variable NAME, and $${
// stands for ${ itself. A variable that is missing or empty is an error. What a
// variable holds is text: quotes, braces and ${ in it mean nothing. Where a
// field of the four gateways is a number or a boolean, a text that is exactly
// one variable fills it:
//
//	"merchant_id": "${TARLAN_MERCHANT_ID}"
//
// and so it does with codes, written "ER.01.01=declined,ER.01.02=not_refundable".
// A service that has no file calls [FromEnv].
//
// # Errors
//
// Whatever is not understood is refused: unknown fields, names given twice,
// null. So are two providers of one account, since a payment could be refunded under
// each name: the same gateway, environment and secret (at tarlan also merchant_id and
// project_id, and in the sandbox base_url); and two with one callback secret. An error names the file, the provider and the field, as many of them at
// once as can be found, and says what to change. Every error wraps a
// [*refund.Error] with [refund.InvalidRequest], and none quotes a secret.
package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/gorefund/refund"
)

// Config is a set of named providers. Make it with [Load], [Parse] or [FromEnv].
// It never changes and is safe for concurrent use. Printed in any way it shows
// names, gateways and environments, and no secret.
type Config struct {
	source    string // for errors
	def       string
	providers map[string]provider
}

type provider struct {
	gateway     string
	environment refund.Environment // empty if it is not one of the two

	// open holds what was configured. A function, so that no way of printing
	// shows a secret.
	open func() (refund.Provider, error)
}

// Option changes how a configuration is read.
type Option func(*options)

type options struct {
	source   string
	env      map[string]string // nil = the environment of the process
	gateways []outside
}

// outside is an adapter that this module does not know.
type outside struct {
	name string
	open func(raw json.RawMessage) (refund.Provider, error)
}

// WithEnv replaces the environment of the process.
func WithEnv(env map[string]string) Option {
	return func(o *options) {
		o.env = maps.Clone(env)
		if o.env == nil {
			o.env = map[string]string{}
		}
	}
}

// WithSource is the name by which errors call what [Parse] reads, "refund.yaml".
func WithSource(name string) Option { return func(o *options) { o.source = name } }

// WithGateway adds an adapter of your own. open gets the provider's fields as a
// JSON object, without "gateway" and with variables filled in; it should refuse
// fields that it does not know. It is called once for each [Config.Open], maybe
// by several goroutines. The names of this module's own gateways are refused.
func WithGateway(name string, open func(raw json.RawMessage) (refund.Provider, error)) Option {
	return func(o *options) { o.gateways = append(o.gateways, outside{name, open}) }
}

func gather(opts []Option) *options {
	o := &options{source: "the configuration"}
	for _, opt := range opts {
		if opt != nil {
			opt(o)
		}
	}
	return o
}

func (o *options) lookup(name string) (string, bool) {
	if o.env == nil {
		return os.LookupEnv(name)
	}
	value, ok := o.env[name]
	return value, ok
}

// Load reads a JSON file. The Config is nil if there is an error.
func Load(path string, opts ...Option) (*Config, error) {
	b, file, err := open(path, gather(opts))
	if err != nil {
		return nil, err
	}
	return b.build(file)
}

func open(path string, o *options) (*builder, object, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, &refund.Error{
			Op: "config", Code: refund.InvalidRequest, Status: refund.StatusNotSent,
			Message: "the configuration cannot be read", Err: err, // err names the path
		}
	}
	o.source = path
	b := newBuilder(o)
	file, err := b.read(data)
	return b, file, err
}

// Parse reads JSON. The Config is nil if there is an error.
func Parse(data []byte, opts ...Option) (*Config, error) {
	b := newBuilder(gather(opts))
	file, err := b.read(data)
	if err != nil {
		return nil, err
	}
	return b.build(file)
}

// Names returns the names of all providers in alphabetical order.
func (c *Config) Names() []string { return slices.Sorted(maps.Keys(c.providers)) }

// Default returns the name of the default provider, "" if there is none.
func (c *Config) Default() string { return c.def }

// Open makes the provider of that name, "" for the default. Each call makes
// another one. The error names all that its gateway finds missing or wrong; the
// provider is nil then.
func (c *Config) Open(name string) (refund.Provider, error) {
	name, p, err := c.find(name)
	if err != nil {
		return nil, err
	}
	opened, err := p.open()
	if err != nil {
		return nil, c.wrong(name, err)
	}
	if isNil(opened) {
		return nil, c.wrong(name, fmt.Errorf("the constructor of %q returned neither a provider nor an error", p.gateway))
	}
	return opened, nil
}

// Client opens the provider of that name, "" for the default, and makes a client
// that bears the name of the provider.
func (c *Config) Client(name string, opts ...refund.Option) (*refund.Client, error) {
	name, _, err := c.find(name)
	if err != nil {
		return nil, err
	}
	p, err := c.Open(name)
	if err != nil {
		return nil, err
	}
	return refund.New(p, append([]refund.Option{refund.WithName(name)}, opts...)...), nil
}

// Router opens all providers. The options are those of each client. The error
// has one line for each provider that cannot be opened; the Router is nil then.
func (c *Config) Router(opts ...refund.Option) (*refund.Router, error) {
	clients := make(map[string]*refund.Client, len(c.providers))
	var wrong []error
	for _, name := range c.Names() {
		client, err := c.Client(name, opts...)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		clients[name] = client
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	r, err := refund.NewRouter(c.def, clients)
	if err != nil { // an option names the clients otherwise
		return nil, fail(c.source, []string{err.Error()})
	}
	return r, nil
}

func (c *Config) find(name string) (string, provider, error) {
	if name == "" {
		name = c.def
	}
	if p, ok := c.providers[name]; ok {
		return name, p, nil
	}
	problem := fmt.Sprintf("there is no provider %q; known: %s", clip(name), list(c.Names()))
	if name == "" {
		problem = "there is no default: name a provider, or say which one is the default; known: " + list(c.Names())
	}
	return "", provider{}, fail(c.source, []string{problem})
}

// wrong says which provider could not be opened.
func (c *Config) wrong(name string, err error) error {
	place := fmt.Sprintf("%s: provider %q: ", c.source, name)
	e := &refund.Error{Op: "config", Code: refund.InvalidRequest, Status: refund.StatusNotSent}
	if own, ok := err.(*refund.Error); ok && own.Op == "config" {
		e.Gateway, e.Message = own.Gateway, place+own.Message // the rest of its text would say the same again
		e.Err = own.Err
	} else {
		e.Message, e.Err = place+err.Error(), err
	}
	return e
}

// isNil finds the nil pointer in an interface too: an outside constructor may
// not have looked at its error.
func isNil(p refund.Provider) bool {
	if p == nil {
		return true
	}
	v := reflect.ValueOf(p)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// fail makes one error of all problems.
func fail(source string, problems []string) error {
	return &refund.Error{
		Op: "config", Code: refund.InvalidRequest, Status: refund.StatusNotSent,
		Message: source + ": " + strings.Join(problems, "; "),
	}
}

// Format implements [fmt.Formatter]: every verb gives the default, and each
// provider with its gateway and environment.
func (c Config) Format(f fmt.State, _ rune) {
	parts := []string{"default:" + c.def}
	for _, name := range c.Names() {
		p := c.providers[name]
		text := name + ":" + p.gateway
		if p.environment != "" {
			text += "/" + string(p.environment)
		}
		parts = append(parts, text)
	}
	fmt.Fprintf(f, "config.Config{%s}", strings.Join(parts, " "))
}

// MarshalJSON shows what Format shows. It is for showing, not for storing.
func (c Config) MarshalJSON() ([]byte, error) {
	type shownProvider struct {
		Gateway     string             `json:"gateway"`
		Environment refund.Environment `json:"environment,omitempty"`
	}
	shown := struct {
		Default   string                   `json:"default,omitempty"`
		Providers map[string]shownProvider `json:"providers"`
	}{c.def, make(map[string]shownProvider, len(c.providers))}
	for name, p := range c.providers {
		shown.Providers[name] = shownProvider{p.gateway, p.environment}
	}
	return json.Marshal(shown)
}
