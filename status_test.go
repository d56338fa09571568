package refund_test

import (
	"encoding"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
)

func TestStatusWordsAndMoney(t *testing.T) {
	t.Parallel()
	assert.Equal(t, refund.StatusUnknown, refund.Status(0), "the zero value is the careful one")
	assert.Equal(t, refund.Maybe, refund.Moved(0))
	for status, tt := range map[refund.Status]struct {
		word  string
		moved refund.Moved
	}{
		refund.StatusUnknown:   {"unknown", refund.Maybe},
		refund.StatusNotSent:   {"not_sent", refund.No},
		refund.StatusRefused:   {"refused", refund.No},
		refund.StatusPending:   {"pending", refund.Maybe},
		refund.StatusSucceeded: {"succeeded", refund.Yes},
		refund.StatusFailed:    {"failed", refund.No},
		refund.StatusReversed:  {"reversed", refund.No},
		refund.Status(7):       {"unknown", refund.Maybe},
		refund.Status(255):     {"unknown", refund.Maybe},
	} {
		t.Run(fmt.Sprint(uint8(status)), func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.word, status.String())
			assert.Equal(t, tt.moved, status.MoneyMoved())
			text, err := status.MarshalText()
			require.NoError(t, err)
			assert.Equal(t, tt.word, string(text))
			var back refund.Status
			require.NoError(t, back.UnmarshalText(text))
			assert.Equal(t, tt.moved, back.MoneyMoved())
			if status <= refund.StatusReversed {
				assert.Equal(t, status, back)
			}
		})
	}
}

func TestKindWords(t *testing.T) {
	t.Parallel()
	for kind, word := range map[refund.Kind]string{0: "", refund.KindFull: "full", refund.KindPartial: "partial"} {
		text, err := kind.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, word, string(text))
		back := refund.Kind(9)
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, kind, back)
	}
	text, err := refund.Kind(9).MarshalText()
	require.NoError(t, err)
	assert.Empty(t, string(text), "an unlisted kind must not come back as a kind")
}

func TestUnknownWordsAreRefused(t *testing.T) {
	t.Parallel()
	words := []string{"Succeeded", "SUCCEEDED", " succeeded", "succeeded\n", "success", "not sent", "Full", "FULL", "ful", "partially", "1", "null", "\x00"}
	for _, word := range words {
		t.Run(fmt.Sprintf("%q", word), func(t *testing.T) {
			t.Parallel()
			status, kind := refund.StatusRefused, refund.KindPartial
			for name, u := range map[string]encoding.TextUnmarshaler{"status": &status, "kind": &kind} {
				err := u.UnmarshalText([]byte(word))
				require.Error(t, err, name)
				assert.Contains(t, err.Error(), name)
				var e *refund.Error
				assert.NotErrorAs(t, err, &e, "it is no answer to a call: its Status would mean something")
			}
			assert.Equal(t, refund.StatusRefused, status, "changed by a failure")
			assert.Equal(t, refund.KindPartial, kind, "changed by a failure")
		})
	}
	status := refund.StatusRefused
	require.Error(t, status.UnmarshalText(nil), "an empty status is not a status")
	assert.Equal(t, refund.StatusRefused, status)
}

func TestUnknownWordsAreBounded(t *testing.T) {
	t.Parallel()
	long := make([]byte, 1<<20)
	var status refund.Status
	var kind refund.Kind
	assert.Less(t, len(status.UnmarshalText(long).Error()), 300)
	assert.Less(t, len(kind.UnmarshalText(long).Error()), 300)
}

