package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/webhook"
)

// refunded adds a pending refund of another payment.
func (s *shop) refunded(t *testing.T, key, payment string) {
	t.Helper()
	req := refund.Partial(payment, money.MustParse("10.00 PHP"))
	req.Key = key
	_, err := s.client.Refund(t.Context(), req)
	require.NoError(t, err)
	s.acme.asked.Store(0)
}

func unsigned(payment, reference string) string {
	return `{"payment_id":"` + payment + `","refund_id":"` + reference + `","status":"failed","trust":"none"}`
}

// Whoever knows a payment, or makes payments up, makes the client ask once.
func TestC17_OneLookUpAPaymentAndInterval(t *testing.T) {
	t.Parallel()
	const many = 3000
	for name, hint := range map[string]func(i int) string{
		"made-up references":      func(i int) string { return unsigned("TRX-1", fmt.Sprint("R-", i)) },
		"made-up payments":        func(i int) string { return unsigned(fmt.Sprint("TRX-", i+100), "R") },
		"no payment":              func(i int) string { return unsigned("", fmt.Sprint("R-", i)) },
		"a key and made-up ones":  func(i int) string { return `{"key":"K",` + unsigned(fmt.Sprint("TRX-", i+100), "R")[1:] },
		"made-up keys":            func(i int) string { return fmt.Sprintf(`{"key":"K-%d","payment_id":"TRX-2","trust":"none"}`, i) },
		"a key, with and without": func(i int) string { return []string{`{"key":"K"}`, unsigned("TRX-1", "R")}[i%2] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := openAt(t, &acme{silent: true}, journal.Memory())
				s.refunded(t, "K2", "TRX-2")
				for round := range 2 {
					s.acme.asked.Store(0)
					for i := range many {
						require.Equal(t, http.StatusOK, s.post(hint(i)).Code)
					}
					asked := s.acme.asked.Load()
					assert.LessOrEqual(t, asked, int64(1))
					s.post(unsigned("TRX-2", "R-9"))
					assert.Equal(t, asked+1, s.acme.asked.Load(), "a genuine hint of another payment starves in round %d", round)
					time.Sleep(webhook.HintEvery)
				}
				e, err := s.client.Entry(t.Context(), "K")
				require.NoError(t, err)
				assert.False(t, e.Flagged())
			})
		})
	}
}

// What nobody signed moves and flags nothing, also where it contradicts an outcome.
func TestUnsignedFlagsNothing(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"pending", "failed", "reversed", "refused", "succeeded", "unknown"} {
		s := openAt(t, &acme{silent: true}, journal.Memory())
		require.Equal(t, http.StatusOK, s.post(event("E-1", "succeeded", "signed")).Code)
		require.Equal(t, http.StatusOK, s.post(`{"id":"E-2","payment_id":"TRX-1","status":"`+status+`","trust":"none"}`).Code)
		e, err := s.client.Entry(t.Context(), "K")
		require.NoError(t, err)
		assert.Equal(t, refund.StatusSucceeded, e.Status, status)
		assert.False(t, e.Flagged(), status)
		assert.Len(t, e.History, 3, status)
	}
}

var suppressed = regexp.MustCompile(`suppressed=(\d+)`)

// counted is how many callbacks the log tells of, those that it passed over included.
func (s *shop) counted(like string) (lines, callbacks int) {
	for line := range strings.Lines(s.log.String()) {
		if !strings.Contains(line, like) {
			continue
		}
		lines++
		if strings.Contains(line, "callbacks like earlier ones") {
			callbacks-- // it is the record of no callback of its own
		}
		callbacks++
		if n := suppressed.FindStringSubmatch(line); n != nil {
			more, _ := strconv.Atoi(n[1])
			callbacks += more
		}
	}
	return lines, callbacks
}

