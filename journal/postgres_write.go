package journal

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/gorefund/refund"
)

// postgresWrite is a function, since the statements of one each see what was
// committed before they began: after it has the locks, its INSERT sees all that
// earlier holders of them did. One statement could not lock and then look. In a
// stricter level than READ COMMITTED neither can the function, and it does
// nothing.
//
// Its arguments are an array for each column, that of the locks first.
var postgresWrite = func() string {
	var types, begun, moved []string
	arrays := func(columns string) (params, names string) {
		var list []string
		for _, name := range strings.Split(columns, ", ") {
			types = append(types, postgresTypes[name]+"[]")
			list = append(list, "$"+strconv.Itoa(len(types)))
		}
		return strings.Join(list, ", "), columns
	}
	types = append(types, "bigint[]")
	params, names := arrays(allColumns)
	begun = append(begun, params, names)
	params, names = arrays(changedColumns + ", " + wasColumns)
	moved = append(moved, params, names)
	return fmt.Sprintf(`CREATE FUNCTION refund_write(%s) RETURNS SETOF text LANGUAGE plpgsql VOLATILE
		SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $body$
		BEGIN
			IF current_setting('transaction_isolation') <> 'read committed' THEN
				RETURN;
			END IF;
			IF cardinality($1) > 0 THEN
				PERFORM pg_advisory_xact_lock(id) FROM unnest($1) AS id;
				RETURN QUERY INSERT INTO refund_entries AS e (%s) SELECT %s FROM unnest(%s) AS r (%s)
					WHERE NOT EXISTS (SELECT FROM refund_entries AS o WHERE o.payment_id = r.payment_id AND o.provider = r.provider AND o.environment = r.environment)
					ON CONFLICT DO NOTHING RETURNING e.entry_key;
			END IF;
			IF cardinality($%d) > 0 THEN
				RETURN QUERY UPDATE refund_entries AS e SET (%s) = ROW (r.%s) FROM unnest(%s) AS r (%s)
					WHERE e.entry_key = r.was_key AND e.version = r.was_version AND e.stamp = r.was_stamp RETURNING e.entry_key;
			END IF;
		END $body$`,
		strings.Join(types, ", "), allColumns, allColumns, begun[0], begun[1],
		2+count(allColumns), changedColumns, strings.ReplaceAll(changedColumns, ", ", ", r."), moved[0], moved[1])
}()

// postgresCall calls refund_write, with arrays as texts.
var postgresCall = postgresCalling(postgresArray)

// postgresCallSlices calls refund_write, with arrays as slices.
var postgresCallSlices = postgresCalling(func(n int, column string) string { return "$" + strconv.Itoa(n) + "::" + postgresTypes[column] + "[]" })

func postgresCalling(param func(n int, column string) string) string {
	args := []string{"$1::text::bigint[]"}
	for _, column := range strings.Split(allColumns+", "+changedColumns+", "+wasColumns, ", ") {
		args = append(args, param(len(args)+1, column))
	}
	return "SELECT refund_write(" + strings.Join(args, ", ") + ")"
}

// postgresChangeOne is a move that comes alone. Its plan is good without settings.
var postgresChangeOne = "UPDATE refund_entries SET " + numbered(assign(changedColumns)+" WHERE entry_key = ? AND version = ? AND stamp = ?")

// numbered replaces each question mark by $1, $2 and so on.
func numbered(query string) string {
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		query = after
	}
}

func (l *postgres) write(ctx context.Context, db *sql.DB, begun, moved []*row) (keys []string, err error) {
	if len(begun) == 0 && len(moved) == 1 { // a statement is a transaction
		res, err := db.ExecContext(ctx, postgresChangeOne, changeArgs(moved[0])...)
		if err != nil {
			return nil, err
		}
		n, err := res.RowsAffected()
		if err != nil || n != 1 {
			return nil, err
		}
		return []string{moved[0].Key}, nil
	}
	inOrder(begun)
	inOrder(moved)
	payments := make([]payment, len(begun))
	for i, r := range begun {
		payments[i] = payment{r.Provider, refund.Environment(r.Environment), r.Payment}
	}
	locks, err := postgresLocks(payments)
	if err != nil {
		return nil, err
	}
	call, appendRows := postgresCall, appendArrays
	if l.slices {
		call, appendRows = postgresCallSlices, appendSlices
	}
	args := append(make([]any, 0, 1+count(allColumns)+count(changedColumns)+count(wasColumns)), locks)
	args = appendRows(args, allColumns, begun, insertArgs)
	args = appendRows(args, changedColumns+", "+wasColumns, moved, changeArgs)
	rows, err := db.QueryContext(ctx, call, args...)
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
