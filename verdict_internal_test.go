package refund

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
)

var (
	php10, php20, php100 = money.MustParse("10.00 PHP"), money.MustParse("20.00 PHP"), money.MustParse("100.00 PHP")
	someDay              = time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)
)

// entryOf makes a partial refund of 20.00 of 100.00 that has come to be in these states,
// each by its cause.
func entryOf(changes ...Change) *Entry {
	e := &Entry{
		Key: "K", Provider: "acme", Gateway: "acme", Amount: php20, BeganAt: someDay, LeaseUntil: someDay.Add(defaultLease),
		Request: Request{Kind: KindPartial, Key: "K", Payment: Payment{ID: "P", Amount: php100}, Amount: php20},
	}
	e.Apply(Move{Change: Change{Status: StatusUnknown, At: someDay, Cause: CauseBegin}})
	for _, ch := range changes {
		m := Move{Change: ch}
		if ch.Status.took() {
			m.Result = e.result()
			m.Result.Status = ch.Status
		}
		e.Apply(m)
	}
	return e
}

func by(cause string, status Status) Change { return Change{Status: status, At: someDay, Cause: cause} }

func (e *Entry) named(id string) *Entry {
	if e.Result == nil {
		e.Result = e.result()
	}
	e.Result.RefundID = id
	return e
}

func (e *Entry) seeing(r Report) *Entry { e.Before = &r; return e }

// say makes a signed statement about payment P.
func say(status Status, change ...func(*statement)) statement {
	st := statement{status: status, payment: "P", trust: TrustSigned}
	for _, f := range change {
		f(&st)
	}
	return st
}

func id(id string) func(*statement)           { return func(s *statement) { s.id = id } }
func key(key string) func(*statement)         { return func(s *statement) { s.key = key } }
func of(amount money.Amount) func(*statement) { return func(s *statement) { s.amount = amount } }
func kind(k Kind) func(*statement)            { return func(s *statement) { s.kind = k } }
func at(d time.Duration) func(*statement)     { return func(s *statement) { s.at = someDay.Add(d) } }
func trust(t Trust) func(*statement)          { return func(s *statement) { s.trust = t } }
func now(s *statement)                        { s.now = true }
func conclusive(s *statement)                 { s.now, s.conclusive = true, true }
func answer(s *statement)                     { s.answer = true }
func illegible(s *statement)                  { s.illegible = true }
func nothingElse() *books                     { return new(books) }
func others(all ...*Entry) *books             { return booksOf(all, "") }
func beside(k, id string, a money.Amount, c ...Change) *Entry {
	e := entryOf(c...)
	e.Key, e.Amount, e.Request.Key, e.Request.Amount = k, a, k, a
	if id != "" {
		e.named(id)
	}
	return e
}

func earlier(e *Entry) *Entry { e.BeganAt = e.BeganAt.Add(-time.Hour); return e }

