package refund

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/gorefund/refund/money"
)

// Client refunds through one [Provider]: it checks the request, guards what the
// provider answers, logs, and retries what is safe to retry if asked to. Make
// it with [New]. A Client is safe for concurrent use.
type Client struct {
	provider Provider
	caps     Capabilities
	name     string
	named    bool // by WithName, not by default
	log      *slog.Logger
	retry    Retry
	now      func() time.Time
	journal  Journal // nil = none
	trust    Trust   // from which on a callback's event decides
	lease    time.Duration

	noJournalGiven bool // WithJournal(nil): nothing is sent

	prefixes  []string   // of a router's clients: whose parameters a request may hold; nil = a client alone
	unguarded *sync.Once // the warning that nobody guards a sum
}

// Option changes a [Client].
type Option func(*Client)

// WithLogger logs each attempt of a refund as one record: info for an accepted
// one, warn for one that was refused, not sent, or accepted otherwise than asked,
// error for an unknown outcome. A provider that panics adds a record with the
// stack. The first partial refund without Payment.Amount and without a journal adds
// a warning, once for each client: nobody keeps the sum of such refunds below what
// was paid. The records hold no secret and no personal data, but they do hold
// payment ids and keys.
func WithLogger(l *slog.Logger) Option { return func(c *Client) { c.log = l } }

// WithRetry tries again what is [SafeToRetry], and nothing else.
func WithRetry(r Retry) Option { return func(c *Client) { c.retry = r } }

// WithClock replaces [time.Now], for [Result.At] and for what a request's times are
// compared with.
func WithClock(now func() time.Time) Option { return func(c *Client) { c.now = now } }

// WithName names the provider, for logs and to tell two shops at the same
// gateway apart. A named client refuses a request for another name. The
// default is the gateway's name.
func WithName(name string) Option {
	return func(c *Client) { c.name, c.named = name, name != "" }
}

// Retry says how often and how patiently to try again. The pauses double from
// Base up to Max, each shortened by up to half at random. A gateway that asks
// for a longer pause than Max gets none: the error is returned.
type Retry struct {
	Attempts int           // in all, the first one included; below 2 = no retry
	Base     time.Duration // the first pause; 0 = 200 ms
	Max      time.Duration // the longest pause; 0 = 5 s, or Base if that is longer
}

// New makes a Client for p. It never fails: a nil p shows as an
// [InvalidRequest] error of each call.
func New(p Provider, opts ...Option) *Client {
	c := &Client{now: time.Now, trust: TrustSigned, lease: defaultLease, unguarded: new(sync.Once)}
	for _, opt := range opts {
		if opt != nil {
			opt(c)
		}
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.retry.Base <= 0 {
		c.retry.Base = 200 * time.Millisecond
	}
	if c.retry.Max <= 0 {
		c.retry.Max = max(5*time.Second, c.retry.Base)
	}
	if caps, ok := capabilitiesOf(p); ok {
		c.provider, c.caps = p, caps
	}
	if c.name == "" {
		c.name = c.caps.Gateway
	}
	return c
}

// capabilitiesOf also finds out whether p is usable at all: a nil pointer in
// the interface panics here, not in the middle of a refund.
func capabilitiesOf(p Provider) (caps Capabilities, ok bool) {
	if p == nil {
		return Capabilities{}, false
	}
	defer func() {
		if recover() != nil {
			caps, ok = Capabilities{}, false
		}
	}()
	return p.Capabilities(), true
}

// Format implements [fmt.Formatter]: every verb gives the client's name and
// nothing of the provider, whose fields may be secrets.
func (c *Client) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "refund.Client(%s)", c.name) }

// Name returns the provider's name: that of [WithName], or the gateway's.
func (c *Client) Name() string { return c.name }

// Capabilities says what the provider's gateway can do.
func (c *Client) Capabilities() Capabilities { return c.caps.Clone() }

