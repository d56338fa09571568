package stores_test

import (
	"database/sql"
	"testing"

	_ "github.com/lib/pq"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/cmd/internal/databases"
	"github.com/gorefund/refund/cmd/internal/databases/testdb"
	"github.com/gorefund/refund/journal/journaltest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			journaltest.Run(t, func(t testing.TB) refund.Journal { return testdb.New(t, name).Journal(t) })
		})
	}
}

// Databases that their owners have set up in another way than package databases
// does.
func TestConformanceOtherSettings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		title string
		name  databases.Name
		open  func(t testing.TB, d testdb.Database) *sql.DB
	}{
		{"one connection", databases.SQLite, func(t testing.TB, d testdb.Database) *sql.DB {
			return limited(d.Open(t), 1)
		}},
		{"no pragma at all", databases.SQLite, func(t testing.TB, d testdb.Database) *sql.DB {
			db, err := sql.Open("sqlite", d.DSN)
			require.NoError(t, err)
			t.Cleanup(func() { _ = db.Close() })
			return db
		}},
		{"one connection", databases.PostgreSQL, func(t testing.TB, d testdb.Database) *sql.DB {
			return limited(d.Open(t), 1)
		}},
		{"behind a pooler, no prepared statements", databases.PostgreSQL, func(t testing.TB, d testdb.Database) *sql.DB {
			return d.With(t, "default_query_exec_mode=simple_protocol").Open(t)
		}},
		{"types guessed from the arguments", databases.PostgreSQL, func(t testing.TB, d testdb.Database) *sql.DB {
			return d.With(t, "default_query_exec_mode=exec").Open(t)
		}},
		{"another driver", databases.PostgreSQL, viaPQ},
		{"serializable", databases.PostgreSQL, func(t testing.TB, d testdb.Database) *sql.DB {
			return d.With(t, "default_transaction_isolation=serializable").Open(t)
		}},
		{"another time zone", databases.PostgreSQL, func(t testing.TB, d testdb.Database) *sql.DB {
			return d.With(t, "TimeZone=Asia/Almaty").Open(t)
		}},
		{"one connection", databases.MySQL, func(t testing.TB, d testdb.Database) *sql.DB {
			return limited(d.Open(t), 1)
		}},
		{"times parsed, found rows, values in the text", databases.MySQL, func(t testing.TB, d testdb.Database) *sql.DB {
			return d.With(t, "parseTime=true").With(t, "loc=Asia%2FAlmaty").With(t, "clientFoundRows=true").With(t, "interpolateParams=true").Open(t)
		}},
		{"read committed, another time zone", databases.MySQL, func(t testing.TB, d testdb.Database) *sql.DB {
			return d.With(t, "tx_isolation=%27READ-COMMITTED%27").With(t, "time_zone=%27%2B05%3A00%27").Open(t)
		}},
	} {
		t.Run(string(test.name)+", "+test.title, func(t *testing.T) {
			t.Parallel()
			journaltest.Run(t, func(t testing.TB) refund.Journal {
				store, err := databases.Journal(t.Context(), test.open(t, testdb.New(t, test.name)), test.name)
				require.NoError(t, err)
				return store
			})
		})
	}
}

// viaPQ opens a PostgreSQL database by lib/pq, which takes no slices as arguments.
func viaPQ(t testing.TB, d testdb.Database) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", d.DSN)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return limited(db, 8)
}

func limited(db *sql.DB, connections int) *sql.DB {
	db.SetMaxOpenConns(connections)
	return db
}
