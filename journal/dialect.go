package journal

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorefund/refund"
)

// Dialect says which SQL a database speaks.
type Dialect int

const (
	// SQLite is SQLite 3.38 or newer.
	SQLite Dialect = iota + 1
	// PostgreSQL is PostgreSQL 12 or newer.
	PostgreSQL
	// MySQL is MySQL 8.0 or newer, or MariaDB 10.6 or newer.
	MySQL
)

// String returns "SQLite", "PostgreSQL" or "MySQL".
func (d Dialect) String() string {
	switch d {
	case SQLite:
		return "SQLite"
	case PostgreSQL:
		return "PostgreSQL"
	case MySQL:
		return "MySQL"
	default:
		return "Dialect(" + strconv.Itoa(int(d)) + ")"
	}
}

// language makes the language of one Store.
func (d Dialect) language() (language, error) {
	switch d {
	case SQLite:
		return new(sqlite), nil
	case PostgreSQL:
		return new(postgres), nil
	case MySQL:
		return mysql{}, nil
	default:
		return nil, fmt.Errorf("journal: %v is none of SQLite, PostgreSQL and MySQL", d)
	}
}

// language is what differs between the dialects.
type language interface {
	// latest is the version of the tables that this program knows, and migrate
	// brings them to it, excluding every other process that does so.
	latest() int
	migrate(ctx context.Context, db *sql.DB) error

	// prepare is called once, when the tables are there.
	prepare(ctx context.Context, db *sql.DB) error

	// clock is a query for the time by the database's clock, in microseconds since
	// 1970, or "" if that is this process's own.
	clock() string

	// isolation is that of a batch. Its reads must see what was committed before
	// its locks were taken.
	isolation() *sql.TxOptions

	// lock excludes every other Begin for these payments until the end of tx.
	lock(ctx context.Context, tx *sql.Tx, payments []payment) error

	// load reads the rows of these keys, and those of the payments with these
	// ids, of whatever provider. A row may come twice.
	load(ctx context.Context, tx *sql.Tx, keys, payments []string) (*sql.Rows, error)

	// insert adds rows, change updates what a move changes of them, and replace
	// all of them. The latter count the rows that they found as they were.
	insert(ctx context.Context, tx *sql.Tx, rows []*row) error
	change(ctx context.Context, in execer, rows []*row) (int64, error)
	replace(ctx context.Context, tx *sql.Tx, rows []*row) (int64, error)

	// byStatus is the table for a query that is to take the index by status, and a
	// condition that it must have for that, if any.
	byStatus(s refund.Status) (table, condition string)
	// time is a time in UTC as a column takes it.
	time(t time.Time) any
	// param is the placeholder of the nth argument.
	param(n int) string
	// fault says what kind of error err is.
	fault(err error) fault
}

// execer is a *sql.Tx or, for a single row, a *sql.DB.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// row is a record as the databases take it.
type row struct {
	Key         string
	Provider    string
	Gateway     string
	Environment string
	Payment     string
	Status      string
	Minor       any // int64, or nil
	Currency    any // string, or nil
	Version     int64
	Stamp       int64
	BeganAt     any
	ChangedAt   any
	LeaseUntil  any
	Open        any // 1, or nil
	Details     string

	WasVersion int64
	WasStamp   int64
}

// The columns, in groups: a move changes the second only.
const (
	fixedColumns   = "entry_key, provider, gateway, environment, payment_id, began_at, lease_until"
	changedColumns = "status, amount_minor, currency, version, stamp, changed_at, open_mark, details"
	allColumns     = fixedColumns + ", " + changedColumns
)

// fixed returns the values of fixedColumns.
func (r *row) fixed() []any {
	return []any{r.Key, r.Provider, r.Gateway, r.Environment, r.Payment, r.BeganAt, r.LeaseUntil}
}

// changed returns the values of changedColumns.
func (r *row) changed() []any {
	return []any{r.Status, r.Minor, r.Currency, r.Version, r.Stamp, r.ChangedAt, r.Open, r.Details}
}

// was returns the key, version and stamp by which a row is found as it was.
func (r *row) was() []any { return []any{r.Key, r.WasVersion, r.WasStamp} }

// insertArgs, changeArgs and replaceArgs are the values of a statement for one row.
func insertArgs(r *row) []any  { return slices.Concat(r.fixed(), r.changed()) }
func changeArgs(r *row) []any  { return slices.Concat(r.changed(), r.was()) }
func replaceArgs(r *row) []any { return slices.Concat(r.fixed(), r.changed(), r.was()) }

func (r *record) row(l language) *row {
	e := r.entry
	w := &row{
		Key: e.Key, Provider: e.Provider, Gateway: e.Gateway, Environment: string(e.Environment), Payment: e.Request.Payment.ID, Status: e.Status.String(),
		Version: e.Version, Stamp: r.stamp, BeganAt: l.time(e.BeganAt), ChangedAt: l.time(e.ChangedAt), LeaseUntil: l.time(e.LeaseUntil),
		Details: r.details,
	}
	if e.Amount.IsSet() {
		w.Minor, w.Currency = e.Amount.Minor(), e.Amount.Currency()
	}
	if r.open && e.Status == refund.StatusUnknown {
		w.Open = int64(1)
	}
	return w
}

// assign returns "a = ?, b = ?" of "a, b".
func assign(columns string) string {
	return strings.ReplaceAll(columns, ",", " = ?,") + " = ?"
}

// marks returns "?, ?" for n arguments.
func marks(n int) string {
	return strings.TrimSuffix(strings.Repeat("?, ", n), ", ")
}

// count is the number of columns in a list of them.
func count(columns string) int { return strings.Count(columns, ",") + 1 }
