package paynet_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/refundtest/pretend"
)

func Example() {
	noon := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC) // in Istanbul
	clock := func() time.Time { return noon }

	gateway, err := paynettest.Start(paynettest.Config{Now: clock}) // a pretend Paynet on loopback
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gateway.Close()
	paidAt := noon.AddDate(0, 0, -1)
	if err := gateway.AddPayment(pretend.Payment{ID: "xk_sale", Amount: money.MustParse("120.00 TRY"), PaidAt: paidAt}); err != nil {
		fmt.Println(err)
		return
	}

	provider, err := paynet.New(paynet.Config{
		SecretKey:   gateway.SecretKey(),
		Environment: refund.Sandbox,
		BaseURL:     gateway.URL(), // leave it out for the real sandbox
		Now:         clock,         // and this one too
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := refund.New(provider)

	req := refund.Partial("xk_sale", money.MustParse("10.00 TRY"))
	req.Payment.PaidAt = paidAt
	res, err := client.Refund(context.Background(), req)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Status, res.Amount, res.Message)

	req.Payment.PaidAt = noon
	_, err = client.Refund(context.Background(), req)
	fmt.Println(errors.Is(err, refund.SameDayPartial), refund.StatusOf(err))
	// Output:
	// pending 10.00 TRY Başarılı İşlem
	// true not_sent
}
