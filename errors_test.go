package refund_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
)

func TestErrorText(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  refund.Error
		want string
	}{
		"not sent": {refund.Error{Gateway: "tlpe", Op: "refund", Status: refund.StatusNotSent, Code: refund.InvalidAmount, Message: "a partial refund needs an Amount"},
			"tlpe: refund not sent: invalid_amount: a partial refund needs an Amount"},
		"refused": {refund.Error{Gateway: "tlpe", Op: "refund", Status: refund.StatusRefused, Code: refund.AlreadyRefunded, GatewayCode: "ER.20.20", HTTPStatus: 200, Message: "Transaction is already refunded"},
			"tlpe: refund refused: already_refunded: Transaction is already refunded (gateway code ER.20.20, HTTP 200)"},
		"unknown": {refund.Error{Gateway: "tlpe", Op: "refund", Status: refund.StatusUnknown, Code: refund.OutcomeUnknown, Message: "no answer", Err: context.DeadlineExceeded},
			"tlpe: refund: outcome_unknown: no answer: context deadline exceeded"},
		"failed": {refund.Error{Gateway: "tlpe", Op: "refund", Status: refund.StatusFailed, Code: refund.Declined, Message: "account closed"},
			"tlpe: refund failed: declined: account closed"},
		"reversed": {refund.Error{Gateway: "tlpe", Op: "refund", Status: refund.StatusReversed, Code: refund.Declined},
			"tlpe: refund reversed: declined"},
		"another operation": {refund.Error{Gateway: "tlpe", Op: "inspect", Status: refund.StatusNotSent, Code: refund.Unsupported, Message: "this provider cannot do that"},
			"tlpe: inspect: unsupported: this provider cannot do that"},
		"no gateway": {refund.Error{Op: "config", Status: refund.StatusNotSent, Code: refund.InvalidRequest, Message: "token is missing"},
			"config: invalid_request: token is missing"},
		"no operation": {refund.Error{Gateway: "tlpe", Status: refund.StatusRefused, Code: refund.Declined}, "tlpe: declined"},
		"only a code":  {refund.Error{Code: refund.Declined}, "declined"},
		"HTTP only": {refund.Error{Gateway: "tlpe", Op: "refund", Status: refund.StatusRefused, Code: refund.RateLimited, HTTPStatus: 429},
			"tlpe: refund refused: rate_limited (HTTP 429)"},
		"gateway code only": {refund.Error{Gateway: "tlpe", Op: "refund", Status: refund.StatusRefused, Code: refund.Declined, GatewayCode: "7"},
			"tlpe: refund refused: declined (gateway code 7)"},
		"cause in the message": {refund.Error{Gateway: "tlpe", Op: "refund", Code: refund.OutcomeUnknown, Message: "broken: EOF", Err: io.EOF},
			"tlpe: refund: outcome_unknown: broken: EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, tt.err.Error())
		})
	}
}

func TestErrorIsAsUnwrap(t *testing.T) {
	t.Parallel()
	e := &refund.Error{Gateway: "tlpe", Op: "refund", Status: refund.StatusUnknown, Code: refund.OutcomeUnknown, Err: fmt.Errorf("sending: %w", context.Canceled)}
	var err error = fmt.Errorf("order 7: %w", e)

	assert.ErrorIs(t, err, refund.OutcomeUnknown)
	assert.NotErrorIs(t, err, refund.Declined)
	assert.ErrorIs(t, err, context.Canceled)
	assert.NotErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorIs(t, err, e)
	assert.NotErrorIs(t, err, &refund.Error{Code: refund.OutcomeUnknown}, "another error of the same code is another error")
	assert.NotErrorIs(t, err, errors.New("outcome_unknown"), "a text is no code")
	assert.Same(t, e, theError(t, err))
	assert.Equal(t, e.Err, errors.Unwrap(e))
	assert.NoError(t, errors.Unwrap(&refund.Error{Code: refund.Declined}))
}

