package refund_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
)

func seen(id, amount string, status refund.Status) refund.SeenRefund {
	s := refund.SeenRefund{ID: id, Status: status}
	if amount != "" {
		s.Amount = php(amount)
	}
	return s
}

func dated(ev refund.Event, minute int) refund.Event {
	ev.At = noon.Add(time.Duration(minute) * time.Minute)
	return ev
}

func (r *raid) down() {
	r.report = func(refund.Query) (*refund.Report, error) { return nil, errors.New("down") }
}

func (r *raid) full(key string) error {
	req := refund.Full("TRX-1")
	req.Key, req.Payment.Amount = key, php("100.00")
	_, err := r.Refund(r.t.Context(), req)
	r.clock.advance(time.Second)
	return err
}

// A list without ids: the snapshot of the unsent one shows an earlier refund of ours of the
// same amount, the next snapshot shows two.
func TestHostile_ASecondOfOneAmountInTheSnapshotIsExplainedByTheFirst(t *testing.T) {
	t.Run("no ids", func(t *testing.T) {
		r := newRaid(t)
		r.shows()
		r.answer = r.accept("", refund.StatusSucceeded)
		require.NoError(t, r.refund("k0", "20.00 PHP"))
		r.shows(seen("", "20.00", refund.StatusSucceeded))
		r.lose()
		require.Error(t, r.refund("k1", "20.00 PHP")) // arrives
		r.clock.advance(10 * time.Minute)
		r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown) // wrongly
		r.shows(seen("", "20.00", refund.StatusSucceeded), seen("", "20.00", refund.StatusSucceeded))
		r.answer = r.accept("", refund.StatusSucceeded)
		err := r.refund("k1", "20.00 PHP")
		t.Logf("k1 again: %v; k1 %v flagged %v elsewhere %+v", err, r.entry("k1").Status, r.entry("k1").Flagged(), r.entry("k1").Elsewhere)
		assert.Len(t, r.sent, 2, "the money does not go out twice")
	})
	t.Run("ids in the list only, the newest first", func(t *testing.T) {
		r := newRaid(t)
		r.shows()
		r.answer = r.accept("", refund.StatusSucceeded)
		require.NoError(t, r.refund("k0", "20.00 PHP"))
		r.shows(seen("R0", "20.00", refund.StatusSucceeded))
		r.lose()
		require.Error(t, r.refund("k1", "20.00 PHP")) // arrives as R1
		r.clock.advance(10 * time.Minute)
		r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown) // wrongly
		r.shows(seen("R1", "20.00", refund.StatusSucceeded), seen("R0", "20.00", refund.StatusSucceeded))
		r.answer = r.accept("", refund.StatusSucceeded)
		err := r.refund("k1", "20.00 PHP")
		t.Logf("k1 again: %v; k1 %v flagged %v elsewhere %+v", err, r.entry("k1").Status, r.entry("k1").Flagged(), r.entry("k1").Elsewhere)
		assert.Len(t, r.sent, 2, "the money does not go out twice")
	})
	t.Run("by hand before", func(t *testing.T) {
		r := newRaid(t)
		r.shows(seen("", "20.00", refund.StatusSucceeded))
		r.lose()
		require.Error(t, r.refund("k1", "20.00 PHP")) // arrives
		r.clock.advance(10 * time.Minute)
		r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown) // wrongly
		r.shows(seen("", "20.00", refund.StatusSucceeded), seen("", "20.00", refund.StatusSucceeded))
		err := r.refund("k1", "20.00 PHP")
		t.Logf("k1 again: %v; k1 %v flagged %v elsewhere %+v", err, r.entry("k1").Status, r.entry("k1").Flagged(), r.entry("k1").Elsewhere)
		assert.Len(t, r.sent, 1, "the money does not go out twice")
	})
}

