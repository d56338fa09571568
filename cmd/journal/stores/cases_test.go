package stores_test

import (
	"context"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/cmd/internal/databases"
	"github.com/gorefund/refund/cmd/internal/databases/tap"
	"github.com/gorefund/refund/cmd/internal/databases/testdb"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/money"
)

// book is what journals have that keep refunds for a while: [journal.Store], and
// journal.Memory.
type book interface {
	refund.Journal
	refund.Inbox
	List(ctx context.Context, f journal.Filter) (journal.Page, error)
	Rename(ctx context.Context, from, to string) (n int, err error)
}

var _ book = (*journal.Store)(nil)

// everywhere runs a test with each kind of journal. open opens the same one again, as
// another process does.
func everywhere(t *testing.T, f func(t *testing.T, open func() book)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		j := journal.Memory().(book)
		f(t, func() book { return j })
	})
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			at := testdb.New(t, name)
			f(t, func() book { return at.Journal(t) })
		})
	}
}

// begin begins a refund that must be fresh.
func begin(t *testing.T, j refund.Journal, in refund.Intent) *refund.Entry {
	t.Helper()
	e, fresh, err := j.Begin(t.Context(), in)
	require.NoError(t, err)
	require.True(t, fresh, in.Key)
	return e
}

// to is a move to a status, as the gateway's answer or a person's decision.
func to(status refund.Status, cause string) refund.Move {
	m := refund.Move{Change: refund.Change{Status: status, At: start.Add(time.Second), Cause: cause}}
	switch {
	case cause == refund.CausePerson:
		m.By, m.Note = "Ana", "not in the gateway's books"
	case status == refund.StatusRefused:
		m.Err = &refund.Error{Gateway: "tlpe", Op: "refund", Code: refund.InsufficientFunds, Status: status}
	}
	return m
}

// A sender is frozen after Begin. Meanwhile a person says that nothing was sent, and
// somebody else sends it: what the late one holds is worth nothing any more, in no
// process.
func TestC34_LateSenderIsStale(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, open func() book) {
		late, other := open(), open()
		frozen := begin(t, late, intent("k1", "TRX-1"))
		resolved, err := other.Move(t.Context(), "k1", frozen.Version, to(refund.StatusNotSent, refund.CausePerson))
		require.NoError(t, err)
		in := intent("k1", "TRX-1")
		in.At = start.Add(26 * time.Hour)
		second := begin(t, other, in)
		assert.Greater(t, second.Version, resolved.Version)

		for _, version := range []int64{frozen.Version, resolved.Version} {
			_, err = late.Move(t.Context(), "k1", version, to(refund.StatusSucceeded, refund.CauseAnswer))
			require.ErrorIs(t, err, refund.ErrStale)
		}
		_, fresh, err := late.Begin(t.Context(), in)
		require.NoError(t, err)
		assert.False(t, fresh)
		stored, err := late.Entry(t.Context(), "k1")
		require.NoError(t, err)
		assert.Equal(t, asJSON(t, second), asJSON(t, stored))
		_, err = other.Move(t.Context(), "k1", second.Version, to(refund.StatusSucceeded, refund.CauseAnswer))
		require.NoError(t, err)
	})
}

func TestC36_Rename(t *testing.T) {
	t.Parallel()
	t.Run("C36 the payment is not refunded again under the new name", func(t *testing.T) {
		t.Parallel()
		everywhere(t, func(t *testing.T, open func() book) {
			j, elsewhere := open(), open()
			sent := begin(t, elsewhere, intent("k1", "TRX-1")) // it waits for its answer
			n, err := j.Rename(t.Context(), "shop", "shop-ph")
			require.NoError(t, err)
			assert.Equal(t, 1, n)
			in := intent("k2", "TRX-1")
			in.Provider = "shop-ph"
			_, _, err = j.Begin(t.Context(), in)
			require.ErrorIs(t, err, refund.InProgress)
			moved, err := elsewhere.Move(t.Context(), "k1", sent.Version, to(refund.StatusSucceeded, refund.CauseAnswer))
			require.NoError(t, err)
			assert.Equal(t, "shop-ph", moved.Provider, "it remembers the old name")
			page, err := j.List(t.Context(), journal.Filter{Provider: "shop"})
			require.NoError(t, err)
			assert.Empty(t, page.Entries)
			begin(t, j, in)
		})
	})
	t.Run("C36 many refunds, of one payment and of many", func(t *testing.T) {
		t.Parallel()
		everywhere(t, func(t *testing.T, open func() book) {
			j := open()
			const many = 1200 // more than a step has
			var all []string
			for i := range many {
				in := intent("", "")
				in.Key = "key-" + strconv.Itoa(i)
				in.Request.Key = in.Key
				in.Request.Payment.ID = "one"
				if i%20 != 0 {
					in.Request.Payment.ID = in.Key
				}
				in.Request.Amount, in.Request.Payment.Amount = money.MustParse("0.01 PHP"), money.MustParse("100.00 PHP")
				e := begin(t, j, in)
				_, err := j.Move(t.Context(), in.Key, e.Version, to(refund.StatusSucceeded, refund.CauseAnswer))
				require.NoError(t, err)
				all = append(all, in.Key)
				fresh, err := j.Receive(t.Context(), "shop", refund.Event{Gateway: "tlpe", ID: in.Key, PaymentID: "one"}, start)
				require.NoError(t, err)
				require.True(t, fresh)
			}
			n, err := j.Rename(t.Context(), "shop", "shop-ph")
			require.NoError(t, err)
			assert.Equal(t, many, n)
			var found []string
			for f := (journal.Filter{Provider: "shop-ph", Limit: 1000}); ; {
				page, err := j.List(t.Context(), f)
				require.NoError(t, err)
				for _, e := range page.Entries {
					found = append(found, e.Key)
				}
				if f.Cursor = page.Next; f.Cursor == "" {
					break
				}
			}
			assert.Equal(t, all, found, "in the order of their first begin")
			events, err := j.Unfinished(t.Context(), "shop-ph", start.Add(time.Hour), 2*many)
			require.NoError(t, err)
			require.Len(t, events, many)
			for i, ev := range events {
				assert.Equal(t, all[i], ev.ID)
			}
			n, err = j.Rename(t.Context(), "shop", "shop-ph")
			require.NoError(t, err)
			assert.Zero(t, n)
		})
	})
}

