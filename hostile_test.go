package refund_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/money"
)

// raid is a client whose gateway says what the test makes it say.
type raid struct {
	*desk
	answer func(refund.Request) (*refund.Result, error)
	report func(refund.Query) (*refund.Report, error)
	sent   []refund.Request

	j refund.Journal
}

func newRaid(t *testing.T, opts ...refund.Option) *raid {
	r := &raid{desk: newDesk(t), j: journal.Memory()}
	r.answer = r.accept("", refund.StatusPending)
	r.report = func(refund.Query) (*refund.Report, error) { return &refund.Report{Why: "nobody knows"}, nil }
	p := raider{r}
	r.Client = refund.New(p, append([]refund.Option{refund.WithJournal(r.j), refund.WithClock(r.clock.Now)}, opts...)...)
	return r
}

type raider struct{ r *raid }

func (p raider) Capabilities() refund.Capabilities { return capabilities() }
func (p raider) Refund(_ context.Context, req refund.Request) (*refund.Result, error) {
	p.r.sent = append(p.r.sent, req)
	return p.r.answer(req)
}
func (p raider) Inspect(_ context.Context, q refund.Query) (*refund.Report, error) {
	return p.r.report(q)
}
func (p raider) ParseCallback(context.Context, refund.Callback) (*refund.Event, error) {
	return nil, errors.New("not needed here")
}

func (r *raid) accept(id string, status refund.Status) func(refund.Request) (*refund.Result, error) {
	return func(req refund.Request) (*refund.Result, error) {
		return &refund.Result{Status: status, RefundID: id, Amount: req.Amount}, nil
	}
}

func (r *raid) lose() {
	r.answer = func(refund.Request) (*refund.Result, error) {
		return nil, &refund.Error{Gateway: "fake", Op: "refund", Code: refund.OutcomeUnknown, Status: refund.StatusUnknown, Message: "cut"}
	}
}

func (r *raid) refuse(code refund.Code, id string) {
	r.answer = func(refund.Request) (*refund.Result, error) {
		return nil, &refund.Error{Gateway: "fake", Op: "refund", Code: code, Status: refund.StatusRefused, RefundID: id, Message: "no"}
	}
}

// shows makes the look-ups show these refunds, judged as every adapter does.
func (r *raid) shows(seen ...refund.SeenRefund) {
	r.report = func(q refund.Query) (*refund.Report, error) {
		rep := &refund.Report{Refunds: seen, Complete: true}
		rep.Conclude(&q)
		return rep, nil
	}
}

func (r *raid) resolve(key string, status, seen refund.Status) {
	r.t.Helper()
	_, err := r.Resolve(r.t.Context(), key, refund.Resolution{Status: status, Seen: seen, By: "Ada", Note: "so it seems", Force: true})
	require.NoError(r.t, err)
}

func (r *raid) refund(key, amount string) error {
	_, err := r.Refund(r.t.Context(), keyed(key, amount))
	r.clock.advance(time.Second)
	return err
}

func php(s string) money.Amount { return money.MustParse(s + " PHP") }

func news(id, refundID, amount string, status refund.Status) refund.Event {
	ev := refund.Event{Gateway: "fake", ID: id, PaymentID: "TRX-1", RefundID: refundID, Status: status, Trust: refund.TrustSigned}
	if amount != "" {
		ev.Amount = php(amount)
	}
	return ev
}

// The gateway's list shows, by its own id, that a refund which had failed is done: the
// next refund of that payment is sent all the same.
func TestHostile_YesAfterNoInASnapshotByOwnIDIsDropped(t *testing.T) {
	r := newRaid(t)
	r.answer = r.accept("R1", refund.StatusPending)
	require.NoError(t, r.refund("k1", "40.00 PHP"))
	r.apply(signed("E1", "k1", refund.StatusFailed))
	require.Equal(t, refund.StatusFailed, r.entry("k1").Status)
	r.shows(refund.SeenRefund{ID: "R1", Amount: php("40.00"), Status: refund.StatusSucceeded})
	r.answer = r.accept("R2", refund.StatusPending)
	err := r.refund("k2", "40.00 PHP")
	t.Logf("k2: %v; sent %d; k2.Elsewhere %+v", err, len(r.sent), r.entry("k2").Elsewhere)
	assert.NotEqual(t, refund.StatusFailed, r.entry("k1").Status, "10.4: the look-up by its own id says that it is done")
	assert.True(t, r.entry("k1").Flagged())
}

// A refused try's own id, in a callback under the key, is taken for the next try's.
func TestHostile_ANoForAnEarlierTryUnderTheKeyFreesTheNext(t *testing.T) {
	for name, trust := range map[string]refund.Trust{"signed": refund.TrustSigned, "token": refund.TrustToken} {
		for _, known := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				r := newRaid(t, refund.WithTrust(refund.TrustToken))
				if known {
					r.refuse(refund.RateLimited, "R1")
					require.Error(t, r.refund("k1", "40.00 PHP"))
				} else {
					r.lose()
					require.Error(t, r.refund("k1", "40.00 PHP"))
					r.clock.advance(10 * time.Minute)
					r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown)
				}
				r.lose() // it arrives as R2, and its answer is lost
				require.ErrorIs(t, r.refund("k1", "40.00 PHP"), refund.OutcomeUnknown)
				r.clock.advance(10 * time.Minute)
				ev := signed("E1", "k1", refund.StatusFailed)
				ev.RefundID, ev.Trust = "R1", trust
				done := r.apply(ev)
				assert.Equal(t, refund.StatusUnknown, r.entry("k1").Status, done.Why)
				r.answer = r.accept("R3", refund.StatusPending)
				err := r.refund("k2", "100.00 PHP")
				t.Logf("known=%v: a refund of all that was paid, beside the 40.00 that went out: %v", known, err)
				assert.Error(t, err)
			})
		}
	}
}

