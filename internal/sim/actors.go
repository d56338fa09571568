package sim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

// order is a refund that somebody in the shop wants.
type order struct {
	req   refund.Request
	tries int
}

// desk asks for refunds, and asks again where that is safe, or where nobody knows.
func (w *world) desk(ctx context.Context, p *process, l *lane) {
	c := p.clients[l]
	w.desks++
	defer func() { w.desks-- }()
	for range 40 {
		if w.healed {
			return
		}
		w.sleep(ctx, w.between(0, 3*time.Minute))
		o := w.next(l)
		if o == nil {
			continue
		}
		o.tries++
		req := o.req
		if o.tries > 1 && w.chance(30) {
			req.Again = true
		}
		t := taskOf(ctx)
		t.looked = time.Time{}
		res, err := c.Refund(ctx, req)
		if err == nil {
			w.say(t.name, "is told that %s is %s (replayed: %t)", req.Key, res.Status, res.Replayed)
		} else {
			w.say(t.name, "is told of %s: %v", req.Key, err)
		}
		w.checkTold(t, l, &req, res, err)
		t.sending = nil
	}
}

// next is an order for a desk: an old one once more, or a new one.
func (w *world) next(l *lane) *order {
	if len(l.orders) > 0 && (w.chance(50) || len(l.orders) >= 6) {
		return l.orders[w.rand.IntN(len(l.orders))]
	}
	pay := l.payments[w.rand.IntN(len(l.payments))]
	w.ids++
	var req refund.Request
	if w.chance(25) {
		req = refund.Full(pay.ID)
	} else {
		req = refund.Partial(pay.ID, l.amount(w))
	}
	req.Key = fmt.Sprintf("k%d", w.ids)
	if l.twin != nil && len(l.twin.orders) > 0 && w.chance(10) {
		req.Key = l.twin.orders[0].req.Key // by mistake
	}
	if w.chance(80) {
		req.Payment.Amount = pay.Amount
	}
	if !l.odd && w.chance(5) { // mistyped
		req.Payment.Amount = money.MustParse("150.00 " + l.currency)
	}
	if w.chance(8) {
		req.Payment.Amount = pay.Amount
		req.Remaining, _ = pay.Amount.Sub(l.server.Refunded(pay.ID)) // as the dashboard says
	}
	req.Payment.PaidAt = pay.PaidAt
	req.Params = l.params(pay.ID)
	req.CallbackURL = l.callbackURL
	o := &order{req: req}
	l.orders = append(l.orders, o)
	return o
}

// gateway is the life of a gateway beside its requests: it decides, and changes its mind.
func (w *world) gateway(ctx context.Context, l *lane) {
	for {
		w.sleep(ctx, w.between(time.Second, 20*time.Minute))
		for _, r := range l.server.Refunds() {
			switch {
			case r.Pending && r.State == "" && (w.healed || w.chance(40)):
				state := pretend.Approved
				if w.chance(25) {
					state = pretend.Declined
				}
				if err := l.server.Decide(r.ID, state); err == nil {
					w.say("the gateway "+l.called(), "has %s %s, %s of %s", state, r.ID, r.Amount, r.PaymentID)
				}
			case !w.healed && l.reverses && r.State == pretend.Approved && w.chance(4):
				if err := l.server.Reverse(r.ID); err == nil {
					w.say("the gateway "+l.called(), "has taken back %s, %s of %s", r.ID, r.Amount, r.PaymentID)
				}
			}
		}
		if w.healed && w.desks == 0 && !l.undecided() {
			return
		}
	}
}

// letter is a callback on its way.
type letter struct {
	refund.Callback
	due time.Time
}

// delay is how long one takes: most come soon, some before the answer, a few after a day.
func (w *world) delay() time.Duration {
	switch n := w.rand.IntN(100); {
	case n < 25:
		return w.between(0, 5*time.Second)
	case n < 60:
		return w.between(0, 10*time.Minute)
	case n < 85:
		return w.between(0, 6*time.Hour)
	}
	return w.between(0, 30*time.Hour)
}

