package refund_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

// startGateway starts a pretend gateway on loopback with one payment of
// 25.00 PHP in its books.
func startGateway() *tlpetest.Gateway {
	gateway, err := tlpetest.Start(tlpetest.Config{})
	if err != nil {
		log.Fatal(err)
	}
	if err := gateway.AddPayment(pretend.Payment{ID: "TRX-10001", Amount: money.MustParse("25.00 PHP")}); err != nil {
		log.Fatal(err)
	}
	return gateway
}

// newClient makes a client for it.
func newClient(gateway *tlpetest.Gateway, opts ...refund.Option) *refund.Client {
	provider, err := tlpe.New(tlpe.Config{Token: gateway.Token(), Environment: refund.Sandbox, BaseURL: gateway.URL()})
	if err != nil {
		log.Fatal(err)
	}
	return refund.New(provider, opts...)
}

func Example() {
	gateway := startGateway() // a pretend one; leave BaseURL out to reach TLPE
	defer gateway.Close()

	provider, err := tlpe.New(tlpe.Config{Token: gateway.Token(), Environment: refund.Sandbox, BaseURL: gateway.URL()})
	if err != nil {
		log.Fatal(err)
	}
	client := refund.New(provider)
	res, err := client.Refund(context.Background(), refund.Partial("TRX-10001", money.MustParse("10.00 PHP")))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Status, res.Amount, "of", res.PaymentID)
	// Output:
	// succeeded 10.00 PHP of TRX-10001
}

func ExampleNew() {
	// The error of the provider's New must be checked before the provider is
	// used: a nil pointer in an interface is not nil.
	provider, err := tlpe.New(tlpe.Config{Token: "a token"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(refund.New(provider).Name())
	// Output:
	// tlpe: config: invalid_request: token holds a space, a line break or a character outside ASCII; environment is missing: say "production" or "sandbox", it decides where the money is
}

func ExampleFull() {
	gateway := startGateway()
	defer gateway.Close()
	client := newClient(gateway)

	req := refund.Full("TRX-10001")
	req.Reason = "Cancelled order"
	res, err := client.Refund(context.Background(), req)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Kind, res.Status)
	fmt.Println("given back:", gateway.Refunded("TRX-10001"))
	// Output:
	// full succeeded
	// given back: 25.00 PHP
}

func ExamplePartial() {
	gateway := startGateway()
	defer gateway.Close()
	client := newClient(gateway)

	for _, text := range []string{"10.00 PHP", "0.00 PHP", "10.00 TRY"} {
		res, err := client.Refund(context.Background(), refund.Partial("TRX-10001", money.MustParse(text)))
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(res.Kind, res.Amount)
	}
	fmt.Println("given back:", gateway.Refunded("TRX-10001"))
	// Output:
	// partial 10.00 PHP
	// tlpe: refund not sent: invalid_amount: the amount is 0.00 PHP: it must be more than zero
	// tlpe: refund not sent: invalid_amount: Amount is in TRY; this provider is set up for PHP
	// given back: 10.00 PHP
}

// What to do about each outcome. The gateway accepts the first refund, drops
// the connection after it has booked the second, and refuses the third.
func ExampleSafeToRetry() {
	gateway := startGateway()
	defer gateway.Close()
	client := newClient(gateway)
	gateway.Inject(pretend.NoFault, pretend.DropAfterBooking)

	for range 3 {
		res, err := client.Refund(context.Background(), refund.Partial("TRX-10001", money.MustParse("10.00 PHP")))
		switch {
		case err == nil: // succeeded, or pending until a callback or Inspect
			fmt.Println("accepted:", res.Status)
		case errors.Is(err, refund.OutcomeUnknown): // money may have moved: look it up, never send it again
			fmt.Println("unknown")
		case refund.SafeToRetry(err): // nothing happened: try later
			fmt.Println("later")
		default: // final: refused or invalid
			fmt.Println("no:", refund.StatusOf(err))
		}
	}
	fmt.Println("given back:", gateway.Refunded("TRX-10001"))
	// Output:
	// accepted: succeeded
	// unknown
	// no: refused
	// given back: 20.00 PHP
}

// A Code is an error: ask for it with errors.Is. The gateway's own words are in
// the *Error.
func ExampleCode() {
	gateway := startGateway()
	defer gateway.Close()
	client := newClient(gateway)

	var err error
	for range 2 {
		_, err = client.Refund(context.Background(), refund.Full("TRX-10001"))
	}
	fmt.Println(errors.Is(err, refund.AlreadyRefunded))
	if e := (*refund.Error)(nil); errors.As(err, &e) {
		fmt.Println(e.Gateway, e.GatewayCode, e.HTTPStatus)
	}
	// Output:
	// true
	// tlpe ER.20.20 200
}

func ExampleStatusOf() {
	gateway := startGateway()
	defer gateway.Close()
	client := newClient(gateway)

	for _, id := range []string{"TRX-1", ""} {
		_, err := client.Refund(context.Background(), refund.Full(id))
		status := refund.StatusOf(err)
		fmt.Printf("%q: %s, has money moved? %s\n", id, status, status.MoneyMoved())
	}
	// An error of somebody else says nothing about money.
	fmt.Println(refund.StatusOf(context.DeadlineExceeded))
	// Output:
	// "TRX-1": refused, has money moved? no
	// "": not_sent, has money moved? no
	// unknown
}

// Each payment is refunded where it was paid: its record says which provider.
func ExampleRouter() {
	cebu, manila := startGateway(), startGateway()
	defer cebu.Close()
	defer manila.Close()

	router, err := refund.NewRouter("manila", map[string]*refund.Client{
		"cebu":   newClient(cebu),
		"manila": newClient(manila),
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, provider := range []string{"", "cebu", "davao"} {
		req := refund.Partial("TRX-10001", money.MustParse("10.00 PHP"))
		req.Provider = provider
		if _, err := router.Refund(context.Background(), req); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println("cebu:", cebu.Refunded("TRX-10001"), "manila:", manila.Refunded("TRX-10001"))
	// Output:
	// refund not sent: invalid_request: there is no provider "davao"; known: cebu, manila
	// cebu: 10.00 PHP manila: 10.00 PHP
}

// Plan shows what would leave, and sends nothing.
func ExampleClient_Plan() {
	provider, err := tlpe.New(tlpe.Config{Token: "s3cret", Environment: refund.Sandbox})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := refund.New(provider).Plan(context.Background(), refund.Partial("TRX-10001", money.MustParse("10.00 PHP")))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(plan)
	// Output:
	// POST https://test-api.tlpe.io/refund
	// Accept: application/json
	// Authorization: ***
	// Content-Type: application/json
	// User-Agent: gorefund
	//
	// {"transaction_id":"TRX-10001","notify_user":"false","reason":"Refund requested by the merchant","amount":"10.00"}
	//
	// Warning: the sum of the payment's refunds is not guarded: there is no journal, and Payment.Amount, what was paid, is missing
}

// A client tells what its gateway can do, and what each statement rests on.
func ExampleClient_Capabilities() {
	gateway := startGateway()
	defer gateway.Close()

	caps := newClient(gateway).Capabilities()
	fmt.Println(caps.Gateway, caps.Currencies.Value)
	fmt.Println("full:", caps.Full.Value, "-", caps.Full.Evidence)
	fmt.Println("several partial ones:", caps.RepeatedPartials.Value, "-", caps.RepeatedPartials.Evidence)
	// Output:
	// tlpe [PHP]
	// full: native - documented
	// several partial ones: yes - assumed
}
