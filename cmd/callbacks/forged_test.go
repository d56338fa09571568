package callbacks_test

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/redstone/redstonetest"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tarlan"
	"github.com/gorefund/refund/tarlan/tarlantest"
	"github.com/gorefund/refund/tlpe/tlpetest"
	"github.com/gorefund/refund/webhook"
)

// forger is a pretend gateway that also makes what others could make of its callbacks.
type forger struct {
	*pretend.Server
	forge func(genuine, other pretend.Callback) map[string]pretend.Callback
}

func forgerOf(t *testing.T, lane, hook string) forger {
	t.Helper()
	switch lane {
	case "tarlan":
		g, err := tarlantest.Start(tarlantest.Config{Sandbox: true, CallbackURL: hook})
		require.NoError(t, err)
		return forger{g.Server, func(c, _ pretend.Callback) map[string]pretend.Callback { return g.Forgeries(c) }}
	case "redstone":
		g, err := redstonetest.Start(redstonetest.Config{})
		require.NoError(t, err)
		return forger{g.Server, func(c, _ pretend.Callback) map[string]pretend.Callback { return g.Forgeries(c) }}
	case "paynet":
		g, err := paynettest.Start(paynettest.Config{})
		require.NoError(t, err)
		return forger{g.Server, func(c, other pretend.Callback) map[string]pretend.Callback { return g.Forgeries(c, other.URL) }}
	default:
		g, err := tlpetest.Start(tlpetest.Config{CallbackURL: hook})
		require.NoError(t, err)
		return forger{g.Server, func(c, _ pretend.Callback) map[string]pretend.Callback { return g.Forgeries(c) }}
	}
}

// records is a log that can be read while it is written.
type records struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *records) count(s string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Count(r.text.String(), s)
}

// Forged, truncated, oversized, expired and cross-refund callbacks change nothing and
// are counted in the log; so are repeats of a genuine one.
func TestForgedCallbacks(t *testing.T) {
	t.Parallel()
	for _, lane := range lanes {
		t.Run(lane, func(t *testing.T) {
			t.Parallel()
			var log records
			var hook *webhook.Handler
			shop := httptest.NewUnstartedServer(nil)
			address := "http://" + shop.Listener.Addr().String() + "/callbacks/" + lane
			gateway := forgerOf(t, lane, address)
			t.Cleanup(gateway.Close)

			p, err := provider(lane, gateway.URL())
			if lane == "tarlan" { // so that another project's callbacks are known as such
				p, err = tarlan.New(tarlan.Config{
					Secret: tarlantest.DefaultSecret, MerchantID: tarlantest.DefaultMerchantID, ProjectID: tarlantest.DefaultProjectID,
					Environment: refund.Sandbox, BaseURL: gateway.URL(),
				})
			}
			require.NoError(t, err)
			client := refund.New(p, refund.WithJournal(journal.Memory()), refund.WithTrust(refund.TrustToken))
			hook, err = webhook.New(client, webhook.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			require.NoError(t, err)
			shop.Config.Handler = hook
			shop.Start()
			t.Cleanup(shop.Close)

			// The answers get lost, so that only a callback can settle the refunds.
			var keys []string
			for _, o := range orders(lane, 4)[:3:3] {
				if o.key == lane+"-00001" {
					continue // one of each payment
				}
				require.NoError(t, gateway.AddPayment(pretend.Payment{ID: o.payment, Amount: paid(lane)}))
				req := refund.Partial(o.payment, o.amount)
				req.Key, req.Payment.Amount, req.CallbackURL = o.key, paid(lane), address
				gateway.Inject(pretend.DropAfterBooking)
				_, err := client.Refund(t.Context(), req)
				require.ErrorIs(t, err, refund.OutcomeUnknown)
				keys = append(keys, o.key)
			}
			for _, r := range gateway.Refunds() {
				if r.Pending {
					require.NoError(t, gateway.Decide(r.ID, pretend.Approved))
				}
			}
			genuine := gateway.Owed()
			require.Len(t, genuine, 2)
			states := func() (all []string) {
				for _, key := range keys {
					e, err := client.Entry(t.Context(), key)
					require.NoError(t, err)
					all = append(all, e.Status.String())
				}
				return all
			}

			forgeries := gateway.forge(genuine[0], genuine[1])
			require.Greater(t, len(forgeries), 15)
			for name, forged := range forgeries {
				d, err := gateway.Send(t.Context(), forged)
				require.NoError(t, err, name)
				hook.Wait()
				assert.Equal(t, []string{"unknown", "unknown"}, states(), "%s (HTTP %d)", name, d.Status)
			}
			assert.Equal(t, len(forgeries), log.count("callback refused"), "each is counted")

			_, err = gateway.Deliver(t.Context())
			require.NoError(t, err)
			hook.Wait()
			assert.Equal(t, []string{"succeeded", "succeeded"}, states(), "the genuine ones")
			for range 3 {
				_, err := gateway.Send(t.Context(), genuine[0])
				require.NoError(t, err)
			}
			hook.Wait()
			assert.Equal(t, 3, log.count("callback repeated"))
			assert.Equal(t, []string{"succeeded", "succeeded"}, states())
		})
	}
}
