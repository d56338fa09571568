package pretend_test

import (
	"fmt"
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
