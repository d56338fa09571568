package redstone_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/redstone"
)

const (
	accepted = `{"status":"success","code":200,"message":"refund queued successfully","data":{"status":"pending","reference":""}}`

	phone   = "260977123456"
	mail    = "jane.doe@example.com"
	webhook = "https://shop.example/redstone?token=T0ken&order=7"
)

// sampleB are the fields that only the documents' newer sample has.
func sampleB() map[string]string {
	return map[string]string{
		"redstone.country": "Zambia", "redstone.currency": "ZMW", "redstone.narration": "testing",
		"redstone.transfer_to": "mobile_number", "redstone.email": "", "redstone.momo_phone_number": phone,
	}
}

// Golden requests, and plans that equal them but for what must not be shown.
func TestGoldenRequests(t *testing.T) {
	t.Parallel()
	sampleA := partial("0.10 ZMW")
	sampleA.Reason, sampleA.CallbackURL = "testing refund reason", "https://shop.example/redstone"

	b := partial("1.00 ZMW")
	b.Params, b.CallbackURL = sampleB(), "https://shop.example/redstone"

	dashboard := partial("100.00 ZMW")
	dashboard.Reason = "damaged"

	all := full("143.00 ZMW")
	all.Reason, all.CallbackURL, all.Key, all.NotifyCustomer = "not as described", webhook, "K-1", true
	all.Params = sampleB()
	all.Params["redstone.email"] = mail
	all.Params["tarlan.type"] = "in" // another gateway's

	for name, c := range map[string]struct {
		req  refund.Request
		file string
	}{
		"sample A":  {sampleA, "sample_a.http"},
		"sample B":  {b, "sample_b.http"},
		"dashboard": {dashboard, "dashboard.http"},
		"full":      {full("143.00 ZMW"), "full.http"},
		"all":       {all, "all.http"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorder := &adaptertest.Recorder{Body: accepted}
			p := provider(t, config(recorder))
			plan, err := p.Plan(t.Context(), c.req)
			require.NoError(t, err)
			assert.Empty(t, recorder.Sent(), "a plan sends nothing")

			_, err = p.Refund(t.Context(), c.req)
			require.NoError(t, err)
			sent := recorder.One(t)
			adaptertest.Golden(t, "requests/"+c.file, sent.String())

			hidden := []string{secretKey, publicKey, phone, mail}
			assert.Equal(t, sent.Plan(secretKey, "***", publicKey, "***", phone, "***", mail, "***",
				`token=T0ken\u0026order=7`, "***"), plan)
			adaptertest.NoLeak(t, plan, append(hidden, "T0ken")...)
			adaptertest.NoLeak(t, plan.String(), append(hidden, "T0ken")...)
		})
	}
}

// Both environments have one address; the keys decide.
func TestAddress(t *testing.T) {
	t.Parallel()
	const path = "/v1/payment/refunds/process"
	for name, c := range map[string]struct{ base, want string }{
		"its own":         {"", "https://api.gateway.redstonepgs.com" + path},
		"another":         {"https://gate.example:8443/", "https://gate.example:8443" + path},
		"behind a prefix": {"https://gate.example/redstone/", "https://gate.example/redstone" + path},
		"loopback":        {"http://[::1]:8080", "http://[::1]:8080" + path},
	} {
		for environment, key := range map[refund.Environment]string{refund.Sandbox: "test", refund.Production: "live"} {
			t.Run(name+", "+string(environment), func(t *testing.T) {
				t.Parallel()
				recorder := &adaptertest.Recorder{Body: accepted}
				p := provider(t, redstone.Config{
					SecretKey: "redSec_" + key + "_1", PublicKey: "redPub_" + key + "_1",
					Environment: environment, BaseURL: c.base, Transport: recorder,
				})
				_, err := p.Refund(t.Context(), partial("10.00 ZMW"))
				require.NoError(t, err)
				assert.Equal(t, c.want, recorder.One(t).URL)
			})
		}
	}
}

