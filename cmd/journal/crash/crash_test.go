package crash_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
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
	"github.com/gorefund/refund/tlpe/tlpetest"
)

// scenario is one way of bad luck. In each, processes are killed again and again
// while they make the refunds of one list, a life; then one may come to its end,
// and the next life has other keys.
type scenario struct {
	title    string
	kills    int  // in all
	children int  // at once, with the same keys
	cut      bool // of connections
	crash    bool // of the database's server, once a round
	jumping  bool
	faulty   bool
	seed     uint64
}

var scenarios = []scenario{
	{title: "alone", kills: 300, children: 1, seed: 1},
	{title: "two with the same keys", kills: 120, children: 2, seed: 2},
	{title: "the clock jumps", kills: 60, children: 2, jumping: true, seed: 3},
	{title: "the database's answers get lost", kills: 60, children: 2, faulty: true, seed: 4},
	{title: "connections are cut", kills: 60, children: 2, cut: true, seed: 5},
	{title: "the server crashes", kills: 60, children: 2, crash: true, seed: 6},
}

// span is about how many steps a process makes until all its refunds are made.
const span = 300

// killsVar multiplies how often processes are killed: JOURNAL_TEST_KILLS=10.
const killsVar = "JOURNAL_TEST_KILLS"

func times(t *testing.T) int {
	s := os.Getenv(killsVar)
	if s == "" {
		return 1
	}
	n, err := strconv.Atoi(s)
	require.NoError(t, err, killsVar)
	return n
}

// Whatever dies, and whenever: the gateway's ledger has no key twice, the journal
// claims nothing that is not so, and nothing is lost.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			for _, s := range scenarios {
				switch {
				case s.cut && name == databases.SQLite:
					continue // it has no connections
				case s.crash && name != databases.PostgreSQL:
					continue // SQLite has no server but the process itself
				case name == databases.MySQL:
					s.kills /= 3 // it is the slowest one
				}
				t.Run(s.title, func(t *testing.T) {
					s.kills *= times(t)
					if testing.Short() {
						s.kills = max(1, s.kills/20)
					}
					newWorld(t, name, s).run(t)
				})
			}
		})
	}
}

// world is what survives the processes.
type world struct {
	scenario
	at      testdb.Database
	store   *journal.Store
	owner   *sql.DB        // cuts connections; nil if there are none to cut
	server  *testdb.Server // crashes; nil if it does not
	crashes int
	random  *rand.Rand
}

func newWorld(t *testing.T, name databases.Name, s scenario) *world {
	w := &world{scenario: s, random: rand.New(rand.NewPCG(s.seed, 0))}
	if s.crash {
		w.server = testdb.NewServer(t)
		w.at = w.server.New(t)
	} else {
		w.at = testdb.New(t, name)
	}
	w.store = w.at.Journal(t)
	if s.cut {
		w.owner = w.at.Open(t)
		if name == databases.PostgreSQL {
			w.at = w.at.With(t, "application_name="+victim)
		}
	}
	return w
}

func (w *world) run(t *testing.T) {
	kills, lives := 0, 0
	for ; kills < w.kills; lives++ {
		kills += w.life(t, lives)
		if t.Failed() {
			break // the first life that went wrong tells most
		}
	}
	t.Logf("%d kills and %d crashes in %d lives", kills, w.crashes, lives)
	if w.crash {
		assert.NotZero(t, w.crashes)
	}
}

// life lets processes make the refunds of one list, kills them, and checks what
// is left.
func (w *world) life(t *testing.T, number int) (kills int) {
	gateway := shop.Gateway(t)
	w.prepare(t, gateway, number)
	claims := make(map[string]map[string]bool) // what was said about each key
	for range 6 + w.random.IntN(10) {
		kills += w.round(t, gateway, number, true, claims)
	}
	w.round(t, gateway, number, false, claims)
	// What a dead process has left in the pipe is booked now, or never.
	gateway.Close()
	w.check(t, gateway, number, claims)
	return kills
}

