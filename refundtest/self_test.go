package refundtest

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBrokenProviders tests the suite: a provider with one bug must fail the
// bug's own rule and no other.
func TestBrokenProviders(t *testing.T) {
	for number, b := range map[int]bug{
		0: none,
		1: wrongStatus, 2: resultBesideError, 3: secondSend, 4: zeroIsFull, 5: anyCurrency, 6: unknownIsRefused,
		7: oneMark, 8: lostContext, 9: httpDecides, 10: showsToken, 11: strictSideFields, 12: noLimit, 13: leaksGoroutine,
	} {
		t.Run(fmt.Sprintf("%02d %s", number, b), func(t *testing.T) {
			r := &run{open: startAcme(b), short: 100 * time.Millisecond}
			failed := map[int]string{}
			for _, rule := range rules {
				rec := &recorder{TB: t}
				rec.do(func() { rule.check(&named{TB: rec, rule: rule}, r) })
				if rec.failure != "" {
					failed[rule.number] = rec.failure
				}
				rec.end()
			}
			if number == 0 {
				assert.Empty(t, failed)
				return
			}
			require.Contains(t, failed, number, "the suite did not notice")
			assert.Contains(t, failed[number], fmt.Sprintf("rule %d: ", number), "the failure must print the rule")
			delete(failed, number)
			assert.Empty(t, failed, "other rules failed too")
		})
	}
}

// TestRulesAreThirteen keeps the list and the comment of refund.Provider of one
// length.
func TestRulesAreThirteen(t *testing.T) {
	t.Parallel()
	require.Len(t, rules, 13)
	for i, rule := range rules {
		assert.Equal(t, i+1, rule.number)
		assert.NotEmpty(t, rule.text)
	}
}

// recorder takes the failures that would fail the test.
type recorder struct {
	testing.TB
	failure  string
	cleanups []func()
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	if r.failure == "" {
		r.failure = fmt.Sprintf(format, args...)
	}
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) FailNow() { r.Fatalf("FailNow") }

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

// do runs f so that Fatalf ends f alone.
func (r *recorder) do(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// end cleans up what the rule opened, before the next one counts goroutines.
func (r *recorder) end() {
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
}
