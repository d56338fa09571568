package stores_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/cmd/internal/databases"
	"github.com/gorefund/refund/cmd/internal/databases/tap"
	"github.com/gorefund/refund/cmd/internal/databases/testdb"
	"github.com/gorefund/refund/money"
)

// One process has read what a payment has left, and before it writes, another
// one makes a whole refund of the same payment, from begin to end. What the first
// one has read is then no longer so, though there is no open refund to stumble
// over. Either the second one has to wait, or the first one has to notice.
func TestAnotherRefundBetweenReadAndWrite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		earlier func(*refund.Intent) // an entry that is there already, nil for none
		status  refund.Status        // of that
		before  []string             // the statements that write
	}{
		{"the first refund", nil, 0, []string{"INSERT", "SELECT refund_write"}},
		// What has to be read first is decided elsewhere than what has not.
		{"after a refund that failed", func(in *refund.Intent) { in.Key = "earlier" }, refund.StatusFailed, []string{"INSERT"}},
		{"with a key that was free", func(in *refund.Intent) { in.Request.Payment.ID = "elsewhere" }, refund.StatusNotSent, []string{"UPDATE"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			anotherRefundBetween(t, c.earlier, c.status, c.before)
		})
	}
}

func anotherRefundBetween(t *testing.T, earlier func(*refund.Intent), status refund.Status, before []string) {
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			at := testdb.New(t, name)
			other := at.Journal(t)
			half := money.MustParse("60.00 PHP") // twice that is more than was paid
			want := func(key string) refund.Intent {
				in := intent(key, payment)
				in.Request.Amount = half
				return in
			}

			if earlier != nil {
				in := want("first")
				earlier(&in)
				e, _, err := other.Begin(t.Context(), in)
				require.NoError(t, err)
				_, err = other.Move(t.Context(), in.Key, e.Version, refund.Move{Change: refund.Change{Status: status, At: start, Cause: refund.CauseAnswer}})
				require.NoError(t, err)
			}

			var armed atomic.Bool
			var once sync.Once
			var between error
			finished := make(chan struct{})
			db, err := tap.Open(t.Context(), name, at.DSN, func(m tap.Moment) error {
				if !armed.Load() || m.After || !slices.ContainsFunc(before, func(prefix string) bool { return strings.HasPrefix(m.Statement, prefix) }) {
					return nil
				}
				once.Do(func() {
					go func() {
						defer close(finished)
						var e *refund.Entry
						if e, _, between = other.Begin(t.Context(), want("second")); between == nil {
							_, between = other.Move(t.Context(), "second", e.Version, refund.Move{
								Change: refund.Change{Status: refund.StatusSucceeded, At: start, Cause: refund.CauseAnswer}})
						}
					}()
					select {
					case <-finished:
					case <-time.After(300 * time.Millisecond): // the second one has to wait, as it should
					}
				})
				return nil
			})
			require.NoError(t, err)
			defer db.Close()
			first, err := databases.Journal(t.Context(), db, name)
			require.NoError(t, err)

			armed.Store(true)
			_, _, err = first.Begin(t.Context(), want("first"))
			once.Do(func() { close(finished); t.Error("the store inserts nothing: the test looks at the wrong moment") })
			<-finished
			switch {
			case err == nil:
				assert.True(t, errors.Is(between, refund.InProgress), "both were begun, though they exceed the payment: %v", between)
			default:
				assert.NoError(t, between, "none was begun")
				assert.ErrorIs(t, err, refund.ExceedsRefundable)
			}
		})
	}
}
