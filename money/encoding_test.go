package money_test

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
)

var (
	_ encoding.TextMarshaler   = money.Amount{}
	_ encoding.TextUnmarshaler = (*money.Amount)(nil)
	_ json.Marshaler           = money.Amount{}
	_ json.Unmarshaler         = (*money.Amount)(nil)
	_ driver.Valuer            = money.Amount{}
	_ sql.Scanner              = (*money.Amount)(nil)
	_ fmt.Stringer             = money.Amount{}
	_ fmt.GoStringer           = money.Amount{}
)

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		amount     money.Amount
		text, json string
		sql        driver.Value
	}{
		{money.Amount{}, "", "null", nil},
		{money.MustParse("10.00 TRY"), "10.00 TRY", `{"amount":"10.00","currency":"TRY"}`, "10.00 TRY"},
		{money.MustParse("0.00 TRY"), "0.00 TRY", `{"amount":"0.00","currency":"TRY"}`, "0.00 TRY"},
		{money.MustParse("-5 JPY"), "-5 JPY", `{"amount":"-5","currency":"JPY"}`, "-5 JPY"},
		{money.MustParse(minTRY + " TRY"), minTRY + " TRY", `{"amount":"` + minTRY + `","currency":"TRY"}`, minTRY + " TRY"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			text, err := tt.amount.MarshalText()
			require.NoError(t, err)
			assert.Equal(t, tt.text, string(text))
			encoded, err := json.Marshal(tt.amount)
			require.NoError(t, err)
			assert.Equal(t, tt.json, string(encoded))
			value, err := tt.amount.Value()
			require.NoError(t, err)
			assert.Equal(t, tt.sql, value)

			// The old content must not survive.
			fromText, fromJSON, fromSQL := money.MustParse("1 JPY"), money.MustParse("1 JPY"), money.MustParse("1 JPY")
			require.NoError(t, fromText.UnmarshalText(text))
			assert.Equal(t, tt.amount, fromText)
			require.NoError(t, json.Unmarshal(encoded, &fromJSON))
			assert.Equal(t, tt.amount, fromJSON)
			require.NoError(t, fromSQL.Scan(value))
			assert.Equal(t, tt.amount, fromSQL)
		})
	}
}

