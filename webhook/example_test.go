package webhook_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/webhook"
)

// Paynet accepts a refund and approves it later. Its callbacks are not signed, so
// their address holds a token of the refund.
func ExampleNew() {
	gateway, err := paynettest.Start(paynettest.Config{}) // a pretend Paynet
	if err != nil {
		log.Fatal(err)
	}
	defer gateway.Close()
	if err := gateway.AddPayment(pretend.Payment{ID: "xk_1", Amount: money.MustParse("100.00 TRY")}); err != nil {
		log.Fatal(err)
	}
	provider, err := paynet.New(paynet.Config{
		SecretKey: gateway.SecretKey(), CallbackSecret: "32 random bytes of your own, the same on all machines", Environment: refund.Sandbox, BaseURL: gateway.URL(),
	})
	if err != nil {
		log.Fatal(err)
	}
	client := refund.New(provider, refund.WithJournal(journal.Memory()), refund.WithTrust(refund.TrustToken))
	hook, err := webhook.New(client, webhook.WithNotify(func(_ context.Context, n webhook.Notice) error {
		fmt.Println(n.Entry.Key, "was", n.From, "and is", n.Entry.Status)
		return nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(hook)

	req := refund.Full("xk_1")
	req.Key, req.CallbackURL = "return-7731", server.URL
	res, err := client.Refund(context.Background(), req)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Key, "is", res.Status)

	if err := gateway.Approve(gateway.Refunds()[0].ID); err != nil {
		log.Fatal(err)
	}
	if _, err := gateway.Deliver(context.Background()); err != nil {
		log.Fatal(err)
	}
	server.Close()
	hook.Wait()
	// Output:
	// return-7731 is pending
	// return-7731 was pending and is succeeded
}
