package callbacks_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/cmd/internal/databases"
	"github.com/gorefund/refund/cmd/internal/databases/testdb"
	"github.com/gorefund/refund/cmd/internal/process"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/poller"
	"github.com/gorefund/refund/redstone"
	"github.com/gorefund/refund/redstone/redstonetest"
	"github.com/gorefund/refund/tarlan"
	"github.com/gorefund/refund/tarlan/tarlantest"
	"github.com/gorefund/refund/tlpe"
	"github.com/gorefund/refund/tlpe/tlpetest"
	"github.com/gorefund/refund/webhook"
)

func TestMain(m *testing.M) {
	os.Exit(process.Main(m, map[string]process.Role{"service": service}))
}

// lanes are the gateways, and the names of their providers.
var lanes = [...]string{"tarlan", "redstone", "paynet", "tlpe"}

var currencies = map[string]string{"tarlan": "KZT", "redstone": "ZMW", "paynet": "TRY", "tlpe": "PHP"}

const callbackSecret = "the test's own secret for callbacks"

// order is one refund. Two of them share a payment, and differ in their amounts.
type order struct {
	lane, key, payment string
	amount             money.Amount
}

// orders of a lane.
func orders(lane string, n int) []order {
	list := make([]order, n)
	for i := range list {
		list[i] = order{
			lane, fmt.Sprintf("%s-%05d", lane, i), paymentID(lane, i/2),
			money.MustParse([]string{"10.00 ", "20.00 "}[i%2] + currencies[lane]),
		}
	}
	return list
}

func paymentID(lane string, i int) string {
	switch lane {
	case "tarlan":
		return fmt.Sprint(100000 + i)
	case "redstone":
		return fmt.Sprintf("PY_%d", i)
	case "paynet":
		return fmt.Sprintf("xk_%d", i)
	default:
		return fmt.Sprintf("TRX-%d", i)
	}
}

func paid(lane string) money.Amount { return money.MustParse("100.00 " + currencies[lane]) }

// task is what the service gets.
type task struct {
	Database testdb.Database
	Address  string            // on which it listens
	Gateways map[string]string // the URL of each
	Refunds  int               // of each gateway
	Seed     uint64
}

// provider makes the provider of a lane.
func provider(lane, url string) (refund.Provider, error) {
	switch lane {
	case "tarlan":
		return tarlan.New(tarlan.Config{Secret: tarlantest.DefaultSecret, Environment: refund.Sandbox, BaseURL: url})
	case "redstone":
		return redstone.New(redstone.Config{
			SecretKey: redstonetest.DefaultSecretKey, PublicKey: redstonetest.DefaultPublicKey, CallbackSecret: callbackSecret,
			Environment: refund.Sandbox, BaseURL: url,
		})
	case "paynet":
		return paynet.New(paynet.Config{
			SecretKey: paynettest.DefaultSecretKey, CallbackSecret: callbackSecret, Environment: refund.Sandbox, BaseURL: url, AssumeSettled: true,
		})
	default:
		return tlpe.New(tlpe.Config{
			Token: tlpetest.DefaultToken, WebhookSecret: tlpetest.DefaultWebhookSecret, Environment: refund.Sandbox, BaseURL: url,
		})
	}
}

// desk is the part of the service that both the process and the test have.
type desk struct {
	clients map[string]*refund.Client
	hooks   map[string]*webhook.Handler
	poller  *poller.Poller
}

func newDesk(store *journal.Store, gateways map[string]string, pace poller.Pace, now func() time.Time) (*desk, error) {
	d := &desk{clients: make(map[string]*refund.Client), hooks: make(map[string]*webhook.Handler)}
	var all []*refund.Client
	options := []poller.Option{poller.WithPace("", pace), poller.WithEvery(time.Second), poller.WithClock(now)}
	for _, lane := range lanes {
		p, err := provider(lane, gateways[lane])
		if err != nil {
			return nil, err
		}
		c := refund.New(p, refund.WithJournal(store), refund.WithTrust(refund.TrustToken), refund.WithClock(now))
		hook, err := webhook.New(c)
		if err != nil {
			return nil, err
		}
		d.clients[lane], d.hooks[lane] = c, hook
		all = append(all, c)
		options = append(options, poller.WithResume(hook.Resume))
	}
	var err error
	d.poller, err = poller.New(store, all, options...)
	return d, err
}

// service refunds everything on the lists, takes callbacks, and polls, until it is
// killed.
func service(l process.Life) error {
	var todo task
	if err := l.Input(&todo); err != nil {
		return err
	}
	ctx := context.Background()
	db, err := databases.Open(ctx, todo.Database.Name, todo.Database.DSN)
	if err != nil {
		return err
	}
	store, err := databases.Journal(ctx, db, todo.Database.Name)
	if err != nil {
		return err
	}
	d, err := newDesk(store, todo.Gateways, poller.Pace{First: 10 * time.Second}, time.Now)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", todo.Address)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	for lane, hook := range d.hooks {
		mux.Handle("/callbacks/"+lane, hook)
	}
	go func() { _ = http.Serve(listener, mux) }()
	go func() { _ = d.poller.Run(ctx) }()

	// Until none has met another one of its payment on the way; some never get by.
	for range 5 {
		if refundAll(ctx, l, &todo, d) == 0 {
			break
		}
	}
	l.Say("done")
	select {} // callbacks still come
}

// refundAll makes all refunds, each gateway's by several workers, and returns how many
// were in the way of each other.
func refundAll(ctx context.Context, l process.Life, todo *task, d *desk) (again int64) {
	const workers = 4
	var retry atomic.Int64
	var wg sync.WaitGroup
	for _, lane := range lanes {
		list := orders(lane, todo.Refunds)
		queue := make(chan order, len(list))
		for _, o := range list {
			queue <- o
		}
		close(queue)
		for range workers {
			wg.Go(func() {
				for o := range queue {
					req := refund.Partial(o.payment, o.amount)
					req.Key, req.Payment.Amount = o.key, paid(lane)
					req.CallbackURL = "http://" + todo.Address + "/callbacks/" + lane
					res, err := d.clients[lane].Refund(ctx, req)
					if err == nil {
						l.Say("%s %s", o.key, res.Status)
					} else {
						l.Say("%s %s", o.key, refund.StatusOf(err))
						if refund.SafeToRetry(err) {
							retry.Add(1)
						}
					}
				}
			})
		}
	}
	wg.Wait()
	return retry.Load()
}
