package journaltest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gorefund/refund"
)

// renamer is a journal whose refunds can be given another provider's name.
type renamer interface {
	Rename(ctx context.Context, from, to string) (n int, err error)
}

func renames(t testing.TB, j refund.Journal) {
	r, ok := j.(renamer)
	if !ok {
		t.Skip("this journal has no Rename")
	}
	b := use(t, j)
	of := func(provider string, i refund.Intent) refund.Intent {
		i.Provider = provider
		return i
	}
	rename := func(from, to string, want int) {
		t.Helper()
		if n, err := r.Rename(b.ctx, from, to); err != nil || n != want {
			t.Fatalf("Rename of %q to %q moved %d refunds and gave the error %v, want %d", from, to, n, err, want)
		}
	}
	var all []*refund.Entry // in the order of their first begin
	keep := func(e *refund.Entry) *refund.Entry {
		all = append(all, e)
		return e
	}
	unchanged := func(from, to, mention string) {
		t.Helper()
		n, err := r.Rename(b.ctx, from, to)
		switch {
		case err == nil || n != 0:
			t.Errorf("Rename of %q to %q moved %d refunds and gave the error %v, want an error", from, to, n, err)
		case !strings.Contains(err.Error(), mention):
			t.Errorf("the error %q does not name %q", err, mention)
		}
		for _, e := range all {
			b.same(e)
		}
	}
	keep(b.begin(of("new", partial("new open", "p4", "10.00"))))
	keep(b.moveTo(b.begin(of("new", partial("new done", "p2", "10.00"))), refund.StatusSucceeded))
	keep(b.begin(of("old", partial("open", "p1", "10.00"))))
	keep(b.begin(in(refund.Sandbox, of("old", partial("open in sandbox", "p1", "10.00")))))
	keep(b.begin(of("other", partial("another's", "p1", "10.00"))))
	keep(b.moveTo(b.begin(of("old", partial("done", "p2", "60.00"))), refund.StatusSucceeded))
	keep(b.moveTo(b.begin(of("old", partial("refused", "p3", "10.00"))), refund.StatusRefused))
	keep(b.begin(in(refund.Sandbox, of("old", partial("open elsewhere", "p4", "10.00"))))) // another payment than "new open"'s

	for _, names := range [][2]string{{"", "new"}, {"old", ""}, {"", ""}, {"old", "old"}} {
		unchanged(names[0], names[1], "")
	}
	for _, names := range [][2]string{{"nobody", "new"}, {"Old", "new"}, {"old ", "new"}} {
		rename(names[0], names[1], 0)
	}

	// Two open refunds of one payment don't come together, and nothing else is moved.
	blocker := keep(b.begin(of("old", partial("open too", "p4", "10.00"))))
	unchanged("old", "new", "open too")
	all[len(all)-1] = b.moveTo(blocker, refund.StatusPending)

	rename("old", "new", 6)
	for i, e := range all {
		if e = e.Clone(); e.Provider == "old" {
			e.Provider = "new"
		}
		all[i] = e
		b.same(e)
	}
	rename("old", "new", 0)

	// They count under the new name, and no more under the old one.
	b.refused(of("new", partial("k1", "p1", "1.00")), refund.InProgress)
	b.refused(in(refund.Sandbox, of("new", partial("k1", "p1", "1.00"))), refund.InProgress)
	b.refused(of("new", partial("k1", "p2", "30.01")), refund.ExceedsRefundable)
	b.begin(of("new", partial("k1", "p2", "30.00")))
	b.begin(of("old", partial("k2", "p2", "100.00")))
	if e, fresh, err := j.Begin(b.ctx, of("new", partial("done", "p2", "60.00"))); err != nil || fresh || e.Status != refund.StatusSucceeded {
		t.Errorf("Begin under the new name of a refund that was made under the old one gave fresh %t, the error %v and %s", fresh, err, show(e))
	}

	// Who was waiting for the gateway stores its answer.
	for i, e := range all {
		if e.Status == refund.StatusUnknown {
			all[i] = b.moveTo(e, refund.StatusSucceeded)
			b.same(all[i])
		}
	}
	b.begin(of("new", partial("k3", "p1", "90.00")))
	b.refused(of("new", partial("k4", "p1", "90.01")), refund.InProgress)

	if box, ok := j.(refund.Inbox); ok {
		renamesEvents(t, box, rename, unchanged)
	}
}

func renamesEvents(t testing.TB, box refund.Inbox, rename func(from, to string, want int), unchanged func(from, to, mention string)) {
	late := start.Add(time.Hour)
	finish := func(provider, id string) {
		t.Helper()
		if err := box.Finish(t.Context(), provider, id); err != nil {
			t.Fatalf("Finish of %q: %v", id, err)
		}
	}
	other := func(id string) refund.Event {
		ev := event(id)
		ev.PaymentID = "another"
		return ev
	}
	receive(t, box, "event-old", event("E-1"), start)
	receive(t, box, "event-new", event("E-2"), start)
	receive(t, box, "event-old", event("E-3"), start)
	receive(t, box, "event-old", event("done"), start)
	finish("event-old", "done")
	receive(t, box, "event-old", event("both"), start) // and the new name has finished it
	receive(t, box, "event-new", event("both"), start)
	finish("event-new", "both")
	receive(t, box, "event-old", event("done there"), start) // and it waits at the new name, as another one
	finish("event-old", "done there")
	receive(t, box, "event-new", other("done there"), start)
	receive(t, box, "event-old", event("clash"), start)
	receive(t, box, "event-new", other("clash"), start)

	waiting := []string{"E-1", "E-3", "both", "clash"}
	unchanged("event-old", "event-new", "clash")
	same(t, "the events that wait under the old name", waiting, unfinished(t, box, "event-old", late, 10))
	finish("event-old", "clash")
	rename("event-old", "event-new", 0)
	same(t, "the events that wait under the old name", []string{}, unfinished(t, box, "event-old", late, 10))
	same(t, "the events that wait under the new name", []string{"E-1", "E-2", "E-3", "both", "done there", "clash"}, unfinished(t, box, "event-new", late, 10))
	for _, id := range []string{"E-1", "E-3", "done", "both", "done there", "clash"} {
		if receive(t, box, "event-new", event(id), late) {
			t.Errorf("the event %q is forgotten", id)
		}
	}
	if !receive(t, box, "event-old", event("E-1"), late) {
		t.Errorf("the event %q is still known under the old name", "E-1")
	}
}
