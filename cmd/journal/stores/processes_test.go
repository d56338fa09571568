package stores_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/cmd/internal/databases"
	"github.com/gorefund/refund/cmd/internal/databases/testdb"
	"github.com/gorefund/refund/cmd/internal/process"
	"github.com/gorefund/refund/cmd/internal/shop"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/refundtest/pretend"
)

const (
	processes  = 4
	perProcess = 16
	payment    = "TRX-1"
)

// place is where a child works.
type place struct {
	Process  int
	Database testdb.Database
	Gateway  string
}

func (p *place) open(ctx context.Context) (*journal.Store, func(), error) {
	db, err := databases.Open(ctx, p.Database.Name, p.Database.DSN)
	if err != nil {
		return nil, nil, err
	}
	store, err := databases.Journal(ctx, db, p.Database.Name)
	if err != nil {
		_ = db.Close()
		return nil, nil, err
	}
	return store, func() { _ = db.Close() }, nil
}

// 64 callers from 4 processes want 7.00 each from one payment of 100.00, again
// and again until nothing is left. The gateway would give more than ten times
// as much, and refuses some at random.
func TestFourProcessesNeverExceedAPayment(t *testing.T) {
	t.Parallel()
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			at := testdb.New(t, name)
			gateway := shop.Gateway(t)
			shop.AddPayment(t, gateway, payment)
			random := rand.New(rand.NewPCG(64, 4))
			const refusals = 10
			for n := range refusals {
				gateway.Inject(make([]pretend.Fault, random.IntN(2))...) // none: these pass
				gateway.Script(shop.Refusal(n))
			}

			children := make([]*process.Process, processes)
			for i := range children {
				children[i] = process.Start(t, "caller", place{i, at, gateway.URL()})
			}
			for _, child := range children {
				require.Equal(t, "ready", <-child.Lines())
			}
			for _, child := range children {
				child.Go()
			}
			claimed := make(map[string]string) // by key
			for _, child := range children {
				lines, err := child.Rest()
				require.NoError(t, err)
				for _, line := range lines {
					key, what, _ := strings.Cut(line, " ")
					require.NotContains(t, claimed, key)
					claimed[key] = what
				}
			}

			booked := shop.Times(gateway)
			assert.Equal(t, shop.Sum(14), gateway.Refunded(payment), "as often as 7.00 goes into 100.00")
			for key, times := range booked {
				assert.Equal(t, 1, times, key)
				assert.Equal(t, "succeeded", claimed[key], key)
			}
			refused := 0
			for key, what := range claimed {
				switch what {
				case "succeeded":
					assert.Contains(t, booked, key)
				case "refused":
					refused++
					assert.NotContains(t, booked, key)
				default:
					assert.Fail(t, "what is that?", "%s: %s", key, what)
				}
			}
			assert.Equal(t, refusals, refused)
			assert.Len(t, gateway.Arrivals(), 14+refusals, "no call was made in vain")
		})
	}
}

// caller is 16 of the 64.
func caller(l process.Life) error {
	var at place
	if err := l.Input(&at); err != nil {
		return err
	}
	// A journal that gives without end, or blocks the payment for ever, fails the test.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	store, done, err := at.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	client, err := shop.Client(at.Gateway, nil, refund.WithJournal(store))
	if err != nil {
		return err
	}
	l.AwaitGo()
	failures := make([]error, perProcess)
	var wg sync.WaitGroup
	for i := range perProcess {
		wg.Go(func() { failures[i] = call(ctx, l, client, fmt.Sprintf("%d-%d", at.Process, i)) })
	}
	wg.Wait()
	return errors.Join(failures...)
}

// call refunds until the payment is used up.
func call(ctx context.Context, l process.Life, client *refund.Client, name string) error {
	for n := 0; ; {
		key := fmt.Sprintf("%s-%d", name, n)
		_, err := client.Refund(ctx, shop.Request(key, payment))
		switch {
		case err == nil:
			l.Say("%s succeeded", key)
			n++
		case errors.Is(err, refund.InProgress): // another caller's turn
		case errors.Is(err, refund.ExceedsRefundable) && refund.StatusOf(err) == refund.StatusNotSent:
			return nil
		case refund.StatusOf(err) == refund.StatusRefused:
			l.Say("%s refused", key)
			n++
		default:
			return fmt.Errorf("%s: %w", key, err)
		}
	}
}

// Several processes that start at once find an empty database: one of them makes
// the tables, and all of them work.
func TestMigrationsFromSeveralProcesses(t *testing.T) {
	t.Parallel()
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			for range 5 {
				at := testdb.New(t, name)
				children := make([]*process.Process, processes)
				for i := range children {
					children[i] = process.Start(t, "migrator", place{Process: i, Database: at})
				}
				for _, child := range children {
					require.Equal(t, "ready", <-child.Lines())
				}
				for _, child := range children {
					child.Go()
				}
				for _, child := range children {
					_, err := child.Rest()
					require.NoError(t, err)
				}
				store := at.Journal(t) // once more, on tables that are there
				for i := range processes {
					e, err := store.Entry(t.Context(), fmt.Sprint("key-", i))
					require.NoError(t, err)
					assert.Equal(t, fmt.Sprint("TRX-", i), e.Request.Payment.ID)
				}
			}
		})
	}
}

// migrator opens the store for the first time and stores one refund in it.
func migrator(l process.Life) error {
	var at place
	if err := l.Input(&at); err != nil {
		return err
	}
	ctx := context.Background()
	l.AwaitGo()
	store, done, err := at.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	_, fresh, err := store.Begin(ctx, intent(fmt.Sprint("key-", at.Process), fmt.Sprint("TRX-", at.Process)))
	if err == nil && !fresh {
		err = errors.New("somebody else has begun it")
	}
	return err
}
