package journaltest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
)

func beginStores(t testing.TB, j refund.Journal) {
	b := use(t, j)
	b.absent("k1")
	in := partial("k1", "p1", "10.00")
	got := b.begin(in)
	want := in.NewEntry(lira("10.00"), nil)
	b.equal("what Begin returned", want, got)
	b.same(want)
	if got.Status != refund.StatusUnknown || got.Version < 1 || !got.Sending(start.Add(6*time.Minute-1)) || got.Sending(start.Add(6*time.Minute)) {
		t.Errorf("a fresh entry must be unknown, and its sender's for the time of the lease and a minute; it is %s until %s", show(got), got.LeaseUntil)
	}

	native := b.begin(full("k2", "p2"))
	if native.Amount.IsSet() {
		t.Errorf("a full refund of which nobody knows the amount has the amount %s", native.Amount)
	}
	b.same(native)
}

func takenKeys(t testing.TB, j refund.Journal) {
	b := use(t, j)
	other := partial("", "another payment", "20.00")
	other.Provider, other.Gateway, other.At = "other shop", "other gateway", start.Add(time.Hour)
	check := func(what string, e *refund.Entry, in refund.Intent) {
		t.Helper()
		in.Key = e.Key
		got, fresh, err := j.Begin(b.ctx, in)
		switch {
		case err != nil:
			t.Errorf("%s, %s: Begin gave the error %v, want the entry", e.Key, what, err)
		case fresh:
			t.Errorf("%s, %s: Begin says fresh, so that it would be sent twice", e.Key, what)
		default:
			b.equal(e.Key+", "+what, e, got)
		}
		b.same(e)
	}
	for _, s := range append([]refund.Status{refund.StatusUnknown}, ended...) {
		if s == refund.StatusNotSent {
			continue // the key is free
		}
		in := partial("taken, "+s.String(), "p-"+s.String(), "10.00")
		e := b.begin(in)
		if s == refund.StatusUnknown {
			check("while it is sent", e, in)
		}
		e = b.moveTo(e, s)
		check("the same request", e, in)
		check("another request", e, other)
	}
	// That asked for other payments' entries must not have changed any of them.
	b.begin(partial("first of another payment", "another payment", "100.00"))
}

func freeKeys(t testing.TB, j refund.Journal) {
	b := use(t, j)
	for _, free := range []refund.Move{
		answer(refund.StatusNotSent, refund.Unavailable),
		answer(refund.StatusNotSent, refund.InvalidRequest),
		answer(refund.StatusRefused, refund.RateLimited),
	} {
		key := fmt.Sprintf("%s %s", free.Status, free.Err.Code)
		first := b.move(b.begin(partial(key, "p "+key, "10.00")), free)

		// A repeat that is not admitted leaves all as it was.
		b.refused(partial(key, "p "+key, "100.01"), refund.ExceedsRefundable)
		b.same(first)

		again := partial(key, "p2 "+key, "30.00")
		again.Request.Reason, again.Request.Params = "changed", map[string]string{"acme.way": "other"}
		again.Provider, again.Gateway, again.At = "other shop", "other gateway", start.Add(time.Minute)
		second := b.begin(again)
		want := again.NewEntry(lira("30.00"), first)
		b.equal("the entry begun again", want, second)
		b.same(want)
		if second.Version <= first.Version || len(second.History) != 3 || second.Result != nil || second.Err != nil {
			t.Errorf("begun again: version %d after %d, %d changes, want a later version, 3 changes and no outcome", second.Version, first.Version, len(second.History))
		}

		// Whoever still holds the first try is late.
		if _, err := j.Move(b.ctx, key, first.Version, answer(refund.StatusSucceeded, "")); !errors.Is(err, refund.ErrStale) {
			t.Errorf("a move of the try before gave the error %v, want ErrStale", err)
		}
		b.same(second)

		// The payment of the first try is free, that of the second is not.
		b.begin(partial("after "+key, "p "+key, "100.00"))
		after := partial("beside "+key, "p2 "+key, "1.00")
		after.Provider = "other shop"
		b.refused(after, refund.InProgress)

		// And once more.
		third := b.begin(func() refund.Intent {
			b.move(second, answer(refund.StatusNotSent, refund.Unavailable))
			return again
		}())
		if len(third.History) != 5 {
			t.Errorf("begun for the third time: %d changes, want 5", len(third.History))
		}
	}
	for _, code := range []refund.Code{refund.Declined, refund.InsufficientFunds, refund.NotRefundable, refund.Unauthorized} {
		in := partial("refused "+string(code), "p refused "+string(code), "10.00")
		e := b.move(b.begin(in), answer(refund.StatusRefused, code))
		if _, fresh, err := j.Begin(b.ctx, in); fresh || err != nil {
			t.Errorf("a refund refused as %s was begun again: fresh %t, error %v", code, fresh, err)
		}
		b.same(e)
	}
}