// post carries callbacks: in any order, twice, late, and some that nobody sent.
func (w *world) post(ctx context.Context, l *lane) {
	var bag []letter
	var old []refund.Callback
	for {
		for _, c := range l.callbacks() {
			bag = append(bag, letter{c, w.now.Add(w.delay())})
		}
		if w.healed && len(bag) == 0 && w.quiet(l) {
			return
		}
		if w.chance(50) {
			w.sleep(ctx, w.between(0, 5*time.Second))
		} else {
			w.sleep(ctx, w.between(time.Second, 10*time.Minute))
		}
		var due []int
		for i, c := range bag {
			if w.healed || !c.due.After(w.now) {
				due = append(due, i)
			}
		}
		switch {
		case len(due) > 0:
			i := due[w.rand.IntN(len(due))]
			c := bag[i].Callback
			if !w.delivered(l, c, "a callback") {
				bag[i].due = w.now.Add(w.delay())
				continue // nobody answered: the gateway keeps it
			}
			old = append(old, c)
			if w.healed || !w.chance(15) { // else it comes once more
				bag = append(bag[:i], bag[i+1:]...)
			}
		case len(old) > 0 && !w.healed && w.chance(15):
			w.delivered(l, old[w.rand.IntN(len(old))], "an old callback, again,")
		case len(old) > 0 && !w.healed && w.chance(8):
			w.delivered(l, forged(old[w.rand.IntN(len(old))]), "a forged callback")
		case len(old) > 0 && !w.healed && l.twin != nil && w.chance(15):
			w.misled(l.twin, old[w.rand.IntN(len(old))])
		}
	}
}

// misled brings a callback to another shop, or to another environment.
func (w *world) misled(l *lane, c refund.Callback) {
	p := w.processes[w.rand.IntN(len(w.processes))]
	if p.dead {
		return
	}
	if ev, err := p.clients[l].ParseCallback(context.Background(), c); err == nil && ev.Trust > refund.TrustNone {
		w.fail("a callback of %s is believed by %s", l.twin.called(), l.called())
	}
}

// forged is a callback whose proof is gone.
func forged(c refund.Callback) refund.Callback {
	c.Header = nil
	for i := range c.URL {
		if c.URL[i] == '?' {
			c.URL = c.URL[:i]
			break
		}
	}
	return c
}

// delivered gives a callback to one of the programs that live.
func (w *world) delivered(l *lane, c refund.Callback, what string) bool {
	var alive []*process
	for _, p := range w.processes {
		if !p.dead {
			alive = append(alive, p)
		}
	}
	if len(alive) == 0 {
		return false
	}
	p := alive[w.rand.IntN(len(alive))]
	client := p.clients[l]
	ev, err := client.ParseCallback(context.Background(), c)
	if err != nil {
		w.say("the post of "+l.called(), "brings %s to %s, which refuses it: %v", what, p.name, err)
		return true
	}
	w.say("the post of "+l.called(), "brings %s to %s: %s of %s%s is %s, %s", what, p.name, ev.RefundID, ev.PaymentID, ev.Key, ev.Status, ev.Amount)
	if ev.Trust == refund.TrustNone {
		w.start(p.name+", hint", p, func(ctx context.Context) { taskOf(ctx).applying = ev; _, _ = client.Apply(ctx, ev) })
		return true
	}
	// The answer comes after the event is stored: who dies before has not answered.
	if _, err := client.Receive(context.Background(), ev); err != nil {
		w.say(p.name, "cannot store it: %v", err)
		return false
	}
	w.start(p.name+", callback", p, func(ctx context.Context) { w.apply(ctx, l, client, ev) })
	return true
}

func (w *world) apply(ctx context.Context, l *lane, c *refund.Client, ev *refund.Event) {
	t := taskOf(ctx)
	t.applying = ev
	done, err := c.Apply(ctx, ev)
	t.applying = nil
	if err != nil {
		w.say(t.name, "cannot apply it yet: %v", err)
		return
	}
	w.say(t.name, "%s", done.Why)
	w.checkApplied(l, ev)
	_ = c.Finish(ctx, ev)
}

