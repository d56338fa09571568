package money_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"unsafe"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
)

// The longest numbers that fit, by hand from 2^63 = 9223372036854775808.
const (
	maxTRY = "92233720368547758.07"
	minTRY = "-92233720368547758.08"
)

func TestNew(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		value, currency string
		minor           int64
	}{
		"all decimals":        {"10.00", "TRY", 1000},
		"no decimals":         {"10", "TRY", 1000},
		"fewer decimals":      {"10.5", "TRY", 1050},
		"zero":                {"0", "TRY", 0},
		"zero with decimals":  {"0.00", "TRY", 0},
		"below one":           {"0.50", "TRY", 50},
		"one unit":            {"0.01", "TRY", 1},
		"negative":            {"-10.00", "TRY", -1000},
		"negative, below one": {"-0.01", "TRY", -1},
		"no minor unit used":  {"1000", "JPY", 1000},
		"three decimals":      {"1.005", "KWD", 1005},
		"four decimals":       {"1.0005", "CLF", 10005},
		"one of four":         {"1.5", "CLF", 15000},
		// Times 100 in float64, and cut off, these give a unit less.
		"19.99":         {"19.99", "USD", 1999},
		"1.15":          {"1.15", "USD", 115},
		"0.29":          {"0.29", "USD", 29},
		"4.35":          {"4.35", "USD", 435},
		"beyond 2^53":   {"90071992547409.93", "USD", 9007199254740993},
		"greatest":      {maxTRY, "TRY", math.MaxInt64},
		"least":         {minTRY, "TRY", math.MinInt64},
		"greatest JPY":  {"9223372036854775807", "JPY", math.MaxInt64},
		"least JPY":     {"-9223372036854775808", "JPY", math.MinInt64},
		"greatest KWD":  {"9223372036854775.807", "KWD", math.MaxInt64},
		"greatest CLF":  {"922337203685477.5807", "CLF", math.MaxInt64},
		"least CLF":     {"-922337203685477.5808", "CLF", math.MinInt64},
		"greatest cut":  {"92233720368547758", "TRY", 9223372036854775800},
		"greatest cut2": {"92233720368547758.0", "TRY", 9223372036854775800},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := money.New(tt.value, tt.currency)
			require.NoError(t, err)
			assert.Equal(t, tt.minor, a.Minor())
			assert.Equal(t, tt.currency, a.Currency())
			assert.True(t, a.IsSet())

			b, err := money.Parse(tt.value + " " + tt.currency)
			require.NoError(t, err)
			assert.True(t, a == b, "Parse gives %#v", b)
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		value, currency string
		kind            error
		message         string
	}{
		"too many decimals":     {"10.005", "TRY", money.ErrPrecision, `money: "10.005" has 3 decimals, TRY has 2; nothing is rounded`},
		"too many zeros":        {"10.000", "TRY", money.ErrPrecision, `money: "10.000" has 3 decimals, TRY has 2; nothing is rounded`},
		"decimal yen":           {"10.0", "JPY", money.ErrPrecision, `money: "10.0" has 1 decimal, JPY has 0; nothing is rounded`},
		"empty":                 {"", "TRY", money.ErrSyntax, `the number is missing; write it like "10.00"`},
		"empty, of yen":         {"", "JPY", money.ErrSyntax, `the number is missing; write it like "10"`},
		"plus":                  {"+10", "TRY", money.ErrSyntax, "plain number"},
		"minus only":            {"-", "TRY", money.ErrSyntax, "plain number"},
		"two minus":             {"--1", "TRY", money.ErrSyntax, "plain number"},
		"minus after":           {"1-", "TRY", money.ErrSyntax, "plain number"},
		"point only":            {".", "TRY", money.ErrSyntax, "plain number"},
		"minus and point":       {"-.", "TRY", money.ErrSyntax, "plain number"},
		"nothing before point":  {".5", "TRY", money.ErrSyntax, "plain number"},
		"nothing after point":   {"5.", "TRY", money.ErrSyntax, "plain number"},
		"nothing after, yen":    {"5.", "JPY", money.ErrSyntax, "plain number"},
		"two points":            {"1.0.0", "TRY", money.ErrSyntax, "plain number"},
		"points together":       {"1..0", "TRY", money.ErrSyntax, "plain number"},
		"sign after point":      {"1.-5", "TRY", money.ErrSyntax, "plain number"},
		"exponent":              {"1e3", "TRY", money.ErrSyntax, "plain number"},
		"hexadecimal":           {"0x10", "TRY", money.ErrSyntax, "plain number"},
		"not a number":          {"NaN", "TRY", money.ErrSyntax, "plain number"},
		"infinity":              {"Inf", "TRY", money.ErrSyntax, "plain number"},
		"comma for point":       {"10,00", "TRY", money.ErrSyntax, `money: "10,00" is not a plain number; write only digits, with at most one point between them, like "10.00"`},
		"thousands by comma":    {"1,000.00", "TRY", money.ErrSyntax, "plain number"},
		"underscore":            {"1_000", "TRY", money.ErrSyntax, "plain number"},
		"space before":          {" 10", "TRY", money.ErrSyntax, "plain number"},
		"space after":           {"10 ", "TRY", money.ErrSyntax, "plain number"},
		"line end":              {"10\n", "TRY", money.ErrSyntax, `"10\n"`},
		"NUL":                   {"10\x00", "TRY", money.ErrSyntax, `"10\x00"`},
		"byte below digits":     {"1/0", "TRY", money.ErrSyntax, "plain number"},
		"byte above digits":     {"1:0", "TRY", money.ErrSyntax, "plain number"},
		"Arabic digits":         {"\u0661\u0660", "TRY", money.ErrSyntax, `"\u0661\u0660"`},
		"full-width digits":     {"\uff11\uff10", "TRY", money.ErrSyntax, "plain number"},
		"typographic minus":     {"\u221210", "TRY", money.ErrSyntax, `"\u221210"`},
		"invalid UTF-8":         {"\xff", "TRY", money.ErrSyntax, `"\xff"`},
		"zeros in front":        {"007", "TRY", money.ErrSyntax, "superfluous zeros"},
		"two zeros":             {"00", "TRY", money.ErrSyntax, "superfluous zeros"},
		"zeros before point":    {"00.50", "TRY", money.ErrSyntax, "superfluous zeros"},
		"minus, zeros in front": {"-01", "TRY", money.ErrSyntax, "superfluous zeros"},
		"minus zero":            {"-0", "TRY", money.ErrSyntax, "zero with a sign"},
		"minus zero, decimals":  {"-0.00", "TRY", money.ErrSyntax, "zero with a sign"},
		"one above greatest":    {"92233720368547758.08", "TRY", money.ErrOverflow, "between -92233720368547758.08 TRY and 92233720368547758.07 TRY"},
		"one below least":       {"-92233720368547758.09", "TRY", money.ErrOverflow, "out of range"},
		"above by scaling":      {"92233720368547759", "TRY", money.ErrOverflow, "out of range"},
		"wraps by scaling":      {"184467440737095517", "TRY", money.ErrOverflow, "out of range"},
		"2^64":                  {"18446744073709551616", "JPY", money.ErrOverflow, "out of range"},
		"2^64+1":                {"18446744073709551617", "JPY", money.ErrOverflow, "out of range"},
		"minus 2^64":            {"-18446744073709551616", "JPY", money.ErrOverflow, "out of range"},
		"64 nines":              {strings.Repeat("9", 64), "TRY", money.ErrOverflow, "(64 bytes)"},
		"65 nines":              {strings.Repeat("9", 65), "TRY", money.ErrSyntax, "too long"},
		"a megabyte":            {strings.Repeat("9", 1<<20), "TRY", money.ErrSyntax, "(1048576 bytes)"},
		"zeros without end":     {"0." + strings.Repeat("0", 40), "TRY", money.ErrPrecision, "has 40 decimals"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := money.New(tt.value, tt.currency)
			require.Error(t, err)
			assert.ErrorIs(t, err, tt.kind)
			assert.ErrorContains(t, err, tt.message)
			assert.Equal(t, money.Amount{}, a)
			checkMessage(t, err)
		})
	}
}

