package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal/journaltest"
	"github.com/gorefund/refund/money"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, l language) {
		journaltest.Run(t, func(t testing.TB) refund.Journal {
			_, db := newFake(t)
			return struct{ refund.Journal }{newStore(db, l)} // the fake has no table for events
		})
	})
}

// Two stores are as two processes: neither knows what the other remembers.
func TestConformanceOfTwoStores(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, l language) {
		journaltest.Run(t, func(t testing.TB) refund.Journal {
			_, db := newFake(t)
			return &turns{stores: [2]*Store{newStore(db, l), newStore(db, l)}}
		})
	})
}

// turns takes one store after the other.
type turns struct {
	mu     sync.Mutex
	n      int
	stores [2]*Store
}

func (j *turns) next() *Store {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.n++
	return j.stores[j.n%3/2] // not in step with begin, move, begin, move
}

func (j *turns) Begin(ctx context.Context, in refund.Intent) (*refund.Entry, bool, error) {
	return j.next().Begin(ctx, in)
}

func (j *turns) Move(ctx context.Context, key string, version int64, m refund.Move) (*refund.Entry, error) {
	return j.next().Move(ctx, key, version, m)
}

func (j *turns) Entry(ctx context.Context, key string) (*refund.Entry, error) {
	return j.next().Entry(ctx, key)
}

var start = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

func intent(key, payment string) refund.Intent {
	req := refund.Partial(payment, money.MustParse("10.00 TRY"))
	req.Key, req.Payment.Amount = key, money.MustParse("100.00 TRY")
	return refund.Intent{Key: key, Provider: "shop", Gateway: "acme", Request: req, At: start, Lease: time.Minute}
}

func move(s refund.Status) refund.Move {
	return refund.Move{Change: refund.Change{Status: s, At: start.Add(time.Second), Cause: refund.CauseAnswer}}
}

// inBubble runs f both ways, with time that stands still while anybody works.
func inBubble(t *testing.T, f func(t *testing.T, f *fake, s *Store)) {
	t.Helper()
	bothWays(t, func(t *testing.T, l language) { inBubbleOf(t, l, f) })
}

func inBubbleOf(t *testing.T, l language, f func(t *testing.T, f *fake, s *Store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		fk, db := newFake(t)
		f(t, fk, newStore(db, l))
		require.NoError(t, db.Close()) // inside, so that its goroutine ends
	})
}

func TestCallersShareCommits(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, f *fake, s *Store) {
		f.commit = func(_ int, apply func()) error {
			time.Sleep(time.Millisecond) // the flush
			apply()
			return nil
		}
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				for n := range 3 {
					key := fmt.Sprintf("k-%d-%d", i, n)
					e, fresh, err := s.Begin(t.Context(), intent(key, "p"+key))
					if assert.NoError(t, err) && assert.True(t, fresh) {
						_, err = s.Move(t.Context(), key, e.Version, move(refund.StatusSucceeded))
						assert.NoError(t, err)
					}
				}
			})
		}
		wg.Wait()
		assert.Len(t, f.table, 64*3)
		// Six steps of all together; the very first caller did not wait, and goes
		// on being one step ahead or joins the others.
		assert.LessOrEqual(t, f.committed, 2*6+1, "64 callers must not pay 64 flushes")
	})
}

// A lone move of what was just begun is one statement.
func TestLoneMoveIsOneStatement(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, f *fake, s *Store) {
		e, _, err := s.Begin(t.Context(), intent("k1", "p1"))
		require.NoError(t, err)
		begun := f.begun
		_, err = s.Move(t.Context(), "k1", e.Version, move(refund.StatusPending))
		require.NoError(t, err)
		assert.Equal(t, begun, f.begun, "transactions")
		assert.Equal(t, 2, f.committed)
		assert.Equal(t, "pending", f.table["k1"].Status)
	})
}

