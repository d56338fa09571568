package databases_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The library has no database driver, not even in its tests: its users choose
// theirs, and inherit none. It is built here without this module beside it.
func TestLibraryHasNoDriver(t *testing.T) {
	t.Parallel()
	library := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = "../../.."
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
		out, err := cmd.Output()
		require.NoError(t, err, "go %s", strings.Join(args, " "))
		return string(out)
	}
	for _, list := range []string{library("list", "-m", "all"), library("list", "-deps", "-test", "./...")} {
		require.Contains(t, list, "github.com/gorefund/refund")
		for _, driver := range []string{"sqlite", "pgx", "lib/pq", "go-sql-driver", "modernc.org"} {
			assert.NotContains(t, list, driver)
		}
	}
}