// The whole payment, called unsent, shows in the list / is told by a signed callback.
func TestHostile_AYesOfTheWholeAmountAfterANo(t *testing.T) {
	begin := func(t *testing.T) *raid {
		r := newRaid(t)
		r.shows()
		r.lose()
		require.Error(t, r.full("k1"))
		r.clock.advance(10 * time.Minute)
		r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown) // wrongly
		return r
	}
	t.Run("in a snapshot", func(t *testing.T) {
		r := begin(t)
		r.shows(seen("R1", "100.00", refund.StatusSucceeded))
		r.answer = r.accept("R2", refund.StatusSucceeded)
		err := r.full("k1")
		e := r.entry("k1")
		t.Logf("k1 again: %v: %v flagged %v elsewhere %v", err, e.Status, e.Flagged(), e.Elsewhere)
		assert.Equal(t, refund.StatusUnknown, e.Status, "10.4, 9.16")
		assert.Len(t, r.sent, 1)
	})
	t.Run("in a snapshot, nobody said what was paid", func(t *testing.T) {
		r := newRaid(t)
		r.shows()
		r.lose()
		req := refund.Full("TRX-1")
		req.Key = "k1"
		_, err := r.Refund(t.Context(), req)
		require.Error(t, err)
		r.clock.advance(10 * time.Minute)
		r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown) // wrongly
		r.shows(seen("R1", "100.00", refund.StatusSucceeded))
		r.answer = r.accept("R2", refund.StatusSucceeded)
		_, err = r.Refund(t.Context(), req)
		t.Logf("k1 again: %v: %+v", err, r.entry("k1").Elsewhere)
		assert.Len(t, r.sent, 1, "the money does not go out twice")
	})
	for name, id := range map[string]string{"in a callback": "", "in a callback with an id": "R1"} {
		t.Run(name, func(t *testing.T) {
			r := begin(t)
			was := r.entry("k1")
			done := r.apply(dated(news("E1", id, "100.00", refund.StatusSucceeded), 1))
			e := r.entry("k1")
			t.Logf("%s: %v flagged %v elsewhere %v", done.Why, e.Status, e.Flagged(), e.Elsewhere)
			assert.NotEqual(t, was, e, "the yes left no trace")
			r.answer = r.accept("R2", refund.StatusSucceeded)
			err := r.full("k1")
			t.Logf("again: %v", err)
			assert.Len(t, r.sent, 1, "the money does not go out twice")
		})
	}
}

// Refunds elsewhere: a yes after a no.
func TestHostile_AnElsewhereYesAfterANoIsDropped(t *testing.T) {
	for _, how := range []string{"callback", "list"} {
		t.Run(how, func(t *testing.T) {
			r := newRaid(t)
			r.answer = r.accept("R1", refund.StatusSucceeded)
			require.NoError(t, r.refund("k1", "10.00 PHP"))
			r.clock.advance(time.Hour)
			r.apply(dated(news("E1", "Y", "60.00", refund.StatusPending), 5))
			r.apply(dated(news("E2", "Y", "60.00", refund.StatusFailed), 6))
			if how == "callback" {
				r.apply(dated(news("E3", "Y", "60.00", refund.StatusSucceeded), 7))
			} else {
				r.shows(seen("R1", "10.00", refund.StatusSucceeded), seen("Y", "60.00", refund.StatusSucceeded))
			}
			err := r.refund("k2", "90.00 PHP")
			t.Logf("%v %+v", err, r.entry("k1").Elsewhere)
			assert.ErrorIs(t, err, refund.ExceedsRefundable, "Y took 60.00")
		})
	}
}

