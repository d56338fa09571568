// Quickstart gives money back through four gateways with the same call, and
// shows what the answers mean:
//
//	go run ./examples/quickstart
//
// It needs nothing but Go: the gateways are pretend ones on loopback, and no
// real money moves. A program of your own looks the same, with real keys in the
// environment and without base_url in its refund.json.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/config"
	"github.com/gorefund/refund/money"
)

// file names four providers; its ${VARIABLES} hold what must not stand in a
// file. One field is for this program alone: assume_settled, since none of the
// payments here is of today. Leave it out and give Payment.PaidAt instead:
// Paynet cannot give back a part of a payment on the day of the payment.
//
//go:embed refund.json
var file []byte

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	gateways, err := startSandbox()
	if err != nil {
		return err
	}
	defer gateways.Close()

	// A service would call config.Load("refund.json") and leave its variables
	// to the environment.
	cfg, err := config.Parse(file, config.WithSource("refund.json"), config.WithEnv(gateways.env()))
	if err != nil {
		return err
	}
	router, err := cfg.Router()
	if err != nil {
		return err
	}

	t := newTable(out)
	ask := func(provider string, req refund.Request) {
		req.Provider = provider
		res, err := router.Refund(ctx, req)
		t.add(router, req, res, err)
	}

	// The same two calls for each gateway. Two of them know refunds by amount
	// only: for these a full refund says what was paid.
	for _, shop := range shops {
		full := refund.Full(shop.first)
		full.Payment.Amount = shop.paid
		ask(shop.provider, full)
		ask(shop.provider, refund.Partial(shop.second, shop.part))
	}

	// A refund that the gateway refuses: this payment is given back already.
	t.gap()
	ask("shop-ph", refund.Full("TRX-10001"))

	// One that is not even sent: this gateway takes whole tenge only, and
	// nothing is ever rounded.
	ask("shop-kz", refund.Partial("10002", money.MustParse("0.50 KZT")))

	// And one whose answer gets lost, after the gateway has done its work.
	gateways.tlpe.Inject(dropTheAnswer)
	ask("shop-ph", refund.Partial("TRX-10003", money.MustParse("10.00 PHP")))

	_, err = fmt.Fprintf(out, `
pending   The gateway took it and decides later: wait for its callback, or look it up there.
unknown   No trustworthy answer, money may have moved: look it up at the gateway. Only because this
          one is a pretend gateway can we open its books: it did give back %s.
Never send one of these two again. A yes is done, and after a no you may tell the customer so.
`, gateways.tlpe.Refunded("TRX-10003"))
	return err
}

// table prints one line for each refund.
type table struct{ out io.Writer }

const line = "%-9s %-10s %-20s %-10s %-17s %s\n"

func newTable(out io.Writer) table {
	fmt.Fprintf(out, line, "GATEWAY", "PAYMENT", "ASKED", "STATUS", "CODE", "HAS MONEY MOVED?")
	return table{out}
}

func (t table) add(router *refund.Router, req refund.Request, res *refund.Result, err error) {
	gateway := ""
	if client, err := router.Client(req.Provider); err == nil {
		gateway = client.Capabilities().Gateway
	}
	asked := req.Kind.String()
	if req.Amount.IsSet() {
		asked += " " + req.Amount.String()
	}

	// A result and an error answer the same questions: what happened, and has
	// money moved?
	var status refund.Status
	var code string
	if err == nil {
		status, code = res.Status, res.Code // the gateway's own code
	} else {
		status = refund.StatusOf(err)
		if e := (*refund.Error)(nil); errors.As(err, &e) {
			code = string(e.Code) // this module's code, the same for all gateways
		}
	}
	if code == "" {
		code = "-"
	}
	fmt.Fprintf(t.out, line, gateway, req.Payment.ID, asked, status, code, status.MoneyMoved())
}

func (t table) gap() { fmt.Fprintln(t.out) }
