package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorefund/refund"
)

// fake is a database of one table that can be told to fail. Its transactions
// come one after the other. It stands for those in which the journal lives in
// earnest; the tests with them are beside their drivers.
type fake struct {
	mu        sync.Mutex // of the fields
	table     map[string]*row
	begun     int // transactions
	loads     int
	committed int        // transactions, and statements without one
	writing   sync.Mutex // held by a transaction that has locked

	// What happens instead of a commit or a statement, if not nil. A commit is
	// done by calling apply.
	commit func(n int, apply func()) error
	exec   func(what string, rows []*row) error

	clock func() time.Time
}

var (
	errConflict = errors.New("fake: conflict")
	errLost     = errors.New("fake: the connection is lost")
	errRefused  = errors.New("fake: the database does not take that")
)

func newFake(t testing.TB) (*fake, *sql.DB) {
	f := &fake{table: make(map[string]*row)}
	db := sql.OpenDB(f)
	t.Cleanup(func() { _ = db.Close() })
	return f, db
}

func (f *fake) Connect(context.Context) (driver.Conn, error) { return &fakeConn{fake: f}, nil }
func (f *fake) Driver() driver.Driver                        { return nil }

type fakeConn struct {
	*fake
	inTx, locked bool
	staged       []*row
}

func (c *fakeConn) Prepare(string) (driver.Stmt, error) {
	return nil, errors.New("fake: nothing is prepared")
}
func (c *fakeConn) Close() error { return nil }

// CheckNamedValue lets rows through as they are.
func (c *fakeConn) CheckNamedValue(*driver.NamedValue) error { return nil }

func (c *fakeConn) Begin() (driver.Tx, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun++
	c.inTx, c.staged = true, nil
	return c, nil
}

func (c *fakeConn) end() {
	c.inTx, c.staged = false, nil
	if c.locked {
		c.locked = false
		c.writing.Unlock()
	}
}

func (c *fakeConn) Rollback() error {
	c.end()
	return nil
}

func (c *fakeConn) Commit() error {
	defer c.end()
	for range 3 {
		runtime.Gosched() // others may do what they should not
	}
	c.mu.Lock()
	n, commit := c.committed, c.commit
	c.mu.Unlock()
	if commit != nil {
		return commit(n, c.apply)
	}
	c.apply()
	return nil
}

// apply makes durable what the connection has staged.
func (c *fakeConn) apply() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.staged {
		c.table[r.Key] = r
	}
	c.committed++
}

