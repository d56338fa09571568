// Swap refunds through two gateways with one function. Which gateway it is says
// the configuration's default, and nothing in the code:
//
//	go run ./examples/swap
//
// The gateways are pretend ones on loopback; no real money moves.
package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/config"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

// file takes its default from the variable REFUND_SHOP.
//
//go:embed refund.json
var file []byte

// giveBack is what a service would hold: it knows no gateway by name.
func giveBack(ctx context.Context, refunds refund.Refunder, payment string) (string, error) {
	res, err := refunds.Refund(ctx, refund.Full(payment))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: %s, money moved: %s", res.Gateway, res.Status, res.Status.MoneyMoved()), nil
}

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "swap:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	tr, err := paynettest.Start(paynettest.Config{})
	if err != nil {
		return err
	}
	defer tr.Close()
	ph, err := tlpetest.Start(tlpetest.Config{})
	if err != nil {
		return err
	}
	defer ph.Close()
	if err := tr.AddPayment(pretend.Payment{ID: "ORDER-1", Amount: money.MustParse("250.00 TRY")}); err != nil {
		return err
	}
	if err := ph.AddPayment(pretend.Payment{ID: "ORDER-1", Amount: money.MustParse("250.00 PHP")}); err != nil {
		return err
	}

	for _, shop := range []string{"shop-tr", "shop-ph"} {
		cfg, err := config.Parse(file, config.WithEnv(map[string]string{
			"REFUND_SHOP": shop, // the only difference
			"PAYNET_URL":  tr.URL(), "PAYNET_SECRET_KEY": tr.SecretKey(),
			"TLPE_URL": ph.URL(), "TLPE_TOKEN": ph.Token(),
		}))
		if err != nil {
			return err
		}
		client, err := cfg.Client("") // "" = the default
		if err != nil {
			return err
		}
		answer, err := giveBack(ctx, client, "ORDER-1")
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s -> %s\n", shop, answer); err != nil {
			return err
		}
	}
	return nil
}
