package money

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// Amount is a number of minor units of an ISO 4217 currency, such as 1000 kuruş,
// which is 10.00 TRY. It is a value: copying, comparing with == and sharing
// between goroutines are safe. Amounts that are equal are equal under ==,
// however they were made.
//
// The zero value is no amount. That isn't the same as 0.00 TRY: see
// [Amount.IsSet] and [Amount.IsZero].
type Amount struct {
	minor    int64
	currency currencyIndex
}

// maxLength is the length, in bytes, beyond which nothing is even looked at. The
// longest amount, "-92233720368547758.08 TRY", has 25.
const maxLength = 64

// New returns the amount of a number and an ISO 4217 currency: New("10.00", "TRY").
//
// The number is strict: ASCII digits, optionally a '-' before them, at most one
// point with a digit on either side, no superfluous zeros in front, no more
// decimals than the currency has, even if they are zeros. "-0" is refused too.
// Fewer decimals are fine: "10" and "10.5" are 10.00 and 10.50 TRY. The currency
// is in upper case.
func New(value, currency string) (Amount, error) {
	c := lookup(currency)
	if c == 0 {
		return Amount{}, currencyError(currency)
	}
	minor, ok := parseMinor(value, c.digits())
	if !ok {
		return Amount{}, numberError(value, c)
	}
	return Amount{minor, c}, nil
}

// Parse returns the amount of a text such as "10.00 TRY": a number as in [New],
// exactly one space, a currency. It is the reverse of [Amount.String], except
// that it refuses empty text.
func Parse(s string) (Amount, error) {
	number, currency, ok := strings.Cut(s, " ")
	if !ok || number == "" || currency == "" || len(s) > maxLength || strings.Contains(currency, " ") {
		return Amount{}, refuse(ErrSyntax, `money: %s is not an amount; write a number, one space and a currency, like "10.00 TRY"`, quote(s))
	}
	return New(number, currency)
}

// MustParse is like [Parse], but panics if s is not an amount. It is for
// constants in a program and its tests only, never for input.
func MustParse(s string) Amount {
	a, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return a
}

// FromMinor returns the amount of a number of minor units: FromMinor(1000, "TRY")
// is 10.00 TRY, FromMinor(1000, "JPY") is 1000 JPY.
func FromMinor(minor int64, currency string) (Amount, error) {
	c := lookup(currency)
	if c == 0 {
		return Amount{}, currencyError(currency)
	}
	return Amount{minor, c}, nil
}

// FromDecimal returns the amount of a decimal. It must fit exactly: 10.5 and
// 10.50000 fit TRY, being the same number, 10.505 doesn't. Any decimal is safe
// to try, also one with an exponent in the billions.
func FromDecimal(d decimal.Decimal, currency string) (Amount, error) {
	c := lookup(currency)
	if c == 0 {
		return Amount{}, currencyError(currency)
	}
	minor := d.Coefficient()
	if minor.Sign() == 0 {
		return Amount{0, c}, nil
	}
	// Minor units are coefficient * 10^shift, and the coefficient isn't 0.
	shift := int64(d.Exponent()) + int64(c.digits())
	switch {
	case shift > 18: // 10^19 doesn't fit
		return Amount{}, overflowError(showDecimal(d), c)
	case shift >= 0:
		minor.Mul(minor, powerOfTen(shift))
	default:
		// A multiple of 10^n is one of 2^n. Asking for that first bounds the
		// power's size by the coefficient's, whatever the exponent.
		exact := int64(minor.TrailingZeroBits()) >= -shift
		if exact {
			var rest big.Int
			minor.QuoRem(minor, powerOfTen(-shift), &rest)
			exact = rest.Sign() == 0
		}
		if !exact {
			return Amount{}, refuse(ErrPrecision, "money: %s has more than the %s of %s; nothing is rounded",
				showDecimal(d), plural(c.digits(), "decimal"), c.code())
		}
	}
	if !minor.IsInt64() {
		return Amount{}, overflowError(showDecimal(d), c)
	}
	return Amount{minor.Int64(), c}, nil
}

// Minor returns the number of minor units: 1000 for 10.00 TRY, 10 for 10 JPY.
func (a Amount) Minor() int64 { return a.minor }

