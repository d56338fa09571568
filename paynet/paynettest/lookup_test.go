package paynettest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/refundtest/pretend"
)

func look(t *testing.T, gw *paynettest.Gateway, path, body string) reply {
	t.Helper()
	return lookAs(t, gw, path, body, headers(gw))
}

func lookAs(t *testing.T, gw *paynettest.Gateway, path, body string, h http.Header) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, gw.URL()+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header = h
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	require.NoError(t, err)
	defer res.Body.Close()
	r := reply{status: res.StatusCode}
	r.body, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(r.body, &r.fields))
	return r
}

// rows of an answer's Data.
func (r reply) rows(t *testing.T) []map[string]any {
	t.Helper()
	require.Equal(t, http.StatusOK, r.status)
	list, ok := r.fields["Data"].([]any)
	require.True(t, ok, "%s", r.body)
	all := []map[string]any{}
	for _, one := range list {
		all = append(all, one.(map[string]any))
	}
	return all
}

const (
	thisWeek = `"datab":"2024-05-10","datbi":"2024-05-15"`
	other    = "xk_other+sale/of=today"
)

// listed gives the numbers of the refunds that a list shows.
func listed(t *testing.T, gw *paynettest.Gateway, more string) []string {
	t.Helper()
	numbers := []string{}
	for _, row := range look(t, gw, paynettest.ListPath, `{`+thisWeek+more+`}`).rows(t) {
		numbers = append(numbers, row["reversed_id"].(string))
	}
	return numbers
}

// startTwo adds another sale, and refunds in turn: 1, 3 and 4 are of sampleID, 2 of the other.
func startTwo(t *testing.T, cfg paynettest.Config) *paynettest.Gateway {
	t.Helper()
	gw := start(t, cfg)
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: other, Amount: money.MustParse("9.00 TRY"), PaidAt: noon.Add(-time.Hour)}))
	for _, r := range []map[string]any{
		{"xact_id": sampleID, "amount": "100"}, {"xact_id": other}, {"xact_id": sampleID, "amount": "100"}, {"xact_id": sampleID, "amount": "200"},
	} {
		require.Equal(t, "0", refund(t, gw, r).code(t))
	}
	return gw
}

func reversed(t *testing.T, gw *paynettest.Gateway, sale string) any {
	t.Helper()
	rows := look(t, gw, paynettest.DetailPath, `{"xact_id":"`+sale+`"}`).rows(t)
	require.Len(t, rows, 1)
	return rows[0]["reversed"]
}

// What the sample of the manual proves.
func TestDocumentedDetail(t *testing.T) {
	t.Parallel()
	paid := time.Date(2015, 12, 4, 15, 14, 28, 377_000_000, time.UTC)
	gw := start(t, paynettest.Config{})
	const id = "xk_EAAAAECDqPDZHcx1TbLMmlRmWzZqMvxFKBH41vJAZTxRGlDH"
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: id, Amount: money.MustParse("813.75 TRY"), PaidAt: paid}))
	r := look(t, gw, paynettest.DetailPath, `{"xact_id":"`+id+`"}`)
	rows := r.rows(t)
	require.Len(t, rows, 1)
	for name, want := range map[string]any{
		"xact_id": id, "xact_date": "2015-12-04T18:14:28.377", "transaction_type": 1.0, "amount": 813.75, "currency": "TRY",
		"is_succeed": true, "reversed": false, "reversed_xact_id": "xk_EAAAAGZEFDuBYb3R9qZ0YJ/y3Tw7K1nc6sJXlRfe*0ZRk6sc",
		"company_vdate": "0001-01-01T00:00:00", "xact_type_desc": "Satış",
	} {
		require.Equal(t, want, rows[0][name], name)
	}
	require.Contains(t, string(r.body), `"amount":813.75`, "a number in major units")
	require.Empty(t, gw.Arrivals(), "a look-up moves no money")
}

