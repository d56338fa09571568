package refundtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

// run is one run of the suite. What the faults do is observed once and judged
// by several rules.
type run struct {
	open     Open
	short    time.Duration // the provider's time limit where the gateway hangs on purpose
	observed []outcome
}

// outcome is one call and what it left in the gateway's books.
type outcome struct {
	name     string
	fault    pretend.Fault
	req      refund.Request
	res      *refund.Result
	err      error
	booked   []pretend.Refund // by this call
	arrivals int              // at places where money moves
	requests int              // at any place
}

// call makes one call and reports what it did.
func (s *Subject) call(ctx context.Context, t testing.TB, name string, req refund.Request) (o outcome) {
	t.Helper()
	booked, arrivals, requests := len(s.Gateway.Refunds()), len(s.Gateway.Arrivals()), s.Gateway.Requests()
	o = outcome{name: name, req: req}
	func() {
		defer func() {
			if p := recover(); p != nil {
				t.Errorf("%s: the provider panicked: %v", name, p)
				o.err = fmt.Errorf("panic: %v", p)
			}
		}()
		o.res, o.err = s.Provider.Refund(ctx, req)
	}()
	o.booked = s.Gateway.Refunds()[booked:]
	o.arrivals = len(s.Gateway.Arrivals()) - arrivals
	o.requests = s.Gateway.Requests() - requests
	return o
}

// status is the Status of the outcome, of a result or an error.
func (o *outcome) status() refund.Status {
	if o.err != nil {
		return refund.StatusOf(o.err)
	}
	if o.res != nil {
		return o.res.Status
	}
	return refund.StatusUnknown
}

// faults makes a full refund under each fault, on a fresh connection and on one
// that a partial refund has used before.
func (r *run) faults(t testing.TB) []outcome {
	t.Helper()
	if r.observed != nil {
		return r.observed
	}
	for _, fault := range pretend.Faults() {
		for _, reused := range []bool{false, true} {
			name := fault.String() + " on a fresh connection"
			s := r.open(t, Options{Timeout: r.short})
			if reused {
				name = fault.String() + " on a used connection"
				if o := s.call(t.Context(), t, "first refund", s.Partial); o.err != nil {
					t.Fatalf("the partial refund without a fault failed: %v", o.err)
				}
			}
			s.Gateway.Inject(fault)
			o := s.call(t.Context(), t, name, s.Full)
			o.fault = fault
			r.observed = append(r.observed, o)
		}
	}
	return r.observed
}

// scripted makes the partial refund, answered by reply. The gateway books it:
// what cannot be understood may have moved money.
func (r *run) scripted(t testing.TB, reply Reply) outcome {
	t.Helper()
	s := r.open(t, Options{})
	s.Gateway.Script(pretend.Scripted{Status: reply.HTTP, Body: reply.Body, Book: true})
	return s.call(t.Context(), t, reply.Name, s.Partial)
}

// amount is of the currency of the subject's partial refund.
func (s *Subject) amount(t testing.TB, minor int64) money.Amount {
	t.Helper()
	a, err := money.FromMinor(minor, s.Partial.Amount.Currency())
	if err != nil {
		t.Fatalf("Subject.Partial has no amount: %v", err)
	}
	return a
}

// step is the least amount that the gateway takes, in minor units.
func (s *Subject) step() int64 {
	if step := s.Provider.Capabilities().Step; step != nil && step.Value.IsPositive() {
		return step.Value.Minor()
	}
	return 1
}

func partial(req refund.Request, a money.Amount) refund.Request {
	req.Kind, req.Amount = refund.KindPartial, a
	return req
}

func asError(err error) (*refund.Error, bool) {
	var e *refund.Error
	ok := errors.As(err, &e)
	return e, ok && e != nil
}
