package refund_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
)

// The pauses are those of the bubble's clock, which moves only when everybody
// waits, so they are exact.

// flaky fails with errs, one after the other, and then succeeds. It notes when
// it was called.
type flaky struct {
	errs  []error
	calls []time.Time
}

func (f *flaky) Capabilities() refund.Capabilities { return capabilities() }

func (f *flaky) Refund(context.Context, refund.Request) (*refund.Result, error) {
	f.calls = append(f.calls, time.Now())
	if n := len(f.calls); n <= len(f.errs) {
		return nil, f.errs[n-1]
	}
	return &refund.Result{Status: refund.StatusSucceeded}, nil
}

func (f *flaky) pauses() []time.Duration {
	var d []time.Duration
	for i := 1; i < len(f.calls); i++ {
		d = append(d, f.calls[i].Sub(f.calls[i-1]))
	}
	return d
}

func unavailable() *refund.Error {
	return &refund.Error{Gateway: "fake", Op: "refund", Status: refund.StatusNotSent, Code: refund.Unavailable}
}

func limited(wait time.Duration) *refund.Error {
	return &refund.Error{Gateway: "fake", Op: "refund", Status: refund.StatusRefused, Code: refund.RateLimited, RetryAfter: wait}
}

func repeat(err error, n int) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return errs
}

func TestRetryOnlyIfAsked(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]refund.Option{
		"no option": nil,
		"zero":      {refund.WithRetry(refund.Retry{})},
		"one":       {refund.WithRetry(refund.Retry{Attempts: 1})},
		"negative":  {refund.WithRetry(refund.Retry{Attempts: -3})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := failing(unavailable())
			_, err := refund.New(p, opts...).Refund(t.Context(), ten())
			require.ErrorIs(t, err, refund.Unavailable)
			assert.EqualValues(t, 1, p.calls.Load())
		})
	}
}

// Every status with every code: what is not certainly undone and worth another
// try is sent once.
func TestRetryOnlySafe(t *testing.T) {
	t.Parallel()
	safe := map[refund.Status]map[refund.Code]bool{
		refund.StatusNotSent: {refund.Unavailable: true, refund.RateLimited: true, refund.InProgress: true},
		refund.StatusRefused: {refund.RateLimited: true},
	}
	for status := refund.StatusUnknown; status <= refund.StatusReversed+1; status++ {
		for _, code := range append(refund.Codes(), "", "nope") {
			t.Run(fmt.Sprintf("%d %s", status, code), func(t *testing.T) {
				t.Parallel()
				failure := &refund.Error{Status: status, Code: code}
				want := safe[status][code]
				assert.Equal(t, want, refund.SafeToRetry(failure))
				p := failing(fmt.Errorf("fake: %w", failure))
				_, err := refund.New(p, refund.WithRetry(refund.Retry{Attempts: 3, Base: 1, Max: 1})).Refund(t.Context(), ten())
				require.Error(t, err)
				calls := int64(1)
				if want {
					calls = 3
				}
				assert.Equal(t, calls, p.calls.Load())
			})
		}
	}
}

func TestRetrySucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &flaky{errs: repeat(unavailable(), 2)}
		c := refund.New(p, refund.WithRetry(refund.Retry{Attempts: 5, Base: time.Second, Max: time.Minute}))
		res, err := c.Refund(t.Context(), ten())
		require.NoError(t, err)
		assert.Equal(t, refund.StatusSucceeded, res.Status)
		assert.Len(t, p.calls, 3)
	})
}

// The outcome of a later attempt counts, and an unknown one ends it.
func TestRetryStopsAtUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unknown := &refund.Error{Status: refund.StatusUnknown, Code: refund.OutcomeUnknown}
		p := &flaky{errs: []error{unavailable(), unknown}}
		res, err := refund.New(p, refund.WithRetry(refund.Retry{Attempts: 5})).Refund(t.Context(), ten())
		requireUnknown(t, res, err)
		assert.Len(t, p.calls, 2)
	})
}

func TestRetryPauses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		retry refund.Retry
		want  []time.Duration // the longest for each pause; the shortest is half of it
	}{
		"doubling":         {refund.Retry{Attempts: 6, Base: time.Second, Max: 5 * time.Second}, []time.Duration{1e9, 2e9, 4e9, 5e9, 5e9}},
		"defaults":         {refund.Retry{Attempts: 8}, []time.Duration{200e6, 400e6, 800e6, 1600e6, 3200e6, 5e9, 5e9}},
		"negative":         {refund.Retry{Attempts: 2, Base: -1, Max: -1}, []time.Duration{200e6}},
		"base above max":   {refund.Retry{Attempts: 3, Base: time.Minute, Max: time.Second}, []time.Duration{1e9, 1e9}},
		"a long base only": {refund.Retry{Attempts: 3, Base: time.Minute}, []time.Duration{60e9, 60e9}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &flaky{errs: repeat(unavailable(), 100)}
				_, err := refund.New(p, refund.WithRetry(tt.retry)).Refund(t.Context(), ten())
				require.ErrorIs(t, err, refund.Unavailable)
				got := p.pauses()
				require.Len(t, got, len(tt.want))
				for i, most := range tt.want {
					assert.LessOrEqual(t, got[i], most, "pause %d", i+1)
					assert.GreaterOrEqual(t, got[i], most/2, "pause %d", i+1)
				}
			})
		})
	}
}