// checkMessage checks what holds for each error: one kind, the prefix, and a
// text that is safe to log.
func checkMessage(t *testing.T, err error) {
	t.Helper()
	kinds := 0
	for _, kind := range []error{
		money.ErrSyntax, money.ErrCurrency, money.ErrPrecision, money.ErrOverflow, money.ErrCurrencyMismatch,
	} {
		if errors.Is(err, kind) {
			kinds++
		}
	}
	assert.Equal(t, 1, kinds, "kinds of %v", err)
	assert.Regexp(t, `^money: [ -~]+$`, err.Error())
	assert.Less(t, len(err.Error()), 500)
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		kind error
	}{
		"empty":              {"", money.ErrSyntax},
		"space":              {" ", money.ErrSyntax},
		"number only":        {"10.00", money.ErrSyntax},
		"number and space":   {"10.00 ", money.ErrSyntax},
		"currency only":      {"TRY", money.ErrSyntax},
		"space and currency": {" TRY", money.ErrSyntax},
		"no space":           {"10.00TRY", money.ErrSyntax},
		"two spaces":         {"10.00  TRY", money.ErrSyntax},
		"space in front":     {" 10.00 TRY", money.ErrSyntax},
		"space behind":       {"10.00 TRY ", money.ErrSyntax},
		"three parts":        {"1 000 TRY", money.ErrSyntax},
		"tab":                {"10.00\tTRY", money.ErrSyntax},
		"no-break space":     {"10.00\u00a0TRY", money.ErrSyntax},
		"line end":           {"10.00 TRY\n", money.ErrCurrency},
		"currency first":     {"TRY 10.00", money.ErrCurrency},
		"lower case":         {"10.00 try", money.ErrCurrency},
		"gold":               {"10.00 XAU", money.ErrCurrency},
		"too many decimals":  {"10.000 TRY", money.ErrPrecision},
		"too much":           {"92233720368547758.08 TRY", money.ErrOverflow},
		"long":               {strings.Repeat("9", 61) + " TRY", money.ErrSyntax},
		"long currency":      {"1 " + strings.Repeat("A", 1<<20), money.ErrSyntax},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := money.Parse(tt.text)
			require.Error(t, err)
			assert.ErrorIs(t, err, tt.kind)
			assert.Equal(t, money.Amount{}, a)
			checkMessage(t, err)
		})
	}
}

