package money

import (
	"errors"
	"fmt"
	"strconv"
)

// The kinds of errors, for errors.Is. The errors themselves say more.
var (
	// ErrSyntax is matched if the input isn't in the one form that is accepted.
	ErrSyntax = errors.New("money: not in the accepted form")

	// ErrCurrency is matched if the currency is missing, unknown, not in upper
	// case, or has no minor units. The zero Amount has no currency.
	ErrCurrency = errors.New("money: no usable currency")

	// ErrPrecision is matched if a number has more decimals than its currency.
	ErrPrecision = errors.New("money: more decimals than the currency has")

	// ErrOverflow is matched if a number doesn't fit into an int64 of minor units.
	ErrOverflow = errors.New("money: out of range")

	// ErrCurrencyMismatch is matched if two amounts have different currencies.
	ErrCurrencyMismatch = errors.New("money: different currencies")
)

// refusal is an error of one of the kinds above. Wrapping the kind by %w would
// put its text into the message, which already says it with the details.
type refusal struct {
	kind error
	text string
}

func (r *refusal) Error() string { return r.text }

func (r *refusal) Unwrap() error { return r.kind }

func refuse(kind error, format string, args ...any) error {
	return &refusal{kind: kind, text: fmt.Sprintf(format, args...)}
}

// maxQuoted is how much of an input, in bytes, is repeated in an error.
const maxQuoted = 40

// quote makes input fit for a log: bounded, in one line, and in ASCII, so that
// look-alike letters and writing direction marks show.
func quote[T string | []byte](input T) string {
	if len(input) <= maxQuoted {
		return strconv.QuoteToASCII(string(input))
	}
	return fmt.Sprintf("%s... (%d bytes)", strconv.QuoteToASCII(string(input[:maxQuoted])), len(input))
}

// plural gives "1 decimal", "2 decimals".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