// The id of an earlier try, which did arrive, shows in the list, or in a callback while
// another refund of the payment exists.
func TestHostile_AnEarlierTrysRefundIsNotCounted(t *testing.T) {
	once := func(t *testing.T) *raid {
		r := newRaid(t)
		r.shows()
		r.answer = func(refund.Request) (*refund.Result, error) {
			return nil, &refund.Error{Gateway: "fake", Op: "refund", Code: refund.OutcomeUnknown, Status: refund.StatusUnknown, RefundID: "R1", Message: "an odd answer"}
		}
		require.Error(t, r.refund("k1", "40.00 PHP")) // arrives as R1
		r.clock.advance(10 * time.Minute)
		r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown) // wrongly
		return r
	}
	begin := func(t *testing.T) *raid {
		r := once(t)
		r.answer = r.accept("R2", refund.StatusSucceeded)
		require.NoError(t, r.refund("k1", "40.00 PHP")) // the list lags
		require.Equal(t, []string{"R1"}, r.entry("k1").Earlier)
		return r
	}
	t.Run("list", func(t *testing.T) {
		r := begin(t)
		r.shows(seen("R1", "40.00", refund.StatusSucceeded), seen("R2", "40.00", refund.StatusSucceeded))
		r.answer = r.accept("R3", refund.StatusSucceeded)
		err := r.refund("k2", "60.00 PHP")
		t.Logf("%v; k1 flagged %v", err, r.entry("k1").Flagged())
		assert.ErrorIs(t, err, refund.ExceedsRefundable, "R1 and R2 took 80.00")
	})
	t.Run("callback", func(t *testing.T) {
		r := begin(t)
		r.shows(seen("R2", "40.00", refund.StatusSucceeded))
		r.answer = r.accept("R3", refund.StatusSucceeded)
		require.NoError(t, r.refund("k2", "5.00 PHP"))
		done := r.apply(news("E1", "R1", "40.00", refund.StatusSucceeded))
		t.Logf("%s %+v %+v", done.Why, r.entry("k1").Elsewhere, r.entry("k2").Elsewhere)
		r.down()
		err := r.refund("k3", "55.00 PHP")
		assert.ErrorIs(t, err, refund.ExceedsRefundable, "R1, R2 and R3 took 85.00")
	})
	t.Run("look-up", func(t *testing.T) { // R2's answer was lost, and it never came
		r := once(t)
		r.lose()
		require.Error(t, r.refund("k1", "40.00 PHP"))
		r.clock.advance(10 * time.Minute)
		r.shows(seen("R1", "40.00", refund.StatusSucceeded))
		e, err := r.Settle(t.Context(), "k1")
		require.NoError(t, err)
		t.Logf("%v %v %+v", e.Status, e.Flagged(), e.Elsewhere)
		r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown) // rightly: of the second try
		r.answer = r.accept("R3", refund.StatusSucceeded)
		assert.Error(t, r.refund("k2", "100.00 PHP"), "R1 took 40.00")
	})
}

// A refund first taken for one made elsewhere turns out to be ours, and fails.
func TestHostile_OurOwnIDStaysInTheElsewhereOfAnother(t *testing.T) {
	r := newRaid(t)
	require.NoError(t, r.refund("k1", "40.00 PHP")) // pending, no id told
	r.answer = r.accept("R2", refund.StatusPending)
	require.NoError(t, r.refund("k2", "10.00 PHP"))
	r.apply(news("E1", "R1", "39.00", refund.StatusPending)) // k1's, less than asked, no key
	t.Logf("k1 %v %+v; k2 %+v", r.entry("k1").Status, r.entry("k1").Elsewhere, r.entry("k2").Elsewhere)
	ev := signed("E2", "k1", refund.StatusSucceeded)
	ev.RefundID = "R1"
	r.apply(ev)
	require.Equal(t, "R1", r.entry("k1").Query().RefundID)
	ev = signed("E3", "k1", refund.StatusFailed)
	ev.RefundID = "R1"
	ev.At = noon.Add(time.Minute)
	r.apply(ev)
	t.Logf("k1 %v %+v; k2 %+v", r.entry("k1").Status, r.entry("k1").Elsewhere, r.entry("k2").Elsewhere)
	require.Equal(t, refund.StatusReversed, r.entry("k1").Status)
	r.down()
	assert.NoError(t, r.refund("k3", "90.00 PHP"), "R1 came back: 90.00 are left")
}

// A callback under the key with another refund's id says no, before the answer.
func TestHostile_ANoUnderTheKeyWithAnotherIDBeforeOurAnswer(t *testing.T) {
	r := newRaid(t)
	r.answer = func(req refund.Request) (*refund.Result, error) {
		ev := signed("E1", "k1", refund.StatusFailed)
		ev.RefundID = "Y"
		_, err := r.Apply(t.Context(), &ev)
		t.Logf("early: %v", err)
		return &refund.Result{Status: refund.StatusPending, RefundID: "R1", Amount: req.Amount}, nil
	}
	err := r.refund("k1", "40.00 PHP")
	e := r.entry("k1")
	t.Logf("%v: %v, flagged %v, result %+v", err, e.Status, e.Flagged(), e.Result)
	assert.NotEqual(t, refund.StatusFailed, e.Status, "10.1: Y is another refund; R1 was accepted")
	r.answer = r.accept("R2", refund.StatusPending)
	assert.Error(t, r.refund("k2", "100.00 PHP"), "R1 took 40.00")
}