func TestMustParse(t *testing.T) {
	t.Parallel()
	assert.Equal(t, int64(1000), money.MustParse("10.00 TRY").Minor())
	assert.PanicsWithError(t, `money: "10.005" has 3 decimals, TRY has 2; nothing is rounded`, func() {
		money.MustParse("10.005 TRY")
	})
}

func TestFromDecimal(t *testing.T) {
	t.Parallel()
	ten := func(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }
	for name, tt := range map[string]struct {
		decimal  decimal.Decimal
		currency string
		minor    int64
	}{
		"no value":             {decimal.Decimal{}, "TRY", 0},
		"same decimals":        {decimal.New(1050, -2), "TRY", 1050},
		"fewer decimals":       {decimal.New(105, -1), "TRY", 1050},
		"zeros to trim":        {decimal.New(1050000, -5), "TRY", 1050},
		"zeros to trim, yen":   {decimal.New(1000, -2), "JPY", 10},
		"exponent":             {decimal.New(1, 3), "TRY", 100000},
		"negative":             {decimal.New(-1050, -2), "TRY", -1050},
		"three decimals":       {decimal.New(1005, -3), "KWD", 1005},
		"greatest":             {decimal.New(math.MaxInt64, -2), "TRY", math.MaxInt64},
		"least":                {decimal.New(math.MinInt64, -2), "TRY", math.MinInt64},
		"greatest with zeros":  {decimal.NewFromBigInt(new(big.Int).Mul(big.NewInt(math.MaxInt64), ten(50)), -52), "TRY", math.MaxInt64},
		"greatest power":       {decimal.New(1, 18), "JPY", 1e18},
		"many zeros":           {decimal.NewFromBigInt(ten(5000), -5000), "TRY", 100},
		"zero, huge exponent":  {decimal.New(0, math.MaxInt32), "TRY", 0},
		"zero, least exponent": {decimal.New(0, math.MinInt32), "TRY", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := money.FromDecimal(tt.decimal, tt.currency)
			require.NoError(t, err)
			assert.Equal(t, tt.minor, a.Minor())
			assert.Equal(t, tt.currency, a.Currency())
		})
	}
}

