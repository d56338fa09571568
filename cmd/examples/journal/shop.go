package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/tlpe"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

const (
	payment = "TRX-10001"
	key     = "return-7731" // the shop's own number of this refund
)

var paid = money.MustParse("25.00 PHP")

// theRefund is the same whenever it is asked for: so is its key. It gives back the whole
// payment: of a part TLPE's look-up would prove nothing, and a person would have to look.
func theRefund() refund.Request {
	req := refund.Full(payment)
	req.Key = key
	req.Payment.Amount = paid // what was paid, so that the journal can count
	req.Reason = "returned goods"
	return req
}

// shop is one life of the shop's program.
func shop(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 3 {
		return errors.New("usage: journal shop FILE URL morning|noon")
	}
	file, url, noonNow := args[0], args[1], args[2] == "noon"

	// A file for one machine; PostgreSQL or MySQL for several. These settings
	// make a commit survive a power failure.
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return err
	}
	defer db.Close()
	store, err := journal.Open(ctx, db, journal.SQLite)
	if err != nil {
		return err
	}
	cfg := tlpe.Config{Token: tlpetest.DefaultToken, Environment: refund.Sandbox, BaseURL: url}
	now := noon
	if !noonNow {
		now, cfg.Transport = morning, deadly{} // a program of your own leaves this out
	}
	provider, err := tlpe.New(cfg)
	if err != nil {
		return err
	}
	client := refund.New(provider, refund.WithJournal(store), refund.WithClock(func() time.Time { return now }))

	if !noonNow {
		_, err := client.Refund(ctx, theRefund())
		return fmt.Errorf("the shop lives, and the refund ended with: %w", err)
	}
	return clearUp(ctx, out, store, client)
}

// clearUp is what a program does when it starts: it looks for refunds without an
// outcome, and finds out.
func clearUp(ctx context.Context, out io.Writer, store *journal.Store, client *refund.Client) error {
	page, err := store.List(ctx, journal.Filter{Status: []refund.Status{refund.StatusUnknown, refund.StatusPending}})
	if err != nil {
		return err
	}
	for _, e := range page.Entries {
		fmt.Fprintf(out, "       The journal has a refund without an outcome: %s, %s of %s. Money moved: %s.\n",
			e.Key, e.Amount, e.Request.Payment.ID, e.Status.MoneyMoved())
	}

	fmt.Fprint(out, "\n       Somebody asks for it again, under the same key:\n")
	_, err = client.Refund(ctx, theRefund())
	if !errors.Is(err, refund.OutcomeUnknown) {
		return fmt.Errorf("the outcome was to be unknown: %w", err)
	}
	var e *refund.Error
	errors.As(err, &e)
	fmt.Fprintf(out, "       %s, from the journal: %t. Nothing was sent.\n", e.Code, e.Replayed)

	fmt.Fprint(out, "\n       Settle asks the gateway, and compares with what it said before the refund:\n")
	entry, err := client.Settle(ctx, key)
	if err != nil {
		return err
	}
	if entry.Status == refund.StatusUnknown {
		// The look-up proved nothing. A person looks into the gateway's portal.
		entry, err = client.Resolve(ctx, key, refund.Resolution{Status: refund.StatusSucceeded, By: "Ana", Note: "seen in the gateway's portal"})
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "       %s. Money moved: %s.\n", entry.Status, entry.Status.MoneyMoved())

	fmt.Fprint(out, "\n       Once more the same refund:\n")
	res, err := client.Refund(ctx, theRefund())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "       %s, from the journal: %t. Nothing was sent.\n", res.Status, res.Replayed)

	fmt.Fprintf(out, "\nThe history of %s:\n", key)
	for _, change := range entry.History {
		fmt.Fprintf(out, "  %s  %-9s  by %s\n", change.At.UTC().Format("15:04"), change.Status, who(change))
		if change.Note != "" {
			fmt.Fprintf(out, "         %s\n", change.Note)
		}
	}
	return nil
}

func who(change refund.Change) string {
	if change.By != "" {
		return change.By
	}
	return change.Cause
}

// deadly kills the process when the gateway has answered a refund, and before
// anybody could store that.
type deadly struct{}

func (deadly) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || r.Method != http.MethodPost { // look-ups are harmless
		return answer, err
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return nil, err
	}
	_ = self.Kill()
	select {} // until the signal comes
}