// A dated no of before a look-up.
func TestHostile_AnOldNoAfterALookUpsYes(t *testing.T) {
	r := newRaid(t)
	r.answer = r.accept("R1", refund.StatusPending)
	require.NoError(t, r.refund("k1", "40.00 PHP"))
	r.clock.advance(time.Hour)
	r.shows(seen("R1", "40.00", refund.StatusSucceeded))
	e, err := r.Settle(t.Context(), "k1") // 13:00
	require.NoError(t, err)
	require.Equal(t, refund.StatusSucceeded, e.Status)
	done := r.apply(dated(news("E1", "R1", "40.00", refund.StatusFailed), 10)) // of 12:10
	e = r.entry("k1")
	t.Logf("%s: %v open %v flagged %v", done.Why, e.Status, e.Open(), e.Flagged())
	assert.NotEqual(t, refund.StatusReversed, e.Status, "10.2: it is older than the look-up")
	r.answer = r.accept("R2", refund.StatusSucceeded)
	assert.Error(t, r.refund("k2", "100.00 PHP"), "R1 took 40.00")
}

// An undated reversal is confirmed by a statement that is older than the success.
func TestHostile_AnOldNoConfirmsAnUndatedReversal(t *testing.T) {
	r := newRaid(t)
	r.answer = r.accept("R1", refund.StatusPending)
	require.NoError(t, r.refund("k1", "40.00 PHP"))
	r.clock.advance(time.Hour)
	r.apply(dated(news("E1", "R1", "40.00", refund.StatusSucceeded), 30))
	r.apply(news("E2", "R1", "40.00", refund.StatusFailed)) // undated
	require.True(t, r.entry("k1").Open())
	r.apply(dated(news("E3", "R1", "40.00", refund.StatusFailed), 10)) // older than the success
	assert.True(t, r.entry("k1").Open(), "10.2: the older one changes nothing")
	r.down()
	r.answer = r.accept("R2", refund.StatusSucceeded)
	assert.Error(t, r.refund("k2", "100.00 PHP"))
}

// What the gateway did otherwise, shown late, is credited to the next refund.
func TestHostile_WhatTheGatewayDidOtherwiseIsCreditedToTheNext(t *testing.T) {
	r := newRaid(t)
	r.shows()
	r.answer = func(refund.Request) (*refund.Result, error) {
		return &refund.Result{Status: refund.StatusSucceeded, Amount: php("30.00")}, nil
	}
	require.NoError(t, r.refund("k0", "40.00 PHP")) // the gateway gave 30.00, and no id
	r.lose()
	require.Error(t, r.refund("k1", "30.00 PHP")) // does not arrive; the list lags
	r.clock.advance(10 * time.Minute)
	r.shows(seen("R0", "30.00", refund.StatusSucceeded))
	e, err := r.Settle(t.Context(), "k1")
	require.NoError(t, err)
	assert.Equal(t, refund.StatusUnknown, e.Status, "R0 is k0's")
}

// A refused refund with an id: a yes under its key without the id forgets the id.
func TestHostile_AYesAfterANoForgetsTheOwnID(t *testing.T) {
	r := newRaid(t)
	r.refuse(refund.Declined, "R1")
	require.Error(t, r.refund("k1", "40.00 PHP"))
	r.apply(signed("E1", "k1", refund.StatusSucceeded))
	e := r.entry("k1")
	t.Logf("%v %+v", e.Status, e.Err)
	assert.Equal(t, "R1", e.Query().RefundID, "10.1: the refund's own id is known from the answer")
	r.shows(seen("R1", "40.00", refund.StatusSucceeded))
	e, err := r.Settle(t.Context(), "k1")
	require.NoError(t, err)
	assert.Equal(t, refund.StatusSucceeded, e.Status, "a look-up by the refund's own id says which holds")
}

// After a person's decision the same kind of news is dropped without a flag.
func TestHostile_TheSecondNoIsNeitherFlaggedNorStored(t *testing.T) {
	r := newRaid(t)
	require.NoError(t, r.refund("k1", "40.00 PHP"))
	r.apply(news("E1", "", "40.00", refund.StatusFailed))
	require.True(t, r.entry("k1").Flagged())
	r.resolve("k1", refund.StatusSucceeded, refund.StatusPending)
	require.False(t, r.entry("k1").Flagged())
	done := r.apply(news("E2", "", "40.00", refund.StatusFailed)) // another message
	t.Log(done.Why)
	assert.True(t, r.entry("k1").Flagged(), "10.3")
}

// A look-up by the own id confirms the yes, and it becomes unknown all the same.
func TestHostile_AConfirmedYesBecomesUnknown(t *testing.T) {
	r := newRaid(t)
	r.answer = r.accept("R1", refund.StatusSucceeded)
	require.NoError(t, r.refund("k1", "40.00 PHP"))
	r.shows(seen("R1", "40.00", refund.StatusSucceeded))
	done := r.apply(signed("E2", "k1", refund.StatusRefused))
	t.Log(done.Why)
	assert.Equal(t, refund.StatusSucceeded, r.entry("k1").Status)
}

