package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
)

// The usual refund reads nothing. A second one of its payment does, and so does
// the move of what this store has not begun.
func TestQuickReadsNothing(t *testing.T) {
	t.Parallel()
	f, db := newFake(t)
	s := newStore(db, fakeQuick{})
	e, fresh, err := s.Begin(t.Context(), intent("k1", "p1"))
	require.NoError(t, err)
	require.True(t, fresh)
	_, err = s.Move(t.Context(), "k1", e.Version, move(refund.StatusSucceeded))
	require.NoError(t, err)
	assert.Equal(t, [3]int{0, 0, 2}, [3]int{f.loads, f.begun, f.committed}, "loads, transactions, writes")

	_, _, err = s.Begin(t.Context(), intent("k2", "p1"))
	require.NoError(t, err)
	assert.Equal(t, 1, f.loads)
	_, err = newStore(db, fakeQuick{}).Move(t.Context(), "k2", 1, move(refund.StatusSucceeded))
	require.NoError(t, err)
	assert.Equal(t, 2, f.loads)
}

// The operations of a batch are in progress at the same time. So what can be
// written without reading may come first; but there must be an order of them all,
// one after the other, that gives each caller what it got, and leaves what is
// stored.
//
// It is so too if answers of the database get lost, as long as nobody moves what
// its own caller has not been told of yet; who does, takes it from that caller, for
// whom it is then not fresh or stale, so that nothing is sent.
func TestQuickBatchesHaveAnOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			inBubbleOf(t, fakeQuick{}, func(t *testing.T, f *fake, s *Store) {
				random := rand.New(rand.NewPCG(seed, 1))
				m := newModel()
				for range 12 {
					faults := random.IntN(4)
					calls := make([]*call, 1+random.IntN(4))
					each := random.Perm(len(keys))
					for i := range calls {
						key := each[i]
						if faults == 0 {
							key = random.IntN(len(keys))
						}
						calls[i] = newCall(random, m, keys[key])
					}
					one := s
					if random.IntN(4) == 0 {
						one = newStore(s.db, s.lang) // remembers nothing
					}
					together(t, f, one, random, faults, calls)
					stored := make(map[string]string)
					for _, key := range keys {
						if e, err := s.Entry(t.Context(), key); err == nil {
							stored[key] = text(e)
						}
					}
					next := explained(m, calls, stored)
					if next == nil {
						for _, c := range calls {
							t.Logf("%s: %s", c, c.got)
						}
						t.Fatalf("in no order do these calls give this and leave %v, after %v", stored, m.stored())
					}
					m = next
				}
			})
		})
	}
}

var keys = []string{"k0", "k1", "k2", "k3"}

// call is a Begin or a Move, and what came of it.
type call struct {
	in      *refund.Intent
	key     string
	version int64
	status  refund.Status
	got     string
}

func newCall(random *rand.Rand, m *model, key string) *call {
	c := &call{key: key}
	if random.IntN(2) == 0 {
		in := intent(c.key, fmt.Sprintf("p%d", random.IntN(3)))
		in.Request.Amount = []money.Amount{money.MustParse("10.00 TRY"), money.MustParse("60.00 TRY")}[random.IntN(2)]
		in.Before = []*refund.Report{nil, {}}[random.IntN(2)]
		in.Environment = []refund.Environment{refund.Production, refund.Sandbox}[random.IntN(4)/3]
		in.Request.Again = random.IntN(2) == 0
		c.in = &in
		return c
	}
	c.version = int64(random.IntN(2))
	if e := m.entries[c.key]; e != nil {
		c.version += e.Version
	}
	c.status = []refund.Status{refund.StatusSucceeded, refund.StatusPending, refund.StatusNotSent, refund.StatusRefused, refund.StatusUnknown}[random.IntN(5)]
	return c
}

func (c *call) String() string {
	if c.in != nil {
		return fmt.Sprintf("Begin of %s for %s in %s, %s, again %t", c.key, c.in.Request.Payment.ID, c.in.Environment, c.in.Request.Amount, c.in.Request.Again)
	}
	return fmt.Sprintf("Move of %s, version %d, to %s", c.key, c.version, c.status)
}

