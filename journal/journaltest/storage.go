package journaltest

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
)

// odd is a text that encodings, escapes and collations like to change.
const odd = "a\"b'c\\d\u0000e\n\t\u2028<&>\u00e9e\u0301 \U0001F4B8 \\u0000 ${x} ? $1 \uFEFF"

// complete is an intent in which every field is set.
func complete(key string, at time.Time) refund.Intent {
	return refund.Intent{
		Key: key, Provider: "shop – İstanbul", Gateway: "acme", Environment: "sandbox – İzmir", ByAmount: true, At: at, Lease: 90*time.Second + 123456*time.Microsecond,
		Request: refund.Request{
			Kind: refund.KindPartial, Provider: "shop – İstanbul", Key: key, By: odd, Again: true,
			Payment: refund.Payment{ID: "pay/" + key, Amount: money.MustParse("92233720368547758.07 TRY"), PaidAt: at.Add(-72 * time.Hour)},
			Amount:  money.MustParse("92233720368547758.06 TRY"), Remaining: money.MustParse("92233720368547758.07 TRY"),
			Reason: odd, NotifyCustomer: true, CallbackURL: "https://shop.example/refunds?a=1&b=%20#x",
			Params: map[string]string{"acme.way": odd, "acme.empty": "", "acme." + odd: "1"},
		},
		Before: &refund.Report{
			Status: refund.StatusUnknown, Extent: refund.ExtentNone, State: "settled " + odd, Complete: true, Refunded: money.MustParse("0.00 TRY"), RefundID: "x", Conclusive: true, Why: "why " + odd,
			Refunds: []refund.SeenRefund{
				{ID: "s1", Amount: money.MustParse("1.00 TRY"), Status: refund.StatusReversed, At: at.Add(-time.Hour)},
				{Status: refund.StatusPending},
			},
		},
	}
}

func everyField(t testing.TB, j refund.Journal) {
	b := use(t, j)
	zone := time.FixedZone("UTC+5:45", 5*3600+45*60)
	for _, at := range []time.Time{
		time.Date(2026, 3, 29, 0, 59, 59, 999999000, time.UTC),
		time.Date(2026, 10, 25, 3, 30, 0, 123456789, zone), // nanoseconds, and not UTC
		time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2099, 12, 31, 23, 59, 59, 999999900, time.UTC), // the next year, to the microsecond
	} {
		in := complete("k "+at.Format(time.RFC3339Nano), at)
		want := in.NewEntry(in.Request.Amount, nil)
		e := b.begin(in)
		b.equal("what Begin returned", want, e)
		b.same(want)
		b.utc(b.entry(in.Key))
		m := refund.Move{
			Change: refund.Change{Status: refund.StatusPending, At: at.Add(time.Minute), Cause: refund.CauseCallback, By: odd, Note: odd, Trust: refund.TrustSigned, Flag: true,
				Event: odd, EventAt: at.Add(time.Second)},
			Result: &refund.Result{
				Gateway: "acme", Key: in.Key, Status: refund.StatusPending, Kind: refund.KindPartial, PaymentID: odd, RefundID: odd,
				Amount: money.MustParse("0.01 TRY"), Code: odd, Message: strings.Repeat(odd, 100), Replayed: true, At: at.Add(time.Minute),
			},
			Err: &refund.Error{
				Gateway: "acme", Op: "refund", Code: refund.InsufficientFunds, Status: refund.StatusRefused, GatewayCode: odd,
				Message: odd, HTTPStatus: 599, RefundID: odd, Blocker: &refund.Blocker{Key: odd, Status: refund.StatusReversed}, RetryAfter: 1<<63 - 1, Replayed: true, Err: io.ErrUnexpectedEOF,
			},
		}
		want.Apply(m)
		b.move(e, m)
		stored := b.entry(in.Key)
		b.equal("the stored entry", want, stored)
		b.utc(stored)
		if refund.StatusOf(stored.Err) != refund.StatusRefused || !errors.Is(stored.Err, refund.InsufficientFunds) {
			t.Errorf("the stored error is %v, which no longer matches its code", stored.Err)
		}
		if got := stored.Err.Error(); got != m.Err.Error() {
			t.Errorf("the stored error reads %q, want %q", got, m.Err.Error())
		}
	}

	// Every code and status, nothing set that needs not be.
	for _, code := range refund.Codes() {
		e := b.begin(partial("code "+string(code), "pay "+string(code), "1.00"))
		b.same(b.move(e, answer(refund.StatusRefused, code)))
	}
	for _, s := range append([]refund.Status{refund.StatusUnknown}, ended...) {
		in := full("status "+s.String(), "pay "+s.String())
		in.Request.NotifyCustomer = false
		e := b.begin(in)
		b.same(b.move(e, refund.Move{Change: refund.Change{Status: s, At: start, Cause: refund.CauseLookUp}}))
	}
	for _, a := range extremes() {
		b.same(b.begin(intent("amount "+a.String(), refund.Partial("pay "+a.String(), a))))
	}
}

