package paynettest_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/refundtest/pretend"
)

func ExampleStart() {
	gw, err := paynettest.Start(paynettest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gw.Close()
	if err := gw.AddPayment(pretend.Payment{ID: "xk_sale", Amount: money.MustParse("120.00 TRY")}); err != nil {
		fmt.Println(err)
		return
	}

	// The code under test would send this to gw.URL().
	body := strings.NewReader(`{"xact_id":"xk_sale","amount":"1000"}`)
	req, err := http.NewRequest(http.MethodPost, gw.URL()+paynettest.Path, body)
	if err != nil {
		fmt.Println(err)
		return
	}
	req.Header.Set("Authorization", "Basic "+gw.SecretKey())
	req.Header.Set("Content-Type", "application/json; charset=UTF-8")
	gw.Inject(pretend.DropAfterBooking)
	_, err = http.DefaultTransport.RoundTrip(req)

	fmt.Println("answered:", err == nil)
	fmt.Println("booked:", gw.Refunded("xk_sale"))
	// Output:
	// answered: false
	// booked: 10.00 TRY
}
