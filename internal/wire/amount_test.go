package wire_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/internal/wire"
	"github.com/gorefund/refund/money"
)

func TestAmount(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ object, want string }{
		"absent":             {`{"currency":"PHP"}`, ""},
		"null":               {`{"amount":null,"currency":5}`, ""},
		"text":               {`{"amount":"30.00","currency":"PHP"}`, "30.00 PHP"},
		"number":             {`{"amount":30,"currency":"PHP"}`, "30.00 PHP"},
		"one decimal":        {`{"amount":30.5}`, "30.50 PHP"},
		"no currency":        {`{"amount":"30"}`, "30.00 PHP"},
		"currency null":      {`{"amount":"30","currency":null}`, "30.00 PHP"},
		"another currency":   {`{"amount":"30","currency":"JPY"}`, "30 JPY"},
		"three decimals":     {`{"amount":"1.500","currency":"KWD"}`, "1.500 KWD"},
		"exponent":           {`{"amount":1e2}`, "unreadable"},
		"exponent as text":   {`{"amount":"1e2"}`, "unreadable"},
		"separator":          {`{"amount":"1,000.00"}`, "unreadable"},
		"currency in it":     {`{"amount":"5.00 USD"}`, "unreadable"},
		"a float's dust":     {`{"amount":29.999999999999996}`, "unreadable"},
		"too fine":           {`{"amount":"30.000"}`, "unreadable"},
		"no number":          {`{"amount":"x"}`, "unreadable"},
		"empty":              {`{"amount":""}`, "unreadable"},
		"zero":               {`{"amount":0}`, "unreadable"},
		"negative":           {`{"amount":"-30.00"}`, "unreadable"},
		"a boolean":          {`{"amount":true}`, "unreadable"},
		"an object":          {`{"amount":{"value":"30.00"}}`, "unreadable"},
		"a list":             {`{"amount":[30]}`, "unreadable"},
		"twice":              {`{"amount":30,"amount":30}`, "unreadable"},
		"in another case":    {`{"Amount":30}`, "unreadable"},
		"currency twice":     {`{"amount":30,"currency":"PHP","currency":"PHP"}`, "unreadable"},
		"currency a number":  {`{"amount":30,"currency":608}`, "unreadable"},
		"currency empty":     {`{"amount":30,"currency":""}`, "unreadable"},
		"no currency of ISO": {`{"amount":30,"currency":"php"}`, "unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var amount, currency wire.Text
			require.NoError(t, wire.Read([]byte(tt.object), []wire.Field{{Name: "amount", Text: &amount}, {Name: "currency", Text: &currency}}))
			got, unreadable := wire.Amount(amount, currency, "PHP")
			assert.Equal(t, tt.want == "unreadable", unreadable)
			if tt.want == "" || unreadable {
				assert.Equal(t, money.Amount{}, got)
			} else {
				assert.Equal(t, money.MustParse(tt.want), got)
			}
		})
	}
}
