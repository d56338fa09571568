package paynet_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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

// A refund's way from pending to its outcome. A service gives its callbacks to
// package webhook, which does this and keeps what they say.
func ExampleProvider_ParseCallback() {
	gateway, err := paynettest.Start(paynettest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gateway.Close()
	if err := gateway.AddPayment(pretend.Payment{ID: "xk_sale", Amount: money.MustParse("120.00 TRY")}); err != nil {
		fmt.Println(err)
		return
	}
	provider, err := paynet.New(paynet.Config{
		SecretKey: gateway.SecretKey(), CallbackSecret: "32 random bytes of your own, the same on all machines", Environment: refund.Sandbox, BaseURL: gateway.URL(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // the pretend gateway's are small
		event, err := provider.ParseCallback(r.Context(), refund.Callback{
			Method: r.Method, URL: r.URL.RequestURI(), Header: r.Header, Body: body,
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(event.Key, event.Status, event.Trust)
	}))
	defer shop.Close()

	req := refund.Full("xk_sale")
	req.Key, req.CallbackURL = "order-7", shop.URL+"/callbacks/tr"
	res, err := provider.Refund(context.Background(), req)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(req.Key, res.Status)
	refundID := gateway.Refunds()[0].ID
	_ = gateway.Approve(refundID)
	_ = gateway.Reverse(refundID) // the approval is taken back
	if _, err := gateway.Deliver(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	_, _ = gateway.Send(context.Background(), pretend.Callback{URL: shop.URL + "/callbacks/tr?refund_key=order-7", Body: []byte(`{"code":"0"}`)})
	// Output:
	// order-7 pending
	// order-7 succeeded token
	// order-7 failed token
	// paynet: callback: forged: the address does not hold one key and one token
}
