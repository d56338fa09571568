package sim

import (
	"context"
	"fmt"
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
	name     string // of the provider; programs are renamed
	kind     string // of gateway
	env      refund.Environment
	currency string
	server   *pretend.Server
	open     func(now func() time.Time, via http.RoundTripper) (refund.Provider, error)
	another  func(via http.RoundTripper) (refund.Provider, error) // as another program opens it; nil: there is none
	payments []pretend.Payment
	params   func(payment string) map[string]string
	path     string // of the requests that move money

	callbackURL string // that refunds are given
	proves      bool   // its callbacks prove whose they are
	reverses    bool
	native      bool // a full refund is asked for without an amount
	lists       bool // its look-ups show each refund at once, with its amount
	odd         bool // it tells amounts that are not the refund's

	orders  []*order
	faults  int                 // so many of the next requests meet one
	asked   map[string]*attempt // by the ledger's id
	foreign map[string]bool     // the ledger's ids of refunds by another program
	seen    int                 // refunds of the ledger that were checked
	bag     []refund.Callback
	twin    *lane // another shop or environment, with equal payment ids
	w       *world
}

// account says which of several accounts at a gateway to make.
type account struct {
	shop string
	env  refund.Environment
	n    int // its keys differ from those of others
}

const shopURL = "https://shop.example/callbacks"

func (a *account) secret() string {
	return fmt.Sprintf("a callback secret of the shop %q alone, for this world", a.shop) // sandbox and production have one
}

func (a *account) key(prefix string) string {
	word := "test"
	if a.env == refund.Production {
		word = "live"
	}
	return fmt.Sprintf("%s%s_pretend%020d", prefix, word, a.n)
}

// makers make the lanes, each with the choices of its gateway that nobody knows.
var makers = []func(*world, account) *lane{tarlanLane, redstoneLane, paynetLane, tlpeLane}

func tarlanLane(w *world, a account) *lane {
	cfg := tarlantest.Config{
		InMemory: true, Sandbox: a.env == refund.Sandbox, CallbackURL: shopURL, Now: w.clock, Waiting: w.chance(30), HideNewRefunds: oneOf(w.scheduler, 0, 0, 1, 2), Inconclusive: w.chance(20),
		PaidAmount: w.chance(20), Secret: a.key("tarlan_"),
	}
	gw, err := tarlantest.Start(cfg)
	path := "/transaction/api/v1/system/refund/partial"
	if a.env == refund.Production {
		path = "/refund/api/v1/system/refund/partial"
	}
	return w.lane(a, "tarlan", "KZT", path, gw.Server, err, func(l *lane) {
		l.lists = !cfg.Waiting && !cfg.Inconclusive && cfg.HideNewRefunds == 0
		l.odd = cfg.PaidAmount || cfg.Waiting
		l.params = func(payment string) map[string]string {
			return map[string]string{"tarlan.project_reference_id": gw.ProjectReferenceID(payment), "tarlan.type": tarlantest.Type}
		}
		l.open = func(_ func() time.Time, via http.RoundTripper) (refund.Provider, error) {
			return tarlan.New(tarlan.Config{
				Secret: gw.Secret(), MerchantID: tarlantest.DefaultMerchantID, ProjectID: tarlantest.DefaultProjectID,
				Environment: a.env, BaseURL: gw.URL(), Transport: via,
			})
		}
	})
}

