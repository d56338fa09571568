package refund

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Journal keeps every refund from its intent to its end, so that none is made
// twice: no gateway here recognises a repeat. One journal serves any number of
// clients. Package journal has the implementations.
//
// A journal must be safe for concurrent use, and Begin and Move must be one step
// each, for everybody who uses the same store.
type Journal interface {
	// Begin stores an intent, durably, before anything is sent, and returns its
	// entry with fresh true: the caller alone may now send the refund, once. If
	// the key is taken and its entry not [Entry.Free], it returns that entry,
	// whatever it asks for, with fresh false, and nothing may be sent.
	//
	// The error of [Intent.Admit], which sees the other entries of the payment,
	// is returned as it is. After any other error the intent may be stored or
	// not; nothing may be sent.
	Begin(ctx context.Context, in Intent) (e *Entry, fresh bool, err error)

	// Move changes the state of an entry that still has this version. It
	// returns the entry after the change, [ErrStale] if the entry has moved on,
	// or [ErrNoEntry].
	Move(ctx context.Context, key string, version int64, m Move) (*Entry, error)

	// Entry returns the entry of a key, or [ErrNoEntry].
	Entry(ctx context.Context, key string) (*Entry, error)
}

var (
	// ErrNoEntry means that the journal has no refund with this key.
	ErrNoEntry = errors.New("refund: the journal has no such key")
	// ErrStale means that somebody else has changed the entry meanwhile.
	ErrStale = errors.New("refund: the entry was changed by somebody else")
)

// Intent is a refund that is about to be sent.
type Intent struct {
	Key      string
	Provider string // the client's name: two shops' equal payment ids don't meet
	Gateway  string

	// Environment is where the money is: equal payment ids of sandbox and production
	// don't meet.
	Environment Environment

	Request  Request // as the caller asked
	ByAmount bool    // the gateway is asked for a full refund by amount
	Before   *Report // what the gateway said just before, nil if it was not asked; Admit may drop it
	At       time.Time
	Lease    time.Duration // how long the sender may take

	elsewhere []SeenRefund // found by Admit
}

// Resolution is what a person decides about a refund, by what they saw of it.
type Resolution struct {
	Status Status // Succeeded, Pending, Failed, Refused, Reversed, or NotSent, which frees the key
	By     string // who decides
	Note   string // why

	// Seen is the status that the person saw; the zero value is StatusUnknown. Version,
	// unless 0, is the entry's that they saw. If the refund has moved on since, the
	// decision is not carried out.
	Seen    Status
	Version int64

	// Force carries out a decision that the refund did not happen although the gateway
	// has taken it on. Without it that is refused: it frees money which may be gone.
	Force bool
}

func (r *Resolution) check() *Error {
	switch {
	case r.Status == StatusUnknown || int(r.Status) >= len(statusNames):
		return invalid("a resolution needs a Status other than unknown")
	case strings.TrimSpace(r.By) == "":
		return invalid("a resolution needs By, the name of who decides")
	case NameFault(r.By) != "":
		return checkName("By", r.By)
	case strings.TrimSpace(r.Note) == "" || len(r.Note) > maxReason || !plain(r.Note):
		return invalid("a resolution needs a Note, why it is so, on one line")
	}
	return nil
}