func TestFromDecimalRefuses(t *testing.T) {
	t.Parallel()
	wide := new(big.Int).Lsh(big.NewInt(1), 1000)
	for name, tt := range map[string]struct {
		decimal  decimal.Decimal
		currency string
		kind     error
		message  string
	}{
		"too many decimals":    {decimal.New(10505, -3), "TRY", money.ErrPrecision, "money: 10.505 has more than the 2 decimals of TRY; nothing is rounded"},
		"even last digit":      {decimal.New(10504, -3), "TRY", money.ErrPrecision, "10.504 has more"},
		"half a yen":           {decimal.New(5, -1), "JPY", money.ErrPrecision, "0.5 has more than the 0 decimals of JPY"},
		"one above greatest":   {decimal.NewFromBigInt(new(big.Int).SetUint64(1<<63), -2), "TRY", money.ErrOverflow, "92233720368547758.08 is out of range"},
		"above by scaling":     {decimal.New(math.MaxInt64, 0), "TRY", money.ErrOverflow, "out of range"},
		"1e19":                 {decimal.New(1, 19), "JPY", money.ErrOverflow, "out of range"},
		"1e17 TRY":             {decimal.New(1, 17), "TRY", money.ErrOverflow, "out of range"},
		"1e1000000000":         {decimal.New(1, 1000000000), "TRY", money.ErrOverflow, "a number with the exponent 1000000000 is out of range"},
		"1e-1000000000":        {decimal.New(1, -1000000000), "TRY", money.ErrPrecision, "a number with the exponent -1000000000 has more"},
		"greatest exponent":    {decimal.New(1, math.MaxInt32), "CLF", money.ErrOverflow, "out of range"},
		"least exponent":       {decimal.New(1024, math.MinInt32), "JPY", money.ErrPrecision, "nothing is rounded"},
		"a thousand bits":      {decimal.NewFromBigInt(wide, 0), "TRY", money.ErrOverflow, "a number of 1001 bits"},
		"bits, least exponent": {decimal.NewFromBigInt(wide, math.MinInt32), "TRY", money.ErrPrecision, "nothing is rounded"},
		"power of two":         {decimal.NewFromBigInt(wide, -500), "TRY", money.ErrPrecision, "nothing is rounded"},
		"currency":             {decimal.New(1, 0), "try", money.ErrCurrency, "write TRY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := money.FromDecimal(tt.decimal, tt.currency)
			require.Error(t, err)
			assert.ErrorIs(t, err, tt.kind)
			assert.ErrorContains(t, err, tt.message)
			assert.Equal(t, money.Amount{}, a)
			checkMessage(t, err)
		})
	}
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.50 TRY":       "10.5",
		"-0.01 TRY":       "-0.01",
		"1000 JPY":        "1000",
		"1.005 KWD":       "1.005",
		maxTRY + " TRY":   maxTRY,
		minTRY + " TRY":   minTRY,
		"0.00 TRY":        "0",
		"12345.6789 CLF":  "12345.6789",
		"-9223372036 JPY": "-9223372036",
	} {
		a := money.MustParse(text)
		assert.Equal(t, want, a.Decimal().String())
		b, err := money.FromDecimal(a.Decimal(), a.Currency())
		assert.NoError(t, err)
		assert.Equal(t, a, b)
	}
	assert.True(t, money.Amount{}.Decimal().IsZero())
}