// One journal for the sandbox and for production.
func TestC37_Environments(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, open func() book) {
		j := open()
		trial := begin(t, j, intent("order-1", "TRX-1"))
		trial, err := j.Move(t.Context(), "order-1", trial.Version, to(refund.StatusSucceeded, refund.CauseAnswer))
		require.NoError(t, err)
		live := func(key string) refund.Intent {
			in := intent(key, "TRX-1")
			in.Environment = refund.Production
			in.Request.Amount = in.Request.Payment.Amount // all of it, which the trial has not taken
			return in
		}
		in := live("order-1")
		in.Request = intent("order-1", "TRX-1").Request
		got, fresh, err := j.Begin(t.Context(), in)
		require.NoError(t, err)
		assert.False(t, fresh, "it would be sent under a key that has another outcome")
		assert.False(t, in.Same(got), "the sandbox's outcome would be its answer")
		assert.Equal(t, asJSON(t, trial), asJSON(t, got))

		begun := begin(t, j, live("order-2"))
		assert.Equal(t, refund.Production, begun.Environment)
		_, _, err = j.Begin(t.Context(), live("order-3"))
		require.ErrorIs(t, err, refund.InProgress)
		begin(t, j, intent("trial-2", "TRX-1"))
		for _, reader := range []book{j, open()} {
			e, err := reader.Entry(t.Context(), "order-2")
			require.NoError(t, err)
			assert.Equal(t, asJSON(t, begun), asJSON(t, e))
			both, err := reader.Refunds(t.Context(), "shop", "TRX-1")
			require.NoError(t, err)
			assert.Len(t, both, 3)
		}
	})
}

// A refund is begun under the new name while the payment's earlier one is on its way to
// that name. It has to wait for the step, or the step for it: either way it sees it.
func TestC36_BeginWhileRenaming(t *testing.T) {
	t.Parallel()
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			at := testdb.New(t, name)
			other := at.Journal(t)
			earlier := intent("k1", "TRX-1")
			earlier.Request.Amount = money.MustParse("60.00 PHP")
			_, err := other.Move(t.Context(), "k1", begin(t, other, earlier).Version, to(refund.StatusSucceeded, refund.CauseAnswer))
			require.NoError(t, err)
			later := earlier
			later.Key, later.Request.Key, later.Provider = "k2", "k2", "shop-ph"

			var once sync.Once
			var between error
			finished := make(chan struct{})
			db, err := tap.Open(t.Context(), name, at.DSN, func(m tap.Moment) error {
				if m.After || !strings.HasPrefix(m.Statement, "UPDATE refund_entries SET provider") {
					return nil
				}
				once.Do(func() {
					go func() {
						defer close(finished)
						_, _, between = other.Begin(t.Context(), later)
					}()
					select {
					case <-finished:
					case <-time.After(300 * time.Millisecond): // it has to wait, as it should
					}
				})
				return nil
			})
			require.NoError(t, err)
			defer db.Close()
			store, err := databases.Journal(t.Context(), db, name)
			require.NoError(t, err)
			n, err := store.Rename(t.Context(), "shop", "shop-ph")
			require.NoError(t, err)
			assert.Equal(t, 1, n)
			once.Do(func() { close(finished); t.Error("the store moves nothing: the test looks at the wrong moment") })
			<-finished
			require.ErrorIs(t, between, refund.ExceedsRefundable)
		})
	}
}

