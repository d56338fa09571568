package tarlan_test

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
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
	integer = regexp.MustCompile(`^[+-]?[0-9]+$`)
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
		return true
	}
	raw, once := adaptertest.Only(inner, "transaction_status_code")
	state, isString := adaptertest.Unquote(raw)
	return once && (!isString || slices.Contains(states, state) || integer.MatchString(state))
}
