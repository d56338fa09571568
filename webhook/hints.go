package webhook

import (
	"crypto/sha256"
	"sync"
	"time"
)

// HintEvery is how often events that nobody signed may make the client ask the
// gateway about the same payment, whatever refunds of it they name.
const HintEvery = 30 * time.Second

// maxHints bounds the payments that are remembered, and so how often the gateway is
// asked at all: anybody can send hints.
const maxHints = 1024

// hints remembers the payments about which the gateway was asked. All hints that name
// no payment count as of one.
type hints struct {
	now  func() time.Time
	mu   sync.Mutex
	last map[[sha256.Size]byte]hinted // by the payment's digest: an id may be long
}

type hinted struct {
	at       time.Time
	stranger bool // the journal has no refund of it, so that nobody was asked
}

func newHints(now func() time.Time) *hints {
	return &hints{now: now, last: make(map[[sha256.Size]byte]hinted)}
}

// admit reports whether the gateway may be asked about this payment now. A full table
// forgets what is over, and all strangers, since anybody can make up as many as he
// likes; what is left was asked about, and is over in [HintEvery].
func (h *hints) admit(payment string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	now, name := h.now(), sha256.Sum256([]byte(payment))
	if last, ok := h.last[name]; ok && now.Sub(last.at) < HintEvery {
		return false
	}
	if len(h.last) >= maxHints {
		for n, last := range h.last {
			if last.stranger || now.Sub(last.at) >= HintEvery {
				delete(h.last, n)
			}
		}
		if len(h.last) >= maxHints {
			return false
		}
	}
	h.last[name] = hinted{at: now}
	return true
}

// stranger notes that the journal has no refund of a payment.
func (h *hints) stranger(payment string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	name := sha256.Sum256([]byte(payment))
	if last, ok := h.last[name]; ok {
		h.last[name] = hinted{at: last.at, stranger: true}
	}
}
