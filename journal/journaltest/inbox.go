package journaltest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorefund/refund"
)

// inbox returns the journal's inbox, or skips the rule.
func inbox(t testing.TB, j refund.Journal) refund.Inbox {
	t.Helper()
	in, ok := j.(refund.Inbox)
	if !ok {
		t.Skip("this journal is no refund.Inbox: it keeps no callbacks")
	}
	return in
}

func event(id string) refund.Event {
	return refund.Event{Gateway: "acme", ID: id, PaymentID: "p", Status: refund.StatusSucceeded, Trust: refund.TrustSigned}
}

// receive stores an event, and says whether it was fresh.
func receive(t testing.TB, in refund.Inbox, provider string, ev refund.Event, at time.Time) bool {
	t.Helper()
	fresh, err := in.Receive(t.Context(), provider, ev, at)
	if err != nil {
		t.Fatalf("Receive of the event %q: %v", ev.ID, err)
	}
	return fresh
}

// unfinished returns the ids of the events that wait.
func unfinished(t testing.TB, in refund.Inbox, provider string, before time.Time, limit int) []string {
	t.Helper()
	events, err := in.Unfinished(t.Context(), provider, before, limit)
	if err != nil {
		t.Fatalf("Unfinished: %v", err)
	}
	ids := []string{}
	for _, ev := range events {
		ids = append(ids, ev.ID)
	}
	return ids
}

func same(t testing.TB, what string, want, got []string) {
	t.Helper()
	if !slices.Equal(want, got) {
		t.Errorf("%s are %q, want %q", what, got, want)
	}
}

func eventsOnce(t testing.TB, j refund.Journal) {
	in := inbox(t, j)
	first := refund.Event{
		Gateway: "acme", ID: "E-1", Key: odd, PaymentID: odd, RefundID: odd, Status: refund.StatusReversed, Kind: refund.KindPartial, Amount: lira("12.34"),
		AmountUnreadable: true,
		Code:             odd, Message: odd, At: time.Date(2026, 3, 29, 2, 1, 0, 123456789, time.FixedZone("UTC+1", 3600)), Trust: refund.TrustToken,
	}
	if !receive(t, in, "shop", first, start) {
		t.Errorf("the first one is not fresh")
	}
	other := event("E-1")
	if receive(t, in, "shop", other, start.Add(time.Hour)) {
		t.Errorf("another one with its id is fresh")
	}
	if !receive(t, in, "other shop", other, start) || !receive(t, in, "shop", event("e-1"), start) || !receive(t, in, "shop", event("E-1 "), start) {
		t.Errorf("one of another provider, or with an id that differs by a letter's case or a space, is not fresh")
	}
	events, err := in.Unfinished(t.Context(), "shop", start.Add(time.Second), 1)
	if err != nil || len(events) != 1 {
		t.Fatalf("Unfinished gave %d events and the error %v, want one", len(events), err)
	}
	got := events[0]
	if !got.At.Equal(first.At) {
		t.Errorf("the event's time is %s, want %s", got.At, first.At)
	}
	if got.At = first.At; got != first {
		t.Errorf("the event comes back as %+v, want %+v", got, first)
	}
}

func eventsWait(t testing.TB, j refund.Journal) {
	in := inbox(t, j)
	for i := range 4 {
		receive(t, in, "shop", event(fmt.Sprint("E-", i)), start.Add(time.Duration(i)*time.Minute))
	}
	receive(t, in, "other shop", event("E-9"), start)
	late := start.Add(time.Hour)
	same(t, "the events that wait", []string{"E-0", "E-1", "E-2", "E-3"}, unfinished(t, in, "shop", late, 10))
	same(t, "the first two", []string{"E-0", "E-1"}, unfinished(t, in, "shop", late, 2))
	same(t, "those received before", []string{"E-0", "E-1"}, unfinished(t, in, "shop", start.Add(2*time.Minute), 10))
	for _, id := range []string{"E-1", "E-1", "not there"} {
		if err := in.Finish(t.Context(), "shop", id); err != nil {
			t.Fatalf("Finish of %q: %v", id, err)
		}
	}
	same(t, "those that are not finished", []string{"E-0", "E-2", "E-3"}, unfinished(t, in, "shop", late, 10))
	if receive(t, in, "shop", event("E-1"), late) {
		t.Errorf("a finished one is forgotten")
	}
	same(t, "those that are not finished, after a repeat", []string{"E-0", "E-2", "E-3"}, unfinished(t, in, "shop", late.Add(time.Hour), 10))
	same(t, "those of the other shop", []string{"E-9"}, unfinished(t, in, "other shop", late, 10))
}

func eventsManyCallers(t testing.TB, j refund.Journal) {
	in := inbox(t, j)
	var fresh atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			got, err := in.Receive(t.Context(), "shop", event("E-1"), start)
			if err != nil {
				t.Errorf("Receive: %v", err)
			}
			if got {
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	if n := fresh.Load(); n != 1 {
		t.Errorf("%d callers got fresh, want one", n)
	}
}

func refundsOfAPayment(t testing.TB, j refund.Journal) {
	in := inbox(t, j)
	b := use(t, j)
	var want []*refund.Entry
	for i, key := range []string{"b", "a", "c"} {
		e := b.begin(partial(key, "p", "10.00"))
		want = append(want, b.move(e, answer([]refund.Status{refund.StatusSucceeded, refund.StatusRefused, refund.StatusPending}[i], "")))
	}
	b.begin(partial("d", "P", "10.00"))
	elsewhere := partial("e", "p", "10.00")
	elsewhere.Provider = "other shop"
	b.begin(elsewhere)
	got, err := in.Refunds(b.ctx, "shop", "p")
	if err != nil || len(got) != len(want) {
		t.Fatalf("Refunds gave %d entries and the error %v, want %d", len(got), err, len(want))
	}
	for i := range want {
		b.equal("entry "+fmt.Sprint(i), want[i], got[i])
	}
	got[0].Status = refund.StatusFailed // its owner may change it
	b.same(want[0])
	if none, err := in.Refunds(b.ctx, "shop", "none"); err != nil || len(none) != 0 {
		t.Errorf("Refunds of an unknown payment gave %d entries and the error %v", len(none), err)
	}
}
