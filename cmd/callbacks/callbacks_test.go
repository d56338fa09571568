package callbacks_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/cmd/internal/databases"
	"github.com/gorefund/refund/cmd/internal/databases/testdb"
	"github.com/gorefund/refund/cmd/internal/process"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/poller"
	"github.com/gorefund/refund/redstone/redstonetest"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tarlan/tarlantest"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

// refundsVar is how many refunds are made in all: CALLBACK_TEST_REFUNDS=10000.
const refundsVar = "CALLBACK_TEST_REFUNDS"

// refunds of each gateway.
func refunds(t *testing.T) int {
	all := 1000
	if testing.Short() {
		all = 200
	}
	if s := os.Getenv(refundsVar); s != "" {
		var err error
		all, err = strconv.Atoi(s)
		require.NoError(t, err, refundsVar)
	}
	return all / len(lanes)
}

// The service is killed and started again while callbacks come early, late, twice,
// shuffled and forged, some answers are lost, and some refunds are taken back. In the
// end the journal says of each refund what the gateway's ledger says, and none was
// paid twice.
func TestEveryDisorder(t *testing.T) {
	for _, name := range []databases.Name{databases.SQLite, databases.PostgreSQL} {
		t.Run(string(name), func(t *testing.T) {
			w := newWorld(t, name, refunds(t))
			w.trouble()
			w.run(t, 11) // so often it is killed
			w.settle(t)
			w.person(t)
			w.run(t, 0)
			w.settle(t)
			w.check(t)
		})
	}
}

// world is what survives the service.
type world struct {
	at      testdb.Database
	refunds int
	address string
	servers map[string]*pretend.Server
	urls    map[string]string
	random  *rand.Rand

	quiet  atomic.Bool   // no refund is taken back any more
	rounds atomic.Uint64 // that callBack has ended

	sent  []pretend.Callback // genuine ones, to be sent again
	flips map[string]bool    // refunds taken back, by the ledger's id
	stats struct{ kills, delivered, again, forged, reversed, resolved int }
}

func newWorld(t *testing.T, name databases.Name, n int) *world {
	w := &world{
		at: testdb.New(t, name), refunds: n, servers: make(map[string]*pretend.Server), urls: make(map[string]string),
		random: rand.New(rand.NewPCG(7, uint64(n))), flips: make(map[string]bool),
	}
	// A port that was free a moment ago: the service listens there each time.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w.address = listener.Addr().String()
	require.NoError(t, listener.Close())
	hook := func(lane string) string { return "http://" + w.address + "/callbacks/" + lane }

	const retries = 1 << 20 // as long as the service is down
	a, err := tarlantest.Start(tarlantest.Config{Sandbox: true, CallbackURL: hook("tarlan")})
	require.NoError(t, err)
	b, err := redstonetest.Start(redstonetest.Config{CallbackRetries: retries})
	require.NoError(t, err)
	c, err := paynettest.Start(paynettest.Config{CallbackRetries: retries, ListLimit: 100000})
	require.NoError(t, err)
	d, err := tlpetest.Start(tlpetest.Config{CallbackURL: hook("tlpe")})
	require.NoError(t, err)
	for lane, server := range map[string]*pretend.Server{"tarlan": a.Server, "redstone": b.Server, "paynet": c.Server, "tlpe": d.Server} {
		t.Cleanup(server.Close)
		w.servers[lane], w.urls[lane] = server, server.URL()
		for i := range (n + 1) / 2 {
			require.NoError(t, server.AddPayment(pretend.Payment{ID: paymentID(lane, i), Amount: paid(lane)}))
		}
	}
	return w
}

// run lets services work and die until one has been through all refunds; the one
// after so many kills lives until then.
func (w *world) run(t *testing.T, kills int) {
	w.quiet.Store(false)
	stop := make(chan struct{})
	var gateways sync.WaitGroup
	gateways.Go(func() { w.callBack(t.Context(), t, stop) })
	defer func() {
		close(stop)
		gateways.Wait()
	}()
	for life := range kills + 1 {
		p := process.Start(t, "service", task{Database: w.at, Address: w.address, Gateways: w.urls, Refunds: w.refunds, Seed: uint64(life)})
		last := life == kills
		until := 1 + rand.New(rand.NewPCG(3, uint64(life))).IntN(len(lanes)*w.refunds/3)
		done := false
		for line := range p.Lines() {
			if done = line == "done"; done {
				break
			}
			if until--; until == 0 && !last {
				break
			}
		}
		if done {
			// Callbacks go on coming for a while, and once more it dies.
			w.drain(t, p)
			return
		}
		p.Kill()
		_, err := p.Rest()
		require.True(t, process.Killed(err), "%v", err)
		w.stats.kills++
	}
	t.Fatal("no service came to its end")
}

