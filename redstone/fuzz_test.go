package redstone_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
)

// FuzzJudge gives the adapter any answer. It must not panic, must not accept
// what a second, strict reading does not accept, and must not refuse what says
// that the call went well.
func FuzzJudge(f *testing.F) {
	for _, file := range []string{
		"queued.json", "queued_201.json", "check_successful.json", "payout_processing.json", "pay_text.json",
		"sister_error.json", "sister_success_false.json", "sister_field_errors.json",
	} {
		body := adaptertest.Reply(f, file)
		f.Add(200, body)
		f.Add(400, body)
	}
	for _, line := range codeTable {
		f.Add(400, `{"status":"error","code":`+line.code+`,"message":"no","data":null}`)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 100 || status > 999 {
			t.Skip("no HTTP status")
		}
		res, err := answered(t, config(nil), status, nil, body)
		switch claim := adaptertest.Of(t, res, err); claim.Status {
		case refund.StatusSucceeded, refund.StatusPending:
			if want := strictly(status, body); claim.Status != want {
				t.Errorf("HTTP %d accepted as %s, want %s: %s", status, claim.Status, want, body)
			}
		case refund.StatusRefused:
			members, _ := adaptertest.Members(body)
			word, _ := adaptertest.Only(members, "status")
			code, _ := adaptertest.Only(members, "code")
			if text, _ := adaptertest.Unquote(word); text == "success" || code == "200" || code == "201" {
				t.Errorf("HTTP %d refused as %s, although it says yes: %s", status, claim.Code, body)
			}
			if status < 400 || status >= 500 {
				t.Errorf("HTTP %d refused as %s: %s", status, claim.Code, body)
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

// strictly is the fact sheet's rule, written down a second time: HTTP, the word
// and the code agree that the call went well, and the state is one of the
// documented words. Anything else is unknown.
func strictly(status int, body string) refund.Status {
	members, ok := adaptertest.Members(body)
	word, wordOnce := adaptertest.Only(members, "status")
	success, successOnce := adaptertest.Only(members, "success")
	code, codeOnce := adaptertest.Only(members, "code")
	data, dataOnce := adaptertest.Only(members, "data")
	if !ok || !wordOnce || !successOnce || !codeOnce || !dataOnce {
		return refund.StatusUnknown
	}
	if text, isString := adaptertest.Unquote(code); isString {
		code = text
	} else if code == "" || code == "null" {
		code = "200" // absent
	}
	if text, isString := adaptertest.Unquote(success); isString {
		success = text
	}
	text, isString := adaptertest.Unquote(word)
	switch {
	case status != http.StatusOK && status != http.StatusCreated,
		!isString || text != "success",
		code != "200" && code != "201",
		!slices.Contains([]string{"", "null", "true"}, success):
		return refund.StatusUnknown
	}
	inner, isObject := adaptertest.Members(data)
	raw, once := adaptertest.Only(inner, "status")
	state, isString := adaptertest.Unquote(raw)
	if !isObject || !once || !isString {
		return refund.StatusUnknown
	}
	switch strings.ToLower(state) {
	case "pending", "processing":
		return refund.StatusPending
	case "successful":
		return refund.StatusSucceeded
	default:
		return refund.StatusUnknown
	}
}

// FuzzInspect gives a look-up any answer. It must not panic, and must not
// conclude what a second, strict reading does not conclude.
func FuzzInspect(f *testing.F) {
	for _, file := range []string{"check_successful.json", "payment.json", "pay_text.json", "sister_error.json"} {
		f.Add(200, adaptertest.Reply(f, file))
	}
	for _, state := range []string{`"successful"`, `"Failed"`, `"pending"`, `"lost"`, `null`, `7`} {
		f.Add(200, checked(state, ""))
		f.Add(200, checked(state, `,"reason_for_failure":"PROVIDER_TIMEOUT"`))
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 100 || status > 999 {
			t.Skip("no HTTP status")
		}
		r, err := inspected(t, query(refundID), status, body)
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
	members, _ := adaptertest.Members(body)
	raw, _ := adaptertest.Only(members, "data")
	data, _ := adaptertest.Members(raw)
	text := func(of []adaptertest.Member, name string) string {
		raw, _ := adaptertest.Only(of, name)
		word, _ := adaptertest.Unquote(raw)
		return word
	}
	kind, state := strings.ToLower(text(data, "type")), strings.ToLower(text(data, "status"))
	if status != http.StatusOK && status != http.StatusCreated || text(members, "status") != "success" || text(data, "reference") != refundID ||
		text(data, "environment") != "test" || text(data, "currency") != "ZMW" || !slices.Contains([]string{"refund", "payout", "refund." + state, "payout." + state}, kind) {
		return false
	}
	switch as {
	case refund.StatusSucceeded:
		return state == "successful"
	case refund.StatusFailed:
		reasons := []string{strings.ToUpper(text(data, "reason_for_failure")), strings.ToUpper(text(data, "failure_reason"))}
		return state == "failed" && !strings.Contains(strings.ToLower(body), "timeout") && slices.ContainsFunc(reasons, func(s string) bool {
			return slices.Contains([]string{"ABANDONED_TRANSACTION", "DECLINED_TRANSACTION", "INSUFFICIENT_FUNDS"}, s)
		})
	default:
		return as == refund.StatusPending && (state == "pending" || state == "processing")
	}
}