// Without an id: the refused try's callback.
func TestHostile_ANoWithoutIDForARefusedTryFreesTheNext(t *testing.T) {
	r := newRaid(t, refund.WithTrust(refund.TrustToken))
	r.refuse(refund.RateLimited, "")
	require.Error(t, r.refund("k1", "40.00 PHP"))
	r.answer = func(req refund.Request) (*refund.Result, error) {
		late := signed("E1", "k1", refund.StatusFailed) // of the first try
		_, err := r.Apply(t.Context(), &late)
		assert.ErrorIs(t, err, refund.InProgress)
		return &refund.Result{Status: refund.StatusPending, RefundID: "R2", Amount: req.Amount}, nil
	}
	err := r.refund("k1", "40.00 PHP")
	t.Logf("the accepted refund: %v", err)
	assert.NotEqual(t, refund.StatusFailed, r.entry("k1").Status, "the key was sent twice, and the second try was accepted")
}

// News of a refund made elsewhere, kept with ours, makes ours own news "old".
func TestHostile_AnothersDateMakesOurNewsOld(t *testing.T) {
	at := func(ev refund.Event, minute int) refund.Event {
		ev.At = noon.Add(time.Duration(minute) * time.Minute)
		return ev
	}
	t.Run("a yes for a pending one", func(t *testing.T) {
		r := newRaid(t)
		require.NoError(t, r.refund("k1", "40.00 PHP"))
		r.clock.advance(10 * time.Minute)
		r.apply(at(news("E1", "", "5.00", refund.StatusSucceeded), 5)) // by hand
		done := r.apply(at(news("E2", "", "40.00", refund.StatusSucceeded), 3))
		assert.Equal(t, refund.StatusSucceeded, r.entry("k1").Status, done.Why)
	})
	t.Run("a yes after a no", func(t *testing.T) {
		r := newRaid(t)
		r.lose()
		require.Error(t, r.refund("k1", "40.00 PHP"))
		r.clock.advance(10 * time.Minute)
		r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown)
		r.apply(at(news("E1", "", "5.00", refund.StatusSucceeded), 5)) // by hand
		done := r.apply(at(news("E2", "", "40.00", refund.StatusSucceeded), 3))
		assert.Equal(t, refund.StatusUnknown, r.entry("k1").Status, done.Why)
		r.answer = r.accept("", refund.StatusSucceeded)
		err := r.refund("k1", "40.00 PHP")
		t.Logf("the same key again: %v", err)
		assert.Len(t, r.sent, 1, "the money does not go out twice")
	})
	t.Run("a no by its own id", func(t *testing.T) {
		r := newRaid(t)
		r.answer = r.accept("R1", refund.StatusPending)
		require.NoError(t, r.refund("k1", "40.00 PHP"))
		r.clock.advance(10 * time.Minute)
		r.apply(at(news("E1", "Y", "5.00", refund.StatusSucceeded), 5))
		done := r.apply(at(news("E2", "R1", "40.00", refund.StatusFailed), 3))
		assert.Equal(t, refund.StatusFailed, r.entry("k1").Status, done.Why)
	})
}

// Two refunds of one amount that people called not sent: a yes fits both, and is lost.
func TestHostile_AYesThatFitsTwoUnsentRefundsIsDropped(t *testing.T) {
	two := func(t *testing.T) *raid {
		r := newRaid(t)
		r.shows()
		r.lose()
		for _, key := range []string{"k1", "k2"} {
			require.Error(t, r.refund(key, "20.00 PHP")) // k1 arrives, and shows late
			r.clock.advance(10 * time.Minute)
			r.resolve(key, refund.StatusNotSent, refund.StatusUnknown)
		}
		r.answer = r.accept("", refund.StatusSucceeded)
		return r
	}
	t.Run("in a snapshot", func(t *testing.T) {
		r := two(t)
		r.shows(refund.SeenRefund{ID: "R1", Amount: php("20.00"), Status: refund.StatusSucceeded})
		err := r.refund("k1", "20.00 PHP")
		t.Logf("k1 again: %v", err)
		assert.Len(t, r.sent, 2, "the money does not go out twice")
	})
	t.Run("in a callback", func(t *testing.T) {
		r := two(t)
		before1, before2 := r.entry("k1"), r.entry("k2")
		done := r.apply(news("E1", "R1", "20.00", refund.StatusSucceeded))
		t.Log(done.Why)
		assert.False(t, assert.ObjectsAreEqual(before1, r.entry("k1")) && assert.ObjectsAreEqual(before2, r.entry("k2")), "the yes left no trace at all")
		err := r.refund("k1", "20.00 PHP")
		t.Logf("k1 again: %v", err)
		assert.Len(t, r.sent, 2, "the money does not go out twice")
	})
}

// A look-up credits to the next refund what one that a person called unsent explains too.
func TestHostile_ALateShownUnsentRefundIsCreditedToTheNext(t *testing.T) {
	r := newRaid(t)
	r.shows()
	r.lose()
	require.Error(t, r.refund("k1", "20.00 PHP")) // arrives, and shows late
	r.clock.advance(10 * time.Minute)
	r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown)
	require.Error(t, r.refund("k2", "20.00 PHP")) // does not arrive
	r.clock.advance(10 * time.Minute)
	r.shows(refund.SeenRefund{ID: "R1", Amount: php("20.00"), Status: refund.StatusSucceeded})
	e, err := r.Settle(t.Context(), "k2")
	require.NoError(t, err)
	assert.Equal(t, refund.StatusUnknown, e.Status, "it may be k1's")
	r.answer = r.accept("R3", refund.StatusSucceeded)
	err = r.refund("k1", "20.00 PHP")
	t.Logf("k1 again: %v", err)
}

// What was refunded elsewhere is kept with an entry, and forgotten when that is begun again.
func TestHostile_ElsewhereIsForgottenByTheNextTry(t *testing.T) {
	r := newRaid(t)
	r.refuse(refund.RateLimited, "")
	require.Error(t, r.refund("k1", "50.00 PHP"))
	r.apply(news("E1", "Y", "60.00", refund.StatusSucceeded)) // by hand
	require.Len(t, r.entry("k1").Elsewhere, 1)
	r.answer = r.accept("", refund.StatusSucceeded)
	err := r.refund("k1", "50.00 PHP")
	assert.ErrorIs(t, err, refund.ExceedsRefundable, "60.00 of 100.00 is gone")
	err = r.refund("k2", "45.00 PHP")
	assert.ErrorIs(t, err, refund.ExceedsRefundable, "60.00 of 100.00 is gone")
}

