package refund

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gorefund/refund/money"
)

// Environment says where the money is. It has no default.
type Environment string

const (
	// Production moves real money.
	Production Environment = "production"
	// Sandbox is the gateway's place for tests.
	Sandbox Environment = "sandbox"
)

// Evidence says what a statement about a gateway rests on. The zero value is
// the careful one.
type Evidence uint8

const (
	// Assumed: deduced or chosen with care; nobody has seen it.
	Assumed Evidence = iota
	// Observed: public client code or the user's own vendor contact shows it.
	Observed
	// Documented: the gateway's own documents say so.
	Documented
)

// String returns "assumed", "observed" or "documented".
func (e Evidence) String() string {
	switch e {
	case Documented:
		return "documented"
	case Observed:
		return "observed"
	default:
		return "assumed"
	}
}

// MarshalText returns what String returns.
func (e Evidence) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// Fact is a statement about a gateway with what it rests on.
type Fact[T any] struct {
	Value    T        `json:"value"`
	Evidence Evidence `json:"evidence"`
	Source   string   `json:"source"` // where it is written or seen, or why it is assumed
}

// FullMode says how a gateway is asked for a full refund.
type FullMode uint8

const (
	// FullUnsupported: not at all.
	FullUnsupported FullMode = iota
	// FullNative: in its own way, without an amount.
	FullNative
	// FullByAmount: by the paid amount; Payment.Amount is needed.
	FullByAmount
)

// String returns "unsupported", "native" or "by amount".
func (m FullMode) String() string {
	switch m {
	case FullNative:
		return "native"
	case FullByAmount:
		return "by amount"
	default:
		return "unsupported"
	}
}

