package tlpe_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

func Example() {
	gateway, err := tlpetest.Start(tlpetest.Config{}) // a pretend TLPE on loopback
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gateway.Close()
	if err := gateway.AddPayment(pretend.Payment{ID: "TRX-10001", Amount: money.MustParse("25.00 PHP")}); err != nil {
		fmt.Println(err)
		return
	}

	provider, err := tlpe.New(tlpe.Config{
		Token:       gateway.Token(),
		Environment: refund.Sandbox,
		BaseURL:     gateway.URL(), // leave it out for the real sandbox
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := refund.New(provider)

	res, err := client.Refund(context.Background(), refund.Partial("TRX-10001", money.MustParse("10.00 PHP")))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Status, res.Amount, res.Message)

	_, err = client.Refund(context.Background(), refund.Partial("TRX-10001", money.MustParse("20.00 PHP")))
	fmt.Println(errors.Is(err, refund.Declined), refund.StatusOf(err).MoneyMoved())
	fmt.Println(err)
	// Output:
	// succeeded 10.00 PHP Partial refund successful
	// true no
	// tlpe: refund refused: declined: Unable to process client request due to 'Amount exceeds available refundable amount' (gateway code ER.20.20, HTTP 200)
}