// A refund made elsewhere that fails later goes on counting.
func TestHostile_ElsewhereThatFailedCountsForEver(t *testing.T) {
	r := newRaid(t)
	r.shows(refund.SeenRefund{ID: "Y", Amount: php("60.00"), Status: refund.StatusPending})
	r.answer = r.accept("R1", refund.StatusSucceeded)
	require.NoError(t, r.refund("k1", "10.00 PHP"))
	r.shows(refund.SeenRefund{ID: "Y", Amount: php("60.00"), Status: refund.StatusFailed},
		refund.SeenRefund{ID: "R1", Amount: php("10.00"), Status: refund.StatusSucceeded})
	err := r.refund("k2", "60.00 PHP")
	assert.NoError(t, err, "9.16: what is left, unless failed")
}

// Our own refund, failed by its own id, is counted as made elsewhere while the list lags.
func TestHostile_OurOwnFailedRefundCountsAsElsewhere(t *testing.T) {
	r := newRaid(t)
	r.answer = r.accept("R1", refund.StatusPending)
	require.NoError(t, r.refund("k1", "60.00 PHP"))
	r.apply(signed("E1", "k1", refund.StatusFailed))
	r.shows(refund.SeenRefund{ID: "R1", Amount: php("60.00"), Status: refund.StatusPending}) // the list lags
	r.answer = r.accept("R2", refund.StatusSucceeded)
	require.NoError(t, r.refund("k2", "10.00 PHP"))
	assert.Empty(t, r.entry("k2").Elsewhere, "R1 is ours")
	r.shows(refund.SeenRefund{ID: "R1", Amount: php("60.00"), Status: refund.StatusFailed},
		refund.SeenRefund{ID: "R2", Amount: php("10.00"), Status: refund.StatusSucceeded})
	assert.NoError(t, r.refund("k3", "60.00 PHP"), "what failed frees its part")
}

// Two entries keep the same refund made elsewhere: the last entry's word wins, not the last word.
func TestHostile_ElsewhereByTheOrderOfEntries(t *testing.T) {
	r := newRaid(t)
	r.answer = r.accept("R1", refund.StatusPending)
	require.NoError(t, r.refund("k1", "10.00 PHP"))
	r.answer = r.accept("R2", refund.StatusSucceeded)
	r.shows(refund.SeenRefund{ID: "R1", Amount: php("10.00"), Status: refund.StatusPending},
		refund.SeenRefund{ID: "Y", Amount: php("60.00"), Status: refund.StatusPending})
	require.NoError(t, r.refund("k2", "10.00 PHP"))
	r.apply(news("E1", "Y", "60.00", refund.StatusFailed)) // noted with k1, which is pending
	t.Logf("k1 %+v\nk2 %+v", r.entry("k1").Elsewhere, r.entry("k2").Elsewhere)
	r.report = func(refund.Query) (*refund.Report, error) { return nil, errors.New("down") }
	assert.NoError(t, r.refund("k3", "60.00 PHP"))
}

// The only entry of a payment does not hear what became of a refund that it keeps.
func TestHostile_TheOnlyEntryIsDeafToElsewheresFailure(t *testing.T) {
	r := newRaid(t)
	r.answer = r.accept("R1", refund.StatusSucceeded)
	require.NoError(t, r.refund("k1", "10.00 PHP"))
	r.apply(news("E1", "Y", "60.00", refund.StatusPending))
	r.apply(news("E2", "Y", "60.00", refund.StatusFailed))
	t.Logf("k1 %+v", r.entry("k1").Elsewhere)
	assert.NoError(t, r.refund("k2", "90.00 PHP"), "Y failed, says the gateway under its own id")
}

// An older no about a refund made elsewhere frees what it took.
func TestHostile_AnOldNoAboutElsewhereFreesMoney(t *testing.T) {
	at := func(ev refund.Event, minute int) refund.Event {
		ev.At = noon.Add(time.Duration(minute) * time.Minute)
		return ev
	}
	r := newRaid(t)
	r.clock.advance(time.Hour)
	r.answer = r.accept("R1", refund.StatusPending)
	require.NoError(t, r.refund("k1", "10.00 PHP"))
	r.apply(at(news("E1", "Y", "60.00", refund.StatusSucceeded), 61))
	r.answer = r.accept("R2", refund.StatusPending)
	require.NoError(t, r.refund("k2", "10.00 PHP"))
	r.apply(at(news("E2", "Y", "60.00", refund.StatusFailed), 2)) // out of order
	t.Logf("k1 %+v\nk2 %+v", r.entry("k1").Elsewhere, r.entry("k2").Elsewhere)
	assert.Error(t, r.refund("k3", "80.00 PHP"), "Y was done after that")
}

// A yes with a proven key and an id after a person's no, less trusted than WithTrust asks.
func TestHostile_AnUntrustedYesAfterAPersonsNoIsDropped(t *testing.T) {
	r := newRaid(t)
	r.lose()
	require.Error(t, r.refund("k1", "40.00 PHP"))
	r.clock.advance(10 * time.Minute)
	r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown)
	r.shows(refund.SeenRefund{ID: "R1", Amount: php("40.00"), Status: refund.StatusSucceeded})
	before := r.entry("k1")
	ev := signed("E1", "k1", refund.StatusSucceeded)
	ev.RefundID, ev.Trust = "R1", refund.TrustToken
	done := r.apply(ev)
	t.Log(done.Why)
	assert.NotEqual(t, before, r.entry("k1"), "the gateway was to be asked for R1, and the refund flagged")
	r.report = func(refund.Query) (*refund.Report, error) { return &refund.Report{}, nil } // shows none without an id
	r.answer = r.accept("R2", refund.StatusSucceeded)
	_ = r.refund("k1", "40.00 PHP")
	assert.Len(t, r.sent, 1, "the money does not go out twice")
}

