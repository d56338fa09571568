package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorefund/refund"
)

// mysql is MySQL and MariaDB. Their statements list the rows one by one, which
// any version understands alike.
type mysql struct{}

// mysqlLocks is the number of rows in refund_locks. Two payments that share one
// wait for each other, nothing worse.
const mysqlLocks = 16 * 16 * 16 * 4

var mysqlMigrations = [][]string{
	// Texts that are compared are binary: every collation that both MySQL and
	// MariaDB have takes "a" and "a " for the same.
	{
		`CREATE TABLE IF NOT EXISTS refund_entries (
			id           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
			entry_key    VARBINARY(255) NOT NULL,
			provider     VARBINARY(255) NOT NULL,
			gateway      VARBINARY(255) NOT NULL,
			environment  VARBINARY(255) NOT NULL,
			payment_id   VARBINARY(255) NOT NULL,
			began_at     DATETIME(6) NOT NULL,
			lease_until  DATETIME(6) NOT NULL,
			status       VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
			amount_minor BIGINT,
			currency     CHAR(3) CHARACTER SET ascii COLLATE ascii_bin,
			version      BIGINT NOT NULL,
			stamp        BIGINT NOT NULL,
			changed_at   DATETIME(6) NOT NULL,
			open_mark    TINYINT,
			details      MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
			UNIQUE KEY refund_entries_key (entry_key),
			UNIQUE KEY refund_entries_one_open (payment_id, provider, environment, open_mark),
			KEY refund_entries_status (status, id)
		) ENGINE=InnoDB ROW_FORMAT=DYNAMIC`,
		`CREATE TABLE IF NOT EXISTS refund_locks (slot INT NOT NULL PRIMARY KEY) ENGINE=InnoDB`,
		`INSERT IGNORE INTO refund_locks (slot) WITH RECURSIVE d (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < 15)
			SELECT a.n + 16 * b.n + 256 * c.n + 4096 * e.n FROM d AS a CROSS JOIN d AS b CROSS JOIN d AS c CROSS JOIN d AS e WHERE e.n < 4`,
	},
	{
		`CREATE TABLE IF NOT EXISTS refund_events (
			id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
			provider    VARBINARY(255) NOT NULL,
			event_id    VARBINARY(255) NOT NULL,
			received_at DATETIME(6) NOT NULL,
			waiting     TINYINT,
			body        MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
			UNIQUE KEY refund_events_id (provider, event_id),
			KEY refund_events_waiting (waiting, provider, id)
		) ENGINE=InnoDB ROW_FORMAT=DYNAMIC`,
	},
}

func (mysql) latest() int { return len(mysqlMigrations) }

// migrate excludes other processes by a named lock: what defines tables commits
// at once here, so no transaction can. A step that was interrupted is made again,
// therefore each of its statements may be repeated.
func (l mysql) migrate(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	const name = "CONCAT('refund ', MD5(DATABASE()))"
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK("+name+", 60)").Scan(&got); err != nil {
		return err
	}
	if got.Int64 != 1 {
		return errors.New("another process has been migrating for a minute")
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK("+name+")")

	if _, err := conn.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS refund_migrations (version BIGINT NOT NULL PRIMARY KEY, applied_at DATETIME(6) NOT NULL) ENGINE=InnoDB"); err != nil {
		return err
	}
	have, err := version(ctx, conn, l)
	if err != nil {
		return err
	}
	for v := have; v < l.latest(); v++ {
		for _, statement := range mysqlMigrations[v] {
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("version %d: %w", v+1, err)
			}
		}
		if err := applied(ctx, conn, l, v+1); err != nil {
			return err
		}
	}
	return nil
}

// prepare does nothing: what drivers know of the server's statements is their own
// setting.
func (mysql) prepare(context.Context, *sql.DB) error { return nil }

func (mysql) clock() string {
	return "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))"
}

// isolation makes each statement see what was committed before it began, and
// locks no gaps between rows.
func (mysql) isolation() *sql.TxOptions { return &sql.TxOptions{Isolation: sql.LevelReadCommitted} }