// MarshalText returns what String returns.
func (m FullMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// Answer is the answer to a question about a gateway that may be open.
type Answer uint8

const (
	// NobodyKnows: no document says, and nobody has seen it.
	NobodyKnows Answer = iota
	// Can: it does that.
	Can
	// Cannot: it does not.
	Cannot
)

// String returns "unknown", "yes" or "no".
func (a Answer) String() string {
	switch a {
	case Can:
		return "yes"
	case Cannot:
		return "no"
	default:
		return "unknown"
	}
}

// MarshalText returns what String returns.
func (a Answer) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// CallbackMode says how a gateway tells the final state of a refund.
type CallbackMode uint8

const (
	// CallbackNone: it does not.
	CallbackNone CallbackMode = iota
	// CallbackUnsigned: by a request that anybody could send.
	CallbackUnsigned
	// CallbackSigned: by a signed request.
	CallbackSigned
)

// String returns "none", "unsigned" or "signed".
func (m CallbackMode) String() string {
	switch m {
	case CallbackUnsigned:
		return "unsigned"
	case CallbackSigned:
		return "signed"
	default:
		return "none"
	}
}

// MarshalText returns what String returns.
func (m CallbackMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// SameDayRule says that a payment can be refunded only in full on its own day.
type SameDayRule struct {
	TimeZone string        `json:"time_zone"` // whose calendar decides, "Europe/Istanbul"
	Margin   time.Duration `json:"margin"`    // around midnight, in which no partial refund is sent either; nanoseconds in JSON
}

// Param is a gateway detail that [Request.Params] may hold.
type Param struct {
	Name string `json:"name"` // with its prefix, "redstone.transfer_to"
	Use  string `json:"use"`
}

// GatewayCode is one line of an adapter's code table: what the adapter makes of
// an answer of its gateway.
type GatewayCode struct {
	Code     string   `json:"code"`    // the gateway's own, verbatim; "PN.*" stands for all that begin so
	Meaning  string   `json:"meaning"` // the gateway's own word for it
	As       Code     `json:"as"`      // empty where Status is Pending or Succeeded
	Status   Status   `json:"status"`
	Evidence Evidence `json:"evidence"`
	Source   string   `json:"source"`
}

// Capabilities says what a gateway can do, as data. Each fact carries its
// evidence, so that a user sees what rests on a guess. A nil pointer means that
// nothing is known.
type Capabilities struct {
	Gateway          string               `json:"gateway"`               // "paynet"
	Environment      Environment          `json:"environment,omitempty"` // where this provider's money is
	Currencies       Fact[[]string]       `json:"currencies"`            // ISO 4217; the first is the default
	Full             Fact[FullMode]       `json:"full"`
	Partial          Fact[Answer]         `json:"partial"`
	RepeatedPartials Fact[Answer]         `json:"repeated_partials"` // several for one payment
	Accepted         Fact[Status]         `json:"accepted"`          // what an accepted refund is: StatusPending or StatusSucceeded
	Step             *Fact[money.Amount]  `json:"step,omitempty"`    // amounts of its currency are multiples of it; nil = the minor unit
	Minimum          *Fact[money.Amount]  `json:"minimum,omitempty"`
	Maximum          *Fact[money.Amount]  `json:"maximum,omitempty"`
	SameDay          *Fact[SameDayRule]   `json:"same_day,omitempty"`
	Window           *Fact[time.Duration] `json:"window,omitempty"` // how old a payment may be; nanoseconds in JSON
	Inspect          Fact[Answer]         `json:"inspect"`          // can the gateway be asked what became of a refund?
	Callback         Fact[CallbackMode]   `json:"callback"`
	Params           []Param              `json:"params,omitempty"`
	Codes            []GatewayCode        `json:"codes"`
}

// Clone returns a copy that shares nothing with c.
func (c *Capabilities) Clone() Capabilities {
	d := *c
	d.Currencies.Value = slices.Clone(c.Currencies.Value)
	d.Params = slices.Clone(c.Params)
	d.Codes = slices.Clone(c.Codes)
	d.Step = cloneFact(c.Step)
	d.Minimum = cloneFact(c.Minimum)
	d.Maximum = cloneFact(c.Maximum)
	d.SameDay = cloneFact(c.SameDay)
	d.Window = cloneFact(c.Window)
	return d
}

func cloneFact[T any](f *Fact[T]) *Fact[T] {
	if f == nil {
		return nil
	}
	g := *f
	return &g
}

// Lookup finds the line of the code table for one of the gateway's codes.
func (c *Capabilities) Lookup(code string) (GatewayCode, bool) {
	for i := range c.Codes {
		if c.Codes[i].Code == code {
			return c.Codes[i], true
		}
	}
	return GatewayCode{}, false
}

// accepts reports whether the line makes code an acceptance.
func (g *GatewayCode) accepts(code string) bool {
	family, many := strings.CutSuffix(g.Code, "*")
	return (g.Status == StatusPending || g.Status == StatusSucceeded) &&
		(code == g.Code || many && strings.HasPrefix(code, family))
}

// AddCodes adds codes that a user learned from the vendor to the table; they
// count as observed. It refuses what is no Code of a refund and what would hide
// an acceptance: a code that a line of the table, also one that ends in "*" and
// so stands for many, says to mean Pending or Succeeded. If it fails, the table
// may hold some of the codes.
func (c *Capabilities) AddCodes(learned map[string]Code) error {
	names := make([]string, 0, len(learned))
	for name := range learned {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		as := learned[name]
		if name == "" || !as.Known() || as == Forged || as == Malformed || as == NotARefund {
			return fmt.Errorf("codes: %q cannot be mapped to %q: use one of refund.Codes() that is not for callbacks", clip(name, 64), clip(string(as), 64))
		}
		status := StatusRefused
		if as == OutcomeUnknown {
			status = StatusUnknown
		}
		line := GatewayCode{Code: name, Meaning: "added by configuration", As: as, Status: status, Evidence: Observed, Source: "configuration"}
		i := slices.IndexFunc(c.Codes, func(g GatewayCode) bool { return g.Code == name })
		switch {
		case slices.ContainsFunc(c.Codes, func(g GatewayCode) bool { return g.accepts(name) }):
			return fmt.Errorf("codes: %q means that the refund was accepted and cannot be mapped to %q", clip(name, 64), as)
		case i < 0:
			c.Codes = append(c.Codes, line)
		default:
			c.Codes[i] = line
		}
	}
	return nil
}