// The sandbox's event is finished by production.
func TestHostile_ASandboxEventMovesAProductionRefund(t *testing.T) {
	j := journal.Memory()
	open := func(env refund.Environment) *refund.Client {
		p := able{
			fake: &fake{caps: capabilities(func(c *refund.Capabilities) { c.Environment = env }), answer: func(_ context.Context, req refund.Request) (*refund.Result, error) {
				return &refund.Result{Status: refund.StatusPending, Amount: req.Amount}, nil
			}},
			inspect: func() (*refund.Report, error) { return &refund.Report{}, nil },
			parse:   func() (*refund.Event, error) { return nil, errors.New("not needed") },
		}
		return refund.New(p, refund.WithJournal(j), refund.WithName("shop"))
	}
	sandbox, production := open(refund.Sandbox), open(refund.Production)
	_, err := production.Refund(t.Context(), keyed("k1", "40.00 PHP"))
	require.NoError(t, err)
	ev := news("E1", "", "40.00", refund.StatusSucceeded)
	_, err = sandbox.Receive(t.Context(), &ev)
	require.NoError(t, err)
	waiting, err := production.Unfinished(t.Context(), -time.Minute, 10)
	require.NoError(t, err)
	assert.Empty(t, waiting, "it is the sandbox's")
	for i := range waiting {
		_, err = production.Apply(t.Context(), &waiting[i])
		require.NoError(t, err)
	}
	e, err := production.Entry(t.Context(), "k1")
	require.NoError(t, err)
	assert.Equal(t, refund.StatusPending, e.Status)

	// And the sandbox's id hides production's event.
	fresh, err := production.Receive(t.Context(), &ev)
	require.NoError(t, err)
	assert.True(t, fresh)
}

// The answer names another payment.
func TestHostile_AnAnswerAboutAnotherPayment(t *testing.T) {
	r := newRaid(t)
	r.answer = func(req refund.Request) (*refund.Result, error) {
		return &refund.Result{Status: refund.StatusSucceeded, RefundID: "R1", PaymentID: "TRX-9", Amount: req.Amount}, nil
	}
	err := r.refund("k1", "40.00 PHP")
	e := r.entry("k1")
	t.Logf("%v: %v", err, e.Status)
	assert.True(t, e.Flagged(), "the gateway refunded another payment")
}

// A no with a date, by its key alone, of the try before.
func TestHostile_AYesForAnEarlierTryBesideTheNext(t *testing.T) {
	r := newRaid(t)
	r.lose()
	require.Error(t, r.refund("k1", "40.00 PHP")) // R1 arrives
	r.clock.advance(10 * time.Minute)
	r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown)
	require.Error(t, r.refund("k1", "40.00 PHP")) // R2 arrives, its answer is lost
	r.clock.advance(10 * time.Minute)
	ev := signed("E1", "k1", refund.StatusSucceeded)
	ev.RefundID = "R1"
	r.apply(ev)
	t.Logf("after the first try's yes: %v", r.entry("k1").Status)
	assert.True(t, r.entry("k1").Flagged(), "10.4: the key was sent twice")
}

// Full after a partial, and what a person called succeeded.
func TestHostile_FlaggedIsForgottenByAgain(t *testing.T) {
	r := newRaid(t)
	r.refuse(refund.Declined, "R1")
	require.Error(t, r.refund("k1", "40.00 PHP"))
	ev := signed("E1", "k1", refund.StatusSucceeded)
	ev.RefundID = "R9" // another refund under our key
	ev.Amount = php("40.00")
	r.apply(ev)
	require.True(t, r.entry("k1").Flagged())
	t.Logf("%v, elsewhere %+v", r.entry("k1").Status, r.entry("k1").Elsewhere)
	req := keyed("k1", "40.00 PHP")
	req.Again = true
	r.answer = r.accept("R2", refund.StatusSucceeded)
	_, err := r.Refund(t.Context(), req)
	t.Logf("again: %v", err)
	assert.True(t, r.entry("k1").Flagged() || err != nil, "nobody has looked at it yet")
	assert.Error(t, r.refund("k2", "60.00 PHP"), "R9 and R2 took 80.00")
}

// What is known to be made elsewhere is credited to ours.
func TestHostile_KnownElsewhereIsCreditedToOurs(t *testing.T) {
	t.Run("by a callback", func(t *testing.T) {
		r := newRaid(t)
		require.NoError(t, r.refund("k1", "10.00 PHP"))
		r.apply(news("E1", "Y", "7.00", refund.StatusPending)) // by hand
		require.Len(t, r.entry("k1").Elsewhere, 1)
		r.lose()
		require.Error(t, r.refund("k2", "7.00 PHP"))
		r.clock.advance(10 * time.Minute)
		done := r.apply(news("E2", "Y", "7.00", refund.StatusSucceeded))
		assert.Equal(t, refund.StatusUnknown, r.entry("k2").Status, done.Why)
	})
	t.Run("by a look-up", func(t *testing.T) {
		r := newRaid(t)
		r.shows()
		r.answer = r.accept("R1", refund.StatusSucceeded)
		require.NoError(t, r.refund("k1", "10.00 PHP"))
		r.apply(news("E1", "Y", "7.00", refund.StatusPending)) // by hand
		require.Len(t, r.entry("k1").Elsewhere, 1)
		r.shows(refund.SeenRefund{ID: "R1", Amount: php("10.00"), Status: refund.StatusSucceeded}) // lags
		r.lose()
		require.Error(t, r.refund("k2", "7.00 PHP"))
		r.clock.advance(10 * time.Minute)
		r.shows(refund.SeenRefund{ID: "R1", Amount: php("10.00"), Status: refund.StatusSucceeded},
			refund.SeenRefund{ID: "Y", Amount: php("7.00"), Status: refund.StatusSucceeded})
		e, err := r.Settle(t.Context(), "k2")
		require.NoError(t, err)
		assert.Equal(t, refund.StatusUnknown, e.Status, "Y is known to be made elsewhere")
	})
}

