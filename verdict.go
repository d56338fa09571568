package refund

import (
	"fmt"
	"slices"
	"time"

	"github.com/gorefund/refund/money"
)

// What a statement of the gateway proves about a refund. Answers, look-ups and
// callbacks are all judged here and nowhere else; adapters only read. Three questions
// follow each other: whose refund is it, when was it said, and what may it change,
// given what it costs to be wrong.

// slack is how far the gateway's clock may be behind ours before a statement counts as
// one from before the refund was begun.
const slack = 5 * time.Minute

// owner answers whose refund a statement is about. The zero value is the careful one.
type owner uint8

const (
	unsure   owner = iota // it cannot be told
	ours                  // the refund in question
	anothers              // another one, of the journal's or not
)

// act is what follows from a statement. The zero value is the careful one.
type act uint8

const (
	nothing     act = iota
	ask             // it proves nothing by itself: the gateway is asked
	changes         // the refund's state
	contradicts     // what the refund has come to: unless a look-up by its own id tells which holds, it is unknown
)

// verdict is what a statement proves about a refund.
type verdict struct {
	owner     owner
	act       act
	to        Status // of the refund then
	flag      bool   // somebody should look at the refund
	elsewhere bool   // the statement is about a refund that the journal does not know
	why       string
}

// weigh says what st proves about e. b holds the payment's other refunds. least is the
// trust that a statement needs to change anything.
func weigh(st *statement, e *Entry, b *books, least Trust) verdict {
	st = st.cleaned(e)
	v := verdict{to: e.Status}
	claimed := st.claims(e)
	v.owner, v.why = st.whose(e, b)
	switch v.owner {
	case anothers:
		v.elsewhere = st.trust >= least && st.isStranger(e, b)
		v.flag = claimed
		if st.id != "" || claimed {
			v.act = ask
		}
		return v
	case unsure:
		v.act, v.flag = ask, claimed
		return v
	}
	own := st.id != "" && st.id == e.ownID()
	guess := own && e.supposed()
	own = own && !guess
	switch {
	case st.status == StatusUnknown:
		v.act, v.why = ask, "something has happened, and it does not say what"
	case st.trust < least:
		v.act, v.why = ask, "it is not trusted enough to decide"
		v.flag = claimed && st.status.took() && e.Status.MoneyMoved() == No
	case !st.at.IsZero() && st.at.Before(e.BeganAt.Add(-slack)):
		v.act, v.flag = ask, own
		v.why = "it is of " + st.at.UTC().Format(time.RFC3339) + ", before the refund was begun"
	default:
		st.decide(e, b, &v, own || claimed || st.answer || st.conclusive && !guess, own)
		if claimed && !own && e.tries() > 1 && v.act == changes {
			v.flag = true
			v.why += "; the key was sent more than once, and it may be the other try's"
		}
	}
	return v
}

// decide says what a statement changes that is about e and was said since it was begun.
// proven: by more than its amount.
func (st *statement) decide(e *Entry, b *books, v *verdict, proven, own bool) {
	fit, otherwise := st.fits(e.Request.Kind, e.Amount, b.paidFor(e))
	odd := fit.odd() // beside a proof
	to := func(status Status, why string) { v.act, v.to, v.why = changes, status, why }
	late := func(why string) { v.act, v.why = nothing, why }

	yes := st.status.took()
	switch {
	case st.now && (st.status == StatusNotSent || st.status == StatusRefused):
		late("no look-up proves that nothing was sent")
		return
	case fit == foreign && e.Status.MoneyMoved() != No:
		v.act, v.flag, v.why = ask, true, otherwise
		return
	case !yes && (!proven || odd && !st.answer) && e.Status.MoneyMoved() != No:
		v.act, v.flag = ask, true
		v.why = "a no frees money, which only the refund's own id, its key or a look-up may do"
		if proven {
			v.why = "a no frees money, but " + otherwise
		}
		return
	case e.disputed() && !(st.now && own && st.status != StatusPending):
		v.act, v.why = ask, "the gateway has contradicted itself: a look-up by the refund's own id or a person decides"
		return
	case e.unconfirmed() && !yes && proven && (st.now || !st.at.IsZero() && !st.olderThanKnown(e)):
		to(e.Status, "the gateway confirms it")
	case st.status == e.Status:
		late("the refund is " + e.Status.String() + " already")
		if st.id != "" && e.ownID() == "" && yes {
			to(e.Status, "it tells the refund's id")
		}
	case st.olderThanKnown(e):
		late("the statement is older than what is known of the refund")
	default:
		st.settle(e, to, late, v, own)
	}
	if odd && yes && (v.act == changes || st.status == e.Status) {
		v.flag = true
		v.why += "; " + otherwise
		known := e.result()
		if st.kind != 0 && st.kind != known.Kind || st.amount.IsSet() && st.amount != known.Amount {
			v.act = changes // what it says is kept
		}
	}
}

