package tlpe_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/tlpe"
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
		`{"status":"200","data":{"status_code":"PN.01.00"}}`,
		`{"status":200,"STATUS":500,"data":{"status_code":"OK.04.00"}}`,
		`{"status":200,"data":{"status_code":"OK.04.00"},"data":{}}`,
		`{"status":400,"data":{"status_code":["OK.04.00"]}}`,
	} {
		f.Add(uint16(200), []byte(body))
		f.Add(uint16(404), []byte(body))
	}

	f.Fuzz(func(t *testing.T, status uint16, body []byte) {
		http := 200 + (int(status)+200)%400 // 200 to 599, each by its own number
		recorder := &adaptertest.Recorder{Status: http, Body: string(body)}
		p, err := tlpe.New(tlpe.Config{Token: token, Environment: refund.Sandbox, Transport: recorder})
		if err != nil {
			t.Fatal(err)
		}
		res, err := p.Refund(t.Context(), partial("10.00 PHP"))
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
	status, code       string
	statusDoubt, doubt bool // doubt: of the code
}

func read(body []byte) marks {
	var m marks
	top, ok := adaptertest.Members(string(body))
	if !ok {
		return m
	}
	status, ok := adaptertest.Only(top, "status")
	m.status, m.statusDoubt = text(status), !ok
	data := m.one(top, "data")
	if inner, ok := adaptertest.Members(data); ok {
		code := m.one(inner, "status_code")
		if text, ok := adaptertest.Unquote(code); ok {
			m.code = text
		} else if code != "" && code != "null" {
			m.doubt = true
		}
	}
	return m
}

// accepted: HTTP, envelope and code must agree.
func (m marks) accepted(http int) refund.Status {
	switch {
	case m.doubt || m.statusDoubt || http < 200 || http > 299 || m.status != "200":
		return refund.StatusUnknown
	case m.code == "OK.02.00" || m.code == "OK.04.00":
		return refund.StatusSucceeded
	case len(m.code) > 3 && strings.HasPrefix(m.code, "PN.") && m.code != "PN.*":
		return refund.StatusPending
	default:
		return refund.StatusUnknown
	}
}

// refused: by a documented code, or by HTTP where neither a code nor the envelope
// says otherwise.
func (m marks) refused(http int) bool {
	if m.doubt {
		return false
	}
	if slices.Contains([]string{"ER.02.30", "ER.20.20", "ER.02.00"}, m.code) {
		return true
	}
	silent := m.code == "" && m.status != "200"
	return (silent || strings.HasPrefix(m.code, "ER.")) && slices.Contains([]int{400, 401, 403, 404, 405, 415, 422, 429}, http)
}

// one returns the value of that name, "" if there is none. Two of them, or a name
// of another case, are a doubt.
func (m *marks) one(all []adaptertest.Member, name string) string {
	raw, ok := adaptertest.Only(all, name)
	m.doubt = m.doubt || !ok
	return raw
}

func text(raw string) string {
	if s, ok := adaptertest.Unquote(raw); ok {
		return s
	}
	return raw
}