// A callback about another refund of our amount comes before the answer, which tells our own id.
func TestHostile_AnothersYesBeforeOurAnswer(t *testing.T) {
	for _, status := range []refund.Status{refund.StatusSucceeded, refund.StatusPending} {
		var byHand refund.Event
		r := newRaid(t)
		r.answer = func(req refund.Request) (*refund.Result, error) {
			byHand = news("E1", "Y", "40.00", status)
			_, err := r.Apply(t.Context(), &byHand)
			assert.ErrorIs(t, err, refund.InProgress, "it waits for the answer")
			return &refund.Result{Status: refund.StatusPending, RefundID: "R1", Amount: req.Amount}, nil
		}
		require.NoError(t, r.refund("k1", "40.00 PHP"))
		r.apply(byHand)
		e := r.entry("k1")
		assert.Equal(t, refund.StatusPending, e.Status, "Y is done, R1 is pending")
		assert.True(t, e.Flagged() || len(e.Elsewhere) > 0)
		r.answer = r.accept("R2", refund.StatusPending)
		assert.Error(t, r.refund("k2", "60.00 PHP"), "80.00 of 100.00 are gone")
	}
}

// The same, and our own call was refused or never left.
func TestHostile_AnothersYesBeforeOurRefusal(t *testing.T) {
	var byHand refund.Event
	r := newRaid(t)
	r.answer = func(refund.Request) (*refund.Result, error) {
		byHand = news("E1", "Y", "40.00", refund.StatusPending)
		_, err := r.Apply(t.Context(), &byHand)
		assert.ErrorIs(t, err, refund.InProgress, "it waits for the answer")
		return nil, &refund.Error{Gateway: "fake", Op: "refund", Code: refund.Declined, Status: refund.StatusRefused, Message: "no"}
	}
	err := r.refund("k1", "40.00 PHP")
	r.apply(byHand)
	e := r.entry("k1")
	t.Logf("%v: %v, elsewhere %v", err, e.Status, e.Elsewhere)
	r.answer = r.accept("R2", refund.StatusPending)
	err = r.refund("k2", "100.00 PHP")
	assert.Error(t, err, "Y took 40.00")
}

// A refund listed with a date from long before ours takes our refusal back.
func TestHostile_AnOldListedRefundContradictsARefusal(t *testing.T) {
	r := newRaid(t)
	r.report = func(refund.Query) (*refund.Report, error) { return nil, errors.New("down") }
	r.refuse(refund.InsufficientFunds, "")
	require.Error(t, r.refund("k1", "20.00 PHP"))
	r.shows(refund.SeenRefund{ID: "Y", Amount: php("20.00"), Status: refund.StatusSucceeded, At: noon.Add(-48 * time.Hour)})
	r.answer = r.accept("R2", refund.StatusSucceeded)
	err := r.refund("k2", "30.00 PHP")
	assert.NoError(t, err)
	assert.Equal(t, refund.StatusRefused, r.entry("k1").Status, "10.2: what lies before the refund was begun changes nothing")
}

// The look-up by the refund's own id confirms the no, and it becomes unknown all the same.
func TestHostile_AContradictionThatTheLookUpSettles(t *testing.T) {
	r := newRaid(t)
	r.answer = r.accept("R1", refund.StatusPending)
	require.NoError(t, r.refund("k1", "40.00 PHP"))
	r.apply(signed("E1", "k1", refund.StatusFailed))
	r.shows(refund.SeenRefund{ID: "R1", Amount: php("40.00"), Status: refund.StatusFailed})
	done := r.apply(signed("E2", "k1", refund.StatusSucceeded))
	assert.Equal(t, refund.StatusFailed, r.entry("k1").Status, done.Why)
}

// The late answer of a try before ends the lease of the one under way.
func TestHostile_ALateAnswerEndsAnothersLease(t *testing.T) {
	r := newRaid(t)
	answered, looked := make(chan struct{}), make(chan struct{})
	second := make(chan error, 1)
	r.answer = func(req refund.Request) (*refund.Result, error) {
		r.clock.advance(10 * time.Minute)
		r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown)
		sending := make(chan struct{})
		r.answer = func(req refund.Request) (*refund.Result, error) {
			close(sending)
			<-answered
			<-looked
			return &refund.Result{Status: refund.StatusPending, RefundID: "R2", Amount: req.Amount}, nil
		}
		go func() {
			_, err := r.Refund(context.Background(), keyed("k1", "40.00 PHP"))
			second <- err
		}()
		<-sending
		return &refund.Result{Status: refund.StatusPending, RefundID: "R1", Amount: req.Amount}, nil
	}
	_, err := r.Refund(t.Context(), keyed("k1", "40.00 PHP"))
	assert.ErrorIs(t, err, refund.OutcomeUnknown)
	close(answered)
	e := r.entry("k1")
	assert.True(t, e.Sending(r.clock.Now()), "the second try is under way, within its lease")
	_, err = r.Resolve(t.Context(), "k1", refund.Resolution{Status: refund.StatusNotSent, By: "Ada", Note: "x"})
	assert.ErrorIs(t, err, refund.InProgress)
	close(looked)
	t.Logf("the second try: %v", <-second)
}

// A total that the gateway tells beside an id that a callback told: counted twice.
func TestHostile_ElsewhereCountedTwice_TotalAndID(t *testing.T) {
	r := newRaid(t)
	require.NoError(t, r.refund("k1", "10.00 PHP"))
	r.apply(news("E1", "Y", "30.00", refund.StatusSucceeded))
	r.report = func(refund.Query) (*refund.Report, error) { return &refund.Report{Refunded: php("40.00")}, nil }
	assert.NoError(t, r.refund("k2", "60.00 PHP"), "10.00 of ours and 30.00 elsewhere: 60.00 are left")
}

// A refund told by a callback without an id, then listed: counted twice.
func TestHostile_ElsewhereCountedTwice_CallbackAndList(t *testing.T) {
	r := newRaid(t)
	require.NoError(t, r.refund("k1", "10.00 PHP"))
	ev := news("E1", "", "30.00", refund.StatusSucceeded)
	ev.At = noon.Add(time.Minute)
	r.clock.advance(time.Hour)
	r.apply(ev)
	r.shows(refund.SeenRefund{ID: "R1", Amount: php("10.00"), Status: refund.StatusSucceeded},
		refund.SeenRefund{ID: "Y", Amount: php("30.00"), Status: refund.StatusSucceeded, At: noon.Add(time.Minute)})
	assert.NoError(t, r.refund("k2", "60.00 PHP"), "10.00 of ours and 30.00 elsewhere: 60.00 are left")
}

