package tarlan_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tarlan"
	"github.com/gorefund/refund/tarlan/tarlantest"
)

// Two refunds of one payment. A pretend gateway stands in for Tarlan's sandbox:
// without BaseURL the requests go to the real one.
func Example() {
	gateway, err := tarlantest.Start(tarlantest.Config{Sandbox: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gateway.Close()
	if err := gateway.AddPayment(pretend.Payment{ID: "200000001", Amount: money.MustParse("500.00 KZT")}); err != nil {
		fmt.Println(err)
		return
	}

	provider, err := tarlan.New(tarlan.Config{
		Secret:      gateway.Secret(),
		Environment: refund.Sandbox,
		BaseURL:     gateway.URL(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := refund.New(provider)

	res, err := client.Refund(context.Background(), refund.Partial("200000001", money.MustParse("120.00 KZT")))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Status, res.Amount)

	_, err = client.Refund(context.Background(), refund.Partial("200000001", money.MustParse("400.00 KZT")))
	fmt.Println(err)
	fmt.Println("too much:", errors.Is(err, refund.ExceedsRefundable))
	fmt.Println("money moved:", refund.StatusOf(err).MoneyMoved())
	// Output:
	// succeeded 120.00 KZT
	// tarlan: refund refused: exceeds_refundable: transaction amount limit is over (gateway code 5006, HTTP 400)
	// too much: true
	// money moved: no
}