func snapshots(t testing.TB, j refund.Journal) {
	b := use(t, j)
	begin := func(key, payment, what string, shown, want int) *refund.Entry {
		t.Helper()
		in := partial(key, payment, "10.00")
		in.Before = seen(shown)
		e := b.begin(in)
		switch {
		case want < 0 && e.Before != nil:
			t.Errorf("%s: the entry that Begin returned has the snapshot %s, want none", what, detail(e.Before))
		case want >= 0 && (e.Before == nil || len(e.Before.Refunds) != want):
			t.Errorf("%s: the entry that Begin returned has the snapshot %s, want one of %d refunds", what, detail(e.Before), want)
		}
		b.same(e)
		return e
	}
	accepted := func(e *refund.Entry, s refund.Status, id string) *refund.Entry {
		t.Helper()
		m := answer(s, "")
		m.Result.RefundID = id
		return b.move(e, m)
	}
	const dropped = -1
	first := begin("k1", "p1", "the first refund of a payment", 0, 0)
	first = accepted(first, refund.StatusPending, "")
	second := begin("k2", "p1", "another one is pending", 1, dropped)
	second = accepted(second, refund.StatusSucceeded, "r-1")
	if second.Before != nil {
		t.Errorf("a move brought the snapshot back: %s", detail(second.Before))
	}
	accepted(first, refund.StatusSucceeded, "r-0")
	b.moveTo(begin("k3", "p1", "the gateway shows fewer than were accepted", 1, dropped), refund.StatusRefused)
	third := begin("k4", "p1", "the gateway shows all that were accepted", 2, 2)

	// With a key that is used again, of the try before nothing is left.
	b.moveTo(third, refund.StatusNotSent)
	begin("k4", "p1", "the try before had one", 1, dropped)
	e := b.moveTo(begin("k5", "p2", "the first refund of another payment", 0, 0), refund.StatusNotSent)
	if e.Before == nil {
		t.Errorf("a move took the snapshot away")
	}
	in := partial("k5", "p2", "10.00") // no snapshot was taken
	if e := b.begin(in); e.Before != nil {
		t.Errorf("begun again without a snapshot, the entry has that of the try before: %s", detail(e.Before))
	}
}

// seen is a gateway's answer that shows n refunds.
func seen(n int) *refund.Report {
	r := &refund.Report{State: "settled"}
	for i := range n {
		r.Refunds = append(r.Refunds, refund.SeenRefund{ID: fmt.Sprintf("r-%d", i), Amount: lira("10.00"), Status: refund.StatusSucceeded})
	}
	return r
}

// alike are texts that some comparison or another takes for the same.
func alike() []string {
	long := strings.Repeat("k", 254)
	return []string{
		"key", "KEY", "Key", "key ", " key", "key  ", "key\t",
		"caf\u00e9", "cafe\u0301", "cafe", "CAF\u00c9",
		"ß", "ss", "SS", "ſs", "ﬁ", "fi", "ı", "i", "I", "İ", "K", "\u212a", "Å", "\u212b",
		"a\u00adb", "ab", "a\u200bb", "a-b", "a_b", "a%b", "a*b",
		"1", "01", "1.0", "1e0", "0x1", "+1", "true", "null", "NULL",
		"'", "''", `"`, `\`, `\\`, `\'`, "`", "?", "$1", ":a", "@a", "%s", "; --", "{}", "[]", `{"a":1}`, "é", "鍵", "🔑", "🔒", "\U0001F1F9\U0001F1F7",
		long + "a", long + "b", long + "A", strings.Repeat("é", 127) + "a", strings.Repeat("é", 127) + "b",
	}
}

func exactTexts(t testing.TB, j refund.Journal) {
	b := use(t, j)
	texts := alike()
	// As keys, of payments of their own.
	entries := make(map[string]*refund.Entry)
	for i, key := range texts {
		entries[key] = b.begin(partial(key, fmt.Sprintf("p-%d", i), "10.00"))
	}
	for _, key := range texts {
		b.same(entries[key])
	}
	for i, key := range texts {
		if i%2 == 0 {
			entries[key] = b.moveTo(entries[key], refund.StatusSucceeded)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		b.same(entries[key])
	}
	// As payments: one open refund of each. As providers, likewise.
	for i, text := range texts {
		b.begin(partial(fmt.Sprintf("payment-%d", i), text, "100.00"))
		in := partial(fmt.Sprintf("provider-%d", i), "the same payment", "100.00")
		in.Provider = text
		b.begin(in)
	}
	for i, text := range texts {
		b.refused(partial(fmt.Sprintf("another-%d", i), text, "1.00"), refund.InProgress)
		in := partial(fmt.Sprintf("provider-another-%d", i), "the same payment", "1.00")
		in.Provider = text
		b.refused(in, refund.InProgress)
	}
}

// The amounts of money that a store must keep.
func extremes() []money.Amount {
	return []money.Amount{
		money.MustParse("92233720368547758.07 TRY"), money.MustParse("0.01 TRY"), money.MustParse("9223372036854775807 JPY"), money.MustParse("0.001 KWD"),
	}
}
