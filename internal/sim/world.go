package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/poller"
)

// Options say what kind of world to make.
type Options struct {
	Seed  uint64
	Steps int      // after so many the trouble ends; 0 = as the seed says
	Store database // nil = a journal in memory
}

// Run lets the world of a seed happen. The error tells what the library had promised and
// did not keep, nil if it kept everything.
func Run(o Options) (*History, error) {
	w := newWorld(o)
	defer func() { // no goroutine is left
		w.doom(func(*task) bool { return true })
		w.bury()
	}()
	steps := o.Steps
	if n := 150 + w.rand.IntN(450); steps == 0 {
		steps = n
	}
	w.history.Steps = steps
	for i := 0; i < steps && w.step(); i++ {
		w.steps++
		if w.check(); w.failure != nil {
			return w.history, fmt.Errorf("step %d: %w", i+1, w.failure)
		}
	}
	w.heal()
	for i := 0; w.step(); i++ {
		w.steps++
		if w.check(); w.failure != nil {
			return w.history, fmt.Errorf("after the trouble: %w", w.failure)
		}
		if i > 100_000 {
			return w.history, fmt.Errorf("after the trouble: the world does not come to rest")
		}
	}
	w.checkEnd()
	return w.history, w.failure
}

// world is everything that happens, and what is true in it.
type world struct {
	*scheduler
	history *History
	failure error
	healed  bool // nothing goes wrong any more

	lanes     []*lane
	processes []*process
	store     *store
	attempts  map[string][]*attempt // by key, as they were begun
	wrong     map[string]bool       // keys about which a person has decided wrongly, and the gateway has said nothing since
	steps     int
	ids       int
	desks     int // at work

	matter   *refund.Entry // about which a person is going to decide
	decision time.Time     // then
}

// process is a program of a shop. Several of them serve the same shops.
type process struct {
	name    string
	offset  time.Duration // of its clock
	set     time.Time     // when that was set
	clients map[*lane]*refund.Client
	dead    bool
	away    bool // until all programs start under other names
}

// attempt is one try of a refund: an intent, and what came of it.
type attempt struct {
	key     string
	payment string
	lane    *lane
	amount  money.Amount // what it may take, not set for a full refund of unknown amount
	full    bool
	began   time.Time // by the process's clock
	until   time.Time // its lease
	step    int       // in which it was begun
	looked  time.Time // when the gateway was asked before
	of      *process
	intact  bool // the gateway's yes came back whole
	sends   int
	booked  string // the ledger's id, "" if it is not booked

	told   bool // a callback has said since a person's last decision that it was made
	denied bool // a person has said that it did not happen, and it did
	spoken int  // the step in which the gateway's own word about it was carried out, since the person's; 0: not yet
}

func newWorld(o Options) *world {
	w := &world{scheduler: newScheduler(o.Seed), attempts: make(map[string][]*attempt), wrong: make(map[string]bool)}
	w.history = newHistory(w.now)
	db := o.Store
	if db == nil {
		db = journal.Memory().(database)
	}
	w.store = &store{database: db, w: w}
	for _, i := range w.rand.Perm(len(makers))[:1+w.rand.IntN(2)] {
		w.lanes = append(w.lanes, makers[i](w, account{"shop", refund.Sandbox, 1}))
		if w.chance(25) { // equal payment ids in another shop, or in production
			twin := oneOf(w.scheduler, account{"second shop", refund.Sandbox, 2}, account{"shop", refund.Production, 3})
			l := w.lanes[len(w.lanes)-1]
			w.lanes = append(w.lanes, makers[i](w, twin))
			l.twin = w.lanes[len(w.lanes)-1]
			l.twin.twin = l
		}
	}
	for i := range 1 + w.rand.IntN(3) {
		p := &process{name: fmt.Sprintf("program %c", 'A'+i), offset: w.between(-2*time.Minute, 2*time.Minute).Round(time.Second)}
		w.processes = append(w.processes, p)
		w.boot(p)
	}
	for _, l := range w.lanes {
		w.start("the gateway "+l.called(), nil, func(ctx context.Context) { w.gateway(ctx, l) })
		w.start("the post of "+l.called(), nil, func(ctx context.Context) { w.post(ctx, l) })
	}
	for _, name := range []string{"Ana", "Bora"} {
		w.start(name, nil, func(ctx context.Context) { w.person(ctx, name) })
	}
	w.start("somebody else", nil, w.stranger)
	w.start("bad luck", nil, w.trouble)
	return w
}