// resume goes on with callbacks that were stored and not carried out.
func (w *world) resume(ctx context.Context, p *process, l *lane) {
	for range 100 {
		w.sleep(ctx, w.between(2*time.Minute, 30*time.Minute))
		all, err := p.clients[l].Unfinished(ctx, time.Minute, 10)
		if err == nil {
			for i := range all {
				w.apply(ctx, l, p.clients[l], &all[i])
			}
		}
		if w.healed && err == nil && len(all) == 0 && w.quiet(l) {
			return
		}
	}
}

// poll asks where no callback came.
func (w *world) poll(ctx context.Context, p *process, l *lane) {
	rounds := 0
	for range 100 {
		w.sleep(ctx, w.between(10*time.Minute, 4*time.Hour))
		w.settleAll(ctx, p, l)
		if w.healed && w.quiet(l) {
			if rounds++; rounds == 3 {
				return
			}
		}
	}
}

// person looks at what has no outcome or is flagged, does something else, and decides:
// mostly by what the gateway's books said when they looked, sometimes in a hurry.
func (w *world) person(ctx context.Context, name string) {
	t := taskOf(ctx)
	for n := range 60 {
		if w.healed {
			return
		}
		w.sleep(ctx, w.between(5*time.Minute, 2*time.Hour))
		page, err := w.store.database.List(ctx, journal.Filter{Status: []refund.Status{refund.StatusUnknown, refund.StatusReversed, refund.StatusPending}, Limit: 50})
		if err != nil {
			continue
		}
		page.Entries = slices.DeleteFunc(page.Entries, func(e *refund.Entry) bool {
			return e.Status != refund.StatusUnknown && !e.Open() && !w.chance(10)
		})
		if len(page.Entries) == 0 {
			continue
		}
		e := page.Entries[w.rand.IntN(len(page.Entries))]
		until := w.now.Add(w.between(0, oneOf(w.scheduler, time.Minute, 2*time.Hour)))
		if w.matter != nil && w.now.Before(w.decision) && w.chance(60) { // the other one's, at the same time
			e, until = w.matter, w.decision
		}
		w.matter, w.decision = e, until
		now, err := w.store.database.Entry(ctx, e.Key)
		if err != nil || now.Provider != e.Provider { // it was renamed
			continue
		}
		p, l := w.processes[w.rand.IntN(len(w.processes))], w.laneOf(e)
		truth := w.truth(e)
		if w.chance(25) {
			truth = oneOf(w.scheduler, refund.StatusNotSent, refund.StatusSucceeded, refund.StatusFailed)
		}
		w.say(name, "looks at %s, which is %s", e.Key, e.Status)
		w.sleep(ctx, until.Sub(w.now))
		if p.dead || p.away {
			continue
		}
		r := refund.Resolution{Status: truth, Seen: e.Status, By: name, Note: fmt.Sprintf("so it is, %d", n), Force: w.chance(80)}
		if w.chance(50) {
			r.Version = e.Version
		}
		t.saw, t.by = e, p
		after, err := p.clients[l].Resolve(ctx, e.Key, r)
		t.saw = nil
		if err != nil {
			w.say(name, "cannot decide about %s: %v", e.Key, err)
			continue
		}
		w.say(name, "decides that %s is %s (wrongly: %t)", after.Key, after.Status, w.wrong[e.Key])
		if last := after.History[len(after.History)-1]; last.By != name || last.Note != r.Note {
			w.fail("%s is told to have decided about %s, and did not", name, e.Key)
		}
	}
}

// stranger refunds the same payments, in a dashboard or by another program.
func (w *world) stranger(ctx context.Context) {
	for range w.rand.IntN(9) {
		w.sleep(ctx, w.between(0, 2*time.Hour))
		if w.healed {
			return
		}
		l := w.lanes[w.rand.IntN(len(w.lanes))]
		pay := l.payments[w.rand.IntN(len(l.payments))]
		amount := l.amount(w)
		if len(l.orders) > 0 && w.chance(60) {
			amount = l.orAny(l.orders[w.rand.IntN(len(l.orders))].req.Amount)
		}
		w.elsewhere(ctx, l, pay.ID, amount)
	}
}