func TestNumberAndString(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		minor            int64
		currency, number string
	}{
		"two decimals":          {1000, "TRY", "10.00"},
		"below one":             {50, "TRY", "0.50"},
		"one unit":              {1, "TRY", "0.01"},
		"zero":                  {0, "TRY", "0.00"},
		"negative":              {-1050, "TRY", "-10.50"},
		"negative unit":         {-1, "TRY", "-0.01"},
		"no decimals":           {1000, "JPY", "1000"},
		"no decimals, zero":     {0, "JPY", "0"},
		"no decimals, negative": {-7, "JPY", "-7"},
		"three decimals":        {5, "KWD", "0.005"},
		"four decimals":         {-5, "CLF", "-0.0005"},
		"greatest":              {math.MaxInt64, "TRY", maxTRY},
		"least":                 {math.MinInt64, "TRY", minTRY},
		"greatest JPY":          {math.MaxInt64, "JPY", "9223372036854775807"},
		"least CLF":             {math.MinInt64, "CLF", "-922337203685477.5808"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := money.FromMinor(tt.minor, tt.currency)
			require.NoError(t, err)
			assert.Equal(t, tt.number, a.Number())
			assert.Equal(t, "amount="+tt.number, string(a.AppendNumber([]byte("amount="))))
			assert.Equal(t, tt.number+" "+tt.currency, a.String())
			assert.Equal(t, `money.MustParse("`+tt.number+" "+tt.currency+`")`, a.GoString())

			b, err := money.New(a.Number(), tt.currency)
			require.NoError(t, err)
			assert.Equal(t, a, b)
		})
	}
}

func TestZeroValue(t *testing.T) {
	t.Parallel()
	var a money.Amount
	assert.False(t, a.IsSet())
	assert.True(t, a.IsZero())
	assert.False(t, a.IsPositive())
	assert.Zero(t, a.Minor())
	assert.Zero(t, a.Digits())
	assert.Empty(t, a.Currency())
	assert.Empty(t, a.Number())
	assert.Empty(t, a.AppendNumber(nil))
	assert.Empty(t, a.String())
	assert.Equal(t, "money.Amount{}", a.GoString())
	assert.NotEqual(t, a, money.MustParse("0.00 TRY"))
}

func TestPredicates(t *testing.T) {
	t.Parallel()
	for text, tt := range map[string]struct{ zero, positive bool }{
		"0.00 TRY":  {true, false},
		"0.01 TRY":  {false, true},
		"-0.01 TRY": {false, false},
	} {
		a := money.MustParse(text)
		assert.True(t, a.IsSet(), text)
		assert.Equal(t, tt.zero, a.IsZero(), text)
		assert.Equal(t, tt.positive, a.IsPositive(), text)
	}
}

func TestEquality(t *testing.T) {
	t.Parallel()
	want := money.MustParse("10.00 TRY")
	a, err := money.New("10", "TRY")
	require.NoError(t, err)
	b, err := money.FromMinor(1000, "TRY")
	require.NoError(t, err)
	c, err := money.FromDecimal(decimal.New(1, 1), "TRY")
	require.NoError(t, err)
	assert.True(t, want == a && want == b && want == c)
	assert.False(t, want == money.MustParse("10.01 TRY"))
	assert.False(t, want == money.MustParse("10.00 USD"), "same minor units")
}

func TestCmp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"1.00 TRY", "1.00 TRY", 0},
		{"1.00 TRY", "1.01 TRY", -1},
		{"9.00 TRY", "10.00 TRY", -1}, // as text it would be the other way
		{"-1.00 TRY", "1.00 TRY", -1},
		{minTRY + " TRY", maxTRY + " TRY", -1},
	} {
		a, b := money.MustParse(tt.a), money.MustParse(tt.b)
		got, err := a.Cmp(b)
		assert.NoError(t, err)
		assert.Equal(t, tt.want, got, "%s and %s", a, b)
		got, err = b.Cmp(a)
		assert.NoError(t, err)
		assert.Equal(t, -tt.want, got, "%s and %s", b, a)
	}
}

