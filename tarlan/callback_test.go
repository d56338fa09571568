package tarlan_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/internal/callback"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/tarlan"
)

// reader is a Provider that is told the project of the samples.
func reader(t testing.TB) *tarlan.Provider {
	c := config(adaptertest.MustNotSend(t))
	c.MerchantID, c.ProjectID = 1, 42
	return provider(t, c)
}

func posted(body, authorization string) refund.Callback {
	return refund.Callback{
		Method: http.MethodPost, URL: "/tarlan", Body: []byte(body),
		Header: map[string][]string{"Content-Type": {"application/json"}, "Authorization": {authorization}},
	}
}

// bearer signs a text that is canonical.
func bearer(canonical string) string {
	sum := sha256.Sum256([]byte(base64.StdEncoding.EncodeToString([]byte(canonical)) + secret))
	return "Bearer " + hex.EncodeToString(sum[:])
}

// signedCallback is a callback whose body is canonical.
func signedCallback(body string) refund.Callback { return posted(body, bearer(body)) }

type sampleCallback struct{ Name, Source, Body, Signature string }

func sampleCallbacks(t testing.TB) map[string]sampleCallback {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "callbacks.json"))
	require.NoError(t, err)
	var all []sampleCallback
	require.NoError(t, json.Unmarshal(text, &all))
	named := make(map[string]sampleCallback)
	for _, c := range all {
		assert.NotEmpty(t, c.Source)
		named[c.Name] = c
	}
	return named
}

func (c sampleCallback) posted() refund.Callback { return posted(c.Body, "Bearer "+c.Signature) }

func TestParseCallback_Samples(t *testing.T) {
	t.Parallel()
	samples := sampleCallbacks(t)
	event := refund.Event{
		Gateway: "tarlan", PaymentID: "999", Status: refund.StatusSucceeded, Amount: money.MustParse("10.50 KZT"), Code: "refund",
		At: time.Date(2023, 10, 5, 10, 7, 9, 0, time.UTC), Trust: refund.TrustSigned,
	}
	waiting := event
	waiting.Status, waiting.Code, waiting.Amount, waiting.Message = refund.StatusPending, "refund_waiting", money.MustParse("10.00 KZT"), "Approved"
	ids := make(map[string]string)
	for name, want := range map[string]refund.Event{
		"refund": event, "refund_waiting": waiting, "text_go": event, "text_php": event, "text_python": event,
	} {
		got, err := reader(t).ParseCallback(t.Context(), samples[name].posted())
		require.NoError(t, err, name)
		require.NotEmpty(t, got.ID)
		ids[name] = got.ID
		want.ID = got.ID
		assert.Equal(t, &want, got, name)
	}
	assert.Equal(t, ids["text_go"], ids["text_php"], "the same callback, signed in another form")
	assert.Equal(t, ids["text_go"], ids["text_python"])
	assert.NotEqual(t, ids["refund"], ids["text_go"])
	assert.NotEqual(t, ids["refund"], ids["refund_waiting"])

	_, err := reader(t).ParseCallback(t.Context(), samples["success"].posted())
	require.ErrorIs(t, err, refund.NotARefund)
	assert.ErrorContains(t, err, `"success"`)
}

// What is not signed changes nothing: order, spaces, escapes, empty members and
// additional_data.
func TestParseCallback_SameText(t *testing.T) {
	t.Parallel()
	const canonical = `{"amount":10.5,"finished_at":"2023-10-05T10:07:09Z","merchant_id":1,"project_id":42,"status_code":"refund","transaction_id":999}`
	want, err := reader(t).ParseCallback(t.Context(), signedCallback(canonical))
	require.NoError(t, err)
	for name, body := range map[string]string{
		"order and spaces":                    " {\"transaction_id\" :999,\n\"status_code\":\"refund\",\"project_id\":42,\"merchant_id\":1,\"finished_at\":\"2023-10-05T10:07:09Z\",\"amount\":10.5}\r\n",
		"escapes":                             strings.Replace(canonical, `"refund"`, `"\u0072efund"`, 1),
		"numbers":                             strings.Replace(strings.Replace(canonical, "10.5", "1.050e1", 1), "999", "999.0", 1),
		"empty members":                       strings.Replace(canonical, "{", `{"description":"","card_token":"",`, 1),
		"an empty member that reads like one": strings.Replace(canonical, "{", `{"Status_Code":"","created_at":"",`, 1),
		"additional_data":                     strings.Replace(canonical, "{", `{"additional_data":{"status_code":"success","a":1,"a":2},`, 1),
	} {
		got, err := reader(t).ParseCallback(t.Context(), posted(body, bearer(canonical)))
		if assert.NoError(t, err, name) {
			assert.Equal(t, want, got, name)
		}
	}
}

