package paynet_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/paynet"
)

// FuzzReply answers a refund with anything. The adapter must not panic, may
// accept only what the strict reading below accepts, and may refuse only what is
// clearly refused.
func FuzzReply(f *testing.F) {
	samples, err := filepath.Glob("testdata/replies/*.json")
	if err != nil || len(samples) == 0 {
		f.Fatalf("no sample replies: %v", err)
	}
	for _, file := range samples {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, status := range []uint16{200, 400, 500} {
			f.Add(status, body)
		}
	}
	for _, body := range []string{
		`{"code":0,"CODE":6}`,
		`{"code":0,"result_code":0}`,
		`{"code":400,"result_code":[0]}`,
		`{"object_name":"transaction","code":6}`,
	} {
		f.Add(uint16(200), []byte(body))
		f.Add(uint16(404), []byte(body))
	}

	f.Fuzz(func(t *testing.T, status uint16, body []byte) {
		http := 200 + (int(status)+200)%400 // 200 to 599, each by its own number
		recorder := &adaptertest.Recorder{Status: http, Body: string(body)}
		p, err := paynet.New(config(recorder))
		if err != nil {
			t.Fatal(err)
		}
		res, err := p.Refund(t.Context(), partial("10.00 TRY"))
		recorder.One(t)

		m := read(body)
		if err == nil {
			if want := m.accepted(http); res == nil || res.Status != want || want == refund.StatusUnknown {
				t.Fatalf("HTTP %d taken for %+v, want status %s\n%s", http, res, want, body)
			}
			return
		}
		if want := m.accepted(http); want != refund.StatusUnknown {
			t.Fatalf("HTTP %d is accepted as %s, but: %v\n%s", http, want, err, body)
		}
		var e *refund.Error
		switch {
		case res != nil || !errors.As(err, &e):
			t.Fatalf("result %v beside the error %v", res, err)
		case e.Status == refund.StatusUnknown && e.Code == refund.OutcomeUnknown:
		case e.Status == refund.StatusRefused && e.Code != refund.OutcomeUnknown && m.refused(http):
		default:
			t.Fatalf("HTTP %d taken for %s, %s: %v\n%s", http, e.Status, e.Code, err, body)
		}
	})
}

// marks are what a strict reader finds: text where there is exactly one value of
// a plain type under exactly that name, and doubt where there is anything else.
type marks struct {
	code, result string
	doubt        bool
}

func read(body []byte) marks {
	var m marks
	if top, ok := adaptertest.Members(string(body)); ok {
		if name, ok := adaptertest.Unquote(m.one(top, "object_name")); ok && name != "transaction_reversed_request" {
			m.doubt = true
		}
		m.code, m.result = m.text(m.one(top, "code")), m.text(m.one(top, "result_code"))
	}
	return m
}

// accepted: code 0 under HTTP 200, and nothing that says otherwise.
func (m marks) accepted(http int) refund.Status {
	if http == 200 && !m.doubt && m.code == "0" && (m.result == "" || m.result == "0") {
		return refund.StatusPending
	}
	return refund.StatusUnknown
}

// refused: by a code of the documents' table in the place that belongs to the
// HTTP status, or by HTTP where no code says otherwise.
func (m marks) refused(http int) bool {
	refusals := []string{"1", "2", "3", "4", "6", "7", "9", "11", "12", "18", "19", "20", "21"}
	open := []string{"0", "5", "8", "10", "100"} // accepted, or nobody knows
	switch {
	case http == 200:
		return slices.Contains(refusals, m.code)
	case http < 400 || http > 499 || slices.Contains(open, m.code) || slices.Contains(open, m.result):
		return false
	case slices.Contains(refusals, m.result):
		return true
	case http == 400:
		return m.result == ""
	default:
		return slices.Contains([]int{401, 403, 404, 405, 415, 422, 429}, http)
	}
}

// one returns the value of that name, "" if there is none. Two of them, or a name
// of another case, are a doubt.
func (m *marks) one(all []adaptertest.Member, name string) string {
	raw, ok := adaptertest.Only(all, name)
	m.doubt = m.doubt || !ok
	return raw
}

// text is empty for what is not there. An object or a list where a code is due is
// a doubt.
func (m *marks) text(raw string) string {
	s, ok := adaptertest.Unquote(raw)
	switch {
	case raw == "" || raw == "null":
		return ""
	case ok:
		return s
	case raw[0] == '{' || raw[0] == '[':
		m.doubt = true
	}
	return raw
}
