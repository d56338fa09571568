package sim

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/gorefund/refund"
)

// task is something that happens bit by bit. It runs in a goroutine of its own, but only
// while the scheduler waits for it.
type task struct {
	name   string
	of     *process // nil: of the world outside
	resume chan struct{}
	wake   time.Time // it waits until then
	dying  bool
	ended  bool

	sending  *attempt      // whose request it has to send, once Begin has stored it
	looked   time.Time     // when it last asked the gateway
	applying *refund.Event // which callback it carries out
	saw      *refund.Entry // what the person saw who decides
	by       *process      // at whose console
}

type taskKey struct{}

func taskOf(ctx context.Context) *task {
	t, _ := ctx.Value(taskKey{}).(*task)
	return t
}

// scheduler runs tasks, one at a time.
type scheduler struct {
	rand  *rand.Rand
	now   time.Time
	tasks []*task
	back  chan *task // who was running has come to a point where it waits, or has ended
}

func newScheduler(seed uint64) *scheduler {
	return &scheduler{rand: rand.New(rand.NewPCG(seed, 20)), now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), back: make(chan *task)}
}

// start makes a task that begins with the next step that chooses it.
func (s *scheduler) start(name string, of *process, run func(ctx context.Context)) *task {
	t := &task{name: name, of: of, resume: make(chan struct{}), wake: s.now}
	s.tasks = append(s.tasks, t)
	go func() {
		defer func() {
			t.ended = true
			s.back <- t
		}()
		<-t.resume
		if t.dying {
			return
		}
		run(context.WithValue(context.Background(), taskKey{}, t))
	}()
	return t
}

// wait is where a task may be interrupted, die, or have others go first. Without a task,
// while the world is being made, it does nothing.
func (s *scheduler) wait(ctx context.Context) { s.sleep(ctx, 0) }

// sleep waits until so much time has passed, and others wanted to go first.
func (s *scheduler) sleep(ctx context.Context, d time.Duration) {
	t := taskOf(ctx)
	if t == nil {
		return
	}
	if t.dying {
		runtime.Goexit()
	}
	t.wake = s.now.Add(d)
	s.back <- t
	<-t.resume
	if t.dying {
		runtime.Goexit()
	}
}

// step lets one task run to its next point, and reports whether there was one. Where all
// wait for a time, that time comes.
func (s *scheduler) step() bool {
	s.bury()
	s.tasks = slices.DeleteFunc(s.tasks, func(t *task) bool { return t.ended })
	if len(s.tasks) == 0 {
		return false
	}
	var ready []*task
	next := s.tasks[0].wake
	for _, t := range s.tasks {
		if !t.wake.After(s.now) {
			ready = append(ready, t)
		}
		if t.wake.Before(next) {
			next = t.wake
		}
	}
	if len(ready) == 0 {
		s.now = next
		return s.step()
	}
	s.now = s.now.Add(time.Duration(1+s.rand.IntN(40)) * time.Millisecond)
	s.run(ready[s.rand.IntN(len(ready))])
	return true
}

func (s *scheduler) run(t *task) {
	t.resume <- struct{}{}
	<-s.back
}

// doom has tasks end where they stand, before anything else happens. What they hold in
// memory is gone.
func (s *scheduler) doom(which func(*task) bool) {
	for _, t := range s.tasks {
		t.dying = t.dying || which(t)
	}
}

// bury ends what is doomed.
func (s *scheduler) bury() {
	for _, t := range s.tasks {
		for t.dying && !t.ended { // a goroutine that it waits for may come to its end first
			s.run(t)
		}
	}
}

// suspend lets tasks stand still for a while.
func (s *scheduler) suspend(d time.Duration, which func(*task) bool) {
	for _, t := range s.tasks {
		if !t.ended && which(t) && t.wake.Before(s.now.Add(d)) {
			t.wake = s.now.Add(d)
		}
	}
}

// chance is true n times of a hundred.
func (s *scheduler) chance(n int) bool { return s.rand.IntN(100) < n }

func (s *scheduler) between(from, to time.Duration) time.Duration {
	return from + time.Duration(s.rand.Int64N(int64(to-from)+1))
}

func oneOf[T any](s *scheduler, from ...T) T { return from[s.rand.IntN(len(from))] }
