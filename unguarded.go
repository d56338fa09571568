package refund

import (
	"context"
	"log/slog"
)

// unguardedSum says why nobody keeps the sum of partial refunds below what was paid, ""
// if that is not so. With a journal an earlier refund of the payment may know what was
// paid; this request does not show it.
func (c *Client) unguardedSum(req *Request) string {
	switch {
	case req.Kind != KindPartial || c.journal != nil && req.Payment.Amount.IsSet():
		return ""
	case req.Payment.Amount.IsSet():
		return "the sum of the payment's refunds is not guarded: there is no journal, which would count them"
	case c.journal == nil:
		return "the sum of the payment's refunds is not guarded: there is no journal, and Payment.Amount, what was paid, is missing"
	default:
		return "the sum of the payment's refunds is guarded only if an earlier one said what was paid: give Payment.Amount"
	}
}

// warn logs that a sum is not guarded, or may not be, the first time that a request does not
// even say what was paid.
func (c *Client) warn(ctx context.Context, req *Request) {
	if c.log == nil || req.Payment.Amount.IsSet() || !c.log.Enabled(ctx, slog.LevelWarn) {
		return
	}
	if warning := c.unguardedSum(req); warning != "" {
		c.unguarded.Do(func() {
			c.log.WarnContext(ctx, "refund: "+warning, "gateway", c.caps.Gateway, "provider", c.name, "payment", req.Payment.ID)
		})
	}
}
