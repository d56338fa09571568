// Package money has [Amount]: a whole number of a currency's minor units.
//
// Whoever moves money has to move exactly what was asked for. So this package
// refuses instead of guessing: it never rounds, there is no float64 in or out,
// and text that could be read in two ways ("1,000", "1e3", "007") is an error
// that says what to change.
//
//	a, err := money.New("10.00", "TRY")
//
// [decimal.Decimal] stands at the edges, [FromDecimal] and [Amount.Decimal], for
// programs that calculate. Amounts themselves can be compared, added and
// subtracted; nothing here multiplies or divides, since that needs rounding.
//
// # Currencies
//
// The currencies and their decimals are those of ISO 4217, not of CLDR, which
// gives fewer decimals for some (IRR, LBP and AFN have 2 in ISO 4217, 0 in CLDR).
// They are generated from list one as its maintenance agency, SIX, published it
// on 2024-06-25 (see [Published]), obtained through the npm package
// currency-codes 2.2.0. Later amendments only withdrew or added codes. A code
// added since, such as XCG, is unknown here until the table is generated anew.
//
// Gold, test codes and other entries without minor units can't be amounts.
//
// # Encodings
//
// An Amount is "10.00 TRY" as text and in SQL, and
// {"amount":"10.00","currency":"TRY"} in JSON. The zero value, no amount, is
// empty text, NULL in SQL and null in JSON. Decoding is as strict as [Parse],
// and leaves the receiver as it was when it fails.
//
// # Errors
//
// Each error matches one of [ErrSyntax], [ErrCurrency], [ErrPrecision],
// [ErrOverflow] and [ErrCurrencyMismatch] with errors.Is. Input is quoted in
// errors, shortened and with everything but printable ASCII escaped.
package money
