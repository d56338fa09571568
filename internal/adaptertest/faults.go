package adaptertest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

const (
	// short ends the calls that would never end. Nothing is expected to happen
	// within it.
	short = 250 * time.Millisecond
	// long is out of reach even on a busy machine.
	long = 30 * time.Second
)

// Bench is one adapter on its pretend gateway, asking for one kind of refund.
type Bench struct {
	// Open starts a pretend gateway and makes a provider for it with that
	// Timeout and with the adapter's own transport. Both are closed with the
	// test.
	Open func(t *testing.T, timeout time.Duration) (*pretend.Server, refund.Provider)

	// Request asks for the refund of a payment of Paid; Booked is what the
	// ledger must show of it.
	Request func(paymentID string) refund.Request
	Paid    money.Amount
	Booked  money.Amount

	// Accepted is the Status of an accepted refund.
	Accepted refund.Status
}

// Faults lets each fault befall one refund, on a fresh and on a kept
// connection, and compares what the adapter claims with the gateway's ledger.
func (b Bench) Faults(t *testing.T) {
	for _, kept := range []bool{false, true} {
		for _, fault := range append(pretend.Faults(), pretend.NoFault) {
			name := "fresh connection/" + fault.String()
			if kept {
				name = "kept connection/" + fault.String()
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b.fault(t, fault, kept)
			})
		}
	}
}

func (b Bench) fault(t *testing.T, fault pretend.Fault, kept bool) {
	timeout := long
	if neverEnds(fault) {
		timeout = short
	}
	gw, p := b.Open(t, timeout)
	if kept {
		b.warmUp(t, gw, p)
	}
	const id = "payment-under-test"
	if err := gw.AddPayment(pretend.Payment{ID: id, Amount: b.Paid}); err != nil {
		t.Fatal(err)
	}
	before, connections := len(gw.Arrivals()), gw.Connections()

	gw.Inject(fault)
	res, err := p.Refund(t.Context(), b.Request(id))

	if kept && gw.Connections() != connections {
		t.Errorf("the call opened %d connections, so it did not use the kept one", gw.Connections()-connections)
	}
	gw.Close() // from here on the ledger does not change
	if n := len(gw.Arrivals()) - before; n > 1 {
		t.Errorf("%d requests arrived: money may have moved %d times", n, n)
	}
	var booked []pretend.Refund
	for _, r := range gw.Refunds() {
		if r.PaymentID == id {
			booked = append(booked, r)
		}
	}
	if len(booked) > 1 {
		t.Errorf("booked %d times: %v", len(booked), booked)
	}
	for _, r := range booked {
		if r.Amount != b.Booked {
			t.Errorf("booked %s, asked for %s", r.Amount, b.Booked)
		}
	}

	status, problem := outcome(res, err)
	if problem != "" {
		t.Error(problem)
	}
	if status.MoneyMoved() == refund.No && len(booked) > 0 {
		t.Errorf("status %s says that no money moved, but %s were booked: %v", status, booked[0].Amount, err)
	}
	if err == nil && len(booked) == 0 {
		t.Errorf("status %s, but nothing was booked", status)
	}
	switch want := b.want(fault); {
	case status == want:
	case fault == pretend.DropUnread && status == refund.StatusNotSent: // if the body never left, that is the truth
	default:
		t.Errorf("status %s, want %s: %v", status, want, err)
	}
}

// warmUp leaves a kept connection behind. With a short time limit on a busy
// machine it may need more than one try.
func (b Bench) warmUp(t *testing.T, gw *pretend.Server, p refund.Provider) {
	t.Helper()
	var err error
	for i := range 20 {
		id := fmt.Sprintf("warm-up-%d", i)
		if err := gw.AddPayment(pretend.Payment{ID: id, Amount: b.Paid}); err != nil {
			t.Fatal(err)
		}
		if _, err = p.Refund(t.Context(), b.Request(id)); err == nil {
			return
		}
	}
	t.Fatalf("no refund without a fault worked: %v", err)
}

// outcome returns what a call claims, and what is wrong with the claim's form.
func outcome(res *refund.Result, err error) (status refund.Status, problem string) {
	if err == nil {
		if res == nil {
			return refund.StatusUnknown, "neither a result nor an error"
		}
		if res.Status != refund.StatusPending && res.Status != refund.StatusSucceeded {
			return res.Status, "a result with status " + res.Status.String()
		}
		return res.Status, ""
	}
	var e *refund.Error
	switch {
	case res != nil:
		return refund.StatusUnknown, "a result and an error: " + err.Error()
	case !errors.As(err, &e):
		return refund.StatusUnknown, "no *refund.Error: " + err.Error()
	case e.Status == refund.StatusUnknown && e.Code != refund.OutcomeUnknown:
		return e.Status, "status unknown with the code " + string(e.Code)
	case e.Status != refund.StatusUnknown && e.Code == refund.OutcomeUnknown:
		return e.Status, "outcome_unknown with the status " + e.Status.String()
	case e.Status > refund.StatusRefused:
		return e.Status, "an error with the status " + e.Status.String()
	}
	return e.Status, ""
}

// want is the truthful status: what cannot be told apart from a booked refund
// is unknown.
func (b Bench) want(f pretend.Fault) refund.Status {
	switch f {
	case pretend.NoFault, pretend.TypeDrift, pretend.WrongContentType:
		return b.Accepted
	default:
		return refund.StatusUnknown
	}
}

func neverEnds(f pretend.Fault) bool {
	switch f {
	case pretend.HangBeforeBooking, pretend.HangAfterBooking, pretend.SlowDrip:
		return true
	default:
		return false
	}
}