// prepare makes the payments known, and some of the gateway's answers bad.
func (w *world) prepare(t *testing.T, gateway *tlpetest.Gateway, number int) {
	t.Helper()
	for _, payment := range payments(number) {
		shop.AddPayment(t, gateway, payment)
	}
	for range 4 {
		gateway.Inject(make([]pretend.Fault, w.random.IntN(8))...) // none
		gateway.Inject([]pretend.Fault{pretend.DropBeforeBooking, pretend.DropAfterBooking, pretend.HTMLError, pretend.DropUnread}[w.random.IntN(4)])
	}
}

func payments(number int) []string {
	var list []string
	seen := make(map[string]bool)
	for _, o := range orders(number) {
		if known(o.payment) && !seen[o.payment] {
			seen[o.payment] = true
			list = append(list, o.payment)
		}
	}
	return list
}

// round starts all processes, each with a death of its own if they are mortal,
// and waits for them. It returns how many were killed.
func (w *world) round(t *testing.T, gateway *tlpetest.Gateway, number int, mortal bool, claims map[string]map[string]bool) (killed int) {
	t.Helper()
	children := make([]*process.Process, w.children)
	deaths := make([]int, w.children) // the step at which the parent kills it, 0 = it kills itself
	for i := range children {
		todo := task{
			Database: w.at, Gateway: gateway.URL(), Life: number, Seed: w.random.Uint64(), Jumping: w.jumping, Faulty: w.faulty,
		}
		switch death := 1 + w.random.IntN(span); {
		case !mortal:
		case w.random.IntN(2) == 0:
			todo.DieAt = int64(death)
		default:
			todo.Tell, deaths[i] = true, death
		}
		children[i] = process.Start(t, "refunder", todo)
	}
	results := make(chan error, len(children))
	heard := make(chan string)
	for i, child := range children {
		go func() {
			steps := 0
			for line := range child.Lines() {
				if line != "step" {
					heard <- line
					continue
				}
				// A process goes on while the signal is on its way, so that it dies
				// somewhere behind this step.
				if steps++; steps == deaths[i] {
					child.Kill()
				}
			}
			_, err := child.Rest()
			results <- err
		}()
	}
	for ended, lines := 0, 0; ended < len(children); {
		select {
		case line := <-heard:
			key, status, _ := strings.Cut(line, " ")
			if key == "done" {
				continue
			}
			if claims[key] == nil {
				claims[key] = make(map[string]bool)
			}
			claims[key][status] = true
			switch lines++; {
			case w.cut && lines%25 == 0:
				w.cutConnections(t)
			case w.crash && lines == 25:
				w.server.Crash(t)
				w.crashes++
			}
		case err := <-results:
			ended++
			if process.Killed(err) {
				killed++
			} else {
				assert.NoError(t, err, "life %d", number)
			}
		}
	}
	return killed
}

// victim is the name under which the children's connections are known.
const victim = "refund_crash_test"

// cutConnections ends the children's connections, whatever they are doing.
func (w *world) cutConnections(t *testing.T) {
	t.Helper()
	if w.at.Name == databases.PostgreSQL {
		_, err := w.owner.ExecContext(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", victim)
		require.NoError(t, err)
		return
	}
	rows, err := w.owner.QueryContext(t.Context(), "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")
	require.NoError(t, err)
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		require.NoError(t, rows.Scan(&id))
		ids = append(ids, id)
	}
	require.NoError(t, rows.Err())
	for _, id := range ids {
		_, _ = w.owner.ExecContext(t.Context(), fmt.Sprint("KILL ", id)) // it may have ended meanwhile
	}
}

