package journal

import "sync"

const (
	maxRecent        = 1024
	maxRecentDetails = 16 << 10 // bytes; larger records are not kept
)

// recent remembers what this store has begun a moment ago, so that the move that
// follows need not read it. It is bounded; what it has forgotten is read. What is
// no longer true does no harm: a move is made only if the stored row still has
// the record's stamp.
type recent struct {
	mu      sync.Mutex
	entries map[string]*record
}

func (m *recent) get(key string) *record {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entries[key]
}

func (m *recent) put(r *record) {
	if len(r.details) > maxRecentDetails {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.entries) >= maxRecent {
		for key := range m.entries { // any of them
			delete(m.entries, key)
			break
		}
	}
	m.entries[r.entry.Key] = r
}

func (m *recent) drop(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, key)
}

func (m *recent) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.entries)
}