// Refund gives back what req asks for, at most once.
//
// If err is nil, the result's Status is [StatusSucceeded] or [StatusPending].
// Otherwise the result is nil and err wraps an [*Error]: with [StatusNotSent]
// or [StatusRefused] no money moved; with [StatusUnknown] it may have, and the
// same refund must not be sent again. With a journal, the same request
// under the same Key is answered from it and never sent twice; without one, each
// call is a refund of its own.
func (c *Client) Refund(ctx context.Context, req Request) (*Result, error) {
	if err := c.ready(ctx, "refund", &req); err != nil {
		c.record(ctx, &req, nil, err, 0)
		return nil, err
	}
	c.warn(ctx, &req)
	for attempt := 1; ; attempt++ {
		res, err := c.attempt(ctx, &req)
		c.record(ctx, &req, res, err, attempt)
		if err == nil || attempt >= c.retry.Attempts || !SafeToRetry(err) {
			return res, err
		}
		again, ended := c.pause(ctx, attempt, err)
		switch {
		case ended != nil && !errors.Is(err, ended):
			return nil, fmt.Errorf("%w; the context ended before another attempt: %w", err, ended)
		case !again:
			return nil, err
		}
	}
}

func (c *Client) attempt(ctx context.Context, req *Request) (*Result, error) {
	if c.journal != nil {
		return c.journaled(ctx, req)
	}
	return c.once(ctx, req)
}

// ready refuses what must not be sent, and takes a reason of blanks out of req.
func (c *Client) ready(ctx context.Context, op string, req *Request) error {
	switch {
	case c.provider == nil:
		return noProvider(op)
	case c.noJournalGiven:
		return nilJournal(c.caps.Gateway, op)
	case ctx == nil:
		return &Error{Gateway: c.caps.Gateway, Op: op, Code: InvalidRequest, Status: StatusNotSent, Message: "the context is nil"}
	case c.named && req.Provider != "" && req.Provider != c.name:
		return &Error{Gateway: c.caps.Gateway, Op: op, Code: InvalidRequest, Status: StatusNotSent,
			Message: fmt.Sprintf("the request is for provider %q, this client is %q", clip(req.Provider, 64), c.name)}
	}
	if e := c.check(req); e != nil {
		e.Gateway, e.Op, e.Status = c.caps.Gateway, op, StatusNotSent
		return e
	}
	if err := ctx.Err(); err != nil {
		return &Error{Gateway: c.caps.Gateway, Op: op, Code: Unavailable, Status: StatusNotSent, Message: "the context ended before anything was sent", Err: err}
	}
	req.Reason = req.ReasonOr("")
	return nil
}

// check adds to the checks of the gateway those that need to know the client.
func (c *Client) check(req *Request) *Error {
	if c.named {
		if e := checkName("the client's name (refund.WithName)", c.name); e != nil {
			return e
		}
	}
	if e := c.caps.check(req, c.journal != nil); e != nil {
		return e
	}
	if e := checkPaidAt(req.Payment.PaidAt, c.now()); e != nil {
		return e
	}
	return c.checkPrefixes(req.Params)
}

func nilJournal(gateway, op string) *Error {
	return &Error{Gateway: gateway, Op: op, Code: InvalidRequest, Status: StatusNotSent,
		Message: "the journal is nil: check the error of what opened it, or leave WithJournal out to refund without one"}
}

func noProvider(op string) *Error {
	return &Error{Op: op, Code: InvalidRequest, Status: StatusNotSent, Message: "the client has no provider: check the error of the provider's New"}
}