// Junk is counted and does not fill the log; nothing genuine is lost in it.
func TestC85_JunkMakesFewLogLines(t *testing.T) {
	t.Parallel()
	const many = 10_000
	get := httptest.NewRequest(http.MethodGet, "/hook", nil)
	for name, junk := range map[string]func(s *shop, i int){
		"forged":           func(s *shop, _ int) { s.post(`"forged"`) },
		"malformed":        func(s *shop, i int) { s.post(fmt.Sprint("junk ", i)) },
		"not a refund":     func(s *shop, _ int) { s.post(`"payment"`) },
		"not set up":       func(s *shop, _ int) { s.post(`"not set up"`) },
		"panics":           func(s *shop, _ int) { s.post(`"panic"`) },
		"GET":              func(s *shop, _ int) { s.do(get.Clone(context.Background())) },
		"too large":        func(s *shop, _ int) { s.post(strings.Repeat(" ", 1001)) },
		"made-up payments": func(s *shop, i int) { s.post(unsigned(fmt.Sprint("TRX-", i+100), "R")) },
		"a known payment":  func(s *shop, i int) { s.post(unsigned("TRX-1", fmt.Sprint("R-", i))) },
		"no payment":       func(s *shop, _ int) { s.post(`{"status":"failed"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := openAt(t, &acme{unsigned: true, silent: true}, journal.Memory(), webhook.WithMaxBody(1000))
				s.log.Reset()
				for i := range many {
					junk(s, i)
					if i%(many/4) == 0 {
						time.Sleep(time.Minute) // all of it within four minutes
					}
				}
				s.post(event("E-1", "succeeded", "signed"))
				s.post(event("E-1", "succeeded", "signed"))
				s.Wait()
				lines, callbacks := s.counted("")
				assert.LessOrEqual(t, lines, 20)
				assert.Equal(t, many+2, callbacks)
				lines, _ = s.counted("event=E-1")
				assert.Equal(t, 2, lines, "what is genuine is logged each time")
				s.Wait()
				again, _ := s.counted("")
				assert.LessOrEqual(t, again, 20, "told twice")
			})
		})
	}
}

// What a signature proves to be genuine is logged each time, also if it is about a
// payment.
func TestC85_SignedPaymentsAreLogged(t *testing.T) {
	t.Parallel()
	s := open(t, journal.Memory())
	for range 5 {
		assert.Equal(t, http.StatusOK, s.post(`"payment"`).Code)
	}
	lines, _ := s.counted("callback refused")
	assert.Equal(t, 5, lines)
}

// Counts that no later callback tells of are told in a round of Resume.
func TestC85_ResumeTellsTheCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, journal.Memory())
		for range 5 {
			s.post(`"forged"`)
		}
		resume := func() (lines, callbacks int) {
			_, err := s.Resume(t.Context())
			require.NoError(t, err)
			return s.counted("callback")
		}
		lines, _ := resume()
		assert.Equal(t, 1, lines, "within a minute")
		time.Sleep(time.Minute)
		for range 2 {
			lines, callbacks := resume()
			assert.Equal(t, 2, lines)
			assert.Equal(t, 5, callbacks)
		}
	})
}

// An event that has to wait for the refund's sender is tried again, and is no warning.
func TestEventWaitsForTheSender(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := breakable()
		s := open(t, j)
		j.sending.Store(true)
		assert.Equal(t, http.StatusOK, s.post(event("E-1", "succeeded", "signed")).Code)
		assert.Equal(t, http.StatusOK, s.post(`{"id":"E-2","payment_id":"TRX-1","trust":"none"}`).Code)
		s.now.Store(61)
		for range 3 {
			n, err := s.Resume(t.Context())
			require.NoError(t, err)
			assert.Zero(t, n)
			time.Sleep(time.Minute)
		}
		assert.NotContains(t, s.log.String(), "level=WARN")
		assert.NotContains(t, s.log.String(), "level=ERROR")
		assert.Zero(t, s.acme.asked.Load())

		j.sending.Store(false)
		n, err := s.Resume(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		assert.Equal(t, refund.StatusSucceeded, s.state(t))
	})
}

// Who notifies is told of events that are about no refund of the journal as well, and
// nothing that looks at them stumbles.
func TestEventAboutNoRefund(t *testing.T) {
	t.Parallel()
	var told []webhook.Notice
	s := open(t, journal.Memory(), webhook.WithNotify(func(_ context.Context, n webhook.Notice) error {
		told = append(told, n)
		return nil
	}))
	for i, trust := range []string{"none", "signed"} {
		for _, about := range []string{`"payment_id":"TRX-9"`, `"key":"K-9"`, `"refund_id":"R-9"`} {
			body := fmt.Sprintf(`{"id":"E-%s-%d",%s,"status":"succeeded","trust":"%s"}`, trust, len(told), about, trust)
			assert.Equal(t, http.StatusOK, s.post(body).Code)
		}
		assert.Len(t, told, 3*i)
	}
	for _, n := range told {
		assert.Nil(t, n.Entry)
		assert.False(t, n.Changed)
		assert.NotEmpty(t, n.Why)
	}
	left, err := s.client.Unfinished(t.Context(), -time.Hour, 10)
	require.NoError(t, err)
	assert.Empty(t, left)
}
