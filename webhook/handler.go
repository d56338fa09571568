package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/callback"
)

// Handler receives the callbacks of one provider. Make it with [New]. It is an
// [http.Handler], safe for concurrent use.
type Handler struct {
	client  *refund.Client
	gateway string
	signed  bool // the gateway signs all that it sends
	log     *slog.Logger
	notify  func(context.Context, Notice) error
	maxBody int64
	read    time.Duration
	work    time.Duration
	hints   *hints
	seldom  *seldom
	active  sync.WaitGroup

	resuming sync.Mutex           // one Resume at a time; it guards tried
	tried    map[string]time.Time // when Resume last tried an event that is still unfinished
}

var _ http.Handler = (*Handler)(nil)

// Notice tells of an event that has been applied.
type Notice struct {
	Event   refund.Event
	Entry   *refund.Entry // the refund as it is now; nil if the event is about none of the journal's: look first
	From    refund.Status // of the refund before
	Changed bool          // the refund's state
	Why     string        // in one line
}

// Option changes a [Handler].
type Option func(*Handler)

// WithLogger logs each callback as one record: info for what was applied, warn for
// what was refused, contradicts an earlier outcome, or could not be carried out yet.
// What anybody can cause is logged once in a minute for each reason, with the number
// of those that were passed over, "suppressed": refusals, and unsigned callbacks that
// changed nothing. The records hold no secret and no personal data, but payment ids
// and keys.
func WithLogger(l *slog.Logger) Option { return func(h *Handler) { h.log = l } }

// WithNotify calls f after an event that was stored has been applied, also if it
// changed nothing, and after a hint that changed something. If f fails or panics, the
// change in the journal stands, and [Handler.Resume] applies the event again, which
// changes nothing, and calls f again: f may be called more than once for an event,
// and never none at all. Changed then says false, and Entry how things stand.
func WithNotify(f func(ctx context.Context, n Notice) error) Option {
	return func(h *Handler) { h.notify = f }
}

// WithMaxBody bounds a callback's body; the default is 256 KiB.
func WithMaxBody(bytes int64) Option { return func(h *Handler) { h.maxBody = bytes } }

// WithTimeouts bounds the reading of a callback and, apart from it, the writing of the
// answer, 10 s by default, and the work on an event after the answer, look-ups and the
// notified function included, 2 min by default.
func WithTimeouts(read, work time.Duration) Option {
	return func(h *Handler) { h.read, h.work = read, work }
}

// New makes a Handler. The client needs a journal that is a [refund.Inbox], and a
// provider that is a [refund.CallbackParser]; the error says what is missing.
func New(client *refund.Client, opts ...Option) (*Handler, error) {
	if client == nil {
		return nil, errors.New("webhook: the client is nil")
	}
	h := &Handler{client: client, maxBody: callback.MaxBody, read: 10 * time.Second, work: 2 * time.Minute, hints: newHints(time.Now), seldom: newSeldom(time.Now)}
	for _, opt := range opts {
		if opt != nil {
			opt(h)
		}
	}
	if h.maxBody <= 0 || h.read <= 0 || h.work <= 0 {
		return nil, errors.New("webhook: limits of size and time must be positive")
	}
	if err := client.CanReceive(); err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	caps := client.Capabilities()
	h.gateway, h.signed = caps.Gateway, caps.Callback.Value == refund.CallbackSigned
	return h, nil
}

// ServeHTTP receives one callback. It returns when the work on it has ended, but the
// gateway has its answer before.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.active.Add(1)
	defer h.active.Done()
	body, ok := h.receive(w, r)
	if !ok {
		return
	}
	// The work goes on if the gateway hangs up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), h.read+h.work)
	defer cancel()
	ev, err := h.client.ParseCallback(ctx, refund.Callback{Method: r.Method, URL: r.URL.RequestURI(), Header: r.Header, Body: body})
	if err != nil {
		h.refuse(ctx, w, err)
		return
	}
	if ev.Trust == refund.TrustNone {
		h.answer(w, http.StatusOK, "ok")
		h.hint(ctx, ev)
		return
	}
	fresh, err := h.client.Receive(ctx, ev)
	switch {
	case err != nil:
		h.record(ctx, slog.LevelError, "callback not stored", ev, slog.String("error", err.Error()))
		w.Header().Set("Retry-After", "5")
		h.answer(w, http.StatusServiceUnavailable, "not stored, send it again")
	case !fresh:
		h.answer(w, http.StatusOK, "ok")
		h.record(ctx, slog.LevelInfo, "callback repeated", ev)
	default:
		h.answer(w, http.StatusOK, "ok")
		_, _ = h.handle(ctx, ev) // it is logged, and Resume comes back to it
	}
}

// Wait returns when no callback is being worked on. A service calls it after it has
// stopped its server.
func (h *Handler) Wait() {
	h.active.Wait()
	h.recordSuppressed(context.Background(), true)
}