// Words that are only written.
func TestOtherWords(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]interface {
		fmt.Stringer
		encoding.TextMarshaler
	}{
		"maybe": refund.Maybe, "no": refund.No, "yes": refund.Yes,
		"none": refund.TrustNone, "token": refund.TrustToken, "signed": refund.TrustSigned,
		"assumed": refund.Assumed, "observed": refund.Observed, "documented": refund.Documented,
		"unsupported": refund.FullUnsupported, "native": refund.FullNative, "by amount": refund.FullByAmount,
		"unknown": refund.NobodyKnows, "unsigned": refund.CallbackUnsigned,
	} {
		assert.Equal(t, want, v.String())
		text, err := v.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
	}
	assert.Equal(t, "yes", refund.Can.String())
	assert.Equal(t, "no", refund.Cannot.String())
	assert.Equal(t, "none", refund.CallbackNone.String())
	assert.Equal(t, "signed", refund.CallbackSigned.String())

	// Outside the list the careful word, which is that of the zero value.
	assert.Equal(t, "maybe", refund.Moved(9).String())
	assert.Equal(t, "none", refund.Trust(9).String())
	assert.Equal(t, "assumed", refund.Evidence(9).String())
	assert.Equal(t, "unsupported", refund.FullMode(9).String())
	assert.Equal(t, "unknown", refund.Answer(9).String())
	assert.Equal(t, "none", refund.CallbackMode(9).String())
}