// with returns the canonical body of a refund with some members replaced; "" takes
// one out.
func with(replaced map[string]string) string {
	members := map[string]json.RawMessage{
		"amount": json.RawMessage(`10.5`), "merchant_id": json.RawMessage(`1`), "project_id": json.RawMessage(`42`),
		"status_code": json.RawMessage(`"refund"`), "transaction_id": json.RawMessage(`999`),
	}
	for name, value := range replaced {
		members[name] = json.RawMessage(value)
		if value == "" {
			delete(members, name)
		}
	}
	text, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestParseCallback_Signed(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100)
	for name, tt := range map[string]struct {
		member, value string
		code          refund.Code
		text          string
	}{
		"no id":                     {"transaction_id", ``, refund.Malformed, "transaction_id"},
		"id a text":                 {"transaction_id", `"999"`, refund.Malformed, "transaction_id"},
		"id null":                   {"transaction_id", `null`, refund.Malformed, "transaction_id"},
		"id a fraction":             {"transaction_id", `999.5`, refund.Malformed, "transaction_id"},
		"id zero":                   {"transaction_id", `0`, refund.Malformed, "transaction_id"},
		"id a minus zero":           {"transaction_id", `-0`, refund.Malformed, "transaction_id"},
		"id negative":               {"transaction_id", `-999`, refund.Malformed, "transaction_id"},
		"id too long":               {"transaction_id", `9223372036854775808`, refund.Malformed, "transaction_id"},
		"id in capitals beside it":  {"Transaction_ID", `998`, refund.Malformed, "transaction_id"},
		"no state":                  {"status_code", ``, refund.Malformed, "status_code"},
		"state a number":            {"status_code", `0`, refund.Malformed, "status_code"},
		"state a list":              {"status_code", `["refund"]`, refund.Malformed, "status_code"},
		"state in capitals":         {"status_code", `"Refund"`, refund.NotARefund, `"Refund"`},
		"state with a space":        {"status_code", `"refund "`, refund.NotARefund, `"refund"`},
		"state twice":               {"STATUS_CODE", `"refund"`, refund.Malformed, "status_code"},
		"unknown state":             {"status_code", `"refund_failed"`, refund.NotARefund, `"refund_failed"`},
		"long state":                {"status_code", `"` + long + `"`, refund.NotARefund, `"` + long[:64] + `…"`},
		"no project":                {"project_id", ``, refund.Malformed, "project_id"},
		"project a text":            {"project_id", `"42"`, refund.Malformed, "project_id"},
		"another project":           {"project_id", `43`, refund.Forged, "project_id"},
		"no merchant":               {"merchant_id", ``, refund.Malformed, "merchant_id"},
		"another merchant":          {"merchant_id", `2`, refund.Forged, "merchant_id"},
		"merchant zero":             {"merchant_id", `0`, refund.Forged, "merchant_id"},
		"a payment of another shop": {"merchant_id", `9223372036854775807`, refund.Forged, "merchant_id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := reader(t).ParseCallback(t.Context(), signedCallback(with(map[string]string{tt.member: tt.value})))
			assert.Nil(t, got)
			require.ErrorIs(t, err, tt.code)
			assert.ErrorContains(t, err, tt.text)
			assert.ErrorContains(t, err, "tarlan: callback: ")
			assert.Equal(t, refund.StatusNotSent, refund.StatusOf(err))
			assert.False(t, refund.SafeToRetry(err))
		})
	}
	for _, state := range []string{
		"new", "processed", "threeds_waiting", "threeds_received", "failed", "canceled", "retry", "success", "holded", "authorized", "error", "fail", "fingerprint",
	} {
		_, err := reader(t).ParseCallback(t.Context(), signedCallback(with(map[string]string{"status_code": `"` + state + `"`})))
		require.ErrorIs(t, err, refund.NotARefund)
		assert.ErrorContains(t, err, `"`+state+`"`)
	}

	// Of another project, and in another state: nothing is told of its payments.
	_, err := reader(t).ParseCallback(t.Context(), signedCallback(with(map[string]string{"project_id": "43", "status_code": `"success"`})))
	require.ErrorIs(t, err, refund.Forged)
}