// once makes one call of the provider and trusts nothing of its answer that
// contradicts itself.
func (c *Client) once(ctx context.Context, req *Request) (res *Result, err error) {
	defer func() {
		if r := recover(); r != nil {
			res, err = nil, c.unknown(fmt.Sprintf("the provider panicked with a %T", r), nil)
			if c.log != nil {
				c.log.ErrorContext(ctx, "refund: provider panicked", "gateway", c.caps.Gateway, "stack", string(debug.Stack()))
			}
		}
	}()
	given, err := c.provider.Refund(ctx, *req)
	accepted := given != nil && (given.Status == StatusPending || given.Status == StatusSucceeded)
	switch {
	case err != nil && accepted:
		return nil, c.unknown("the provider returned an error and the status "+given.Status.String(), err)
	case err != nil:
		return nil, c.guard(err)
	case given == nil:
		return nil, c.unknown("the provider returned neither a result nor an error", nil)
	case !accepted:
		return nil, c.unknown("the provider returned no error and the status "+given.Status.String(), nil)
	case given.Amount.IsSet() && !c.expects(req, given.Amount.Currency()):
		return nil, c.unknown(fmt.Sprintf("the gateway says that it refunded %s, which is another currency than asked for (gateway code %q, refund id %q)",
			given.Amount, clip(given.Code, 64), clip(given.RefundID, 64)), nil)
	}
	// A copy: a provider may keep what it gave, and give it to others as well.
	copied := *given
	res = &copied
	res.Gateway, res.Key = c.caps.Gateway, req.Key
	if res.PaymentID == "" {
		res.PaymentID = req.Payment.ID
	}
	if res.Kind == 0 {
		res.Kind = req.Kind
	}
	if res.At.IsZero() {
		res.At = c.now()
	}
	return res, nil
}

// expects reports whether an answer in that currency can be to the request.
func (c *Client) expects(req *Request, currency string) bool {
	switch {
	case req.Amount.IsSet():
		return req.Amount.Currency() == currency
	case req.Payment.Amount.IsSet():
		return req.Payment.Amount.Currency() == currency
	}
	return slices.Contains(c.caps.Currencies.Value, currency)
}

// guard makes every error of a provider an *Error with a possible Status, and
// with no code but its own where the outcome is unknown.
func (c *Client) guard(err error) error {
	e, ok := asError(err)
	if !ok {
		return c.unknown("the provider returned an error without a status", err)
	}
	_ = err.Error() // one that cannot be printed must panic here, not in the caller's log
	switch e.Status {
	case StatusNotSent, StatusRefused:
		if e.Code.Known() && !errors.Is(err, OutcomeUnknown) {
			return err
		}
		return c.unknown(fmt.Sprintf("the provider's error has the status %s, which its code %q or its cause contradicts", e.Status, clip(string(e.Code), 64)), err)
	case StatusUnknown:
		if e.Code == OutcomeUnknown && !matchesAnother(err) {
			return err
		}
		return c.unknown("", err)
	default:
		return c.unknown("the provider returned an error with the status "+e.Status.String(), err)
	}
}

// matchesAnother reports whether err matches a code beside OutcomeUnknown.
func matchesAnother(err error) bool {
	return slices.ContainsFunc(codes[:], func(c Code) bool { return c != OutcomeUnknown && errors.Is(err, c) })
}

func (c *Client) unknown(message string, cause error) *Error {
	const warning = "money may have moved, do not send again"
	if message == "" {
		message = warning
	} else {
		message = warning + ": " + message
	}
	e := &Error{Gateway: c.caps.Gateway, Op: "refund", Code: OutcomeUnknown, Status: StatusUnknown, Message: message}
	if cause == nil {
		return e
	}
	if inner, ok := asError(cause); ok {
		e.GatewayCode, e.HTTPStatus = inner.GatewayCode, inner.HTTPStatus
	}
	e.Err = &doubted{err: cause, text: cause.Error()}
	return e
}

// doubted is a provider's error that is not believed. It matches what it
// matched, a context's error for example, but no Code: a caller who asks for
// Declined first would take an unknown outcome for a refusal. Its text is made
// once, where a panic of a nil pointer is still caught.
type doubted struct {
	err  error
	text string
}

func (d *doubted) Error() string { return d.text }

func (d *doubted) Is(target error) bool {
	_, code := target.(Code)
	return !code && errors.Is(d.err, target)
}

func (d *doubted) As(target any) bool { return errors.As(d.err, target) }

