package refundtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/refundtest/pretend"
)

// personal is what a gateway may put into a text and nobody may pass on.
var personal = []string{"jane.doe@example.com", "+260 977 123 456", "260977123456", "203.0.113.77", "2001:db8::7334", "4111111111111111"}

func noLeaks(t testing.TB, r *run) {
	s := r.open(t, Options{})
	look := finder{t: t, secrets: s.Secrets}
	look.in("the provider", s.Provider)
	// Package fmt calls no method of what is in an unexported field.
	look.in("a struct that keeps the provider", struct{ provider refund.Provider }{s.Provider})
	look.in("a map that keeps the provider", struct{ all map[string]refund.Provider }{map[string]refund.Provider{"": s.Provider}})

	// Signatures are secrets of one request: take them from what arrived.
	s.call(t.Context(), t, "full refund", s.Full)
	for _, a := range s.Gateway.Arrivals() {
		if token, ok := strings.CutPrefix(a.Header.Get("Authorization"), "Bearer "); ok {
			look.secrets = append(look.secrets, token)
		}
	}
	if p, ok := s.Provider.(refund.Planner); ok {
		for _, req := range []refund.Request{s.Full, s.Partial} {
			req.Reason = "asked for by " + personal[0]
			plan, err := p.Plan(t.Context(), req)
			if err != nil {
				t.Errorf("Plan: %v", err)
				continue
			}
			look.in("the plan", plan)
			look.in("the plan's text", plan.String())
		}
	}

	echo := strings.Join(append(append([]string{}, look.secrets...), personal...), " , ")
	quoted, _ := json.Marshal(echo)
	for name, script := range map[string]pretend.Scripted{
		"an echo as text under 200": {Status: 200, Body: echo},
		"an echo as text under 400": {Status: 400, Body: echo},
		"an echo as text under 401": {Status: 401, Body: echo},
		"an echo as text under 500": {Status: 500, Body: echo},
		"an echo as JSON under 200": {Status: 200, Body: `{"message":` + string(quoted) + `,"error":` + string(quoted) + `}`},
		"an echo as JSON under 400": {Status: 400, Body: `{"status":false,"code":` + string(quoted) + `,"message":` + string(quoted) + `}`},
	} {
		s := r.open(t, Options{})
		s.Gateway.Script(script)
		look.call(name, &s)
	}
	for _, reply := range append(append([]Reply{}, s.Refusals...), s.Unknown...) {
		if reply.Text == "" {
			continue
		}
		s := r.open(t, Options{})
		body := strings.ReplaceAll(reply.Body, reply.Text, strings.Trim(string(quoted), `"`))
		s.Gateway.Script(pretend.Scripted{Status: reply.HTTP, Body: body})
		look.call(reply.Name+" with an echo", &s)
	}
	for _, fault := range []pretend.Fault{pretend.DropAfterBooking, pretend.Truncated, pretend.HTMLError, pretend.NoFault} {
		s := r.open(t, Options{})
		s.Gateway.Inject(fault)
		look.call(fault.String(), &s)
	}

	// A transport of the user's that puts the request into its error.
	s = r.open(t, Options{Transport: talkative{}})
	look.call("a talkative transport", &s)
}

// talkative fails with all that it knows.
type talkative struct{}

func (talkative) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, errors.New(fmt.Sprint("could not send ", r.URL, r.Header))
}

// finder looks for secrets and personal data in every form of a value.
type finder struct {
	t       testing.TB
	secrets []string
}

// call makes a logged call and looks at all that comes out of it.
func (f *finder) call(name string, s *Subject) {
	f.t.Helper()
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		logger := slog.New(handler)
		res, err := refund.New(s.Provider, refund.WithLogger(logger)).Refund(f.t.Context(), s.Partial)
		logger.Error("refund", "result", res, "error", err, "provider", s.Provider)
		f.in(name+": the result", res)
		f.in(name+": the error", err)
		for cause := err; cause != nil; cause = errors.Unwrap(cause) {
			f.in(name+": the cause", cause)
		}
	}
	f.text(name+": the log", log.String())
}

// in looks at every way of printing v.
func (f *finder) in(name string, v any) {
	f.t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		f.text(name+" as "+verb, fmt.Sprintf(verb, v))
	}
	if data, err := json.Marshal(v); err == nil {
		f.text(name+" as JSON", string(data))
	}
}

func (f *finder) text(name, text string) {
	f.t.Helper()
	for _, s := range append(append([]string{}, f.secrets...), personal...) {
		if strings.Contains(text, s) || strings.Contains(text, fmt.Sprintf("%x", s)) {
			f.t.Errorf("%s shows %q: %s", name, s, text)
		}
	}
}
