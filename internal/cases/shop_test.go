// Package cases holds what once went wrong between a client, its journal and a gateway
// whose payments other people refund, too. The gateways are the pretend ones, the words
// of their callbacks are written by hand. Each test's name begins with the number under
// which the case was found.
package cases

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/money"
)

// shop is a client with a journal, and a clock that the test moves.
type shop struct {
	*refund.Client
	t   *testing.T
	mu  sync.Mutex
	now time.Time
}

func open(t *testing.T, p refund.Provider, opts ...refund.Option) *shop {
	s := &shop{t: t, now: time.Now().UTC().Truncate(time.Second)}
	s.Client = refund.New(p, append([]refund.Option{refund.WithJournal(journal.Memory()), refund.WithClock(s.clock)}, opts...)...)
	return s
}

func (s *shop) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *shop) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// unknown makes a refund whose sender never came back: its lease is over.
func (s *shop) unknown(req refund.Request) {
	s.t.Helper()
	_, err := s.Refund(s.t.Context(), req)
	require.ErrorIs(s.t, err, refund.OutcomeUnknown)
	s.advance(10 * time.Minute)
}

func (s *shop) entry(key string) *refund.Entry {
	s.t.Helper()
	e, err := s.Entry(s.t.Context(), key)
	require.NoError(s.t, err)
	return e
}

// called gives the shop a callback, and returns what became of it; nil if it is none
// about a refund.
func (s *shop) called(c refund.Callback) *refund.Applied {
	s.t.Helper()
	ev, err := s.ParseCallback(s.t.Context(), c)
	if err != nil {
		require.ErrorIs(s.t, err, refund.NotARefund)
		return nil
	}
	done, err := s.Apply(s.t.Context(), ev)
	require.NoError(s.t, err)
	return done
}

// stays checks that a refund has this status, and that nothing of its payment is freed.
func (s *shop) stays(key string, want refund.Status) {
	s.t.Helper()
	assert.Equal(s.t, want, s.entry(key).Status, "%s: %+v", key, s.entry(key).History)
}

func part(key, payment, amount, paid string) refund.Request {
	req := refund.Partial(payment, money.MustParse(amount))
	req.Key = key
	if paid != "" {
		req.Payment.Amount = money.MustParse(paid)
	}
	req.Payment.PaidAt = time.Now().Add(-72 * time.Hour).UTC().Truncate(time.Second)
	return req
}

func whole(key, payment, paid string) refund.Request {
	req := part(key, payment, "1.00 PHP", paid)
	req.Kind, req.Amount = refund.KindFull, money.Amount{}
	return req
}
