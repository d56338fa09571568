package process_test

import (
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/cmd/internal/process"
)

func TestMain(m *testing.M) {
	os.Exit(process.Main(m, map[string]process.Role{
		"echo": func(l process.Life) error {
			var name string
			if err := l.Input(&name); err != nil {
				return err
			}
			l.AwaitGo()
			l.Say("hello, %s", name)
			return nil
		},
		"fail": func(process.Life) error { return errors.New("as asked") },
		"die":  func(process.Life) error { process.Die(); return nil },
		"hang": func(l process.Life) error { l.AwaitGo(); return nil },
	}))
}

func TestRoleSpeaks(t *testing.T) {
	t.Parallel()
	p := process.Start(t, "echo", "world")
	assert.Equal(t, "ready", <-p.Lines())
	p.Go()
	lines, err := p.Rest()
	require.NoError(t, err)
	assert.Equal(t, []string{"hello, world"}, lines)
}

func TestEnds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		role   string
		killed bool
	}{{"fail", false}, {"no such role", false}, {"die", true}} {
		t.Run(test.role, func(t *testing.T) {
			t.Parallel()
			_, err := process.Start(t, test.role, nil).Rest()
			require.Error(t, err)
			assert.Equal(t, test.killed, process.Killed(err), err)
		})
	}
}

func TestKill(t *testing.T) {
	t.Parallel()
	p := process.Start(t, "hang", nil)
	assert.Equal(t, "ready", <-p.Lines())
	p.Kill()
	_, err := p.Rest()
	assert.True(t, process.Killed(err), err)
}
