package config_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/config"
	"github.com/gorefund/refund/tlpe"
)

func TestFromEnv(t *testing.T) {
	t.Parallel()
	c, err := config.FromEnv(config.WithEnv(map[string]string{
		"REFUND_GATEWAY": "tarlan", "REFUND_ENVIRONMENT": "sandbox", "REFUND_SECRET": `quote " and ${BRACE}`,
		"REFUND_MERCHANT_ID": "7", "REFUND_FRACTIONS": "true", "REFUND_TIMEOUT": "5s", "REFUND_CODES": "77=declined",
		"PATH": "/bin", "REFUNDS_TOKEN": "another program's",
		// what Kubernetes adds for services called "refund" and "refund-api"
		"REFUND_SERVICE_HOST": "10.0.0.1", "REFUND_SERVICE_PORT": "80", "REFUND_SERVICE_PORT_HTTP": "80",
		"REFUND_PORT": "tcp://10.0.0.1:80", "REFUND_PORT_80_TCP": "tcp://10.0.0.1:80", "REFUND_PORT_80_TCP_ADDR": "10.0.0.1",
		"REFUND_API_SERVICE_HOST": "10.0.0.2", "REFUND_API_PORT_80_TCP_PROTO": "tcp",
	}))
	require.NoError(t, err)
	assert.Equal(t, []string{"tarlan"}, c.Names())
	assert.Equal(t, "tarlan", c.Default())
	p, err := c.Open("")
	require.NoError(t, err)
	caps := p.Capabilities()
	assert.Nil(t, caps.Step, "REFUND_FRACTIONS must reach the adapter: without it amounts are whole")
	_, ok := caps.Lookup("77")
	assert.True(t, ok, "REFUND_CODES must reach the adapter")
}

func TestFromEnvRefuses(t *testing.T) {
	t.Parallel()
	const (
		single = "the environment (a field is REFUND_ and its name in capitals): "
		fields = "REFUND_AMOUNT_AS, REFUND_BASE_URL, REFUND_CODES, REFUND_CURRENCY, REFUND_ENVIRONMENT, REFUND_LEEWAY, REFUND_TIMEOUT, REFUND_TOKEN, REFUND_TRUST_WEAK_KEY, REFUND_WEBHOOK_ALGORITHM, REFUND_WEBHOOK_PUBLIC_KEY, REFUND_WEBHOOK_SECRET"
	)
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"nothing":     {nil, `the environment: set REFUND_CONFIG to the path of a file, or REFUND_GATEWAY to one of paynet, redstone, tarlan, tlpe`},
		"empty":       {map[string]string{"REFUND_GATEWAY": "", "REFUND_TOKEN": "t"}, `the environment: set REFUND_CONFIG to the path of a file, or REFUND_GATEWAY to one of paynet, redstone, tarlan, tlpe`},
		"both":        {map[string]string{"REFUND_GATEWAY": "tlpe", "REFUND_CONFIG": "refund.json"}, `the environment: REFUND_CONFIG and REFUND_GATEWAY are both set: unset one, they say different things`},
		"misspelt":    {map[string]string{"REFUND_GATEWAY": "tlpe", "REFUND_TOKN": "t", "REFUND_ENV": "sandbox", "REFUND_TOKEN": ""}, single + `unknown variable REFUND_ENV, REFUND_TOKN: for tlpe there are ` + fields + `; provider "tlpe": token names the variable REFUND_TOKEN, which is empty`},
		"small":       {map[string]string{"REFUND_GATEWAY": "tlpe", "REFUND_token": "t"}, single + `unknown variable REFUND_token: for tlpe there are ` + fields},
		"no gateway":  {map[string]string{"REFUND_GATEWAY": "TLPE", "REFUND_TOKEN": "t"}, single + `provider "TLPE": unknown gateway "TLPE": known are paynet, redstone, tarlan, tlpe`},
		"other type":  {map[string]string{"REFUND_GATEWAY": "tarlan", "REFUND_PROJECT_ID": "seven"}, single + `provider "tarlan": project_id names the variable REFUND_PROJECT_ID, which must hold a whole number`},
		"bad timeout": {map[string]string{"REFUND_GATEWAY": "tlpe", "REFUND_TIMEOUT": "5"}, single + `provider "tlpe": timeout is "5": it must be a time such as "30s"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := config.FromEnv(config.WithEnv(test.env))
			assert.Nil(t, c)
			assert.Equal(t, test.want, message(t, err))
		})
	}

	c, err := config.FromEnv(config.WithEnv(map[string]string{"REFUND_GATEWAY": "tlpe"}))
	require.NoError(t, err)
	_, err = c.Open("")
	_, ofTLPE := tlpe.New(tlpe.Config{})
	assert.Equal(t, single+`provider "tlpe": `+message(t, ofTLPE), message(t, err))
}

func TestFromEnvFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "refund.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"providers": {"shop": {"gateway": "tlpe", "environment": "sandbox", "token": "${REFUND_MY_TOKEN}"}}}`), 0o600))

	c, err := config.FromEnv(config.WithEnv(map[string]string{"REFUND_CONFIG": path, "REFUND_MY_TOKEN": "t", "REFUND_GATEWAY": "", "REFUND_PORT": "tcp://10.0.0.1:80"}))
	require.NoError(t, err)
	assert.Equal(t, []string{"shop"}, c.Names())

	c, err = config.FromEnv(config.WithEnv(map[string]string{"REFUND_CONFIG": path, "REFUND_MY_TOKEN": "t", "REFUND_TOKEN": "t", "REFUND_CURRENCY": "USD"}))
	assert.Nil(t, c)
	assert.Equal(t, `the environment: REFUND_CURRENCY, REFUND_TOKEN is set and not used: mention it in `+path+` as ${REFUND_CURRENCY}, or unset it`, message(t, err))

	_, err = config.FromEnv(config.WithEnv(map[string]string{"REFUND_CONFIG": path}))
	assert.Equal(t, path+`: provider "shop": token names the variable REFUND_MY_TOKEN, which is not set`, message(t, err))

	_, err = config.FromEnv(config.WithEnv(map[string]string{"REFUND_CONFIG": path + ".none"}))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestFromEnvOutsideGateway(t *testing.T) {
	t.Parallel()
	var got string
	c, err := config.FromEnv(
		config.WithEnv(map[string]string{"REFUND_GATEWAY": "acme", "REFUND_PASSWORD": "p", "REFUND_LIMIT": "7"}),
		config.WithGateway("acme", func(raw json.RawMessage) (refund.Provider, error) { got = string(raw); return fake{}, nil }))
	require.NoError(t, err)
	client, err := c.Client("acme")
	require.NoError(t, err)
	assert.JSONEq(t, `{"password": "p", "limit": "7"}`, got)
	_, err = client.Refund(context.Background(), refund.Full("P"))
	assert.NoError(t, err)
}

func TestFromEnvOfTheProcess(t *testing.T) {
	t.Setenv("REFUND_CONFIG", "")
	t.Setenv("REFUND_GATEWAY", "tlpe")
	t.Setenv("REFUND_ENVIRONMENT", "sandbox")
	t.Setenv("REFUND_TOKEN", "t")
	c, err := config.FromEnv()
	require.NoError(t, err)
	_, err = c.Open("tlpe")
	require.NoError(t, err)

	t.Setenv("REFUND_TOKN", "t")
	_, err = config.FromEnv()
	assert.ErrorContains(t, err, "unknown variable REFUND_TOKN")
}
