package tap_test

import (
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/cmd/internal/databases/tap"
	"github.com/gorefund/refund/cmd/internal/databases/testdb"
)

// All that changes a database passes by, and can be failed after it is done.
func TestTap(t *testing.T) {
	t.Parallel()
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var seen []string
			lost := errors.New("the answer is lost")
			lose := func(tap.Moment) bool { return false }
			at := testdb.New(t, name)
			db, err := tap.Open(t.Context(), at.Name, at.DSN, func(m tap.Moment) error {
				mu.Lock()
				defer mu.Unlock()
				if !m.After {
					seen = append(seen, m.Statement)
				}
				if lose(m) {
					return lost
				}
				return nil
			})
			require.NoError(t, err)
			defer db.Close()
			_, err = db.ExecContext(t.Context(), "CREATE TABLE t (a INT)")
			require.NoError(t, err)

			seen = nil
			insert := func() (*sql.Tx, error) {
				tx, err := db.BeginTx(t.Context(), nil)
				require.NoError(t, err)
				_, err = tx.ExecContext(t.Context(), "INSERT INTO t VALUES (1)")
				require.NoError(t, err)
				second, err := tx.PrepareContext(t.Context(), "INSERT INTO t VALUES (2)")
				require.NoError(t, err)
				_, err = second.ExecContext(t.Context())
				return tx, errors.Join(err, second.Close())
			}
			rows := func() (n int) {
				require.NoError(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM t").Scan(&n))
				return n
			}
			lose = func(m tap.Moment) bool { return m.Statement == tap.Commit && m.After }
			tx, err := insert()
			require.NoError(t, err)
			require.ErrorIs(t, tx.Commit(), lost)
			assert.Equal(t, []string{tap.Begin, "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)", tap.Commit}, seen)
			assert.Equal(t, 2, rows(), "the commit was carried out all the same")

			lose = func(m tap.Moment) bool { return m.Statement == tap.Commit && !m.After }
			tx, err = insert()
			require.NoError(t, err)
			require.ErrorIs(t, tx.Commit(), lost)
			assert.Equal(t, 2, rows(), "the commit did not arrive")

			lose = func(m tap.Moment) bool { return strings.HasSuffix(m.Statement, "(2)") && m.After }
			tx, err = insert()
			require.ErrorIs(t, err, lost)
			assert.Error(t, tx.Commit(), "the connection is gone")
			assert.Equal(t, 2, rows(), "what was not committed is undone")
		})
	}
}
