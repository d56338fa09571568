package refund_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
)

func TestPaidAt(t *testing.T) {
	t.Parallel()
	istanbul := time.FixedZone("TRT", 3*60*60)
	for name, tt := range map[string]struct {
		paid time.Time
		says string // "" = taken
	}{
		"not known":                  {time.Time{}, ""},
		"now":                        {noon, ""},
		"the first moment":           {time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), ""},
		"a day ahead":                {noon.Add(24 * time.Hour), ""},
		"C40 Unix zero":              {time.Unix(0, 0), "1970-01-01T00:00:00Z, before the year 2000"},
		"C40 year 1 in Istanbul":     {time.Date(1, 1, 1, 0, 0, 0, 0, istanbul), "before the year 2000"},
		"C40 year 1, read from JSON": {time.Time{}.Add(1), "before the year 2000"},
		"C40 before the first":       {time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC), "before the year 2000"},
		"C40 in local time":          {time.Date(2000, 1, 1, 2, 59, 59, 0, istanbul), "before the year 2000"},
		"C41 in three days":          {noon.AddDate(0, 0, 3), "2024-05-09T12:00:00Z, which lies in the future"},
		"C41 more than a day":        {noon.Add(24*time.Hour + 1), "lies in the future"},
		"C41 milliseconds":           {time.Unix(noon.UnixMilli(), 0), "lies in the future"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := able{fake: accepting(), plan: func() (*refund.Plan, error) { return &refund.Plan{}, nil }}
			c := refund.New(p, refund.WithClock(func() time.Time { return noon }))
			caps := capabilities()
			for _, req := range []refund.Request{refund.Full("TRX-1"), ten()} {
				req.Payment.PaidAt = tt.paid
				_, refunded := c.Refund(t.Context(), req)
				_, planned := c.Plan(t.Context(), req)
				direct := caps.CheckPaidAt("refund", tt.paid, noon)
				if tt.says == "" {
					require.NoError(t, refunded)
					require.NoError(t, planned)
					require.NoError(t, direct)
					continue
				}
				for op, err := range map[string]error{"refund": refunded, "plan": planned} {
					e := theError(t, err)
					assert.Equal(t, refund.InvalidRequest, e.Code)
					assert.Equal(t, refund.StatusNotSent, e.Status)
					assert.Equal(t, op, e.Op)
					assert.Contains(t, e.Message, "Payment.PaidAt is ")
					assert.Contains(t, e.Message, tt.says)
				}
				assert.Equal(t, refunded, direct)
				assert.Zero(t, p.calls.Load())
			}
		})
	}
}

// Without WithClock the machine's clock tells what lies in the future.
func TestC41_TheRealClock(t *testing.T) {
	t.Parallel()
	req := ten()
	req.Payment.PaidAt = time.Now().Add(48 * time.Hour)
	_, err := refund.New(accepting()).Refund(t.Context(), req)
	require.ErrorIs(t, err, refund.InvalidRequest)
}
