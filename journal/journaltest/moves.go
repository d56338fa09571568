package journaltest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gorefund/refund"
)

func compareAndSet(t testing.TB, j refund.Journal) {
	b := use(t, j)
	stale := func(key string, version int64) {
		t.Helper()
		e, err := j.Move(b.ctx, key, version, answer(refund.StatusReversed, refund.Declined))
		if !errors.Is(err, refund.ErrStale) || e != nil {
			t.Errorf("Move of version %d gave %s and the error %v, want ErrStale", version, show(e), err)
		}
	}
	if e, err := j.Move(b.ctx, "k0", 1, answer(refund.StatusSucceeded, "")); !errors.Is(err, refund.ErrNoEntry) || e != nil {
		t.Errorf("Move of a key that is not there gave %s and the error %v, want ErrNoEntry", show(e), err)
	}
	b.absent("k0")

	// A sender who comes back after a person has decided.
	begun := b.begin(partial("k1", "p1", "10.00"))
	beside := b.begin(partial("k2", "p2", "10.00"))
	decided := b.move(begun, refund.Move{Change: refund.Change{
		Status: refund.StatusFailed, At: start.Add(time.Hour), Cause: refund.CausePerson, By: "Ada", Note: "the bank says so",
	}})
	if decided.Version <= begun.Version {
		t.Errorf("the version is %d after %d, want a larger one", decided.Version, begun.Version)
	}
	stale("k1", begun.Version)
	stale("k1", decided.Version+1)
	stale("k1", 0)
	b.same(decided)
	b.same(beside)
	again := b.moveTo(decided, refund.StatusSucceeded)
	stale("k1", decided.Version)
	b.same(again)

	// What Entry returned is as good as what Begin or Move returned.
	b.moveTo(b.entry("k2"), refund.StatusPending)
	b.moveTo(b.entry("k2"), refund.StatusSucceeded)
	stale("k2", beside.Version)
}

func histories(t testing.TB, j refund.Journal) {
	b := use(t, j)
	e := b.begin(partial("k1", "p1", "10.00"))
	want := []refund.Change{{Status: refund.StatusUnknown, At: start, Cause: refund.CauseBegin}}
	for _, c := range []refund.Change{
		{Status: refund.StatusUnknown, Cause: refund.CauseAnswer},
		{Status: refund.StatusPending, Cause: refund.CauseLookUp, Note: "one new refund of 10.00"},
		{Status: refund.StatusSucceeded, Cause: refund.CauseCallback, Trust: refund.TrustSigned, Note: "event 77"},
		{Status: refund.StatusReversed, Cause: refund.CauseCallback, Trust: refund.TrustToken, Flag: true},
		{Status: refund.StatusFailed, Cause: refund.CauseCallback, Trust: refund.TrustNone},
		{Status: refund.StatusSucceeded, Cause: refund.CausePerson, By: "Søren Ünal", Note: `says "ok" \o/ – 100 % ✓`},
		{Status: refund.StatusSucceeded, Cause: refund.CausePerson, By: "Søren Ünal", Note: "the same once more"},
		{Status: refund.StatusNotSent, Cause: refund.CausePerson, By: "x", Note: "y"},
	} {
		// The clock jumps: the order is that of the changes all the same.
		c.At = start.Add(time.Duration(len(want)*len(want)%5-2) * time.Hour)
		e = b.move(e, refund.Move{Change: c})
		want = append(want, c)
		if e.ChangedAt.Sub(c.At).Abs() > time.Microsecond {
			t.Errorf("changed at %s, want %s", e.ChangedAt, c.At)
		}
	}
	check := func(got []refund.Change) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("the history has %d changes, want %d: %+v", len(got), len(want), got)
		}
		for i, g := range got {
			g.At = g.At.UTC().Round(time.Microsecond)
			if g != want[i] {
				t.Errorf("change %d is %+v, want %+v", i, g, want[i])
			}
		}
	}
	check(e.History)
	check(b.entry("k1").History)

	// A long one.
	long := b.begin(partial("k2", "p2", "10.00"))
	for i := range 100 {
		long = b.move(long, refund.Move{Change: refund.Change{
			Status: refund.StatusPending, At: start.Add(time.Duration(i) * time.Second), Cause: refund.CauseLookUp, Note: fmt.Sprint(i),
		}})
	}
	stored := b.entry("k2")
	if len(stored.History) != 101 || stored.History[100].Note != "99" || stored.History[1].Note != "0" {
		t.Errorf("after 100 moves the history has %d changes, from %q to %q", len(stored.History), stored.History[1].Note, stored.History[len(stored.History)-1].Note)
	}
}

func outcomes(t testing.TB, j refund.Journal) {
	b := use(t, j)
	e := b.begin(partial("k1", "p1", "10.00"))
	bare := func(s refund.Status) refund.Move {
		return refund.Move{Change: refund.Change{Status: s, At: start.Add(time.Second), Cause: refund.CauseLookUp}}
	}
	expect := func(step, refundID string, code refund.Code) {
		t.Helper()
		for _, got := range []*refund.Entry{e, b.entry("k1")} {
			if (got.Result == nil) != (refundID == "") || got.Result != nil && got.Result.RefundID != refundID {
				t.Errorf("%s: the result is %+v, want the one with the refund id %q", step, got.Result, refundID)
			}
			if (got.Err == nil) != (code == "") || got.Err != nil && got.Err.Code != code {
				t.Errorf("%s: the error is %v, want %q", step, got.Err, code)
			}
		}
	}
	expect("begun", "", "")
	e = b.move(e, answer(refund.StatusUnknown, ""))
	expect("unknown", "", refund.OutcomeUnknown)
	m := answer(refund.StatusPending, "")
	m.Result.RefundID = "r-2"
	e = b.move(e, m)
	expect("pending", "r-2", refund.OutcomeUnknown)
	e = b.move(e, bare(refund.StatusSucceeded))
	expect("succeeded, without more", "r-2", refund.OutcomeUnknown)
	m.Result = &refund.Result{RefundID: "r-3"}
	e = b.move(e, m)
	expect("another result", "r-3", refund.OutcomeUnknown)
	if e.Result.Gateway != "" || e.Result.Message != "" {
		t.Errorf("a new result is mixed with the one before: %+v", e.Result)
	}
	e = b.move(e, answer(refund.StatusFailed, refund.InsufficientFunds))
	expect("failed", "r-3", refund.InsufficientFunds)
	e = b.move(e, bare(refund.StatusReversed))
	expect("reversed, without more", "r-3", refund.InsufficientFunds)
}
