package config

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gorefund/refund"
)

// Two names of one account would be two books of the same payments, so that each could
// give a payment back once. And a callback's token is only as good as its secret is one
// provider's.

// identity is what tells a provider from the others. It holds secrets, and lives no
// longer than its builder.
type identity struct {
	name, gateway string
	fields        map[string]any // as configured, variables filled in
	account       []string       // see gateway
}

// text is a field as one text, "" if it is left out.
func (i *identity) text(field string) string {
	switch value := i.fields[field].(type) {
	case string:
		return value
	case int64, json.Number:
		if number := fmt.Sprint(value); number != "0" {
			return number
		}
	}
	return ""
}

// callbackSecrets are those under which the provider takes callbacks.
func (i *identity) callbackSecrets() []string {
	both := []string{i.text("callback_secret"), i.text("previous_callback_secret")}
	return slices.DeleteFunc(both, func(s string) bool { return s == "" })
}

// sharesSecret reports whether one of the callback secrets is the other's as well.
func (i *identity) sharesSecret(other *identity) bool {
	secrets := other.callbackSecrets()
	return slices.ContainsFunc(i.callbackSecrets(), func(s string) bool { return slices.Contains(secrets, s) })
}

// sameAccount reports whether both may be one account of one gateway. A field beside the
// credentials that one of them leaves out may be the other's.
func (i *identity) sameAccount(other *identity) bool {
	if i.gateway != other.gateway || len(i.account) == 0 || i.text("environment") != other.text("environment") {
		return false
	}
	credentials := i.account[0]
	if i.text(credentials) == "" || i.text(credentials) != other.text(credentials) {
		return false
	}
	for _, field := range i.account[1:] {
		a, b := i.text(field), other.text(field)
		if a != "" && b != "" && a != b {
			return false
		}
	}
	// Live credentials are those of one account on whatever way they travel. In a sandbox
	// they may be a pretend gateway's, which are all alike.
	return i.text("environment") == string(refund.Production) || i.text("base_url") == other.text("base_url")
}

// shared adds a problem for each provider that shares with an earlier one what it must
// have for itself.
func (b *builder) shared() {
	for n := range b.identities {
		later := &b.identities[n]
		var secret, account bool
		for m := range b.identities[:n] {
			earlier := &b.identities[m]
			if !secret && later.sharesSecret(earlier) {
				secret = true
				b.addf("providers %q and %q share a callback_secret, or one's previous_callback_secret is the other's: give each its own",
					clip(earlier.name), clip(later.name))
			}
			if !account && later.sameAccount(earlier) {
				account = true
				b.addf("providers %q and %q have the same credentials of the same %s account: a payment could be refunded under each name, so keep one of them",
					clip(earlier.name), clip(later.name), later.gateway)
			}
		}
	}
}
