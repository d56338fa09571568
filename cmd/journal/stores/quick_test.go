package stores_test

import (
	"database/sql"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/cmd/internal/databases"
	"github.com/gorefund/refund/cmd/internal/databases/tap"
	"github.com/gorefund/refund/cmd/internal/databases/testdb"
)

const quickWrite = "SELECT refund_write"

// The connection breaks while a refund is written, before the database gets it or
// after it was durable. Who asked finds its own work, or does it, once.
func TestLostWhileWriting(t *testing.T) {
	t.Parallel()
	for _, name := range testdb.Names {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, after %t", name, after), func(t *testing.T) {
				t.Parallel()
				at := testdb.New(t, name)
				var armed, inTx bool
				losses := 0
				db, err := tap.Open(t.Context(), name, at.DSN, func(m tap.Moment) error { // one goroutine asks
					durable := m.Statement == tap.Commit || !inTx && (strings.HasPrefix(m.Statement, "UPDATE") || strings.HasPrefix(m.Statement, quickWrite))
					switch m.Statement {
					case tap.Begin:
						inTx = true
					case tap.Commit, tap.Rollback:
						inTx = inTx && !m.After
					}
					if !armed || m.After != after || !durable {
						return nil
					}
					armed, inTx = false, false
					losses++
					return io.ErrUnexpectedEOF
				})
				require.NoError(t, err)
				defer db.Close()
				store, err := databases.Journal(t.Context(), db, name)
				require.NoError(t, err)

				for i := range 3 {
					key := fmt.Sprintf("key-%d", i)
					armed, inTx = true, false
					e, fresh, err := store.Begin(t.Context(), intent(key, "TRX-"+key))
					require.NoError(t, err)
					assert.True(t, fresh, "it is this caller's own entry: nobody else would ever send it")
					_, fresh, err = at.Journal(t).Begin(t.Context(), intent(key, "TRX-"+key))
					require.NoError(t, err)
					assert.False(t, fresh, "it would be sent twice")

					if i == 1 { // not remembered
						other, err := databases.Journal(t.Context(), db, name)
						require.NoError(t, err)
						store = other
					}
					armed, inTx = true, false
					moved, err := store.Move(t.Context(), key, e.Version, refund.Move{Change: refund.Change{Status: refund.StatusPending, At: start, Cause: refund.CauseAnswer}})
					require.NoError(t, err, "its own move is not somebody else's")
					assert.Len(t, moved.History, 2, "moved once")
					stored, err := at.Journal(t).Entry(t.Context(), key)
					require.NoError(t, err)
					assert.Equal(t, asJSON(t, moved), asJSON(t, stored))
				}
				assert.Equal(t, 6, losses, "each of the three refunds is written twice")
			})
		}
	}
}

// In a level of isolation in which it could not see what was committed before its
// locks, PostgreSQL's function writes nothing; the transaction that follows does. A
// move that comes alone needs to see nothing but its row.
func TestStricterIsolation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		level string
		quick bool
	}{{"read%20committed", true}, {"repeatable%20read", false}, {"serializable", false}} {
		t.Run(c.level, func(t *testing.T) {
			t.Parallel()
			at := testdb.New(t, databases.PostgreSQL)
			watch := at.Open(t)
			var written []string // after each call of the function
			db, err := tap.Open(t.Context(), at.Name, at.With(t, "default_transaction_isolation="+c.level).DSN, func(m tap.Moment) error {
				if m.After && strings.HasPrefix(m.Statement, quickWrite) {
					written = append(written, strings.TrimSpace(table(t, watch, "SELECT entry_key, version FROM refund_entries")))
				}
				return nil
			})
			require.NoError(t, err)
			defer db.Close()
			store, err := databases.Journal(t.Context(), db, at.Name)
			require.NoError(t, err)

			e, fresh, err := store.Begin(t.Context(), intent("key", payment))
			require.NoError(t, err)
			assert.True(t, fresh)
			_, err = store.Move(t.Context(), "key", e.Version, refund.Move{Change: refund.Change{Status: refund.StatusSucceeded, At: start, Cause: refund.CauseAnswer}})
			require.NoError(t, err)
			want := []string{""}
			if c.quick {
				want = []string{"|key|1|"}
			}
			assert.Equal(t, want, written)
			assert.Equal(t, "|key|2|\n", table(t, watch, "SELECT entry_key, version FROM refund_entries"))
		})
	}
}

