package poller

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/gorefund/refund"
)

// Report is something in the journal that the poller cannot mend and a person should
// know about.
type Report struct {
	Kind        ReportKind
	Provider    string             // the name in the journal
	Environment refund.Environment // in the journal
	Unknown     int                // how many refunds have no outcome
	Pending     int                // how many are pending
	Oldest      string             // the key of the one that was begun first
	Since       time.Time          // when that was
}

// ReportKind says what a [Report] is about. More kinds may come: pass over those that
// you don't know.
type ReportKind string

const (
	// NoClient: the poller has no client of this name. The provider may have got
	// another one: see [journal.Store.Rename].
	NoClient ReportKind = "no client"
	// OtherEnvironment: the client of this name is in another environment than the
	// refunds, which it must not ask about.
	OtherEnvironment ReportKind = "other environment"
)

// WithReport calls f for refunds that nobody asks about, as the log tells them too: of
// a name that no client has, or in another environment than the client's. It is called
// at the end of a round that has read the whole list, for each name and environment at
// most once an hour, or as [WithReportEvery] says. Its panic is logged and ends nothing.
func WithReport(f func(context.Context, Report)) Option {
	return func(p *Poller) { p.reports.tell = f }
}

// WithReportEvery sets the shortest time between two reports about the same thing; the
// default is an hour.
func WithReportEvery(d time.Duration) Option { return func(p *Poller) { p.reports.every = d } }

// WithOtherNames names providers that other processes serve, in any environment: what
// this poller has no client for is then not reported.
func WithOtherNames(names ...string) Option {
	return func(p *Poller) {
		for _, name := range names {
			p.reports.others[name] = true
		}
	}
}

// reports is what a poller needs to tell of refunds that nobody asks about.
type reports struct {
	tell   func(context.Context, Report)
	every  time.Duration
	others map[string]bool
	told   map[about]time.Time // when
}

// about is what a report is about.
type about struct {
	kind        ReportKind
	provider    string
	environment refund.Environment
}

// unserved says why no client is for a refund, "" if one is.
func (p *Poller) unserved(e *refund.Entry) ReportKind {
	switch c, ok := p.clients[e.Provider]; {
	case !ok:
		return NoClient
	case c.environment != e.Environment:
		return OtherEnvironment
	}
	return ""
}

// add counts a refund that no client is for.
func (r *reports) add(found map[about]*Report, kind ReportKind, e *refund.Entry) {
	if r.others[e.Provider] {
		return
	}
	a := about{kind, e.Provider, e.Environment}
	report := found[a]
	if report == nil {
		report = &Report{Kind: kind, Provider: e.Provider, Environment: e.Environment}
		found[a] = report
	}
	if e.Status == refund.StatusPending {
		report.Pending++
	} else {
		report.Unknown++
	}
	if report.Oldest == "" || e.BeganAt.Before(report.Since) {
		report.Oldest, report.Since = e.Key, e.BeganAt
	}
}

// report tells what a round has found, but not what was told a short time ago.
func (p *Poller) report(ctx context.Context, found map[about]*Report) {
	now := p.now()
	for a, at := range p.reports.told {
		if now.Sub(at).Abs() >= p.reports.every { // in the future: the clock was set
			delete(p.reports.told, a)
		}
	}
	for _, a := range slices.SortedFunc(maps.Keys(found), func(a, b about) int {
		return cmp.Or(cmp.Compare(a.provider, b.provider), cmp.Compare(a.environment, b.environment))
	}) {
		r := found[a]
		if _, told := p.reports.told[a]; told {
			continue
		}
		p.reports.told[a] = now
		message := "poller: nobody asks about these refunds: no client has their provider's name"
		if r.Kind == OtherEnvironment {
			message = "poller: nobody asks about these refunds: the client of their provider's name is in another environment"
		}
		p.warn(ctx, message, slog.String("provider", r.Provider), slog.String("environment", string(r.Environment)),
			slog.Int("unknown", r.Unknown), slog.Int("pending", r.Pending), slog.String("oldest", r.Oldest), slog.Time("since", r.Since))
		if p.reports.tell != nil {
			p.guarded(ctx, "WithReport", slog.String("provider", r.Provider), func() { p.reports.tell(ctx, *r) })
		}
	}
}
