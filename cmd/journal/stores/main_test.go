package stores_test

import (
	"os"
	"testing"

	"github.com/gorefund/refund/cmd/internal/process"
)

func TestMain(m *testing.M) {
	os.Exit(process.Main(m, map[string]process.Role{"caller": caller, "migrator": migrator, "long runner": longRunner}))
}
