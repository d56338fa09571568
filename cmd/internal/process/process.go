// Package process lets a test run parts of itself in other processes, and kill
// them. A package's TestMain names the parts:
//
//	func TestMain(m *testing.M) {
//		os.Exit(process.Main(m, map[string]process.Role{"sender": sender}))
//	}
//
// and a test starts one with [Start]. A process ends with its parent, however
// that ends.
package process

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	roleVar  = "JOURNAL_TEST_ROLE"
	inputVar = "JOURNAL_TEST_INPUT"
)

// Role is what a process does instead of tests. An error fails the process.
type Role func(Life) error

// Life is a process as it sees itself.
type Life struct {
	input string
	begin chan struct{}
}

// Input reads what the parent gave to [Start].
func (l Life) Input(into any) error { return json.Unmarshal([]byte(l.input), into) }

// Say tells the parent one line, at once.
func (l Life) Say(format string, args ...any) {
	// One call is one write, so that lines of several goroutines do not mix.
	fmt.Fprintf(os.Stdout, format+"\n", args...)
}

// AwaitGo says "ready" and waits for [Process.Go], so that several processes
// begin together.
func (l Life) AwaitGo() {
	l.Say("ready")
	<-l.begin
}

// Die ends the process at once, as a power failure would: nothing is flushed,
// closed or undone.
func Die() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill() // SIGKILL
	}
	select {} // until it comes
}

// Main runs the tests, or the role that the process was started for. It returns
// the exit code.
func Main(m *testing.M, roles map[string]Role) int {
	name := os.Getenv(roleVar)
	if name == "" {
		return m.Run()
	}
	role, ok := roles[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "process: there is no role %q\n", name)
		return 1
	}
	life := Life{input: os.Getenv(inputVar), begin: make(chan struct{})}
	go followParent(life.begin)
	if err := role(life); err != nil {
		fmt.Fprintf(os.Stderr, "process: %s: %v\n", name, err)
		return 1
	}
	return 0
}

// followParent reads the pipe that the parent holds open as long as it lives.
func followParent(begin chan<- struct{}) {
	first := make([]byte, 1)
	if _, err := io.ReadFull(os.Stdin, first); err == nil {
		close(begin)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	Die()
}

// Process is a running role.
type Process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string
	ended chan struct{}
	err   error // valid once ended is closed
}

// Start starts a role with an input, which travels as JSON. The process is
// killed when the test ends.
func Start(t testing.TB, role string, input any) *Process {
	t.Helper()
	text, err := json.Marshal(input)
	require.NoError(t, err)
	self, err := os.Executable()
	require.NoError(t, err)
	p := &Process{cmd: exec.Command(self), lines: make(chan string), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), roleVar+"="+role, inputVar+"="+string(text))
	p.cmd.Stderr = os.Stderr
	p.stdin, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.ended)
		scanner := bufio.NewScanner(stdout)
		for scanner.Scan() {
			p.lines <- scanner.Text()
		}
		close(p.lines)
		p.err = errors.Join(scanner.Err(), p.cmd.Wait())
	}()
	t.Cleanup(func() {
		p.Kill()
		p.Rest()
	})
	return p
}

// Lines are what the process says; the channel is closed when it has ended. They
// must be read: a process that nobody listens to waits.
func (p *Process) Lines() <-chan string { return p.lines }

// Go lets the process pass [Life.AwaitGo].
func (p *Process) Go() { _, _ = p.stdin.Write([]byte{'\n'}) }

// Kill sends SIGKILL. A process that has ended already takes no harm.
func (p *Process) Kill() { _ = p.cmd.Process.Kill() }

// Rest waits for the end and returns what the process said until then, and its
// error if it failed or was killed.
func (p *Process) Rest() (lines []string, err error) {
	for line := range p.lines {
		lines = append(lines, line)
	}
	<-p.ended
	return lines, p.err
}

// Killed reports whether err is that of a process which was killed.
func Killed(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}