func TestRequestJSON(t *testing.T) {
	t.Parallel()
	everything := refund.Request{
		Kind: refund.KindPartial, Provider: "shop", Key: "K-1",
		Payment:   refund.Payment{ID: "TRX-1", Amount: amount("25.00 PHP"), PaidAt: noon},
		Amount:    amount("10.00 PHP"),
		Remaining: amount("25.00 PHP"),
		Reason:    "broken", NotifyCustomer: true, CallbackURL: "https://shop.example/cb",
		Params: map[string]string{"fake.note": "n"},
	}
	zero := refund.Partial("TRX-1", amount("0.00 PHP"))
	for name, tt := range map[string]struct {
		req  refund.Request
		want string
	}{
		"full": {refund.Full("TRX-1"), `{"kind":"full","payment":{"id":"TRX-1","amount":null},"amount":null,"remaining":null}`},
		"partial": {refund.Partial("TRX-1", amount("10.00 PHP")),
			`{"kind":"partial","payment":{"id":"TRX-1","amount":null},"amount":{"amount":"10.00","currency":"PHP"},"remaining":null}`},
		"zero is not nothing": {zero,
			`{"kind":"partial","payment":{"id":"TRX-1","amount":null},"amount":{"amount":"0.00","currency":"PHP"},"remaining":null}`},
		"nothing": {refund.Request{}, `{"kind":"","payment":{"id":"","amount":null},"amount":null,"remaining":null}`},
		"everything": {everything, `{"kind":"partial","provider":"shop","key":"K-1",
			"payment":{"id":"TRX-1","amount":{"amount":"25.00","currency":"PHP"},"paid_at":"2024-05-06T12:00:00Z"},
			"amount":{"amount":"10.00","currency":"PHP"},"remaining":{"amount":"25.00","currency":"PHP"},
			"reason":"broken","notify_customer":true,"callback_url":"https://shop.example/cb","params":{"fake.note":"n"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := json.Marshal(tt.req)
			require.NoError(t, err)
			assert.JSONEq(t, tt.want, string(data))
			var back refund.Request
			require.NoError(t, json.Unmarshal(data, &back))
			assert.Equal(t, tt.req, back)
		})
	}
}

// A Request from outside: no drift of its shape becomes another refund.
func TestRequestFromJSON(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"amount as a number":       `{"kind":"partial","payment":{"id":"TRX-1"},"amount":10.00}`,
		"amount without currency":  `{"kind":"partial","payment":{"id":"TRX-1"},"amount":"10.00"}`,
		"amount's number unquoted": `{"kind":"partial","payment":{"id":"TRX-1"},"amount":{"amount":10.00,"currency":"PHP"}}`,
		"amount too fine":          `{"kind":"partial","payment":{"id":"TRX-1"},"amount":"10.001 PHP"}`,
		"amount with exponent":     `{"kind":"partial","payment":{"id":"TRX-1"},"amount":"1e3 PHP"}`,
		"amount as a list":         `{"kind":"partial","payment":{"id":"TRX-1"},"amount":["10.00 PHP"]}`,
		"kind as a number":         `{"kind":1,"payment":{"id":"TRX-1"}}`,
		"kind in capitals":         `{"kind":"FULL","payment":{"id":"TRX-1"}}`,
		"kind of another word":     `{"kind":"refund","payment":{"id":"TRX-1"}}`,
		"id as a number":           `{"kind":"full","payment":{"id":1}}`,
	} {
		t.Run("no JSON: "+name, func(t *testing.T) {
			t.Parallel()
			var req refund.Request
			require.Error(t, json.Unmarshal([]byte(text), &req))
		})
	}
	for name, tt := range map[string]struct {
		text string
		code refund.Code
	}{
		"no kind":          {`{"payment":{"id":"TRX-1"}}`, refund.InvalidRequest},
		"kind null":        {`{"kind":null,"payment":{"id":"TRX-1"}}`, refund.InvalidRequest},
		"kind empty":       {`{"kind":"","payment":{"id":"TRX-1"}}`, refund.InvalidRequest},
		"amount missing":   {`{"kind":"partial","payment":{"id":"TRX-1"}}`, refund.InvalidAmount},
		"amount null":      {`{"kind":"partial","payment":{"id":"TRX-1"},"amount":null}`, refund.InvalidAmount},
		"amount misspelt":  {`{"kind":"partial","payment":{"id":"TRX-1"},"amuont":"10.00 PHP"}`, refund.InvalidAmount},
		"amount misplaced": {`{"kind":"partial","payment":{"id":"TRX-1","amount":"10.00 PHP"}}`, refund.InvalidAmount},
		"amount of zero":   {`{"kind":"partial","payment":{"id":"TRX-1"},"amount":"0 PHP"}`, refund.InvalidAmount},
		"full with amount": {`{"kind":"full","payment":{"id":"TRX-1"},"amount":"10.00 PHP"}`, refund.InvalidRequest},
		"empty":            {`{}`, refund.InvalidRequest},
	} {
		t.Run("no refund: "+name, func(t *testing.T) {
			t.Parallel()
			var req refund.Request
			require.NoError(t, json.Unmarshal([]byte(tt.text), &req))
			p := accepting()
			_, err := refund.New(p).Refund(t.Context(), req)
			require.ErrorIs(t, err, tt.code)
			assert.Zero(t, p.calls.Load())
		})
	}
}

func TestResultJSON(t *testing.T) {
	t.Parallel()
	everything := refund.Result{
		Gateway: "fake", Key: "K-1", Status: refund.StatusPending, Kind: refund.KindPartial, PaymentID: "TRX-1", RefundID: "R-1",
		Amount: amount("10.00 PHP"), Code: "00", Message: "ok", Replayed: true, At: noon,
	}
	data, err := json.Marshal(everything)
	require.NoError(t, err)
	assert.JSONEq(t, `{"gateway":"fake","key":"K-1","status":"pending","kind":"partial","payment_id":"TRX-1","refund_id":"R-1",
		"amount":{"amount":"10.00","currency":"PHP"},"code":"00","message":"ok","replayed":true,"at":"2024-05-06T12:00:00Z"}`, string(data))
	var back refund.Result
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Equal(t, everything, back)

	data, err = json.Marshal(refund.Result{Status: refund.StatusSucceeded, Kind: refund.KindFull, At: noon})
	require.NoError(t, err)
	assert.JSONEq(t, `{"gateway":"","status":"succeeded","kind":"full","payment_id":"","amount":null,"at":"2024-05-06T12:00:00Z"}`, string(data))
}

func TestPlanString(t *testing.T) {
	t.Parallel()
	p := refund.Plan{
		Method: "POST", URL: "https://gateway.example/refund",
		Header: []refund.Header{{Name: "Accept", Value: "application/json"}, {Name: "Authorization", Value: "***"}},
		Body:   `{"id":1}`,
	}
	assert.Equal(t, "POST https://gateway.example/refund\nAccept: application/json\nAuthorization: ***\n\n{\"id\":1}\n", p.String())
}

func TestC47_PlanStringShowsWarnings(t *testing.T) {
	t.Parallel()
	p := refund.Plan{Method: "POST", URL: "https://gateway.example/refund", Body: "{}", Warnings: []string{"nobody adds up", "nobody looks"}}
	assert.Equal(t, "POST https://gateway.example/refund\n\n{}\n\nWarning: nobody adds up\n\nWarning: nobody looks\n", p.String())
}