// pgx gets rows as slices, which cost the server half of what texts do.
func TestSlicesForPGX(t *testing.T) {
	t.Parallel()
	at := testdb.New(t, databases.PostgreSQL)
	seen := make(map[string]bool)
	db, err := tap.Open(t.Context(), at.Name, at.DSN, func(m tap.Moment) error {
		if strings.HasPrefix(m.Statement, quickWrite) {
			for _, arg := range m.Args[1:] {
				seen[fmt.Sprintf("%T", arg.Value)] = true
			}
		}
		return nil
	})
	require.NoError(t, err)
	defer db.Close()
	store, err := databases.Journal(t.Context(), db, at.Name)
	require.NoError(t, err)
	in := intent("key", payment)
	in.Request = refund.Full(payment) // of an amount that the gateway alone knows
	in.Request.Key = "key"
	_, fresh, err := store.Begin(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, fresh)
	assert.Equal(t, map[string]bool{"[]string": true, "[]int64": true, "[]time.Time": true, "[]*string": true, "[]*int64": true}, seen)
}

// Texts that mean something in the text of an array, of JSON or of SQL, many of
// them in one batch.
func TestTextsInBatches(t *testing.T) {
	t.Parallel()
	var texts []string
	for _, s := range []string{
		`"`, `""`, `"a`, `a"`, `\`, `\\`, `\"`, `\\"`, `a\`, `\n`, `\x41`, `,`, `a,b`, `,,`, `{`, `}`, `{}`, `{a,b}`, `{"a","b"}`, `{{}}`, `(`, `(a,b)`,
		"NULL", "null", "Null", `"NULL"`, " ", "  ", " a", "a ", "\t", "\n", "a\nb", "\r\n", "\v", "\f", "\b", "\x01", "\x7f", "'", "''", `$1`, `$body$`, "%", "%s", "?", ";",
		"-- a", "/*", "[1:1]={a}", "ş", "中", "😀", "e\u0301", "\u00a0", "\u2028", "\ufeff", "\u200f", "\U0010ffff", "\u0085",
	} {
		texts = append(texts, s, s+s, "a"+s+"b")
	}
	slices.Sort(texts)
	texts = slices.Compact(texts)
	opened := func(t testing.TB, d testdb.Database) *sql.DB { return d.Open(t) }
	for _, driver := range []struct {
		title string
		name  databases.Name
		open  func(t testing.TB, d testdb.Database) *sql.DB
	}{
		{"sqlite", databases.SQLite, opened}, {"mysql", databases.MySQL, opened},
		{"postgresql by pgx", databases.PostgreSQL, opened}, {"postgresql by lib/pq", databases.PostgreSQL, viaPQ},
	} {
		t.Run(driver.title, func(t *testing.T) {
			t.Parallel()
			at := testdb.New(t, driver.name)
			store, err := databases.Journal(t.Context(), driver.open(t, at), driver.name)
			require.NoError(t, err)
			var wg sync.WaitGroup
			for _, s := range texts {
				wg.Go(func() {
					in := intent(s, s)
					in.Provider, in.Gateway, in.Environment, in.Request.Reason = s, s, refund.Environment(s), s
					in.Request.Params = map[string]string{s: s, s + s: ""}
					want := in.NewEntry(in.Request.Amount, nil)
					e, fresh, err := store.Begin(t.Context(), in)
					if !assert.NoError(t, err, "%q", s) {
						return
					}
					assert.True(t, fresh, "%q", s)
					m := refund.Move{Change: refund.Change{Status: refund.StatusSucceeded, At: start.Add(time.Second), Cause: refund.CausePerson, By: s, Note: s}}
					want.Apply(m)
					_, err = store.Move(t.Context(), s, e.Version, m)
					assert.NoError(t, err, "%q", s)
					stored, err := store.Entry(t.Context(), s)
					if assert.NoError(t, err, "%q", s) {
						assert.Equal(t, asJSON(t, want), asJSON(t, stored))
					}
				})
			}
			wg.Wait()
			n := fmt.Sprintf("|%d|\n", len(texts))
			assert.Equal(t, n, table(t, at.Open(t), "SELECT COUNT(*) FROM refund_entries WHERE entry_key = payment_id AND entry_key = provider AND entry_key = gateway AND entry_key = environment AND version = 2"))
		})
	}
}