// settle is the table: what a statement makes of a refund of each status.
func (st *statement) settle(e *Entry, to func(Status, string), late func(string), v *verdict, own bool) {
	clash := func() {
		v.act, v.to, v.flag = contradicts, StatusUnknown, true
		v.why = fmt.Sprintf("the gateway says %s, but the refund was %s: nobody can tell which holds", st.status, e.Status)
	}
	yes := st.status.took()
	switch e.Status {
	case StatusUnknown:
		to(st.status, "the gateway says so")
	case StatusPending:
		switch st.status {
		case StatusRefused, StatusNotSent:
			to(StatusFailed, "the gateway had taken the refund on, and says "+st.status.String()+" now")
		default:
			to(st.status, "the gateway says so")
		}
	case StatusSucceeded:
		switch st.status {
		case StatusPending:
			late("the refund is done already: the statement is late")
		case StatusFailed, StatusReversed:
			to(StatusReversed, "the gateway had said that the refund was done, and takes it back")
			v.flag = true
		default:
			clash()
		}
	default: // it did not happen, as far as anybody knew
		switch {
		case !yes:
			late("the refund is " + e.Status.String() + " already")
		case st.now && st.status == StatusPending && e.accepted():
			late("that the gateway took the refund on is known; what became of it since is not shown")
		case st.now && own:
			to(st.status, "the gateway says so, asked by the refund's own id")
			v.flag = true
		default:
			clash()
		}
	}
}

// olderThanKnown reports whether something later is known of the refund already: by
// the gateway's clock, or because it came after the call whose answer this is.
func (st *statement) olderThanKnown(e *Entry) bool {
	for _, ch := range e.sinceBegin() {
		switch {
		case ch.Cause == CauseNote: // of something else
		case !st.at.IsZero() && (ch.EventAt.After(st.at) || ch.Cause == CauseLookUp && ch.At.Add(-slack).After(st.at)):
			return true
		case st.answer && (ch.Cause == CauseCallback || ch.Cause == CauseLookUp) && ch.Status != StatusUnknown:
			// An acceptance is older than what followed it; a refusal has nothing that
			// follows it.
			if st.status == StatusPending || st.status == StatusSucceeded && ch.Status != StatusPending {
				return true
			}
		}
	}
	return false
}

// isStranger reports whether a statement that is not about e tells of a refund of the
// payment that the journal does not know: one that the gateway took, or what became of
// one that is known to be made elsewhere.
func (st *statement) isStranger(e *Entry, b *books) bool {
	switch {
	case st.payment != "" && st.payment != e.Request.Payment.ID, b.has(st.id), st.id == "" && !st.amount.IsSet():
		return false
	}
	if st.status.took() {
		return true
	}
	// That one came to nothing frees its amount: it must be later than what is known of it.
	return st.status.MoneyMoved() == No && slices.ContainsFunc(append(slices.Clone(b.elsewhere), e.Elsewhere...), func(s SeenRefund) bool {
		later := st.at.After(s.At) || s.Status == StatusPending && (st.at.IsZero() || s.At.IsZero())
		return st.id != "" && s.ID == st.id && later
	})
}

// claims reports whether the statement proves the refund's key.
func (st *statement) claims(e *Entry) bool {
	return st.trust > TrustNone && st.key != "" && st.key == e.Key
}

