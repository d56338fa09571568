package refund

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// What a Client does with callbacks before it applies them: read, keep, and finish.

// ParseCallback verifies and reads a callback of the gateway. The error matches
// [Unsupported] where the provider cannot, else [Forged], [Malformed] or
// [NotARefund]. The event always has an ID: one that a provider gives none gets one
// that is made of what the event says.
func (c *Client) ParseCallback(ctx context.Context, cb Callback) (ev *Event, err error) {
	p, err := ability[CallbackParser](c, "callback")
	if err != nil {
		return nil, err
	}
	malformed := func(message string) error {
		return &Error{Gateway: c.caps.Gateway, Op: "callback", Code: Malformed, Status: StatusNotSent, Message: message}
	}
	defer func() {
		if r := recover(); r != nil {
			ev, err = nil, malformed(fmt.Sprintf("the provider panicked with a %T", r))
		}
	}()
	given, err := p.ParseCallback(ctx, cb)
	switch {
	case err != nil:
		return nil, err
	case given == nil:
		return nil, malformed("the provider returned neither an event nor an error")
	}
	read := *given
	read.Gateway = c.caps.Gateway
	if read.ID == "" {
		text, err := json.Marshal(&read)
		if err != nil {
			return nil, malformed("the event cannot be named")
		}
		read.ID = fmt.Sprintf("%x", sha256.Sum256(text))
	}
	return &read, nil
}

// inbox is the client's journal, if it keeps events.
func (c *Client) inbox() (Inbox, error) {
	no := &Error{Gateway: c.caps.Gateway, Op: "callback", Code: Unsupported, Status: StatusNotSent}
	if c.noJournalGiven {
		return nil, nilJournal(c.caps.Gateway, "callback")
	}
	if c.journal == nil {
		no.Message = "the client has no journal: use refund.WithJournal"
		return nil, no
	}
	in, ok := c.journal.(Inbox)
	if !ok {
		no.Message = "this journal keeps no callbacks: it must be a refund.Inbox, as those of package journal are"
		return nil, no
	}
	return in, nil
}

// sandboxMark stands before the ids of a sandbox's events in an inbox, so that they are
// nobody else's: production's client may have the same name and the same journal.
const sandboxMark = "sandbox "

// storedID is an event's id in the inbox.
func (c *Client) storedID(id string) string {
	if c.caps.Environment == Sandbox {
		return sandboxMark + id
	}
	return id
}

// Receive stores an event until [Client.Finish]. fresh is false for a repeat of one
// that is stored. The error matches [Unsupported] if the client's journal is no
// [Inbox].
func (c *Client) Receive(ctx context.Context, ev *Event) (fresh bool, err error) {
	in, err := c.inbox()
	if err != nil {
		return false, err
	}
	stored := *ev
	stored.ID = c.storedID(ev.ID)
	return in.Receive(ctx, c.name, stored, c.now())
}

// Finish says that nothing is left to be done about an event.
func (c *Client) Finish(ctx context.Context, ev *Event) error {
	in, err := c.inbox()
	if err != nil {
		return err
	}
	return in.Finish(ctx, c.name, c.storedID(ev.ID))
}

// Unfinished returns the events that were received longer than age ago and were
// never finished, because a process has died or something failed; at most limit of
// them, the oldest first.
func (c *Client) Unfinished(ctx context.Context, age time.Duration, limit int) ([]Event, error) {
	in, err := c.inbox()
	if err != nil {
		return nil, err
	}
	before := c.now().Add(-age)
	for n := limit; ; n *= 2 {
		all, err := in.Unfinished(ctx, c.name, before, n)
		if err != nil {
			return nil, err
		}
		var own []Event
		for _, ev := range all {
			id, ofSandbox := strings.CutPrefix(ev.ID, sandboxMark)
			if ofSandbox != (c.caps.Environment == Sandbox) {
				continue // of the other environment
			}
			if ev.ID = id; len(own) < limit {
				own = append(own, ev)
			}
		}
		if len(own) == limit || len(all) < n || n <= 0 {
			return own, nil
		}
	}
}

// CanReceive reports what keeps the client from receiving callbacks: an error that
// matches [Unsupported], or nil.
func (c *Client) CanReceive() error {
	if _, err := ability[CallbackParser](c, "callback"); err != nil {
		return err
	}
	_, err := c.inbox()
	return err
}
