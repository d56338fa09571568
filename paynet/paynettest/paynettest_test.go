package paynettest_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/refundtest/pretend"
)

const (
	sampleID = "xk_EAAAAAh7VYf9HG4+GR9ezqiMWAA8PY6P4eroE4BUUHRCLxGO"

	sampleAnswer = `
{  
   "object_name":"transaction_reversed_request",
   "message":"Başarılı İşlem",
   "code":0
}
`
)

// noon in Istanbul
var noon = time.Date(2024, 5, 14, 9, 0, 0, 0, time.UTC)

// start gives a gateway with one old sale of 120.00 TRY.
func start(t *testing.T, cfg paynettest.Config) *paynettest.Gateway {
	t.Helper()
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return noon }
	}
	gw, err := paynettest.Start(cfg)
	require.NoError(t, err)
	t.Cleanup(gw.Close)
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: sampleID, Amount: money.MustParse("120.00 TRY")}))
	return gw
}

type reply struct {
	status int
	body   []byte
	fields map[string]any
}

// code is the reason, wherever the form of the answer puts it.
func (r reply) code(t *testing.T) string {
	t.Helper()
	name := "code"
	if r.status != http.StatusOK {
		name = "result_code"
		require.EqualValues(t, r.status, r.fields["code"], "code of an error object is the HTTP status")
	}
	require.Contains(t, r.fields, name)
	return fmt.Sprint(r.fields[name])
}

func headers(gw *paynettest.Gateway) http.Header {
	return http.Header{
		"Authorization": {"Basic " + gw.SecretKey()},
		"Content-Type":  {"application/json; charset=UTF-8"},
	}
}

func send(t *testing.T, gw *paynettest.Gateway, h http.Header, body string) reply {
	t.Helper()
	r, err := trySend(t, gw, h, body)
	require.NoError(t, err)
	return r
}

func trySend(t *testing.T, gw *paynettest.Gateway, h http.Header, body string) (reply, error) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, gw.URL()+paynettest.Path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	req.Header = h
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	r := reply{status: res.StatusCode}
	if r.body, err = io.ReadAll(res.Body); err != nil {
		return reply{}, err
	}
	return r, json.Unmarshal(r.body, &r.fields)
}

func refund(t *testing.T, gw *paynettest.Gateway, fields map[string]any) reply {
	t.Helper()
	b, err := json.Marshal(fields)
	require.NoError(t, err)
	return send(t, gw, headers(gw), string(b))
}

func requireNothing(t *testing.T, gw *paynettest.Gateway) {
	t.Helper()
	require.Empty(t, gw.Refunds())
}

func TestDocumentedFull(t *testing.T) {
	t.Parallel()
	gw := start(t, paynettest.Config{})
	// The manual prints the member's name without quotes, which is not JSON.
	r := send(t, gw, headers(gw), `{
"xact_id": "xk_EAAAAAh7VYf9HG4+GR9ezqiMWAA8PY6P4eroE4BUUHRCLxGO"
}`)
	require.Equal(t, http.StatusOK, r.status)
	require.JSONEq(t, sampleAnswer, string(r.body))

	got := gw.Refunds()
	require.Len(t, got, 1)
	require.NotEmpty(t, got[0].ID)
	require.Equal(t, pretend.Refund{
		ID: got[0].ID, PaymentID: sampleID, Amount: money.MustParse("120.00 TRY"), Full: true, Pending: true, At: noon,
	}, got[0])
}

func TestDocumentedFullWithoutQuotes(t *testing.T) {
	t.Parallel()
	gw := start(t, paynettest.Config{})
	r := send(t, gw, headers(gw), `{
xact_id: "xk_EAAAAAh7VYf9HG4+GR9ezqiMWAA8PY6P4eroE4BUUHRCLxGO"
}`)
	require.Equal(t, "11", r.code(t))
	requireNothing(t, gw)
}

// "10.00 TL" should be sent as "1000".
func TestDocumentedAmount(t *testing.T) {
	t.Parallel()
	gw := start(t, paynettest.Config{})
	r := refund(t, gw, map[string]any{"xact_id": sampleID, "amount": "1000", "succeedUrl": "https://shop.example/cb?t=1"})
	require.Equal(t, http.StatusOK, r.status)
	require.JSONEq(t, sampleAnswer, string(r.body))

	got := gw.Refunds()
	require.Len(t, got, 1)
	require.Equal(t, money.MustParse("10.00 TRY"), got[0].Amount)
	require.False(t, got[0].Full)
	require.True(t, got[0].Pending)
	require.Equal(t, "https://shop.example/cb?t=1", got[0].CallbackURL)
}