func TestDocumentedList(t *testing.T) {
	t.Parallel()
	gw := startTwo(t, paynettest.Config{})
	r := look(t, gw, paynettest.ListPath, `{`+thisWeek+`}`)
	for name, want := range map[string]any{
		"object_name": "transaction_reversal_list", "has_more": false, "total": 4.0, "total_count": 4.0, "limit": 10.0,
		"starting_after": 0.0, "ending_before": 0.0, "code": 0.0, "message": "Başarılı İşlem",
	} {
		require.Equal(t, want, r.fields[name], name)
	}
	for _, name := range []string{"companyCode", "companyName", "total_amount"} {
		require.Contains(t, r.fields, name)
	}
	rows := r.rows(t)
	require.Len(t, rows, 4)
	detail := look(t, gw, paynettest.DetailPath, `{"xact_id":"`+sampleID+`"}`).rows(t)
	for name, want := range map[string]any{
		"id": detail[0]["id"], "xact_id": sampleID, "xact_date": "11.05.2024", "entry_date": "14.05.2024",
		"reversed_id": "4", "reversed_xact_id": gw.Refunds()[3].ID,
	} {
		require.Equal(t, want, rows[0][name], name)
	}
	require.Equal(t, other, rows[2]["xact_id"])
	require.NotEqual(t, rows[0]["id"], rows[2]["id"])
	for _, name := range []string{
		"company_code", "company_name", "agent_id", "agent_name", "user_id", "bank_id", "bank_name", "card_no", "card_holder",
	} {
		require.Contains(t, rows[0], name)
	}
	require.Len(t, gw.Arrivals(), 4)
}

func TestListPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, page string
		cap        int
		want       []string
		more       bool
	}{
		{"all", "", 0, []string{"4", "3", "2", "1"}, false},
		{"first page", `,"limit":3`, 0, []string{"4", "3", "2"}, true},
		{"next page", `,"limit":3,"starting_after":3`, 0, []string{"1"}, false},
		{"from the middle", `,"limit":2,"starting_after":1,"ending_before":0`, 0, []string{"3", "2"}, true},
		{"just all", `,"limit":4`, 0, []string{"4", "3", "2", "1"}, false},
		{"behind the end", `,"starting_after":4`, 0, []string{}, false},
		{"far behind the end", `,"starting_after":400`, 0, []string{}, false},
		{"a limit of the gateway's", `,"limit":100`, 3, []string{"4", "3", "2"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			gw := startTwo(t, paynettest.Config{ListLimit: c.cap})
			require.Equal(t, c.want, listed(t, gw, c.page))
			require.Equal(t, c.more, look(t, gw, paynettest.ListPath, `{`+thisWeek+c.page+`}`).fields["has_more"])
		})
	}
}

func TestListDays(t *testing.T) {
	t.Parallel()
	all, none := []string{"4", "3", "2", "1"}, []string{}
	for _, c := range []struct {
		from, to string
		sale     bool
		want     []string
	}{
		{"2024-05-14", "2024-05-15", false, all},
		{"2024-05-01", "2024-05-14", false, none}, // that the end is not in it is assumed
		{"2024-05-15", "2024-05-16", false, none},
		{"2024-05-11", "2024-05-12", true, []string{"4", "3", "1"}}, // the sale of three days ago
		{"2024-05-12", "2024-05-15", true, []string{"2"}},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			t.Parallel()
			gw := startTwo(t, paynettest.Config{ListBySaleDate: c.sale})
			numbers := []string{}
			for _, row := range look(t, gw, paynettest.ListPath, `{"datab":"`+c.from+`","datbi":"`+c.to+`"}`).rows(t) {
				numbers = append(numbers, row["reversed_id"].(string))
			}
			require.Equal(t, c.want, numbers)
		})
	}
}

func TestHideNewRefunds(t *testing.T) {
	t.Parallel()
	gw := startTwo(t, paynettest.Config{HideNewRefunds: 2})
	require.Empty(t, listed(t, gw, ""))
	require.Empty(t, listed(t, gw, `,"starting_after":1`), "the next page of the first list")
	require.Equal(t, "0", refund(t, gw, map[string]any{"xact_id": sampleID, "amount": "300"}).code(t))
	require.Empty(t, listed(t, gw, ""))
	require.Equal(t, []string{"4", "3", "2", "1"}, listed(t, gw, ""))
	require.Equal(t, []string{"3", "2", "1"}, listed(t, gw, `,"starting_after":1`))
	require.Equal(t, []string{"5", "4", "3", "2", "1"}, listed(t, gw, ""))

	gw = startTwo(t, paynettest.Config{HideNewRefunds: 1})
	for range 2 {
		require.Empty(t, look(t, gw, paynettest.ListPath, `{"datab":"2024-05-10","datbi":"2024-05-13"}`).rows(t), "other days")
	}
	require.Empty(t, listed(t, gw, ""), "the lists of other days do not count")
	require.Len(t, listed(t, gw, ""), 4)
}