// The connection breaks when a step is durable. It is counted, and made, once.
func TestRenameLost(t *testing.T) {
	t.Parallel()
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			at := testdb.New(t, name)
			other := at.Journal(t)
			for i := range 3 {
				key := "key-" + strconv.Itoa(i)
				begin(t, other, intent(key, "TRX-"+key))
			}
			moving, lost := false, false
			db, err := tap.Open(t.Context(), name, at.DSN, func(m tap.Moment) error { // one goroutine asks
				moving = moving || strings.HasPrefix(m.Statement, "UPDATE refund_entries SET provider")
				if moving && !lost && m.Statement == tap.Commit && m.After {
					lost = true
					return io.ErrUnexpectedEOF
				}
				return nil
			})
			require.NoError(t, err)
			defer db.Close()
			store, err := databases.Journal(t.Context(), db, name)
			require.NoError(t, err)
			n, err := store.Rename(t.Context(), "shop", "shop-ph")
			require.NoError(t, err)
			assert.True(t, lost)
			assert.Equal(t, 3, n)
		})
	}
}

// What a list says is the same in all journals: that of memory says what is right.
func TestListsAlike(t *testing.T) {
	t.Parallel()
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			want, got := journal.Memory().(book), testdb.New(t, name).Journal(t)
			random := rand.New(rand.NewPCG(1, 2))
			pick := func(texts ...string) string { return texts[random.IntN(len(texts))] }
			statuses := []refund.Status{
				refund.StatusUnknown, refund.StatusNotSent, refund.StatusRefused, refund.StatusPending, refund.StatusSucceeded, refund.StatusFailed, refund.StatusReversed,
			}
			for i := range 120 {
				in := intent("key-"+strconv.Itoa(random.IntN(100)), "TRX-"+strconv.Itoa(random.IntN(9)))
				in.Provider, in.Gateway, in.Environment = pick("shop", "Shop", "shop-ph"), pick("tlpe", "paynet"), refund.Environment(pick("", "sandbox"))
				in.Request.Amount = money.MustParse("0.01 PHP")
				m := refund.Move{Change: refund.Change{
					Status: statuses[random.IntN(len(statuses))], At: start.Add(time.Duration(i/3) * time.Minute), Cause: refund.CauseLookUp,
				}}
				for _, j := range []book{want, got} {
					if e, fresh, err := j.Begin(t.Context(), in); err == nil && fresh {
						_, err := j.Move(t.Context(), in.Key, e.Version, m)
						require.NoError(t, err)
					}
				}
			}
			for range 100 {
				f := journal.Filter{Limit: 1 + random.IntN(30), Provider: pick("", "shop", "none"), Gateway: pick("", "", "tlpe"), Payment: pick("", "", "TRX-1")}
				for range random.IntN(3) {
					f.Status = append(f.Status, statuses[random.IntN(len(statuses))])
				}
				if random.IntN(3) == 0 {
					f.Before = start.Add(time.Duration(random.IntN(40)) * time.Minute)
				}
				if random.IntN(3) == 0 {
					f.After = start.Add(time.Duration(random.IntN(40)) * time.Minute)
				}
				assert.Equal(t, listed(t, want, f), listed(t, got, f), "%+v", f)
			}
			_, err := want.List(t.Context(), journal.Filter{Cursor: "1-zzzz"})
			require.NoError(t, err, "a place beyond the last one")
			for _, f := range []journal.Filter{{Limit: -1}, {Limit: 1001}, {Cursor: "x"}} {
				_, err := want.List(t.Context(), f)
				require.ErrorContains(t, err, "journal: ")
			}
		})
	}
}

// listed are the keys of each page, and how they stand.
func listed(t *testing.T, j book, f journal.Filter) (all [][]string) {
	t.Helper()
	for {
		page, err := j.List(t.Context(), f)
		require.NoError(t, err)
		keys := []string{}
		for _, e := range page.Entries {
			keys = append(keys, e.Key+" "+e.Status.String())
		}
		all = append(all, keys)
		if f.Cursor = page.Next; f.Cursor == "" {
			return all
		}
	}
}

// The balance was empty, and is filled now.
func TestC45_Again(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, open func() book) {
		j := open()
		in := intent("k1", "TRX-1")
		in.Request.By = "Ben"
		e := begin(t, j, in)
		refused, err := j.Move(t.Context(), "k1", e.Version, to(refund.StatusRefused, refund.CauseAnswer))
		require.NoError(t, err)
		got, fresh, err := j.Begin(t.Context(), in)
		require.NoError(t, err)
		assert.False(t, fresh)
		assert.Equal(t, asJSON(t, refused), asJSON(t, got))

		in.Request.Again, in.Request.By, in.At = true, "Ana", start.Add(time.Hour)
		again := begin(t, open(), in)
		require.Len(t, again.History, 3)
		assert.Equal(t, []string{"Ben", "", "Ana"}, []string{again.History[0].By, again.History[1].By, again.History[2].By})
		assert.Nil(t, again.Err)
		stored, err := j.Entry(t.Context(), "k1")
		require.NoError(t, err)
		assert.Equal(t, asJSON(t, again), asJSON(t, stored))
		_, fresh, err = j.Begin(t.Context(), in)
		require.NoError(t, err)
		assert.False(t, fresh, "Again sends once")
		_, err = j.Move(t.Context(), "k1", refused.Version, to(refund.StatusSucceeded, refund.CauseAnswer))
		require.ErrorIs(t, err, refund.ErrStale)
	})
}