// whose says which refund the statement is about, and why.
func (st *statement) whose(e *Entry, b *books) (owner, string) {
	payment, own, id := e.Request.Payment.ID, e.ownID(), st.id
	paid := b.paidFor(e)
	switch {
	case st.payment != "" && st.payment != payment:
		return anothers, "it is about another payment"
	case id != "" && id == own:
		return ours, "it names the refund's own id"
	case st.answer:
		return ours, "it is the answer to the refund call"
	case id != "" && own != "":
		return anothers, fmt.Sprintf("it names the refund %q, and this one is %q at the gateway", clip(id, 64), clip(own, 64))
	case b.has(id), b.tried(id):
		return anothers, fmt.Sprintf("it names %q, the id of another refund of the payment", clip(id, 64))
	case slices.Contains(e.Earlier, id):
		return anothers, fmt.Sprintf("it names %q, the id of an earlier try under the refund's key", clip(id, 64))
	case !st.claims(e) && (b.knowsElsewhere(id) || lists(e.Elsewhere, id)):
		return anothers, fmt.Sprintf("it names %q, which was refunded elsewhere", clip(id, 64))
	}
	fit, why := st.fits(e.Request.Kind, e.Amount, paid)
	switch {
	case (st.claims(e) || st.conclusive) && fit.odd():
		return unsure, why
	case st.claims(e) && (id == "" && e.tries() > 1 || st.status.MoneyMoved() == No && e.begins() > 1):
		return unsure, "the refund's key was sent more than once: nobody can tell for which try it is"
	case st.claims(e):
		return ours, "it proves the refund's key"
	case st.conclusive && own == "" && b.ghosts(e) > 0:
		return unsure, "a refund like it that somebody called off may show late"
	case st.conclusive:
		return ours, "the look-up tells which refund it is about"
	case fit == another:
		return anothers, why
	case e.Status.MoneyMoved() == No && st.status.took() && st.amount.IsSet() && (st.amount == e.Amount || !e.Amount.IsSet()) && b.rivals(st, e) == 0 && !st.explainedBy(e.Before, true):
		return ours, "it tells the amount of a refund that did not happen, as far as anybody knew" // which it proves enough to doubt that
	case fit != agrees:
		return unsure, why
	case !st.fresh && st.kind != KindFull && st.amount == paid:
		return unsure, fmt.Sprintf("it tells of %s, which is what was paid: some gateways tell that of any refund", st.amount)
	case b.rivals(st, e) > 0:
		return unsure, fmt.Sprintf("it may be about any of %d refunds of the payment", b.rivals(st, e)+1)
	case st.explainedBy(e.Before, b.tookBefore(e)):
		return unsure, "the gateway showed a refund like it before this one was sent"
	}
	return ours, "it can be about no other refund of the payment"
}

// fit says how the amount and the kind that a statement tells go with a refund's.
type fit uint8

const (
	silent  fit = iota // it tells neither
	agrees             // it tells the refund's amount, or that the payment is given back as a whole, as asked
	maybe              // it tells an amount that may be what was paid, and not this refund's
	differs            // it tells another kind, or an amount that nobody can read
	foreign            // it tells an amount in another currency
	another            // it tells the amount of another refund: neither this one's nor the payment's
)

// odd reports whether it speaks against its being the refund.
func (f fit) odd() bool { return f > agrees }

// fits compares what the statement tells with a refund of that kind and amount, of a
// payment of which paid was paid. An amount that nobody can read never counts as equal,
// and one that is not there only where the whole payment was asked for and is given back.
func (st *statement) fits(kind Kind, amount, paid money.Amount) (fit, string) {
	whole := st.kind == KindFull && kind == KindFull
	otherKind := st.kind != 0 && st.kind != kind
	told := st.amount
	switch {
	case st.illegible:
		return differs, "its amount cannot be read"
	case !told.IsSet() && otherKind:
		return differs, fmt.Sprintf("it tells of a %s refund, and this one is %s", st.kind, kind)
	case !told.IsSet() && whole:
		return agrees, ""
	case !told.IsSet():
		return silent, "it tells no amount"
	case amount.IsSet() && amount.Currency() != told.Currency(), paid.IsSet() && paid.Currency() != told.Currency():
		return foreign, fmt.Sprintf("it tells of %s, which is another currency", told)
	case !amount.IsSet():
		switch {
		case otherKind:
			return differs, fmt.Sprintf("it tells of a %s refund of %s, and this one is %s", st.kind, told, kind)
		case whole:
			return agrees, ""
		}
		return silent, "only the gateway knows how much this refund is"
	case told == amount && otherKind:
		return differs, fmt.Sprintf("it tells of a %s refund, and this one is %s", st.kind, kind)
	case told == amount, told == paid && whole:
		return agrees, ""
	case told == paid, !paid.IsSet() && less(amount, told):
		return maybe, fmt.Sprintf("it tells of %s, which may be what was paid, and this refund is of %s", told, amount)
	}
	return another, fmt.Sprintf("it tells of %s, which is neither the amount of this refund, %s, nor what was paid", told, amount)
}

// explainedBy reports whether a snapshot from before the refund shows what the
// statement speaks of. That the payment was given back in part says nothing if a refund
// of ours, of another amount, had done that.
func (st *statement) explainedBy(before *Report, oursBefore bool) bool {
	if before == nil || st.fresh {
		return false
	}
	if before.Extent == ExtentWhole || before.Extent == ExtentPart && st.kind != KindFull && !oursBefore {
		return true
	}
	for _, seen := range before.Refunds {
		switch {
		case st.id != "" && seen.ID != "":
			if st.id == seen.ID {
				return true
			}
		case !seen.Amount.IsSet(), seen.Amount == st.amount:
			return true
		}
	}
	return false
}
