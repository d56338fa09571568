package journaltest

import (
	"testing"

	"github.com/gorefund/refund"
)

// in is the intent in another environment.
func in(environment refund.Environment, i refund.Intent) refund.Intent {
	i.Environment = environment
	return i
}

func environments(t testing.TB, j refund.Journal) {
	b := use(t, j)
	sandbox := b.begin(in(refund.Sandbox, partial("sandbox", "p1", "60.00")))
	live := b.begin(in(refund.Production, partial("live", "p1", "60.00")))
	nowhere := b.begin(partial("nowhere", "p1", "60.00")) // a provider that does not say
	for _, e := range []*refund.Entry{sandbox, live, nowhere} {
		b.refused(in(e.Environment, partial("beside "+e.Key, "p1", "1.00")), refund.InProgress)
	}
	b.moveTo(sandbox, refund.StatusSucceeded)
	b.refused(in(refund.Production, partial("k1", "p1", "1.00")), refund.InProgress)
	live = b.moveTo(live, refund.StatusSucceeded)
	for _, e := range []refund.Environment{refund.Sandbox, refund.Production} {
		b.refused(in(e, partial("k1", "p1", "40.01")), refund.ExceedsRefundable)
		b.moveTo(b.begin(in(e, partial("rest in "+string(e), "p1", "40.00"))), refund.StatusPending)
	}
	// What was paid in one says nothing about the other.
	other := in(refund.Production, intent("k2", refund.Partial("p2", lira("500.00"))))
	b.begin(in(refund.Sandbox, partial("k3", "p2", "1.00")))
	b.begin(other)

	// A key belongs to one of them.
	again := in(refund.Sandbox, partial("live", "p1", "60.00"))
	got, fresh, err := j.Begin(b.ctx, again)
	switch {
	case err != nil || got == nil:
		t.Fatalf("Begin of a key that is taken in another environment: %v", err)
	case fresh:
		t.Errorf("a key that is taken in another environment is fresh, so that one of the two is sent under the other's key")
	case again.Same(got):
		t.Errorf("a request in another environment is the same, so that the other's outcome would be its answer")
	}
	b.equal("the entry of the key", live, got)
	b.same(live)

	if box, ok := j.(refund.Inbox); ok {
		all, err := box.Refunds(b.ctx, "shop", "p1")
		if err != nil || len(all) != 5 {
			t.Errorf("Refunds gave %d entries and the error %v, want those of all environments, 5", len(all), err)
		}
	}
	for i, text := range alike() {
		key := "environment " + text
		if len(key) > 255 {
			continue
		}
		b.begin(in(refund.Environment(text), partial(key, "p3", "100.00")))
		if i%2 == 0 {
			b.refused(in(refund.Environment(text), partial("beside", "p3", "1.00")), refund.InProgress)
		}
	}
}

func again(t testing.TB, j refund.Journal) {
	b := use(t, j)
	with := func(i refund.Intent) refund.Intent {
		i.Request.Again, i.Request.By = true, "Ana"
		i.At = start.Add(1e9)
		return i
	}
	taken := func(what string, e *refund.Entry, i refund.Intent) {
		t.Helper()
		got, fresh, err := j.Begin(b.ctx, i)
		if err != nil || fresh {
			t.Fatalf("%s: Begin gave fresh %t and the error %v, want the entry", what, fresh, err)
		}
		b.equal(what, e, got)
		b.same(e)
	}
	for _, code := range []refund.Code{refund.InsufficientFunds, refund.Unauthorized, refund.Declined} {
		asked := partial("refused "+string(code), "p "+string(code), "10.00")
		first := b.move(b.begin(asked), answer(refund.StatusRefused, code))
		taken("without Again", first, asked)

		larger := with(asked)
		larger.Request.Amount = lira("10.01")
		taken("with Again, of another amount", first, larger)
		shop := with(asked)
		shop.Provider = "other shop"
		taken("with Again, at another provider", first, shop)
		taken("with Again, in another environment", first, in(refund.Sandbox, with(asked)))

		// One that is not admitted leaves all as it was.
		beside := b.begin(partial("beside "+string(code), "p "+string(code), "95.00"))
		b.refused(with(asked), refund.InProgress)
		b.same(first)
		b.moveTo(beside, refund.StatusSucceeded)
		b.refused(with(asked), refund.ExceedsRefundable)
		b.same(first)
		b.moveTo(b.entry(beside.Key), refund.StatusFailed)

		i := with(asked)
		second := b.begin(i)
		want := i.NewEntry(lira("10.00"), first)
		b.equal("the entry begun again", want, second)
		b.same(want)
		if len(second.History) != 3 || second.Version <= first.Version || second.History[2].By != "Ana" {
			t.Errorf("begun again: version %d after %d and the history %+v, want a later one with all tries, the last by Ana", second.Version, first.Version, second.History)
		}
		taken("with Again, while it is sent", second, with(asked))
		b.move(second, answer(refund.StatusRefused, code))
		third := b.begin(with(asked))
		if len(third.History) != 5 {
			t.Errorf("begun for the third time: %d changes, want 5", len(third.History))
		}
		b.moveTo(third, refund.StatusSucceeded)
		taken("with Again, when it has succeeded", b.entry(asked.Key), with(asked))
	}
	for _, s := range []refund.Status{refund.StatusUnknown, refund.StatusPending, refund.StatusFailed, refund.StatusReversed} {
		asked := partial("ended "+s.String(), "p "+s.String(), "10.00")
		taken("with Again, when it is "+s.String(), b.moveTo(b.begin(asked), s), with(asked))
	}
}
