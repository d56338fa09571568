package webhook

import (
	"context"
	"errors"
	"time"
)

const (
	// resumeAge keeps Resume away from events that are being worked on.
	resumeAge = time.Minute
	// resumeEvery is how often Resume tries one event: it may need a gateway that is
	// down.
	resumeEvery = time.Minute
	// resumePage is how many events Resume takes at a time.
	resumePage = 100
)

// Resume goes on with the events that were stored and never finished: a process
// died, the gateway could not be asked, or the notified function failed. It returns
// how many it finished, and the first error; an event that fails keeps no other one
// waiting, and is tried again after a minute at the earliest. Events younger than a
// minute are left to those who received them. One that has to wait for the refund's
// sender is no error. Several processes may call it: an event
// is then applied more than once, which does no harm, and the notified function is
// called more than once.
func (h *Handler) Resume(ctx context.Context) (finished int, err error) {
	h.active.Add(1)
	defer h.active.Done()
	h.resuming.Lock()
	defer h.resuming.Unlock()
	h.recordSuppressed(ctx, false)
	now := time.Now()
	tried := make(map[string]time.Time) // of those that are still unfinished
	defer func() { h.tried = tried }()
	for left := 0; ; {
		events, failed := h.client.Unfinished(ctx, resumeAge, left+resumePage)
		if failed != nil {
			return finished, errors.Join(err, failed)
		}
		if len(events) <= left {
			return finished, err
		}
		for i := range events[left:] {
			ev := &events[left+i]
			if last, ok := h.tried[ev.ID]; ok && now.Sub(last) < resumeEvery {
				tried[ev.ID] = last
				continue
			}
			if ctx.Err() != nil {
				return finished, errors.Join(err, ctx.Err())
			}
			one, cancel := context.WithTimeout(ctx, h.work)
			done, failed := h.handle(one, ev)
			cancel()
			if done {
				finished++
				continue
			}
			tried[ev.ID] = now
			if err == nil {
				err = failed
			}
		}
		left = len(tried)
	}
}
