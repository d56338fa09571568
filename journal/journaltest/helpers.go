package journaltest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
)

// start is when the suite's refunds begin.
var start = time.Date(2026, 3, 29, 0, 59, 59, 0, time.UTC)

func lira(s string) money.Amount { return money.MustParse(s + " TRY") }

// partial is an intent to give back an amount of a payment of 100.00.
func partial(key, payment, amount string) refund.Intent {
	req := refund.Partial(payment, lira(amount))
	req.Payment.Amount = lira("100.00")
	return intent(key, req)
}

func full(key, payment string) refund.Intent { return intent(key, refund.Full(payment)) }

func intent(key string, req refund.Request) refund.Intent {
	req.Key = key
	return refund.Intent{Key: key, Provider: "shop", Gateway: "acme", Request: req, At: start, Lease: 5 * time.Minute}
}

// bench is a journal and the test that uses it.
type bench struct {
	t   testing.TB
	j   refund.Journal
	ctx context.Context
}

func use(t testing.TB, j refund.Journal) *bench {
	t.Helper()
	if j == nil {
		t.Fatalf("there is no journal")
	}
	return &bench{t: t, j: j, ctx: t.Context()}
}

// begin begins a refund that must be fresh.
func (b *bench) begin(in refund.Intent) *refund.Entry {
	b.t.Helper()
	e, fresh, err := b.j.Begin(b.ctx, in)
	switch {
	case err != nil:
		b.t.Fatalf("Begin of the key %q: %v", in.Key, err)
	case e == nil:
		b.t.Fatalf("Begin of the key %q returned neither an entry nor an error", in.Key)
	case !fresh:
		b.t.Fatalf("Begin of the key %q is not fresh; the entry is %s", in.Key, show(e))
	}
	return e
}

// refused begins a refund that must not be admitted.
func (b *bench) refused(in refund.Intent, code refund.Code) {
	b.t.Helper()
	e, fresh, err := b.j.Begin(b.ctx, in)
	if err == nil {
		b.t.Fatalf("Begin of the key %q succeeded (fresh: %t), want %s; the entry is %s", in.Key, fresh, code, show(e))
	}
	if e != nil || fresh {
		b.t.Errorf("Begin of the key %q returned an error and an entry or fresh", in.Key)
	}
	var own *refund.Error
	if !errors.As(err, &own) {
		b.t.Fatalf("Begin of the key %q gave the error %v, want the *refund.Error of Admit", in.Key, err)
	}
	if own.Code != code || own.Status != refund.StatusNotSent || refund.StatusOf(err) != refund.StatusNotSent {
		b.t.Errorf("Begin of the key %q gave the error %v with the status %s, want %s, not sent", in.Key, err, own.Status, code)
	}
	if own.Gateway != in.Gateway || own.Op != "refund" {
		b.t.Errorf("the error %v is of gateway %q and op %q, want %q and refund", err, own.Gateway, own.Op, in.Gateway)
	}
}

// absent makes sure that a key has no entry.
func (b *bench) absent(key string) {
	b.t.Helper()
	if e, err := b.j.Entry(b.ctx, key); !errors.Is(err, refund.ErrNoEntry) {
		b.t.Errorf("Entry of the key %q gave %s and the error %v, want ErrNoEntry", key, show(e), err)
	}
}

// entry returns the stored entry.
func (b *bench) entry(key string) *refund.Entry {
	b.t.Helper()
	e, err := b.j.Entry(b.ctx, key)
	if err != nil || e == nil {
		b.t.Fatalf("Entry of the key %q: %v", key, err)
	}
	return e
}

// same makes sure that an entry is stored as want.
func (b *bench) same(want *refund.Entry) {
	b.t.Helper()
	b.equal("the stored entry of "+want.Key, want, b.entry(want.Key))
}

func (b *bench) equal(what string, want, got *refund.Entry) {
	b.t.Helper()
	if d := diff(want, got); d != "" {
		b.t.Errorf("%s differs:\n%s", what, d)
	}
}

// utc makes sure that an entry's times are in UTC.
func (b *bench) utc(e *refund.Entry) {
	b.t.Helper()
	for _, at := range times(e) {
		if _, offset := at.Zone(); offset != 0 {
			b.t.Errorf("a time comes back as %s, want UTC", at)
		}
	}
}

