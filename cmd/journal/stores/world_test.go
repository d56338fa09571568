package stores_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/cmd/internal/databases"
	"github.com/gorefund/refund/cmd/internal/databases/testdb"
	"github.com/gorefund/refund/internal/sim"
)

// seedsVar is how many seeds are run: JOURNAL_TEST_SEEDS=1000.
const seedsVar = "JOURNAL_TEST_SEEDS"

// The simulated world keeps its refunds in SQLite itself for some seeds, and its
// histories are to the letter those of the journal in memory.
func TestWorldInSQLite(t *testing.T) {
	t.Parallel()
	n := uint64(40)
	if s := os.Getenv(seedsVar); s != "" {
		var err error
		n, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err, seedsVar)
	} else if testing.Short() {
		n = 5
	}
	for seed := range n {
		own := testdb.New(t, databases.SQLite)
		kept, err := sim.Run(sim.Options{Seed: seed, Store: own.Journal(t)})
		require.NoError(t, err, "seed %d:\n%s", seed, kept)
		remembered, err := sim.Run(sim.Options{Seed: seed})
		require.NoError(t, err, "seed %d:\n%s", seed, remembered)
		require.Equal(t, remembered.String(), kept.String(), "seed %d", seed)
		require.Equal(t, remembered.Sum(), kept.Sum(), "seed %d", seed)
	}
}
