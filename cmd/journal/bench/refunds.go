package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/cmd/internal/databases"
	"github.com/gorefund/refund/money"
)

var (
	paid  = money.MustParse("100.00 TRY")
	given = money.MustParse("7.00 TRY")
)

// refunds makes refunds through a client with a journal. Each is of a payment of
// its own, as in a shop.
type refunds struct {
	client *refund.Client
	last   atomic.Int64
}

func newRefunds(ctx context.Context, db *sql.DB, name databases.Name) (*refunds, error) {
	store, err := databases.Journal(ctx, db, name)
	if err != nil {
		return nil, err
	}
	return &refunds{client: refund.New(atOnce{}, refund.WithJournal(store))}, nil
}

func (r *refunds) one(ctx context.Context) error {
	_, err := r.client.Refund(ctx, request(r.last.Add(1)))
	return err
}

func request(n int64) refund.Request {
	id := strconv.FormatInt(n, 10)
	req := refund.Partial("payment-"+id, given)
	req.Key, req.Payment.Amount, req.Reason = "refund-"+id, paid, "returned goods"
	return req
}

// atOnce is a provider that accepts everything, at once.
type atOnce struct{}

func (atOnce) Refund(_ context.Context, req refund.Request) (*refund.Result, error) {
	return &refund.Result{Status: refund.StatusSucceeded, RefundID: "R-" + req.Key, Amount: req.Amount, Code: "00", Message: "approved"}, nil
}

func (atOnce) Capabilities() refund.Capabilities {
	c := refund.Capabilities{Gateway: "bench"}
	c.Currencies.Value = []string{given.Currency()}
	c.Full.Value, c.Partial.Value, c.RepeatedPartials.Value = refund.FullNative, refund.Can, refund.Can
	c.Accepted.Value = refund.StatusSucceeded
	return c
}

// sampleEntry is the JSON of an entry that [refunds] makes: what the bare rows
// hold.
func sampleEntry() (string, error) {
	in := refund.Intent{Key: "refund-1000000", Provider: "bench", Gateway: "bench", Request: request(1000000), At: time.Now(), Lease: time.Minute}
	e := in.NewEntry(given, nil)
	res, err := atOnce{}.Refund(context.Background(), in.Request)
	if err != nil {
		return "", err
	}
	e.Apply(refund.Move{Change: refund.Change{Status: refund.StatusSucceeded, At: time.Now(), Cause: refund.CauseAnswer}, Result: res})
	text, err := json.Marshal(e)
	return string(text), err
}