// Whether a commit that failed was one after all, the database may not be able
// to say.
func TestCommitOfWhichNobodyKnows(t *testing.T) {
	t.Parallel()
	for _, done := range []bool{false, true} {
		t.Run(fmt.Sprintf("done %t", done), func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, f *fake, s *Store) {
				fail := true
				f.commit = func(_ int, apply func()) error {
					if fail {
						fail = false
						if done {
							apply()
						}
						return errLost
					}
					apply()
					return nil
				}
				e, fresh, err := s.Begin(t.Context(), intent("k1", "p1"))
				require.NoError(t, err)
				assert.True(t, fresh, "it is this caller's own entry: nobody else would ever send it")
				assert.Len(t, f.table, 1)

				fail = true
				_, err = newStore(s.db, s.lang).Move(t.Context(), "k1", e.Version, move(refund.StatusSucceeded))
				require.NoError(t, err, "its own move is not somebody else's")
				stored, err := s.Entry(t.Context(), "k1")
				require.NoError(t, err)
				assert.Equal(t, e.Version+1, stored.Version, "moved once")
				assert.Len(t, stored.History, 2)
			})
		})
	}
}

// The same for the statement without a transaction.
func TestLoneMoveOfWhichNobodyKnows(t *testing.T) {
	t.Parallel()
	for _, done := range []bool{false, true} {
		t.Run(fmt.Sprintf("done %t", done), func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, f *fake, s *Store) {
				e, _, err := s.Begin(t.Context(), intent("k1", "p1"))
				require.NoError(t, err)
				fail := true
				f.exec = func(_ string, rows []*row) error {
					if !fail {
						return nil
					}
					fail = false
					if done {
						f.table["k1"] = rows[0]
					}
					return errLost
				}
				moved, err := s.Move(t.Context(), "k1", e.Version, move(refund.StatusSucceeded))
				require.NoError(t, err)
				assert.Equal(t, e.Version+1, moved.Version)
				stored, err := s.Entry(t.Context(), "k1")
				require.NoError(t, err)
				assert.Equal(t, moved, stored)
			})
		})
	}
}

func TestConflictsAreRepeatedWithinBounds(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, f *fake, s *Store) {
		conflicts, tries := 7, 0
		f.commit = func(_ int, apply func()) error {
			tries++
			if conflicts--; conflicts >= 0 {
				return errConflict
			}
			apply()
			return nil
		}
		_, fresh, err := s.Begin(t.Context(), intent("k1", "p1"))
		require.NoError(t, err)
		assert.True(t, fresh)
		assert.Equal(t, 8, tries)

		conflicts, tries = 1<<30, 0
		_, fresh, err = s.Begin(t.Context(), intent("k2", "p2"))
		require.ErrorIs(t, err, errConflict)
		assert.False(t, fresh)
		assert.LessOrEqual(t, tries, manyTries)
		assert.Greater(t, tries, 10)
		assert.Len(t, f.table, 1)
	})
}

// Who waits for a refund that is not sent yet need not wait long for a database
// that is away; who has sent one does.
func TestLostConnectionIsTriedLongerForAnOutcome(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, f *fake, s *Store) {
		e, _, err := s.Begin(t.Context(), intent("k1", "p1"))
		require.NoError(t, err)
		back := time.Now().Add(3 * time.Second)
		away := func() error {
			if time.Now().Before(back) {
				return errLost
			}
			return nil
		}
		f.exec = func(string, []*row) error { return away() }
		begun := time.Now()
		_, _, err = s.Begin(t.Context(), intent("k2", "p2"))
		require.ErrorIs(t, err, errLost)
		assert.Less(t, time.Since(begun), time.Second)

		_, err = s.Move(t.Context(), "k1", e.Version, move(refund.StatusSucceeded))
		require.NoError(t, err)
		assert.Equal(t, "succeeded", f.table["k1"].Status)
	})
}

