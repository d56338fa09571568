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

// A refund whose answer is lost, and the look-up that tells what became of it.
func ExampleProvider_Inspect() {
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
		MerchantID:  tarlantest.DefaultMerchantID,
		ProjectID:   tarlantest.DefaultProjectID,
		Environment: refund.Sandbox,
		BaseURL:     gateway.URL(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := refund.New(provider)
	req := refund.Partial("200000001", money.MustParse("120.00 KZT"))
	query := refund.Query{
		Payment: req.Payment, Kind: req.Kind, Amount: req.Amount,
		Params: map[string]string{
			"tarlan.project_reference_id": gateway.ProjectReferenceID("200000001"),
			"tarlan.type":                 "in",
		},
	}

	// What a later change is compared with has to be asked for before.
	query.Before, err = client.Inspect(context.Background(), query)
	if err != nil {
		fmt.Println(err)
		return
	}
	gateway.Inject(pretend.DropAfterBooking)
	_, err = client.Refund(context.Background(), req)
	fmt.Println("money moved:", refund.StatusOf(err).MoneyMoved())

	report, err := client.Inspect(context.Background(), query)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Status, report.Conclusive)
	fmt.Println(report.Why)
	// Output:
	// money moved: maybe
	// succeeded true
	// exactly one refund of 120.00 KZT came since the snapshot, and it is succeeded
}