// A number travels exactly as asked, and a full refund as the paid amount.
func TestAmounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ amount, currency, want string }{
		{"19.99", "ZMW", "19.99"},
		{"1.15", "ZMW", "1.15"},
		{"0.29", "ZMW", "0.29"},
		{"4.35", "ZMW", "4.35"},
		{"0.01", "ZMW", "0.01"},
		{"0.10", "ZMW", "0.10"},
		{"10.00", "ZMW", "10.00"},
		{"1000000.00", "ZMW", "1000000.00"},
		{"92233720368547758.07", "ZMW", "92233720368547758.07"}, // the largest; a float would change it
		{"250", "UGX", "250"},
	} {
		t.Run(c.amount+" "+c.currency, func(t *testing.T) {
			t.Parallel()
			amount := c.amount + " " + c.currency
			for _, req := range []refund.Request{partial(amount), full(amount)} {
				recorder := &adaptertest.Recorder{Body: accepted}
				cfg := config(recorder)
				cfg.Currency = c.currency
				res, err := provider(t, cfg).Refund(t.Context(), req)
				require.NoError(t, err)
				want := `{"amount":` + c.want + `,"payment_reference":"` + paymentID + `","reason":"Refund requested by the merchant"}`
				assert.Equal(t, want, recorder.One(t).Body)
				assert.Equal(t, money.MustParse(amount), res.Amount)
				assert.Equal(t, req.Kind, res.Kind)
			}
		})
	}
}

// An unset field is left out, never sent empty: what an empty one does, nobody
// knows, and one of them says where the money goes.
func TestUnsetFieldsAreLeftOut(t *testing.T) {
	t.Parallel()
	names := []string{"country", "currency", "narration", "transfer_to", "email", "momo_phone_number"}
	for _, given := range names {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			req := partial("10.00 ZMW")
			req.Params = make(map[string]string)
			for _, name := range names {
				req.Params["redstone."+name] = ""
			}
			value := "ZMW"
			req.Params["redstone."+given] = value
			recorder := &adaptertest.Recorder{Body: accepted}
			_, err := provider(t, config(recorder)).Refund(t.Context(), req)
			require.NoError(t, err)
			var sent map[string]any
			require.NoError(t, json.Unmarshal([]byte(recorder.One(t).Body), &sent))
			assert.Equal(t, map[string]any{
				"amount": 10.0, "payment_reference": paymentID, "reason": "Refund requested by the merchant", given: value,
			}, sent)
		})
	}
}

// What the caller gives is sent as it is, whatever stands in it.
func TestTextsAreSentAsGiven(t *testing.T) {
	t.Parallel()
	req := refund.Partial(`PY_"x\y</script>&ж`, money.MustParse("10.00 ZMW"))
	req.Reason = "word one, word two \"quoted\" \\ ж\u2028"
	req.CallbackURL = "https://shop.example/?a=1&b=%20"
	req.Params = map[string]string{"redstone.country": "Côte d'Ivoire", "redstone.narration": `","amount":1000,"x":"`}
	recorder := &adaptertest.Recorder{Body: accepted}
	_, err := provider(t, config(recorder)).Refund(t.Context(), req)
	require.NoError(t, err)
	var sent map[string]any
	require.NoError(t, json.Unmarshal([]byte(recorder.One(t).Body), &sent))
	assert.Equal(t, map[string]any{
		"amount": 10.0, "payment_reference": req.Payment.ID, "reason": req.Reason, "webhook_url": req.CallbackURL,
		"country": "Côte d'Ivoire", "narration": `","amount":1000,"x":"`,
	}, sent)
}

// Who asks for a refund is nobody's business but ours, and a reason of blanks is none.
func TestC42_BlankReasonAndBy(t *testing.T) {
	t.Parallel()
	req := partial("10.00 ZMW")
	req.Reason, req.By = " \u00a0", "Ayşe"
	recorder := &adaptertest.Recorder{Body: accepted}
	_, err := provider(t, config(recorder)).Refund(t.Context(), req)
	require.NoError(t, err)
	assert.Contains(t, recorder.One(t).Body, `"reason":"Refund requested by the merchant"`)
	assert.NotContains(t, recorder.One(t).Body, "Ayşe")
}

// A plan is shown to people who need not know the customer.
func TestPlanHidesPersonalData(t *testing.T) {
	t.Parallel()
	req := partial("10.00 ZMW")
	req.Payment.ID = "260977000111222" // looks like a phone number, and is none
	req.Reason = "asked by " + mail + " from " + phone
	req.CallbackURL = webhook
	req.Params = map[string]string{
		"redstone.email": mail, "redstone.momo_phone_number": phone,
		"redstone.narration": "call +" + phone, "redstone.transfer_to": "mobile_number",
	}
	before := maps.Clone(req.Params)
	plan, err := provider(t, config(adaptertest.MustNotSend(t))).Plan(t.Context(), req)
	require.NoError(t, err)
	adaptertest.NoLeak(t, plan, mail, phone, "T0ken", secretKey, publicKey)
	adaptertest.NoLeak(t, plan.String(), mail, phone, "T0ken", secretKey, publicKey)
	assert.Contains(t, plan.Body, `"payment_reference":"260977000111222"`)
	assert.Contains(t, plan.Body, `"transfer_to":"mobile_number"`)
	assert.Contains(t, plan.Body, `"amount":10.00`)
	assert.Equal(t, before, req.Params, "the caller's own")
}

