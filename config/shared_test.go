package config_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/config"
	"github.com/gorefund/refund/journal"
)

// parsePair parses two providers by their fields.
func parsePair(a, b string) (*config.Config, error) {
	return config.Parse([]byte(`{"providers": {"shop-a": {`+a+`}, "shop-b": {`+b+`}}}`), config.WithSource("f"),
		config.WithEnv(map[string]string{"KEY": "s3cr3t-value", "HOOK": "s3cr3t-hook", "SEVEN": "7"}),
		config.WithGateway("acme", func(json.RawMessage) (refund.Provider, error) { return fake{}, nil }))
}

func TestProvidersShareNoCallbackSecret(t *testing.T) {
	t.Parallel()
	const (
		tr   = `"gateway": "paynet", "environment": "sandbox", "secret_key": "k1"`
		tr2  = `"gateway": "paynet", "environment": "sandbox", "secret_key": "k2"`
		live = `"gateway": "paynet", "environment": "production", "secret_key": "k3"`
		zm   = `"gateway": "redstone", "environment": "sandbox", "secret_key": "redSec_test_1", "public_key": "redPub_test_1"`
		acme = `"gateway": "acme"`

		hook     = `, "callback_secret": "s3cr3t-hook"`
		variable = `, "callback_secret": "${HOOK}"`
		rotated  = `, "callback_secret": "another", "previous_callback_secret": "s3cr3t-hook"`
		third    = `, "callback_secret": "a third", "previous_callback_secret": "${HOOK}"`
	)
	for name, pair := range map[string][2]string{
		"of one gateway":                  {tr + hook, tr2 + hook},
		"of two gateways":                 {tr + hook, zm + hook},
		"of two environments":             {tr + hook, live + hook},
		"from a variable":                 {tr + hook, zm + variable},
		"one's is the one before":         {tr + hook, zm + rotated},
		"the one before is another's":     {tr + rotated, zm + hook},
		"both had it before":              {tr + rotated, zm + third},
		"of an adapter of somebody's own": {tr + hook, acme + hook},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := parsePair(pair[0], pair[1])
			assert.Nil(t, c)
			assert.Equal(t, `f: providers "shop-a" and "shop-b" share a callback_secret, or one's previous_callback_secret is the other's: give each its own`, message(t, err))
			assert.NotContains(t, err.Error(), "s3cr3t")
		})
	}
	for name, pair := range map[string][2]string{
		"none":         {tr, zm},
		"one":          {tr + hook, zm},
		"each its own": {tr + hook, zm + `, "callback_secret": "another"`},
	} {
		_, err := parsePair(pair[0], pair[1])
		assert.NoError(t, err, name)
	}
}

func TestTwoNamesOfOneAccount(t *testing.T) {
	t.Parallel()
	const (
		tr     = `"gateway": "paynet", "environment": "production", "secret_key": "s3cr3t-value"`
		trTest = `"gateway": "paynet", "environment": "sandbox", "secret_key": "s3cr3t-value"`
		zm     = `"gateway": "redstone", "environment": "sandbox", "secret_key": "redSec_test_s3cr3t", "public_key": `
		kz     = `"gateway": "tarlan", "environment": "production", "secret": "${KEY}"`
		ph     = `"gateway": "tlpe", "environment": "sandbox", "token": "s3cr3t-value"`
	)
	for name, pair := range map[string][2]string{
		"paynet":                      {tr, tr},
		"from a variable":             {tr, `"gateway": "paynet", "environment": "production", "secret_key": "${KEY}"`},
		"other details":               {tr, tr + `, "timeout": "5s", "currency": "USD", "callback_secret": "h"`},
		"live, by another way":        {tr, tr + `, "base_url": "https://proxy.example"`},
		"redstone":                    {zm + `"redPub_test_1"`, zm + `"redPub_test_2"`},
		"tarlan":                      {kz, kz},
		"tarlan, same ids":            {kz + `, "merchant_id": 7, "project_id": 8`, kz + `, "merchant_id": "${SEVEN}", "project_id": 8`},
		"tarlan, an id left out":      {kz + `, "merchant_id": 7, "project_id": 8`, kz + `, "merchant_id": 7`},
		"tarlan, an id zero":          {kz + `, "merchant_id": 0`, kz + `, "merchant_id": 7`},
		"tlpe":                        {ph, ph + `, "webhook_secret": "another"`},
		"sandbox, one pretend server": {ph + `, "base_url": "http://127.0.0.1:1"`, ph + `, "base_url": "http://127.0.0.1:1"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := parsePair(pair[0], pair[1])
			assert.Nil(t, c)
			assert.Contains(t, message(t, err), `providers "shop-a" and "shop-b" have the same credentials of the same `)
			assert.NotContains(t, err.Error(), "s3cr3t")
		})
	}
	for name, pair := range map[string][2]string{
		"another environment":                     {tr, trTest},
		"another gateway":                         {`"gateway": "paynet", "environment": "sandbox", "secret_key": "redSec_test_s3cr3t"`, zm + `"redPub_test_1"`},
		"another key":                             {tr, `"gateway": "paynet", "environment": "production", "secret_key": "k"`},
		"another project":                         {kz + `, "merchant_id": 7, "project_id": 8`, kz + `, "merchant_id": 7, "project_id": 9`},
		"another merchant":                        {kz + `, "merchant_id": 7`, kz + `, "merchant_id": 8`},
		"another pretend server":                  {ph + `, "base_url": "http://127.0.0.1:1"`, ph + `, "base_url": "http://127.0.0.1:2"`},
		"no key, which is told when it is opened": {`"gateway": "tlpe", "environment": "sandbox"`, `"gateway": "tlpe", "environment": "sandbox"`},
		"an adapter of somebody's own":            {`"gateway": "acme"`, `"gateway": "acme"`},
	} {
		_, err := parsePair(pair[0], pair[1])
		assert.NoError(t, err, name)
	}
}

// Each provider that shares something is named once, with the first that it shares it
// with, beside all that is wrong otherwise.
func TestSharedNamesAll(t *testing.T) {
	t.Parallel()
	const shared = `"gateway": "paynet", "environment": "sandbox", "secret_key": "k", "callback_secret": "h"`
	_, err := config.Parse([]byte(`{"default": "d", "providers": {"a": {`+shared+`}, "b": {`+shared+`}, "c": {`+shared+`}}}`), config.WithSource("f"))
	const secret, account = " share a callback_secret, or one's previous_callback_secret is the other's: give each its own; ",
		" have the same credentials of the same paynet account: a payment could be refunded under each name, so keep one of them; "
	assert.Equal(t, `f: providers "a" and "b"`+secret+`providers "a" and "b"`+account+`providers "a" and "c"`+secret+`providers "a" and "c"`+account+
		`default "d" is not among the providers: a, b, c`, message(t, err))
}

// A router's clients keep their books under the names of the configuration.
func TestRouterClientsWithAJournalBearTheirNames(t *testing.T) {
	t.Parallel()
	c, err := config.Parse([]byte(fourProviders), config.WithEnv(env))
	require.NoError(t, err)
	router, err := c.Router(refund.WithJournal(journal.Memory()))
	require.NoError(t, err)
	for _, name := range c.Names() {
		inRouter, err := router.Client(name)
		require.NoError(t, err)
		assert.Equal(t, name, inRouter.Name())
		alone, err := c.Client(name, refund.WithJournal(journal.Memory()))
		require.NoError(t, err)
		assert.Equal(t, name, alone.Name())
	}
}