// A gateway's yes, disputed; a person frees it without Force.
func TestHostile_ADisputedYesIsFreedWithoutForce(t *testing.T) {
	r := newRaid(t)
	r.refuse(refund.Declined, "")
	require.Error(t, r.refund("k1", "40.00 PHP"))
	r.apply(signed("E1", "k1", refund.StatusSucceeded))
	require.Equal(t, refund.StatusUnknown, r.entry("k1").Status)
	_, err := r.Resolve(t.Context(), "k1", refund.Resolution{Status: refund.StatusNotSent, By: "Ada", Note: "x"})
	assert.Error(t, err, "the gateway accepted it: that needs Force")
}

// What a list shows of a refund whose key is being begun again: pending by own id.
func TestHostile_AFailedOneShownPendingIsNotCounted(t *testing.T) {
	r := newRaid(t)
	r.answer = func(refund.Request) (*refund.Result, error) {
		return nil, &refund.Error{Gateway: "fake", Op: "refund", Code: refund.OutcomeUnknown, Status: refund.StatusUnknown, RefundID: "R1", Message: "odd"}
	}
	require.Error(t, r.refund("k1", "40.00 PHP"))
	r.clock.advance(10 * time.Minute)
	r.resolve("k1", refund.StatusSucceeded, refund.StatusUnknown)
	r.apply(news("E1", "Y", "5.00", refund.StatusSucceeded)) // noted: the note has a yes and is no person's
	r.resolve("k1", refund.StatusFailed, refund.StatusSucceeded)
	r.shows(seen("R1", "40.00", refund.StatusPending), seen("Y", "5.00", refund.StatusSucceeded))
	r.answer = r.accept("R2", refund.StatusSucceeded)
	err := r.refund("k2", "95.00 PHP")
	t.Logf("%v; k1 %v", err, r.entry("k1").Status)
	assert.Error(t, err, "R1 is pending: a yes after a person's no")
}

// An id that came by the amount alone counts as the refund's own, and its no frees money.
func TestHostile_AnIDAdoptedByAmountFreesMoney(t *testing.T) {
	for _, from := range []string{"pending", "unknown"} {
		t.Run(from, func(t *testing.T) {
			r := newRaid(t)
			if from == "pending" {
				require.NoError(t, r.refund("k1", "40.00 PHP")) // accepted, no id told
			} else {
				r.lose()
				require.Error(t, r.refund("k1", "40.00 PHP")) // arrives
			}
			r.clock.advance(time.Hour)
			r.apply(dated(news("E1", "Y", "40.00", refund.StatusPending), 20)) // by hand
			done := r.apply(dated(news("E2", "Y", "40.00", refund.StatusFailed), 30))
			e := r.entry("k1")
			t.Logf("%s: %v flagged %v", done.Why, e.Status, e.Flagged())
			assert.NotEqual(t, refund.StatusFailed, e.Status, "10.1, 10.3: Y was never proven to be k1's id")
			r.answer = r.accept("", refund.StatusSucceeded)
			assert.Error(t, r.refund("k2", "100.00 PHP"), "k1's 40.00 are out")
		})
	}
}

// The gateway refused ours. One by hand of its amount makes it succeeded, by a look-up of
// an id that was never ours.
func TestHostile_ARefusedRefundSucceedsByAnAdoptedID(t *testing.T) {
	for _, how := range []string{"snapshot", "callback"} {
		t.Run(how, func(t *testing.T) {
			r := newRaid(t)
			r.shows()
			r.refuse(refund.InsufficientFunds, "")
			require.Error(t, r.refund("k1", "20.00 PHP"))
			r.clock.advance(time.Hour)
			r.shows(seen("Y", "20.00", refund.StatusSucceeded)) // by hand, later
			if how == "snapshot" {
				require.Error(t, r.refund("k2", "30.00 PHP"))
			} else {
				r.apply(dated(news("E1", "Y", "20.00", refund.StatusSucceeded), 30))
			}
			t.Logf("k1 %v", r.entry("k1").Status)
			e, err := r.Settle(t.Context(), "k1")
			require.NoError(t, err)
			t.Logf("settled: %v %+v: %s", e.Status, e.Result, e.History[len(e.History)-1].Note)
			assert.Equal(t, refund.StatusUnknown, e.Status, "10.4: Y is no id of k1's that answer, look-up or key proved")
		})
	}
	t.Run("and a person's no is overruled, and it is not counted", func(t *testing.T) {
		r := newRaid(t)
		r.shows()
		r.refuse(refund.InsufficientFunds, "")
		require.Error(t, r.refund("k1", "20.00 PHP"))
		r.clock.advance(time.Hour)
		r.apply(dated(news("E1", "Y", "20.00", refund.StatusSucceeded), 30))
		require.Equal(t, refund.StatusUnknown, r.entry("k1").Status)
		r.resolve("k1", refund.StatusRefused, refund.StatusUnknown) // rightly: Y was made by hand
		r.down()
		r.answer = r.accept("R2", refund.StatusSucceeded)
		err := r.refund("k2", "90.00 PHP")
		t.Logf("%v, %+v", err, r.entry("k1").Elsewhere)
		assert.ErrorIs(t, err, refund.ExceedsRefundable, "Y took 20.00 of 100.00")
	})
}

