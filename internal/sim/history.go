package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"time"
)

// History is what happened, in the order in which it did, as a person would tell it.
type History struct {
	Steps int // of trouble

	lines []string
	sum   hash.Hash
	start time.Time
}

func newHistory(start time.Time) *History { return &History{sum: sha256.New(), start: start} }

func (h *History) add(at time.Time, who, format string, args ...any) {
	line := fmt.Sprintf("%-14s %-22s %s", at.Sub(h.start).Round(time.Millisecond), who, fmt.Sprintf(format, args...))
	h.lines = append(h.lines, line)
	h.sum.Write([]byte(line + "\n"))
}

// Sum is the history's SHA-256.
func (h *History) Sum() string { return hex.EncodeToString(h.sum.Sum(nil)) }

// String tells it, a line for each thing that happened.
func (h *History) String() string { return strings.Join(h.lines, "\n") }