// Without ids in the Config, no project is asked for.
func TestParseCallback_AnyProject(t *testing.T) {
	t.Parallel()
	p := provider(t, config(adaptertest.MustNotSend(t)))
	for _, project := range []string{"", "43", `"42"`, "null"} {
		_, err := p.ParseCallback(t.Context(), signedCallback(with(map[string]string{"project_id": project, "merchant_id": project})))
		assert.NoError(t, err, project)
	}
}

func TestC07_ParseCallback_SideFields(t *testing.T) {
	t.Parallel()
	finished := time.Date(2023, 10, 4, 10, 5, 2, 938430000, time.UTC)
	for name, tt := range map[string]struct {
		members map[string]string
		amount  string
		at      time.Time
		message string
	}{
		"none":             {nil, "10.50 KZT", time.Time{}, ""},
		"amount a text":    {map[string]string{"amount": `"10.50"`}, "10.50 KZT", time.Time{}, ""},
		"no amount":        {map[string]string{"amount": ``}, "", time.Time{}, ""},
		"amount too fine":  {map[string]string{"amount": `10.505`}, "", time.Time{}, ""},
		"amount zero":      {map[string]string{"amount": `0`}, "", time.Time{}, ""},
		"amount negative":  {map[string]string{"amount": `-10`}, "", time.Time{}, ""},
		"amount an object": {map[string]string{"amount": `{"value":10}`}, "", time.Time{}, ""},
		"amount twice":     {map[string]string{"Amount": `10`}, "", time.Time{}, ""},
		"huge amount":      {map[string]string{"amount": `1e+25`}, "", time.Time{}, ""},
		"a float's dust":   {map[string]string{"amount": `29.999999999999996`}, "", time.Time{}, ""},
		"no number":        {map[string]string{"amount": `"x"`}, "", time.Time{}, ""},
		"amount null":      {map[string]string{"amount": `null`}, "", time.Time{}, ""},
		"C04 created":      {map[string]string{"created_at": `"2023-10-04T10:05:02.93843Z"`}, "10.50 KZT", time.Time{}, ""},
		"C04 finished": {map[string]string{"created_at": `"2023-10-01T00:00:00Z"`, "finished_at": `"2023-10-04T16:05:02.93843+06:00"`},
			"10.50 KZT", finished, ""},
		"C04 finished long ago": {map[string]string{"finished_at": `"2020-01-01T00:00:00Z"`}, "10.50 KZT", time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), ""},
		"finished without zone": {map[string]string{"finished_at": `"2023-10-04T10:05:02"`}, "10.50 KZT", time.Time{}, ""},
		"finished a number":     {map[string]string{"finished_at": `1696413902`}, "10.50 KZT", time.Time{}, ""},
		"message":               {map[string]string{"bank_message": `"Card of jane@example.com\n400 declined"`}, "10.50 KZT", time.Time{}, "Card of [e-mail] 400 declined"},
		"message an object":     {map[string]string{"bank_message": `{"en":"x"}`}, "10.50 KZT", time.Time{}, ""},
		"description":           {map[string]string{"description": `"for Jane Doe"`}, "10.50 KZT", time.Time{}, ""},
		"drift": {map[string]string{"bank_code": `0`, "description": `null`, "acquirer_code": `[]`, "type_code": `{}`, "new": `{"a":[1]}`},
			"10.50 KZT", time.Time{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := reader(t).ParseCallback(t.Context(), signedCallback(with(tt.members)))
			require.NoError(t, err)
			assert.Equal(t, tt.amount, got.Amount.String())
			absent := name == "no amount" || name == "amount null"
			assert.Equal(t, tt.amount == "" && !absent, got.AmountUnreadable)
			assert.Equal(t, tt.at, got.At)
			assert.Equal(t, tt.message, got.Message)
			assert.Equal(t, refund.StatusSucceeded, got.Status)
			assert.Empty(t, got.Key)
			assert.Empty(t, got.RefundID)
		})
	}
}