func noSharing(t testing.TB, j refund.Journal) {
	b := use(t, j)
	spoilParts := func(e *refund.Entry) {
		e.Status = refund.StatusReversed
		e.Amount = lira("0.99")
		e.Request.Params["acme.way"], e.Request.Params["acme.more"] = "spoilt", "spoilt"
		for i := range e.History {
			e.History[i].Note = "spoilt"
		}
		_ = append(e.History[:0], refund.Change{Note: "spoilt"})
		if e.Result != nil {
			e.Result.RefundID = "spoilt"
		}
		if e.Err != nil {
			e.Err.Message = "spoilt"
		}
		if e.Before != nil {
			e.Before.State, e.Before.Refunds[0].ID = "spoilt", "spoilt"
		}
	}
	spoil := func(e *refund.Entry) {
		e.Key, e.Provider, e.Version = "spoilt", "spoilt", 99
		spoilParts(e)
	}
	in := complete("k1", start)
	want := in.NewEntry(in.Request.Amount, nil)
	got := b.begin(in)
	version := got.Version
	in.Request.Params["acme.way"], in.Before.State, in.Before.Refunds[0].ID = "spoilt", "spoilt", "spoilt"
	spoil(got)
	b.same(want)

	m := answer(refund.StatusPending, "")
	m.Result.At = time.Date(2026, 3, 29, 2, 1, 0, 123456789, time.FixedZone("UTC+1", 3600))
	result := *m.Result
	m.Err = &refund.Error{Code: refund.Declined, Message: "kept"}
	want.Apply(m)
	want = want.Clone()
	moved, err := j.Move(b.ctx, "k1", version, m)
	if err != nil {
		t.Fatalf("Move: %v", err)
	}
	if *m.Result != result {
		t.Errorf("Move changed the caller's result to %+v, it was %+v", *m.Result, result)
	}
	version = moved.Version
	m.Result.RefundID, m.Err.Message = "spoilt", "spoilt"
	spoil(moved)
	b.same(want)
	spoil(b.entry("k1"))
	b.same(want)

	replayed, fresh, err := j.Begin(b.ctx, complete("k1", start))
	if err != nil || fresh {
		t.Fatalf("Begin of a key that is taken: fresh %t, error %v", fresh, err)
	}
	spoil(replayed)
	b.same(want)
	want.Version = version
	b.moveTo(want, refund.StatusSucceeded)

	// An entry that is still known by its key and version is not taken for the
	// journal's own either.
	in = complete("k2", start)
	want = in.NewEntry(in.Request.Amount, nil)
	spoilParts(b.begin(in))
	for _, s := range []refund.Status{refund.StatusPending, refund.StatusSucceeded} {
		m := answer(s, "")
		version := want.Version
		want.Apply(m)
		want = want.Clone()
		moved, err := j.Move(b.ctx, "k2", version, m)
		if err != nil {
			t.Fatalf("Move: %v", err)
		}
		spoilParts(moved)
		b.same(want)
	}
}

func endedContexts(t testing.TB, j refund.Journal) {
	b := use(t, j)
	begun := b.begin(partial("k1", "p1", "10.00"))
	canceled, cancel := context.WithCancel(b.ctx)
	cancel()
	late, cancel := context.WithDeadline(b.ctx, time.Unix(0, 0))
	defer cancel()
	for _, ctx := range []context.Context{canceled, late} {
		if e, fresh, err := j.Begin(ctx, partial("k2", "p2", "10.00")); !errors.Is(err, ctx.Err()) || e != nil || fresh {
			t.Errorf("Begin gave %s, fresh %t and the error %v, want %v", show(e), fresh, err, ctx.Err())
		}
		b.absent("k2")
		if e, fresh, err := j.Begin(ctx, partial("k1", "p1", "10.00")); !errors.Is(err, ctx.Err()) || e != nil || fresh {
			t.Errorf("Begin of a key that is taken gave %s, fresh %t and the error %v, want %v", show(e), fresh, err, ctx.Err())
		}
		if e, err := j.Move(ctx, "k1", begun.Version, answer(refund.StatusSucceeded, "")); !errors.Is(err, ctx.Err()) || e != nil {
			t.Errorf("Move gave %s and the error %v, want %v", show(e), err, ctx.Err())
		}
		b.same(begun)
		if e, err := j.Entry(ctx, "k1"); !errors.Is(err, ctx.Err()) || e != nil {
			t.Errorf("Entry gave %s and the error %v, want %v", show(e), err, ctx.Err())
		}
	}
	b.moveTo(begun, refund.StatusSucceeded)
	b.begin(partial("k2", "p2", "10.00"))
}
