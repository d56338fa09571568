package testdb

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/cmd/internal/databases"
)

// PostgresBinVar names the folder of PostgreSQL's own programs, for tests that
// crash a server: they start one of their own.
const PostgresBinVar = "JOURNAL_TEST_POSTGRES_BIN"

// Server is a PostgreSQL server of a test's own.
type Server struct {
	DSN string // of its database, as [databases.Open] takes it

	program string
	args    []string
	as      *syscall.SysProcAttr
	running *exec.Cmd
}

// NewServer starts a server for the time of the test, or skips the test where
// nobody says where its programs are.
func NewServer(t testing.TB) *Server {
	t.Helper()
	bin := os.Getenv(PostgresBinVar)
	if bin == "" {
		text := fmt.Sprintf("NOT TESTED with a server that crashes: set %s, see package testdb", PostgresBinVar)
		require.NotEqual(t, "required", os.Getenv(RequiredVar), text)
		t.Skip(text)
	}
	data := t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	require.NoError(t, listener.Close())
	s := &Server{
		DSN:     "postgres://postgres@127.0.0.1:" + port + "/postgres?sslmode=disable",
		program: filepath.Join(bin, "postgres"),
		args:    []string{"-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="},
	}
	if os.Geteuid() == 0 { // it refuses to run as root
		s.as = owner(t, "postgres", data)
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
	initdb.SysProcAttr = s.as
	out, err := initdb.CombinedOutput()
	require.NoError(t, err, "%s", out)
	s.start(t)
	t.Cleanup(func() { s.stop(t) })
	return s
}

// owner gives a folder that t made to a user, lets that user pass the one around it,
// and returns what makes a program run as that user.
func owner(t testing.TB, name, folder string) *syscall.SysProcAttr {
	t.Helper()
	u, err := user.Lookup(name)
	require.NoError(t, err)
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	require.NoError(t, err)
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	require.NoError(t, err)
	require.NoError(t, os.Chown(folder, int(uid), int(gid)))
	require.NoError(t, os.Chmod(filepath.Dir(folder), 0o711))
	return runAs(uint32(uid), uint32(gid))
}

// Crash ends the server at once, without a checkpoint and without a word to
// anybody, and starts it again: it recovers what it has flushed.
func (s *Server) Crash(t testing.TB) {
	t.Helper()
	s.stop(t)
	s.start(t)
}

func (s *Server) start(t testing.TB) {
	t.Helper()
	s.running = exec.Command(s.program, s.args...)
	s.running.SysProcAttr = s.as
	require.NoError(t, s.running.Start())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		db, err := databases.Open(ctx, databases.PostgreSQL, s.DSN)
		if err == nil {
			require.NoError(t, db.Close())
			return
		}
		pause := time.NewTimer(10 * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			require.NoError(t, err, "the server does not answer")
		}
	}
}

func (s *Server) stop(t testing.TB) {
	t.Helper()
	require.NoError(t, s.running.Process.Signal(syscall.SIGQUIT)) // "immediate shutdown"
	_ = s.running.Wait()                                          // whose exit status says so
}

// New makes a database on the server.
func (s *Server) New(t testing.TB) Database {
	t.Helper()
	return fresh(t, databases.PostgreSQL, s.DSN)
}