// A reversal told by an undated callback waits for a look-up or a person. News of another
// refund lifts that.
func TestHostile_AnothersNewsConfirmsAnUndatedReversal(t *testing.T) {
	reversed := func(t *testing.T) *raid {
		r := newRaid(t)
		r.answer = r.accept("R1", refund.StatusSucceeded)
		require.NoError(t, r.refund("k1", "40.00 PHP"))
		ev := signed("E1", "k1", refund.StatusFailed)
		r.apply(ev)
		require.True(t, r.entry("k1").Open())
		r.answer = r.accept("R2", refund.StatusSucceeded)
		require.ErrorIs(t, r.refund("k2", "90.00 PHP"), refund.InProgress)
		return r
	}
	t.Run("a dated callback about a refund by hand", func(t *testing.T) {
		r := reversed(t)
		ev := news("E2", "Y", "5.00", refund.StatusSucceeded)
		ev.At = r.clock.Now()
		done := r.apply(ev)
		t.Log(done.Why)
		assert.True(t, r.entry("k1").Open(), "nobody has confirmed it")
		assert.ErrorIs(t, r.refund("k2", "90.00 PHP"), refund.InProgress)
	})
	t.Run("an inconclusive look-up that shows a refund by hand", func(t *testing.T) {
		r := reversed(t)
		r.shows(refund.SeenRefund{ID: "Y", Amount: php("5.00"), Status: refund.StatusSucceeded}) // R1 is not shown
		_, err := r.Settle(t.Context(), "k1")
		require.NoError(t, err)
		assert.True(t, r.entry("k1").Open(), "nobody has confirmed it")
		assert.ErrorIs(t, r.refund("k2", "90.00 PHP"), refund.InProgress)
	})
}

// The sender's late acceptance, after a person's no and a note about another refund.
func TestHostile_ANoteMakesALateAcceptanceOld(t *testing.T) {
	r := newRaid(t)
	r.answer = func(req refund.Request) (*refund.Result, error) {
		r.clock.advance(10 * time.Minute)
		r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown)
		r.apply(news("E1", "Y", "5.00", refund.StatusSucceeded)) // by hand
		return &refund.Result{Status: refund.StatusPending, RefundID: "R1", Amount: req.Amount}, nil
	}
	err := r.refund("k1", "40.00 PHP")
	t.Logf("the accepted refund: %v", err)
	e := r.entry("k1")
	assert.Equal(t, refund.StatusUnknown, e.Status, "10.4: a yes after a person's no")
	r.answer = r.accept("R2", refund.StatusPending)
	err = r.refund("k1", "40.00 PHP")
	t.Logf("k1 again: %v", err)
	assert.Len(t, r.sent, 1, "the money does not go out twice")
}

// A free key is used for another payment: what the first one's entry kept is gone.
func TestHostile_AKeyThatMovesTakesElsewhereAway(t *testing.T) {
	r := newRaid(t)
	r.refuse(refund.RateLimited, "")
	require.Error(t, r.refund("k1", "50.00 PHP"))
	r.apply(news("E1", "Y", "60.00", refund.StatusSucceeded))
	r.answer = r.accept("", refund.StatusSucceeded)
	other := keyed("k1", "50.00 PHP")
	other.Payment.ID = "TRX-2"
	_, err := r.Refund(t.Context(), other)
	require.ErrorIs(t, err, refund.KeyConflict, "what it has seen of TRX-1 must not get lost")
	assert.ErrorIs(t, r.refund("k2", "100.00 PHP"), refund.ExceedsRefundable, "Y took 60.00 of TRX-1")
}

// Attacks that held.
func TestHostile_Held(t *testing.T) {
	t.Run("a failed one that shows late is not the next one", func(t *testing.T) {
		r := newRaid(t)
		r.shows()
		r.answer = r.accept("R0", refund.StatusPending)
		require.NoError(t, r.refund("k0", "20.00 PHP"))
		r.resolve("k0", refund.StatusFailed, refund.StatusPending)
		r.lose()
		require.Error(t, r.refund("k1", "20.00 PHP"))
		r.clock.advance(10 * time.Minute)
		r.shows(refund.SeenRefund{ID: "R0", Amount: php("20.00"), Status: refund.StatusSucceeded})
		e, err := r.Settle(t.Context(), "k1")
		require.NoError(t, err)
		assert.Equal(t, refund.StatusUnknown, e.Status)
	})
	t.Run("an unsigned no, by own id and by key", func(t *testing.T) {
		r := newRaid(t)
		r.answer = r.accept("R1", refund.StatusPending)
		require.NoError(t, r.refund("k1", "20.00 PHP"))
		for _, ev := range []refund.Event{news("E1", "R1", "", refund.StatusFailed), signed("E2", "k1", refund.StatusFailed)} {
			ev.Trust = refund.TrustNone
			r.apply(ev)
		}
		assert.Equal(t, refund.StatusPending, r.entry("k1").Status)
		assert.False(t, r.entry("k1").Flagged())
	})
	t.Run("the payment's id as the refund's", func(t *testing.T) {
		r := newRaid(t)
		require.NoError(t, r.refund("k1", "20.00 PHP"))
		r.apply(news("E1", "TRX-1", "", refund.StatusFailed))
		assert.Equal(t, refund.StatusPending, r.entry("k1").Status)
	})
	t.Run("a signed no by amount only", func(t *testing.T) {
		r := newRaid(t)
		require.NoError(t, r.refund("k1", "20.00 PHP"))
		r.apply(news("E1", "", "20.00", refund.StatusFailed))
		assert.Equal(t, refund.StatusPending, r.entry("k1").Status)
		assert.Error(t, r.refund("k2", "100.00 PHP"))
	})
	t.Run("an event from the future", func(t *testing.T) {
		r := newRaid(t)
		r.answer = r.accept("R1", refund.StatusPending)
		require.NoError(t, r.refund("k1", "20.00 PHP"))
		ev := news("E1", "R1", "20.00", refund.StatusSucceeded)
		ev.At = noon.Add(100 * time.Hour)
		r.apply(ev)
		late := news("E2", "R1", "20.00", refund.StatusFailed)
		late.At = noon.Add(time.Hour)
		r.clock.advance(2 * time.Hour)
		r.apply(late)
		assert.Equal(t, refund.StatusReversed, r.entry("k1").Status)
	})
	t.Run("a decision from before a change", func(t *testing.T) {
		r := newRaid(t)
		r.lose()
		require.Error(t, r.refund("k1", "20.00 PHP"))
		r.clock.advance(10 * time.Minute)
		r.apply(signed("E1", "k1", refund.StatusPending))
		_, err := r.Resolve(t.Context(), "k1", refund.Resolution{Status: refund.StatusNotSent, By: "Ada", Note: "x"})
		assert.ErrorIs(t, err, refund.ErrStale)
		_, err = r.Resolve(t.Context(), "k1", refund.Resolution{Status: refund.StatusNotSent, Seen: refund.StatusPending, By: "Ada", Note: "x"})
		assert.Error(t, err)
	})
	t.Run("a full refund of an unknown amount keeps the next away", func(t *testing.T) {
		r := newRaid(t)
		full := refund.Full("TRX-1")
		full.Key = "k1"
		_, err := r.Refund(t.Context(), full)
		require.NoError(t, err)
		assert.ErrorIs(t, r.refund("k2", "1.00 PHP"), refund.ExceedsRefundable)
	})
	t.Run("an answer after the key's next try", func(t *testing.T) {
		r := newRaid(t)
		r.answer = func(req refund.Request) (*refund.Result, error) {
			r.clock.advance(10 * time.Minute)
			r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown)
			r.answer = r.accept("R2", refund.StatusSucceeded)
			require.NoError(r.t, r.refund("k1", "40.00 PHP"))
			return &refund.Result{Status: refund.StatusSucceeded, RefundID: "R1", Amount: req.Amount}, nil
		}
		assert.ErrorIs(t, r.refund("k1", "40.00 PHP"), refund.OutcomeUnknown)
		assert.True(t, r.entry("k1").Flagged())
		r.answer = r.accept("R3", refund.StatusSucceeded)
		assert.ErrorIs(t, r.refund("k2", "20.01 PHP"), refund.ExceedsRefundable)
	})
}