// move moves an entry, compares what comes back with what Apply makes of it, and
// returns it.
func (b *bench) move(e *refund.Entry, m refund.Move) *refund.Entry {
	b.t.Helper()
	want := e.Clone()
	want.Apply(m)
	got, err := b.j.Move(b.ctx, e.Key, e.Version, m)
	if err != nil || got == nil {
		b.t.Fatalf("Move of the key %q to %s: %v", e.Key, m.Status, err)
	}
	b.equal("what Move returned for "+e.Key, want, got)
	return got
}

// moveTo moves an entry to a status, with what belongs to it.
func (b *bench) moveTo(e *refund.Entry, s refund.Status) *refund.Entry {
	b.t.Helper()
	return b.move(e, answer(s, refund.Declined))
}

// answer is what a gateway says: code is used where it is a no.
func answer(s refund.Status, code refund.Code) refund.Move {
	m := refund.Move{Change: refund.Change{Status: s, At: start.Add(time.Second), Cause: refund.CauseAnswer}}
	switch s {
	case refund.StatusPending, refund.StatusSucceeded:
		m.Result = &refund.Result{Gateway: "acme", Status: s, RefundID: "r-1", At: m.At}
	case refund.StatusUnknown:
		m.Err = &refund.Error{Gateway: "acme", Op: "refund", Code: refund.OutcomeUnknown, Status: s}
	default:
		m.Err = &refund.Error{Gateway: "acme", Op: "refund", Code: code, Status: s}
	}
	return m
}

// ended is the statuses in which a refund is no longer open.
var ended = []refund.Status{
	refund.StatusNotSent, refund.StatusRefused, refund.StatusPending, refund.StatusSucceeded, refund.StatusFailed, refund.StatusReversed,
}

// diff says in which fields two entries differ, "" if in none.
func diff(want, got *refund.Entry) string {
	if want == nil || got == nil {
		return fmt.Sprintf("want %s, got %s", show(want), show(got))
	}
	w, g := plain(want), plain(got)
	var b strings.Builder
	wv, gv := reflect.ValueOf(*w), reflect.ValueOf(*g)
	for i := range wv.NumField() {
		a, z := wv.Field(i).Interface(), gv.Field(i).Interface()
		if !reflect.DeepEqual(a, z) {
			fmt.Fprintf(&b, "%s: want %s\n%s   got %s\n", wv.Type().Field(i).Name, detail(a), strings.Repeat(" ", len(wv.Type().Field(i).Name)), detail(z))
		}
	}
	return b.String()
}

// detail shows what a pointer points to, and not too much of it.
func detail(v any) string {
	const longest = 1000
	if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && !r.IsNil() {
		v = r.Elem().Interface()
	}
	s := fmt.Sprintf("%#v", v)
	if len(s) > longest {
		s = s[:longest] + "…"
	}
	return s
}

// text is a cause that went through a store: what it said, and no more.
type text string

func (t text) Error() string { return string(t) }

// plain is a copy in which equal entries are equal: times to the microsecond,
// causes as texts, nothing instead of empty.
func plain(e *refund.Entry) *refund.Entry {
	c := e.Clone()
	for _, t := range times(c) {
		*t = t.UTC().Round(time.Microsecond)
	}
	if len(c.Request.Params) == 0 {
		c.Request.Params = nil
	}
	if len(c.History) == 0 {
		c.History = nil
	}
	if c.Before != nil && len(c.Before.Refunds) == 0 {
		c.Before.Refunds = nil
	}
	if c.Err != nil && c.Err.Err != nil {
		c.Err.Err = text(c.Err.Err.Error())
	}
	return c
}

// times are all times of an entry.
func times(e *refund.Entry) []*time.Time {
	all := []*time.Time{&e.BeganAt, &e.ChangedAt, &e.LeaseUntil, &e.Request.Payment.PaidAt}
	for i := range e.History {
		all = append(all, &e.History[i].At)
		if !e.History[i].EventAt.IsZero() {
			all = append(all, &e.History[i].EventAt)
		}
	}
	if e.Result != nil {
		all = append(all, &e.Result.At)
	}
	if e.Before != nil {
		for i := range e.Before.Refunds {
			all = append(all, &e.Before.Refunds[i].At)
		}
	}
	return all
}

func show(e *refund.Entry) string {
	if e == nil {
		return "none"
	}
	return fmt.Sprintf("{key %q, payment %q, amount %s, %s, version %d}", e.Key, e.Request.Payment.ID, e.Amount, e.Status, e.Version)
}