// Decimal returns the number as a decimal with the currency's decimals, 0 for
// the zero value. Compare decimals with Equal or Cmp, not with ==.
func (a Amount) Decimal() decimal.Decimal {
	return decimal.New(a.minor, -int32(a.currency.digits()))
}

// Currency returns the ISO 4217 code, "" for the zero value.
func (a Amount) Currency() string { return a.currency.code() }

// Digits returns how many decimals the currency has, 0 for the zero value.
func (a Amount) Digits() int { return a.currency.digits() }

// IsSet reports whether a is an amount at all, that is, not the zero value.
func (a Amount) IsSet() bool { return a.currency != 0 }

// IsZero reports whether the number is zero. That is so for 0.00 TRY, and also
// for the zero value. Beware of the JSON option omitzero, which goes by this
// method and so leaves out 0.00 TRY too.
func (a Amount) IsZero() bool { return a.minor == 0 }

// IsPositive reports whether the number is above zero.
func (a Amount) IsPositive() bool { return a.minor > 0 }

// Cmp returns -1 if a is less than b, 0 if they are equal and 1 if a is more. It
// gives an error, and 0, if the currencies differ or one of them is missing.
func (a Amount) Cmp(b Amount) (int, error) {
	if err := a.sameCurrency(b); err != nil {
		return 0, err
	}
	return cmp.Compare(a.minor, b.minor), nil
}

// Add returns a + b. It gives an error, and the zero value, if the currencies
// differ, one of them is missing, or the sum is out of range.
func (a Amount) Add(b Amount) (Amount, error) {
	if err := a.sameCurrency(b); err != nil {
		return Amount{}, err
	}
	sum := a.minor + b.minor
	if (sum > a.minor) != (b.minor > 0) {
		return Amount{}, refuse(ErrOverflow, "money: the sum of %s and %s is out of range", a, b)
	}
	return Amount{sum, a.currency}, nil
}

// Sub returns a - b. It gives an error, and the zero value, if the currencies
// differ, one of them is missing, or the difference is out of range.
func (a Amount) Sub(b Amount) (Amount, error) {
	if err := a.sameCurrency(b); err != nil {
		return Amount{}, err
	}
	difference := a.minor - b.minor
	if (difference < a.minor) != (b.minor > 0) {
		return Amount{}, refuse(ErrOverflow, "money: the difference of %s and %s is out of range", a, b)
	}
	return Amount{difference, a.currency}, nil
}

// sameCurrency gives an error unless both have the same currency.
func (a Amount) sameCurrency(b Amount) error {
	switch {
	case a.currency == 0 || b.currency == 0:
		return refuse(ErrCurrency, "money: an amount without a currency can't be compared, added or subtracted")
	case a.currency != b.currency:
		return refuse(ErrCurrencyMismatch, "money: %s and %s have different currencies; nothing is converted", a, b)
	}
	return nil
}

// Number returns the number with the currency's decimals and without the
// currency, such as "10.00". It is "" for the zero value.
func (a Amount) Number() string {
	var buf [maxNumber]byte
	return string(a.AppendNumber(buf[:0]))
}

// AppendNumber appends [Amount.Number] to dst and returns it.
func (a Amount) AppendNumber(dst []byte) []byte {
	if a.currency == 0 {
		return dst
	}
	n := uint64(a.minor)
	if a.minor < 0 {
		n = -n
	}
	var buf [maxNumber]byte
	i := len(buf)
	if digits := a.currency.digits(); digits > 0 {
		for range digits {
			i--
			buf[i] = byte('0' + n%10)
			n /= 10
		}
		i--
		buf[i] = '.'
	}
	for {
		i--
		buf[i] = byte('0' + n%10)
		n /= 10
		if n == 0 {
			break
		}
	}
	if a.minor < 0 {
		i--
		buf[i] = '-'
	}
	return append(dst, buf[i:]...)
}

// maxNumber is the length of the longest number: a sign, 19 digits and a point.
const maxNumber = 21

// String returns the number and the currency, such as "10.00 TRY". It is "" for
// the zero value.
func (a Amount) String() string {
	var buf [maxNumber + 4]byte
	return string(a.appendText(buf[:0]))
}