// drain waits until the gateways owe nothing any more, while the service lives.
func (w *world) drain(t *testing.T, p *process.Process) {
	w.quiet.Store(true)                         // until the next service
	settled := w.rounds.Load() + 2              // what was begun before is over then
	deadline := time.Now().Add(5 * time.Minute) // Tarlan waits up to one before it sends again
	for {
		owed := 0
		if w.rounds.Load() < settled {
			owed++
		}
		for _, server := range w.servers {
			owed += len(server.Owed())
			for _, r := range server.Refunds() {
				if r.Pending {
					owed++
				}
			}
		}
		if owed == 0 {
			break
		}
		require.True(t, time.Now().Before(deadline), "%d callbacks are still owed", owed)
		time.Sleep(20 * time.Millisecond)
	}
	p.Kill()
	_, err := p.Rest()
	require.True(t, process.Killed(err), "%v", err)
	w.stats.kills++
}

// trouble makes some answers get lost, before or after the booking, and some callbacks
// come before the answer.
func (w *world) trouble() {
	for _, lane := range lanes {
		server := w.servers[lane]
		for range w.refunds / 20 {
			server.Inject(make([]pretend.Fault, w.random.IntN(20))...) // none
			server.Inject([]pretend.Fault{pretend.DropBeforeBooking, pretend.DropAfterBooking, pretend.HTMLError, pretend.DropUnread}[w.random.IntN(4)])
		}
		for range w.refunds / 4 {
			switch {
			case w.random.IntN(2) == 0 || lane == "tarlan" || lane == "tlpe":
				server.Early("")
			default:
				server.Early([]string{pretend.Approved, pretend.Declined}[w.random.IntN(2)])
			}
		}
	}
}

// callBack is what the gateways do: they decide, change their minds, and call back in
// disorder.
func (w *world) callBack(ctx context.Context, t *testing.T, stop <-chan struct{}) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for round := uint64(0); ; round++ {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		w.rounds.Add(1)
		for _, lane := range lanes {
			server := w.servers[lane]
			w.decide(lane)
			arrange := []pretend.Arrangement{pretend.Shuffled(round)}
			if round%3 == 0 {
				arrange = append(arrange, pretend.Twice)
			}
			done, err := server.Deliver(ctx, arrange...)
			if err != nil && ctx.Err() == nil {
				t.Errorf("Deliver: %v", err)
				return
			}
			for _, d := range done {
				if d.Status == 200 {
					w.stats.delivered++
					w.sent = append(w.sent, d.Callback)
				}
			}
			w.repeatAndForge(ctx, server)
		}
	}
}

// decide gives some pending refunds their outcome, and takes some done ones back.
func (w *world) decide(lane string) {
	if lane == "tarlan" || lane == "tlpe" {
		return // done at once
	}
	server := w.servers[lane]
	owed := make(map[string]bool)
	for _, c := range server.Owed() {
		owed[c.RefundID] = true
	}
	for i, r := range server.Refunds() {
		switch {
		case r.Pending && w.random.IntN(3) == 0: // the others later
			state := pretend.Approved
			if w.random.IntN(6) == 0 {
				state = pretend.Declined
			}
			_ = server.Decide(r.ID, state) // it may be decided meanwhile
		case !w.quiet.Load() && r.State == pretend.Approved && i%17 == 0 && !owed[r.ID] && !w.flips[r.ID]:
			w.flips[r.ID] = true
			if server.Reverse(r.ID) == nil {
				w.stats.reversed++
			}
		}
	}
}

// repeatAndForge sends an old callback again, and one that nobody made.
func (w *world) repeatAndForge(ctx context.Context, server *pretend.Server) {
	if len(w.sent) == 0 {
		return
	}
	old := w.sent[w.random.IntN(len(w.sent))]
	if d, err := server.Send(ctx, old); err == nil && d.Status == 200 {
		w.stats.again++
	}
	forged := old
	forged.Header = old.Header.Clone()
	forged.Header.Del("Authorization")
	forged.URL, _, _ = strings.Cut(old.URL, "?")
	if strings.HasSuffix(forged.URL, "tlpe") {
		forged.Body = []byte(strings.Replace(string(old.Body), ".", ".A", 2))
	}
	if d, err := server.Send(ctx, forged); err == nil && d.Status == 403 {
		w.stats.forged++
	}
}

// begun counts the tries of a refund.
func begun(e *refund.Entry) (n int) {
	for _, ch := range e.History {
		if ch.Cause == refund.CauseBegin {
			n++
		}
	}
	return n
}

func longAfter() time.Time { return time.Now().Add(48 * time.Hour) }

// settle is the next start of the service, long after: it goes on with callbacks that
// were stored and not carried out, and asks where none came.
func (w *world) settle(t *testing.T) {
	d, err := newDesk(w.at.Journal(t), w.urls, poller.Pace{First: time.Second}, longAfter)
	require.NoError(t, err)
	for _, lane := range lanes {
		for {
			n, err := d.hooks[lane].Resume(t.Context())
			require.NoError(t, err)
			if n == 0 {
				break
			}
		}
		left, err := d.clients[lane].Unfinished(t.Context(), 0, 10)
		require.NoError(t, err)
		assert.Empty(t, left)
	}
	_, err = d.poller.Round(t.Context())
	require.NoError(t, err)
}