func (c *fakeConn) ExecContext(_ context.Context, what string, args []driver.NamedValue) (driver.Result, error) {
	if what == "lock" {
		c.writing.Lock()
		c.locked = true
		return driver.RowsAffected(0), nil
	}
	rows := args[0].Value.([]*row)
	c.mu.Lock()
	exec := c.exec
	c.mu.Unlock()
	if exec != nil {
		if err := exec(what, rows); err != nil {
			return nil, err
		}
	}
	if !c.inTx {
		c.writing.Lock()
		defer c.writing.Unlock()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, r := range rows {
		was, there := c.table[r.Key]
		if what == "insert" && there {
			return nil, errConflict
		}
		if what != "insert" && (!there || was.Version != r.WasVersion || was.Stamp != r.WasStamp) {
			continue
		}
		if what == "change" {
			r.Provider, r.Gateway, r.Environment, r.Payment, r.BeganAt, r.LeaseUntil = was.Provider, was.Gateway, was.Environment, was.Payment, was.BeganAt, was.LeaseUntil
		}
		if n++; c.inTx {
			c.staged = append(c.staged, r)
			continue
		}
		c.table[r.Key] = r
	}
	if !c.inTx {
		c.committed++
	}
	return driver.RowsAffected(n), nil
}

func (c *fakeConn) QueryContext(_ context.Context, what string, args []driver.NamedValue) (driver.Rows, error) {
	if what == "write" {
		return c.write(args[0].Value.([]*row), args[1].Value.([]*row))
	}
	if what == "clock" {
		return &fakeRows{columns: []string{"micros"}, rows: [][]driver.Value{{c.clock().UnixMicro()}}}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if what == "load" {
		c.loads++
	}
	found := &fakeRows{columns: strings.Split(readColumns, ", ")}
	for _, r := range c.table {
		var is bool
		if what == "load" {
			is = slices.Contains(args[0].Value.([]string), r.Key) || slices.Contains(args[1].Value.([]string), r.Payment)
		} else { // by its key, as Entry asks
			is = r.Key == args[0].Value.(string)
		}
		if is {
			found.rows = append(found.rows, []driver.Value{r.Key, r.Provider, r.Gateway, r.Environment, r.Status, r.Minor, r.Currency, r.Version, r.Stamp, r.Open, r.Details})
		}
	}
	return found, nil
}

// write is the one step of [quick], a transaction of its own.
func (c *fakeConn) write(begun, moved []*row) (driver.Rows, error) {
	c.mu.Lock()
	n, commit, exec := c.committed, c.commit, c.exec
	c.mu.Unlock()
	if exec != nil {
		if err := exec("write", slices.Concat(begun, moved)); err != nil {
			return nil, err
		}
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	keys := &fakeRows{columns: []string{"entry_key"}}
	c.mu.Lock()
	c.staged = nil
	for _, r := range begun {
		taken := false
		for _, o := range c.table {
			taken = taken || o.Key == r.Key || o.Payment == r.Payment && o.Provider == r.Provider && o.Environment == r.Environment
		}
		if !taken {
			c.staged = append(c.staged, r)
		}
	}
	for _, r := range moved {
		if was, there := c.table[r.Key]; there && was.Version == r.WasVersion && was.Stamp == r.WasStamp {
			r.Provider, r.Gateway, r.Environment, r.Payment, r.BeganAt, r.LeaseUntil = was.Provider, was.Gateway, was.Environment, was.Payment, was.BeganAt, was.LeaseUntil
			c.staged = append(c.staged, r)
		}
	}
	c.mu.Unlock()
	for _, r := range c.staged {
		keys.rows = append(keys.rows, []driver.Value{r.Key})
	}
	if commit == nil {
		c.apply()
		return keys, nil
	}
	if err := commit(n, c.apply); err != nil {
		return nil, err
	}
	return keys, nil
}

type fakeRows struct {
	columns []string
	rows    [][]driver.Value
}

func (r *fakeRows) Columns() []string { return r.columns }
func (r *fakeRows) Close() error      { return nil }

func (r *fakeRows) Next(into []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(into, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}

// fakeLanguage is what a fake speaks.
type fakeLanguage struct{}

func (fakeLanguage) latest() int                                      { return 1 }
func (fakeLanguage) migrate(context.Context, *sql.DB) error           { return nil }
func (fakeLanguage) prepare(context.Context, *sql.DB) error           { return nil }
func (fakeLanguage) clock() string                                    { return "clock" }
func (fakeLanguage) isolation() *sql.TxOptions                        { return nil }
func (fakeLanguage) byStatus(refund.Status) (table, condition string) { return "refund_entries", "" }
func (fakeLanguage) time(t time.Time) any                             { return t }
func (fakeLanguage) param(int) string                                 { return "?" }

func (fakeLanguage) lock(ctx context.Context, tx *sql.Tx, _ []payment) error {
	_, err := tx.ExecContext(ctx, "lock")
	return err
}

func (fakeLanguage) load(ctx context.Context, tx *sql.Tx, keys, payments []string) (*sql.Rows, error) {
	return tx.QueryContext(ctx, "load", keys, payments)
}

func (fakeLanguage) insert(ctx context.Context, tx *sql.Tx, rows []*row) error {
	_, err := tx.ExecContext(ctx, "insert", rows)
	return err
}

func (fakeLanguage) change(ctx context.Context, in execer, rows []*row) (int64, error) {
	res, err := in.ExecContext(ctx, "change", rows)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (fakeLanguage) replace(ctx context.Context, tx *sql.Tx, rows []*row) (int64, error) {
	res, err := tx.ExecContext(ctx, "replace", rows)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (fakeLanguage) fault(err error) fault {
	switch {
	case errors.Is(err, errConflict):
		return conflict
	case errors.Is(err, errLost):
		return lost
	}
	return commonFault(err)
}

// fakeQuick speaks it too, and can write without reading.
type fakeQuick struct{ fakeLanguage }

func (fakeQuick) write(ctx context.Context, db *sql.DB, begun, moved []*row) (keys []string, err error) {
	rows, err := db.QueryContext(ctx, "write", begun, moved)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// bothWays runs a test with a language that can write without reading, and with
// one that cannot.
func bothWays(t *testing.T, f func(t *testing.T, l language)) {
	t.Helper()
	for name, l := range map[string]language{"slow": fakeLanguage{}, "quick": fakeQuick{}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, l)
		})
	}
}

func isQuick(s *Store) bool {
	_, is := s.lang.(quick)
	return is
}