// The list lags: a refund dated two days before ours shows after it.
func TestHostile_AnOldRefundThatShowsLateIsCreditedToOurs(t *testing.T) {
	r := newRaid(t)
	r.shows()
	r.lose()
	require.Error(t, r.refund("k1", "20.00 PHP"))
	r.clock.advance(10 * time.Minute)
	r.shows(refund.SeenRefund{ID: "Y", Amount: php("20.00"), Status: refund.StatusSucceeded, At: noon.Add(-48 * time.Hour)})
	e, err := r.Settle(t.Context(), "k1")
	require.NoError(t, err)
	assert.Equal(t, refund.StatusUnknown, e.Status, "10.2: Y is of two days before the refund was begun")
}

// The gateway did less than asked and names no id: its list shows what it did.
func TestHostile_WhatTheGatewayDidOtherwiseIsCountedTwice(t *testing.T) {
	r := newRaid(t)
	r.answer = func(refund.Request) (*refund.Result, error) {
		return &refund.Result{Status: refund.StatusSucceeded, Amount: php("30.00")}, nil
	}
	require.NoError(t, r.refund("k1", "40.00 PHP"))
	r.shows(refund.SeenRefund{Amount: php("30.00"), Status: refund.StatusSucceeded})
	r.answer = r.accept("", refund.StatusSucceeded)
	assert.NoError(t, r.refund("k2", "60.00 PHP"), "40.00 counts, once")
}

// A refund by hand of the amount of one of ours that is done, told with an id of its own,
// where ours has none.
func TestHostile_AnIDFromElsewhereIsAdoptedByOneThatIsDone(t *testing.T) {
	r := newRaid(t)
	r.answer = r.accept("", refund.StatusSucceeded)
	r.shows()
	require.NoError(t, r.refund("k1", "40.00 PHP"))
	r.apply(news("E1", "R1", "40.00", refund.StatusSucceeded)) // ours, which has no id here
	r.apply(news("E2", "Y", "40.00", refund.StatusSucceeded))  // by hand: two ids, two refunds
	r.report = func(refund.Query) (*refund.Report, error) { return nil, errors.New("down") }
	e := r.entry("k1")
	t.Logf("%v %+v %+v", e.Status, e.Result, e.Elsewhere)
	assert.ErrorIs(t, r.refund("k2", "60.00 PHP"), refund.ExceedsRefundable, "R1 and Y took 80.00")
}

// racing is a journal in which something happens just before a move.
type racing struct {
	refund.Journal
	refund.Inbox
	before func(m refund.Move)
}

func (j *racing) Move(ctx context.Context, key string, version int64, m refund.Move) (*refund.Entry, error) {
	if j.before != nil {
		j.before(m)
	}
	return j.Journal.Move(ctx, key, version, m)
}

// A yes after a no in the snapshot, while a note is made: the yes is passed over.
func TestHostile_ARaceDropsTheYesInASnapshot(t *testing.T) {
	m := journal.Memory()
	j := &racing{Journal: m, Inbox: m.(refund.Inbox)}
	r := newRaid(t, refund.WithJournal(j))
	r.shows()
	r.lose()
	require.Error(t, r.refund("k1", "20.00 PHP")) // arrives
	r.clock.advance(10 * time.Minute)
	r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown)
	r.shows(refund.SeenRefund{ID: "R1", Amount: php("20.00"), Status: refund.StatusSucceeded})
	j.before = func(m refund.Move) {
		if m.Cause == refund.CauseLookUp {
			j.before = nil
			r.apply(news("E1", "Y", "5.00", refund.StatusSucceeded)) // by hand, noted with k1
		}
	}
	r.answer = r.accept("R2", refund.StatusSucceeded)
	err := r.refund("k1", "20.00 PHP")
	t.Logf("k1 again: %v", err)
	assert.Len(t, r.sent, 1, "the money does not go out twice")
}

