package wire

import "github.com/gorefund/refund/money"

// Amount reads an amount in major units, in the currency beside it or, if there is
// none, in the provider's own. unreadable: an amount is there that is no positive
// one in the strict form of [money.New], or whose currency is none of ISO 4217. The
// amount is then not set, as it is if there is none; the two are not the same.
func Amount(amount, currency Text, own string) (a money.Amount, unreadable bool) {
	if amount.Absent() {
		return money.Amount{}, false
	}
	if !currency.Absent() {
		if currency.Shape != String {
			return money.Amount{}, true
		}
		own = currency.S
	}
	if amount.Shape != Number && amount.Shape != String {
		return money.Amount{}, true
	}
	a, err := money.New(amount.S, own)
	if err != nil || !a.IsPositive() {
		return money.Amount{}, true
	}
	return a, false
}
