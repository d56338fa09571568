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

func (h *Handler) recordApplied(ctx context.Context, ev *refund.Event, done *refund.Applied) {
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
	h.record(ctx, level, "callback applied", ev, attrs...)
}