func TestWeigh(t *testing.T) {
	t.Parallel()
	const (
		unknown, refused, notSent   = StatusUnknown, StatusRefused, StatusNotSent
		pending, done, failed, back = StatusPending, StatusSucceeded, StatusFailed, StatusReversed
	)
	open := func() *Entry { return entryOf() }
	waiting := func() *Entry { return entryOf(by(CauseAnswer, pending)).named("R") }
	whole := func() *Entry {
		e := entryOf()
		e.Request.Kind, e.Request.Amount, e.Amount = KindFull, money.Amount{}, php100
		return e
	}
	ofAll := func() *Entry {
		e := whole()
		e.Request.Kind, e.Request.Amount = KindPartial, php100
		return e
	}
	wholeOfUnknown := func() *Entry {
		e := whole()
		e.Request.Payment.Amount, e.Amount = money.Amount{}, money.Amount{}
		return e
	}
	for _, tt := range []struct {
		name  string
		st    statement
		e     *Entry
		b     *books
		owner owner
		act   act
		to    Status
		flag  bool
	}{
		// Whose.
		{"its own id", say(done, id("R")), waiting(), nothingElse(), ours, changes, done, false},
		{"its own id, another amount", say(done, id("R"), of(php10)), waiting(), nothingElse(), ours, changes, done, true},
		{"its own id, another amount, a no", say(failed, id("R"), of(php10)), waiting(), nothingElse(), ours, ask, pending, true},
		{"another id", say(failed, id("R-2")), waiting(), nothingElse(), anothers, ask, pending, false},
		{"another id, done", say(done, id("R-2")), waiting(), nothingElse(), anothers, ask, pending, false},
		{"another id under its key", say(done, id("R-2"), key("K")), waiting(), nothingElse(), anothers, ask, pending, true},
		{"the id of another refund under its key", say(done, id("R-2"), key("K")), open(), others(beside("K-2", "R-2", php20, by(CauseAnswer, done))), anothers, ask, unknown, true},
		{"the payment's id under its key", say(done, id("P"), key("K")), open(), nothingElse(), ours, changes, done, false},
		{"the payment's id", say(done, id("P")), open(), nothingElse(), unsure, ask, unknown, false},
		{"its key", say(done, key("K")), open(), nothingElse(), ours, changes, done, false},
		{"its key and a new id", say(done, key("K"), id("R-9")), open(), nothingElse(), ours, changes, done, false},
		{"its key, another amount", say(done, key("K"), of(php10)), open(), nothingElse(), unsure, ask, unknown, true},
		{"its key, another kind", say(done, key("K"), kind(KindFull)), open(), nothingElse(), unsure, ask, unknown, true},
		{"its key, another currency", say(done, key("K"), of(money.MustParse("20.00 TRY"))), open(), nothingElse(), unsure, ask, unknown, true},
		{"its key, an amount that nobody can read", say(done, key("K"), illegible), open(), nothingElse(), unsure, ask, unknown, true},
		{"its key, another payment", say(done, key("K"), func(s *statement) { s.payment = "P-2" }), open(), nothingElse(), anothers, ask, unknown, true},
		{"its key, which nobody signed", say(done, key("K"), trust(TrustNone)), open(), nothingElse(), unsure, ask, unknown, false},
		{"its key, sent twice", say(done, key("K")), entryOf(by(CausePerson, notSent), by(CauseBegin, unknown)), nothingElse(), unsure, ask, unknown, true},
		{"its key, sent twice, and an id", say(done, key("K"), id("R-9")), entryOf(by(CausePerson, notSent), by(CauseBegin, unknown)), nothingElse(), ours, changes, done, true},
		{"its key, sent twice, an id and a no", say(failed, key("K"), id("R-9")), entryOf(by(CausePerson, notSent), by(CauseBegin, unknown)), nothingElse(), unsure, ask, unknown, true},
		{"its key, sent again after a refusal, a no", say(failed, key("K"), id("R-9")), entryOf(by(CauseAnswer, refused), by(CauseBegin, unknown)), nothingElse(), unsure, ask, unknown, true},
		{"its key, sent again after a refusal", say(done, key("K")), entryOf(by(CauseAnswer, refused), by(CauseBegin, unknown)), nothingElse(), ours, changes, done, false},
		{"its amount", say(done, of(php20)), open(), nothingElse(), ours, changes, done, false},
		{"its amount, a no", say(failed, of(php20)), open(), nothingElse(), ours, ask, unknown, true},
		{"no amount", say(done), open(), nothingElse(), unsure, ask, unknown, false},
		{"an amount that nobody can read", say(done, illegible), open(), nothingElse(), unsure, ask, unknown, false},
		{"the amount of another", say(done, of(php10)), open(), nothingElse(), anothers, nothing, unknown, false},
		{"the payment's amount", say(done, of(php100)), open(), nothingElse(), unsure, ask, unknown, false},
		{"its amount, another kind", say(done, of(php20), kind(KindFull)), open(), nothingElse(), unsure, ask, unknown, false},
		{"its amount, and another's", say(done, of(php20)), open(), others(beside("K-2", "", php20, by(CauseAnswer, done))), unsure, ask, unknown, false},
		{"its amount, and another's that was refused", say(done, of(php20)), open(), others(beside("K-2", "", php20, by(CauseAnswer, refused))), ours, changes, done, false},
		{"its amount, and another's that a person called not sent", say(done, of(php20)), open(), others(beside("K-2", "", php20, by(CausePerson, notSent))), unsure, ask, unknown, false},
		{"its amount, beside another's other one", say(done, of(php20)), open(), others(beside("K-2", "", php10, by(CauseAnswer, done))), ours, changes, done, false},
		{"its amount, which the snapshot shows", say(done, of(php20)), open().seeing(Report{Refunds: []SeenRefund{{Amount: php20}}}), nothingElse(), unsure, ask, unknown, false},
		{"its amount, and the snapshot was refunded in part", say(done, of(php20), kind(KindPartial)), open().seeing(Report{Extent: ExtentPart}), nothingElse(), unsure, ask, unknown, false},
		{"its amount, and the snapshot was refunded in part, by us", say(done, of(php20), kind(KindPartial)), open().seeing(Report{Extent: ExtentPart}), others(earlier(beside("K-2", "R-2", php10, by(CauseAnswer, done)))), ours, changes, done, false},
		{"its amount, which is what was paid", say(done, of(php100)), ofAll(), nothingElse(), unsure, ask, unknown, false},
		{"its amount, which is what was paid, and it is the whole", say(done, of(php100), kind(KindFull)), whole(), nothingElse(), ours, changes, done, false},
		{"the whole payment, as asked", say(done, kind(KindFull)), whole(), nothingElse(), ours, changes, done, false},
		{"the whole payment, as asked, and its amount", say(done, kind(KindFull), of(php100)), whole(), nothingElse(), ours, changes, done, false},
		{"the whole payment was before", say(done, kind(KindFull)), whole().seeing(Report{Extent: ExtentWhole}), nothingElse(), unsure, ask, unknown, false},
		{"a part instead of the whole", say(done, kind(KindPartial)), whole(), nothingElse(), unsure, ask, unknown, false},
		{"a part of the whole amount", say(done, kind(KindPartial), of(php100)), whole(), nothingElse(), unsure, ask, unknown, false},
		{"a part, the whole asked, of unknown amount", say(done, kind(KindPartial), of(php20)), wholeOfUnknown(), nothingElse(), unsure, ask, unknown, false},
		{"the look-up tells which", say(done, conclusive), open(), nothingElse(), ours, changes, done, false},
		{"the look-up tells another's amount", say(done, conclusive, of(php10)), open(), nothingElse(), unsure, ask, unknown, false},
		{"the answer to the call", say(done, answer, id("R")), open(), nothingElse(), ours, changes, done, false},
		{"the answer to the call, another amount", say(done, answer, of(php10)), open(), nothingElse(), ours, changes, done, true},

		// When.
		{"before it was begun", say(done, key("K"), at(-time.Hour)), open(), nothingElse(), ours, ask, unknown, false},
		{"before it was begun, its own id", say(done, id("R"), at(-time.Hour)), waiting(), nothingElse(), ours, ask, pending, true},
		{"within the slack of clocks", say(done, key("K"), at(-4*time.Minute)), open(), nothingElse(), ours, changes, done, false},
		{"older than what is known", say(failed, key("K"), at(time.Minute)), entryOf(Change{Status: done, Cause: CauseCallback, EventAt: someDay.Add(time.Hour)}), nothingElse(), ours, nothing, done, false},

		// What.
		{"not trusted enough", say(done, key("K"), trust(TrustToken)), open(), nothingElse(), ours, ask, unknown, false},
		{"says nothing", say(unknown, key("K")), open(), nothingElse(), ours, ask, unknown, false},
		{"done, late pending", say(pending, key("K")), entryOf(by(CauseAnswer, done)), nothingElse(), ours, nothing, done, false},
		{"done, takes it back", say(failed, key("K")), entryOf(by(CauseAnswer, done)), nothingElse(), ours, changes, back, true},
		{"done, a refusal", say(refused, answer), entryOf(by(CauseCallback, done)), nothingElse(), ours, contradicts, unknown, true},
		{"refused, done", say(done, key("K")), entryOf(by(CauseAnswer, refused)), nothingElse(), ours, contradicts, unknown, true},
		{"not sent by a person, done by its amount", say(done, of(php20)), entryOf(by(CausePerson, notSent)), nothingElse(), ours, contradicts, unknown, true},
		{"refused, failed", say(failed, key("K")), entryOf(by(CauseAnswer, refused)), nothingElse(), ours, nothing, refused, false},
		{"failed, done when asked by its own id", say(done, id("R"), now), entryOf(by(CauseAnswer, pending), by(CauseCallback, failed)).named("R"), nothingElse(), ours, changes, done, true},
		{"came back, and it is shown that it had arrived", say(pending, id("R"), now), entryOf(by(CauseAnswer, pending), by(CauseCallback, done), by(CauseCallback, back)).named("R"), nothingElse(), ours, nothing, back, false},
		{"refused, and it arrived when asked by its own id", say(pending, id("R"), now), entryOf(by(CauseAnswer, refused)).named("R"), nothingElse(), ours, changes, pending, true},
		{"contradicted, and it is shown that it had arrived", say(pending, id("R"), now), entryOf(by(CauseAnswer, failed), by(CauseCallback, unknown)).named("R"), nothingElse(), ours, ask, unknown, false},
		{"contradicted, and once more", say(done, key("K")), entryOf(by(CauseAnswer, failed), by(CauseCallback, unknown)), nothingElse(), ours, ask, unknown, false},
		{"contradicted, and asked", say(done, id("R"), now), entryOf(by(CauseAnswer, failed), by(CauseCallback, unknown)).named("R"), nothingElse(), ours, changes, done, false},
		{"came back without a date, confirmed", say(back, id("R"), now), entryOf(by(CauseAnswer, done), by(CauseCallback, back)).named("R"), nothingElse(), ours, changes, back, false},
		{"came back without a date, repeated", say(back, id("R")), entryOf(by(CauseAnswer, done), by(CauseCallback, back)).named("R"), nothingElse(), ours, nothing, back, false},
		{"no look-up proves that nothing was sent", say(notSent, conclusive), open(), nothingElse(), ours, nothing, unknown, false},
		{"a late acceptance after a failure", say(pending, answer), entryOf(by(CauseCallback, failed)), nothingElse(), ours, nothing, failed, false},
		{"a late acceptance after a person's no", say(pending, answer), entryOf(by(CausePerson, failed)), nothingElse(), ours, contradicts, unknown, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := weigh(&tt.st, tt.e, tt.b, TrustSigned)
			assert.Equal(t, tt.owner, v.owner, "whose: %s", v.why)
			assert.Equal(t, tt.act, v.act, "act: %s", v.why)
			assert.Equal(t, tt.flag, v.flag, "flag: %s", v.why)
			if tt.act != nothing && tt.act != ask {
				assert.Equal(t, tt.to, v.to, v.why)
			} else {
				assert.Equal(t, tt.e.Status, v.to, "it proves no other status")
			}
			assert.NotEmpty(t, v.why)
		})
	}
}

