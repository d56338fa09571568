package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gorefund/refund"
)

// sqlite writes row by row: without a network in between, a prepared statement
// for one row is faster than any that takes all rows at once.
type sqlite struct {
	// The statements of a batch. The database closes them when it is closed.
	toLock, toLoad, toInsert, toBegin, toChange, toReplace *sql.Stmt
}

var sqliteMigrations = []string{
	// A batch excludes every other writer, so that open_mark needs no index of
	// its own here.
	`CREATE TABLE refund_entries (
		id           INTEGER PRIMARY KEY,
		entry_key    TEXT    NOT NULL UNIQUE,
		provider     TEXT    NOT NULL,
		gateway      TEXT    NOT NULL,
		environment  TEXT    NOT NULL,
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
	`CREATE TABLE refund_events (
		id          INTEGER PRIMARY KEY,
		provider    TEXT    NOT NULL,
		event_id    TEXT    NOT NULL,
		received_at INTEGER NOT NULL,
		waiting     INTEGER,
		body        TEXT    NOT NULL,
		UNIQUE (provider, event_id)
	);
	CREATE INDEX refund_events_waiting ON refund_events (provider, id) WHERE waiting = 1`,
	// Sooner or later nearly all refunds have succeeded. Without them the index stays
	// small, and a refund that succeeds only leaves it.
	`DROP INDEX refund_entries_status;
	CREATE INDEX refund_entries_status ON refund_entries (status) WHERE ` + sqliteListed,
}

// sqliteListed is what a query must say word for word to take the index by status.
const sqliteListed = "status <> 'succeeded'"

func (l *sqlite) latest() int { return len(sqliteMigrations) }

func (l *sqlite) migrate(ctx context.Context, db *sql.DB) error {
	return inOneTransaction(ctx, db, l, sqliteMigrations,
		"CREATE TABLE IF NOT EXISTS refund_migrations (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)")
}

func (l *sqlite) clock() string { return "" }

// isolation is the default: SQLite has one only, with one writer at a time.
func (l *sqlite) isolation() *sql.TxOptions { return nil }

const sqliteWas = " WHERE entry_key = ? AND version = ? AND stamp = ?"

func (l *sqlite) prepare(ctx context.Context, db *sql.DB) error {
	for _, p := range []struct {
		stmt **sql.Stmt
		text string
	}{
		{&l.toLock, "UPDATE refund_entries SET version = version WHERE id = 0"},
		{&l.toLoad, "SELECT " + readColumns + " FROM json_each(?) CROSS JOIN refund_entries ON entry_key = value" +
			" UNION ALL SELECT " + readColumns + " FROM json_each(?) CROSS JOIN refund_entries ON payment_id = value"},
		{&l.toInsert, "INSERT INTO refund_entries (" + allColumns + ") VALUES (" + marks(count(allColumns)) + ")"},
		// A payment that has an entry becomes NULL, which its column refuses, and a
		// row that is refused is ignored. INSERT ... SELECT ... WHERE would say it
		// better, but makes SQLite build a table for each row in between.
		{&l.toBegin, "INSERT OR IGNORE INTO refund_entries (" + allColumns + ") VALUES (?1, ?2, ?3, ?4, " +
			"CASE WHEN NOT EXISTS (SELECT 1 FROM refund_entries WHERE payment_id = ?5) THEN ?5 END, " + numberedMarks(6, count(allColumns)) + ")"},
		{&l.toChange, "UPDATE refund_entries SET " + assign(changedColumns) + sqliteWas},
		{&l.toReplace, "UPDATE refund_entries SET " + assign(allColumns) + sqliteWas},
	} {
		var err error
		if *p.stmt, err = db.PrepareContext(ctx, p.text); err != nil {
			return err
		}
	}
	return nil
}

// lock makes the transaction the only writer, as BEGIN IMMEDIATE would, which
// database/sql cannot say. The statement finds nothing, but it is a write.
func (l *sqlite) lock(ctx context.Context, tx *sql.Tx, _ []payment) error {
	_, err := tx.StmtContext(ctx, l.toLock).ExecContext(ctx)
	return err
}

func (l *sqlite) load(ctx context.Context, tx *sql.Tx, keys, payments []string) (*sql.Rows, error) {
	k, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	p, err := json.Marshal(payments)
	if err != nil {
		return nil, err
	}
	return tx.StmtContext(ctx, l.toLoad).QueryContext(ctx, string(k), string(p))
}

func (l *sqlite) insert(ctx context.Context, tx *sql.Tx, rows []*row) error {
	_, err := execEach(ctx, tx, l.toInsert, rows, insertArgs)
	return err
}

func (l *sqlite) change(ctx context.Context, in execer, rows []*row) (int64, error) {
	keys, err := execEach(ctx, in, l.toChange, rows, changeArgs)
	return int64(len(keys)), err
}

func (l *sqlite) replace(ctx context.Context, tx *sql.Tx, rows []*row) (int64, error) {
	keys, err := execEach(ctx, tx, l.toReplace, rows, replaceArgs)
	return int64(len(keys)), err
}

// numberedMarks returns "?6, ?7, ?8" for the arguments 6 to 8.
func numberedMarks(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		if i > from {
			b.WriteString(", ")
		}
		b.WriteString("?" + strconv.Itoa(i))
	}
	return b.String()
}

// write needs no lock of its own: the first statement of the transaction is a
// write, which makes it the only writer before anything is read.
func (l *sqlite) write(ctx context.Context, db *sql.DB, begun, moved []*row) (keys []string, err error) {
	if len(begun) == 0 && len(moved) == 1 { // a statement is a transaction
		return execEach(ctx, db, l.toChange, moved, changeArgs)
	}
	tx, err := db.BeginTx(ctx, l.isolation())
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	for _, part := range []struct {
		stmt *sql.Stmt
		rows []*row
		args func(*row) []any
	}{
		{l.toBegin, begun, insertArgs},
		{l.toChange, moved, changeArgs},
	} {
		if len(part.rows) == 0 {
			continue
		}
		written, err := execEach(ctx, tx, part.stmt, part.rows, part.args)
		if err != nil {
			return nil, err
		}
		keys = append(keys, written...)
	}
	return keys, tx.Commit()
}

// execEach executes a statement for each row and returns the keys of those that it
// has written.
func execEach(ctx context.Context, in execer, stmt *sql.Stmt, rows []*row, args func(*row) []any) (keys []string, err error) {
	// For a context that may end, drivers start a goroutine with each statement.
	// The transaction's ends all the same.
	ctx = context.WithoutCancel(ctx)
	if tx, ok := in.(*sql.Tx); ok {
		stmt = tx.StmtContext(ctx, stmt)
	}
	for i := range rows {
		res, err := stmt.ExecContext(ctx, args(rows[i])...)
		if err != nil {
			return nil, err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return nil, err
		}
		if n == 1 {
			keys = append(keys, rows[i].Key)
		}
	}
	return keys, nil
}

// time is a number of microseconds since 1970, which SQLite's functions show:
// datetime(changed_at / 1000000, 'unixepoch'). Texts would make a row a third more
// expensive to write.
func (l *sqlite) time(t time.Time) any { return t.UnixMicro() }

// byStatus lets a list of the refunds that have succeeded walk the table in order:
// it finds them everywhere.
func (l *sqlite) byStatus(s refund.Status) (table, condition string) {
	if s == refund.StatusSucceeded {
		return "refund_entries", ""
	}
	return "refund_entries", sqliteListed
}

func (l *sqlite) param(int) string { return "?" }

// fault asks for the result code that drivers have a method for, and else goes by
// the texts, which are SQLite's own.
func (l *sqlite) fault(err error) fault {
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
