package tarlan_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
)

// FuzzJudge gives the adapter any answer. It must not panic, must not accept
// what a second, strict reading does not accept, and must not refuse what says
// yes.
func FuzzJudge(f *testing.F) {
	for _, file := range []string{"success_word.json", "success_object.json", "success_code_0.json", "transaction_not_found.json"} {
		body := adaptertest.Reply(f, file)
		f.Add(200, body)
		f.Add(500, body)
	}
	for _, line := range codeTable {
		f.Add(line.http, `{"status":false,"status_code":`+line.code+`,"message":"`+line.message+`"}`)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 100 || status > 999 {
			t.Skip("no HTTP status")
		}
		res, err := answered(t, config(nil), status, nil, body)
		switch claim := adaptertest.Of(t, res, err); claim.Status {
		case refund.StatusSucceeded, refund.StatusPending:
			if !strictlyAccepted(status, body) {
				t.Errorf("HTTP %d accepted as %s: %s", status, claim.Status, body)
			}
		case refund.StatusRefused:
			members, _ := adaptertest.Members(body)
			if yes, _ := adaptertest.Only(members, "status"); yes == "true" {
				t.Errorf("HTTP %d refused as %s, although it says yes: %s", status, claim.Code, body)
			}
		case refund.StatusNotSent:
			t.Errorf("HTTP %d is an answer, so something was sent: %v", status, err)
		}
		var e *refund.Error
		if errors.As(err, &e) && len(e.Message)+len(e.GatewayCode) > 9<<10 {
			t.Errorf("a text of %d bytes", len(e.Message)+len(e.GatewayCode))
		}
	})
}

var (
	zero    = []string{"", "null", "0", `"0"`}
	states  = []string{"success", "refund", "refund_waiting"}
	integer = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)

	contradictory = []string{"1021", "1022", "3010", "3108", "5000", "5003", "5006", "5101", "5102", "5103", "5107", "5202", "5205", "5400", "5406", "8008", "8301"}
)

// strictlyAccepted is the fact sheet's rule, written down a second time: HTTP
// 200, status exactly true, status_code absent or zero, and a result that does
// not say otherwise.
func strictlyAccepted(status int, body string) bool {
	members, ok := adaptertest.Members(body)
	yes, yesOnce := adaptertest.Only(members, "status")
	code, codeOnce := adaptertest.Only(members, "status_code")
	result, resultOnce := adaptertest.Only(members, "result")
	if status != http.StatusOK || !ok || !yesOnce || !codeOnce || !resultOnce || yes != "true" {
		return false
	}
	if text, isString := adaptertest.Unquote(code); !slices.Contains(zero, code) && !(isString && text == "0") {
		return false
	}
	if word, isString := adaptertest.Unquote(result); isString {
		return word == "success"
	}
	inner, isObject := adaptertest.Members(result)
	if !isObject {
		return result == "" || result == "null"
	}
	raw, once := adaptertest.Only(inner, "transaction_status_code")
	state, isString := adaptertest.Unquote(raw)
	if !isString {
		state = raw
	}
	return once && (slices.Contains([]string{"", "null"}, raw) || strings.HasPrefix(raw, "{") || isString && slices.Contains(states, state) ||
		integer.MatchString(state) && !slices.Contains(contradictory, state))
}

// FuzzInspect gives a look-up any answer. It must not panic, and must not
// conclude what a second, strict reading does not conclude: nothing was refunded
// before, and 10 KZT were asked for.
func FuzzInspect(f *testing.F) {
	f.Add(200, adaptertest.Reply(f, "status.json"))
	f.Add(500, adaptertest.Reply(f, "transaction_not_found.json"))
	for _, state := range append(states, "failed") {
		for _, list := range []string{`null`, `[]`, `[{"amount":10}]`, `[{"amount":"10.00","date":"2026-03-04T12:00:00Z","status":"failed"}]`, `[{"amount":1e1},7]`} {
			f.Add(200, payment(state, list))
		}
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 100 || status > 999 {
			t.Skip("no HTTP status")
		}
		r, err := inspected(t, query(&refund.Report{State: "success", Complete: true}), status, body)
		if err != nil {
			lookupFailed(t, r, err)
			return
		}
		if r.Conclusive != (r.Status != refund.StatusUnknown) || r.Why == "" {
			t.Errorf("conclusive %t with the status %s: %q", r.Conclusive, r.Status, r.Why)
		}
		if r.Conclusive && !proves(r.Status, status, body) {
			t.Errorf("HTTP %d reported as %s: %s", status, r.Status, body)
		}
	})
}

// proves is the rule of a look-up, written down a second time.
func proves(as refund.Status, status int, body string) bool {
	members, ok := adaptertest.Members(body)
	yes, yesOnce := adaptertest.Only(members, "status")
	code, codeOnce := adaptertest.Only(members, "status_code")
	raw, resultOnce := adaptertest.Only(members, "result")
	result, isObject := adaptertest.Members(raw)
	id, idOnce := adaptertest.Only(result, "id")
	raw, stateOnce := adaptertest.Only(result, "transaction_status")
	inner, _ := adaptertest.Members(raw)
	raw, codeOfStateOnce := adaptertest.Only(inner, "code")
	state, _ := adaptertest.Unquote(raw)
	list, listOnce := adaptertest.Only(result, "refunds")
	if text, isString := adaptertest.Unquote(code); isString && text != "0" || !isString && !slices.Contains(zero, code) {
		return false
	}
	if text, isString := adaptertest.Unquote(id); isString {
		id = text
	}
	if status != 200 || !ok || !yesOnce || !codeOnce || !resultOnce || !isObject || !idOnce || !stateOnce || !codeOfStateOnce || !listOnce ||
		yes != "true" || id != "999" {
		return false
	}
	if !slices.Contains(states, state) {
		return false
	}
	var entries []json.RawMessage
	if json.Unmarshal([]byte(list), &entries) != nil {
		return false
	}
	tens := 0
	for _, entry := range entries {
		members, ok := adaptertest.Members(string(entry))
		amount, once := adaptertest.Only(members, "amount")
		if text, isString := adaptertest.Unquote(amount); isString {
			amount = text
		}
		n, err := strconv.ParseFloat(amount, 64)
		switch {
		case !ok || !once || err != nil || n <= 0:
			return false
		case n == 10:
			tens++
		}
	}
	waiting, said := state == "refund_waiting", strings.Contains(list, "refund") || strings.Contains(list, "success")
	switch as {
	case refund.StatusPending:
		return tens == 1 && (waiting || said)
	case refund.StatusSucceeded:
		return tens == 1 && (!waiting || said)
	default:
		return false // Tarlan has no word for it
	}
}