func (a Amount) appendText(dst []byte) []byte {
	if a.currency == 0 {
		return dst
	}
	dst = a.AppendNumber(dst)
	dst = append(dst, ' ')
	return append(dst, a.currency.code()...)
}

// GoString returns Go syntax for a, such as money.MustParse("10.00 TRY"), so
// that %#v in a failed test can be copied.
func (a Amount) GoString() string {
	if a.currency == 0 {
		return "money.Amount{}"
	}
	return fmt.Sprintf("money.MustParse(%q)", a.String())
}

// parseMinor reads a number as described at New, in minor units of a currency
// with that many digits. It only accepts or refuses: numberError says why, off
// the path that counts.
func parseMinor(s string, digits int) (int64, bool) {
	negative := s != "" && s[0] == '-'
	if negative {
		s = s[1:]
	}
	var n uint64
	point := len(s)
	for i := range len(s) {
		digit := s[i] - '0'
		if digit > 9 {
			if s[i] != '.' || point < len(s) {
				return 0, false
			}
			point = i
			continue
		}
		if n > (math.MaxUint64-9)/10 {
			return 0, false
		}
		n = 10*n + uint64(digit)
	}
	if point == 0 || point > 1 && s[0] == '0' {
		return 0, false
	}
	missing := digits
	if point < len(s) {
		decimals := len(s) - point - 1
		if decimals == 0 || decimals > digits {
			return 0, false
		}
		missing -= decimals
	}
	for range missing {
		if n > math.MaxUint64/10 {
			return 0, false
		}
		n *= 10
	}
	if negative {
		return int64(-n), n != 0 && n <= -math.MinInt64
	}
	return int64(n), n <= math.MaxInt64
}

// numberError says why parseMinor refused a number.
func numberError(s string, c currencyIndex) error {
	number, negative := strings.CutPrefix(s, "-")
	whole, decimals, point := strings.Cut(number, ".")
	switch {
	case s == "":
		return refuse(ErrSyntax, "money: the number is missing; write it like %q", sample(c))
	case len(s) > maxLength:
		return refuse(ErrSyntax, "money: %s is too long for a number; write it like %q", quote(s), sample(c))
	case strings.Contains(s, ","):
		return refuse(ErrSyntax, "money: %s is not a plain number; write only digits, with at most one point between them, like %q; a comma is never read, since it may stand before decimals or between thousands", quote(s), sample(c))
	case !isDigits(whole) || point && !isDigits(decimals):
		return refuse(ErrSyntax, "money: %s is not a plain number; write only digits, with at most one point between them, like %q", quote(s), sample(c))
	case len(whole) > 1 && whole[0] == '0':
		return refuse(ErrSyntax, "money: %s has superfluous zeros in front; leave them out", quote(s))
	case len(decimals) > c.digits():
		return refuse(ErrPrecision, "money: %s has %s, %s has %d; nothing is rounded", quote(s), plural(len(decimals), "decimal"), c.code(), c.digits())
	case negative && strings.Trim(number, "0.") == "":
		return refuse(ErrSyntax, "money: %s is a zero with a sign; leave the sign out", quote(s))
	}
	return overflowError(quote(s), c)
}

// overflowError is about a number that numberError or showDecimal has quoted.
func overflowError(number string, c currencyIndex) error {
	return refuse(ErrOverflow, "money: %s is out of range; amounts are between %s and %s",
		number, Amount{math.MinInt64, c}, Amount{math.MaxInt64, c})
}

// sample gives a number with the right decimals for the currency.
func sample(c currencyIndex) string {
	n := int64(10)
	for range c.digits() {
		n *= 10
	}
	return Amount{n, c}.Number()
}

// isDigits reports whether s is one or more ASCII digits.
func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func powerOfTen(n int64) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil)
}

// showDecimal gives a decimal for an error. Its own String writes out all zeros,
// which can be gigabytes.
func showDecimal(d decimal.Decimal) string {
	if e := d.Exponent(); e < -maxQuoted || e > maxQuoted {
		return "a number with the exponent " + strconv.Itoa(int(e))
	}
	if bits := d.Coefficient().BitLen(); bits > 128 {
		return "a number of " + plural(bits, "bit")
	}
	return d.String()
}
