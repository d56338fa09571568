package refund_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
)

func TestReportConcludes(t *testing.T) {
	t.Parallel()
	seen := func(id, amount string, status refund.Status) refund.SeenRefund {
		s := refund.SeenRefund{ID: id, Status: status}
		if amount != "" {
			s.Amount = money.MustParse(amount)
		}
		return s
	}
	list := func(seen ...refund.SeenRefund) *refund.Report {
		return &refund.Report{Complete: true, Refunds: seen}
	}
	extent := func(x refund.Extent) *refund.Report { return &refund.Report{Extent: x} }
	reversed := func(x refund.Extent, seen ...refund.SeenRefund) *refund.Report {
		return &refund.Report{Extent: x, Complete: true, Refunds: seen}
	}
	const (
		unknown, pending, done, failed = refund.StatusUnknown, refund.StatusPending, refund.StatusSucceeded, refund.StatusFailed
		part, full                     = refund.KindPartial, refund.KindFull
	)
	old := seen("", "5.00 PHP", done)
	old.At = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		kind   refund.Kind
		id     string
		before *refund.Report
		now    *refund.Report
		want   refund.Status
		found  string
	}{
		{"its own id", part, "R-1", nil, list(seen("R-1", "20.00 PHP", done)), done, "R-1"},
		{"its own id, failed", part, "R-1", nil, list(seen("R-1", "20.00 PHP", failed)), failed, "R-1"},
		{"its own id, whose state is not shown", part, "R-1", nil, list(seen("R-1", "20.00 PHP", unknown)), unknown, ""},
		{"another id", part, "R-1", nil, list(seen("R-2", "20.00 PHP", done)), unknown, ""},
		{"another id, which came, of its amount", part, "R-1", list(), list(seen("R-2", "20.00 PHP", done)), unknown, ""},
		{"another id, which came, of the whole payment", full, "R-1", reversed(refund.ExtentNone), reversed(refund.ExtentWhole, seen("R-2", "", pending)), unknown, ""},
		{"another id, which came, beside one without an id", part, "R-1", list(), list(seen("R-2", "20.00 PHP", done), seen("", "20.00 PHP", done)), done, ""},
		{"an id, where the gateway shows none", part, "R-1", list(), list(seen("", "20.00 PHP", done)), done, ""},
		{"the payment's own id is none", part, "P", nil, list(seen("P", "20.00 PHP", done)), unknown, ""},
		{"a look at the payment", part, "", nil, list(seen("R-1", "20.00 PHP", done)), unknown, ""},

		{"one came, of its amount", part, "", list(), list(seen("R-9", "20.00 PHP", done)), done, "R-9"},
		{"one came, of its amount, pending", part, "", list(), list(seen("R-9", "20.00 PHP", pending)), pending, "R-9"},
		{"one came, of its amount, and failed: whose?", part, "", list(), list(seen("R-9", "20.00 PHP", failed)), unknown, ""},
		{"one came, of its amount, and came back: whose?", part, "", list(), list(seen("R-9", "20.00 PHP", refund.StatusReversed)), unknown, ""},
		{"one came, of its amount, in a state that nobody can read", part, "", list(), list(seen("R-9", "20.00 PHP", unknown)), unknown, ""},
		{"one came, of another amount", part, "", list(), list(seen("R-9", "5.00 PHP", done)), unknown, ""},
		{"one came, of no amount", part, "", list(), list(seen("R-9", "", done)), unknown, ""},
		{"one came, of another currency", part, "", list(), list(seen("R-9", "20.00 TRY", done)), unknown, ""},
		{"two came, one of its amount", part, "", list(), list(seen("R-8", "5.00 PHP", done), seen("R-9", "20.00 PHP", done)), done, "R-9"},
		{"two came, both of its amount", part, "", list(), list(seen("R-8", "20.00 PHP", done), seen("R-9", "20.00 PHP", done)), unknown, ""},
		{"two came, one of no amount", part, "", list(), list(seen("R-8", "", done), seen("R-9", "20.00 PHP", done)), unknown, ""},
		{"one came, beside an earlier one", part, "", list(old), list(old, seen("", "20.00 PHP", done)), done, ""},
		{"none came", part, "", list(old), list(old), unknown, ""},
		{"an earlier one is gone", part, "", list(old), list(seen("", "20.00 PHP", done)), unknown, ""},
		{"the list before was not complete", part, "", &refund.Report{}, list(seen("R-9", "20.00 PHP", done)), unknown, ""},
		{"the whole payment, by its amount", full, "", list(), list(seen("R-9", "100.00 PHP", done)), done, "R-9"},

		{"the whole payment, by a word", full, "", extent(refund.ExtentNone), extent(refund.ExtentWhole), done, ""},
		{"the rest of the payment, by a word", full, "", extent(refund.ExtentPart), extent(refund.ExtentWhole), done, ""},
		{"the whole payment, and it was before", full, "", extent(refund.ExtentWhole), extent(refund.ExtentWhole), unknown, ""},
		{"the whole payment, and nobody knows what it was before", full, "", extent(0), extent(refund.ExtentWhole), unknown, ""},
		{"a part instead of the whole", full, "", extent(refund.ExtentNone), extent(refund.ExtentPart), unknown, ""},
		{"a part, by a word: whose?", part, "", extent(refund.ExtentNone), extent(refund.ExtentPart), unknown, ""},
		{"the whole instead of a part", part, "", extent(refund.ExtentNone), extent(refund.ExtentWhole), unknown, ""},
		{"the whole payment, by one row without an amount", full, "", reversed(refund.ExtentNone), reversed(refund.ExtentWhole, seen("7", "", pending)), done, "7"},
		{"the whole payment, by two rows without amounts", full, "", reversed(refund.ExtentNone), reversed(refund.ExtentWhole, seen("7", "", pending), seen("8", "", pending)), unknown, ""},
		{"the whole payment, by one row of a part", full, "", reversed(refund.ExtentNone), reversed(refund.ExtentWhole, seen("7", "5.00 PHP", done)), unknown, ""},
		{"the whole payment, by a word, beside a list that was not complete", full, "", extent(refund.ExtentNone), reversed(refund.ExtentWhole, seen("7", "", pending)), done, ""},
		{"the whole payment, and no row", full, "", reversed(refund.ExtentNone), reversed(refund.ExtentWhole), unknown, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := refund.Query{Kind: tt.kind, RefundID: tt.id, Before: tt.before, Payment: refund.Payment{ID: "P", Amount: money.MustParse("100.00 PHP")}}
			if tt.kind == part {
				q.Amount = money.MustParse("20.00 PHP")
			}
			tt.now.Status, tt.now.Conclusive, tt.now.RefundID = done, true, "left over"
			tt.now.Conclude(&q)
			assert.Equal(t, tt.want, tt.now.Status, tt.now.Why)
			assert.Equal(t, tt.want != unknown, tt.now.Conclusive, tt.now.Why)
			assert.Equal(t, tt.found, tt.now.RefundID, tt.now.Why)
			assert.NotEmpty(t, tt.now.Why)
		})
	}
}