// A suspended sender's unknown answer names its id; a note came between.
func TestHostile_ANoteBetweenLosesTheIDOfAnUnknownAnswer(t *testing.T) {
	r := newRaid(t)
	r.answer = func(refund.Request) (*refund.Result, error) {
		ev := news("E1", "", "5.00", refund.StatusSucceeded) // by hand
		_, err := r.Apply(t.Context(), &ev)
		t.Logf("by hand: %v", err)
		other := signed("E2", "k1", refund.StatusSucceeded)
		other.RefundID, other.PaymentID = "Z", "TRX-9"
		_, err = r.Apply(t.Context(), &other)
		t.Logf("another: %v", err)
		return nil, &refund.Error{Gateway: "fake", Op: "refund", Code: refund.OutcomeUnknown, Status: refund.StatusUnknown, RefundID: "R1", Message: "odd"}
	}
	err := r.refund("k1", "40.00 PHP")
	e := r.entry("k1")
	t.Logf("%v; %+v", err, e.History)
	assert.Equal(t, "R1", e.Query().RefundID, "10.1: known from the answer")
}

// A full refund that somebody called unsent, and the next full one, of another amount by
// the books: the word "whole" is explained by both.
func TestHostile_AGhostOfAnotherAmountExplainsTheWhole(t *testing.T) {
	r := newRaid(t)
	extent := func(x refund.Extent) {
		r.report = func(q refund.Query) (*refund.Report, error) {
			rep := &refund.Report{Extent: x}
			rep.Conclude(&q)
			return rep, nil
		}
	}
	extent(refund.ExtentNone)
	r.lose()
	require.Error(t, r.full("k0"))
	r.clock.advance(10 * time.Minute)
	r.resolve("k0", refund.StatusNotSent, refund.StatusUnknown) // wrongly: it is on its way
	extent(refund.ExtentPart)
	r.apply(dated(news("E1", "Y", "40.00", refund.StatusSucceeded), 5)) // by hand
	require.Error(t, r.full("k1"))                                      // of 60.00; does not arrive
	r.clock.advance(10 * time.Minute)
	extent(refund.ExtentWhole) // k0 took the rest
	e, err := r.Settle(t.Context(), "k1")
	require.NoError(t, err)
	t.Logf("k0 %v %v, k1 %v %v", r.entry("k0").Status, r.entry("k0").Amount, e.Status, e.Amount)
	assert.Equal(t, refund.StatusUnknown, e.Status, "it may be k0, which somebody called off: %v", e.History[len(e.History)-1].Note)
}

// The late acceptance of an earlier try, which tells no id, and the list that shows it.
func TestHostile_ALateAcceptanceIsCountedTwice(t *testing.T) {
	for name, listed := range map[string]refund.SeenRefund{
		"by id":   seen("R1", "40.00", refund.StatusSucceeded),
		"by date": {Amount: php("40.00"), Status: refund.StatusSucceeded, At: noon},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRaid(t)
			r.answer = func(req refund.Request) (*refund.Result, error) {
				r.clock.advance(10 * time.Minute)
				r.resolve("k1", refund.StatusNotSent, refund.StatusUnknown)
				r.answer = r.accept("R2", refund.StatusSucceeded)
				require.NoError(r.t, r.refund("k1", "40.00 PHP"))
				return &refund.Result{Status: refund.StatusSucceeded, Amount: req.Amount}, nil
			}
			require.Error(t, r.refund("k1", "40.00 PHP"))
			r.shows(listed, seen("R2", "40.00", refund.StatusSucceeded))
			r.answer = r.accept("R3", refund.StatusSucceeded)
			assert.NoError(t, r.refund("k2", "20.00 PHP"), "40.00 and 40.00 are gone: 20.00 are left")
		})
	}
}

