package refundtest

import (
	"errors"
	"strings"
	"testing"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/refundtest/pretend"
)

// The rules about what an outcome may be called: 1, 2, 3, 6, 7, 9, 11 and 12.

func acceptedOnly(t testing.TB, r *run) {
	s := r.open(t, Options{})
	outcomes := []outcome{
		s.call(t.Context(), t, "full refund", s.Full),
		s.call(t.Context(), t, "partial refund", s.Partial),
	}
	for _, o := range outcomes {
		if o.err != nil || o.res == nil {
			t.Errorf("%s: the gateway accepted it, the provider returned %v, %v", o.name, o.res, o.err)
		}
	}
	outcomes = append(outcomes, s.call(t.Context(), t, "refused refund", s.Refused))
	for _, o := range append(outcomes, r.faults(t)...) {
		switch {
		case o.err != nil:
		case o.res == nil:
			t.Errorf("%s: neither a result nor an error", o.name)
		case o.res.Status != refund.StatusPending && o.res.Status != refund.StatusSucceeded:
			t.Errorf("%s: no error and the status %s", o.name, o.res.Status)
		case len(o.booked) == 0:
			t.Errorf("%s: no error and the status %s, but the gateway booked nothing", o.name, o.res.Status)
		}
	}
}

func wrappedErrors(t testing.TB, r *run) {
	s := r.open(t, Options{})
	outcomes := append([]outcome{
		s.call(t.Context(), t, "refused by the gateway", s.Refused),
		s.call(t.Context(), t, "request without a kind", refund.Request{Payment: s.Full.Payment}),
		s.call(t.Context(), t, "request without a payment", refund.Request{Kind: refund.KindFull}),
	}, r.faults(t)...)
	for _, o := range outcomes {
		if o.err == nil {
			continue
		}
		e, ok := asError(o.err)
		if !ok {
			t.Errorf("%s: the error is no *refund.Error: %v", o.name, o.err)
			continue
		}
		if o.res != nil {
			t.Errorf("%s: a result beside the error %v", o.name, o.err)
		}
		if !e.Code.Known() || e.Gateway == "" || e.Op == "" {
			t.Errorf("%s: Code %q, Gateway %q and Op %q must all be given", o.name, e.Code, e.Gateway, e.Op)
		}
		switch e.Status {
		case refund.StatusNotSent, refund.StatusRefused:
			if len(o.booked) > 0 {
				t.Errorf("%s: the status is %s, but the gateway booked %v", o.name, e.Status, o.booked)
			}
			if e.Code == refund.OutcomeUnknown {
				t.Errorf("%s: %s with the status %s", o.name, e.Code, e.Status)
			}
		case refund.StatusUnknown:
			if e.Code != refund.OutcomeUnknown {
				t.Errorf("%s: the status is unknown and the code %s", o.name, e.Code)
			}
		default:
			t.Errorf("%s: an error with the status %s", o.name, e.Status)
		}
		if e.Status == refund.StatusNotSent && o.arrivals > 0 {
			t.Errorf("%s: the status is not_sent, but a request arrived", o.name)
		}
	}
}

func oneRequest(t testing.TB, r *run) {
	for _, o := range r.faults(t) {
		if o.requests > 1 {
			t.Errorf("%s: %d requests arrived", o.name, o.requests)
		}
		if len(o.booked) > 1 {
			t.Errorf("%s: booked %d times", o.name, len(o.booked))
		}
	}
	s := r.open(t, Options{})
	s.call(t.Context(), t, "full refund", s.Full)
	for _, a := range s.Gateway.Arrivals() {
		for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
			if _, set := a.Header[name]; set {
				t.Errorf("the request has the header %s: with it, Go's transport sends a POST again", name)
			}
		}
	}
}

func unknownStaysUnknown(t testing.TB, r *run) {
	s := r.open(t, Options{})
	replies := append([]Reply{
		{Name: "an empty object", HTTP: 200, Body: `{}`},
		{Name: "a list", HTTP: 200, Body: `[]`},
		{Name: "null", HTTP: 200, Body: `null`},
		{Name: "true", HTTP: 200, Body: `true`},
		{Name: "a word", HTTP: 200, Body: `"OK"`},
		{Name: "plain text", HTTP: 200, Body: `OK`},
		{Name: "a page under 502", HTTP: 502, Body: `<html><title>Bad Gateway</title></html>`},
		{Name: "an empty answer under 500", HTTP: 500},
		{Name: "a conflict", HTTP: 409, Body: `<html><title>Conflict</title></html>`},
	}, s.Unknown...)
	for _, reply := range replies {
		o := r.scripted(t, reply)
		if o.err == nil {
			t.Errorf("%s: taken for an acceptance: %s %s", o.name, o.res.Status, reply.Body)
			continue
		}
		if o.status() != refund.StatusUnknown {
			t.Errorf("%s: the status is %s, it must be unknown: %v", o.name, o.status(), o.err)
		}
		if e, ok := asError(o.err); ok && reply.Text != "" && !strings.Contains(e.GatewayCode+" "+e.Message, reply.Text) {
			t.Errorf("%s: the gateway's text %q is lost: %v", o.name, reply.Text, o.err)
		}
	}
}

func allMarks(t testing.TB, r *run) {
	s := r.open(t, Options{})
	if len(s.Halves) == 0 {
		t.Fatalf("Subject.Halves is empty: this rule cannot be skipped")
	}
	for _, reply := range s.Halves {
		if o := r.scripted(t, reply); o.err == nil || o.status() != refund.StatusUnknown {
			t.Errorf("%s: the status is %s, it must be unknown, because a mark is missing or contradicts: %s", o.name, o.status(), reply.Body)
		}
	}
}

func documentedRefusals(t testing.TB, r *run) {
	s := r.open(t, Options{})
	if len(s.Refusals) == 0 {
		t.Fatalf("Subject.Refusals is empty: this rule cannot be skipped")
	}
	for _, reply := range s.Refusals {
		s := r.open(t, Options{})
		s.Gateway.Script(pretend.Scripted{Status: reply.HTTP, Body: reply.Body})
		o := s.call(t.Context(), t, reply.Name, s.Partial)
		if o.err == nil || o.status() != refund.StatusRefused {
			t.Errorf("%s: the status is %s, it must be refused: %v", o.name, o.status(), o.err)
			continue
		}
		if !errors.Is(o.err, reply.Code) {
			t.Errorf("%s: the code must be %s: %v", o.name, reply.Code, o.err)
		}
	}
}

func driftingFields(t testing.TB, r *run) {
	const variants = 8 // a pretend gateway may have several drifted answers, in turn
	s := r.open(t, Options{})
	for range variants {
		s.Gateway.Inject(pretend.TypeDrift)
		o := s.call(t.Context(), t, "the gateway's own drift", partial(s.Partial, s.amount(t, s.step())))
		if o.err != nil {
			t.Errorf("%s: the accepted refund became an error: %v", o.name, o.err)
		}
	}
	for _, reply := range s.Drifts {
		if o := r.scripted(t, reply); o.err != nil {
			t.Errorf("%s: the accepted refund became an error: %v: %s", o.name, o.err, reply.Body)
		}
	}
}

func cutOff(t testing.TB, r *run) {
	for _, o := range r.faults(t) {
		switch o.fault {
		case pretend.Oversized, pretend.Endless, pretend.GzipBomb, pretend.SlowDrip, pretend.HangBeforeBooking, pretend.HangAfterBooking:
			if o.err == nil || o.status() != refund.StatusUnknown {
				t.Errorf("%s: the status is %s, it must be unknown: %v", o.name, o.status(), o.err)
			}
		}
	}
}
