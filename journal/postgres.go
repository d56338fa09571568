package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorefund/refund"
)

// postgres writes all rows of a batch by one statement.
type postgres struct {
	slices bool // the driver takes them as arrays
}

var postgresMigrations = []string{
	// Keys and ids are compared byte by byte, whatever the database's collation.
	`CREATE TABLE refund_entries (
		id           bigint GENERATED ALWAYS AS IDENTITY,
		entry_key    text COLLATE "C" NOT NULL PRIMARY KEY,
		provider     text COLLATE "C" NOT NULL,
		gateway      text COLLATE "C" NOT NULL,
		environment  text COLLATE "C" NOT NULL,
		payment_id   text COLLATE "C" NOT NULL,
		began_at     timestamptz NOT NULL,
		lease_until  timestamptz NOT NULL,
		status       text COLLATE "C" NOT NULL,
		amount_minor bigint,
		currency     text,
		version      bigint NOT NULL,
		stamp        bigint NOT NULL,
		changed_at   timestamptz NOT NULL,
		open_mark    smallint,
		details      text NOT NULL,
		CONSTRAINT refund_entries_one_open UNIQUE (payment_id, provider, environment, open_mark)
	);
	CREATE INDEX refund_entries_status ON refund_entries (status, id)`,
	postgresWrite,
	`CREATE TABLE refund_events (
		id          bigint GENERATED ALWAYS AS IDENTITY,
		provider    text COLLATE "C" NOT NULL,
		event_id    text COLLATE "C" NOT NULL,
		received_at timestamptz NOT NULL,
		waiting     smallint,
		body        text NOT NULL,
		PRIMARY KEY (provider, event_id)
	);
	CREATE INDEX refund_events_waiting ON refund_events (provider, id) WHERE waiting = 1`,
}

// postgresMigrating is the advisory lock of migrations, "refund" in ASCII.
const postgresMigrating = 0x726566756e64

func (l *postgres) latest() int { return len(postgresMigrations) }

func (l *postgres) migrate(ctx context.Context, db *sql.DB) error {
	return inOneTransaction(ctx, db, l, postgresMigrations,
		"SELECT pg_advisory_xact_lock("+strconv.FormatInt(postgresMigrating, 10)+")",
		"CREATE TABLE IF NOT EXISTS refund_migrations (version bigint PRIMARY KEY, applied_at timestamptz NOT NULL)")
}

// prepare prepares no statements: what drivers know of the server's is their own
// setting.
func (l *postgres) prepare(ctx context.Context, db *sql.DB) error {
	l.slices = takesSlices(ctx, db)
	return nil
}

func (l *postgres) clock() string {
	return "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS bigint)"
}

// isolation makes each statement see what was committed before it began: those
// after the lock see all that earlier holders of it did. In a stricter level they
// would see the state from before the lock.
func (l *postgres) isolation() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelReadCommitted}
}

// lock also forbids, in this transaction only, plans that read the whole table.
// Drivers keep a plan, and one that was best for an empty table would be kept
// until the table is next analyzed.
func (l *postgres) lock(ctx context.Context, tx *sql.Tx, payments []payment) error {
	locks, err := postgresLocks(payments)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, postgresLock, locks)
	return err
}

// postgresLocks are the numbers of the payments' advisory locks, as the text of
// an array.
func postgresLocks(payments []payment) (string, error) {
	ids := make([]int64, 0, len(payments))
	for _, p := range payments {
		h := fnv.New64a()
		h.Write([]byte(p.text()))
		ids = append(ids, int64(h.Sum64()))
	}
	slices.Sort(ids) // all in one order, so that two batches don't wait for each other
	list, err := json.Marshal(slices.Compact(ids))
	return "{" + strings.Trim(string(list), "[]") + "}", err
}

const postgresLock = "SELECT set_config('jit', 'off', true), set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)," +
	" (SELECT count(pg_advisory_xact_lock(id)) FROM unnest($1::text::bigint[]) AS id)"

const postgresLoad = "SELECT " + readColumns + " FROM json_array_elements_text($1::text::json) AS k JOIN refund_entries ON entry_key = k.value" +
	" UNION ALL SELECT " + readColumns + " FROM json_array_elements_text($2::text::json) AS p JOIN refund_entries ON payment_id = p.value"