// A refund by hand: under way, done, and a no from between the two that comes late.
func TestHostile_AnOldNoFreesWhatWasRefundedElsewhere(t *testing.T) {
	r := newRaid(t)
	r.answer = r.accept("R1", refund.StatusSucceeded)
	require.NoError(t, r.refund("k1", "10.00 PHP"))
	r.clock.advance(time.Hour)
	r.apply(dated(news("E1", "Y", "60.00", refund.StatusPending), 5))
	r.apply(dated(news("E2", "Y", "60.00", refund.StatusSucceeded), 30))
	done := r.apply(dated(news("E3", "Y", "60.00", refund.StatusFailed), 10)) // of before the success
	t.Logf("%s %+v", done.Why, r.entry("k1").Elsewhere)
	r.answer = r.accept("R2", refund.StatusSucceeded)
	assert.ErrorIs(t, r.refund("k2", "90.00 PHP"), refund.ExceedsRefundable, "10.2: the older one changes nothing: Y took 60.00")
}

// The gateway says that all is given back; a little of it is known one by one.
func TestHostile_RemainingBesideTheWordWhole(t *testing.T) {
	for name, byUs := range map[string]bool{"ours": true, "elsewhere": false} {
		t.Run(name, func(t *testing.T) {
			r := newRaid(t)
			r.down()
			if byUs {
				r.answer = r.accept("R1", refund.StatusSucceeded)
				require.NoError(t, r.refund("k1", "10.00 PHP"))
			} else {
				r.refuse(refund.Declined, "")
				require.Error(t, r.refund("k1", "33.00 PHP"))
				r.apply(news("E1", "Y", "10.00", refund.StatusSucceeded))
			}
			r.report = func(q refund.Query) (*refund.Report, error) {
				rep := &refund.Report{Extent: refund.ExtentWhole} // the rest was given back by hand
				rep.Conclude(&q)
				return rep, nil
			}
			n := len(r.sent)
			req := keyed("k2", "90.00 PHP")
			req.Remaining = php("90.00")
			_, err := r.Refund(t.Context(), req)
			t.Log(err)
			assert.ErrorIs(t, err, refund.RemainingMismatch, "the gateway says that nothing is left")
			assert.Len(t, r.sent, n)
		})
	}
}