func (w *world) say(who, format string, args ...any) { w.history.add(w.now, who, format, args...) }

// fail keeps the first thing that went wrong.
func (w *world) fail(format string, args ...any) {
	if w.failure == nil {
		w.failure = fmt.Errorf(format, args...)
		w.say("the check", "%v", w.failure)
	}
}

func (p *process) clock(w *world) func() time.Time {
	return func() time.Time { return w.now.Add(p.offset) }
}

// boot starts a program: its clients, the refunds on its list, its poller.
func (w *world) boot(p *process) {
	p.dead, p.away = false, false
	p.clients = make(map[*lane]*refund.Client)
	w.say(p.name, "starts; its clock is off by %s", p.offset)
	for _, l := range w.lanes {
		c := refund.New(l.provider(p.clock(w)), refund.WithJournal(w.store), refund.WithClock(p.clock(w)), refund.WithName(l.name),
			refund.WithTrust(refund.TrustToken), refund.WithLease(5*time.Minute))
		p.clients[l] = c
		for i := range 1 + w.rand.IntN(2) {
			w.start(fmt.Sprintf("%s, desk %d of %s", p.name, i+1, l.called()), p, func(ctx context.Context) { w.desk(ctx, p, l) })
		}
		w.start(p.name+", resuming "+l.called(), p, func(ctx context.Context) { w.resume(ctx, p, l) })
		w.start(p.name+", polling "+l.called(), p, func(ctx context.Context) { w.poll(ctx, p, l) })
	}
}

// begun notes an intent that is stored, in the step in which it is.
func (w *world) begun(t *task, in *refund.Intent, e *refund.Entry) {
	a := &attempt{
		key: in.Key, payment: in.Request.Payment.ID, lane: w.laneOf(e), amount: e.Amount, full: in.Request.Kind == refund.KindFull,
		began: e.BeganAt, until: e.LeaseUntil, step: w.steps,
	}
	w.attempts[in.Key] = append(w.attempts[in.Key], a)
	delete(w.wrong, in.Key) // another try, of which nobody has said anything
	if t != nil {
		t.sending = a
		a.looked, a.of = t.looked, t.of
		w.say(t.name, "begins %s: %s of %s", in.Key, e.Amount, in.Request.Payment.ID)
	}
	w.checkBegin(t, a, e)
}

// moved notes a change that is stored.
func (w *world) moved(t *task, e *refund.Entry) {
	last := e.History[len(e.History)-1]
	who := "somebody"
	if t != nil {
		who = t.name
	}
	w.say(who, "notes that %s is %s, by %s: %s", e.Key, e.Status, last.Cause, last.Note)
	w.checkChange(t, e)
	w.checkEntry(e)
}

// laneOf is the account that an entry is of.
func (w *world) laneOf(e *refund.Entry) *lane {
	for _, l := range w.lanes {
		if l.name == e.Provider && l.env == e.Environment {
			return l
		}
	}
	w.fail("%s is of %q in %q, where nobody is", e.Key, e.Provider, e.Environment)
	return w.lanes[0]
}

// settleAll is one round of a poller that is made anew, so that everything is due.
func (w *world) settleAll(ctx context.Context, p *process, l *lane) {
	later := func() time.Time { return w.now.Add(p.offset + time.Second) }
	round, err := poller.New(w.store, []*refund.Client{p.clients[l]}, poller.WithClock(later), poller.WithOtherNames(w.names()...),
		poller.WithPace("", poller.Pace{First: time.Nanosecond, Max: time.Nanosecond, Limit: 1}))
	if err != nil {
		w.fail("the poller cannot be made: %v", err)
		return
	}
	_, _ = round.Round(ctx)
}

func (w *world) names() (all []string) {
	for _, l := range w.lanes {
		all = append(all, l.name)
	}
	return all
}

// Shrink finds the shortest history of a seed that still fails: how many steps of trouble
// it takes.
func Shrink(seed uint64) (*History, int, error) {
	history, err := Run(Options{Seed: seed})
	low, high := 1, history.Steps
	for low < high && err != nil {
		middle := (low + high) / 2
		if h, e := Run(Options{Seed: seed, Steps: middle}); e != nil {
			history, err, high = h, e, middle
		} else {
			low = middle + 1
		}
	}
	return history, high, err
}