// pause waits before the next attempt. again: there should be one. ended is the
// context's error if that ended meanwhile.
func (c *Client) pause(ctx context.Context, attempt int, err error) (again bool, ended error) {
	d := min(c.retry.Base, c.retry.Max)
	for range attempt - 1 {
		if d > c.retry.Max/2 { // also the guard against an overflow
			d = c.retry.Max
			break
		}
		d *= 2
	}
	d -= rand.N(d/2 + 1)
	if e, ok := asError(err); ok && e.RetryAfter > d {
		if e.RetryAfter > c.retry.Max {
			return false, nil
		}
		d = e.RetryAfter
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return false, ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil, ctx.Err()
}

// record logs one attempt. attempt is 0 if the provider was not asked.
func (c *Client) record(ctx context.Context, req *Request, res *Result, err error, attempt int) {
	if c.log == nil {
		return
	}
	level, status, kind, amount := slog.LevelInfo, StatusOf(err), req.Kind, req.Amount
	if err == nil {
		status, kind, amount = res.Status, res.Kind, res.Amount
		if !asAsked(req, res) {
			level = slog.LevelWarn // somebody should look
		}
	} else {
		level = slog.LevelWarn
		if status == StatusUnknown {
			level = slog.LevelError
		}
	}
	if !c.log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("gateway", c.caps.Gateway),
		slog.String("provider", c.name),
		slog.String("payment", clip(req.Payment.ID, maxID)), // longer ones were refused, and are logged all the same
		slog.String("key", clip(req.Key, maxID)),
		slog.String("asked", req.Kind.String()),
		slog.String("asked_amount", req.Amount.String()),
		slog.String("kind", kind.String()),
		slog.String("amount", amount.String()),
		slog.String("status", status.String()),
		slog.String("money_moved", status.MoneyMoved().String()),
		slog.Int("attempt", attempt),
	}
	if err == nil {
		attrs = append(attrs, slog.String("refund_id", res.RefundID), slog.String("gateway_code", res.Code))
	} else if e, ok := asError(err); ok {
		attrs = append(attrs, slog.String("code", string(e.Code)), slog.String("gateway_code", e.GatewayCode), slog.String("error", e.Error()))
	}
	c.log.LogAttrs(ctx, level, "refund "+status.String(), attrs...)
}

// asAsked reports whether the gateway says that it did what was asked for.
func asAsked(req *Request, res *Result) bool {
	sameAmount := req.Kind != KindPartial || !res.Amount.IsSet() || res.Amount == req.Amount
	return sameAmount && res.Kind == req.Kind && res.PaymentID == req.Payment.ID
}

// Inspect asks the gateway what it says now about a payment and its refunds. It
// moves no money. The error matches [Unsupported] where the provider cannot.
func (c *Client) Inspect(ctx context.Context, q Query) (*Report, error) {
	return c.inspect(ctx, q)
}

// Plan shows the request that Refund would send for req, secrets and personal
// data masked, and sends nothing. It refuses what Refund would refuse to send, and
// warns of what nobody guards. The error matches [Unsupported] where the provider
// cannot.
func (c *Client) Plan(ctx context.Context, req Request) (*Plan, error) {
	p, err := ability[Planner](c, "plan")
	if err != nil {
		return nil, err
	}
	if err := c.ready(ctx, "plan", &req); err != nil {
		return nil, err
	}
	req.Remaining = money.Amount{} // for the journal, not for the gateway
	plan, err := p.Plan(ctx, req)
	if warning := c.unguardedSum(&req); warning != "" && plan != nil {
		copied := *plan // the provider may keep what it gave
		copied.Warnings = append(slices.Clip(copied.Warnings), warning)
		plan = &copied
	}
	return plan, err
}

// ability finds an optional interface of the raw provider.
func ability[T any](c *Client, op string) (T, error) {
	p, ok := c.provider.(T)
	switch {
	case c.provider == nil:
		return p, noProvider(op)
	case !ok:
		return p, &Error{Gateway: c.caps.Gateway, Op: op, Code: Unsupported, Status: StatusNotSent, Message: "this provider cannot do that"}
	}
	return p, nil
}