// Attacks that held.
func TestHostile_HeldAgain(t *testing.T) {
	t.Run("an unsigned yes by amount adopts no id", func(t *testing.T) {
		r := newRaid(t)
		require.NoError(t, r.refund("k1", "40.00 PHP"))
		ev := news("E1", "Y", "40.00", refund.StatusSucceeded)
		ev.Trust = refund.TrustNone
		r.apply(ev)
		assert.Empty(t, r.entry("k1").Query().RefundID)
		assert.Equal(t, refund.StatusPending, r.entry("k1").Status)
	})
	t.Run("one statement twice, another refund begun between", func(t *testing.T) {
		r := newRaid(t)
		require.NoError(t, r.refund("k1", "10.00 PHP"))
		ev := news("E1", "Y", "5.00", refund.StatusSucceeded)
		r.apply(ev)
		require.NoError(t, r.refund("k2", "10.00 PHP"))
		was := r.entry("k2")
		r.apply(ev)
		assert.Equal(t, was, r.entry("k2"))
	})
	t.Run("a key that moved to another payment: the old try's yes", func(t *testing.T) {
		r := newRaid(t)
		r.refuse(refund.RateLimited, "R1")
		require.Error(t, r.refund("k1", "40.00 PHP"))
		other := keyed("k1", "40.00 PHP")
		other.Payment.ID = "TRX-2"
		r.lose()
		_, err := r.Refund(t.Context(), other)
		require.Error(t, err)
		r.clock.advance(10 * time.Minute)
		ev := signed("E1", "k1", refund.StatusSucceeded)
		ev.RefundID, ev.PaymentID, ev.Amount = "R1", "TRX-1", php("40.00")
		r.apply(ev)
		assert.Equal(t, refund.StatusUnknown, r.entry("k1").Status)
		assert.True(t, r.entry("k1").Flagged())
	})
	t.Run("a note while sending does not end the lease", func(t *testing.T) {
		r := newRaid(t)
		r.answer = func(req refund.Request) (*refund.Result, error) {
			r.apply(news("E1", "", "5.00", refund.StatusSucceeded)) // by hand
			assert.True(t, r.entry("k1").Sending(r.clock.Now()))
			return &refund.Result{Status: refund.StatusPending, RefundID: "R1", Amount: req.Amount}, nil
		}
		require.NoError(t, r.refund("k1", "40.00 PHP"))
		assert.Equal(t, refund.StatusPending, r.entry("k1").Status)
		assert.Len(t, r.entry("k1").Elsewhere, 1)
	})
	t.Run("a refusal after a note while sending", func(t *testing.T) {
		r := newRaid(t)
		r.answer = func(refund.Request) (*refund.Result, error) {
			r.apply(news("E1", "", "5.00", refund.StatusSucceeded)) // by hand
			return nil, &refund.Error{Gateway: "fake", Op: "refund", Code: refund.RateLimited, Status: refund.StatusRefused, RefundID: "R1", Message: "no"}
		}
		require.ErrorIs(t, r.refund("k1", "40.00 PHP"), refund.RateLimited)
		r.lose()
		require.Error(t, r.refund("k1", "40.00 PHP"))
		assert.Equal(t, []string{"R1"}, r.entry("k1").Earlier)
		r.clock.advance(10 * time.Minute)
		ev := signed("E2", "k1", refund.StatusFailed)
		ev.RefundID = "R1"
		r.apply(ev)
		assert.Equal(t, refund.StatusUnknown, r.entry("k1").Status)
	})
	t.Run("a look-up that shows a refund elsewhere confirms no undated reversal", func(t *testing.T) {
		r := newRaid(t)
		r.answer = r.accept("R1", refund.StatusSucceeded)
		require.NoError(t, r.refund("k1", "40.00 PHP"))
		ev := signed("E1", "k1", refund.StatusFailed)
		r.apply(ev)
		r.shows(seen("Y", "40.00", refund.StatusReversed))
		_, err := r.Settle(t.Context(), "k1")
		require.NoError(t, err)
		assert.True(t, r.entry("k1").Open())
	})
	t.Run("sandbox and production on one journal", func(t *testing.T) {
		r := newRaid(t)
		r.answer = r.accept("R1", refund.StatusPending)
		require.NoError(t, r.refund("k1", "40.00 PHP"))
		box := refund.New(boxed{raider{r}}, refund.WithJournal(r.j), refund.WithClock(r.clock.Now))
		ev := signed("E1", "k1", refund.StatusFailed)
		done, err := box.Apply(t.Context(), &ev)
		require.NoError(t, err)
		assert.Nil(t, done.Entry)
		_, err = box.Refund(t.Context(), keyed("k1", "40.00 PHP"))
		assert.ErrorIs(t, err, refund.KeyConflict)
		_, err = box.Refund(t.Context(), keyed("k2", "100.00 PHP"))
		assert.NoError(t, err)
		assert.Equal(t, refund.StatusPending, r.entry("k1").Status)
	})
}

type boxed struct{ raider }

func (boxed) Capabilities() refund.Capabilities {
	return capabilities(func(c *refund.Capabilities) { c.Environment = refund.Sandbox })
}

// The same refund by hand without an id or a date, listed twice: two look-ups.
func TestHostile_ALookUpPassesOverASecondOneElsewhere(t *testing.T) {
	r := newRaid(t)
	r.answer = r.accept("R1", refund.StatusPending)
	require.NoError(t, r.refund("k1", "10.00 PHP"))
	own := seen("R1", "10.00", refund.StatusPending)
	r.shows(own, seen("", "30.00", refund.StatusSucceeded))
	_, err := r.Settle(t.Context(), "k1")
	require.NoError(t, err)
	r.shows(own, seen("", "30.00", refund.StatusSucceeded), seen("", "30.00", refund.StatusSucceeded))
	_, err = r.Settle(t.Context(), "k1")
	require.NoError(t, err)
	t.Logf("%+v", r.entry("k1").Elsewhere)
	r.down()
	r.answer = r.accept("R2", refund.StatusPending)
	assert.ErrorIs(t, r.refund("k2", "60.00 PHP"), refund.ExceedsRefundable, "60.00 were made by hand")
}
