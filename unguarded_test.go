package refund_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
)

func TestC47_PlanWarns(t *testing.T) {
	t.Parallel()
	paid := ten()
	paid.Payment.Amount = amount("100.00 PHP")
	keyed := func(r refund.Request) refund.Request { r.Key = "K-1"; return r }
	withJournal := []refund.Option{refund.WithJournal(journal.Memory())}
	for name, tt := range map[string]struct {
		opts []refund.Option
		req  refund.Request
		says string // "" = no warning
	}{
		"partial, nothing known":       {nil, ten(), "there is no journal, and Payment.Amount, what was paid, is missing"},
		"partial of a known amount":    {nil, paid, "there is no journal, which would count them"},
		"full":                         {nil, refund.Full("TRX-1"), ""},
		"journal, nothing known":       {withJournal, keyed(ten()), "only if an earlier one said what was paid: give Payment.Amount"},
		"journal, partial of a known":  {withJournal, keyed(paid), ""},
		"journal, full, nothing known": {withJournal, keyed(refund.Full("TRX-1")), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := &refund.Plan{Method: "POST", Warnings: []string{"of the provider"}}
			p := able{fake: accepting(), plan: func() (*refund.Plan, error) { return given, nil }}
			c := refund.New(p, tt.opts...)
			for range 2 {
				plan, err := c.Plan(t.Context(), tt.req)
				require.NoError(t, err)
				assert.Equal(t, "of the provider", plan.Warnings[0])
				if tt.says == "" {
					assert.Len(t, plan.Warnings, 1)
					continue
				}
				require.Len(t, plan.Warnings, 2)
				assert.Contains(t, plan.Warnings[1], tt.says)
				assert.Contains(t, plan.String(), plan.Warnings[1])
			}
			assert.Equal(t, []string{"of the provider"}, given.Warnings, "the provider's plan was changed")
		})
	}
}

// Three partial refunds of 60.00 pass, since nobody knows that 100.00 were paid; the log
// says so once.
func TestC47_RefundWarnsOnce(t *testing.T) {
	t.Parallel()
	log := new(recorder)
	p := accepting()
	c := refund.New(p, refund.WithLogger(slog.New(log)), refund.WithName("shop"))
	warnings := func() (found []record) {
		for _, r := range log.all() {
			if r.level == slog.LevelWarn {
				found = append(found, r)
			}
		}
		return found
	}

	known := ten()
	known.Payment.Amount = amount("100.00 PHP")
	for _, req := range []refund.Request{known, refund.Full("TRX-1")} {
		_, err := c.Refund(t.Context(), req)
		require.NoError(t, err)
	}
	assert.Empty(t, warnings())

	for range 3 {
		req := refund.Partial("TRX-2", amount("60.00 PHP"))
		req.By = "Ayşe"
		_, err := c.Refund(t.Context(), req)
		require.NoError(t, err)
	}
	found := warnings()
	require.Len(t, found, 1)
	assert.Contains(t, found[0].text, "is not guarded")
	assert.Equal(t, map[string]string{"gateway": "fake", "provider": "shop", "payment": "TRX-2"}, found[0].attrs)
	assert.NotContains(t, log.text(), "Ayşe")

	// Each of a router's clients warns for itself.
	r, err := refund.NewRouter("shop", map[string]*refund.Client{"shop": c})
	require.NoError(t, err)
	_, err = r.Refund(t.Context(), ten())
	require.NoError(t, err)
	assert.Len(t, warnings(), 2)
}