func (l *postgres) load(ctx context.Context, tx *sql.Tx, keys, payments []string) (*sql.Rows, error) {
	k, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	p, err := json.Marshal(payments)
	if err != nil {
		return nil, err
	}
	return tx.QueryContext(ctx, postgresLoad, string(k), string(p))
}

// postgresTypes are the types of the columns, so that the parameters have one.
var postgresTypes = map[string]string{
	"entry_key": "text", "provider": "text", "gateway": "text", "environment": "text", "payment_id": "text", "began_at": "timestamptz", "lease_until": "timestamptz",
	"status": "text", "amount_minor": "bigint", "currency": "text", "version": "bigint", "stamp": "bigint", "changed_at": "timestamptz",
	"open_mark": "smallint", "details": "text", "was_key": "text", "was_version": "bigint", "was_stamp": "bigint",
}

const wasColumns = "was_key, was_version, was_stamp"

var (
	postgresInsert  = "INSERT INTO refund_entries (" + allColumns + ") SELECT " + allColumns + " FROM " + postgresRows(allColumns)
	postgresChange  = postgresUpdate(changedColumns)
	postgresReplace = postgresUpdate(allColumns)
)

func postgresUpdate(columns string) string {
	return "UPDATE refund_entries AS e SET (" + columns + ") = ROW (r." + strings.ReplaceAll(columns, ", ", ", r.") + ")" +
		" FROM " + postgresRows(columns+", "+wasColumns) + " WHERE e.entry_key = r.was_key AND e.version = r.was_version AND e.stamp = r.was_stamp"
}

// postgresRows is a table r of any number of rows, whose parameters are an array
// for each column.
func postgresRows(columns string) string {
	var arrays []string
	for _, name := range strings.Split(columns, ", ") {
		arrays = append(arrays, postgresArray(len(arrays)+1, name))
	}
	return "unnest(" + strings.Join(arrays, ", ") + ") AS r (" + columns + ")"
}

// postgresArray is the nth parameter as an array of a column's type. It comes as a
// text, which any driver sends.
func postgresArray(n int, column string) string {
	return "$" + strconv.Itoa(n) + "::text::" + postgresTypes[column] + "[]"
}

func (l *postgres) insert(ctx context.Context, tx *sql.Tx, rows []*row) error {
	_, err := execArrays(ctx, tx, postgresInsert, allColumns, rows, insertArgs)
	return err
}

func (l *postgres) change(ctx context.Context, in execer, rows []*row) (int64, error) {
	return execArrays(ctx, in, postgresChange, changedColumns+", "+wasColumns, rows, changeArgs)
}

func (l *postgres) replace(ctx context.Context, tx *sql.Tx, rows []*row) (int64, error) {
	return execArrays(ctx, tx, postgresReplace, allColumns+", "+wasColumns, rows, replaceArgs)
}

// execArrays executes a statement whose parameters are an array for each column.
func execArrays(ctx context.Context, in execer, statement, columns string, rows []*row, values func(*row) []any) (int64, error) {
	res, err := in.ExecContext(ctx, statement, appendArrays(nil, columns, rows, values)...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (l *postgres) time(t time.Time) any { return t }

func (l *postgres) byStatus(refund.Status) (table, condition string) { return "refund_entries", "" }

func (l *postgres) param(n int) string { return "$" + strconv.Itoa(n) }

// fault goes by the SQLSTATE, for which pgx and pq have a method.
func (l *postgres) fault(err error) fault {
	var stated interface{ SQLState() string }
	if !errors.As(err, &stated) {
		return commonFault(err)
	}
	switch state := stated.SQLState(); {
	case state == "40001", state == "40P01", state == "55P03": // serialization failure, deadlock, lock not available
		return conflict
	case state == "23505": // unique violation: somebody was faster
		return conflict
	case strings.HasPrefix(state, "08"), strings.HasPrefix(state, "57P"), state == "53300": // connection, shutdown, too many connections
		return lost
	}
	return permanent
}
