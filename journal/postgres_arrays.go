package journal

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"time"
)

// PostgreSQL gets rows as an array for each column, so that a statement is the same
// for any number of rows. Every driver sends an array as a text. pgx also takes a
// slice, which it sends as the server keeps it: a text takes the server as long to
// read as the rows to write.

// takesSlices asks whether the driver sends slices, and the server gets the same.
func takesSlices(ctx context.Context, db *sql.DB) bool {
	const question = `SELECT $1::bigint[] = '{-9223372036854775808,7}' AND $2::bigint[] = '{7,NULL}' AND $3::smallint[] = '{1,NULL}' AND $4::text[] = '{"\"\\,{}",""}'` +
		` AND $5::text[] = '{NULL,"ş"}' AND $6::timestamptz[] = '{"2026-05-04T03:02:01.000002Z"}' AND $7::text[] = '{}'`
	seven, one, text := int64(7), int64(1), "ş"
	var same bool
	err := db.QueryRowContext(ctx, question, []int64{-1 << 63, 7}, []*int64{&seven, nil}, []*int64{&one, nil}, []string{`"\,{}`, ""},
		[]*string{nil, &text}, []time.Time{time.Date(2026, 5, 4, 3, 2, 1, 2000, time.UTC)}, []string{}).Scan(&same)
	return err == nil && same
}

// appendSlices appends a slice for each column.
func appendSlices(args []any, columns string, rows []*row, values func(*row) []any) []any {
	table := make([][]any, len(rows))
	for i, r := range rows {
		table[i] = values(r)
	}
	for i, name := range strings.Split(columns, ", ") {
		switch postgresTypes[name] {
		case "text":
			args = append(args, slice[string](table, i))
		case "timestamptz":
			args = append(args, slice[time.Time](table, i))
		default:
			args = append(args, slice[int64](table, i))
		}
	}
	return args
}

// slice is a column as a []T, or as a []*T if it has a NULL.
func slice[T any](table [][]any, column int) any {
	all, pointers, null := make([]T, len(table)), make([]*T, len(table)), false
	for i, values := range table {
		if v, ok := values[column].(T); ok {
			all[i], pointers[i] = v, &all[i]
		} else {
			null = true
		}
	}
	if null {
		return pointers
	}
	return all
}

// appendArrays appends the text of an array for each column.
func appendArrays(args []any, columns string, rows []*row, values func(*row) []any) []any {
	arrays := make([][]byte, count(columns))
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