func TestAddSub(t *testing.T) {
	t.Parallel()
	// In minor units of one currency, against the same operation on big.Int.
	edges := []int64{math.MinInt64, math.MinInt64 + 1, -1 << 62, -100, -1, 0, 1, 100, 1 << 62, math.MaxInt64 - 1, math.MaxInt64}
	check := func(name string, op func(money.Amount, money.Amount) (money.Amount, error), x, y int64, want *big.Int) {
		a, err := money.FromMinor(x, "TRY")
		require.NoError(t, err)
		b, err := money.FromMinor(y, "TRY")
		require.NoError(t, err)
		got, err := op(a, b)
		if !want.IsInt64() {
			require.ErrorIs(t, err, money.ErrOverflow, "%s: %d, %d", name, x, y)
			assert.Equal(t, money.Amount{}, got)
			checkMessage(t, err)
			return
		}
		require.NoError(t, err, "%s: %d, %d", name, x, y)
		assert.Equal(t, want.Int64(), got.Minor(), "%s: %d, %d", name, x, y)
		assert.Equal(t, "TRY", got.Currency())
	}
	for _, x := range edges {
		for _, y := range edges {
			check("Add", money.Amount.Add, x, y, new(big.Int).Add(big.NewInt(x), big.NewInt(y)))
			check("Sub", money.Amount.Sub, x, y, new(big.Int).Sub(big.NewInt(x), big.NewInt(y)))
		}
	}
}

func TestDifferentCurrencies(t *testing.T) {
	t.Parallel()
	lira, dollar, none := money.MustParse("1.00 TRY"), money.MustParse("1.00 USD"), money.Amount{}
	for name, tt := range map[string]struct {
		a, b money.Amount
		kind error
	}{
		"other currency":     {lira, dollar, money.ErrCurrencyMismatch},
		"zero of another":    {lira, money.MustParse("0.00 USD"), money.ErrCurrencyMismatch},
		"first has none":     {none, lira, money.ErrCurrency},
		"second has none":    {lira, none, money.ErrCurrency},
		"neither has any":    {none, none, money.ErrCurrency},
		"zero and none":      {money.MustParse("0.00 TRY"), none, money.ErrCurrency},
		"other decimals too": {lira, money.MustParse("1 JPY"), money.ErrCurrencyMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, err := tt.a.Cmp(tt.b)
			assert.ErrorIs(t, err, tt.kind)
			assert.Zero(t, n)
			checkMessage(t, err)
			sum, err := tt.a.Add(tt.b)
			assert.ErrorIs(t, err, tt.kind)
			assert.Equal(t, none, sum)
			difference, err := tt.a.Sub(tt.b)
			assert.ErrorIs(t, err, tt.kind)
			assert.Equal(t, none, difference)
		})
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	assert.Equal(t, uintptr(16), unsafe.Sizeof(money.Amount{}))
}

func TestAllocations(t *testing.T) {
	a := money.MustParse(minTRY + " TRY")
	buf := make([]byte, 0, 32)
	for name, tt := range map[string]struct {
		want float64 // what testing.AllocsPerRun counts in
		do   func()
	}{
		"New":          {0, func() { _, _ = money.New("1234.50", "TRY") }},
		"Parse":        {0, func() { _, _ = money.Parse("1234.50 TRY") }},
		"Number":       {1, func() { sink = a.Number() }},
		"String":       {1, func() { sink = a.String() }},
		"AppendNumber": {0, func() { buf = a.AppendNumber(buf[:0]) }},
		"Currency":     {0, func() { sink = a.Currency() }},
	} {
		assert.Equal(t, tt.want, testing.AllocsPerRun(100, tt.do), name)
	}
}

// plainNumber is the grammar of New, written a second time.
var plainNumber = regexp.MustCompile(`\A-?(0|[1-9][0-9]*)(\.([0-9]+))?\z`)

