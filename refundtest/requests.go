package refundtest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

// The rules about requests: 4, 5, 8 and 13.

func noAccidentalFull(t testing.TB, r *run) {
	s := r.open(t, Options{})
	with := func(change func(*refund.Request)) refund.Request {
		req := s.Partial
		change(&req)
		return req
	}
	for name, req := range map[string]refund.Request{
		"a partial refund without an amount": partial(s.Partial, money.Amount{}),
		"a partial refund of zero":           partial(s.Partial, s.amount(t, 0)),
		"a partial refund of less than zero": partial(s.Partial, s.amount(t, -100)),
		"no kind":                            with(func(q *refund.Request) { q.Kind = 0 }),
		"a kind that does not exist":         with(func(q *refund.Request) { q.Kind = 77 }),
		"a full refund with an amount":       with(func(q *refund.Request) { q.Kind = refund.KindFull }),
		"a full refund with an amount of zero": with(func(q *refund.Request) {
			q.Kind, q.Amount = refund.KindFull, s.amount(t, 0)
		}),
		"no payment": with(func(q *refund.Request) { q.Payment.ID = "" }),
	} {
		o := s.call(t.Context(), t, name, req)
		nothingSent(t, &o)
	}
}

func nothingSent(t testing.TB, o *outcome) {
	t.Helper()
	if o.err == nil || o.status() != refund.StatusNotSent {
		t.Errorf("%s: the status is %s, it must be not_sent: %v", o.name, o.status(), o.err)
	}
	if o.requests > 0 {
		t.Errorf("%s: a request arrived at the gateway", o.name)
	}
}

func exactAmounts(t testing.TB, r *run) {
	s := r.open(t, Options{})
	for _, currency := range []string{"USD", "JPY", "KWD"} {
		if currency == s.Partial.Amount.Currency() {
			continue
		}
		foreign, err := money.FromMinor(1000, currency)
		if err != nil {
			t.Fatalf("%v", err)
		}
		o := s.call(t.Context(), t, "an amount in "+currency, partial(s.Partial, foreign))
		nothingSent(t, &o)
		if o.err != nil && !errors.Is(o.err, refund.InvalidAmount) {
			t.Errorf("%s: the code must be %s: %v", o.name, refund.InvalidAmount, o.err)
		}
	}
	step := s.step()
	for _, minor := range []int64{1999, 115, 29, 435, 1, 10, 100, 10001} {
		if minor%step != 0 {
			o := s.call(t.Context(), t, "an amount finer than the step", partial(s.Partial, s.amount(t, minor)))
			nothingSent(t, &o)
			minor *= step
		}
		if minor > 20000 {
			continue // more than the payment holds
		}
		s := r.open(t, Options{})
		want := s.amount(t, minor)
		o := s.call(t.Context(), t, want.String(), partial(s.Partial, want))
		if o.err != nil || len(o.booked) != 1 || o.booked[0].Amount != want {
			t.Errorf("%s asked for, %v booked: %v", want, o.booked, o.err)
		}
		if o.res != nil && o.res.Amount.IsSet() && o.res.Amount != want {
			t.Errorf("%s asked for, the result says %s", want, o.res.Amount)
		}
	}
}

func contexts(t testing.TB, r *run) {
	s := r.open(t, Options{})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	o := s.call(ended, t, "a context that ended before the call", s.Full)
	nothingSent(t, &o)
	if !errors.Is(o.err, context.Canceled) {
		t.Errorf("%s: the error does not match context.Canceled: %v", o.name, o.err)
	}

	for _, fault := range []pretend.Fault{pretend.HangBeforeBooking, pretend.HangAfterBooking} {
		s := r.open(t, Options{})
		s.Gateway.Inject(fault)
		ctx, cancel := context.WithTimeout(t.Context(), r.short)
		o := s.call(ctx, t, "a deadline while it "+fault.String()+"s", s.Full)
		cancel()
		endedUnderway(t, &o, context.DeadlineExceeded)

		s = r.open(t, Options{})
		s.Gateway.Inject(fault)
		ctx, cancel = context.WithCancel(t.Context())
		stop := make(chan struct{})
		var watch sync.WaitGroup
		watch.Go(func() { // cancels as soon as the request has arrived
			for len(s.Gateway.Arrivals()) == 0 {
				select {
				case <-stop:
					return
				default:
					runtime.Gosched()
				}
			}
			cancel()
		})
		o = s.call(ctx, t, "cancelled while it "+fault.String()+"s", s.Full)
		close(stop)
		watch.Wait()
		cancel()
		endedUnderway(t, &o, context.Canceled)
	}
}

func endedUnderway(t testing.TB, o *outcome, want error) {
	t.Helper()
	if !errors.Is(o.err, want) {
		t.Errorf("%s: the error does not match %v: %v", o.name, want, o.err)
	}
	if o.err == nil || o.status() != refund.StatusUnknown {
		t.Errorf("%s: the request had arrived; the status is %s, it must be unknown", o.name, o.status())
	}
}

func concurrency(t testing.TB, r *run) {
	const callers, calls = 16, 4
	before := runtime.NumGoroutine()
	s := r.open(t, Options{})
	atRest := runtime.NumGoroutine() // the gateway's own are not the provider's
	var callersDone sync.WaitGroup
	failures := make(chan error, callers*calls)
	for range callers {
		callersDone.Go(func() {
			for range calls {
				if _, err := s.Provider.Refund(t.Context(), partial(s.Partial, s.amount(t, s.step()))); err != nil {
					failures <- err
				}
				_ = s.Provider.Capabilities()
			}
		})
	}
	callersDone.Wait()
	close(failures)
	for err := range failures {
		t.Errorf("a concurrent refund failed: %v", err)
	}
	if booked := len(s.Gateway.Refunds()); booked != callers*calls {
		t.Errorf("%d refunds were asked for at the same time, %d booked", callers*calls, booked)
	}
	if p, ok := s.Provider.(interface{ CloseIdleConnections() }); ok {
		p.CloseIdleConnections()
	}
	if left := settle(atRest); left > atRest {
		t.Errorf("%d goroutines before, %d with the gateway, %d after the calls", before, atRest, left)
	}
}

// settle waits until at most want goroutines are left, because the ends of a
// closed connection take their time, and returns how many are.
func settle(want int) int {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		if n := runtime.NumGoroutine(); n <= want {
			return n
		}
	}
	return runtime.NumGoroutine()
}