// check compares the journal, the ledger and what the processes said.
func (w *world) check(t *testing.T, gateway *tlpetest.Gateway, number int, claims map[string]map[string]bool) {
	t.Helper()
	ctx := t.Context()
	second := shop.Gateway(t) // for what is sent from now on, with a ledger of its own
	defer second.Close()
	for _, payment := range payments(number) {
		shop.AddPayment(t, second, payment)
	}
	// Long after: nobody's time is left.
	client, err := shop.Client(second.URL(), nil, refund.WithJournal(w.store), refund.WithClock(func() time.Time { return time.Now().Add(48 * time.Hour) }))
	require.NoError(t, err)

	booked := shop.Times(gateway)
	open := w.unknown(ctx, t, number)
	blocked := make(map[string]bool) // payments
	for _, o := range orders(number) {
		if open[o.key] {
			blocked[o.payment] = true
		}
	}
	for _, o := range orders(number) {
		assert.LessOrEqual(t, booked[o.key], 1, "%s was paid twice", o.key)
		e, err := w.store.Entry(ctx, o.key)
		if errors.Is(err, refund.ErrNoEntry) {
			assert.Zero(t, booked[o.key], "%s was paid and is lost", o.key)
			assert.True(t, blocked[o.payment] || w.cut || w.crash || w.faulty, "%s is lost", o.key)
			assert.NotContains(t, claims[o.key], "succeeded", o.key)
			continue
		}
		require.NoError(t, err)
		switch e.Status {
		case refund.StatusSucceeded:
			assert.Equal(t, 1, booked[o.key], "%s: the journal says that the money has moved", o.key)
		case refund.StatusRefused, refund.StatusNotSent:
			assert.Zero(t, booked[o.key], "%s: the journal says that no money has moved", o.key)
		case refund.StatusUnknown:
			assert.True(t, open[o.key], "%s is unknown and not listed", o.key)
		default:
			assert.Fail(t, "no refund ends so here", "%s: %s", o.key, e.Status)
		}
		if claims[o.key]["succeeded"] {
			assert.Equal(t, refund.StatusSucceeded, e.Status, "%s: a caller was told so", o.key)
		}
		if claims[o.key]["refused"] {
			assert.Equal(t, refund.StatusRefused, e.Status, "%s: a caller was told so", o.key)
		}
	}

	// An unknown one is never sent again, by nobody.
	for key := range open {
		_, err := client.Refund(ctx, shop.Request(key, paymentOf(number, key)))
		assert.ErrorIs(t, err, refund.OutcomeUnknown, key)
	}
	assert.Empty(t, second.Arrivals())

	// A person looks into the ledger and decides; then everything can be done.
	for key := range open {
		decision := refund.Resolution{Status: refund.StatusNotSent, By: "Ana", Note: "not in the gateway's books"}
		if booked[key] == 1 {
			decision.Status, decision.Note = refund.StatusSucceeded, "found in the gateway's books"
		}
		_, err := client.Resolve(ctx, key, decision)
		require.NoError(t, err, key)
	}
	for _, o := range orders(number) {
		res, err := client.Refund(ctx, shop.Request(o.key, o.payment))
		if !known(o.payment) {
			assert.Equal(t, refund.StatusRefused, refund.StatusOf(err), o.key)
			continue
		}
		if assert.NoError(t, err, o.key) {
			assert.Equal(t, refund.StatusSucceeded, res.Status, o.key)
		}
	}
	for key, n := range shop.Times(second) {
		booked[key] += n
	}
	for _, o := range orders(number) {
		want := 0
		if known(o.payment) {
			want = 1
		}
		assert.Equal(t, want, booked[o.key], "%s, in the end", o.key)
	}
	assert.Empty(t, w.unknown(ctx, t, number))
}

func paymentOf(number int, key string) string {
	for _, o := range orders(number) {
		if o.key == key {
			return o.payment
		}
	}
	return ""
}

// unknown returns the keys of a life that the journal lists as unknown.
func (w *world) unknown(ctx context.Context, t *testing.T, number int) map[string]bool {
	t.Helper()
	keys := make(map[string]bool)
	f := journal.Filter{Status: []refund.Status{refund.StatusUnknown}, Limit: 10}
	for {
		page, err := w.store.List(ctx, f)
		require.NoError(t, err)
		for _, e := range page.Entries {
			if strings.HasPrefix(e.Key, fmt.Sprintf("key-%d-", number)) {
				keys[e.Key] = true
			}
		}
		if page.Next == "" {
			return keys
		}
		f.Cursor = page.Next
	}
}
