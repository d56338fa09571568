package webhook

import (
	"sync"
	"time"
)

// HintEvery is how often an event that nobody signed may make the client ask the
// gateway about the same refund.
const HintEvery = 30 * time.Second

// maxHints bounds the refunds that are remembered, and so how often the gateway is
// asked at all: anybody can send hints.
const maxHints = 1024

type hints struct {
	now  func() time.Time
	mu   sync.Mutex
	last map[string]time.Time
}

func newHints(now func() time.Time) *hints { return &hints{now: now, last: make(map[string]time.Time)} }

// admit reports whether the gateway may be asked about this refund now.
func (h *hints) admit(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	if at, ok := h.last[name]; ok && now.Sub(at) < HintEvery {
		return false
	}
	if len(h.last) >= maxHints {
		for n, at := range h.last {
			if now.Sub(at) >= HintEvery {
				delete(h.last, n)
			}
		}
		if len(h.last) >= maxHints {
			return false
		}
	}
	h.last[name] = now
	return true
}
