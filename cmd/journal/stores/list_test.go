package stores_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"regexp"
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
	"github.com/gorefund/refund/cmd/internal/databases/tap"
	"github.com/gorefund/refund/cmd/internal/databases/testdb"
	"github.com/gorefund/refund/cmd/internal/shop"
	"github.com/gorefund/refund/journal"
)

// rowsVar asks for another number of rows than the default:
//
//	JOURNAL_TEST_ROWS=1000000 go test -run TestList -timeout 60m ./journal/stores
const rowsVar = "JOURNAL_TEST_ROWS"

func rows(t *testing.T) int {
	if s := os.Getenv(rowsVar); s != "" {
		n, err := strconv.Atoi(s)
		require.NoError(t, err, rowsVar)
		return n
	}
	if testing.Short() {
		return 2000
	}
	return 20_000
}

// One of so many refunds is unknown, and as many are pending.
const oneOf = 500

var start = time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)

func intent(key, payment string) refund.Intent {
	return refund.Intent{
		Key: key, Provider: "shop", Gateway: "tlpe", Environment: refund.Sandbox, Request: shop.Request(key, payment), At: start, Lease: time.Minute,
	}
}

// fill makes n refunds, most of them done, and returns the keys of the others.
func fill(ctx context.Context, store *journal.Store, n int) (open map[string]bool, err error) {
	open = make(map[string]bool)
	var mu sync.Mutex
	var last atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	one := func(i int) error {
		key := fmt.Sprintf("key-%07d", i)
		in := intent(key, fmt.Sprintf("TRX-%07d", i))
		in.At = start.Add(time.Duration(i) * time.Second)
		e, _, err := store.Begin(ctx, in)
		if err != nil {
			return err
		}
		status := refund.StatusSucceeded
		switch i % oneOf {
		case 17:
			mu.Lock()
			open[key] = true
			mu.Unlock()
			return nil // as if the process had died here
		case 18:
			mu.Lock()
			open[key] = true
			mu.Unlock()
			status = refund.StatusPending
		}
		_, err = store.Move(ctx, key, e.Version, refund.Move{Change: refund.Change{Status: status, At: in.At.Add(time.Millisecond), Cause: refund.CauseAnswer}})
		return err
	}
	for range 64 {
		wg.Go(func() {
			for i := int(last.Add(1)); i <= n && failed.Load() == nil; i = int(last.Add(1)) {
				if err := one(i); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return nil, *err
	}
	return open, nil
}

// The unresolved ones of many refunds come in pages, by an index.
func TestListUnresolved(t *testing.T) {
	t.Parallel()
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			at := testdb.New(t, name)
			var asked recorder
			db, err := tap.Open(t.Context(), name, at.DSN, asked.tap)
			require.NoError(t, err)
			defer db.Close()
			store, err := databases.Journal(t.Context(), db, name)
			require.NoError(t, err)
			open, err := fill(t.Context(), store, rows(t))
			require.NoError(t, err)
			if name != databases.SQLite { // the servers do it by themselves from time to time
				for _, table := range tables(t, db, name) {
					analyze(t, db, name, table)
				}
			}

			filter := journal.Filter{Status: []refund.Status{refund.StatusUnknown, refund.StatusPending}, Limit: 7}
			asked.reset()
			found := pages(t, store, filter, func(int) {})
			for key := range open {
				assert.Equal(t, 1, found[key], key)
			}
			assert.Len(t, found, len(open))
			asked.explain(t, at, len(open))
			filter.Status = filter.Status[:1]
			asked.reset()
			assert.Len(t, pages(t, store, filter, func(int) {}), (rows(t)-17)/oneOf+1)
			asked.explain(t, at, len(open))

			succeeded := pages(t, store, journal.Filter{Status: []refund.Status{refund.StatusSucceeded}, Limit: 1000}, func(int) {})
			assert.Len(t, succeeded, rows(t)-len(open))

			// Those of one payment, of an age, of a gateway.
			for title, f := range map[string]journal.Filter{
				"payment":  {Provider: "shop", Payment: "TRX-0000017"},
				"age":      {Status: filter.Status, Before: start.Add(20 * time.Minute)},
				"provider": {Status: filter.Status, Provider: "shop"},
				"gateway":  {Status: filter.Status, Gateway: "tlpe"},
			} {
				t.Run(title, func(t *testing.T) {
					f.Limit = 5
					asked.reset()
					assert.NotEmpty(t, pages(t, store, f, func(int) {}))
					asked.explain(t, at, len(open))
				})
			}
		})
	}
}

// pages reads all pages and counts the keys.
func pages(t *testing.T, store *journal.Store, f journal.Filter, between func(page int)) map[string]int {
	t.Helper()
	found := make(map[string]int)
	for page := 0; ; page++ {
		p, err := store.List(t.Context(), f)
		require.NoError(t, err)
		require.LessOrEqual(t, len(p.Entries), f.Limit)
		for _, e := range p.Entries {
			found[e.Key]++
		}
		if p.Next == "" {
			return found
		}
		require.NotEmpty(t, p.Entries, "a page without entries that is not the last")
		f.Cursor = p.Next
		between(page)
	}
}

