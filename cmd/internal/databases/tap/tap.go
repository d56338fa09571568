// Package tap stands between database/sql and a driver, so that a test sees each
// statement, and can stop, fail or die at each.
package tap

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/gorefund/refund/cmd/internal/databases"
)

// Moment is when something happens to a database.
type Moment struct {
	Statement string // SQL, or one of the words below
	Args      []driver.NamedValue
	After     bool // the database has carried it out; otherwise it is about to get it
}

// The words for what is no statement of the journal's own.
const (
	Begin    = "(begin)"
	Commit   = "(commit)"
	Rollback = "(rollback)"
)

// Tap is called at each moment, by several goroutines. An error breaks the
// connection, and is returned in place of the database's own answer: what was not
// committed yet is undone, and what was is done, though nobody was told.
type Tap func(Moment) error

// Open opens a database like [databases.Open], with a tap.
func Open(ctx context.Context, name databases.Name, dsn string, tap Tap) (*sql.DB, error) {
	return databases.OpenVia(ctx, name, dsn, func(c driver.Connector) driver.Connector { return &connector{c, tap} })
}

type connector struct {
	driver.Connector
	tap Tap
}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := inner.(fullConn)
	if !ok {
		_ = inner.Close()
		return nil, errors.New("tap: the driver's connection lacks an interface of database/sql/driver")
	}
	return &conn{fullConn: full, tap: c.tap, open: make(map[*stmt]bool)}, nil
}

// fullConn is what the connections of all three drivers can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
}

// conn is used by one goroutine at a time, as each driver's is.
type conn struct {
	fullConn
	tap    Tap
	broken bool
	open   map[*stmt]bool
}

// around calls the tap before and after f.
func around[T any](c *conn, statement string, args []driver.NamedValue, f func() (T, error)) (T, error) {
	var none T
	if c.broken {
		return none, driver.ErrBadConn
	}
	if err := c.tap(Moment{Statement: statement, Args: args}); err != nil {
		c.breakUp()
		return none, err
	}
	result, err := f()
	if err != nil {
		return result, err
	}
	if err := c.tap(Moment{Statement: statement, Args: args, After: true}); err != nil {
		if rows, ok := any(result).(driver.Rows); ok {
			_ = rows.Close()
		}
		c.breakUp()
		return none, err
	}
	return result, nil
}

// breakUp ends the connection as a server sees it end. SQLite has no server, and
// keeps a transaction until the last statement of its connection is closed.
func (c *conn) breakUp() {
	c.broken = true
	for s := range c.open {
		_ = s.fullStmt.Close()
	}
	_ = c.fullConn.Close()
}

func (c *conn) Close() error {
	if c.broken {
		return nil
	}
	return c.fullConn.Close()
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return around(c, query, args, func() (driver.Result, error) { return c.fullConn.ExecContext(ctx, query, args) })
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return around(c, query, args, func() (driver.Rows, error) { return c.fullConn.QueryContext(ctx, query, args) })
}

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if c.broken {
		return nil, driver.ErrBadConn
	}
	s, err := c.fullConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	full, ok := s.(fullStmt)
	if !ok {
		_ = s.Close()
		return nil, errors.New("tap: the driver's statement lacks an interface of database/sql/driver")
	}
	wrapped := &stmt{full, query, c}
	c.open[wrapped] = true
	return wrapped, nil
}

func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	inner, err := around(c, Begin, nil, func() (driver.Tx, error) { return c.fullConn.BeginTx(ctx, opts) })
	if err != nil {
		return nil, err
	}
	return &tx{inner, c}, nil
}

// Ping reports a broken connection as a driver does.
func (c *conn) Ping(ctx context.Context) error {
	if c.broken {
		return driver.ErrBadConn
	}
	return c.fullConn.Ping(ctx)
}

// ResetSession lets the pool drop a broken connection.
func (c *conn) ResetSession(ctx context.Context) error {
	if c.broken {
		return driver.ErrBadConn
	}
	return c.fullConn.ResetSession(ctx)
}

// Close closes a statement; those of a broken connection are closed already.
func (s *stmt) Close() error {
	if s.conn.broken {
		return nil
	}
	delete(s.conn.open, s)
	return s.fullStmt.Close()
}

// CheckNamedValue leaves it to the driver to convert what it knows.
func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.fullConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// IsValid lets the pool drop a connection that the driver has given up.
func (c *conn) IsValid() bool {
	v, ok := c.fullConn.(driver.Validator)
	return !c.broken && (!ok || v.IsValid())
}

type fullStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type stmt struct {
	fullStmt
	query string
	conn  *conn
}

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return around(s.conn, s.query, args, func() (driver.Result, error) { return s.fullStmt.ExecContext(ctx, args) })
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return around(s.conn, s.query, args, func() (driver.Rows, error) { return s.fullStmt.QueryContext(ctx, args) })
}

// CheckNamedValue leaves it to the driver to convert what it knows.
func (s *stmt) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := s.fullStmt.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type tx struct {
	driver.Tx
	conn *conn
}

func (t *tx) Commit() error   { return t.end(Commit, t.Tx.Commit) }
func (t *tx) Rollback() error { return t.end(Rollback, t.Tx.Rollback) }

func (t *tx) end(word string, f func() error) error {
	_, err := around(t.conn, word, nil, func() (struct{}, error) { return struct{}{}, f() })
	return err
}