// receive reads the body within the limits, or answers.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	no := func(status int, text string) ([]byte, bool) {
		h.recordSeldom(r.Context(), slog.LevelWarn, "callback refused", text, nil, slog.Int("http_status", status), slog.String("error", text))
		h.answer(w, status, text)
		return nil, false
	}
	// The server reads what is left of a body before it answers, and again afterwards: the
	// limit holds until nothing is left, also for what is refused at once. Not every writer
	// knows deadlines; the server's own limits remain.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(h.read))
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return no(http.StatusMethodNotAllowed, "only POST")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.maxBody))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return no(http.StatusRequestEntityTooLarge, "the body is larger than "+strconv.FormatInt(h.maxBody, 10)+" bytes")
	} else if err != nil {
		return no(http.StatusBadRequest, "the body cannot be read")
	}
	_ = control.SetReadDeadline(time.Time{}) // what the server reads now is not this callback's
	return body, true
}

// refuse answers a callback that is no event.
func (h *Handler) refuse(ctx context.Context, w http.ResponseWriter, err error) {
	status, level, text := http.StatusBadRequest, slog.LevelWarn, "it cannot be read"
	switch {
	case errors.Is(err, refund.NotARefund):
		status, level, text = http.StatusOK, slog.LevelInfo, "ok"
	case errors.Is(err, refund.Forged):
		status, text = http.StatusForbidden, "signature or token wrong or missing"
	case errors.Is(err, refund.Unsupported):
		status, level, text = http.StatusServiceUnavailable, slog.LevelError, "callbacks are not set up here"
	}
	h.recordRefused(ctx, level, text, status, err)
	h.answer(w, status, text)
}

// recordRefused logs seldom, but for what a signature proves to be the gateway's.
func (h *Handler) recordRefused(ctx context.Context, level slog.Level, text string, status int, err error) {
	attrs := []slog.Attr{slog.Int("http_status", status), slog.String("error", err.Error())}
	if h.signed && errors.Is(err, refund.NotARefund) {
		h.record(ctx, level, "callback refused", nil, attrs...)
		return
	}
	h.recordSeldom(ctx, level, "callback refused", text, nil, attrs...)
}

// answer ends the exchange with the gateway, so that it need not wait for what
// follows.
func (h *Handler) answer(w http.ResponseWriter, status int, text string) {
	body := `{"message":` + strconv.Quote(text) + "}\n"
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(h.read)) // somebody may send and never read
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
	_ = control.Flush()
	_ = control.SetWriteDeadline(time.Time{}) // it is the connection's, and would end its next answer
}

// handle applies an event that is stored, tells of it, and finishes it. It is neither
// finished nor an error while the event has to wait for the refund's sender.
func (h *Handler) handle(ctx context.Context, ev *refund.Event) (finished bool, err error) {
	done, err := h.client.Apply(ctx, ev)
	switch {
	case errors.Is(err, refund.InProgress):
		h.record(ctx, slog.LevelInfo, "callback waits: the refund is being sent", ev, slog.String("why", err.Error()))
		return false, nil
	case err != nil:
		h.record(ctx, slog.LevelWarn, "callback waits", ev, slog.String("error", err.Error()))
		return false, err
	}
	h.recordApplied(ctx, ev, done)
	if err := h.tell(ctx, ev, done); err != nil {
		h.record(ctx, slog.LevelError, "callback waits: the notified function failed", ev, slog.String("error", err.Error()))
		return false, err
	}
	if err := h.client.Finish(ctx, ev); err != nil {
		h.record(ctx, slog.LevelWarn, "callback waits", ev, slog.String("error", err.Error()))
		return false, err
	}
	return true, nil
}

// hint applies an event that proves nothing: the gateway is asked. What it leads to is
// logged each time only if it changed a refund.
func (h *Handler) hint(ctx context.Context, ev *refund.Event) {
	payment := h.paymentOf(ctx, ev)
	if !h.hints.admit(payment) {
		const why = "callback passed over: the gateway was asked a moment ago"
		h.recordSeldom(ctx, slog.LevelInfo, why, "", ev)
		return
	}
	done, err := h.client.Apply(ctx, ev)
	switch {
	case errors.Is(err, refund.InProgress):
		h.recordSeldom(ctx, slog.LevelInfo, "callback passed over: the refund is being sent", "", ev)
		return
	case err != nil:
		const why = "callback proves nothing, and the gateway could not be asked"
		h.recordSeldom(ctx, slog.LevelWarn, why, "", ev, slog.String("error", err.Error()))
		return
	}
	if done.Entry == nil {
		h.hints.stranger(payment)
	}
	if !done.Changed {
		h.recordUnchanged(ctx, ev, done)
		return
	}
	h.recordApplied(ctx, ev, done)
	if err := h.tell(ctx, ev, done); err != nil {
		h.record(ctx, slog.LevelError, "the notified function failed", ev, slog.String("error", err.Error()))
	}
}

// paymentOf is the payment that an event would make the client ask about: that of the
// refund with its key, whatever payment it names beside it, else the one that it names.
// "" is none.
func (h *Handler) paymentOf(ctx context.Context, ev *refund.Event) string {
	if ev.Key != "" {
		e, err := h.client.Entry(ctx, ev.Key)
		if err != nil {
			return ""
		}
		return e.Request.Payment.ID
	}
	return ev.PaymentID
}

// tell calls the user's function. Its panic is an error.
func (h *Handler) tell(ctx context.Context, ev *refund.Event, done *refund.Applied) (err error) {
	if h.notify == nil {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return h.notify(ctx, Notice{Event: *ev, Entry: done.Entry, From: done.From, Changed: done.Changed, Why: done.Why})
}