// world is a refund with its payment's others, and a statement about the payment, made at
// random of few values, so that they meet often.
type world struct {
	e      *Entry
	others []*Entry
	st     statement
	least  Trust
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func randomEntry(r *rand.Rand, k string) *Entry {
	e := beside(k, "", pick(r, php10, php20))
	if r.IntN(3) == 0 {
		e.Request.Payment.Amount = money.Amount{}
	}
	if r.IntN(4) == 0 {
		e.Request.Kind, e.Request.Amount = KindFull, money.Amount{}
		e.Amount = pick(r, php100, money.Amount{})
	}
	if r.IntN(3) == 0 {
		e.Before = &Report{Extent: pick(r, 0, ExtentNone, ExtentPart, ExtentWhole)}
		if r.IntN(2) == 0 {
			e.Before.Refunds = []SeenRefund{{ID: pick(r, "", "R-1", "R-2"), Amount: pick(r, money.Amount{}, php10, php20)}}
		}
	}
	for range r.IntN(4) {
		ch := Change{
			Status: Status(r.IntN(len(statusNames))), At: someDay, Cause: pick(r, CauseAnswer, CauseLookUp, CausePerson, CauseCallback),
		}
		if ch.Cause == CauseCallback && r.IntN(2) == 0 {
			ch.EventAt = someDay.Add(time.Duration(r.IntN(3)) * time.Hour)
		}
		if r.IntN(8) == 0 {
			ch.Status, ch.Cause = StatusUnknown, CauseBegin
		}
		m := Move{Change: ch}
		if ch.Status.took() {
			m.Result = e.result()
			m.Result.RefundID = pick(r, "", "R-"+k)
		}
		e.Apply(m)
	}
	return e
}

func randomWorld(r *rand.Rand) world {
	w := world{e: randomEntry(r, "K"), least: pick(r, TrustToken, TrustSigned)}
	for i := range r.IntN(3) {
		w.others = append(w.others, randomEntry(r, fmt.Sprint(i+1)))
	}
	w.st = statement{
		status: Status(r.IntN(len(statusNames))), payment: pick(r, "", "P", "P", "P", "P-2"), id: pick(r, "", "", "P", "R-K", "R-1", "R-2", "R-9"),
		kind: pick(r, 0, 0, KindFull, KindPartial), amount: pick(r, money.Amount{}, php10, php20, php100, money.MustParse("20.00 TRY")),
		trust: pick(r, TrustNone, TrustToken, TrustSigned, TrustSigned), event: "E",
	}
	switch r.IntN(8) {
	case 0:
		w.st.illegible, w.st.amount = true, money.Amount{}
	case 1, 2:
		w.st.key = "K"
	case 3:
		w.st.answer, w.st.trust = true, TrustSigned
	case 4:
		w.st.now, w.st.conclusive, w.st.trust = true, true, TrustSigned
	}
	if w.st.trust == TrustSigned && !w.st.now && !w.st.answer && r.IntN(2) == 0 {
		w.st.at = someDay.Add(time.Duration(r.IntN(5)-2) * time.Hour)
	}
	return w
}

func (w *world) String() string {
	return fmt.Sprintf("%+v\nabout %s %s of %v, id %q, history %+v, before %+v", w.st, w.e.Request.Kind, w.e.Status, w.e.Amount, w.e.ownID(), w.e.History, w.e.Before)
}

const worlds = 200_000

func inWorlds(t *testing.T, check func(w *world, b *books, v verdict) string) {
	t.Parallel()
	n := worlds
	if testing.Short() {
		n /= 10
	}
	for seed := range n {
		w := randomWorld(rand.New(rand.NewPCG(uint64(seed), 9)))
		b := booksOf(w.others, w.e.Key)
		if problem := check(&w, b, weigh(&w.st, w.e, b, w.least)); problem != "" {
			require.Fail(t, problem, "seed %d: %s", seed, w.String())
		}
	}
}

func TestNothingFreesMoneyWithoutProof(t *testing.T) {
	freed := 0
	inWorlds(t, func(w *world, _ *books, v verdict) string {
		if v.act != changes || v.to.MoneyMoved() != No || w.e.Status.MoneyMoved() == No {
			return ""
		}
		freed++
		own := w.st.id != "" && w.st.id == w.e.ownID()
		proven := w.st.key == w.e.Key && w.st.trust > TrustNone
		if !own && !proven && !w.st.conclusive && !w.st.answer {
			return "it frees money: " + v.why
		}
		return ""
	})
	assert.NotZero(t, freed, "the worlds hold refunds that fail")
}

func TestNothingChangesByWhatIsOlderOrAnothers(t *testing.T) {
	inWorlds(t, func(w *world, b *books, v verdict) string {
		st, e := &w.st, w.e
		if v.act != changes && v.act != contradicts {
			return ""
		}
		own := e.ownID()
		switch {
		case st.status == StatusUnknown:
			return "it says nothing that is listed"
		case st.trust < w.least:
			return "it is not trusted"
		case st.payment == "P-2":
			return "it is about another payment"
		case !st.at.IsZero() && st.at.Before(e.BeganAt.Add(-slack)):
			return "it is from before the refund"
		case st.id != "" && st.id != "P" && !st.answer && own != "" && own != st.id:
			return "it names another refund"
		case st.id != "" && !st.answer && own != st.id && b.has(st.id):
			return "it names a refund of the journal's"
		case st.illegible && own != st.id:
			return "its amount cannot be read"
		case st.amount.IsSet() && st.amount.Currency() == "TRY" && !st.answer && (own == "" || own != st.id) && e.Amount.IsSet():
			return "it is of another currency"
		}
		for _, ch := range e.sinceBegin() {
			if !st.at.IsZero() && ch.EventAt.After(st.at) && v.to != e.Status {
				return "something later is known"
			}
		}
		return ""
	})
}

func TestAStatementGivenTwiceChangesNothingTheSecondTime(t *testing.T) {
	inWorlds(t, func(w *world, b *books, v verdict) string {
		if v.act != changes && v.act != contradicts {
			return ""
		}
		e := w.e.Clone()
		cause := CauseCallback
		switch {
		case w.st.now:
			cause = CauseLookUp
		case w.st.answer:
			cause = CauseAnswer
		}
		e.Apply(e.moveBy(&w.st, &v, cause, someDay))
		st := w.st
		st.event = "another message that says the same"
		again := weigh(&st, e, b, w.least)
		if st.now && v.act == contradicts && e.ownID() != w.e.ownID() {
			return "" // the first one told the id by which the second one is asked for
		}
		if again.act == changes || again.act == contradicts {
			return fmt.Sprintf("at first %s (%s), then %s (%s)", v.to, v.why, again.to, again.why)
		}
		return ""
	})
}

func TestAYesAfterANoIsNeverDropped(t *testing.T) {
	inWorlds(t, func(w *world, _ *books, v verdict) string {
		st, e := &w.st, w.e
		late := st.at.Before(e.BeganAt.Add(-slack)) && !st.at.IsZero() || st.olderThanKnown(e)
		if v.owner != ours || !st.status.took() || e.Status.MoneyMoved() != No || st.trust < w.least || late {
			return ""
		}
		if st.now && st.status == StatusPending && e.accepted() {
			return "" // that was known
		}
		if v.act != contradicts && (v.act != changes || !v.flag) {
			return "dropped: " + v.why
		}
		return ""
	})
}

// What a statement proves does not depend on the way that it came.
func TestTheThreeWaysProveTheSame(t *testing.T) {
	t.Parallel()
	for _, status := range []Status{StatusPending, StatusSucceeded, StatusFailed, StatusReversed} {
		for _, from := range []*Entry{entryOf(), entryOf(by(CauseAnswer, StatusPending)).named("R"), entryOf(by(CauseAnswer, StatusSucceeded)).named("R")} {
			for _, amount := range []money.Amount{{}, php10, php20} {
				event := told(&Event{Key: "K", PaymentID: "P", RefundID: "R", Status: status, Amount: amount, Trust: TrustSigned})
				report := looked(&Report{Status: status, RefundID: "R", Conclusive: true, Refunds: []SeenRefund{{ID: "R", Amount: amount}}})
				answer := answered(&Result{Status: status, RefundID: "R", Amount: amount}, nil)
				called, asked := weigh(&event, from, new(books), TrustSigned), weigh(&report, from, new(books), TrustSigned)
				name := fmt.Sprintf("%s says %s of %s", from.Status, status, amount)
				assert.Equal(t, called.to, asked.to, name)
				assert.Equal(t, called.act, asked.act, name)
				if status.took() && (from.Status != StatusUnknown || !amount.IsSet() || amount == php20) {
					replied := weigh(&answer, from, new(books), TrustSigned)
					assert.Equal(t, called.to, replied.to, name)
					assert.Equal(t, called.act, replied.act, name)
				}
			}
		}
	}
}
