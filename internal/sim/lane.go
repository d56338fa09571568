package sim

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/redstone"
	"github.com/gorefund/refund/redstone/redstonetest"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tarlan"
	"github.com/gorefund/refund/tarlan/tarlantest"
	"github.com/gorefund/refund/tlpe"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

// lane is one account at a gateway, with what its shops know of it.
type lane struct {
	name     string
	currency string
	server   *pretend.Server
	open     func(now func() time.Time, via http.RoundTripper) (refund.Provider, error)
	payments []pretend.Payment
	params   func(payment string) map[string]string
	path     string // of the requests that move money

	callbackURL string // that refunds are given
	proves      bool   // its callbacks prove whose they are
	reverses    bool
	native      bool // a full refund is asked for without an amount

	orders []*order
	faults int                 // so many of the next requests meet one
	asked  map[string]*attempt // by the ledger's id
	seen   int                 // refunds of the ledger that were checked
	bag    []refund.Callback
	w      *world
}

const (
	shopURL = "https://shop.example/callbacks"
	secret  = "a callback secret of the shop's own, for this world only"
)

// makers make the lanes, each with the choices of its gateway that nobody knows.
var makers = []func(*world) *lane{
	func(w *world) *lane {
		gw, err := tarlantest.Start(tarlantest.Config{
			InMemory: true, Sandbox: true, CallbackURL: shopURL, Now: w.clock, Waiting: w.chance(30), HideNewRefunds: w.rand.IntN(3), Inconclusive: w.chance(20),
			PaidAmount: w.chance(20),
		})
		return w.lane("tarlan", "KZT", "/transaction/api/v1/system/refund/partial", gw.Server, err, func(l *lane) {
			l.params = func(payment string) map[string]string {
				return map[string]string{"tarlan.project_reference_id": gw.ProjectReferenceID(payment), "tarlan.type": tarlantest.Type}
			}
			l.open = func(_ func() time.Time, via http.RoundTripper) (refund.Provider, error) {
				return tarlan.New(tarlan.Config{
					Secret: gw.Secret(), MerchantID: tarlantest.DefaultMerchantID, ProjectID: tarlantest.DefaultProjectID,
					Environment: refund.Sandbox, BaseURL: gw.URL(), Transport: via,
				})
			}
		})
	},
	func(w *world) *lane {
		gw, err := redstonetest.Start(redstonetest.Config{
			InMemory: true, Now: w.clock, PendingCallbacks: w.chance(50), FlatCallbacks: w.chance(50), EmptyReference: w.chance(20), ListRefunds: w.chance(40),
			HideNewRefunds: w.rand.IntN(3),
		})
		return w.lane("redstone", "ZMW", "/v1/payment/refunds/process", gw.Server, err, func(l *lane) {
			l.callbackURL, l.proves, l.reverses = shopURL, true, true
			l.open = func(_ func() time.Time, via http.RoundTripper) (refund.Provider, error) {
				return redstone.New(redstone.Config{
					SecretKey: gw.SecretKey(), PublicKey: gw.PublicKey(), CallbackSecret: secret, Environment: refund.Sandbox, BaseURL: gw.URL(), Transport: via,
				})
			}
		})
	},
	func(w *world) *lane {
		gw, err := paynettest.Start(paynettest.Config{InMemory: true, Now: w.clock, HideNewRefunds: w.rand.IntN(3), ReversedByPart: w.chance(30)})
		return w.lane("paynet", "TRY", "/v1/transaction/reversed_request", gw.Server, err, func(l *lane) {
			l.callbackURL, l.proves, l.reverses, l.native = shopURL, true, true, true
			l.open = func(now func() time.Time, via http.RoundTripper) (refund.Provider, error) {
				return paynet.New(paynet.Config{
					SecretKey: gw.SecretKey(), CallbackSecret: secret, Environment: refund.Sandbox, BaseURL: gw.URL(), Transport: via, Now: now,
				})
			}
		})
	},
	func(w *world) *lane {
		gw, err := tlpetest.Start(tlpetest.Config{
			InMemory: true, CallbackURL: shopURL, Now: w.clock, FullAfterPartial: w.chance(50), HideNewRefunds: w.rand.IntN(3), ReportsPaid: w.chance(20),
			NotifiesPaid: w.chance(20), CamelCase: w.chance(50),
		})
		return w.lane("tlpe", "PHP", "/refund", gw.Server, err, func(l *lane) {
			l.native = true
			l.open = func(now func() time.Time, via http.RoundTripper) (refund.Provider, error) {
				return tlpe.New(tlpe.Config{
					Token: gw.Token(), WebhookSecret: gw.WebhookSecret(), Environment: refund.Sandbox, BaseURL: gw.URL(), Transport: via, Now: now,
					Leeway: 5 * time.Minute,
				})
			}
		})
	},
}

func (w *world) clock() time.Time { return w.now }