func TestUnmarshalJSON(t *testing.T) {
	t.Parallel()
	want := money.MustParse("10.50 TRY")
	for name, data := range map[string]string{
		"object":         `{"amount":"10.50","currency":"TRY"}`,
		"other order":    `{"currency":"TRY","amount":"10.50"}`,
		"fewer decimals": `{"amount":"10.5","currency":"TRY"}`,
		"white space":    " {\n\t\"amount\" : \"10.50\",\r\n\"currency\" : \"TRY\" } ",
		"escapes":        `{"amount":"10\u002e50","\u0063urrency":"TRY"}`,
		"string":         `"10.50 TRY"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var direct, indirect money.Amount
			require.NoError(t, direct.UnmarshalJSON([]byte(data)))
			assert.Equal(t, want, direct)
			require.NoError(t, json.Unmarshal([]byte(data), &indirect))
			assert.Equal(t, want, indirect)
		})
	}
}

func TestUnmarshalJSONRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		data    string
		kind    error
		message string
	}{
		"amount is a number":       {`{"amount":10.00,"currency":"TRY"}`, money.ErrSyntax, `"amount" is the JSON number 10.00; write it in quotes`},
		"amount is a long number":  {`{"amount":1` + strings.Repeat("0", 500) + `,"currency":"TRY"}`, money.ErrSyntax, "JSON number 1000"},
		"amount is null":           {`{"amount":null,"currency":"TRY"}`, money.ErrSyntax, `"amount" that is not a string`},
		"amount is an object":      {`{"amount":{"amount":"1","currency":"TRY"},"currency":"TRY"}`, money.ErrSyntax, "not a string"},
		"amount is an array":       {`{"amount":["1"],"currency":"TRY"}`, money.ErrSyntax, "not a string"},
		"currency is a number":     {`{"amount":"1","currency":949}`, money.ErrSyntax, `"currency" that is not a string`},
		"currency is a boolean":    {`{"amount":"1","currency":true}`, money.ErrSyntax, "not a string"},
		"no amount":                {`{"currency":"TRY"}`, money.ErrSyntax, "lacks"},
		"no currency":              {`{"amount":"1"}`, money.ErrSyntax, "lacks"},
		"empty object":             {`{}`, money.ErrSyntax, "lacks"},
		"unknown field":            {`{"amount":"1","currency":"TRY","tax":"1"}`, money.ErrSyntax, `unknown field "tax"`},
		"other case":               {`{"Amount":"1","currency":"TRY"}`, money.ErrSyntax, `unknown field "Amount"`},
		"amount twice":             {`{"amount":"1","currency":"TRY","amount":"2"}`, money.ErrSyntax, `"amount" twice`},
		"same amount twice":        {`{"amount":"1","amount":"1","currency":"TRY"}`, money.ErrSyntax, `"amount" twice`},
		"currency twice, escaped":  {`{"amount":"1","currency":"TRY","curr\u0065ncy":"USD"}`, money.ErrSyntax, `"currency" twice`},
		"empty amount":             {`{"amount":"","currency":"TRY"}`, money.ErrSyntax, "number is missing"},
		"empty currency":           {`{"amount":"1","currency":""}`, money.ErrCurrency, "currency is missing"},
		"too many decimals":        {`{"amount":"1.005","currency":"TRY"}`, money.ErrPrecision, "nothing is rounded"},
		"number":                   {`10.00`, money.ErrSyntax, "is a number"},
		"boolean":                  {`true`, money.ErrSyntax, "is a boolean"},
		"array":                    {`["10.00","TRY"]`, money.ErrSyntax, "is an array"},
		"empty string":             {`""`, money.ErrSyntax, "not an amount"},
		"string without currency":  {`"10.00"`, money.ErrSyntax, "not an amount"},
		"string, lower case":       {`"10.00 try"`, money.ErrCurrency, "write TRY"},
		"empty":                    {``, money.ErrSyntax, "is not JSON"},
		"brace":                    {`{`, money.ErrSyntax, "is not JSON"},
		"closing brace":            {`}`, money.ErrSyntax, "is not JSON"},
		"wrong bracket":            {`{]`, money.ErrSyntax, "is not JSON"},
		"trailing comma":           {`{"amount":"1","currency":"TRY",}`, money.ErrSyntax, "is not JSON"},
		"number as a key":          {`{1:"1"}`, money.ErrSyntax, "is not JSON"},
		"cut off in a value":       {`{"amount":"1`, money.ErrSyntax, "is not JSON"},
		"cut off before the brace": {`{"amount":"1","currency":"TRY"`, money.ErrSyntax, "is not JSON"},
		"something behind":         {`{"amount":"1","currency":"TRY"}{}`, money.ErrSyntax, "after its end"},
		"garbage behind":           {`null x`, money.ErrSyntax, "after its end"},
		"brace behind":             {`null}`, money.ErrSyntax, "after its end"},
		"invalid UTF-8":            {"{\"amount\":\"1\xff\",\"currency\":\"TRY\"}", money.ErrSyntax, "plain number"},
		"too long":                 {strings.Repeat(" ", 1024) + `null`, money.ErrSyntax, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := money.MustParse("1 JPY")
			a := before
			err := a.UnmarshalJSON([]byte(tt.data))
			require.Error(t, err)
			assert.ErrorIs(t, err, tt.kind)
			assert.ErrorContains(t, err, tt.message)
			assert.Equal(t, before, a)
			checkMessage(t, err)
		})
	}
}

func TestJSONInStruct(t *testing.T) {
	t.Parallel()
	type order struct {
		Paid money.Amount                 `json:"paid"`
		Rest *money.Amount                `json:"rest"`
		Fees map[money.Amount]string      `json:"fees"`
		Tax  map[string]money.Amount      `json:"tax"`
		None struct{ Value money.Amount } `json:"none"`
	}
	in := order{
		Paid: money.MustParse("10.00 TRY"),
		Fees: map[money.Amount]string{money.MustParse("1.00 TRY"): "a"},
		Tax:  map[string]money.Amount{"b": money.MustParse("2.00 TRY")},
	}
	data, err := json.Marshal(in)
	require.NoError(t, err)
	assert.Equal(t, `{"paid":{"amount":"10.00","currency":"TRY"},"rest":null,"fees":{"1.00 TRY":"a"},`+
		`"tax":{"b":{"amount":"2.00","currency":"TRY"}},"none":{"Value":null}}`, string(data))
	var out order
	require.NoError(t, json.Unmarshal(data, &out))
	assert.Equal(t, in, out)
}

func TestUnmarshalTextRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"space":     " ",
		"no number": "TRY",
		"decimals":  "1.005 TRY",
		"megabyte":  strings.Repeat("1", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := money.MustParse("1 JPY")
			a := before
			err := a.UnmarshalText([]byte(text))
			require.Error(t, err)
			assert.Equal(t, before, a)
			checkMessage(t, err)
		})
	}
}

func TestScan(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]any{"string": "10.00 TRY", "bytes": []byte("10.00 TRY")} {
		var a money.Amount
		require.NoError(t, a.Scan(src), name)
		assert.Equal(t, money.MustParse("10.00 TRY"), a, name)
	}

	for name, tt := range map[string]struct {
		src     any
		kind    error
		message string
	}{
		"integer":         {int64(1000), money.ErrSyntax, "an SQL value of type int64"},
		"floating point":  {10.5, money.ErrSyntax, "an SQL value of type float64"},
		"boolean":         {true, money.ErrSyntax, "type bool"},
		"amount":          {money.MustParse("1.00 TRY"), money.ErrSyntax, "type money.Amount"},
		"empty string":    {"", money.ErrSyntax, "not an amount"},
		"empty bytes":     {[]byte{}, money.ErrSyntax, "not an amount"},
		"no currency":     {"10.00", money.ErrSyntax, "not an amount"},
		"padded CHAR":     {"10.00 TRY   ", money.ErrSyntax, "not an amount"},
		"unknown":         {"10.00 ABC", money.ErrCurrency, "not a currency"},
		"megabyte":        {strings.Repeat("1", 1<<20), money.ErrSyntax, "too long"},
		"megabyte, bytes": {bytes.Repeat([]byte("1"), 1<<20), money.ErrSyntax, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := money.MustParse("1 JPY")
			a := before
			err := a.Scan(tt.src)
			require.Error(t, err)
			assert.ErrorIs(t, err, tt.kind)
			assert.ErrorContains(t, err, tt.message)
			assert.Equal(t, before, a)
			checkMessage(t, err)
		})
	}
}

// FuzzUnmarshalJSON compares with decoding into a map, which shows unknown
// fields but neither repeated ones nor their case. So the oracle says what an
// accepted amount has to be, and of a refused one only that it isn't the form
// that MarshalJSON gives.
func FuzzUnmarshalJSON(f *testing.F) {
	f.Add([]byte(`{"amount":"10.00","currency":"TRY"}`))
	f.Add([]byte(`{"amount":10.00,"currency":"TRY"}`))
	f.Add([]byte(`{"amount":"1","currency":"TRY","amount":"2"}`))
	f.Add([]byte(`"10.00 TRY"`))
	f.Add([]byte(`null`))
	f.Add([]byte(`{"amount":"1","currency":"TRY",}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		before := money.MustParse("1 JPY")
		a := before
		if err := a.UnmarshalJSON(data); err != nil {
			require.Equal(t, before, a)
			checkMessage(t, err)
			var fields map[string]string
			if json.Unmarshal(data, &fields) == nil {
				if want, err := money.New(fields["amount"], fields["currency"]); err == nil {
					canonical, _ := want.MarshalJSON()
					require.NotEqual(t, string(canonical), string(data), "refused its own form")
				}
			}
			return
		}
		require.True(t, json.Valid(data), "accepted what is not JSON")

		var fields map[string]string
		var text string
		switch {
		case json.Unmarshal(data, &text) == nil && text != "":
			want, err := money.Parse(text)
			require.NoError(t, err)
			require.Equal(t, want, a)
		case json.Unmarshal(data, &fields) == nil && fields != nil:
			require.Len(t, fields, 2)
			want, err := money.New(fields["amount"], fields["currency"])
			require.NoError(t, err)
			require.Equal(t, want, a)
		default:
			require.Equal(t, "null", string(bytes.TrimSpace(data)))
			require.Equal(t, money.Amount{}, a)
		}

		again, err := a.MarshalJSON()
		require.NoError(t, err)
		var b money.Amount
		require.NoError(t, b.UnmarshalJSON(again))
		require.Equal(t, a, b)
	})
}