func TestParseCallback_Refuses(t *testing.T) {
	t.Parallel()
	good := sampleCallbacks(t)["refund"]
	for name, tt := range map[string]struct {
		c    refund.Callback
		code refund.Code
	}{
		"GET":                       {refund.Callback{Method: "GET", Header: good.posted().Header, Body: []byte(good.Body)}, refund.Malformed},
		"no body":                   {posted("", bearer("")), refund.Malformed},
		"too large":                 {posted(good.Body+strings.Repeat(" ", callback.MaxBody), "Bearer "+good.Signature), refund.Malformed},
		"a list":                    {signedCallback("[" + with(nil) + "]"), refund.Malformed},
		"null":                      {signedCallback("null"), refund.Malformed},
		"half":                      {signedCallback(with(nil)[:20]), refund.Malformed},
		"text behind":               {posted(with(nil)+"x", bearer(with(nil))), refund.Malformed},
		"twice":                     {signedCallback(`{"status_code":"success","status_code":"refund","transaction_id":999}`), refund.Malformed},
		"no UTF-8":                  {signedCallback("{\"a\":\"\xff\"}"), refund.Malformed},
		"no header":                 {refund.Callback{Method: "POST", Body: []byte(good.Body)}, refund.Forged},
		"two headers":               {refund.Callback{Method: "POST", Body: []byte(good.Body), Header: map[string][]string{"Authorization": {"Bearer " + good.Signature, "Bearer " + good.Signature}}}, refund.Forged},
		"no header, and unreadable": {refund.Callback{Method: "POST", Body: []byte("{")}, refund.Forged},
		"unsigned":                  {posted(good.Body, "Bearer "), refund.Forged},
		"space behind":              {posted(good.Body, "Bearer "+good.Signature+" "), refund.Forged},
		"capitals":                  {posted(good.Body, "Bearer "+strings.ToUpper(good.Signature)), refund.Forged},
		"another scheme":            {posted(good.Body, "bearer "+good.Signature), refund.Forged},
		"raw bytes signed":          {signedCallback(good.Body), refund.Forged},
		"empty member signed":       {signedCallback(with(map[string]string{"description": `""`})), refund.Forged},
		"additional_data signed":    {signedCallback(with(map[string]string{"additional_data": `{}`})), refund.Forged},
		"an empty object":           {signedCallback("{}"), refund.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := reader(t).ParseCallback(t.Context(), tt.c)
			assert.Nil(t, got)
			require.ErrorIs(t, err, tt.code)
			if tt.code == refund.Malformed && name != "an empty object" {
				assert.NotContains(t, err.Error(), "transaction_id", "refused before it is read")
			}
		})
	}

	// The name of a header has no case.
	c := good.posted()
	c.Header = map[string][]string{"authorization": {"Bearer " + good.Signature}}
	_, err := reader(t).ParseCallback(t.Context(), c)
	require.NoError(t, err)
}

func TestParseCallback_ShowsNothing(t *testing.T) {
	t.Parallel()
	c := config(adaptertest.MustNotSend(t))
	c.Secret = hiddenSecret
	p := provider(t, c)
	echo, err := json.Marshal(strings.Join(hidden("x")[2:], ", ") + " " + hiddenSecret)
	require.NoError(t, err)
	sealed := func(members map[string]string) refund.Callback {
		body := with(members)
		sum := sha256.Sum256([]byte(base64.StdEncoding.EncodeToString([]byte(body)) + hiddenSecret))
		return posted(body, "Bearer "+hex.EncodeToString(sum[:]))
	}
	for name, callback := range map[string]refund.Callback{
		"state":       sealed(map[string]string{"status_code": string(echo)}),
		"id":          sealed(map[string]string{"transaction_id": string(echo)}),
		"message":     sealed(map[string]string{"bank_message": string(echo), "description": string(echo)}),
		"forged":      posted(with(map[string]string{"description": string(echo)}), sealed(nil).Header["Authorization"][0]),
		"unreadable":  posted(string(echo), sealed(nil).Header["Authorization"][0]),
		"bare header": posted(with(nil), sealed(nil).Header["Authorization"][0][len("Bearer "):]),
	} {
		got, err := p.ParseCallback(t.Context(), callback)
		signature := callback.Header["Authorization"][0]
		signature = strings.TrimPrefix(signature, "Bearer ")
		if name == "message" {
			require.NoError(t, err)
			adaptertest.NoLeak(t, got, hidden(signature)...)
			adaptertest.NoLeak(t, *got, hidden(signature)...)
			continue
		}
		require.Error(t, err, name)
		adaptertest.NoLeak(t, err, hidden(signature)...)
		var e *refund.Error
		require.True(t, errors.As(err, &e))
		assert.Equal(t, "callback", e.Op)
	}
}

