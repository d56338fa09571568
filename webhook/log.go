package webhook

import (
	"context"
	"log/slog"

	"github.com/gorefund/refund"
)

// record logs what became of a callback; ev is nil if it is no event.
func (h *Handler) record(ctx context.Context, level slog.Level, message string, ev *refund.Event, more ...slog.Attr) {
	if h.log == nil || !h.log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.String("gateway", h.gateway), slog.String("provider", h.client.Name())}
	if ev != nil {
		attrs = append(attrs,
			slog.String("event", ev.ID),
			slog.String("key", ev.Key),
			slog.String("payment", ev.PaymentID),
			slog.String("refund_id", ev.RefundID),
			slog.String("says", ev.Status.String()),
			slog.String("gateway_code", ev.Code),
			slog.String("trust", ev.Trust.String()),
		)
	}
	h.log.LogAttrs(ctx, level, message, append(attrs, more...)...)
}

// recordSeldom logs what anybody can cause: once in a while for each message and reason,
// with the number of those that were passed over.
func (h *Handler) recordSeldom(ctx context.Context, level slog.Level, message, reason string, ev *refund.Event, more ...slog.Attr) {
	if h.log == nil || !h.log.Enabled(ctx, level) {
		return
	}
	if reason != "" {
		reason = ": " + reason
	}
	suppressed, ok := h.seldom.admit(message + reason)
	if !ok {
		return
	}
	if suppressed > 0 {
		more = append(more, slog.Int("suppressed", suppressed))
	}
	h.record(ctx, level, message, ev, more...)
}

// recordSuppressed tells of what was passed over and had no record after it: of all of
// it, or of what is due.
func (h *Handler) recordSuppressed(ctx context.Context, all bool) {
	for _, r := range h.seldom.rest(all) {
		h.record(ctx, slog.LevelWarn, "callbacks like earlier ones", nil, slog.String("like", r.reason), slog.Int("suppressed", r.suppressed))
	}
}

func (h *Handler) recordApplied(ctx context.Context, ev *refund.Event, done *refund.Applied) {
	level, attrs := describe(done)
	h.record(ctx, level, "callback applied", ev, attrs...)
}

// recordUnchanged logs a hint that changed nothing.
func (h *Handler) recordUnchanged(ctx context.Context, ev *refund.Event, done *refund.Applied) {
	reason := "it changes nothing"
	if done.Entry == nil {
		reason = "it is about no refund of the journal"
	}
	level, attrs := describe(done)
	h.recordSeldom(ctx, level, "callback applied", reason, ev, attrs...)
}

// describe says what became of an event.
func describe(done *refund.Applied) (slog.Level, []slog.Attr) {
	level, attrs := slog.LevelInfo, []slog.Attr{slog.Bool("changed", done.Changed), slog.String("why", done.Why)}
	switch {
	case done.Entry == nil:
		level = slog.LevelWarn // money moved that the journal knows nothing of, or somebody tries
	default:
		attrs = append(attrs, slog.String("refund", done.Entry.Key), slog.String("from", done.From.String()),
			slog.String("status", done.Entry.Status.String()), slog.Bool("flagged", done.Entry.Flagged()))
		if done.Changed && done.Entry.Flagged() {
			level = slog.LevelWarn
		}
	}
	return level, attrs
}
