package tarlan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/tarlan"
)

const accepted = `{"status":true,"message":"Success","result":"success"}`

// Golden requests, and plans that equal them but for the signature. The
// signatures of partial and fraction are the vectors V3 and V4.
func TestGoldenRequests(t *testing.T) {
	t.Parallel()
	largest := partial("10.00 KZT")
	largest.Payment.ID = "9007199254740992"
	full, everything := full("250.00 KZT"), partial("10.00 KZT")
	everything.Key, everything.Reason, everything.NotifyCustomer = "K-1", "why not", true
	everything.CallbackURL = "https://shop.example/refunds?token=T"
	everything.Payment.Amount = money.MustParse("250.00 KZT")
	everything.Params = map[string]string{"tarlan.type": "in", "tarlan.project_reference_id": "sanch92116", "redstone.email": "a@b.example"}
	for name, c := range map[string]struct {
		edit func(*tarlan.Config)
		req  refund.Request
		file string
	}{
		"partial":    {func(*tarlan.Config) {}, partial("10.00 KZT"), "partial.http"},
		"full":       {func(*tarlan.Config) {}, full, "full.http"},
		"largest id": {func(*tarlan.Config) {}, largest, "largest_id.http"},
		"sandbox":    {func(c *tarlan.Config) { c.Environment = refund.Sandbox }, partial("10.00 KZT"), "sandbox.http"},
		"fraction":   {func(c *tarlan.Config) { c.Fractions = true }, partial("10.50 KZT"), "fraction.http"},
		// Tarlan takes nothing but an amount and an id.
		"all that a request can hold": {func(*tarlan.Config) {}, everything, "partial.http"},
		// Fractions change nothing for whole tenge.
		"whole tenge with fractions": {func(c *tarlan.Config) { c.Fractions = true }, partial("10.00 KZT"), "partial.http"},
		"project and merchant":       {func(c *tarlan.Config) { c.MerchantID, c.ProjectID = 1, 42 }, partial("10.00 KZT"), "partial.http"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorder := &adaptertest.Recorder{Body: accepted}
			cfg := config(recorder)
			c.edit(&cfg)
			p := provider(t, cfg)
			plan, err := p.Plan(t.Context(), c.req)
			require.NoError(t, err)
			assert.Empty(t, recorder.Sent(), "a plan sends nothing")

			_, err = p.Refund(t.Context(), c.req)
			require.NoError(t, err)
			sent := recorder.One(t)
			adaptertest.Golden(t, "requests/"+c.file, sent.String())

			signature := strings.TrimPrefix(sent.Header.Get("Authorization"), "Bearer ")
			assert.Len(t, signature, 64)
			assert.Equal(t, sent.Plan(signature, "***"), plan)
			adaptertest.NoLeak(t, plan, signature, secret)
			adaptertest.NoLeak(t, *plan, signature, secret)
			adaptertest.NoLeak(t, plan.String(), signature, secret)
		})
	}
}

// The path is another one in the sandbox, and BaseURL replaces neither.
func TestAddress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		environment refund.Environment
		base, want  string
	}{
		"production":        {refund.Production, "", "https://prapi.tarlanpayments.kz/refund/api/v1/system/refund/partial"},
		"sandbox":           {refund.Sandbox, "", "https://sandboxapi.tarlanpayments.kz/transaction/api/v1/system/refund/partial"},
		"other production":  {refund.Production, "https://gate.example", "https://gate.example/refund/api/v1/system/refund/partial"},
		"other sandbox":     {refund.Sandbox, "https://gate.example:8443/", "https://gate.example:8443/transaction/api/v1/system/refund/partial"},
		"behind a prefix":   {refund.Sandbox, "https://gate.example/tarlan/", "https://gate.example/tarlan/transaction/api/v1/system/refund/partial"},
		"loopback, no TLS":  {refund.Sandbox, "http://127.0.0.1:8080", "http://127.0.0.1:8080/transaction/api/v1/system/refund/partial"},
		"its own host, too": {refund.Sandbox, "https://sandboxapi.tarlanpayments.kz", "https://sandboxapi.tarlanpayments.kz/transaction/api/v1/system/refund/partial"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorder := &adaptertest.Recorder{Body: accepted}
			cfg := config(recorder)
			cfg.Environment, cfg.BaseURL = c.environment, c.base
			_, err := provider(t, cfg).Refund(t.Context(), partial("10.00 KZT"))
			require.NoError(t, err)
			assert.Equal(t, c.want, recorder.One(t).URL)
		})
	}
}

// A number travels exactly as asked, and a full refund as the paid amount.
func TestAmounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount    string
		currency  string
		fractions bool
		want      string
	}{
		{"1.00", "", false, "1"},
		{"10.00", "", false, "10"},
		{"1000000.00", "", false, "1000000"},
		{"92233720368547758.00", "", false, "92233720368547758"}, // the largest
		{"10.00", "", true, "10"},
		{"10.50", "", true, "10.5"},
		{"19.99", "", true, "19.99"},
		{"1.15", "", true, "1.15"},
		{"0.29", "", true, "0.29"},
		{"4.35", "", true, "4.35"},
		{"0.01", "", true, "0.01"},
		{"0.10", "", true, "0.1"},
		{"100", "JPY", false, "100"},
		{"100.000", "KWD", false, "100"},
		{"0.005", "KWD", true, "0.005"},
	} {
		t.Run(c.amount+c.currency, func(t *testing.T) {
			t.Parallel()
			currency := c.currency
			if currency == "" {
				currency = "KZT"
			}
			for _, req := range []refund.Request{partial(c.amount + " " + currency), full(c.amount + " " + currency)} {
				recorder := &adaptertest.Recorder{Body: accepted}
				cfg := config(recorder)
				cfg.Currency, cfg.Fractions = c.currency, c.fractions
				res, err := provider(t, cfg).Refund(t.Context(), req)
				require.NoError(t, err)
				assert.Equal(t, `{"amount":`+c.want+`,"transaction_id":999}`, recorder.One(t).Body)
				assert.Equal(t, money.MustParse(c.amount+" "+currency), res.Amount)
				assert.Equal(t, req.Kind, res.Kind)
			}
		})
	}
}

