package sim

import (
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

// transport brings requests to the gateway. Before and after each of them others may go
// first, and the process may die or stand still.
type transport struct {
	l       *lane
	inner   http.RoundTripper
	foreign bool // of another program, which has no journal
}

// The faults that befall requests.
var faults = []pretend.Fault{
	pretend.DropBeforeBooking, pretend.DropAfterBooking, pretend.DropAfterBooking, pretend.HTMLError, pretend.Empty, pretend.Truncated,
	pretend.ServerError, pretend.ServerErrorBooked, pretend.HangAfterBooking, pretend.HangBeforeBooking,
}

// refusals are answers whose cause passes or is mended: too many requests, keys that are
// not good yet.
var refusals = []pretend.Scripted{{Status: http.StatusTooManyRequests, Body: "{}"}, {Status: http.StatusUnauthorized, Body: "{}"}}

func broken(why string) error { return &net.OpError{Op: "read", Err: errors.New("sim: " + why)} }

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	now := taskOf(r.Context())
	switch {
	case r.URL.Path != t.l.path:
		return t.lookUp(now, r)
	case t.foreign:
		return t.another(r)
	}
	return t.money(now, r)
}

// lookUp asks, and moves nothing.
func (t *transport) lookUp(now *task, r *http.Request) (*http.Response, error) {
	w := t.l.w
	w.sleep(r.Context(), w.between(0, 2*time.Second))
	if now != nil && !w.healed && w.chance(5) {
		now.looked = time.Time{}
		return nil, broken("the look-up got lost")
	}
	if now != nil {
		now.looked = w.now
	}
	return t.inner.RoundTrip(r)
}

// another is a request of another program.
func (t *transport) another(r *http.Request) (*http.Response, error) {
	before := len(t.l.server.Refunds())
	answer, err := t.inner.RoundTrip(r)
	if all := t.l.server.Refunds(); len(all) > before {
		t.l.foreign[all[len(all)-1].ID] = true
	}
	return answer, err
}

// money is a request that moves money.
func (t *transport) money(now *task, r *http.Request) (*http.Response, error) {
	w, l, ctx := t.l.w, t.l, r.Context()
	a := now.sending
	if a == nil {
		w.fail("a request leaves that is in no journal")
		return nil, broken("nobody asked for it")
	}
	late := func() bool { return now.of.clock(w)().After(a.until) }
	if late() {
		w.fail("%s is about to leave after its lease", a.key)
	}
	w.sleep(ctx, w.between(0, 5*time.Second))
	if late() {
		// The body of a real request looks at both clocks when it is read, see
		// internal/httpx; here there is only one clock, and the transport looks.
		return nil, &net.OpError{Op: "dial", Err: errors.New("sim: it came back after its lease")}
	}
	if !w.healed && w.chance(8) {
		w.elsewhere(ctx, l, a.payment, a.amount)
	}
	w.checkSent(a)
	whole := false
	switch {
	case w.healed:
		whole = true
	case l.faults > 0 || w.chance(20):
		l.faults = max(l.faults-1, 0)
		l.server.Inject(faults[w.rand.IntN(len(faults))])
	case w.chance(6):
		l.server.Script(refusals[w.rand.IntN(len(refusals))])
	default:
		whole = true
	}
	before := len(l.server.Refunds())
	answer, err := t.inner.RoundTrip(r)
	if all := l.server.Refunds(); len(all) > before {
		a.intact = whole
		booked := all[len(all)-1]
		a.booked = booked.ID
		l.asked[booked.ID] = a
		w.say("the gateway "+l.called(), "books %s as %s: %s of %s", a.key, booked.ID, booked.Amount, booked.PaymentID)
		w.checkBooked(a, booked)
	}
	if !w.healed && w.chance(8) {
		w.elsewhere(ctx, l, a.payment, a.amount)
	}
	if !w.healed && w.chance(10) {
		w.sleep(ctx, w.between(0, 8*time.Minute)) // a late answer
	}
	w.sleep(ctx, w.between(0, 5*time.Second))
	return answer, err
}

// orAny is the amount, or any where it is not set.
func (l *lane) orAny(amount money.Amount) money.Amount {
	if amount.IsSet() && l.w.chance(70) {
		return amount
	}
	return l.amount(l.w)
}
