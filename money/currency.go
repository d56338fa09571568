package money

import (
	"slices"
	"strings"
)

//go:generate go run ./internal/gen

// currencyIndex is a currency's place in the generated table, 0 for none. An
// index instead of the code keeps Amount at 16 bytes, and free of pointers. It
// means nothing outside the process: another list gives other indices.
type currencyIndex uint16

// Digits returns how many decimals a currency has according to ISO 4217, and
// false for a code that no [Amount] can have.
func Digits(currency string) (int, bool) {
	c := lookup(currency)
	return c.digits(), c != 0
}

// code returns the ISO 4217 code, "" for none.
func (c currencyIndex) code() string {
	if c == 0 {
		return ""
	}
	return codes[3*int(c) : 3*int(c)+3]
}

// digits returns the number of decimals, 0 for none.
func (c currencyIndex) digits() int {
	return int(decimals[c] - '0')
}

// currencyError says what is wrong with a code that lookup doesn't know.
func currencyError(code string) error {
	if code == "" {
		return refuse(ErrCurrency, "money: the currency is missing; give its ISO 4217 code, like TRY")
	}
	if slices.Contains(strings.Fields(withoutMinorUnits), code) {
		return refuse(ErrCurrency, "money: %s has no minor unit in ISO 4217, so it can't be an amount's currency", code)
	}
	// The bound keeps a hostile code from being copied as a whole.
	if len(code) <= 16 {
		better := strings.ToUpper(strings.TrimSpace(code))
		if meant, ok := habits[better]; ok {
			return refuse(ErrCurrency, "money: %s is not a currency of ISO 4217; write %s if that is meant", quote(code), meant)
		}
		if lookup(better) != 0 {
			return refuse(ErrCurrency, "money: %s is not a currency code; write %s", quote(code), better)
		}
	}
	return refuse(ErrCurrency, "money: %s is not a currency of ISO 4217 as published on %s", quote(code), Published)
}

// habits are what people write instead of a code of ISO 4217, where it stands for one
// currency only: "$" and "Rs" are those of many. Withdrawn codes are none of them: their
// amounts were in other units.
var habits = map[string]string{
	"TL": "TRY", "\u20ba": "TRY",
	"RMB":    "CNY",
	"NTD":    "TWD",
	"\u20ac": "EUR",
	"\u20b8": "KZT",
}
