package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/config"
)

// FuzzParse: no input panics. What is accepted is JSON, opens or says by name
// what is wrong, and shows no variable when printed.
func FuzzParse(f *testing.F) {
	f.Add(fourProviders)
	f.Add(`{"providers": {"shop": {"gateway": "acme", "a": ["$${", "${SECRET}", {"b": null}]}}}`)
	f.Add(`{"default": "${SHOP}", "providers": {"shop-tr": {"gateway": "tarlan", "environment": "sandbox", "codes": "${PAIRS}", "fractions": "${YES}", "project_id": -1}}}`)
	f.Add(`{"providers": {"a": {"gateway": "redstone", "gateway": 1}, "a": {}}}`)
	f.Add("\xEF\xBB\xBF{}")
	f.Add(`{"providers":` + strings.Repeat("[", 100))
	opts := []config.Option{config.WithEnv(env), config.WithGateway("acme", func(raw json.RawMessage) (refund.Provider, error) {
		if !json.Valid(raw) {
			panic("the fields are not JSON")
		}
		return fake{}, nil
	})}
	f.Fuzz(func(t *testing.T, file string) {
		c, err := config.Parse([]byte(file), opts...)
		if err != nil {
			var e *refund.Error
			if c != nil || !errors.As(err, &e) || !errors.Is(err, refund.InvalidRequest) || !strings.HasPrefix(e.Message, "the configuration: ") {
				t.Fatalf("a bad error: %v, with %v", err, c)
			}
			return
		}
		if !json.Valid([]byte(strings.TrimPrefix(file, "\xEF\xBB\xBF"))) {
			t.Fatal("accepted what is not JSON")
		}
		if len(c.Names()) == 0 {
			t.Fatal("accepted a configuration without providers")
		}
		for _, name := range c.Names() {
			p, err := c.Open(name)
			switch {
			case err == nil && p == nil:
				t.Fatalf("%q: neither provider nor error", name)
			case err != nil && (p != nil || !errors.Is(err, refund.InvalidRequest) || !strings.Contains(err.Error(), fmt.Sprintf("provider %q: ", name))):
				t.Fatalf("%q: a bad error: %v", name, err)
			}
		}
		if _, err := c.Open(""); c.Default() == "" && err == nil {
			t.Fatal("opened a default that does not exist")
		}
		if text := fmt.Sprintf("%+v", c); strings.Contains(text, env["SECRET"]) && !strings.Contains(file, env["SECRET"]) && !strings.Contains(strings.Join(c.Names(), " "), env["SECRET"]) {
			t.Fatalf("printed a variable: %s", text)
		}
	})
}