// "If it is not sent or "0" is sent, then all of the transaction amount is refunded." The other two are assumed.
func TestWholeByAccident(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"absent": `{"xact_id":"` + sampleID + `"}`,
		"zero":   `{"xact_id":"` + sampleID + `","amount":"0"}`,
		"empty":  `{"xact_id":"` + sampleID + `","amount":""}`,
		"null":   `{"xact_id":"` + sampleID + `","amount":null}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gw := start(t, paynettest.Config{})
			require.Equal(t, "0", refund(t, gw, map[string]any{"xact_id": sampleID, "amount": "2000"}).code(t))
			require.Equal(t, "0", send(t, gw, headers(gw), body).code(t))
			got := gw.Refunds()
			require.Len(t, got, 2)
			require.True(t, got[1].Full)
			require.Equal(t, money.MustParse("100.00 TRY"), got[1].Amount)
		})
	}
}

// The whole amount in digits is a refund of the whole to the ledger; the rest in digits is a part.
func TestWholeInDigits(t *testing.T) {
	t.Parallel()
	gw := start(t, paynettest.Config{})
	require.Equal(t, "0", refund(t, gw, map[string]any{"xact_id": sampleID, "amount": "12000"}).code(t))
	require.True(t, gw.Refunds()[0].Full)

	gw = start(t, paynettest.Config{})
	require.Equal(t, "0", refund(t, gw, map[string]any{"xact_id": sampleID, "amount": "2000"}).code(t))
	require.Equal(t, "0", refund(t, gw, map[string]any{"xact_id": sampleID, "amount": "10000"}).code(t))
	require.False(t, gw.Refunds()[1].Full)
}

func TestCodeAsString(t *testing.T) {
	t.Parallel()
	gw := start(t, paynettest.Config{CodeAsString: true})
	r := refund(t, gw, map[string]any{"xact_id": sampleID})
	require.JSONEq(t, `{"object_name":"transaction_reversed_request","message":"Başarılı İşlem","code":"0"}`, string(r.body))
	r = refund(t, gw, map[string]any{"xact_id": sampleID})
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "6", r.fields["code"])
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	key := paynettest.DefaultSecretKey
	b64 := base64.StdEncoding.EncodeToString
	for name, values := range map[string][]string{
		"none":             nil,
		"empty":            {""},
		"key alone":        {key},
		"base64":           {"Basic " + b64([]byte(key))},
		"base64 and colon": {"Basic " + b64([]byte(key+":"))},
		"colon":            {"Basic " + key + ":"},
		"bearer":           {"Bearer " + key},
		"small letters":    {"basic " + key},
		"two spaces":       {"Basic  " + key},
		"url-encoded":      {"Basic " + strings.NewReplacer("/", "%2F", "+", "%2B").Replace(key)},
		"cut":              {"Basic " + key[:len(key)-1]},
		"twice":            {"Basic " + key, "Basic " + key},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gw := start(t, paynettest.Config{})
			h := headers(gw)
			h["Authorization"] = values
			r := send(t, gw, h, `{"xact_id":"`+sampleID+`"}`)
			require.Equal(t, http.StatusUnauthorized, r.status)
			require.EqualValues(t, 401, r.fields["code"])
			require.EqualValues(t, 7, r.fields["result_code"])
			require.IsType(t, "", r.fields["type"])
			require.IsType(t, "", r.fields["message"])
			require.NotContains(t, string(r.body), key)
			requireNothing(t, gw)
		})
	}
}

func TestOwnKey(t *testing.T) {
	t.Parallel()
	gw := start(t, paynettest.Config{SecretKey: "sck_own"})
	require.Equal(t, "sck_own", gw.SecretKey())
	require.Equal(t, "0", refund(t, gw, map[string]any{"xact_id": sampleID}).code(t))
}

func TestStartRefusesKey(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"sck_1 x", "sck_2\nx", " sck_3", "sck_4\x00", "sck_5ğ", "sck_6\x7f"} {
		_, err := paynettest.Start(paynettest.Config{SecretKey: key})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "sck_")
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values []string
		code   string
	}{
		"plain":         {[]string{"application/json"}, "0"},
		"charset":       {[]string{"application/json; charset=utf-8"}, "0"},
		"none":          {nil, "11"},
		"form":          {[]string{"application/x-www-form-urlencoded"}, "11"},
		"text":          {[]string{"text/plain"}, "11"},
		"other charset": {[]string{"application/json; charset=iso-8859-9"}, "11"},
		"broken":        {[]string{"application/json; ="}, "11"},
		"twice":         {[]string{"application/json", "application/json"}, "11"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gw := start(t, paynettest.Config{})
			h := headers(gw)
			h["Content-Type"] = c.values
			require.Equal(t, c.code, send(t, gw, h, `{"xact_id":"`+sampleID+`"}`).code(t))
			if c.code != "0" {
				requireNothing(t, gw)
			}
		})
	}
}

// Each breaks one rule; both forms of refusal say the same.
func TestRefused(t *testing.T) {
	t.Parallel()
	id := `"xact_id":"` + sampleID + `"`
	for name, c := range map[string]struct{ body, code string }{
		"empty body":          {``, "11"},
		"no object":           {`"` + sampleID + `"`, "11"},
		"array":               {`[{` + id + `}]`, "11"},
		"two values":          {`{` + id + `}{}`, "11"},
		"trailing comma":      {`{` + id + `,}`, "11"},
		"half":                {`{` + id, "11"},
		"broken UTF-8":        {"{" + id + ",\"succeedUrl\":\"\xff\"}", "11"},
		"no id":               {`{}`, "11"},
		"empty id":            {`{"xact_id":""}`, "11"},
		"null id":             {`{"xact_id":null}`, "11"},
		"number as id":        {`{"xact_id":17}`, "11"},
		"long id":             {`{"xact_id":"` + strings.Repeat("x", 101) + `"}`, "11"},
		"longest id":          {`{"xact_id":"` + strings.Repeat("x", 100) + `"}`, "12"},
		"unknown id":          {`{"xact_id":"xk_other"}`, "12"},
		"id in other letters": {`{"xact_id":"` + strings.ToLower(sampleID) + `"}`, "12"},
		"name of id":          {`{"XACT_ID":"` + sampleID + `"}`, "11"},
		"id twice":            {`{` + id + `,` + id + `}`, "11"},
		"amount twice":        {`{` + id + `,"amount":"1","amount":"2"}`, "11"},
		"name of amount":      {`{` + id + `,"Amount":"100"}`, "11"},
		"unknown member":      {`{` + id + `,"currency":"TRY"}`, "11"},
		"number":              {`{` + id + `,"amount":1000}`, "11"},
		"number zero":         {`{` + id + `,"amount":0}`, "11"},
		"object":              {`{` + id + `,"amount":{}}`, "11"},
		"false":               {`{` + id + `,"amount":false}`, "11"},
		"major units":         {`{` + id + `,"amount":"10.00"}`, "11"},
		"decimal comma":       {`{` + id + `,"amount":"10,00"}`, "11"},
		"leading zero":        {`{` + id + `,"amount":"0100"}`, "11"},
		"zeros":               {`{` + id + `,"amount":"00"}`, "11"},
		"minus":               {`{` + id + `,"amount":"-100"}`, "11"},
		"plus":                {`{` + id + `,"amount":"+100"}`, "11"},
		"space":               {`{` + id + `,"amount":" 100"}`, "11"},
		"line end":            {`{` + id + `,"amount":"100\n"}`, "11"},
		"exponent":            {`{` + id + `,"amount":"1e3"}`, "11"},
		"hexadecimal":         {`{` + id + `,"amount":"0x10"}`, "11"},
		"other digits":        {`{` + id + `,"amount":"١٠٠"}`, "11"},
		"word":                {`{` + id + `,"amount":"all"}`, "11"},
		"one too much":        {`{` + id + `,"amount":"12001"}`, "1"},
		"overflow":            {`{` + id + `,"amount":"99999999999999999999999999"}`, "1"},
		"succeed_url":         {`{` + id + `,"succeed_url":"https://shop.example/"}`, "11"},
		"succeedURL":          {`{` + id + `,"succeedURL":"https://shop.example/"}`, "11"},
		"number as URL":       {`{` + id + `,"succeedUrl":1}`, "11"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, as400 := range []bool{false, true} {
				gw := start(t, paynettest.Config{RefuseAsHTTP400: as400})
				r := send(t, gw, headers(gw), c.body)
				require.Equal(t, c.code, r.code(t))
				if as400 {
					require.Equal(t, http.StatusBadRequest, r.status)
					require.EqualValues(t, 400, r.fields["code"])
					require.IsType(t, "", r.fields["type"])
				} else {
					require.Equal(t, http.StatusOK, r.status)
					require.Equal(t, "transaction_reversed_request", r.fields["object_name"])
					require.NotContains(t, r.fields, "result_code")
				}
				require.NotEmpty(t, r.fields["message"])
				requireNothing(t, gw)
			}
		})
	}
}

// An empty succeedUrl means no callback, as documented; null is assumed to be the same.
func TestNoCallback(t *testing.T) {
	t.Parallel()
	for _, url := range []any{"", nil} {
		gw := start(t, paynettest.Config{})
		require.Equal(t, "0", refund(t, gw, map[string]any{"xact_id": sampleID, "amount": "1", "succeedUrl": url}).code(t))
		require.Empty(t, gw.Refunds()[0].CallbackURL)
	}
}

func TestPartsUntilNothingIsLeft(t *testing.T) {
	t.Parallel()
	gw := start(t, paynettest.Config{})
	ask := func(amount string) string {
		return refund(t, gw, map[string]any{"xact_id": sampleID, "amount": amount}).code(t)
	}
	require.Equal(t, "0", ask("7000"))
	require.Equal(t, "1", ask("7000"))
	require.Equal(t, "0", ask("5000"))
	require.Equal(t, "6", ask("1"))
	require.Equal(t, "6", refund(t, gw, map[string]any{"xact_id": sampleID}).code(t))
	require.Equal(t, money.MustParse("120.00 TRY"), gw.Refunded(sampleID))
	require.Len(t, gw.Refunds(), 2)
	require.NotEqual(t, gw.Refunds()[0].ID, gw.Refunds()[1].ID)
}

func TestSameDay(t *testing.T) {
	t.Parallel()
	// Istanbul's midnight is 21:00 UTC.
	midnight := time.Date(2024, 5, 14, 21, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		paid, now time.Time
		same      bool
	}{
		"one minute":                  {noon, noon.Add(time.Minute), true},
		"whole day":                   {midnight, midnight.Add(24*time.Hour - time.Nanosecond), true},
		"over midnight":               {midnight.Add(-time.Nanosecond), midnight, false},
		"over midnight of UTC only":   {midnight.Add(2 * time.Hour), midnight.Add(4 * time.Hour), true},
		"same day of UTC only":        {midnight.Add(-time.Hour), midnight.Add(time.Hour), false},
		"given in another time zone":  {noon.In(time.FixedZone("", -11*3600)), noon.Add(time.Minute), true},
		"same day of the next month":  {noon, noon.AddDate(0, 1, 0), false},
		"same day of the year before": {noon.AddDate(-1, 0, 0), noon, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, cancels := range []bool{false, true} {
				gw := start(t, paynettest.Config{SameDayPartialCancels: cancels, Now: func() time.Time { return c.now }})
				add := func(id string) {
					require.NoError(t, gw.AddPayment(pretend.Payment{ID: id, Amount: money.MustParse("50.00 TRY"), PaidAt: c.paid}))
				}
				add("part")
				add("named whole")
				add("whole")

				part := refund(t, gw, map[string]any{"xact_id": "part", "amount": "1000"}).code(t)
				switch {
				case !c.same:
					require.Equal(t, "0", part)
					require.Equal(t, money.MustParse("10.00 TRY"), gw.Refunded("part"))
				case cancels:
					require.Equal(t, "0", part)
					require.Equal(t, money.MustParse("50.00 TRY"), gw.Refunded("part"))
					require.True(t, gw.Refunds()[0].Full)
				default:
					require.Equal(t, "19", part)
					require.True(t, gw.Refunded("part").IsZero())
				}
				require.Equal(t, "1", refund(t, gw, map[string]any{"xact_id": "whole", "amount": "5001"}).code(t))
				require.Equal(t, "0", refund(t, gw, map[string]any{"xact_id": "named whole", "amount": "5000"}).code(t))
				require.Equal(t, "0", refund(t, gw, map[string]any{"xact_id": "whole"}).code(t))
				require.Equal(t, "6", refund(t, gw, map[string]any{"xact_id": "whole"}).code(t))
				require.Equal(t, money.MustParse("50.00 TRY"), gw.Refunded("whole"))
				require.Equal(t, money.MustParse("50.00 TRY"), gw.Refunded("named whole"))
			}
		})
	}
}

func TestAddPayment(t *testing.T) {
	t.Parallel()
	gw := start(t, paynettest.Config{})
	for name, p := range map[string]pretend.Payment{
		"no id":        {Amount: money.MustParse("1.00 TRY")},
		"long id":      {ID: strings.Repeat("x", 101), Amount: money.MustParse("1.00 TRY")},
		"no amount":    {ID: "a"},
		"no decimals":  {ID: "a", Amount: money.MustParse("100 JPY")},
		"three digits": {ID: "a", Amount: money.MustParse("1.000 KWD")},
	} {
		require.Error(t, gw.AddPayment(p), name)
	}
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: "euro", Amount: money.MustParse("3.00 EUR")}))
	require.Equal(t, "0", refund(t, gw, map[string]any{"xact_id": "euro", "amount": "150"}).code(t))
	require.Equal(t, money.MustParse("1.50 EUR"), gw.Refunded("euro"))

	// Past the check, a payment that hundredths can't express stays unreachable.
	require.NoError(t, gw.Server.AddPayment(pretend.Payment{ID: "yen", Amount: money.MustParse("100 JPY")}))
	require.Equal(t, "12", refund(t, gw, map[string]any{"xact_id": "yen"}).code(t))
}

// A drifting answer keeps its marks: the HTTP status and the code.
func TestDrift(t *testing.T) {
	t.Parallel()
	gw := start(t, paynettest.Config{})
	gw.Inject(pretend.TypeDrift)
	r := refund(t, gw, map[string]any{"xact_id": sampleID})
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "0", r.code(t))
	require.IsType(t, map[string]any{}, r.fields["message"])
	require.Nil(t, r.fields["object_name"])
	require.Len(t, gw.Refunds(), 1)

	gw.Inject(pretend.TypeDrift)
	require.Equal(t, "6", refund(t, gw, map[string]any{"xact_id": sampleID}).code(t))
	require.Len(t, gw.Refunds(), 1)

	gw = start(t, paynettest.Config{RefuseAsHTTP400: true})
	gw.Inject(pretend.TypeDrift)
	r = refund(t, gw, map[string]any{"xact_id": "xk_other"})
	require.Equal(t, http.StatusBadRequest, r.status)
	require.Equal(t, "12", r.code(t))
}

// Judging and booking are one step: whoever comes first, no more than the sale goes back.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	gw := start(t, paynettest.Config{})
	codes := make([]string, 16)
	var wg sync.WaitGroup
	for i := range codes {
		wg.Go(func() {
			r, err := trySend(t, gw, headers(gw), `{"xact_id":"`+sampleID+`","amount":"1000"}`)
			if err == nil {
				codes[i] = fmt.Sprint(r.fields["code"])
			}
		})
	}
	wg.Wait()
	count := map[string]int{}
	for _, c := range codes {
		count[c]++
	}
	require.Equal(t, map[string]int{"0": 12, "6": 4}, count)
	require.Equal(t, money.MustParse("120.00 TRY"), gw.Refunded(sampleID))
}

func TestOtherPathsAndMethods(t *testing.T) {
	t.Parallel()
	gw := start(t, paynettest.Config{})
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, paynettest.Path, http.StatusMethodNotAllowed},
		{http.MethodPut, paynettest.Path, http.StatusMethodNotAllowed},
		{http.MethodPost, paynettest.Path + "/", http.StatusNotFound},
		{http.MethodPost, "/v1/transaction/reversed-request", http.StatusNotFound},
		{http.MethodPost, "/v1/transaction/preauth_reversal", http.StatusNotFound},
		{http.MethodGet, paynettest.ListPath, http.StatusMethodNotAllowed},
		{http.MethodGet, paynettest.DetailPath, http.StatusMethodNotAllowed},
	} {
		body := bytes.NewReader([]byte(`{"xact_id":"` + sampleID + `"}`))
		req, err := http.NewRequestWithContext(t.Context(), c.method, gw.URL()+c.path, body)
		require.NoError(t, err)
		req.Header = headers(gw)
		res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, c.status, res.StatusCode, "%s %s", c.method, c.path)
	}
	requireNothing(t, gw)
}