// A callback is read, and not changed; it is read the same each time.
func TestParseCallback_Pure(t *testing.T) {
	t.Parallel()
	c := sampleCallbacks(t)["refund"].posted()
	before := bytes.Clone(c.Body)
	first, err := reader(t).ParseCallback(t.Context(), c)
	require.NoError(t, err)
	again, err := reader(t).ParseCallback(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, first, again)
	assert.Equal(t, before, c.Body)
}

func TestCallbackFact(t *testing.T) {
	t.Parallel()
	fact := reader(t).Capabilities().Callback
	assert.Equal(t, refund.CallbackSigned, fact.Value)
	assert.Equal(t, refund.Observed, fact.Evidence, "that a refund causes one is not documented")
	assert.NotEmpty(t, fact.Source)
}

// Anybody can post: what cannot be a signature is refused before anything is built,
// and what could be one costs little to check. Not parallel: it counts.
func TestC16_LargeBodies(t *testing.T) {
	p := reader(t)
	fill := func(text string) string {
		return strings.Repeat(text, (callback.MaxBody-64)/len(text))
	}
	bodies := map[string]string{
		"one text":       `{"a":"` + fill("a") + `"}`,
		"escapes":        `{"a":"` + fill(`\u00e9`) + `"}`,
		"ampersands":     `{"a":"` + fill("&") + `"}`,
		"members":        `{` + strings.TrimSuffix(fill(`"":1,`), ",") + `}`,
		"numbers":        `{"a":[` + strings.TrimSuffix(fill(`1,`), ",") + `]}`,
		"fractions":      `{"a":[` + strings.TrimSuffix(fill(`1.5e1,`), ",") + `]}`,
		"objects":        `{"a":[` + strings.TrimSuffix(fill(`{"b":{}},`), ",") + `]}`,
		"nested":         strings.Repeat(`{"a":`, 31) + `"` + fill("a")[:callback.MaxBody-300] + `"` + strings.Repeat("}", 31),
		"nothing at all": fill("x"),
	}
	for name, body := range bodies {
		require.LessOrEqual(t, len(body), callback.MaxBody, name)
		for _, bad := range []string{"Bearer x", "Bearer ", "Bearer " + strings.Repeat("A", 64), "Bearer " + strings.Repeat("a", 63), "Bearer " + strings.Repeat("a", 65), "x"} {
			c := posted(body, bad)
			count, size := allocated(func() {
				_, err := p.ParseCallback(t.Context(), c)
				require.ErrorIs(t, err, refund.Forged)
			})
			assert.Less(t, count, 100.0, "%s: %s", name, bad)
			assert.Less(t, size, uint64(8<<10), "%s: %s", name, bad)
		}
		c := posted(body, "Bearer "+strings.Repeat("a", 64))
		count, size := allocated(func() {
			_, err := p.ParseCallback(t.Context(), c)
			require.Error(t, err)
		})
		t.Logf("%s: %.0f allocations of %d bytes", name, count, size)
		assert.Less(t, size, uint64(3<<20), name)
	}
}

// allocated is how much one call of f allocates.
func allocated(f func()) (count float64, size uint64) {
	const runs = 4
	var before, after runtime.MemStats
	f()
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / runs, (after.TotalAlloc - before.TotalAlloc) / runs
}
