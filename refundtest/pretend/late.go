package pretend

// Late makes refunds show late in look-ups, wherever they were made: each is left out of the first few that would have shown
// it. It belongs to one gateway, whose routes use it with the ledger locked.
type Late struct {
	times int
	seen  map[string]int // by the refund's id: how many look-ups there were
}

// NewLate returns a Late that leaves each refund out so many times.
func NewLate(times int) *Late {
	return &Late{times: times, seen: make(map[string]int)}
}

// Look counts a look-up that would show the refund, and reports whether it may.
func (l *Late) Look(refundID string) bool {
	if l.Shows(refundID) {
		return true
	}
	l.seen[refundID]++
	return l.Shows(refundID)
}

// Shows reports that without counting, for what belongs to the same look-up.
func (l *Late) Shows(refundID string) bool {
	return l.times <= 0 || l.seen[refundID] > l.times
}
