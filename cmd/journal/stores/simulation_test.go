package stores_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/cmd/internal/databases"
	"github.com/gorefund/refund/internal/sim"
	"github.com/gorefund/refund/journal"
)

// The simulation, on SQLite instead of a journal in memory: it finds no fault, and the
// histories are the same, word for word. So they do not depend on what a store draws at
// random, as its stamps.
func TestSimulationOnSQLite(t *testing.T) {
	t.Parallel()
	seeds := uint64(25)
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		inMemory, err := sim.Run(sim.Options{Seed: seed})
		require.NoError(t, err)
		onDisk, err := sim.Run(sim.Options{Seed: seed, Store: sqlite(t)})
		require.NoError(t, err, "seed %d:\n%s", seed, onDisk)
		require.Equal(t, inMemory.Sum(), onDisk.Sum(), "seed %d:\n%s", seed, onDisk)
	}
}

func sqlite(t *testing.T) *journal.Store {
	t.Helper()
	db, err := databases.Open(t.Context(), databases.SQLite, filepath.Join(t.TempDir(), "journal.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	store, err := databases.Journal(t.Context(), db, databases.SQLite)
	require.NoError(t, err)
	return store
}
