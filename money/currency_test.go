package money_test

import (
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
)

// The expectations are those of ISO 4217 itself. Where CLDR, which many other
// tables are made from, has another number, the comment says so.
func TestDigits(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]int{
		"CLP": 0, "ISK": 0, "JPY": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0, "VND": 0, "XAF": 0, "XOF": 0, "XPF": 0,
		"EUR": 2, "GBP": 2, "KZT": 2, "PHP": 2, "TRY": 2, "USD": 2, "ZMW": 2,
		"MGA": 2, // a fifth of an ariary exists, the list says 2; CLDR: 0
		"MRU": 2, // likewise
		"AFN": 2, // CLDR: 0
		"ALL": 2, // CLDR: 0
		"COP": 2, // CLDR: 2 with 0 for cash
		"IDR": 2, // CLDR: 2 with 0 for cash
		"IRR": 2, // CLDR: 0
		"LBP": 2, // CLDR: 0
		"MMK": 2, // CLDR: 0
		"PKR": 2, // CLDR: 2 with 0 for cash
		"RSD": 2, // CLDR: 0
		"SYP": 2, // CLDR: 0
		"YER": 2, // CLDR: 0
		"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
		"CLF": 4, "UYW": 4,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			got, ok := money.Digits(code)
			assert.True(t, ok, "known")
			assert.Equal(t, want, got)

			a, err := money.FromMinor(1, code)
			require.NoError(t, err)
			assert.Equal(t, want, a.Digits())
			assert.Equal(t, code, a.Currency())
		})
	}
}

// TestWholeList reads the list in another way than the generator does.
func TestWholeList(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("internal/gen/list-one.xml")
	require.NoError(t, err)
	rows := regexp.MustCompile(`<Ccy>(.*)</Ccy>\s*<CcyNbr>.*</CcyNbr>\s*<CcyMnrUnts>(.*)</CcyMnrUnts>`).FindAllStringSubmatch(string(list), -1)
	require.Greater(t, len(rows), 250, "there are more countries than currencies")
	for _, row := range rows {
		code := row[1]
		want, err := strconv.Atoi(row[2])
		listed := err == nil
		if !listed {
			require.Equal(t, "N.A.", row[2], code)
		}
		got, ok := money.Digits(code)
		assert.Equal(t, listed, ok, code)
		assert.Equal(t, want, got, code)
		if a, err := money.FromMinor(1, code); listed && assert.NoError(t, err) {
			assert.Equal(t, code, a.Currency())
		}
	}
}

func TestUnusableCurrencies(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ code, message string }{
		"missing":           {"", "the currency is missing"},
		"lower case":        {"try", "write TRY"},
		"mixed case":        {"Try", "write TRY"},
		"space after":       {"TRY ", "write TRY"},
		"gold":              {"XAU", "no minor unit"},
		"test code":         {"XTS", "no minor unit"},
		"no currency":       {"XXX", "no minor unit"},
		"drawing right":     {"XDR", "no minor unit"},
		"unknown":           {"ABC", `"ABC" is not a currency of ISO 4217 as published on 2024-06-25`},
		"withdrawn":         {"TRL", "not a currency"},
		"number":            {"949", "not a currency"},
		"C48 lira":          {"TL", `"TL" is not a currency of ISO 4217; write TRY if that is meant`},
		"C48 lira, small":   {"tl", "write TRY"},
		"C48 renminbi":      {"RMB", "write CNY"},
		"C48 Taiwan":        {"NTD", "write TWD"},
		"C48 lira's sign":   {"\u20ba", `"\u20ba" is not a currency of ISO 4217; write TRY`},
		"C48 euro's sign":   {"\u20ac", "write EUR"},
		"C48 tenge's sign":  {"\u20b8", "write KZT"},
		"sign of many":      {"$", `"$" is not a currency`},
		"placeholder":       {"---", "not a currency"},
		"part of two codes": {"U X", "not a currency"},
		"two codes":         {"TRYUSD", "not a currency"},
		"NUL":               {"TRY\x00", `"TRY\x00" is not a currency`},
		"look-alike":        {"\u0422RY", `"\u0422RY" is not a currency`}, // a Cyrillic T
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, ok := money.Digits(tt.code)
			assert.False(t, ok)

			a, err := money.New("1", tt.code)
			assert.ErrorIs(t, err, money.ErrCurrency)
			assert.ErrorContains(t, err, tt.message)
			assert.Equal(t, money.Amount{}, a)
			checkMessage(t, err)

			_, err = money.FromMinor(1, tt.code)
			assert.ErrorIs(t, err, money.ErrCurrency)
		})
	}
}

func TestPublished(t *testing.T) {
	t.Parallel()
	_, err := time.Parse(time.DateOnly, money.Published)
	assert.NoError(t, err)
}

// What is suggested for another word can be written.
func TestC48_HintsByParse(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"10.00 TL": "write TRY", "10.00 try": "write TRY", "10.00 RMB": "write CNY", "10.00 \u20ba": "write TRY",
		"10,00 TRY": "a comma is never read", "1,000.00 TRY": "a comma is never read", "1.000,00 TRY": "a comma is never read", "1,000 JPY": "a comma is never read",
	} {
		_, err := money.Parse(text)
		assert.ErrorContains(t, err, says, text)
		checkMessage(t, err)
	}
}