// lock locks rows that are never written. Locking the payment's own rows would
// not exclude a first refund of it.
func (mysql) lock(ctx context.Context, tx *sql.Tx, payments []payment) error {
	if len(payments) == 0 {
		return nil
	}
	slots := make([]uint32, 0, len(payments))
	for _, p := range payments {
		h := fnv.New32a()
		h.Write([]byte(p.text()))
		slots = append(slots, h.Sum32()%mysqlLocks)
	}
	slices.Sort(slots) // all in one order, so that two batches don't wait for each other
	slots = slices.Compact(slots)
	list := make([]string, len(slots))
	for i, slot := range slots {
		list[i] = strconv.Itoa(int(slot))
	}
	rows, err := tx.QueryContext(ctx, "SELECT slot FROM refund_locks WHERE slot IN ("+strings.Join(list, ", ")+") ORDER BY slot FOR UPDATE")
	if err != nil {
		return err
	}
	defer rows.Close()
	locked := 0
	for rows.Next() {
		locked++
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if locked != len(slots) {
		return errors.New("the table refund_locks lacks rows: nobody may change it")
	}
	return nil
}

func (mysql) load(ctx context.Context, tx *sql.Tx, keys, payments []string) (*sql.Rows, error) {
	var parts []string
	var args []any
	for _, part := range []struct {
		column string
		values []string
	}{{"entry_key", keys}, {"payment_id", payments}} {
		if len(part.values) == 0 {
			continue
		}
		parts = append(parts, "SELECT "+readColumns+" FROM refund_entries WHERE "+part.column+" IN ("+marks(len(part.values))+")")
		for _, v := range part.values {
			args = append(args, v)
		}
	}
	return tx.QueryContext(ctx, strings.Join(parts, " UNION ALL "), args...)
}

func (mysql) insert(ctx context.Context, tx *sql.Tx, rows []*row) error {
	one := "(" + marks(count(allColumns)) + ")"
	args := make([]any, 0, len(rows)*count(allColumns))
	for _, r := range rows {
		args = append(args, insertArgs(r)...)
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO refund_entries ("+allColumns+") VALUES "+one+strings.Repeat(", "+one, len(rows)-1), args...)
	return err
}

func (l mysql) change(ctx context.Context, in execer, rows []*row) (int64, error) {
	return l.update(ctx, in, changedColumns, rows, changeArgs)
}

func (l mysql) replace(ctx context.Context, tx *sql.Tx, rows []*row) (int64, error) {
	return l.update(ctx, tx, allColumns, rows, replaceArgs)
}

// update joins the table with the new values. The casts keep numbers from being
// compared as floating point, and keys from being compared by a collation.
func (mysql) update(ctx context.Context, in execer, columns string, rows []*row, values func(*row) []any) (int64, error) {
	names := strings.Split(columns, ", ")
	var set, first, next []string
	for _, name := range names {
		set = append(set, "e."+name+" = r."+name)
		value := "?"
		switch name {
		case "entry_key", "provider", "gateway", "environment", "payment_id":
			value = "CAST(? AS BINARY)"
		case "amount_minor", "version", "stamp", "open_mark":
			value = "CAST(? AS SIGNED)"
		}
		first, next = append(first, value+" AS "+name), append(next, value)
	}
	const was = "CAST(? AS BINARY)%s, CAST(? AS SIGNED)%s, CAST(? AS SIGNED)%s"
	var b strings.Builder
	b.WriteString("UPDATE refund_entries AS e JOIN (SELECT " + strings.Join(first, ", ") + ", " + fmt.Sprintf(was, " AS was_key", " AS was_version", " AS was_stamp"))
	for range len(rows) - 1 {
		b.WriteString(" UNION ALL SELECT " + strings.Join(next, ", ") + ", " + fmt.Sprintf(was, "", "", ""))
	}
	b.WriteString(") AS r ON e.entry_key = r.was_key AND e.version = r.was_version AND e.stamp = r.was_stamp SET " + strings.Join(set, ", "))
	args := make([]any, 0, len(rows)*(len(names)+3))
	for _, r := range rows {
		args = append(args, values(r)...)
	}
	res, err := in.ExecContext(ctx, b.String(), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// time has no zone: these columns know none. It is UTC all the same.
func (mysql) time(t time.Time) any { return t.Format("2006-01-02 15:04:05.000000") }

// byStatus insists: for the sake of the order the optimizer would walk the whole
// table by its primary key.
func (mysql) byStatus(refund.Status) (table, condition string) {
	return "refund_entries FORCE INDEX (refund_entries_status)", ""
}

func (mysql) param(int) string { return "?" }

// fault reads the number from the text, "Error 1213 (40001): …": the driver has
// no method for it.
func (mysql) fault(err error) fault {
	text := err.Error()
	if _, after, ok := strings.Cut(text, "Error "); ok {
		end := strings.IndexFunc(after, func(r rune) bool { return r < '0' || r > '9' })
		if end > 0 {
			switch after[:end] {
			case "1205", "1213", "1020", "3058", "3572", "4031": // lock wait, deadlock, row changed, lock not available, idle disconnect
				return conflict
			case "1062": // duplicate: somebody was faster
				return conflict
			case "1040", "1053", "1077", "1079", "1927": // too many connections, shutdown, connection killed
				return lost
			}
			return permanent
		}
	}
	if strings.Contains(text, "invalid connection") || strings.Contains(text, "bad connection") {
		return lost
	}
	return commonFault(err)
}