// What is resolved while somebody pages neither hides another one nor shows one
// twice.
func TestListWhileItChanges(t *testing.T) {
	t.Parallel()
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			store := testdb.New(t, name).Journal(t)
			const n = 40
			for i := range n {
				in := intent(fmt.Sprintf("key-%02d", i), fmt.Sprintf("TRX-%02d", i))
				in.At = start.Add(time.Duration(i/4) * time.Second) // several at the same time
				_, _, err := store.Begin(t.Context(), in)
				require.NoError(t, err)
			}
			resolved := make(map[string]bool)
			found := pages(t, store, journal.Filter{Status: []refund.Status{refund.StatusUnknown}, Limit: 7}, func(page int) {
				for _, i := range []int{page, n - 1 - page} { // one that was seen, one that comes
					key := fmt.Sprintf("key-%02d", i)
					_, err := store.Move(t.Context(), key, 1, refund.Move{Change: refund.Change{
						Status: refund.StatusSucceeded, At: start.Add(time.Hour), Cause: refund.CausePerson, By: "Ana", Note: "seen at the gateway",
					}})
					require.NoError(t, err)
					resolved[key] = true
				}
			})
			for i := range n {
				key := fmt.Sprintf("key-%02d", i)
				if resolved[key] {
					assert.LessOrEqual(t, found[key], 1, key)
				} else {
					assert.Equal(t, 1, found[key], key)
				}
			}
		})
	}
}

// recorder keeps what the store asks a database.
type recorder struct {
	mu   sync.Mutex
	seen []tap.Moment
}

func (r *recorder) tap(m tap.Moment) error {
	if m.After || !strings.HasPrefix(strings.TrimSpace(m.Statement), "SELECT") {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, m)
	return nil
}

func (r *recorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = nil
}

// explain lets the database tell how it answers what was asked: by an index, and
// without reading all there is. unresolved is how many rows a status has.
func (r *recorder) explain(t *testing.T, at testdb.Database, unresolved int) {
	t.Helper()
	r.mu.Lock()
	seen := r.seen
	r.seen = nil
	r.mu.Unlock()
	require.NotEmpty(t, seen, "the store asks nothing that begins with SELECT")
	db := at.Open(t)
	db.SetMaxOpenConns(1)                                        // the counters are a connection's own
	for _, m := range []tap.Moment{seen[0], seen[len(seen)-1]} { // the first page and the last
		args := make([]any, len(m.Args))
		for i, a := range m.Args {
			args[i] = a.Value
		}
		switch at.Name {
		case databases.SQLite:
			plan := table(t, db, "EXPLAIN QUERY PLAN "+m.Statement, args...)
			assert.Contains(t, plan, "|SEARCH refund_entries USING INDEX refund_entries_", m.Statement)
			assert.NotContains(t, plan, "|SCAN refund_entries", m.Statement)
			assert.NotContains(t, plan, "PRIMARY KEY", m.Statement)
			if !strings.Contains(m.Statement, "UNION") && !strings.Contains(m.Statement, "payment_id =") {
				// The others sort no more rows than some pages have.
				assert.NotContains(t, plan, "TEMP B-TREE", m.Statement)
			}
		case databases.PostgreSQL:
			plan := table(t, db, "EXPLAIN ANALYZE "+m.Statement, args...)
			assert.Contains(t, plan, "Index", m.Statement)
			assert.NotContains(t, plan, "Seq Scan", m.Statement)
			for _, removed := range removedRows.FindAllStringSubmatch(plan, -1) {
				n, err := strconv.Atoi(removed[1])
				require.NoError(t, err)
				assert.LessOrEqual(t, n, unresolved, "rows read in vain\n%s\n%s", m.Statement, plan)
			}
		case databases.MySQL:
			before := rowsRead(t, db)
			table(t, db, m.Statement, args...)
			read := rowsRead(t, db) - before
			// Rows whose status has just changed count among those of the old one for
			// a while. Then the last pages are read in the table's order from where the
			// page before ended.
			assert.Less(t, read, rows(t)/4, "rows read\n%s\n%s", m.Statement, table(t, db, "EXPLAIN "+m.Statement, args...))
		}
	}
}

var removedRows = regexp.MustCompile(`Rows Removed by Filter: (\d+)`)

// rowsRead counts the rows that a MySQL connection has read.
func rowsRead(t *testing.T, db *sql.DB) int {
	t.Helper()
	sum := 0
	for line := range strings.Lines(table(t, db, "SHOW SESSION STATUS LIKE 'Handler_read%'")) {
		n, err := strconv.Atoi(strings.Split(line, "|")[2])
		require.NoError(t, err)
		sum += n
	}
	return sum
}

// table returns the answer to a query as text.
func table(t *testing.T, db *sql.DB, query string, args ...any) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	require.NoError(t, err, query)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var b strings.Builder
	for rows.Next() {
		row := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		require.NoError(t, rows.Scan(into...))
		for _, value := range row {
			b.WriteString("|" + value.String)
		}
		b.WriteString("|\n")
	}
	require.NoError(t, rows.Err())
	return b.String()
}

func tables(t *testing.T, db *sql.DB, name databases.Name) []string {
	t.Helper()
	where := "current_schema()"
	if name == databases.MySQL {
		where = "DATABASE()"
	}
	text := table(t, db, "SELECT table_name FROM information_schema.tables WHERE table_schema = "+where)
	return strings.Fields(strings.ReplaceAll(text, "|", " "))
}

func analyze(t *testing.T, db *sql.DB, name databases.Name, table string) {
	t.Helper()
	command := "ANALYZE "
	if name == databases.MySQL {
		command = "ANALYZE TABLE "
	}
	_, err := db.ExecContext(t.Context(), command+table)
	require.NoError(t, err)
}
