package crash_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/cmd/internal/databases"
	"github.com/gorefund/refund/cmd/internal/databases/tap"
	"github.com/gorefund/refund/cmd/internal/databases/testdb"
	"github.com/gorefund/refund/cmd/internal/process"
	"github.com/gorefund/refund/cmd/internal/shop"
	"github.com/gorefund/refund/journal"
)

func TestMain(m *testing.M) {
	os.Exit(process.Main(m, map[string]process.Role{"refunder": refunder}))
}

// task is what a child gets.
type task struct {
	Database testdb.Database
	Gateway  string
	Life     int // whose keys
	Seed     uint64
	DieAt    int64 // the step at which it kills itself; 0 = at none
	Tell     bool  // say each step, so that the parent can kill it at one
	Jumping  bool  // its clock jumps by hours
	Faulty   bool  // the database's answers get lost now and then
}

// order is one refund of the fixed list.
type order struct{ key, payment string }

// orders of a life. Some payments have two refunds, and some are unknown to the
// gateway, which refuses those.
func orders(life int) []order {
	const refunds, payments = 36, 30
	list := make([]order, refunds)
	for i := range list {
		list[i] = order{fmt.Sprintf("key-%d-%02d", life, i), fmt.Sprintf("TRX-%d-%02d", life, i%payments)}
	}
	return list
}

func known(payment string) bool { return !strings.HasSuffix(payment, "9") }

// workers each refund every order, so that a process fights with itself too.
const workers = 4

// child is a process at work.
type child struct {
	task
	life  process.Life
	steps atomic.Int64
}

// refunder refunds everything on the list and says what became of it.
func refunder(l process.Life) error {
	c := &child{life: l}
	if err := l.Input(&c.task); err != nil {
		return err
	}
	ctx := context.Background()
	store, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	client, err := shop.Client(c.Gateway, c, refund.WithJournal(store), refund.WithClock(c.clock()))
	if err != nil {
		return err
	}
	work := func(list []order) {
		for _, o := range list {
			res, err := client.Refund(ctx, shop.Request(o.key, o.payment))
			if err == nil {
				l.Say("%s %s", o.key, res.Status)
			} else {
				l.Say("%s %s", o.key, refund.StatusOf(err))
			}
		}
	}
	var wg sync.WaitGroup
	for i := range workers {
		list := orders(c.Life)
		random := rand.New(rand.NewPCG(c.Seed, uint64(i)))
		random.Shuffle(len(list), func(a, b int) { list[a], list[b] = list[b], list[a] })
		wg.Go(func() { work(list) })
	}
	wg.Wait()
	// Once more, one after the other: a refund may have met another one of its
	// payment on the way each time.
	work(orders(c.Life))
	l.Say("done %d", c.steps.Load())
	return nil
}

// open opens the journal. Where connections are cut or the server crashes it takes
// several tries, as a service that is started again and again.
func (c *child) open(ctx context.Context) (store *journal.Store, done func(), err error) {
	through := c.tap()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		db, err := tap.Open(ctx, c.Database.Name, c.Database.DSN, through)
		if err == nil {
			if store, err = databases.Journal(ctx, db, c.Database.Name); err == nil {
				return store, func() { _ = db.Close() }, nil
			}
			_ = db.Close()
		}
		pause := time.NewTimer(5 * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil, nil, err
		}
	}
}

// step is a point at which the process may die.
func (c *child) step() {
	n := c.steps.Add(1)
	if n == c.DieAt {
		process.Die()
	}
	if c.Tell {
		c.life.Say("step")
	}
}

var errLost = errors.New("the connection to the database is gone, as this test wants it")

// tap makes a step before and after each statement.
func (c *child) tap() tap.Tap {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(c.Seed, 99))
	return func(tap.Moment) error {
		c.step()
		if !c.Faulty {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if random.IntN(50) == 0 {
			return errLost
		}
		return nil
	}
}

// RoundTrip makes a step before and after each call of the gateway.
func (c *child) RoundTrip(r *http.Request) (*http.Response, error) {
	c.step()
	resp, err := http.DefaultTransport.RoundTrip(r)
	c.step()
	return resp, err
}

func (c *child) clock() func() time.Time {
	if !c.Jumping {
		return time.Now
	}
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(c.Seed, 100))
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return time.Now().Add(time.Duration(random.IntN(13)-6) * time.Hour)
	}
}
