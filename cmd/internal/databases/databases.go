// Package databases opens the databases that a journal can live in, with their
// drivers. The drivers are here and not in the library, so that its users
// inherit none.
package databases

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/gorefund/refund/journal"
)

// Name is the name of a kind of database.
type Name string

// The kinds of database.
const (
	SQLite     Name = "sqlite"     // its DSN is the path of the file
	PostgreSQL Name = "postgresql" // its DSN is a URL, postgres://user@host/database
	MySQL      Name = "mysql"      // MariaDB too; its DSN is the driver's, user@tcp(host:port)/database
)

const (
	// busy is how long a writer waits for another process's transaction.
	busy = 10 * time.Second
	// connections is enough for one process: concurrent refunds share
	// transactions, so that more connections would only wait for each other.
	connections = 8
)

// Journal opens the journal in a database, and makes its tables where they are
// missing.
func Journal(ctx context.Context, db *sql.DB, name Name) (*journal.Store, error) {
	switch name {
	case SQLite:
		return journal.Open(ctx, db, journal.SQLite)
	case PostgreSQL:
		return journal.Open(ctx, db, journal.PostgreSQL)
	case MySQL:
		return journal.Open(ctx, db, journal.MySQL)
	default:
		return nil, unknown(name)
	}
}

// Open opens a database and makes sure that it answers. The caller closes it.
func Open(ctx context.Context, name Name, dsn string) (*sql.DB, error) {
	return OpenVia(ctx, name, dsn, func(c driver.Connector) driver.Connector { return c })
}

// OpenVia is Open with something between the pool and the driver.
func OpenVia(ctx context.Context, name Name, dsn string, via func(driver.Connector) driver.Connector) (*sql.DB, error) {
	c, err := connector(name, dsn)
	if err != nil {
		return nil, unnamed(name, err)
	}
	db := sql.OpenDB(via(c))
	// A new connection for each refund costs more than the refund: all are kept.
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if err := ping(ctx, db); err != nil {
		_ = db.Close()
		return nil, unnamed(name, err)
	}
	return db, nil
}

func connector(name Name, dsn string) (driver.Connector, error) {
	switch name {
	case SQLite:
		return sqliteConnector(dsn)
	case PostgreSQL:
		cfg, err := pgx.ParseConfig(dsn)
		if err != nil {
			return nil, err
		}
		return stdlib.GetConnector(*cfg), nil
	case MySQL:
		cfg, err := mysql.ParseDSN(dsn)
		if err != nil {
			return nil, err
		}
		cfg.Logger = &mysql.NopLogger{} // it returns the same errors
		return mysql.NewConnector(cfg)
	default:
		return nil, errors.New("there is no such kind of database")
	}
}

// sqliteConnector sets what makes a commit durable, also when the power fails,
// and what lets several processes wait for each other.
func sqliteConnector(path string) (driver.Connector, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	options := url.Values{"_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()), "journal_mode(WAL)", "synchronous(FULL)",
	}}
	file := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: options.Encode()}
	return sqlite.NewConnector(file.String())
}

// ping opens the first connection. It tries again while another process makes a
// SQLite file a WAL one: SQLite does not wait for that, whatever its busy
// time-out is.
func ping(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, busy)
	defer cancel()
	for {
		err := db.PingContext(ctx)
		if e := (*sqlite.Error)(nil); !errors.As(err, &e) || e.Code()&0xff != sqlite3.SQLITE_BUSY {
			return err
		}
		pause := time.NewTimer(5 * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}
