package journal

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
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
					WHERE NOT EXISTS (SELECT FROM refund_entries AS o WHERE o.payment_id = r.payment_id AND o.provider = r.provider)
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

// postgresCall calls refund_write.
var postgresCall = func() string {
	args := []string{"$1::text::bigint[]"}
	for _, column := range strings.Split(allColumns+", "+changedColumns+", "+wasColumns, ", ") {
		args = append(args, postgresArray(len(args)+1, column))
	}
	return "SELECT refund_write(" + strings.Join(args, ", ") + ")"
}()

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

func (postgres) write(ctx context.Context, db *sql.DB, begun, moved []*row) (keys []string, err error) {
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
		payments[i] = payment{r.Provider, r.Payment}
	}
	locks, err := postgresLocks(payments)
	if err != nil {
		return nil, err
	}
	args := append(make([]any, 0, 26), locks)
	args = appendArrays(args, count(allColumns), begun, insertArgs)
	args = appendArrays(args, count(changedColumns+", "+wasColumns), moved, changeArgs)
	rows, err := db.QueryContext(ctx, postgresCall, args...)
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

// appendArrays appends the text of an array for each column.
func appendArrays(args []any, columns int, rows []*row, values func(*row) []any) []any {
	arrays := make([][]byte, columns)
	for i := range arrays {
		arrays[i] = append(arrays[i], '{')
	}
	for n, r := range rows {
		for i, v := range values(r) {
			if n > 0 {
				arrays[i] = append(arrays[i], ',')
			}
			arrays[i] = appendElement(arrays[i], v)
			if n == 0 { // the others are about as long
				arrays[i] = slices.Grow(arrays[i], len(rows)*(len(arrays[i])+2))
			}
		}
	}
	for _, a := range arrays {
		args = append(args, string(append(a, '}')))
	}
	return args
}

// appendElement appends a value as an array's text holds it.
func appendElement(b []byte, v any) []byte {
	switch v := v.(type) {
	case int64:
		return strconv.AppendInt(b, v, 10)
	case time.Time:
		return append(v.AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
	case string:
		b = append(b, '"')
		for i := range len(v) {
			if v[i] == '"' || v[i] == '\\' {
				b = append(b, '\\')
			}
			b = append(b, v[i])
		}
		return append(b, '"')
	default:
		return append(b, "NULL"...)
	}
}
