package pretend

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func refundIDs(some []*owed) (all string) {
	for _, o := range some {
		all += o.RefundID
	}
	return all
}

func TestDebts(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	var d debts
	for _, id := range []string{"a", "b", "c", "b"} {
		d.add(Callback{RefundID: id})
	}
	taken := d.take(noon)
	require.Equal(t, "abcb", refundIDs(taken))
	require.Empty(t, d.take(noon), "all are being sent")
	require.Empty(t, d.takeOf("b", noon))
	require.Equal(t, "abcb", refundIDs(d.list()), "and owed all the same")

	for i, o := range taken[:3] {
		o.due = noon.Add(time.Duration(3-i) * time.Minute)
		d.back(o)
	}
	d.drop(taken[3])
	require.Equal(t, "abc", refundIDs(d.list()))
	require.Equal(t, "c", refundIDs(d.take(noon.Add(time.Minute))))
	require.Empty(t, d.takeOf("b", noon.Add(time.Minute)), "not due")
	require.Equal(t, "ab", refundIDs(d.take(noon.Add(time.Hour))), "in the order in which they came up, whatever was due first")

	for _, o := range taken[:3] {
		o.due = noon
		d.back(o)
	}
	d.add(Callback{RefundID: "b"})
	require.Equal(t, "bb", refundIDs(d.takeOf("b", noon)))
	require.Equal(t, "ac", refundIDs(d.take(noon)))
	for _, o := range d.list() {
		d.drop(o)
	}
	require.Empty(t, d.list())
	require.Empty(t, d.of, "nothing is kept of what was accepted")
}
