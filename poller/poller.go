// Package poller settles the refunds whose callback never comes.
//
//	p, err := poller.New(store, clients, poller.WithResume(hook.Resume))
//	err = p.Run(ctx) // until ctx ends
//
// It lists the unknown and pending refunds of a journal, and asks the gateway about
// each as long as it has no outcome: soon at first, then less and less often. It
// moves a refund only on a conclusive answer, as [refund.Client.Settle] does, so any
// number of pollers may run beside each other, on one journal.
package poller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
)

// Lister is the list of a journal. [*journal.Store] is one.
type Lister interface {
	List(ctx context.Context, f journal.Filter) (journal.Page, error)
}

// Pace says how often the gateway is asked about a refund.
type Pace struct {
	First time.Duration // after the refund's last change; 0 = 30 s
	Max   time.Duration // the pauses double up to this; 0 = 1 h
	Limit int           // how many look-ups at once; 0 = 4
}

func (p Pace) withDefaults() (Pace, error) {
	if p.First < 0 || p.Max < 0 || p.Limit < 0 {
		return p, errors.New("a pace must not be negative")
	}
	if p.First == 0 {
		p.First = 30 * time.Second
	}
	if p.Max == 0 {
		p.Max = max(time.Hour, p.First)
	}
	if p.Max < p.First {
		return p, fmt.Errorf("the pace's Max of %s is shorter than its First of %s", p.Max, p.First)
	}
	if p.Limit == 0 {
		p.Limit = 4
	}
	return p, nil
}

// Poller asks gateways about refunds without an outcome. Make it with [New].
type Poller struct {
	list    Lister
	clients map[string]client // by name
	paces   map[string]Pace   // by gateway
	def     Pace
	every   time.Duration
	now     func() time.Time
	log     *slog.Logger
	resume  []func(context.Context) (int, error)
	settled func(context.Context, *refund.Entry)
	reports reports
	waits   map[string]wait // by key; of unsettled refunds only
	running sync.Mutex
}

// client is one of the poller's, and where its money is.
type client struct {
	*refund.Client
	environment refund.Environment
}

// wait is when a refund is asked about next.
type wait struct {
	asked int // how often
	due   time.Time
}

// Option changes a [Poller].
type Option func(*Poller)

// WithPace sets how often a gateway, "paynet", is asked about a refund; the name ""
// stands for all others.
func WithPace(gateway string, p Pace) Option {
	return func(o *Poller) {
		if gateway == "" {
			o.def = p
			return
		}
		o.paces[gateway] = p
	}
}

// WithEvery sets the pause between two rounds; the default is 10 s, shortened or
// lengthened by up to a fifth at random.
func WithEvery(d time.Duration) Option { return func(p *Poller) { p.every = d } }

// WithResume calls f in each round before anything is asked: it goes on with
// callbacks that were stored and not finished, as webhook.Handler.Resume does. It
// may be given several times.
func WithResume(f func(context.Context) (int, error)) Option {
	return func(p *Poller) { p.resume = append(p.resume, f) }
}

// WithSettled calls f for each refund that a look-up has moved. It may be called by
// several goroutines at once. Its panic is logged and ends nothing.
func WithSettled(f func(context.Context, *refund.Entry)) Option {
	return func(p *Poller) { p.settled = f }
}

// WithLogger logs each move as info, and what could not be asked as warn.
func WithLogger(l *slog.Logger) Option { return func(p *Poller) { p.log = l } }

// WithClock replaces [time.Now].
func WithClock(now func() time.Time) Option { return func(p *Poller) { p.now = now } }

// New makes a Poller for the refunds in list that belong to one of the clients, by
// their names and environments. Refunds of others are reported: see [WithReport].
func New(list Lister, clients []*refund.Client, opts ...Option) (*Poller, error) {
	p := &Poller{
		list: list, clients: make(map[string]client), paces: make(map[string]Pace),
		every: 10 * time.Second, now: time.Now, waits: make(map[string]wait),
		reports: reports{every: time.Hour, others: make(map[string]bool), told: make(map[about]time.Time)},
	}
	for _, opt := range opts {
		if opt != nil {
			opt(p)
		}
	}
	if list == nil || p.now == nil {
		return nil, errors.New("poller: the list or the clock is nil")
	}
	if p.every <= 0 || p.reports.every <= 0 {
		return nil, errors.New("poller: the pause between two rounds, or two reports, must be positive")
	}
	for _, c := range clients {
		switch {
		case c == nil:
			return nil, errors.New("poller: a client is nil")
		case p.clients[c.Name()].Client != nil:
			return nil, fmt.Errorf("poller: two clients have the name %q", c.Name())
		}
		p.clients[c.Name()] = client{c, c.Capabilities().Environment}
	}
	if len(p.clients) == 0 {
		return nil, errors.New("poller: it needs at least one client")
	}
	var err error
	if p.def, err = p.def.withDefaults(); err != nil {
		return nil, fmt.Errorf("poller: %w", err)
	}
	for gateway, pace := range p.paces {
		if p.paces[gateway], err = pace.withDefaults(); err != nil {
			return nil, fmt.Errorf("poller: %s: %w", gateway, err)
		}
	}
	return p, nil
}

