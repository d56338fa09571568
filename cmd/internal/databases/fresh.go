package databases

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// Fresh makes an empty database of its own, for a test or a benchmark: a file in
// the folder dsn for SQLite, a schema in the database dsn for PostgreSQL, a
// database on the server dsn for MySQL. The caller drops it at the end.
func Fresh(ctx context.Context, name Name, dsn string) (own string, drop func(context.Context) error, err error) {
	fresh := "refund_test_" + strings.ToLower(rand.Text()[:16])
	switch name {
	case SQLite:
		dir, err := os.MkdirTemp(dsn, fresh)
		if err != nil {
			return "", nil, unnamed(name, err)
		}
		return dir + "/journal.db", func(context.Context) error { return os.RemoveAll(dir) }, nil
	case PostgreSQL:
		address, err := url.Parse(dsn)
		if err != nil || address.Scheme == "" {
			return "", nil, unnamed(name, errors.New("the DSN must be a URL, postgres://user@host/database")) // err shows the password
		}
		q := address.Query()
		q.Set("search_path", fresh)
		address.RawQuery = q.Encode()
		drop, err = pair(ctx, name, dsn, "CREATE SCHEMA "+fresh, "DROP SCHEMA "+fresh+" CASCADE")
		return address.String(), drop, err
	case MySQL:
		cfg, err := mysql.ParseDSN(dsn)
		if err != nil {
			return "", nil, unnamed(name, err)
		}
		cfg.DBName = fresh
		drop, err = pair(ctx, name, dsn, "CREATE DATABASE "+fresh, "DROP DATABASE "+fresh)
		return cfg.FormatDSN(), drop, err
	default:
		return "", nil, unknown(name)
	}
}

// pair executes a statement and returns what undoes it.
func pair(ctx context.Context, name Name, dsn, statement, undo string) (drop func(context.Context) error, err error) {
	exec := func(ctx context.Context, statement string) error {
		db, err := Open(ctx, name, dsn)
		if err != nil {
			return err
		}
		_, err = db.ExecContext(ctx, statement)
		return errors.Join(err, db.Close())
	}
	return func(ctx context.Context) error { return exec(ctx, undo) }, exec(ctx, statement)
}

// unnamed leaves the DSN out, which may hold a password.
func unnamed(name Name, err error) error { return fmt.Errorf("databases: open %s: %w", name, err) }

func unknown(name Name) error { return fmt.Errorf("databases: there is no %q", string(name)) }