// lane makes an account with a few payments. A gateway that cannot be made ends the
// world.
func (w *world) lane(gateway, currency, path string, server *pretend.Server, err error, set func(*lane)) *lane {
	if err != nil {
		panic(err)
	}
	l := &lane{
		name: "shop at " + gateway, currency: currency, server: server, path: path, w: w,
		asked:  make(map[string]*attempt),
		params: func(string) map[string]string { return nil },
	}
	set(l)
	server.HandTo(func(_ context.Context, c pretend.Callback) (int, error) {
		l.bag = append(l.bag, refund.Callback{Method: http.MethodPost, URL: strings.TrimPrefix(c.URL, "https://shop.example"), Header: c.Header, Body: c.Body})
		return http.StatusOK, nil
	})
	for i := range 1 + w.rand.IntN(2) {
		pay := pretend.Payment{ID: paymentID(gateway, i), Amount: money.MustParse("100.00 " + currency), PaidAt: w.now.Add(-72 * time.Hour)}
		if err := server.AddPayment(pay); err != nil {
			panic(err)
		}
		l.payments = append(l.payments, pay)
	}
	return l
}

func paymentID(gateway string, i int) string {
	n := string(rune('1' + i))
	switch gateway {
	case "tarlan":
		return "20000000" + n
	case "redstone":
		return "PY_c77f7bff21514bdf9dfe9f1b" + n
	case "paynet":
		return "xk_EAAAAAh7VYf9HG4" + n
	}
	return "TRX-1000" + n
}

// provider opens the account for a program with that clock.
func (l *lane) provider(now func() time.Time) refund.Provider {
	p, err := l.open(now, &transport{l: l, inner: l.server.RoundTripper()})
	if err != nil {
		panic(err)
	}
	return p
}

// callbacks are those that the gateway has come to owe.
func (l *lane) callbacks() []refund.Callback {
	l.bag = nil
	if _, err := l.server.Deliver(context.Background()); err != nil {
		l.w.fail("the gateway %s cannot call back: %v", l.name, err)
	}
	return l.bag
}

func (l *lane) owed() int { return len(l.server.Owed()) }

func (l *lane) undecided() bool {
	return slices.ContainsFunc(l.server.Refunds(), func(r pretend.Refund) bool { return r.Pending && r.State == "" })
}

func (l *lane) refund(id string) pretend.Refund {
	all := l.server.Refunds()
	if i := slices.IndexFunc(all, func(r pretend.Refund) bool { return r.ID == id }); i >= 0 {
		return all[i]
	}
	return pretend.Refund{}
}

// newRefunds are those that were booked since it was last asked.
func (l *lane) newRefunds() []pretend.Refund {
	all := l.server.Refunds()
	fresh := all[l.seen:]
	l.seen = len(all)
	return fresh
}

func (l *lane) refundedByHand(payment string) bool {
	return slices.ContainsFunc(l.server.RefundsOf(payment), func(r pretend.Refund) bool { return r.Elsewhere })
}

// transport brings requests to the gateway. Before and after each of them others may go
// first, and the process may die or stand still.
type transport struct {
	l     *lane
	inner http.RoundTripper
}

// The faults that befall requests.
var faults = []pretend.Fault{
	pretend.DropBeforeBooking, pretend.DropAfterBooking, pretend.DropAfterBooking, pretend.HTMLError, pretend.Empty, pretend.Truncated,
	pretend.ServerError, pretend.ServerErrorBooked, pretend.HangAfterBooking, pretend.HangBeforeBooking,
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	w, ctx := t.l.w, r.Context()
	now := taskOf(ctx)
	if now == nil || r.URL.Path != t.l.path { // by hand, or a look-up
		w.sleep(ctx, w.between(0, 2*time.Second))
		return t.inner.RoundTrip(r)
	}
	w.sleep(ctx, w.between(0, 5*time.Second))
	a := now.sending
	if a != nil && now.of.clock(w)().After(a.until) {
		// The body of a real request looks at both clocks when it is read, see
		// internal/httpx; here there is only one clock, and the transport looks.
		return nil, &net.OpError{Op: "dial", Err: errors.New("sim: it came back after its lease")}
	}
	w.checkSent(a)
	if t.l.faults > 0 {
		t.l.faults--
		t.l.server.Inject(faults[w.rand.IntN(len(faults))])
	}
	before := len(t.l.server.Refunds())
	answer, err := t.inner.RoundTrip(r)
	if all := t.l.server.Refunds(); len(all) > before && a != nil {
		booked := all[len(all)-1]
		a.booked = booked.ID
		t.l.asked[booked.ID] = a
		w.say("the gateway "+t.l.name, "books %s as %s: %s of %s", a.key, booked.ID, booked.Amount, booked.PaymentID)
		w.checkBooked(a, booked)
	}
	w.sleep(ctx, w.between(0, 5*time.Second))
	return answer, err
}