func redstoneLane(w *world, a account) *lane {
	cfg := redstonetest.Config{
		InMemory: true, Now: w.clock, PendingCallbacks: w.chance(50), FlatCallbacks: w.chance(50), EmptyReference: w.chance(20), ListRefunds: w.chance(40),
		HideNewRefunds: oneOf(w.scheduler, 0, 0, 1, 2), SecretKey: a.key("redSec_"), PublicKey: a.key("redPub_"),
	}
	signed := w.chance(40)
	own := redstone.Config{SecretKey: cfg.SecretKey, PublicKey: cfg.PublicKey, CallbackSecret: a.secret(), Environment: a.env}
	if signed { // by the gateway, and no address tells whose refund it is
		cfg.WebhookSecret, cfg.WebhookHeader = a.key("a webhook secret of "), "X-Signature"
		own.CallbackSecret, own.WebhookSecret, own.WebhookHeader = "", cfg.WebhookSecret, cfg.WebhookHeader
	}
	unguarded := !signed && w.chance(15) // nothing proves its callbacks
	if unguarded {
		own.CallbackSecret = ""
	}
	gw, err := redstonetest.Start(cfg)
	return w.lane(a, "redstone", "ZMW", "/v1/payment/refunds/process", gw.Server, err, func(l *lane) {
		l.callbackURL, l.proves, l.reverses = shopURL, !signed && !unguarded, true
		l.lists = cfg.ListRefunds && cfg.HideNewRefunds == 0
		l.open = func(_ func() time.Time, via http.RoundTripper) (refund.Provider, error) {
			c := own
			c.BaseURL, c.Transport = gw.URL(), via
			return redstone.New(c)
		}
		l.another = func(via http.RoundTripper) (refund.Provider, error) {
			return redstone.New(redstone.Config{SecretKey: cfg.SecretKey, PublicKey: cfg.PublicKey, Environment: a.env, BaseURL: gw.URL(), Transport: via})
		}
	})
}

func paynetLane(w *world, a account) *lane {
	cfg := paynettest.Config{InMemory: true, Now: w.clock, HideNewRefunds: oneOf(w.scheduler, 0, 0, 1, 2), ReversedByPart: w.chance(30), SecretKey: a.key("sck_")}
	guard := a.secret()
	if w.chance(15) { // nothing proves its callbacks
		guard = ""
	}
	gw, err := paynettest.Start(cfg)
	return w.lane(a, "paynet", "TRY", "/v1/transaction/reversed_request", gw.Server, err, func(l *lane) {
		l.callbackURL, l.proves, l.reverses, l.native = shopURL, guard != "", true, true
		l.open = func(now func() time.Time, via http.RoundTripper) (refund.Provider, error) {
			return paynet.New(paynet.Config{
				SecretKey: cfg.SecretKey, CallbackSecret: guard, Environment: a.env, BaseURL: gw.URL(), Transport: via, Now: now,
			})
		}
		l.another = func(via http.RoundTripper) (refund.Provider, error) {
			return paynet.New(paynet.Config{SecretKey: cfg.SecretKey, Environment: a.env, BaseURL: gw.URL(), Transport: via, Now: w.clock})
		}
	})
}

func tlpeLane(w *world, a account) *lane {
	cfg := tlpetest.Config{
		InMemory: true, CallbackURL: shopURL, Now: w.clock, FullAfterPartial: w.chance(50), HideNewRefunds: oneOf(w.scheduler, 0, 0, 1, 2), ReportsPaid: w.chance(20),
		NotifiesPaid: w.chance(20), CamelCase: w.chance(50), Token: a.key("tlpe_"), WebhookSecret: a.key("a webhook secret of "),
	}
	gw, err := tlpetest.Start(cfg)
	return w.lane(a, "tlpe", "PHP", "/refund", gw.Server, err, func(l *lane) {
		l.native, l.odd = true, cfg.NotifiesPaid
		l.open = func(now func() time.Time, via http.RoundTripper) (refund.Provider, error) {
			return tlpe.New(tlpe.Config{
				Token: gw.Token(), WebhookSecret: gw.WebhookSecret(), Environment: a.env, BaseURL: gw.URL(), Transport: via, Now: now,
				Leeway: 5 * time.Minute,
			})
		}
	})
}

func (w *world) clock() time.Time { return w.now }

// lane makes an account with a few payments. A gateway that cannot be made ends the
// world.
func (w *world) lane(a account, gateway, currency, path string, server *pretend.Server, err error, set func(*lane)) *lane {
	if err != nil {
		panic(err)
	}
	l := &lane{
		name: a.shop + " at " + gateway, kind: gateway, env: a.env, currency: currency, server: server, path: path, w: w,
		asked: make(map[string]*attempt), foreign: make(map[string]bool),
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

// called is what a history calls it.
func (l *lane) called() string {
	if l.env == refund.Production {
		return l.name + " (production)"
	}
	return l.name
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

// strange reports whether a refund is none of the journal's programs'.
func (l *lane) strange(r pretend.Refund) bool { return r.Elsewhere || l.foreign[r.ID] }

func (l *lane) refundedByHand(payment string) bool {
	return slices.ContainsFunc(l.server.RefundsOf(payment), l.strange)
}