// Run makes a round now and then until ctx ends, and returns nil then. What fails is
// logged and tried again in a later round. It starts no goroutine that outlives it.
func (p *Poller) Run(ctx context.Context) error {
	for {
		if _, err := p.Round(ctx); err != nil && ctx.Err() == nil {
			p.warn(ctx, "poller: round failed", slog.String("error", err.Error()))
		}
		timer := time.NewTimer(p.every*4/5 + rand.N(p.every*2/5+1))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// Round resumes callbacks, and asks once about every refund that is due. It returns
// how many of them it moved. One round runs at a time; another one waits for it.
func (p *Poller) Round(ctx context.Context) (moved int, err error) {
	p.running.Lock()
	defer p.running.Unlock()
	var errs []error
	for _, resume := range p.resume {
		if _, err := resume(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	waits := make(map[string]wait) // what is settled meanwhile is forgotten
	unserved := make(map[about]*Report)
	f := journal.Filter{Status: []refund.Status{refund.StatusUnknown, refund.StatusPending, refund.StatusReversed}, Limit: 1000}
	for {
		page, err := p.list.List(ctx, f)
		if err != nil {
			return moved, errors.Join(append(errs, err)...)
		}
		moved += p.ask(ctx, p.due(page.Entries, waits, unserved), waits)
		if f.Cursor = page.Next; f.Cursor == "" || ctx.Err() != nil {
			break
		}
	}
	p.waits = waits
	if ctx.Err() == nil {
		p.report(ctx, unserved)
	}
	return moved, errors.Join(append(errs, ctx.Err())...)
}

// due returns the refunds whose time has come, notes in waits when that of the others
// comes, and in unserved those that no client is for.
func (p *Poller) due(entries []*refund.Entry, waits map[string]wait, unserved map[about]*Report) []*refund.Entry {
	now := p.now()
	var due []*refund.Entry
	for _, e := range entries {
		if !needsAsking(e) || e.Sending(now) {
			continue
		}
		if kind := p.unserved(e); kind != "" {
			p.reports.add(unserved, kind, e)
			continue
		}
		w, known := p.waits[e.Key]
		if !known {
			w.due = e.ChangedAt.Add(p.pace(e).First)
		}
		waits[e.Key] = w
		if !w.due.After(now) {
			due = append(due, e)
		}
	}
	return due
}

// needsAsking reports whether the gateway may still know more about a refund than the
// journal does.
func needsAsking(e *refund.Entry) bool {
	return e.Open() || e.Status == refund.StatusPending
}

func (p *Poller) pace(e *refund.Entry) Pace {
	if pace, ok := p.paces[e.Gateway]; ok {
		return pace
	}
	return p.def
}

// ask asks about refunds, several at once for each gateway: one that hangs holds up
// its own refunds only.
func (p *Poller) ask(ctx context.Context, due []*refund.Entry, waits map[string]wait) (moved int) {
	byGateway := make(map[string][]*refund.Entry)
	for _, e := range due {
		byGateway[e.Gateway] = append(byGateway[e.Gateway], e)
	}
	var (
		mu sync.Mutex // of waits and moved
		wg sync.WaitGroup
	)
	for _, entries := range byGateway {
		queue := make(chan *refund.Entry, len(entries))
		for _, e := range entries {
			queue <- e
		}
		close(queue)
		for range min(p.pace(entries[0]).Limit, len(entries)) {
			wg.Go(func() {
				for e := range queue {
					if ctx.Err() != nil {
						return
					}
					did := p.one(ctx, e)
					mu.Lock()
					if did {
						moved++
						delete(waits, e.Key)
					} else {
						w := waits[e.Key]
						w.asked++
						w.due = p.now().Add(p.pause(p.pace(e), w.asked))
						waits[e.Key] = w
					}
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	return moved
}

// pause doubles with each question, and differs by up to a fifth at random, so that
// refunds that were made together are not asked about together for ever.
func (p *Poller) pause(pace Pace, asked int) time.Duration {
	d := pace.First
	for range asked {
		if d >= pace.Max/2 {
			d = pace.Max
			break
		}
		d *= 2
	}
	return d*4/5 + rand.N(d/5+1)
}

// one asks about a refund, and reports whether it moved.
func (p *Poller) one(ctx context.Context, e *refund.Entry) bool {
	after, err := p.clients[e.Provider].Settle(ctx, e.Key)
	switch {
	case ctx.Err() != nil:
		return false
	case err != nil:
		p.warn(ctx, "poller: could not ask", slog.String("key", e.Key), slog.String("gateway", e.Gateway), slog.String("error", err.Error()))
		return false
	case after.Status == e.Status && after.Open() == e.Open():
		return false // at most something was noted
	}
	if after.History[len(after.History)-1].Cause != refund.CauseLookUp {
		return true // somebody else was faster
	}
	if p.log != nil {
		p.log.InfoContext(ctx, "poller: settled", "key", e.Key, "gateway", e.Gateway, "from", e.Status.String(), "status", after.Status.String())
	}
	if p.settled != nil {
		p.guarded(ctx, "WithSettled", slog.String("key", e.Key), func() { p.settled(ctx, after) })
	}
	return true
}

// guarded calls a function of the user's. Its panic ends nothing.
func (p *Poller) guarded(ctx context.Context, option string, about slog.Attr, f func()) {
	defer func() {
		if r := recover(); r != nil {
			p.warn(ctx, "poller: the function of "+option+" panicked", about, slog.Any("panic", r))
		}
	}()
	f()
}

func (p *Poller) warn(ctx context.Context, message string, attrs ...slog.Attr) {
	if p.log != nil {
		p.log.LogAttrs(ctx, slog.LevelWarn, message, attrs...)
	}
}
