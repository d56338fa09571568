// Package testdb gives each test a database of its own. SQLite is always there;
// a PostgreSQL and a MySQL or MariaDB server are named by variables:
//
//	JOURNAL_TEST_POSTGRES='postgres://postgres@127.0.0.1:5432/test?sslmode=disable'
//	JOURNAL_TEST_MYSQL='root@tcp(127.0.0.1:3306)/test'
//
// The user needs the right to create schemas there, and databases on MySQL. A
// test without its server is skipped and says so; with
// JOURNAL_TEST_DATABASES=required it fails instead. A test that crashes a server
// starts one of its own, and needs PostgreSQL's programs:
//
//	JOURNAL_TEST_POSTGRES_BIN=/usr/lib/postgresql/17/bin
package testdb

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/cmd/internal/databases"
	"github.com/gorefund/refund/journal"
)

// The variables.
const (
	PostgresVar = "JOURNAL_TEST_POSTGRES"
	MySQLVar    = "JOURNAL_TEST_MYSQL"
	RequiredVar = "JOURNAL_TEST_DATABASES"
)

// Names are the kinds of database, for a test of each.
var Names = [...]databases.Name{databases.SQLite, databases.PostgreSQL, databases.MySQL}

// Database is an empty database. It is gone when the test ends.
type Database struct {
	Name databases.Name
	DSN  string // for [databases.Open], in other processes too
}

// New makes a database, or skips the test where no server is named.
func New(t testing.TB, name databases.Name) Database {
	t.Helper()
	return fresh(t, name, place(t, name))
}

func fresh(t testing.TB, name databases.Name, place string) Database {
	t.Helper()
	dsn, drop, err := databases.Fresh(t.Context(), name, place)
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := drop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("testdb: %v", err)
		}
	})
	return Database{name, dsn}
}

// place is where databases of a kind are made.
func place(t testing.TB, name databases.Name) string {
	t.Helper()
	var variable string
	switch name {
	case databases.PostgreSQL:
		variable = PostgresVar
	case databases.MySQL:
		variable = MySQLVar
	default:
		return t.TempDir()
	}
	dsn := os.Getenv(variable)
	if dsn == "" {
		text := fmt.Sprintf("NOT TESTED on %s: no server is named; set %s, see package testdb", name, variable)
		require.NotEqual(t, "required", os.Getenv(RequiredVar), text)
		t.Skip(text)
	}
	return dsn
}

// Open opens the database for the time of the test.
func (d Database) Open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := databases.Open(t.Context(), d.Name, d.DSN)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Journal opens the journal in it, for the time of the test.
func (d Database) Journal(t testing.TB) *journal.Store {
	t.Helper()
	store, err := databases.Journal(t.Context(), d.Open(t), d.Name)
	require.NoError(t, err)
	return store
}

// With returns the database with another option in its DSN, "name=value".
func (d Database) With(t testing.TB, option string) Database {
	t.Helper()
	require.NotEqual(t, databases.SQLite, d.Name, "SQLite's DSN is a path")
	separator := "?"
	if strings.Contains(d.DSN, "?") {
		separator = "&"
	}
	d.DSN += separator + option
	return d
}
