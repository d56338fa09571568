package sim

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, name)
	return n
}

// tell says what went wrong in a seed, by the shortest history in which it does.
func tell(t *testing.T, seed uint64) {
	t.Helper()
	history, steps, err := Shrink(seed)
	t.Errorf("seed %d: %v\n%s\n\nagain: SIM_SEED=%d SIM_STEPS=%d go test -v -run TestSeed ./internal/sim", seed, err, history, seed, steps)
}

func TestSeeds(t *testing.T) {
	t.Parallel()
	few := uint64(400)
	if testing.Short() {
		few = 60
	}
	first, n := number(t, "SIM_FIRST", 1), number(t, "SIM_SEEDS", few)
	for _, lane := range []uint64{0, 1} { // as many at once as there are processors here
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for seed := first + lane; seed < first+n && !t.Failed(); seed += 2 {
				if _, err := Run(Options{Seed: seed}); err != nil {
					tell(t, seed)
				}
			}
		})
	}
}

func TestSeed(t *testing.T) {
	t.Parallel()
	if os.Getenv("SIM_SEED") == "" {
		t.Skip("set SIM_SEED to tell the history of one seed")
	}
	history, err := Run(Options{Seed: number(t, "SIM_SEED", 0), Steps: int(number(t, "SIM_STEPS", 0))})
	t.Logf("\n%s", history)
	assert.NoError(t, err)
}

// A seed is a history, the same each time.
func TestSeedIsAHistory(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		one, errOne := Run(Options{Seed: seed})
		two, errTwo := Run(Options{Seed: seed})
		require.Equal(t, errOne, errTwo)
		require.Equal(t, one.Sum(), two.Sum(), "seed %d:\n%s", seed, one)
	}
}
