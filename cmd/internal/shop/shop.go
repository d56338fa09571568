// Package shop is what the tests with several processes have in common: a
// pretend gateway in the parent, whose ledger survives, and clients of it in the
// children.
//
// The gateway believes that each payment was ten times as large as the shop
// does. So it never refuses what exceeds a payment: that is the journal's work
// alone.
package shop

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

// Amounts in the shop's books.
var (
	Paid  = money.MustParse("100.00 PHP")
	Given = money.MustParse("7.00 PHP") // of each refund
	large = money.MustParse("1000.00 PHP")
)

// Gateway starts a pretend TLPE for the time of the test.
func Gateway(t testing.TB) *tlpetest.Gateway {
	t.Helper()
	g, err := tlpetest.Start(tlpetest.Config{})
	require.NoError(t, err)
	t.Cleanup(g.Close)
	return g
}

// AddPayment makes a payment known to the gateway.
func AddPayment(t testing.TB, g *tlpetest.Gateway, id string) {
	t.Helper()
	require.NoError(t, g.AddPayment(pretend.Payment{ID: id, Amount: large}))
}

// Client refunds through the gateway at url. via is nil for a transport of its
// own.
func Client(url string, via http.RoundTripper, opts ...refund.Option) (*refund.Client, error) {
	p, err := tlpe.New(tlpe.Config{Token: tlpetest.DefaultToken, Environment: refund.Sandbox, BaseURL: url, Transport: via})
	if err != nil {
		return nil, err
	}
	return refund.New(p, opts...), nil
}

// Request is a refund of [Given]. Its key travels as the reason, so that the
// gateway's ledger shows it.
func Request(key, payment string) refund.Request {
	req := refund.Partial(payment, Given)
	req.Key, req.Reason = key, key
	req.Payment.Amount = Paid
	return req
}

// Refusal is an answer with which the gateway refuses, and books nothing.
func Refusal(n int) pretend.Scripted {
	return pretend.Scripted{Body: `{"timestamp":"2026-01-01T00:00:00.000+0000","status":200,"message":"Request processed successfully","path":"/refund",` +
		`"data":{"status_code":"ER.20.20","status_description":"Unable to process client request due to 'refusal ` + strconv.Itoa(n) + `'"}}`}
}

// Times counts the refunds in the ledger by their keys.
func Times(g *tlpetest.Gateway) map[string]int {
	times := make(map[string]int)
	for _, r := range g.Refunds() {
		times[r.Reason]++
	}
	return times
}

// Sum is n refunds of [Given].
func Sum(n int) money.Amount {
	a, err := money.FromMinor(int64(n)*Given.Minor(), Given.Currency())
	if err != nil {
		panic(fmt.Sprint("shop: ", err)) // no test counts that far
	}
	return a
}