// person decides what no callback and no look-up could: those refunds of which the
// ledgers, into which only a person can look, know nothing.
func (w *world) person(t *testing.T) {
	store := w.at.Journal(t)
	d, err := newDesk(store, w.urls, poller.Pace{}, longAfter)
	require.NoError(t, err)
	for _, lane := range lanes {
		booked := w.booked(lane)
		f := journal.Filter{Status: []refund.Status{refund.StatusUnknown, refund.StatusReversed}, Provider: lane, Limit: 1000}
		for {
			page, err := store.List(t.Context(), f)
			require.NoError(t, err)
			for _, e := range page.Entries {
				made := booked[e.Request.Payment.ID+" "+e.Request.Amount.String()]
				if e.Status == refund.StatusReversed {
					if e.Open() { // by a callback without a date, which the gateway's look-up does not confirm
						require.Len(t, made, 1)
						require.Equal(t, pretend.Reversed, made[0].State)
						_, err := d.clients[lane].Resolve(t.Context(), e.Key, refund.Resolution{
							Status: refund.StatusReversed, Seen: refund.StatusReversed, By: "Ana", Note: "it came back, say the gateway's books",
						})
						require.NoError(t, err)
					}
					continue
				}
				if len(made) > 0 {
					assert.True(t, e.Flagged() && made[0].State == pretend.Reversed && lane == "paynet",
						"%s was booked, and its callback did not settle it: %s", e.Key, history(e))
					continue
				}
				_, err := d.clients[lane].Resolve(t.Context(), e.Key, refund.Resolution{Status: refund.StatusNotSent, By: "Ana", Note: "not in the gateway's books"})
				require.NoError(t, err)
				w.stats.resolved++
			}
			if f.Cursor = page.Next; f.Cursor == "" {
				break
			}
		}
	}
}

// booked is a ledger by payment and amount.
func (w *world) booked(lane string) map[string][]pretend.Refund {
	all := make(map[string][]pretend.Refund)
	for _, r := range w.servers[lane].Refunds() {
		id := r.PaymentID + " " + r.Amount.String()
		all[id] = append(all[id], r)
	}
	return all
}

// check compares the journal with the ledgers.
func (w *world) check(t *testing.T) {
	store := w.at.Journal(t)
	states := make(map[string]int)
	undecided, twice := 0, 0
	for _, lane := range lanes {
		booked := w.booked(lane)
		for _, o := range orders(lane, w.refunds) {
			made := booked[o.payment+" "+o.amount.String()]
			e, err := store.Entry(t.Context(), o.key)
			require.NoError(t, err, o.key)
			states[e.Status.String()]++
			assertOnce(t, e)
			if !assert.Len(t, made, 1, "%s in the ledger: %s", o.key, history(e)) {
				continue
			}
			switch r := made[0]; r.State {
			case "", pretend.Approved:
				assert.Equal(t, refund.StatusSucceeded, e.Status, "%s: %s", o.key, history(e))
			case pretend.Declined:
				if e.Status == refund.StatusPending && e.Flagged() && lane == "paynet" && begun(e) > 1 {
					twice++ // the key was sent twice, and a no without an id of its own frees nothing
					continue
				}
				assert.Equal(t, refund.StatusFailed, e.Status, "%s: %s", o.key, history(e))
			case pretend.Reversed:
				if e.Status == refund.StatusUnknown && e.Flagged() && lane == "paynet" {
					undecided++ // the later word was carried out first, and carries no time
					continue
				}
				assert.Contains(t, []refund.Status{refund.StatusReversed, refund.StatusFailed}, e.Status, "%s: %s", o.key, history(e))
			}
		}
	}
	assert.LessOrEqual(t, undecided, 1+w.stats.reversed/20, "too many that only a person can decide")
	assert.LessOrEqual(t, twice, w.stats.resolved, "only those that a person has called not sent can be of two tries")
	t.Logf("%d kills, %d callbacks delivered, %d sent again, %d forged and refused, %d refunds taken back; %d never sent, says a person, and %d undecided; states %v",
		w.stats.kills, w.stats.delivered, w.stats.again, w.stats.forged, w.stats.reversed, w.stats.resolved, undecided, states)
	assert.Positive(t, w.stats.kills)
	assert.Positive(t, w.stats.again)
	assert.Positive(t, w.stats.forged)
	assert.Positive(t, w.stats.reversed)
}

// assertOnce makes sure that no state comes twice in a refund's history but by its
// own answer and begin.
func assertOnce(t *testing.T, e *refund.Entry) {
	t.Helper()
	seen := make(map[string]bool)
	for _, ch := range e.History {
		if ch.Cause != refund.CauseCallback {
			continue
		}
		name := fmt.Sprint(ch.Event, " ", ch.Status)
		assert.False(t, seen[name], "%s: an event was carried out twice: %s", e.Key, history(e))
		seen[name] = true
	}
}

func history(e *refund.Entry) string {
	var b strings.Builder
	for _, ch := range e.History {
		fmt.Fprintf(&b, "%s by %s (%s); ", ch.Status, ch.Cause, ch.Note)
	}
	return b.String()
}
