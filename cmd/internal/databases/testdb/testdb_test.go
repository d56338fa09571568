package testdb_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/cmd/internal/databases"
	"github.com/gorefund/refund/cmd/internal/databases/testdb"
)

// Two tests never see each other's tables, and nothing is left behind.
func TestEachTestHasItsOwn(t *testing.T) {
	t.Parallel()
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			var gone testdb.Database
			t.Run("first", func(t *testing.T) {
				gone = testdb.New(t, name)
				_, err := gone.Open(t).ExecContext(t.Context(), "CREATE TABLE mine (id INT)")
				require.NoError(t, err)
				other := testdb.New(t, name).Open(t)
				_, err = other.ExecContext(t.Context(), "SELECT * FROM mine")
				require.Error(t, err, "the other test's table")
			})
			if gone.DSN == "" {
				t.Skip("no server")
			}
			db, err := databases.Open(t.Context(), name, gone.DSN)
			if err != nil {
				return // the database is gone as a whole
			}
			defer db.Close()
			_, err = db.ExecContext(t.Context(), "SELECT * FROM mine")
			assert.Error(t, err, "the table outlived its test")
		})
	}
}
