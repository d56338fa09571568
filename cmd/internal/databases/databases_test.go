package databases_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/cmd/internal/databases"
	"github.com/gorefund/refund/cmd/internal/databases/testdb"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			db := testdb.New(t, name).Open(t)
			var got string
			require.NoError(t, db.QueryRowContext(t.Context(), "SELECT 'ş中😀'").Scan(&got))
			assert.Equal(t, "ş中😀", got)
		})
	}
}

// A commit that has returned survives a power failure: each connection has that
// setting, not only the first one.
func TestSQLiteIsDurable(t *testing.T) {
	t.Parallel()
	db, err := databases.Open(t.Context(), databases.SQLite, filepath.Join(t.TempDir(), "a b?c#d%20.db"))
	require.NoError(t, err)
	defer db.Close()
	for range 3 {
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close() // held until all are open
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "10000"} {
			var got string
			require.NoError(t, conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
			assert.Equal(t, want, got, pragma)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		title string
		name  databases.Name
		dsn   string
	}{
		{"an unknown kind", "oracle", "x"},
		{"a file in a folder that is not there", databases.SQLite, filepath.Join(t.TempDir(), "no", "where.db")},
		{"a server that is not there", databases.PostgreSQL, "postgres://shop:hunter2@127.0.0.1:1/test?sslmode=disable"},
		{"a server that is not there", databases.MySQL, "shop:hunter2@tcp(127.0.0.1:1)/test"},
		{"a text that is no DSN", databases.PostgreSQL, "postgres://shop:hunter2@127.0.0.1:port/test"},
		{"a text that is no DSN", databases.MySQL, "shop:hunter2@127.0.0.1"},
	} {
		t.Run(test.title, func(t *testing.T) {
			t.Parallel()
			db, err := databases.Open(t.Context(), test.name, test.dsn)
			require.Error(t, err)
			assert.Nil(t, db)
			assert.NotContains(t, err.Error(), "hunter2", "a password")
		})
	}
}