func TestCodes(t *testing.T) {
	t.Parallel()
	want := []refund.Code{ // the contract's list
		refund.InvalidRequest, refund.InvalidAmount, refund.Unsupported, refund.Unauthorized, refund.PaymentNotFound,
		refund.AlreadyRefunded, refund.ExceedsRefundable, refund.NotRefundable, refund.SameDayPartial, refund.WindowExpired,
		refund.InsufficientFunds, refund.Declined, refund.RateLimited, refund.Unavailable, refund.OutcomeUnknown,
		refund.KeyConflict, refund.InProgress, refund.RemainingMismatch, refund.Forged, refund.Malformed, refund.NotARefund,
	}
	assert.Equal(t, want, refund.Codes())
	seen := map[refund.Code]bool{}
	for _, code := range want {
		assert.True(t, code.Known(), code)
		assert.Regexp(t, "^[a-z]+(_[a-z]+)*$", code.Error())
		assert.False(t, seen[code], "%s twice", code)
		seen[code] = true
		assert.ErrorIs(t, fmt.Errorf("x: %w", code), code)
		for _, other := range want {
			assert.Equal(t, code == other, errors.Is(&refund.Error{Code: code}, other))
		}
	}
	assert.False(t, refund.Code("").Known())
	assert.False(t, refund.Code("DECLINED").Known())

	refund.Codes()[0] = "changed"
	assert.Equal(t, want, refund.Codes())
}

func TestStatusOf(t *testing.T) {
	t.Parallel()
	e := func(s refund.Status, c refund.Code) error { return &refund.Error{Status: s, Code: c} }
	for name, tt := range map[string]struct {
		err  error
		want refund.Status
		safe bool
	}{
		"nil":               {nil, refund.StatusUnknown, false},
		"foreign":           {errors.New("x"), refund.StatusUnknown, false},
		"context":           {context.Canceled, refund.StatusUnknown, false},
		"bare code":         {refund.Unavailable, refund.StatusUnknown, false},
		"nil *Error":        {(*refund.Error)(nil), refund.StatusUnknown, false},
		"wrapped nil":       {fmt.Errorf("x: %w", (*refund.Error)(nil)), refund.StatusUnknown, false},
		"not sent":          {e(refund.StatusNotSent, refund.Unavailable), refund.StatusNotSent, true},
		"not sent, invalid": {e(refund.StatusNotSent, refund.InvalidRequest), refund.StatusNotSent, false},
		"wrapped":           {fmt.Errorf("x: %w", e(refund.StatusNotSent, refund.Unavailable)), refund.StatusNotSent, true},
		"refused":           {e(refund.StatusRefused, refund.Unavailable), refund.StatusRefused, false},
		"refused, limited":  {e(refund.StatusRefused, refund.RateLimited), refund.StatusRefused, true},
		"failed":            {e(refund.StatusFailed, refund.RateLimited), refund.StatusFailed, false},
		"reversed":          {e(refund.StatusReversed, refund.RateLimited), refund.StatusReversed, false},
		// Errors of several refunds in one: the worst of them counts, in any order.
		"joined, first unknown": {errors.Join(e(refund.StatusUnknown, refund.OutcomeUnknown), e(refund.StatusNotSent, refund.Unavailable)), refund.StatusUnknown, false},
		"joined, then unknown":  {errors.Join(e(refund.StatusNotSent, refund.Unavailable), e(refund.StatusUnknown, refund.OutcomeUnknown)), refund.StatusUnknown, false},
		"unknown as a cause":    {&refund.Error{Status: refund.StatusNotSent, Code: refund.InProgress, Err: e(refund.StatusUnknown, refund.OutcomeUnknown)}, refund.StatusUnknown, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, refund.StatusOf(tt.err))
			assert.Equal(t, tt.safe, refund.SafeToRetry(tt.err))
		})
	}
}

func TestErrorJSON(t *testing.T) {
	t.Parallel()
	e := refund.Error{
		Gateway: "tlpe", Op: "refund", Code: refund.RateLimited, Status: refund.StatusRefused, GatewayCode: "7",
		Message: "slow down", HTTPStatus: 429, RetryAfter: 2 * time.Second, Err: io.EOF,
	}
	data, err := json.Marshal(&e)
	require.NoError(t, err)
	assert.JSONEq(t, `{"gateway":"tlpe","op":"refund","code":"rate_limited","status":"refused","gateway_code":"7",
		"message":"slow down","http_status":429,"retry_after":2000000000}`, string(data))

	var back refund.Error
	require.NoError(t, json.Unmarshal(data, &back))
	e.Err = nil // a cause has no JSON
	assert.Equal(t, e, back)

	require.Error(t, json.Unmarshal([]byte(`{"status":"done"}`), &back))

	data, err = json.Marshal(refund.Error{})
	require.NoError(t, err)
	assert.JSONEq(t, `{"gateway":"","op":"","code":"","status":"unknown"}`, string(data))
}
