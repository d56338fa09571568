package journal

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// maxBatch bounds a transaction. More operations would not make a flush cheaper
// by much, but the wait for it longer.
const maxBatch = 256

// queue lets callers that come at the same time share one run. The first one
// leads: it runs what has gathered, its own among it, while the others wait. Then
// it makes the next one the leader. So there is no goroutine of the store's own
// that somebody must stop.
type queue struct {
	run func(ops []*op) // sets each op's outcome

	mu      sync.Mutex
	led     bool
	waiting []*op
	expect  int           // how many were busy at the end of the last run
	enough  chan struct{} // closed when as many are waiting, nil if no leader waits for that
}

// turn is an op's place in the queue.
type turn struct {
	wake chan struct{} // told once at most: when it is done, or when it leads
	done bool          // written before wake is told
	err  error
}

// do waits until o is done and returns its error, or that of ctx if o has
// certainly not been part of a run.
func (q *queue) do(ctx context.Context, o *op) error {
	q.mu.Lock()
	q.waiting = append(q.waiting, o)
	leads := !q.led
	q.led = true
	if q.enough != nil && len(q.waiting) >= q.expect {
		close(q.enough)
		q.enough = nil
	}
	q.mu.Unlock()
	if !leads {
		select {
		case <-o.wake:
		case <-ctx.Done():
			if q.leave(o) {
				return ctx.Err()
			}
			<-o.wake
		}
	}
	if !o.done {
		q.lead(o)
	}
	return o.err
}

// leave takes o out of the queue, unless its run has begun or it is to lead one:
// a leader is the first in the queue.
func (q *queue) leave(o *op) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, o)
	if i < 0 || len(o.wake) > 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	return true
}

// lead runs a batch, of which o is the first, and passes the lead on.
func (q *queue) lead(o *op) {
	batch := q.gather()
	defer func() {
		for _, other := range batch {
			other.done = true
			if other != o {
				other.wake <- struct{}{}
			}
		}
		q.mu.Lock()
		defer q.mu.Unlock()
		q.expect = min(len(batch)+len(q.waiting), maxBatch)
		if len(q.waiting) == 0 {
			q.led = false
			return
		}
		q.waiting[0].wake <- struct{}{}
	}()
	for _, other := range batch {
		other.err = errUndecided // should run panic
	}
	q.run(batch)
}

var errUndecided = errors.New("journal: a call that shared the transaction panicked")

// maxGather bounds how long a leader waits for others to come back.
const maxGather = 250 * time.Microsecond

// gather takes the first ops out of the queue. Those that the run before has just
// woken are about to come back with their next operation: it waits a moment, until
// as many are there as were busy at the end of that run. A lone caller waits for
// nobody.
func (q *queue) gather() []*op {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) < q.expect {
		q.enough = make(chan struct{})
		enough := q.enough
		q.mu.Unlock()
		timer := time.NewTimer(maxGather)
		select {
		case <-enough:
		case <-timer.C:
		}
		timer.Stop()
		q.mu.Lock()
		q.enough = nil
	}
	n := min(len(q.waiting), maxBatch)
	batch := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return batch
}
