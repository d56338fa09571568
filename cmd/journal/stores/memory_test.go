package stores_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/cmd/internal/databases/testdb"
	"github.com/gorefund/refund/cmd/internal/process"
	"github.com/gorefund/refund/cmd/internal/shop"
)

// What a client with a store keeps in memory does not grow with the number of its
// refunds. A process of its own makes them: in this one other tests are at work.
func TestMemoryOfALongRun(t *testing.T) {
	t.Parallel()
	n := 3000 // more than a store remembers
	if testing.Short() {
		n = 1200
	}
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			child := process.Start(t, "long runner", run{testdb.New(t, name), n})
			lines, err := child.Rest()
			require.NoError(t, err)
			require.Len(t, lines, 2)
			var heap [2]int
			for i, line := range lines {
				heap[i], err = strconv.Atoi(line)
				require.NoError(t, err)
			}
			grown := heap[1] - heap[0]
			t.Logf("%d bytes after %d refunds, %d more after %d", heap[0], n, grown, 10*n)
			// A key alone, in a map, would be more.
			const each = 16
			assert.Less(t, grown, each*9*n, "bytes, for %d refunds more", 9*n)
		})
	}
}

// run is what a long runner gets.
type run struct {
	Database testdb.Database
	Refunds  int
}

// longRunner makes refunds, and then nine times as many, and says each time how
// much memory is in use. Of every fourth payment there are two; every tenth refund
// is refused, and every seventh is asked for again.
func longRunner(l process.Life) error {
	var r run
	if err := l.Input(&r); err != nil {
		return err
	}
	ctx := context.Background()
	store, done, err := (&place{Database: r.Database}).open(ctx)
	if err != nil {
		return err
	}
	defer done()
	client := refund.New(fickle{}, refund.WithJournal(store))
	var last atomic.Int64
	for _, until := range []int64{int64(r.Refunds), 10 * int64(r.Refunds)} {
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for i := last.Add(1); i <= until; i = last.Add(1) {
					req := shop.Request(fmt.Sprintf("key-%d", i), fmt.Sprintf("TRX-%d", i-i%4/3))
					_, _ = client.Refund(ctx, req) // refused, or in progress, is as good
					if i%7 == 0 {
						_, _ = client.Refund(ctx, req)
					}
				}
			})
		}
		wg.Wait()
		last.Store(until)
		runtime.GC()
		runtime.GC() // the second one empties what pools have kept
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		l.Say("%d", m.HeapAlloc)
	}
	return nil
}

// fickle is a provider that answers at once.
type fickle struct{}

func (fickle) Refund(_ context.Context, req refund.Request) (*refund.Result, error) {
	if req.Key[len(req.Key)-1] == '0' {
		return nil, &refund.Error{Gateway: "fickle", Op: "refund", Code: refund.Declined, Status: refund.StatusRefused}
	}
	return &refund.Result{Status: refund.StatusSucceeded, RefundID: "R-" + req.Key, Amount: req.Amount}, nil
}

func (fickle) Capabilities() refund.Capabilities {
	c := refund.Capabilities{Gateway: "fickle"}
	c.Currencies.Value = []string{shop.Given.Currency()}
	c.Full.Value, c.Partial.Value, c.RepeatedPartials.Value = refund.FullNative, refund.Can, refund.Can
	c.Accepted.Value = refund.StatusSucceeded
	return c
}
