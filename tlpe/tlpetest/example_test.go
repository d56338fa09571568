package tlpetest_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

func ExampleStart() {
	gw, err := tlpetest.Start(tlpetest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gw.Close()
	if err := gw.AddPayment(pretend.Payment{ID: "TRX-10001", Amount: money.MustParse("25.00 PHP")}); err != nil {
		fmt.Println(err)
		return
	}

	// The code under test would send this to gw.URL().
	body := strings.NewReader(`{"transaction_id":"TRX-10001","notify_user":"false","reason":"Cancelled transaction","amount":"10.00"}`)
	req, err := http.NewRequest(http.MethodPost, gw.URL()+tlpetest.Path, body)
	if err != nil {
		fmt.Println(err)
		return
	}
	req.Header.Set("Authorization", gw.Token())
	req.Header.Set("Content-Type", "application/json")
	gw.Inject(pretend.DropAfterBooking)
	_, err = http.DefaultTransport.RoundTrip(req)

	fmt.Println("answered:", err == nil)
	fmt.Println("booked:", gw.Refunded("TRX-10001"))
	// Output:
	// answered: false
	// booked: 10.00 PHP
}