// A signed callback under the address of one refund names the id of another of ours.
func TestHostile_TheNewsOfTheIDUnderAnothersKeyIsDropped(t *testing.T) {
	r := newRaid(t)
	r.answer = r.accept("R1", refund.StatusPending)
	require.NoError(t, r.refund("k1", "10.00 PHP"))
	r.answer = r.accept("R2", refund.StatusPending)
	require.NoError(t, r.refund("k2", "20.00 PHP"))
	var asked []string
	r.report = func(q refund.Query) (*refund.Report, error) {
		asked = append(asked, q.RefundID)
		rep := &refund.Report{Refunds: []refund.SeenRefund{{ID: q.RefundID, Status: refund.StatusPending}}}
		if q.RefundID == "R2" {
			rep.Refunds[0].Status = refund.StatusFailed
		}
		rep.Conclude(&q)
		return rep, nil
	}
	ev := signed("E1", "k1", refund.StatusFailed)
	ev.RefundID = "R2"
	done := r.apply(ev)
	t.Log(done.Why, asked)
	assert.True(t, r.entry("k1").Flagged())
	assert.True(t, r.entry("k2").Status == refund.StatusFailed || r.entry("k2").Flagged(), "10.1: nothing is dropped: R2 is k2")
}

// The same key again, after a person's no, while the snapshot shows its own id as done.
func TestHostile_TheSameKeyAgainBesideItsOwnIDInTheSnapshot(t *testing.T) {
	r := newRaid(t)
	r.answer = func(refund.Request) (*refund.Result, error) {
		return nil, &refund.Error{Gateway: "fake", Op: "refund", Code: refund.OutcomeUnknown, Status: refund.StatusUnknown, RefundID: "R1", Message: "an odd answer"}
	}
	require.Error(t, r.refund("k1", "40.00 PHP"))
	r.clock.advance(10 * time.Minute)
	r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown)
	r.shows(refund.SeenRefund{ID: "R1", Amount: php("40.00"), Status: refund.StatusSucceeded})
	r.answer = r.accept("R2", refund.StatusSucceeded)
	err := r.refund("k1", "40.00 PHP")
	t.Logf("k1 again: %v", err)
	assert.Len(t, r.sent, 1, "the money does not go out twice")
}

// A refund made elsewhere, and one of ours like it after that: the list shows both, and
// which row is whose must not change from one snapshot to the next.
func TestElsewhereIsCountedOnceBesideItsLike(t *testing.T) {
	t.Parallel()
	for name, ids := range map[string][3]string{"without ids": {}, "with ids, ours unknown": {"A", "B", "C"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRaid(t)
			theirs := refund.SeenRefund{ID: ids[0], Amount: php("10.00"), Status: refund.StatusSucceeded, At: noon.Add(-time.Hour)}
			first := refund.SeenRefund{ID: ids[1], Amount: php("10.00"), Status: refund.StatusSucceeded, At: noon}
			second := refund.SeenRefund{ID: ids[2], Amount: php("10.00"), Status: refund.StatusSucceeded, At: noon.Add(time.Second)}
			r.shows(theirs)
			require.NoError(t, r.refund("k1", "10.00 PHP"))
			r.shows(theirs, first)
			require.NoError(t, r.refund("k2", "10.00 PHP"))
			r.shows(theirs, first, second)
			assert.NoError(t, r.refund("k3", "70.00 PHP"), "20.00 by us and 10.00 elsewhere: 70.00 are left")
		})
	}
}

// An id that nothing but an amount speaks for may be another refund's: that one's failure
// frees nothing of ours, neither by itself nor when the gateway is asked by that id.
func TestASupposedIDFreesNothing(t *testing.T) {
	t.Parallel()
	for name, asked := range map[string]refund.Status{"asked, it says failed": refund.StatusFailed, "asked, it says nothing": refund.StatusUnknown} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRaid(t)
			r.lose()
			require.Error(t, r.refund("k1", "10.00 PHP"))
			r.clock.advance(time.Hour)
			r.apply(news("E1", "THEIRS", "10.00", refund.StatusPending))
			require.Equal(t, refund.StatusPending, r.entry("k1").Status, "it can be about no other refund of the journal's")
			r.report = func(q refund.Query) (*refund.Report, error) {
				rep := &refund.Report{}
				if asked != refund.StatusUnknown {
					rep.Refunds = []refund.SeenRefund{{ID: q.RefundID, Amount: php("10.00"), Status: asked}}
				}
				rep.Conclude(&q)
				return rep, nil
			}
			r.apply(news("E2", "THEIRS", "10.00", refund.StatusFailed))
			_, err := r.Settle(t.Context(), "k1")
			require.NoError(t, err)
			e := r.entry("k1")
			assert.Equal(t, refund.StatusPending, e.Status)
			assert.True(t, e.Flagged())
		})
	}
}

// Somebody else changes the refund between an event's being read and its being carried
// out: it is weighed anew, and not dropped.
func TestARaceDropsNoCallback(t *testing.T) {
	t.Parallel()
	m := journal.Memory()
	j := &racing{Journal: m, Inbox: m.(refund.Inbox)}
	r := newRaid(t, refund.WithJournal(j))
	r.lose()
	require.Error(t, r.refund("k1", "20.00 PHP"))
	r.clock.advance(10 * time.Minute)
	j.before = func(refund.Move) {
		j.before = nil
		r.apply(news("E1", "Y", "5.00", refund.StatusSucceeded)) // by hand, noted with k1
	}
	r.apply(news("E2", "R1", "20.00", refund.StatusSucceeded))
	assert.Equal(t, refund.StatusSucceeded, r.entry("k1").Status)
}

// What a person called not sent may have been sent: its key stays its request's.
func TestHostile_AKeyThatSomebodyCalledNotSentServesNoOtherRequest(t *testing.T) {
	r := newRaid(t)
	r.shows()
	r.lose()
	require.Error(t, r.refund("k1", "20.00 PHP"))
	r.clock.advance(10 * time.Minute)
	r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown)
	r.answer = r.accept("", refund.StatusSucceeded)
	require.ErrorIs(t, r.refund("k1", "30.00 PHP"), refund.KeyConflict)
	assert.Len(t, r.sent, 1)
	require.NoError(t, r.refund("k1", "20.00 PHP"), "the same request is sent")
	assert.Len(t, r.sent, 2)
}