// All of these are refused before anything leaves, by Refund and Plan alike.
func TestNothingIsSent(t *testing.T) {
	t.Parallel()
	edited := func(req refund.Request, edit func(*refund.Request)) refund.Request {
		edit(&req)
		return req
	}
	withID := func(id string) refund.Request {
		return edited(partial("10.00 KZT"), func(r *refund.Request) { r.Payment.ID = id })
	}
	for name, c := range map[string]struct {
		req  refund.Request
		code refund.Code
		text string
	}{
		"no kind":              {refund.Request{Payment: refund.Payment{ID: "999"}}, refund.InvalidRequest, "Kind"},
		"no amount":            {refund.Partial("999", money.Amount{}), refund.InvalidAmount, "needs an Amount"},
		"zero":                 {partial("0.00 KZT"), refund.InvalidAmount, "more than zero"},
		"negative":             {partial("-10.00 KZT"), refund.InvalidAmount, "more than zero"},
		"another currency":     {partial("10.00 RUB"), refund.InvalidAmount, "RUB"},
		"finer than a tenge":   {partial("10.50 KZT"), refund.InvalidAmount, "multiple of 1.00 KZT"},
		"less than a tenge":    {partial("0.99 KZT"), refund.InvalidAmount, "multiple of 1.00 KZT"},
		"more than was paid":   {edited(partial("10.00 KZT"), func(r *refund.Request) { r.Payment.Amount = money.MustParse("9.00 KZT") }), refund.ExceedsRefundable, "10.00 KZT"},
		"paid in another":      {edited(partial("10.00 KZT"), func(r *refund.Request) { r.Payment.Amount = money.MustParse("10.00 RUB") }), refund.InvalidAmount, "Payment.Amount"},
		"full, amount unknown": {refund.Full("999"), refund.InvalidRequest, "Payment.Amount"},
		"full with an amount":  {edited(full("10.00 KZT"), func(r *refund.Request) { r.Amount = money.MustParse("5.00 KZT") }), refund.InvalidRequest, "refund.Partial"},
		"full of zero":         {full("0.00 KZT"), refund.InvalidRequest, "Payment.Amount"},
		"full of a fraction":   {full("10.50 KZT"), refund.InvalidAmount, "multiple of 1.00 KZT"},
		"full in another":      {full("10.00 RUB"), refund.InvalidAmount, "RUB"},
		"remaining":            {edited(partial("10.00 KZT"), func(r *refund.Request) { r.Remaining = money.MustParse("10.00 KZT") }), refund.InvalidRequest, "Remaining"},
		"unknown parameter":    {edited(partial("10.00 KZT"), func(r *refund.Request) { r.Params = map[string]string{"tarlan.kind": "in"} }), refund.InvalidRequest, "tarlan.kind"},
		"parameter, no prefix": {edited(partial("10.00 KZT"), func(r *refund.Request) { r.Params = map[string]string{"type": "in"} }), refund.InvalidRequest, "type"},
		"no id":                {withID(""), refund.InvalidRequest, "Payment.ID"},
		"id a word":            {withID("refund"), refund.InvalidRequest, "transaction_id"},
		"id zero":              {withID("0"), refund.InvalidRequest, "transaction_id"},
		"id negative":          {withID("-999"), refund.InvalidRequest, "transaction_id"},
		"id with a plus":       {withID("+999"), refund.InvalidRequest, "transaction_id"},
		"id with a zero":       {withID("0999"), refund.InvalidRequest, "transaction_id"},
		"id with a fraction":   {withID("999.0"), refund.InvalidRequest, "transaction_id"},
		"id with an exponent":  {withID("9e2"), refund.InvalidRequest, "transaction_id"},
		"id with underscores":  {withID("9_99"), refund.InvalidRequest, "transaction_id"},
		"id hexadecimal":       {withID("0x3e7"), refund.InvalidRequest, "transaction_id"},
		"id in other digits":   {withID("٩٩٩"), refund.InvalidRequest, "transaction_id"},
		"C48 id above 2^53":    {withID("9007199254740993"), refund.InvalidRequest, "transaction_id of at most 2^53 (9007199254740992)"},
		"C48 id beyond all":    {withID("99999999999999999999"), refund.InvalidRequest, "transaction_id of at most 2^53 (9007199254740992)"},
		"id and JSON":          {withID(`999,"amount":1`), refund.InvalidRequest, "transaction_id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := provider(t, config(adaptertest.MustNotSend(t)))
			res, err := p.Refund(t.Context(), c.req)
			want := adaptertest.Claim{Status: refund.StatusNotSent, Code: c.code}
			assert.Equal(t, want, adaptertest.Of(t, res, err))
			assert.Contains(t, adaptertest.Error(t, err).Message, c.text)

			plan, err := p.Plan(t.Context(), c.req)
			assert.Nil(t, plan)
			assert.Equal(t, want, adaptertest.Of(t, nil, err))
		})
	}
}
