package money_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/gorefund/refund/money"
)

func ExampleNew() {
	a, err := money.New("10.00", "TRY")
	fmt.Println(a, err)

	_, err = money.New("10.005", "TRY")
	fmt.Println(errors.Is(err, money.ErrPrecision), err)

	_, err = money.New("10.00", "try")
	fmt.Println(errors.Is(err, money.ErrCurrency), err)
	// Output:
	// 10.00 TRY <nil>
	// true money: "10.005" has 3 decimals, TRY has 2; nothing is rounded
	// true money: "try" is not a currency code; write TRY
}

func ExampleParse() {
	a, err := money.Parse("1000 JPY")
	fmt.Println(a.Minor(), a.Currency(), err)

	_, err = money.Parse("1,000 JPY")
	fmt.Println(err)
	// Output:
	// 1000 JPY <nil>
	// money: "1,000" is not a plain number; write only digits, with at most one point between them, like "10"; a comma is never read, since it may stand before decimals or between thousands
}

func ExampleMustParse() {
	limit := money.MustParse("500.00 TRY")
	fmt.Println(limit)
	// Output: 500.00 TRY
}

func ExampleFromMinor() {
	a, _ := money.FromMinor(1000, "TRY")
	b, _ := money.FromMinor(1000, "JPY")
	c, _ := money.FromMinor(1000, "KWD")
	fmt.Println(a, b, c)
	// Output: 10.00 TRY 1000 JPY 1.000 KWD
}

func ExampleFromDecimal() {
	price := decimal.RequireFromString("10.50")
	a, err := money.FromDecimal(price, "TRY")
	fmt.Println(a, err)

	quarter := price.Div(decimal.NewFromInt(4))
	_, err = money.FromDecimal(quarter, "TRY")
	fmt.Println(err)

	a, err = money.FromDecimal(quarter.RoundDown(2), "TRY") // the program's decision
	fmt.Println(a, err)
	// Output:
	// 10.50 TRY <nil>
	// money: 2.625 has more than the 2 decimals of TRY; nothing is rounded
	// 2.62 TRY <nil>
}

func ExampleDigits() {
	for _, code := range []string{"TRY", "JPY", "KWD", "XAU"} {
		digits, ok := money.Digits(code)
		fmt.Println(code, digits, ok)
	}
	// Output:
	// TRY 2 true
	// JPY 0 true
	// KWD 3 true
	// XAU 0 false
}

func ExampleAmount_Minor() {
	fmt.Println(money.MustParse("19.99 USD").Minor())
	// Output: 1999
}

func ExampleAmount_Decimal() {
	fmt.Println(money.MustParse("10.50 TRY").Decimal().Mul(decimal.NewFromInt(3)))
	// Output: 31.5
}

func ExampleAmount_Currency() {
	fmt.Println(money.MustParse("10.50 TRY").Currency())
	// Output: TRY
}

func ExampleAmount_Digits() {
	fmt.Println(money.MustParse("10.50 TRY").Digits())
	// Output: 2
}

func ExampleAmount_IsSet() {
	var none money.Amount
	fmt.Println(none.IsSet(), none.IsZero())

	free := money.MustParse("0.00 TRY")
	fmt.Println(free.IsSet(), free.IsZero())
	// Output:
	// false true
	// true true
}

func ExampleAmount_IsPositive() {
	fmt.Println(money.MustParse("0.01 TRY").IsPositive(), money.MustParse("0.00 TRY").IsPositive())
	// Output: true false
}

func ExampleAmount_Cmp() {
	n, err := money.MustParse("9.99 TRY").Cmp(money.MustParse("10.00 TRY"))
	fmt.Println(n, err)

	_, err = money.MustParse("9.99 TRY").Cmp(money.MustParse("10.00 USD"))
	fmt.Println(err)
	// Output:
	// -1 <nil>
	// money: 9.99 TRY and 10.00 USD have different currencies; nothing is converted
}

func ExampleAmount_Add() {
	sum, err := money.MustParse("9.99 TRY").Add(money.MustParse("0.01 TRY"))
	fmt.Println(sum, err)
	// Output: 10.00 TRY <nil>
}

func ExampleAmount_Sub() {
	rest, err := money.MustParse("10.00 TRY").Sub(money.MustParse("10.01 TRY"))
	fmt.Println(rest, err)
	// Output: -0.01 TRY <nil>
}

func ExampleAmount_Number() {
	fmt.Println(money.MustParse("10 TRY").Number())
	// Output: 10.00
}

func ExampleAmount_AppendNumber() {
	query := money.MustParse("10 TRY").AppendNumber([]byte("amount="))
	fmt.Println(string(query))
	// Output: amount=10.00
}

func ExampleAmount_String() {
	fmt.Println(money.MustParse("10 TRY"))
	// Output: 10.00 TRY
}

func ExampleAmount_GoString() {
	fmt.Printf("%#v %#v\n", money.MustParse("10 TRY"), money.Amount{})
	// Output: money.MustParse("10.00 TRY") money.Amount{}
}

func ExampleAmount_MarshalJSON() {
	data, err := json.Marshal(money.MustParse("10 TRY"))
	fmt.Println(string(data), err)
	// Output: {"amount":"10.00","currency":"TRY"} <nil>
}

func ExampleAmount_UnmarshalJSON() {
	var a money.Amount
	err := json.Unmarshal([]byte(`{"amount":"10.00","currency":"TRY"}`), &a)
	fmt.Println(a, err)

	err = json.Unmarshal([]byte(`"12.50 TRY"`), &a)
	fmt.Println(a, err)

	err = json.Unmarshal([]byte(`{"amount":10.00,"currency":"TRY"}`), &a)
	fmt.Println(err)
	// Output:
	// 10.00 TRY <nil>
	// 12.50 TRY <nil>
	// money: "amount" is the JSON number 10.00; write it in quotes, because numbers may lose digits as floating point on the way
}

func ExampleAmount_UnmarshalText() {
	var a money.Amount
	err := a.UnmarshalText([]byte("10.00 TRY"))
	fmt.Println(a, err)
	// Output: 10.00 TRY <nil>
}

func ExampleAmount_Scan() {
	var a money.Amount
	err := a.Scan("10.00 TRY")
	fmt.Println(a, err)

	err = a.Scan(int64(10))
	fmt.Println(err)
	// Output:
	// 10.00 TRY <nil>
	// money: an SQL value of type int64 is not an amount; store it as text, like "10.00 TRY"
}

func ExampleAmount_Value() {
	value, err := money.MustParse("10 TRY").Value()
	fmt.Println(value, err)
	// Output: 10.00 TRY <nil>
}
