package pretend_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

// A gateway of one route, and an answer that gets lost after the money has moved.
func Example() {
	gateway, err := pretend.Start(pretend.Options{Routes: []pretend.Route{{
		Method: http.MethodPost, Path: "/refund", Money: true,
		Answer: func(r pretend.Request, l *pretend.Ledger) pretend.Answer {
			payment, ok := l.Payment(string(r.Body))
			if !ok || l.Refunded(payment.ID).IsPositive() {
				return pretend.Answer{Status: http.StatusBadRequest, Body: []byte(`{"ok":false}`)}
			}
			return pretend.Answer{
				Body:    []byte(`{"ok":true}`),
				Booking: &pretend.Refund{ID: l.NextID("R"), PaymentID: payment.ID, Amount: payment.Amount, Full: true},
			}
		},
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gateway.Close()
	if err := gateway.AddPayment(pretend.Payment{ID: "P1", Amount: money.MustParse("10.00 PHP")}); err != nil {
		fmt.Println(err)
		return
	}

	gateway.Inject(pretend.DropAfterBooking)
	_, err = http.Post(gateway.URL()+"/refund", "text/plain", strings.NewReader("P1"))
	fmt.Println("answered:", err == nil)
	fmt.Println("booked:", gateway.Refunded("P1"))
	// Output:
	// answered: false
	// booked: 10.00 PHP
}

// A gateway in memory: a request is one call, and callbacks are values.
func ExampleServer_RoundTripper() {
	gateway, err := pretend.Start(pretend.Options{
		InMemory: true,
		Routes: []pretend.Route{{Method: http.MethodGet, Path: "/", Answer: func(r pretend.Request, l *pretend.Ledger) pretend.Answer {
			return pretend.Answer{Body: []byte(l.Refunded("P1").String())}
		}}},
		Callbacks: pretend.Callbacks{Make: func(r pretend.Refund, _ *pretend.Ledger) (pretend.Callback, bool) {
			return pretend.Callback{URL: "https://shop.example/hook", Body: []byte(r.ID)}, true
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gateway.Close()
	gateway.HandTo(func(_ context.Context, c pretend.Callback) (int, error) {
		fmt.Printf("%s gets %s\n", c.URL, c.Body)
		return http.StatusOK, nil
	})
	if err := gateway.AddPayment(pretend.Payment{ID: "P1", Amount: money.MustParse("10.00 PHP")}); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := gateway.RefundElsewhere("P1", money.MustParse("4.00 PHP")); err != nil {
		fmt.Println(err)
		return
	}

	client := http.Client{Transport: gateway.RoundTripper()}
	res, err := client.Get(gateway.URL())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	fmt.Println(string(body), err)
	_, err = gateway.Deliver(context.Background())
	fmt.Println(err)
	// Output:
	// 4.00 PHP <nil>
	// https://shop.example/hook gets elsewhere-1
	// <nil>
}