func TestAPageReadsItsRowsOnly(t *testing.T) {
	t.Parallel()
	gw := startTwo(t, paynettest.Config{})
	before := gw.RowsRead()
	require.Equal(t, []string{"3"}, listed(t, gw, `,"limit":1,"starting_after":1`))
	require.Equal(t, 1, gw.RowsRead()-before)
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	for _, byPart := range []bool{false, true} {
		t.Run(fmt.Sprint("reversed by a part: ", byPart), func(t *testing.T) {
			t.Parallel()
			gw := startTwo(t, paynettest.Config{ReversedByPart: byPart})
			id := func(n int) string { return gw.Refunds()[n-1].ID }
			require.Equal(t, false, reversed(t, gw, other), "a request that waits reverses nothing")
			require.NoError(t, gw.Approve(id(2)))
			require.Equal(t, true, reversed(t, gw, other))
			require.Equal(t, false, reversed(t, gw, sampleID))

			require.NoError(t, gw.Decline(id(1)))
			require.Equal(t, false, reversed(t, gw, sampleID))
			require.NoError(t, gw.Approve(id(3)))
			require.Equal(t, byPart, reversed(t, gw, sampleID))
			require.Equal(t, money.MustParse("3.00 TRY"), gw.Refunded(sampleID), "what was declined does not count")
			require.Equal(t, []string{"4", "3", "2", "1"}, listed(t, gw, ""), "the list shows no decision")

			require.Error(t, gw.Approve(id(1)), "it is decided")
			require.Error(t, gw.Decline(id(3)), "it is decided")
			require.Error(t, gw.Approve("xk_reversed_9"))
		})
	}
}

func TestLookupsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, path, body, code string }{
		{"no such sale", paynettest.DetailPath, `{"xact_id":"xk_none"}`, "12"},
		{"no sale", paynettest.DetailPath, `{}`, "11"},
		{"an empty sale", paynettest.DetailPath, `{"xact_id":""}`, "11"},
		{"a number", paynettest.DetailPath, `{"xact_id":1}`, "11"},
		{"too long", paynettest.DetailPath, `{"xact_id":"` + strings.Repeat("x", 101) + `"}`, "11"},
		{"another way to name it", paynettest.DetailPath, `{"xact_id":"` + sampleID + `","reference_no":"1"}`, "11"},
		{"not JSON", paynettest.DetailPath, `xact_id`, "11"},
		{"no days", paynettest.ListPath, `{}`, "11"},
		{"one day", paynettest.ListPath, `{"datab":"2024-05-14"}`, "11"},
		{"days as they are shown", paynettest.ListPath, `{"datab":"10.05.2024","datbi":"15.05.2024"}`, "11"},
		{"a day that is a number", paynettest.ListPath, `{"datab":20240510,"datbi":"2024-05-15"}`, "11"},
		{"a filter", paynettest.ListPath, `{` + thisWeek + `,"xact_id":"` + sampleID + `"}`, "11"},
		{"a limit of none", paynettest.ListPath, `{` + thisWeek + `,"limit":0}`, "11"},
		{"a limit as text", paynettest.ListPath, `{` + thisWeek + `,"limit":"10"}`, "11"},
		{"a negative start", paynettest.ListPath, `{` + thisWeek + `,"starting_after":-1}`, "11"},
		{"a start that is no whole number", paynettest.ListPath, `{` + thisWeek + `,"starting_after":1e1}`, "11"},
		{"from the end", paynettest.ListPath, `{` + thisWeek + `,"ending_before":10}`, "11"},
		{"twice", paynettest.ListPath, `{` + thisWeek + `,"limit":1,"limit":2}`, "11"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.code, look(t, start(t, paynettest.Config{}), c.path, c.body).code(t))
			require.Equal(t, c.code, look(t, start(t, paynettest.Config{RefuseAsHTTP400: true}), c.path, c.body).code(t))
		})
	}
}

func TestLookupsAuthorization(t *testing.T) {
	t.Parallel()
	gw := startTwo(t, paynettest.Config{})
	for path, body := range map[string]string{
		paynettest.DetailPath: `{"xact_id":"` + sampleID + `"}`, paynettest.ListPath: `{` + thisWeek + `}`,
	} {
		for _, value := range []string{"", gw.SecretKey(), "Basic another"} {
			h := headers(gw)
			h.Set("Authorization", value)
			r := lookAs(t, gw, path, body, h)
			require.Equal(t, http.StatusUnauthorized, r.status)
			require.Equal(t, "7", r.code(t))
			require.NotContains(t, r.fields, "Data")
		}
		h := headers(gw)
		h.Set("Content-Type", "text/plain")
		require.Equal(t, "11", lookAs(t, gw, path, body, h).code(t))
	}
}
