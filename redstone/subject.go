package redstone

import (
	"strings"

	"github.com/gorefund/refund/internal/wire"
)

// subject is what a word for a kind of transaction speaks of.
type subject uint8

const (
	unlisted   subject = iota // nobody knows the word, or it cannot be read
	ofRefund                  // assumed: no document shows the type of a refund
	ofPayout                  // documented; a refund to a wallet may be carried out as one (assumed)
	ofPayments                // documented
)

// subjectOf reads a type or an event: a kind of transaction, alone or with a dot and a
// state of it ("refund.failed"), as events are often named (assumed). state is empty if
// there is none. A word that is listed for nothing proves nothing.
func (p *Provider) subjectOf(t wire.Text) (what subject, state string) {
	kind, state, dotted := strings.Cut(word(t), ".")
	_, isState := p.state(wire.Text{S: state, Shape: wire.String})
	isState = isState || state == stateFailed
	switch kind {
	case "refund":
		what = ofRefund
	case "payout":
		what = ofPayout
	case "payment":
		what, isState = ofPayments, isState || state == "success"
	}
	if dotted && !isState {
		return unlisted, ""
	}
	return what, state
}

// isRefunds reports whether a word says that it is about a refund, or about a payout
// that may be one, and names no other state than the refund has.
func (p *Provider) isRefunds(t wire.Text, state string) bool {
	what, named := p.subjectOf(t)
	return (what == ofRefund || what == ofPayout) && (named == "" || named == state)
}