// elsewhere is a refund that no program of ours makes.
func (w *world) elsewhere(ctx context.Context, l *lane, payment string, amount money.Amount) {
	amount = l.orAny(amount)
	if l.another != nil && w.chance(50) {
		p, err := l.another(&transport{l: l, inner: l.server.RoundTripper(), foreign: true})
		if err != nil {
			panic(err)
		}
		req := refund.Partial(payment, amount)
		req.Payment.PaidAt, req.CallbackURL = l.payments[0].PaidAt, shopURL
		if res, err := refund.New(p, refund.WithClock(w.clock)).Refund(ctx, req); err == nil {
			w.say("somebody else", "refunds %s of %s by a program of their own at %s: %s", amount, payment, l.called(), res.RefundID)
		}
		return
	}
	if r, err := l.server.RefundElsewhere(payment, amount); err == nil {
		w.say("somebody else", "refunds %s of %s in the dashboard of %s: %s", amount, payment, l.called(), r.ID)
	}
}

// trouble is what befalls programs and the database.
func (w *world) trouble(ctx context.Context) {
	for range 60 {
		w.sleep(ctx, w.between(time.Minute, 2*time.Hour))
		if w.healed {
			return
		}
		p := w.processes[w.rand.IntN(len(w.processes))]
		ofProcess := func(t *task) bool { return t.of == p }
		switch w.rand.IntN(6) {
		case 0:
			if p.dead || p.away {
				continue
			}
			w.say(p.name, "is killed")
			p.dead = true
			w.doom(ofProcess)
			w.sleep(ctx, w.between(0, 20*time.Minute))
			if p.dead { // still
				w.boot(p)
			}
		case 1:
			d := w.between(time.Minute, 26*time.Hour)
			w.say(p.name, "stands still for %s", d.Round(time.Second))
			w.suspend(d, ofProcess)
		case 2:
			d := w.between(time.Second, 10*time.Minute)
			w.say("the database", "says no for %s", d.Round(time.Second))
			w.store.down = w.now.Add(d)
		case 3:
			p.set = w.now
			p.offset = w.between(-2*time.Minute, 2*time.Minute).Round(time.Second)
			w.say(p.name, "has its clock set: it is off by %s", p.offset)
		case 4:
			if w.chance(30) {
				w.rename(ctx)
			}
		default:
			for range 1 + w.rand.IntN(3) {
				l := w.lanes[w.rand.IntN(len(w.lanes))]
				l.faults++ // the next requests meet one
			}
		}
	}
}

// rename gives an account another name: all programs end, the journal's refunds are
// moved, and they start again.
func (w *world) rename(ctx context.Context) {
	for _, p := range w.processes {
		p.dead, p.away = true, true
	}
	w.doom(func(t *task) bool { return t.of != nil })
	w.sleep(ctx, w.between(0, 20*time.Minute))
	if w.healed { // they were started already
		return
	}
	l := w.lanes[w.rand.IntN(len(w.lanes))]
	from, to := l.name, "the "+l.name
	n, err := w.store.database.Rename(ctx, from, to)
	if err != nil {
		w.fail("%s cannot be renamed: %v", from, err)
		return
	}
	w.say("the shop", "calls %s %s: %d refunds", from, to, n)
	for _, other := range w.lanes {
		if other.name == from {
			other.name = to
		}
	}
	for _, p := range w.processes {
		w.boot(p)
	}
}

// heal ends all trouble: what is left has to come to its end.
func (w *world) heal() {
	w.healed = true
	w.store.down = time.Time{}
	w.say("the world", "has no trouble any more")
	for _, t := range w.tasks {
		if t.of != nil && t.wake.After(w.now.Add(30*time.Minute)) {
			t.wake = w.now.Add(30 * time.Minute)
		}
	}
	for _, p := range w.processes {
		if p.dead {
			w.boot(p)
		}
	}
}

// quiet reports whether the gateway has nothing left to say.
func (w *world) quiet(l *lane) bool { return w.desks == 0 && !l.undecided() && l.owed() == 0 }

// amount is one of few, so that equal ones meet.
func (l *lane) amount(w *world) money.Amount {
	return money.MustParse(oneOf(w.scheduler, "10.00", "10.00", "20.00", "30.00", "55.00") + " " + l.currency)
}
