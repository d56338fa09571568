package adaptertest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/refundtest/pretend"
)

// Memory is one adapter on its pretend gateway, without a socket between them.
type Memory struct {
	// Open starts a gateway in memory that knows the payment of Request, and
	// makes a provider whose Transport is the gateway's RoundTripper. The
	// gateway is closed with the test.
	Open func(t *testing.T) (*pretend.Server, refund.Provider)

	Request  refund.Request
	Query    refund.Query
	Accepted refund.Status // of an accepted refund
}

// Test lets each fault befall one refund and compares what the adapter claims
// with the gateway's ledger. It fails if anything waits, or leaves a goroutine.
func (m Memory) Test(t *testing.T) {
	for _, fault := range append(pretend.Faults(), pretend.NoFault) {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { m.fault(t, fault) })
		})
	}
	t.Run("context ended before", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, m.ended)
	})
}

func (m Memory) fault(t *testing.T, fault pretend.Fault) {
	gw, p := m.Open(t)
	gw.Inject(fault)
	res, err := p.Refund(t.Context(), m.Request)
	status, problem := outcome(res, err)
	if problem != "" {
		t.Error(problem)
	}
	want := refund.StatusUnknown
	switch fault {
	case pretend.NoFault, pretend.TypeDrift, pretend.WrongContentType, pretend.SlowDrip:
		want = m.Accepted
	}
	if status != want {
		t.Errorf("status %s, want %s: %v", status, want, err)
	}
	if n := len(gw.Arrivals()); n != 1 {
		t.Errorf("%d requests arrived, want 1", n)
	}
	if n := len(gw.Refunds()); n > 1 || err == nil && n != 1 {
		t.Errorf("status %s, and %d refunds are booked", status, n)
	}
	if i, ok := p.(refund.Inspector); ok {
		if _, err := i.Inspect(t.Context(), m.Query); err != nil {
			t.Errorf("look-up: %v", err)
		}
	}
	if n := gw.Connections(); n != 0 {
		t.Errorf("%d connections", n)
	}
}

func (m Memory) ended(t *testing.T) {
	gw, p := m.Open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Refund(ctx, m.Request)
	if !errors.Is(err, context.Canceled) || refund.StatusOf(err) != refund.StatusNotSent {
		t.Errorf("status %s: %v", refund.StatusOf(err), err)
	}
	if n := gw.Requests(); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
}
