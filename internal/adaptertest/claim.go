package adaptertest

import (
	"errors"
	"testing"

	"github.com/gorefund/refund"
)

// Claim is what a call says about the money. Code is empty for a result.
type Claim struct {
	Status refund.Status
	Code   refund.Code
}

// Of returns the claim of a call. It fails the test if the claim has no proper
// form: a result and an error together, an error that is no [*refund.Error], a
// code that contradicts the status.
func Of(t testing.TB, res *refund.Result, err error) Claim {
	t.Helper()
	status, problem := outcome(res, err)
	if problem != "" {
		t.Error(problem)
	}
	var e *refund.Error
	if errors.As(err, &e) {
		return Claim{Status: status, Code: e.Code}
	}
	return Claim{Status: status}
}

// Error returns the [*refund.Error] in err, and ends the test if there is none.
func Error(t testing.TB, err error) *refund.Error {
	t.Helper()
	var e *refund.Error
	if !errors.As(err, &e) {
		t.Fatalf("no *refund.Error: %v", err)
	}
	return e
}
