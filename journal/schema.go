package journal

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"
)

// migrate brings the tables to the latest version. A program whose account may
// not make tables can use those that are there.
func migrate(ctx context.Context, db *sql.DB, l language) error {
	// If this fails, the tables are not there, or migrating will say what it is.
	if have, err := version(ctx, db, l); err == nil && have == l.latest() {
		return nil
	}
	return persist(ctx, fewTries, l.fault, func() error { return l.migrate(ctx, db) })
}

// querier is a *sql.DB, *sql.Conn or *sql.Tx.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// version reads the version of the tables, 0 if none is made yet.
func version(ctx context.Context, in querier, l language) (int, error) {
	var have int
	if err := in.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM refund_migrations").Scan(&have); err != nil {
		return 0, err
	}
	if have > l.latest() {
		return have, fmt.Errorf("they have version %d, and this program knows %d: it is too old for them", have, l.latest())
	}
	return have, nil
}

// applied notes that a version has been reached.
func applied(ctx context.Context, in querier, l language, version int) error {
	_, err := in.ExecContext(ctx, "INSERT INTO refund_migrations (version, applied_at) VALUES ("+l.param(1)+", "+l.param(2)+")",
		version, l.time(microseconds(time.Now())))
	return err
}

// inOneTransaction makes all missing migrations or none, where the database can
// define tables inside a transaction. first makes the table of the versions.
func inOneTransaction(ctx context.Context, db *sql.DB, l language, migrations []string, first ...string) error {
	tx, err := db.BeginTx(ctx, l.isolation())
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	for _, statement := range first {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	have, err := version(ctx, tx, l)
	if err != nil {
		return err
	}
	for i, statements := range migrations[have:] {
		v := have + i + 1
		if _, err := tx.ExecContext(ctx, statements); err != nil {
			return fmt.Errorf("version "+strconv.Itoa(v)+": %w", err)
		}
		if err := applied(ctx, tx, l, v); err != nil {
			return err
		}
	}
	return tx.Commit()
}