// Doubling must not wrap round to short pauses: that would hammer a gateway
// that is down.
func TestRetryPausesNeverShrink(t *testing.T) {
	t.Parallel()
	for _, base := range []time.Duration{1, 3, 1<<33 + 1, 1<<40 + 12345, math.MaxInt64 / 3} {
		t.Run(base.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const attempts, most = 80, 365 * 24 * time.Hour
				p := &flaky{errs: repeat(unavailable(), attempts)}
				c := refund.New(p, refund.WithRetry(refund.Retry{Attempts: attempts, Base: base, Max: most}))
				_, err := c.Refund(t.Context(), ten())
				require.Error(t, err)
				full := float64(base)
				for i, got := range p.pauses() {
					want := min(full, float64(most))
					assert.GreaterOrEqual(t, float64(got)+1, want/2, "pause %d", i+1)
					assert.LessOrEqual(t, float64(got), want+1, "pause %d", i+1)
					full *= 2
				}
			})
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		after       time.Duration
		least, most time.Duration // of the pause; both 0 = there is none
	}{
		"longer than the pause":  {3 * time.Second, 3 * time.Second, 3 * time.Second},
		"just Max":               {5 * time.Second, 5 * time.Second, 5 * time.Second},
		"longer than Max":        {5*time.Second + 1, 0, 0},
		"much longer than Max":   {24 * time.Hour, 0, 0},
		"shorter than the pause": {time.Millisecond, 500 * time.Millisecond, time.Second},
		"negative":               {-time.Hour, 500 * time.Millisecond, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &flaky{errs: []error{fmt.Errorf("fake: %w", limited(tt.after))}}
				start := time.Now()
				c := refund.New(p, refund.WithRetry(refund.Retry{Attempts: 2, Base: time.Second, Max: 5 * time.Second}))
				_, err := c.Refund(t.Context(), ten())
				if tt.most == 0 {
					require.ErrorIs(t, err, refund.RateLimited)
					assert.Equal(t, tt.after, theError(t, err).RetryAfter, "the caller learns how long to wait")
					assert.Len(t, p.calls, 1)
					assert.Equal(t, start, time.Now(), "it waited for nothing")
					return
				}
				require.NoError(t, err)
				require.Len(t, p.pauses(), 1)
				assert.GreaterOrEqual(t, p.pauses()[0], tt.least)
				assert.LessOrEqual(t, p.pauses()[0], tt.most)
			})
		})
	}
}

// Who cancels during the pause gets the context's error at once, and still
// learns that the gateway did nothing.
func TestRetryCancelledDuringThePause(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]*refund.Error{"not sent": unavailable(), "refused": limited(time.Minute)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				start := time.Now()
				time.AfterFunc(time.Second, cancel)
				p := &flaky{errs: repeat(failure, 9)}
				c := refund.New(p, refund.WithRetry(refund.Retry{Attempts: 9, Base: time.Minute, Max: time.Minute}))
				res, err := c.Refund(ctx, ten())
				assert.Nil(t, res)
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, failure.Code)
				assert.Equal(t, failure.Status, refund.StatusOf(err))
				assert.Contains(t, err.Error(), failure.Error())
				assert.Len(t, p.calls, 1)
				assert.Equal(t, time.Second, time.Since(start))
			})
		})
	}
}

func TestRetryContextEndedDuringTheCall(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p := &fake{caps: capabilities(), answer: func(context.Context, refund.Request) (*refund.Result, error) {
		cancel()
		e := unavailable()
		e.Err = context.Canceled
		return nil, e
	}}
	_, err := refund.New(p, refund.WithRetry(refund.Retry{Attempts: 3, Base: time.Hour, Max: time.Hour})).Refund(ctx, ten())
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, "fake: refund not sent: unavailable: context canceled", err.Error(), "said once")
	assert.EqualValues(t, 1, p.calls.Load())
}

// A pause that ends with the deadline or later is not begun: the time is the
// caller's. The context has not ended, so its error does not match.
func TestRetryDeadlineBeforeThePauseEnds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		deadline time.Duration
		calls    int
	}{
		"nearer":     {2 * time.Second, 1},
		"just as it": {3 * time.Second, 1},
		"later":      {3*time.Second + 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				start := time.Now()
				p := &flaky{errs: []error{limited(3 * time.Second)}}
				c := refund.New(p, refund.WithRetry(refund.Retry{Attempts: 2, Base: time.Second, Max: 5 * time.Second}))
				_, err := c.Refund(ctx, ten())
				assert.Len(t, p.calls, tt.calls)
				if tt.calls == 2 {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, refund.RateLimited)
				assert.False(t, errors.Is(err, context.DeadlineExceeded))
				assert.Equal(t, start, time.Now())
			})
		})
	}
}

// A pause and a cancellation that fall on one instant: nothing more is sent.
func TestRetryCancelledAsThePauseEnds(t *testing.T) {
	t.Parallel()
	for range 50 { // select picks at random
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(3*time.Second, cancel)
			p := &flaky{errs: []error{limited(3 * time.Second)}}
			seen := 0
			q := &fake{caps: capabilities(), answer: func(ctx context.Context, req refund.Request) (*refund.Result, error) {
				if ctx.Err() != nil {
					seen++
				}
				return p.Refund(ctx, req)
			}}
			c := refund.New(q, refund.WithRetry(refund.Retry{Attempts: 2, Base: time.Second, Max: 5 * time.Second}))
			_, err := c.Refund(ctx, ten())
			assert.Zero(t, seen, "the provider was called with an ended context")
			if err != nil {
				require.ErrorIs(t, err, context.Canceled)
			}
			cancel()
		})
	}
}