// of carries the call out and says what came of it.
func (c *call) of(ctx context.Context, j refund.Journal) string {
	var e *refund.Entry
	var fresh bool
	var err error
	if c.in != nil {
		e, fresh, err = j.Begin(ctx, *c.in)
	} else {
		e, err = j.Move(ctx, c.key, c.version, move(c.status))
	}
	var refused *refund.Error
	switch {
	case errors.As(err, &refused):
		return string(refused.Code)
	case err != nil:
		return err.Error()
	}
	return fmt.Sprintf("%t %s", fresh, text(e))
}

func text(e *refund.Entry) string {
	b, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// together makes one batch of the calls, behind a write that is held up, with a
// database that fails so many times.
func together(t *testing.T, f *fake, s *Store, random *rand.Rand, faults int, calls []*call) {
	t.Helper()
	held(t, f, s, func(inTurn func(func())) {
		f.commit = func(_ int, apply func()) error {
			if faults--; faults < 0 {
				apply()
				return nil
			}
			switch random.IntN(3) {
			case 0:
				apply()
				return errLost
			case 1:
				return errLost
			default:
				return errConflict
			}
		}
		for _, c := range calls {
			inTurn(func() { c.got = c.of(t.Context(), s) })
		}
	})
	synctest.Wait()
}

// model is the simplest journal there is.
type model struct{ *memory }

func newModel() *model { return &model{Memory().(*memory)} }

func (m *model) clone() *model {
	c := newModel()
	c.entries = maps.Clone(m.entries) // an entry is replaced, never changed
	c.order, c.places = slices.Clone(m.order), maps.Clone(m.places)
	for p, keys := range m.payments {
		c.payments[p] = slices.Clone(keys)
	}
	return c
}

func (m *model) stored() map[string]string {
	stored := make(map[string]string)
	for key, e := range m.entries {
		stored[key] = text(e)
	}
	return stored
}

// explained returns what the model becomes in an order of the calls that explains
// what they got and what is stored, or nil.
func explained(m *model, calls []*call, stored map[string]string) *model {
	if len(calls) == 0 {
		if maps.Equal(m.stored(), stored) {
			return m
		}
		return nil
	}
	for i, c := range calls {
		next := m.clone()
		if c.of(context.Background(), next) != c.got {
			continue
		}
		if found := explained(next, slices.Delete(slices.Clone(calls), i, i+1), stored); found != nil {
			return found
		}
	}
	return nil
}

// A text with each byte that ends or escapes something, as PostgreSQL's manual
// has the text of an array.
func TestArrayText(t *testing.T) {
	t.Parallel()
	rows := []*row{
		{Key: `a"b\c,{}`, Minor: int64(-1), Currency: "TRY", BeganAt: start},
		{Key: "", Minor: nil, Currency: nil, BeganAt: start},
		{Key: "NULL\n", Minor: int64(7), Currency: "ş", BeganAt: start},
	}
	args := appendArrays([]any{"first"}, "a, b, c, d", rows, func(r *row) []any { return []any{r.Key, r.Minor, r.Currency, r.BeganAt} })
	at := `"2026-05-04T03:02:01Z"`
	assert.Equal(t, []any{
		"first", `{"a\"b\\c,{}","","NULL` + "\n" + `"}`, `{-1,NULL,7}`, `{"TRY",NULL,"ş"}`, "{" + at + "," + at + "," + at + "}",
	}, args)
	assert.Equal(t, []any{"{}", "{}"}, appendArrays(nil, "a, b", nil, nil))
}

// garbled is a database that gives back another key than it got.
type garbled struct{ fakeQuick }

func (g garbled) write(ctx context.Context, db *sql.DB, begun, moved []*row) ([]string, error) {
	keys, err := g.fakeQuick.write(ctx, db, begun, moved)
	for i := range keys {
		keys[i] += "?"
	}
	return keys, err
}

func TestKeyThatNobodyGave(t *testing.T) {
	t.Parallel()
	_, db := newFake(t)
	_, fresh, err := newStore(db, garbled{}).Begin(t.Context(), intent("k1", "p1"))
	require.ErrorContains(t, err, `"k1?"`)
	assert.False(t, fresh)
}
