package bench_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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

// grown is a pretend gateway in memory with a ledger of some length, and the adapter on it.
type grown struct {
	server   *pretend.Server
	provider interface {
		refund.Provider
		refund.Inspector
	}
	currency string
	params   func(paymentID string) map[string]string
	clock    time.Time
	payments int
}

const hook = "https://shop.example/hook"

// gateways make one of each kind, with an empty ledger.
var gateways = map[string]func(tb testing.TB) *grown{
	"tlpe": func(tb testing.TB) *grown {
		g := &grown{currency: "PHP"}
		gw, err := tlpetest.Start(tlpetest.Config{InMemory: true, Now: g.now, CallbackURL: hook})
		require.NoError(tb, err)
		p, err := tlpe.New(tlpe.Config{Token: gw.Token(), Environment: refund.Sandbox, BaseURL: gw.URL(), Transport: gw.RoundTripper()})
		require.NoError(tb, err)
		g.server, g.provider = gw.Server, p
		return g
	},
	"paynet": func(tb testing.TB) *grown {
		g := &grown{currency: "TRY"}
		gw, err := paynettest.Start(paynettest.Config{InMemory: true, Now: g.now})
		require.NoError(tb, err)
		p, err := paynet.New(paynet.Config{
			SecretKey: gw.SecretKey(), Environment: refund.Sandbox, BaseURL: gw.URL(), Transport: gw.RoundTripper(), Now: g.now,
		})
		require.NoError(tb, err)
		g.server, g.provider = gw.Server, p
		return g
	},
	"redstone": func(tb testing.TB) *grown {
		g := &grown{currency: "ZMW"}
		gw, err := redstonetest.Start(redstonetest.Config{InMemory: true, Now: g.now, ListRefunds: true})
		require.NoError(tb, err)
		p, err := redstone.New(redstone.Config{
			SecretKey: gw.SecretKey(), PublicKey: gw.PublicKey(), Environment: refund.Sandbox, BaseURL: gw.URL(), Transport: gw.RoundTripper(),
		})
		require.NoError(tb, err)
		g.server, g.provider = gw.Server, p
		return g
	},
	"tarlan": func(tb testing.TB) *grown {
		g := &grown{currency: "KZT"}
		gw, err := tarlantest.Start(tarlantest.Config{InMemory: true, Now: g.now, CallbackURL: hook})
		require.NoError(tb, err)
		p, err := tarlan.New(tarlan.Config{
			Secret: gw.Secret(), MerchantID: tarlantest.DefaultMerchantID, ProjectID: tarlantest.DefaultProjectID,
			Environment: refund.Production, BaseURL: gw.URL(), Transport: gw.RoundTripper(),
		})
		require.NoError(tb, err)
		g.params = func(id string) map[string]string {
			return map[string]string{"tarlan.project_reference_id": gw.ProjectReferenceID(id), "tarlan.type": tarlantest.Type}
		}
		g.server, g.provider = gw.Server, p
		return g
	},
}

func (g *grown) now() time.Time { return g.clock }

// add makes a payment of ten days ago.
func (g *grown) add(tb testing.TB) refund.Payment {
	g.payments++
	p := refund.Payment{ID: strconv.Itoa(g.payments), Amount: money.MustParse("100.00 " + g.currency), PaidAt: g.clock.AddDate(0, 0, -10)}
	require.NoError(tb, g.server.AddPayment(pretend.Payment{ID: p.ID, Amount: p.Amount, PaidAt: p.PaidAt}))
	return p
}

// grow puts other refunds into the ledger, all of them older than the payments that come next.
func (g *grown) grow(tb testing.TB, rows int) {
	g.clock = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for range rows {
		_, err := g.server.RefundElsewhere(g.add(tb).ID, money.MustParse("10.00 "+g.currency))
		require.NoError(tb, err)
	}
	g.server.HandTo(func(context.Context, pretend.Callback) (int, error) { return http.StatusOK, nil })
	_, err := g.server.Deliver(tb.Context())
	require.NoError(tb, err)
	g.clock = g.clock.AddDate(0, 1, 0)
}

// story is a refund, a look-up, its end, and its callback. Each has a day of its own, so that no day grows longer.
func (g *grown) story(tb testing.TB) {
	g.clock = g.clock.AddDate(0, 0, 12)
	p := g.add(tb)
	amount := money.MustParse("10.00 " + g.currency)
	req := refund.Partial(p.ID, amount)
	req.Payment, req.CallbackURL = p, hook
	res, err := g.provider.Refund(tb.Context(), req)
	require.NoError(tb, err)
	q := refund.Query{Payment: p, Kind: refund.KindPartial, Amount: amount, RefundID: res.RefundID}
	if g.params != nil {
		q.Params = g.params(p.ID)
	}
	_, err = g.provider.Inspect(tb.Context(), q)
	require.NoError(tb, err)
	if r := g.server.RefundsOf(p.ID)[0]; r.Pending {
		require.NoError(tb, g.server.Decide(r.ID, pretend.Approved))
	}
	done, err := g.server.Deliver(tb.Context())
	require.NoError(tb, err)
	require.Len(tb, done, 1)
}

// However long the ledger is, a refund and its look-up read the same rows.
func TestLookUpsDoNotWalkTheLedger(t *testing.T) {
	t.Parallel()
	for name, open := range gateways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var read []int
			for _, rows := range []int{10, 2000} {
				g := open(t)
				g.grow(t, rows)
				before := g.server.RowsRead()
				g.story(t)
				read = append(read, g.server.RowsRead()-before)
			}
			require.Positive(t, read[0])
			require.Equal(t, read[0], read[1])
		})
	}
}

// go test -run '^$' -bench Growth ./internal/bench
func BenchmarkGrowth(b *testing.B) {
	for name, open := range gateways {
		for _, rows := range []int{1000, 200_000} {
			b.Run(name+"/"+strconv.Itoa(rows), func(b *testing.B) {
				g := open(b)
				g.grow(b, rows)
				for b.Loop() {
					g.story(b)
				}
			})
		}
	}
}
