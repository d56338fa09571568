package journaltest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorefund/refund"
)

// callers is how many goroutines use a journal at once.
const callers = 64

// together runs f in many goroutines that begin at the same time.
func together(f func(caller int)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range callers {
		wg.Go(func() {
			<-begin
			f(i)
		})
	}
	close(begin)
	wg.Wait()
}

func oneKeyManyCallers(t testing.TB, j refund.Journal) {
	b := use(t, j)
	for round := range 8 {
		in := partial(fmt.Sprintf("k%d", round), fmt.Sprintf("p%d", round), "10.00")
		if round%2 == 1 { // of a key that is free
			b.move(b.begin(in), answer(refund.StatusNotSent, refund.Unavailable))
		}
		var fresh atomic.Int32
		entries := make([]*refund.Entry, callers)
		together(func(i int) {
			e, mine, err := j.Begin(b.ctx, in)
			if err != nil || e == nil {
				t.Errorf("Begin: %v", err)
				return
			}
			if mine {
				fresh.Add(1)
			}
			entries[i] = e
		})
		if n := fresh.Load(); n != 1 {
			t.Errorf("%d of %d callers with one key are fresh, want 1", n, callers)
		}
		want := b.entry(in.Key)
		for _, e := range entries {
			if e != nil {
				b.equal("an entry that Begin returned", want, e)
			}
		}
	}
}

func onePaymentManyCallers(t testing.TB, j refund.Journal) {
	b := use(t, j)
	const payment = "p1"
	var (
		open, done atomic.Int64
		mu         sync.Mutex
		keys       []string
	)
	stop := time.Now().Add(2 * time.Minute) // of a journal that never says no
	together(func(caller int) {
		dice := rand.New(rand.NewPCG(1, uint64(caller)))
		for try := 0; ; {
			if time.Now().After(stop) || done.Load() > 14 {
				t.Errorf("gave up: no end of what may be refunded is in sight")
				return
			}
			in := partial(fmt.Sprintf("k-%d-%d", caller, try), payment, "7.00")
			e, fresh, err := j.Begin(b.ctx, in)
			switch {
			case errors.Is(err, refund.InProgress):
				runtime.Gosched()
				continue
			case errors.Is(err, refund.ExceedsRefundable):
				return
			case err != nil || !fresh:
				t.Errorf("Begin: fresh %t, error %v", fresh, err)
				return
			}
			if n := open.Add(1); n != 1 {
				t.Errorf("%d refunds of one payment are open at once", n)
			}
			try++
			status := refund.StatusSucceeded
			if dice.IntN(3) == 0 {
				status = refund.StatusRefused
			}
			open.Add(-1) // before the journal knows it, so that no other caller's count is too high
			if _, err := j.Move(b.ctx, in.Key, e.Version, answer(status, refund.Declined)); err != nil {
				t.Errorf("Move to %s: %v", status, err)
				return
			}
			if status == refund.StatusSucceeded {
				done.Add(1)
			}
			mu.Lock()
			keys = append(keys, in.Key)
			mu.Unlock()
		}
	})
	if n := done.Load(); n != 14 {
		t.Errorf("%d refunds of 7.00 succeeded, of a payment of 100.00, want 14", n)
	}
	var sum int64
	for _, key := range keys {
		if e := b.entry(key); e.Status == refund.StatusSucceeded {
			sum += e.Amount.Minor()
		}
	}
	if sum != 98_00 {
		t.Errorf("the journal's refunds of a payment of 100.00 are %d.%02d in sum, want 98.00", sum/100, sum%100)
	}
}

func oneVersionManyCallers(t testing.TB, j refund.Journal) {
	b := use(t, j)
	e := b.begin(partial("k1", "p1", "10.00"))
	for round := range 8 {
		var won atomic.Int32
		var winner atomic.Pointer[refund.Entry]
		together(func(i int) {
			m := answer(ended[i%len(ended)], refund.Declined)
			m.By, m.Note = fmt.Sprint(i), fmt.Sprint(round)
			got, err := j.Move(b.ctx, "k1", e.Version, m)
			switch {
			case err == nil && got != nil:
				won.Add(1)
				winner.Store(got)
			case !errors.Is(err, refund.ErrStale):
				t.Errorf("Move: %v, want ErrStale", err)
			}
		})
		if n := won.Load(); n != 1 {
			t.Errorf("%d of %d callers moved one version, want 1", n, callers)
			return
		}
		e = winner.Load()
		b.same(e)
		if len(e.History) != round+2 {
			t.Errorf("after %d moves the history has %d changes", round+1, len(e.History))
		}
	}
}

func manyPaymentsManyCallers(t testing.TB, j refund.Journal) {
	b := use(t, j)
	const each = 8
	key := func(caller, n int) string { return fmt.Sprintf("k-%d-%d", caller, n) }
	together(func(caller int) {
		for n := range each {
			// Two callers share each payment.
			in := partial(key(caller, n), fmt.Sprintf("p-%d-%d", caller/2, n), fmt.Sprintf("1.%02d", caller))
			for {
				e, fresh, err := j.Begin(b.ctx, in)
				if errors.Is(err, refund.InProgress) {
					runtime.Gosched()
					continue
				}
				if err != nil || !fresh || e.Key != in.Key || e.Amount != in.Request.Amount {
					t.Errorf("Begin of %s: fresh %t, error %v, entry %s", in.Key, fresh, err, show(e))
					return
				}
				m := answer(refund.StatusSucceeded, "")
				m.Result.RefundID = "of " + in.Key
				moved, err := j.Move(b.ctx, in.Key, e.Version, m)
				if err != nil || moved.Result == nil || moved.Result.RefundID != m.Result.RefundID {
					t.Errorf("Move of %s: error %v, entry %s", in.Key, err, show(moved))
					return
				}
				break
			}
		}
	})
	if t.Failed() {
		return
	}
	for caller := range callers {
		for n := range each {
			e := b.entry(key(caller, n))
			if e.Status != refund.StatusSucceeded || e.Result.RefundID != "of "+e.Key || e.Amount != lira(fmt.Sprintf("1.%02d", caller)) || len(e.History) != 2 {
				t.Errorf("what is stored is not what was asked for: %s", show(e))
			}
		}
	}
}