// A database that hangs is left after a time, also by callers whose own context
// has ended long before: until then nobody knows what it does.
func TestPatienceEnds(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, f *fake, s *Store) {
		f.commit = func(int, func()) error {
			time.Sleep(patience + time.Second)
			return errLost
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		_, fresh, err := s.Begin(ctx, intent("k1", "p1"))
		require.Error(t, err)
		assert.False(t, fresh)
		assert.NotErrorIs(t, err, context.DeadlineExceeded, "what the caller's context says about it is not known to be true")
		assert.Equal(t, patience+time.Second, time.Since(begun))
	})
}

// What the database refuses of one caller does not fail the others that share
// its transaction.
func TestBadOperationFailsAlone(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, f *fake, s *Store) {
		f.exec = func(_ string, rows []*row) error {
			for _, r := range rows {
				if strings.Contains(r.Key, "bad") {
					return errRefused
				}
			}
			return nil
		}
		hold := make(chan struct{})
		f.commit = func(n int, apply func()) error {
			if n == 0 {
				<-hold
			}
			apply()
			return nil
		}
		var wg sync.WaitGroup
		begin := func(key string, want error) {
			wg.Go(func() {
				e, fresh, err := s.Begin(t.Context(), intent(key, "p "+key))
				assert.ErrorIs(t, err, want)
				assert.Equal(t, want == nil, fresh)
				assert.Equal(t, want == nil, e != nil)
			})
		}
		begin("first", nil) // holds the others up, so that they share the next one
		synctest.Wait()
		for i := range 10 {
			begin(fmt.Sprintf("good %d", i), nil)
		}
		begin("bad", errRefused)
		synctest.Wait()
		close(hold)
		wg.Wait()
		assert.Len(t, f.table, 11)
	})
}

// In one transaction, each is decided against what those before it left. What can
// be written without reading comes first, so that the order is another one there;
// see TestQuickBatchesHaveAnOrder.
func TestDecidedInTurn(t *testing.T) {
	t.Parallel()
	inBubbleOf(t, fakeLanguage{}, func(t *testing.T, f *fake, s *Store) {
		old, _, err := s.Begin(t.Context(), intent("old", "p1"))
		require.NoError(t, err)
		before := f.begun
		held(t, f, s, func(inTurn func(func())) {
			inTurn(func() {
				_, _, err := s.Begin(t.Context(), intent("early", "p1"))
				assert.ErrorIs(t, err, refund.InProgress)
			})
			inTurn(func() {
				_, err := s.Move(t.Context(), "old", old.Version, move(refund.StatusSucceeded))
				assert.NoError(t, err)
			})
			inTurn(func() {
				_, err := s.Move(t.Context(), "old", old.Version, move(refund.StatusFailed))
				assert.ErrorIs(t, err, refund.ErrStale)
			})
			in := intent("k1", "p1")
			in.Request.Amount = money.MustParse("90.00 TRY")
			inTurn(func() {
				e, fresh, err := s.Begin(t.Context(), in)
				assert.NoError(t, err)
				assert.True(t, fresh)
				assert.Equal(t, "90.00 TRY", e.Amount.String())
			})
			inTurn(func() {
				e, fresh, err := s.Begin(t.Context(), in)
				assert.NoError(t, err)
				assert.False(t, fresh)
				assert.Equal(t, "k1", e.Key)
			})
			inTurn(func() {
				_, err := s.Move(t.Context(), "k1", 1, move(refund.StatusNotSent)) // the version is guessed
				assert.NoError(t, err)
			})
			inTurn(func() {
				e, fresh, err := s.Begin(t.Context(), in)
				assert.NoError(t, err)
				assert.True(t, fresh, "the key is free again")
				assert.Len(t, e.History, 3)
			})
			inTurn(func() {
				_, _, err := s.Begin(t.Context(), intent("late", "p1"))
				assert.ErrorIs(t, err, refund.InProgress)
			})
		})
		assert.Equal(t, before+2, f.begun, "one transaction for all of them, after the one that was held up")
		e, err := s.Entry(t.Context(), "k1")
		require.NoError(t, err)
		assert.Equal(t, int64(3), e.Version)
		assert.Equal(t, refund.StatusUnknown, e.Status)
	})
}

