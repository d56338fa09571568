package refund

import "fmt"

// Status answers one question: has money moved? Results, errors, look-ups and
// callbacks all use it. The zero value is the careful answer, [StatusUnknown].
type Status uint8

const (
	// StatusUnknown means that the request may have reached the gateway and
	// that no trustworthy answer came back. Never send such a refund again:
	// look it up.
	StatusUnknown Status = iota
	// StatusNotSent means that nothing reached the gateway.
	StatusNotSent
	// StatusRefused means that the gateway said no.
	StatusRefused
	// StatusPending means that the gateway accepted the refund and that its
	// final state comes later.
	StatusPending
	// StatusSucceeded means that the gateway says that the refund is done.
	StatusSucceeded
	// StatusFailed means that the refund was accepted first and did not happen
	// after all.
	StatusFailed
	// StatusReversed means that the refund was done first and came back.
	StatusReversed
)

var statusNames = [...]string{
	StatusUnknown:   "unknown",
	StatusNotSent:   "not_sent",
	StatusRefused:   "refused",
	StatusPending:   "pending",
	StatusSucceeded: "succeeded",
	StatusFailed:    "failed",
	StatusReversed:  "reversed",
}

// String returns the status in lower case with underscores, "not_sent". A value
// outside the list reads as "unknown", which is how it must be treated.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return statusNames[StatusUnknown]
}

// MarshalText returns what String returns.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts exactly the words of String. If it fails, s is unchanged.
func (s *Status) UnmarshalText(text []byte) error {
	for i, name := range statusNames {
		if string(text) == name {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("refund: %q is not a status", clip(string(text), 32))
}

// MoneyMoved says whether money has moved in a refund of this status.
func (s Status) MoneyMoved() Moved {
	switch s {
	case StatusNotSent, StatusRefused, StatusFailed, StatusReversed:
		return No
	case StatusSucceeded:
		return Yes
	default:
		return Maybe
	}
}

// Moved is the answer of [Status.MoneyMoved]. The zero value is Maybe.
type Moved uint8

const (
	// Maybe means that nobody can tell yet: the refund is pending or unknown.
	Maybe Moved = iota
	// No means that the customer did not get, or no longer has, the money.
	No
	// Yes means that the gateway says that the customer gets the money.
	Yes
)

// String returns "maybe", "no" or "yes".
func (m Moved) String() string {
	switch m {
	case No:
		return "no"
	case Yes:
		return "yes"
	default:
		return "maybe"
	}
}

// MarshalText returns what String returns.
func (m Moved) MarshalText() ([]byte, error) { return []byte(m.String()), nil }