// oracle reads a number in a slow and obvious way.
func oracle(value, currency string) (minor int64, kind error) {
	digits, ok := money.Digits(currency)
	if !ok {
		return 0, money.ErrCurrency
	}
	parts := plainNumber.FindStringSubmatch(value)
	if parts == nil || len(value) > 64 {
		return 0, money.ErrSyntax
	}
	if len(parts[3]) > digits {
		return 0, money.ErrPrecision
	}
	d, err := decimal.NewFromString(value)
	if err != nil {
		panic(fmt.Sprintf("the grammar allows %q, decimal doesn't: %v", value, err))
	}
	if d.IsZero() && strings.HasPrefix(value, "-") {
		return 0, money.ErrSyntax
	}
	n := d.Shift(int32(digits)).BigInt()
	if !n.IsInt64() {
		return 0, money.ErrOverflow
	}
	return n.Int64(), nil
}

func FuzzNew(f *testing.F) {
	f.Add("10.00", "TRY")
	f.Add("10.005", "TRY")
	f.Add("1000", "JPY")
	f.Add("-0.0001", "CLF")
	f.Add(minTRY, "TRY")
	f.Add("92233720368547758.08", "TRY")
	f.Add("007", "KWD")
	f.Add("1e3", "try")
	f.Fuzz(func(t *testing.T, value, currency string) {
		a, err := money.New(value, currency)
		minor, kind := oracle(value, currency)
		if kind != nil {
			require.ErrorIs(t, err, kind)
			require.Equal(t, money.Amount{}, a)
			checkMessage(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, minor, a.Minor())
		require.Equal(t, currency, a.Currency())
		require.Equal(t, a.Decimal().StringFixed(int32(a.Digits())), a.Number())

		b, err := money.Parse(a.String())
		require.NoError(t, err)
		require.Equal(t, a, b)
	})
}

func FuzzParse(f *testing.F) {
	f.Add("10.00 TRY")
	f.Add("10.00  TRY")
	f.Add("10 try")
	f.Add("1 000 JPY")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := money.Parse(s)
		parts := strings.Split(s, " ")
		if len(parts) != 2 || parts[0] == "" || parts[1] == "" || len(s) > 64 {
			require.ErrorIs(t, err, money.ErrSyntax)
			require.Equal(t, money.Amount{}, a)
			checkMessage(t, err)
			return
		}
		b, want := money.New(parts[0], parts[1])
		require.Equal(t, want, err)
		require.Equal(t, b, a)
	})
}

func FuzzFromDecimal(f *testing.F) {
	f.Add([]byte{10, 50}, false, int32(-2), "TRY")
	f.Add([]byte{1}, true, int32(1000000000), "JPY")
	f.Add([]byte{1, 0, 0}, false, int32(-1000000000), "KWD")
	f.Add([]byte{0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, true, int32(-4), "CLF")
	f.Fuzz(func(t *testing.T, coefficient []byte, negative bool, exponent int32, currency string) {
		c := new(big.Int).SetBytes(coefficient)
		if negative {
			c.Neg(c)
		}
		a, err := money.FromDecimal(decimal.NewFromBigInt(c, exponent), currency)
		if err != nil {
			require.Equal(t, money.Amount{}, a)
			checkMessage(t, err)
		}
		digits, ok := money.Digits(currency)
		if !ok {
			require.ErrorIs(t, err, money.ErrCurrency)
			return
		}
		if len(coefficient) > 100 || exponent > 1000 || exponent < -1000 {
			return // too slow for the calculation below
		}

		want := new(big.Rat).SetInt(c)
		for range digits {
			want.Mul(want, big.NewRat(10, 1))
		}
		for range max(exponent, -exponent) {
			if exponent > 0 {
				want.Mul(want, big.NewRat(10, 1))
			} else {
				want.Mul(want, big.NewRat(1, 10))
			}
		}
		switch {
		case !want.IsInt():
			require.ErrorIs(t, err, money.ErrPrecision)
		case !want.Num().IsInt64():
			require.ErrorIs(t, err, money.ErrOverflow)
		default:
			require.NoError(t, err)
			require.Equal(t, want.Num().Int64(), a.Minor())
			require.Equal(t, currency, a.Currency())
		}
	})
}