// held is one batch of all that hold gathers, behind a first one that is held up.
func held(t *testing.T, f *fake, s *Store, gather func(inTurn func(func()))) {
	t.Helper()
	hold, first := make(chan struct{}), true
	f.commit = func(_ int, apply func()) error {
		if first {
			first = false
			<-hold
		}
		apply()
		return nil
	}
	var wg sync.WaitGroup
	inTurn := func(f func()) {
		wg.Go(f)
		synctest.Wait()
	}
	inTurn(func() { _, _, _ = s.Begin(t.Context(), intent("held", "held")) })
	gather(inTurn)
	close(hold)
	wg.Wait()
}

// A payment whose only refund was never sent, and whose key is used for another
// payment now, is free.
func TestFreeKeyLeavesItsPayment(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, f *fake, s *Store) {
		e, _, err := s.Begin(t.Context(), intent("k1", "p1"))
		require.NoError(t, err)
		_, err = s.Move(t.Context(), "k1", e.Version, move(refund.StatusNotSent))
		require.NoError(t, err)
		held(t, f, s, func(inTurn func(func())) {
			for _, in := range []refund.Intent{intent("k1", "p2"), intent("k2", "p1")} {
				inTurn(func() {
					_, fresh, err := s.Begin(t.Context(), in)
					assert.NoError(t, err)
					assert.True(t, fresh)
				})
			}
		})
		assert.Equal(t, "p2", f.table["k1"].Payment)
	})
}

// Moves of what was just begun need not read it, also if they share a
// transaction. What has moved since then is found out, and read.
func TestRememberedEntriesAreNotRead(t *testing.T) {
	t.Parallel()
	for _, stale := range []bool{false, true} {
		t.Run(fmt.Sprintf("stale %t", stale), func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, f *fake, s *Store) {
				var entries []*refund.Entry
				for i := range 3 {
					e, _, err := s.Begin(t.Context(), intent(fmt.Sprintf("k%d", i), fmt.Sprintf("p%d", i)))
					require.NoError(t, err)
					entries = append(entries, e)
				}
				if stale {
					_, err := newStore(s.db, s.lang).Move(t.Context(), "k1", entries[1].Version, move(refund.StatusFailed))
					require.NoError(t, err)
				}
				loads, begun := f.loads, f.begun
				held(t, f, s, func(inTurn func(func())) {
					for i, e := range entries {
						inTurn(func() {
							_, err := s.Move(t.Context(), e.Key, e.Version, move(refund.StatusSucceeded))
							if stale && i == 1 {
								assert.ErrorIs(t, err, refund.ErrStale)
							} else {
								assert.NoError(t, err)
							}
						})
					}
				})
				wantLoads, wantBegun := 1, 2 // the load is that of the first one, which was held up
				if isQuick(s) {
					wantLoads, wantBegun = 0, 0
				}
				if stale {
					wantLoads, wantBegun = wantLoads+1, wantBegun+1
				}
				assert.Equal(t, wantLoads, f.loads-loads)
				assert.Equal(t, wantBegun, f.begun-begun, "transactions")
				assert.Equal(t, "succeeded", f.table["k0"].Status)
				for _, e := range entries {
					assert.Nil(t, s.recent.get(e.Key), "what has moved is not kept")
				}
			})
		})
	}
}

// Who remembers what is no longer so finds out.
func TestRememberedEntryMovedByAnother(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, l language) {
		_, db := newFake(t)
		one, two := newStore(db, l), newStore(db, l)
		e, _, err := one.Begin(t.Context(), intent("k1", "p1"))
		require.NoError(t, err)
		decided, err := two.Move(t.Context(), "k1", e.Version, move(refund.StatusFailed))
		require.NoError(t, err)
		_, err = one.Move(t.Context(), "k1", e.Version, move(refund.StatusSucceeded))
		require.ErrorIs(t, err, refund.ErrStale)
		stored, err := one.Entry(t.Context(), "k1")
		require.NoError(t, err)
		assert.Equal(t, decided, stored)
	})
}

