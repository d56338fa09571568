package journal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// runs records what a queue has run.
type runs struct {
	mu      sync.Mutex
	batches [][]string
	took    time.Duration // each
	active  int
}

func (r *runs) run(ops []*op) {
	r.mu.Lock()
	r.active++
	if r.active > 1 {
		panic("two runs at once")
	}
	var keys []string
	for _, o := range ops {
		keys = append(keys, o.key)
	}
	r.batches = append(r.batches, keys)
	r.mu.Unlock()
	time.Sleep(r.took)
	for _, o := range ops {
		o.err = errors.New("ran " + o.key)
	}
	r.mu.Lock()
	r.active--
	r.mu.Unlock()
}

func (r *runs) times(key string) (n int) {
	for _, b := range r.batches {
		for _, k := range b {
			if k == key {
				n++
			}
		}
	}
	return n
}

func TestQueueLoneCallerWaitsForNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &runs{}
		q := &queue{run: r.run}
		begun := time.Now()
		for i := range 3 {
			require.EqualError(t, q.do(t.Context(), newOp(fmt.Sprint(i))), fmt.Sprintf("ran %d", i))
		}
		assert.Equal(t, [][]string{{"0"}, {"1"}, {"2"}}, r.batches)
		assert.Zero(t, time.Since(begun))
		assert.False(t, q.led)
	})
}

func TestQueueSharesRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &runs{took: time.Second}
		q := &queue{run: r.run}
		var wg sync.WaitGroup
		for i := range maxBatch + 11 {
			wg.Go(func() {
				key := fmt.Sprint(i)
				assert.EqualError(t, q.do(t.Context(), newOp(key)), "ran "+key)
			})
			synctest.Wait() // in this order
		}
		wg.Wait()
		require.Len(t, r.batches, 3)
		assert.Equal(t, []string{"0"}, r.batches[0])
		assert.Len(t, r.batches[1], maxBatch)
		assert.Len(t, r.batches[2], 10)
		n := 0
		for _, b := range r.batches {
			for _, key := range b {
				assert.Equal(t, fmt.Sprint(n), key, "first come, first served")
				n++
			}
		}
		assert.Empty(t, q.waiting)
		assert.False(t, q.led)
	})
}

// Callers that come back at once, each after a moment of work of its own, are
// waited for; so all of them share each run.
func TestQueueWaitsForThoseWhoComeBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &runs{took: time.Millisecond}
		q := &queue{run: r.run}
		begun := time.Now()
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				for n := range 5 {
					_ = q.do(t.Context(), newOp(fmt.Sprint(i, n)))
					time.Sleep(time.Duration(i) * time.Microsecond)
				}
			})
		}
		wg.Wait()
		n := 0
		for _, b := range r.batches {
			n += len(b)
		}
		assert.Equal(t, 5*64, n)
		assert.LessOrEqual(t, len(r.batches), 7)
		assert.LessOrEqual(t, time.Since(begun), time.Duration(len(r.batches))*(r.took+64*time.Microsecond)+maxGather,
			"no longer than until the last one is back, save once")
	})
}

// Those who do not come back are not waited for long, and then not any more.
func TestQueueDoesNotWaitForThoseWhoStayAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &runs{took: time.Millisecond}
		q := &queue{run: r.run}
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() { _ = q.do(t.Context(), newOp(fmt.Sprint(i))) })
		}
		wg.Wait()
		begun := time.Now()
		_ = q.do(t.Context(), newOp("alone"))
		assert.Equal(t, maxGather+time.Millisecond, time.Since(begun))
		begun = time.Now()
		_ = q.do(t.Context(), newOp("alone again"))
		assert.Equal(t, time.Millisecond, time.Since(begun))
	})
}

func TestQueueContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &runs{took: time.Second}
		q := &queue{run: r.run}
		var wg sync.WaitGroup
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begun := time.Now()
		wg.Go(func() {
			// It is in the run that the context's end finds: nobody can tell
			// what becomes of it before that is over.
			assert.EqualError(t, q.do(short, newOp("running")), "ran running")
			assert.Equal(t, time.Second, time.Since(begun))
		})
		synctest.Wait()
		for i := range 5 {
			wg.Go(func() {
				key := fmt.Sprint("waiting ", i)
				if i%2 == 0 {
					assert.ErrorIs(t, q.do(short, newOp(key)), context.DeadlineExceeded)
					assert.Equal(t, 100*time.Millisecond, time.Since(begun), "it need not wait")
				} else {
					assert.EqualError(t, q.do(t.Context(), newOp(key)), "ran "+key)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		assert.Equal(t, [][]string{{"running"}, {"waiting 1", "waiting 3"}}, r.batches)
	})
}

// The next leader cannot leave, or nobody would lead.
func TestQueueLeaderStays(t *testing.T) {
	t.Parallel()
	leader, follower := newOp("leader"), newOp("follower")
	q := &queue{led: true, waiting: []*op{leader, follower}}
	leader.wake <- struct{}{}
	assert.False(t, q.leave(leader))
	assert.True(t, q.leave(follower))
	assert.False(t, q.leave(follower), "it has left")
	assert.Equal(t, []*op{leader}, q.waiting)
}

// A run that panics ends for all who share it, and the queue goes on.
func TestQueueRunPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &runs{took: time.Second}
		q := &queue{run: r.run}
		var wg sync.WaitGroup
		wg.Go(func() { _ = q.do(t.Context(), newOp("first")) })
		synctest.Wait()
		q.run = func([]*op) { panic("bug") }
		wg.Go(func() {
			assert.PanicsWithValue(t, "bug", func() { _ = q.do(t.Context(), newOp("leader")) })
			q.run = r.run
		})
		synctest.Wait()
		wg.Go(func() { assert.ErrorIs(t, q.do(t.Context(), newOp("follower")), errUndecided) })
		wg.Wait()
		assert.EqualError(t, q.do(t.Context(), newOp("next")), "ran next")
	})
}

// Whatever callers and contexts do: each operation is run exactly once, or its
// caller gets the context's error and it is never run.
func TestQueueAtRandom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) {
			r := &runs{took: 300 * time.Microsecond}
			q := &queue{run: r.run}
			var mu sync.Mutex
			outcome := map[string]error{}
			var wg sync.WaitGroup
			for i := range 40 {
				dice := rand.New(rand.NewPCG(seed, uint64(i)))
				wg.Go(func() {
					for n := range 10 {
						ctx, cancel := context.WithTimeout(t.Context(), time.Duration(dice.IntN(10))*100*time.Microsecond) // often just when a run ends
						key := fmt.Sprint(i, "-", n)
						err := q.do(ctx, newOp(key))
						cancel()
						mu.Lock()
						outcome[key] = err
						mu.Unlock()
						time.Sleep(time.Duration(dice.IntN(500)) * time.Microsecond)
					}
				})
			}
			wg.Wait()
			require.Len(t, outcome, 400)
			given := 0
			for key, err := range outcome {
				if errors.Is(err, context.DeadlineExceeded) {
					given++
					require.Zero(t, r.times(key), "%s ran, and its caller thinks it did not", key)
				} else {
					require.EqualError(t, err, "ran "+key)
					require.Equal(t, 1, r.times(key), key)
				}
			}
			require.NotZero(t, given, "no context ended in time to matter")
			require.False(t, q.led)
			require.Empty(t, q.waiting)
		})
	}
}
