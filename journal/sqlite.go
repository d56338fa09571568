package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// sqlite writes row by row: without a network in between, a prepared statement
// for one row is faster than any that takes all rows at once.
type sqlite struct{}

var sqliteMigrations = []string{
	// A batch excludes every other writer, so that open_mark needs no index of
	// its own here.
	`CREATE TABLE refund_entries (
		id           INTEGER PRIMARY KEY,
		entry_key    TEXT    NOT NULL UNIQUE,
		provider     TEXT    NOT NULL,
		gateway      TEXT    NOT NULL,
		payment_id   TEXT    NOT NULL,
		began_at     INTEGER NOT NULL,
		lease_until  INTEGER NOT NULL,
		status       TEXT    NOT NULL,
		amount_minor INTEGER,
		currency     TEXT,
		version      INTEGER NOT NULL,
		stamp        INTEGER NOT NULL,
		changed_at   INTEGER NOT NULL,
		open_mark    INTEGER,
		details      TEXT    NOT NULL
	);
	CREATE INDEX refund_entries_payment ON refund_entries (payment_id);
	CREATE INDEX refund_entries_status ON refund_entries (status)`,
}

func (sqlite) latest() int { return len(sqliteMigrations) }

func (l sqlite) migrate(ctx context.Context, db *sql.DB) error {
	return inOneTransaction(ctx, db, l, sqliteMigrations,
		"CREATE TABLE IF NOT EXISTS refund_migrations (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)")
}

// isolation is the default: SQLite has one only, with one writer at a time.
func (sqlite) isolation() *sql.TxOptions { return nil }

// lock makes the transaction the only writer, as BEGIN IMMEDIATE would, which
// database/sql cannot say. The statement finds nothing, but it is a write.
func (sqlite) lock(ctx context.Context, tx *sql.Tx, _ []payment) error {
	_, err := tx.ExecContext(ctx, "UPDATE refund_entries SET version = version WHERE id = 0")
	return err
}

const sqliteLoad = "SELECT " + readColumns + " FROM json_each(?) CROSS JOIN refund_entries ON entry_key = value" +
	" UNION ALL SELECT " + readColumns + " FROM json_each(?) CROSS JOIN refund_entries ON payment_id = value"

func (sqlite) load(ctx context.Context, tx *sql.Tx, keys, payments []string) (*sql.Rows, error) {
	k, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	p, err := json.Marshal(payments)
	if err != nil {
		return nil, err
	}
	return tx.QueryContext(ctx, sqliteLoad, string(k), string(p))
}

var (
	sqliteInsert  = "INSERT INTO refund_entries (" + allColumns + ") VALUES (" + marks(count(allColumns)) + ")"
	sqliteChange  = "UPDATE refund_entries SET " + assign(changedColumns) + " WHERE entry_key = ? AND version = ? AND stamp = ?"
	sqliteReplace = "UPDATE refund_entries SET " + assign(allColumns) + " WHERE entry_key = ? AND version = ? AND stamp = ?"
)

func (sqlite) insert(ctx context.Context, in execer, rows []row) error {
	_, err := execEach(ctx, in, sqliteInsert, rows, func(r *row) []any { return append(r.fixed(), r.changed()...) })
	return err
}

func (sqlite) change(ctx context.Context, in execer, rows []row) (int64, error) {
	return execEach(ctx, in, sqliteChange, rows, func(r *row) []any { return append(r.changed(), r.was()...) })
}

func (sqlite) replace(ctx context.Context, in execer, rows []row) (int64, error) {
	return execEach(ctx, in, sqliteReplace, rows, func(r *row) []any {
		return append(append(r.fixed(), r.changed()...), r.was()...)
	})
}

// execEach executes a statement for each row and adds up the rows affected.
func execEach(ctx context.Context, in execer, query string, rows []row, args func(*row) []any) (affected int64, err error) {
	ctx = context.WithoutCancel(ctx) // for one that may end, drivers start a goroutine each time; the transaction's ends it too
	exec := func(args []any) (sql.Result, error) { return in.ExecContext(ctx, query, args...) }
	if len(rows) > 1 {
		stmt, err := in.PrepareContext(ctx, query)
		if err != nil {
			return 0, err
		}
		defer stmt.Close()
		exec = func(args []any) (sql.Result, error) { return stmt.ExecContext(ctx, args...) }
	}
	for i := range rows {
		res, err := exec(args(&rows[i]))
		if err != nil {
			return 0, err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, err
		}
		affected += n
	}
	return affected, nil
}

// time is a number of microseconds since 1970, which SQLite's functions show:
// datetime(changed_at / 1000000, 'unixepoch'). Texts would make a row a third more
// expensive to write.
func (sqlite) time(t time.Time) any { return t.UnixMicro() }

func (sqlite) byStatus() string { return "refund_entries" }

func (sqlite) param(int) string { return "?" }

// fault asks for the result code that drivers have a method for, and else goes by
// the texts, which are SQLite's own.
func (sqlite) fault(err error) fault {
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		switch coded.Code() & 0xff { // the rest says more exactly which
		case 5, 6: // SQLITE_BUSY, SQLITE_LOCKED
			return conflict
		}
	}
	for _, text := range []string{"database is locked", "database table is locked", "database schema is locked", "SQLITE_BUSY", "SQLITE_LOCKED"} {
		if strings.Contains(err.Error(), text) {
			return conflict
		}
	}
	if strings.Contains(err.Error(), "UNIQUE constraint failed: refund_") {
		return conflict // somebody was faster
	}
	return commonFault(err)
}
