package config_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/config"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

// One provider of a file, opened by its name; the gateway here is a pretend one.
func Example() {
	gateway, err := tlpetest.Start(tlpetest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gateway.Close()
	if err := gateway.AddPayment(pretend.Payment{ID: "TRX-10001", Amount: money.MustParse("25.00 PHP")}); err != nil {
		fmt.Println(err)
		return
	}

	// In a service: cfg, err := config.Load("refund.json")
	cfg, err := config.Parse([]byte(`{
		"default": "shop-ph",
		"providers": {
			"shop-ph": {"gateway": "tlpe", "environment": "sandbox", "token": "${TLPE_TOKEN}", "base_url": "${TLPE_URL}"}
		}
	}`), config.WithEnv(map[string]string{"TLPE_TOKEN": gateway.Token(), "TLPE_URL": gateway.URL()}))
	if err != nil {
		fmt.Println(err)
		return
	}
	provider, err := cfg.Open("shop-ph") // "" = the default
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := refund.New(provider).Refund(context.Background(), refund.Partial("TRX-10001", money.MustParse("10.00 PHP")))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Gateway, res.Amount, res.Status)
	// Output: tlpe 10.00 PHP succeeded
}

// Everything that is wrong comes at once, with its place.
func ExampleParse() {
	_, err := config.Parse([]byte(`{"providers": {
		"shop-ph": {"gateway": "tlpe", "token": "${TLPE_TOKEN}"},
		"shop-tr": {"gateway": "pay-net"}
	}}`), config.WithEnv(nil), config.WithSource("refund.json"))

	var e *refund.Error
	if errors.As(err, &e) {
		fmt.Println(e.Code)
		fmt.Println(e.Message)
	}
	// Output:
	// invalid_request
	// refund.json: provider "shop-ph": token names the variable TLPE_TOKEN, which is not set; provider "shop-tr": unknown gateway "pay-net": known are paynet, redstone, tarlan, tlpe
}

// A router holds all providers, and the request says which one.
func ExampleConfig_Router() {
	cfg, err := config.Parse([]byte(`{
		"default": "shop-ph",
		"providers": {
			"shop-ph": {"gateway": "tlpe", "environment": "sandbox", "token": "t"},
			"shop-tr": {"gateway": "paynet", "environment": "sandbox", "secret_key": "k"}
		}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	router, err := cfg.Router()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(router.Names())

	req := refund.Full("XK-77")
	req.Provider = "shop-de"
	_, err = router.Refund(context.Background(), req)
	fmt.Println(errors.Is(err, refund.InvalidRequest), refund.StatusOf(err))
	// Output:
	// [shop-ph shop-tr]
	// true not_sent
}

// The same gateway without a file.
func ExampleFromEnv() {
	cfg, err := config.FromEnv(config.WithEnv(map[string]string{ // left out, it is the environment of the process
		"REFUND_GATEWAY":     "tlpe",
		"REFUND_ENVIRONMENT": "sandbox",
		"REFUND_TOKEN":       "t0k3n",
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cfg)
	// Output: config.Config{default:tlpe tlpe:tlpe/sandbox}
}

// cash is a provider of a user's own: money goes back over the counter.
type cash struct{ Counter string }

func (c *cash) Capabilities() refund.Capabilities {
	return refund.Capabilities{Gateway: "cash", Full: refund.Fact[refund.FullMode]{Value: refund.FullNative}}
}

func (c *cash) Refund(context.Context, refund.Request) (*refund.Result, error) {
	return &refund.Result{Status: refund.StatusPending, Message: "at counter " + c.Counter}, nil
}

// An adapter of your own stands in the file like any other.
func ExampleWithGateway() {
	openCash := func(raw json.RawMessage) (refund.Provider, error) {
		var c struct {
			Counter string `json:"counter"`
		}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&c); err != nil {
			return nil, err
		}
		return &cash{Counter: c.Counter}, nil
	}
	cfg, err := config.Parse([]byte(`{"providers": {"shop": {"gateway": "cash", "counter": "3"}}}`), config.WithGateway("cash", openCash))
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := cfg.Client("shop")
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := client.Refund(context.Background(), refund.Full("R-1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Status, res.Message)
	// Output: pending at counter 3
}