// Of the same version, but another entry: somebody has removed the row, and made
// it anew.
func TestRememberedEntryReplaced(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, l language) {
		f, db := newFake(t)
		one, two := newStore(db, l), newStore(db, l)
		e, _, err := one.Begin(t.Context(), intent("k1", "p1"))
		require.NoError(t, err)
		delete(f.table, "k1")
		_, _, err = two.Begin(t.Context(), intent("k1", "p2"))
		require.NoError(t, err)
		moved, err := one.Move(t.Context(), "k1", e.Version, move(refund.StatusSucceeded))
		require.NoError(t, err)
		assert.Equal(t, "p2", moved.Request.Payment.ID, "the entry is the one that is stored")
	})
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, l language) {
		_, db := newFake(t)
		s := newStore(db, l)
		for i := range maxRecent + 100 {
			_, _, err := s.Begin(t.Context(), intent(fmt.Sprintf("k%d", i), fmt.Sprintf("p%d", i)))
			require.NoError(t, err)
		}
		assert.Len(t, s.recent.entries, maxRecent)

		large := intent("large", "p large")
		large.Request.Params = map[string]string{"acme.x": strings.Repeat("x", maxRecentDetails)}
		_, _, err := s.Begin(t.Context(), large)
		require.NoError(t, err)
		assert.Nil(t, s.recent.get("large"))

		e, err := s.Entry(t.Context(), "k1")
		require.NoError(t, err)
		_, err = s.Move(t.Context(), "k1", e.Version, move(refund.StatusSucceeded))
		require.NoError(t, err)
		assert.Nil(t, s.recent.get("k1"), "what has moved is not kept")
	})
}

func TestTextsThatCannotBeStored(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, l language) {
		f, db := newFake(t)
		s := newStore(db, l)
		for name, change := range map[string]func(in *refund.Intent){
			"no key":          func(in *refund.Intent) { in.Key = "" },
			"long key":        func(in *refund.Intent) { in.Key = strings.Repeat("k", 256) },
			"zero byte":       func(in *refund.Intent) { in.Key = "k\x00" },
			"not UTF-8":       func(in *refund.Intent) { in.Key = "k\xff" },
			"long payment":    func(in *refund.Intent) { in.Request.Payment.ID = strings.Repeat("p", 256) },
			"no payment":      func(in *refund.Intent) { in.Request.Payment.ID = "" },
			"no provider":     func(in *refund.Intent) { in.Provider = "" },
			"long provider":   func(in *refund.Intent) { in.Provider = strings.Repeat("p", 256) },
			"no gateway":      func(in *refund.Intent) { in.Gateway = "" },
			"unwritable time": func(in *refund.Intent) { in.Request.Payment.PaidAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		} {
			in := intent("k1", "p1")
			change(&in)
			_, fresh, err := s.Begin(t.Context(), in)
			require.Error(t, err, name)
			assert.False(t, fresh, name)
			assert.Equal(t, refund.StatusUnknown, refund.StatusOf(err), "%s: only Admit says not sent", name)
		}
		assert.Empty(t, f.table)
		_, err := s.Entry(t.Context(), "")
		require.ErrorIs(t, err, refund.ErrNoEntry)
		_, err = s.Move(t.Context(), "k\x00", 1, move(refund.StatusFailed))
		require.ErrorIs(t, err, refund.ErrNoEntry)
	})
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), nil, SQLite)
	require.ErrorContains(t, err, "nil")
	_, db := newFake(t)
	for _, d := range []Dialect{0, MySQL + 1, -1} {
		_, err := Open(t.Context(), db, d)
		require.ErrorContains(t, err, d.String())
	}
	_, err = Open(t.Context(), db, PostgreSQL)
	require.Error(t, err)
	assert.False(t, errors.Is(err, context.Canceled))
	assert.Equal(t, "SQLite, PostgreSQL, MySQL", fmt.Sprintf("%v, %v, %v", SQLite, PostgreSQL, MySQL))
}
