package redstone_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/redstone"
	"github.com/gorefund/refund/redstone/redstonetest"
	"github.com/gorefund/refund/refundtest/pretend"
)

// A partial refund to a mobile money account. A pretend gateway stands in for
// Redstone: without BaseURL the requests go to the real one.
func Example() {
	gateway, err := redstonetest.Start(redstonetest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gateway.Close()
	const payment = "PY_c77f7bff21514bdf9dfe9f1b2"
	if err := gateway.AddPayment(pretend.Payment{ID: payment, Amount: money.MustParse("143.00 ZMW")}); err != nil {
		fmt.Println(err)
		return
	}

	provider, err := redstone.New(redstone.Config{
		SecretKey:   gateway.SecretKey(),
		PublicKey:   gateway.PublicKey(),
		Environment: refund.Sandbox,
		BaseURL:     gateway.URL(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := refund.New(provider)

	req := refund.Partial(payment, money.MustParse("43.50 ZMW"))
	req.Reason = "one item was missing"
	req.Params = map[string]string{
		"redstone.transfer_to":       "mobile_number",
		"redstone.momo_phone_number": "260977123456",
	}
	res, err := client.Refund(context.Background(), req)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Status, res.Amount)
	fmt.Println("money moved:", res.Status.MoneyMoved())

	_, err = client.Refund(context.Background(), refund.Partial("PY_nobody_knows", money.MustParse("43.50 ZMW")))
	fmt.Println(err)
	fmt.Println("not found:", errors.Is(err, refund.PaymentNotFound))
	// Output:
	// pending 43.50 ZMW
	// money moved: maybe
	// redstone: refund refused: payment_not_found: payment not found (gateway code 404, HTTP 404)
	// not found: true
}

// A queued refund, and the look-up that tells its final state.
func ExampleProvider_Inspect() {
	gateway, err := redstonetest.Start(redstonetest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gateway.Close()
	const payment = "PY_c77f7bff21514bdf9dfe9f1b2"
	if err := gateway.AddPayment(pretend.Payment{ID: payment, Amount: money.MustParse("143.00 ZMW")}); err != nil {
		fmt.Println(err)
		return
	}
	provider, err := redstone.New(redstone.Config{
		SecretKey:   gateway.SecretKey(),
		PublicKey:   gateway.PublicKey(),
		Environment: refund.Sandbox,
		BaseURL:     gateway.URL(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := refund.New(provider)

	req := refund.Partial(payment, money.MustParse("43.50 ZMW"))
	res, err := client.Refund(context.Background(), req)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Status)

	if err := gateway.Approve(res.RefundID); err != nil { // as time would do
		fmt.Println(err)
		return
	}
	report, err := client.Inspect(context.Background(), refund.Query{
		Payment: req.Payment, Kind: req.Kind, Amount: req.Amount, RefundID: res.RefundID,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Status, report.Conclusive)
	fmt.Println(report.Why)
	// Output:
	// pending
	// succeeded true
	// the gateway shows the refund's own id, and says succeeded: Redstone says that the refund is done
}

// A server asks where a callback comes from, and takes the body for a hint.
func ExampleProvider_ParseCallback() {
	provider, err := redstone.New(redstone.Config{
		SecretKey:     "redSec_test_k1",
		PublicKey:     "redPub_test_k2",
		WebhookSecret: "of Redstone's",
		WebhookHeader: "X-Signature", // what Redstone told you: no document names it
		Environment:   refund.Sandbox,
	})
	if err != nil {
		log.Fatal(err)
	}
	hook := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10)) // what was cut off has another signature
		event, err := provider.ParseCallback(r.Context(), refund.Callback{Method: r.Method, URL: r.URL.String(), Header: r.Header, Body: body})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(event.RefundID, event.Status, event.Trust)
	}

	for _, signature := range []string{"", "c29f3be3d3b413b660c1bccee51dbbfb0264486ca8a75f5efe2598f7175b962e"} {
		r := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(`{"reference":"PY_1","type":"refund","status":"pending"}`))
		if signature != "" {
			r.Header.Set("X-Signature", signature)
		}
		hook(httptest.NewRecorder(), r)
	}
	// Output:
	// redstone: callback: forged: there must be exactly one header of the name in webhook_header
	// PY_1 pending signed
}