// All of these are refused before anything leaves, by Refund and Plan alike.
func TestNothingIsSent(t *testing.T) {
	t.Parallel()
	edited := func(req refund.Request, edit func(*refund.Request)) refund.Request {
		edit(&req)
		return req
	}
	param := func(name, value string) refund.Request {
		return edited(partial("10.00 ZMW"), func(r *refund.Request) { r.Params = map[string]string{name: value} })
	}
	for name, c := range map[string]struct {
		req  refund.Request
		code refund.Code
		text string
	}{
		"no kind":              {refund.Request{Payment: refund.Payment{ID: paymentID}}, refund.InvalidRequest, "Kind"},
		"no amount":            {refund.Partial(paymentID, money.Amount{}), refund.InvalidAmount, "needs an Amount"},
		"zero":                 {partial("0.00 ZMW"), refund.InvalidAmount, "more than zero"},
		"negative":             {partial("-10.00 ZMW"), refund.InvalidAmount, "more than zero"},
		"another currency":     {partial("10.00 USD"), refund.InvalidAmount, "USD"},
		"more than was paid":   {edited(partial("10.00 ZMW"), func(r *refund.Request) { r.Payment.Amount = money.MustParse("9.99 ZMW") }), refund.ExceedsRefundable, "9.99 ZMW"},
		"paid in another":      {edited(partial("10.00 ZMW"), func(r *refund.Request) { r.Payment.Amount = money.MustParse("10.00 USD") }), refund.InvalidAmount, "Payment.Amount"},
		"full, amount unknown": {refund.Full(paymentID), refund.InvalidRequest, "Payment.Amount"},
		"full with an amount":  {edited(full("10.00 ZMW"), func(r *refund.Request) { r.Amount = money.MustParse("5.00 ZMW") }), refund.InvalidRequest, "refund.Partial"},
		"full of zero":         {full("0.00 ZMW"), refund.InvalidRequest, "Payment.Amount"},
		"full in another":      {full("10.00 USD"), refund.InvalidAmount, "USD"},
		"remaining":            {edited(partial("10.00 ZMW"), func(r *refund.Request) { r.Remaining = money.MustParse("10.00 ZMW") }), refund.InvalidRequest, "Remaining"},
		"no id":                {edited(partial("10.00 ZMW"), func(r *refund.Request) { r.Payment.ID = "" }), refund.InvalidRequest, "Payment.ID"},
		"id of two lines":      {edited(partial("10.00 ZMW"), func(r *refund.Request) { r.Payment.ID = "PY_1\nPY_2" }), refund.InvalidRequest, "Payment.ID"},
		"webhook without TLS":  {edited(partial("10.00 ZMW"), func(r *refund.Request) { r.CallbackURL = "http://shop.example/" }), refund.InvalidRequest, "CallbackURL"},
		"unknown parameter":    {param("redstone.phone", phone), refund.InvalidRequest, "redstone.phone"},
		"a capital":            {param("redstone.Email", mail), refund.InvalidRequest, "redstone.Email"},
		"no prefix":            {param("momo_phone_number", phone), refund.InvalidRequest, "momo_phone_number"},
		"another's currency":   {param("redstone.currency", "USD"), refund.InvalidRequest, "redstone.currency"},
		"currency in small":    {param("redstone.currency", "zmw"), refund.InvalidRequest, "redstone.currency"},
		"a broken phone":       {param("redstone.momo_phone_number", "2609\x0077"), refund.InvalidRequest, "momo_phone_number"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := provider(t, config(adaptertest.MustNotSend(t)))
			res, err := p.Refund(t.Context(), c.req)
			want := adaptertest.Claim{Status: refund.StatusNotSent, Code: c.code}
			assert.Equal(t, want, adaptertest.Of(t, res, err))
			assert.Contains(t, adaptertest.Error(t, err).Message, c.text)
			adaptertest.NoLeak(t, err, phone, mail)

			plan, err := p.Plan(t.Context(), c.req)
			assert.Nil(t, plan)
			assert.Equal(t, want, adaptertest.Of(t, nil, err))
		})
	}
}
