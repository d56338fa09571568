package refund_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
)

// A client alone passes over what other gateways may know, and looks at its form only.
func TestC46_Params(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		name, value string
		says        string // "" = taken
	}{
		"own":                         {"fake.note", "x", ""},
		"of another":                  {"redstone.transfer_to", "mobile_number", ""},
		"of one that nobody here has": {"acme-pay_2.x", "", ""},
		"longest value":               {"acme.x", strings.Repeat("v", 2048), ""},

		"value no UTF-8, own":           {"fake.note", "\xff", `the value of "fake.note" must be one line of UTF-8`},
		"value no UTF-8, of another":    {"acme.x", "\xff", `the value of "acme.x" must be one line of UTF-8`},
		"value of two lines":            {"acme.x", "a\nb", "one line"},
		"value with a line separator":   {"acme.x", "a\u2028b", "one line"},
		"value too long":                {"acme.x", strings.Repeat("v", 2049), "2048 bytes"},
		"name no UTF-8, own":            {"fake.\xff", "", "fake does not know"},
		"name no UTF-8, of another":     {"acme.\xff", "", `the name "acme.\xff" must be one line of UTF-8`},
		"name that does not show":       {"acme.\u200b", "", "characters that do not show"},
		"name with a blank":             {"acme. x", "", "characters that do not show"},
		"name too long":                 {"acme." + strings.Repeat("x", 251), "", "255 bytes"},
		"prefix no UTF-8":               {"ac\xffme.x", "", "unknown gateway's name"},
		"prefix with a blank":           {"fake .note", "", "unknown gateway's name"},
		"prefix in capitals":            {"FAKE.note", "", "unknown gateway's name"},
		"prefix with a look-alike":      {"f\u0430ke.note", "", "unknown gateway's name"}, // a Cyrillic a
		"prefix that does not show":     {"fake\u200b.note", "", "unknown gateway's name"},
		"own prefix, unknown":           {"fake.notes", "", "fake does not know \"fake.notes\"; it knows fake.note, fake.desk"},
		"own prefix, unknown, one more": {"fake.note.x", "", "fake does not know"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := accepting()
			req := ten()
			req.Params = map[string]string{tt.name: tt.value}
			_, err := refund.New(p).Refund(t.Context(), req)
			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			e := theError(t, err)
			assert.Equal(t, refund.InvalidRequest, e.Code)
			assert.Equal(t, refund.StatusNotSent, e.Status)
			assert.Contains(t, e.Message, tt.says)
			assert.Less(t, len(e.Message), 300)
			assert.Zero(t, p.calls.Load())
		})
	}
}

// A router knows which gateways there are, so that a misspelling shows.
func TestC46_RouterParams(t *testing.T) {
	t.Parallel()
	a, b := accepting(), accepting()
	b.caps.Gateway, b.caps.Params = "bank", []refund.Param{{Name: "bank.desk"}}
	lone := refund.New(a)
	r, err := refund.NewRouter("a", map[string]*refund.Client{"a": lone, "b": refund.New(b), "c": refund.New(b)})
	require.NoError(t, err)
	refunders := map[string]refund.Refunder{"the router": r}
	refunders["its client"], err = r.Client("a")
	require.NoError(t, err)
	for name, by := range refunders {
		req := ten()
		req.Params = map[string]string{"fake.note": "x", "bank.desk": "y"}
		_, err := by.Refund(t.Context(), req)
		require.NoError(t, err, name)

		before := a.calls.Load()
		req.Params = map[string]string{"bank.desk": "y", "bnak.desk": "y"}
		_, err = by.Refund(t.Context(), req)
		e := theError(t, err)
		assert.Equal(t, refund.InvalidRequest, e.Code, name)
		assert.Equal(t, refund.StatusNotSent, e.Status, name)
		assert.Contains(t, e.Message, `"bnak.desk" begins with an unknown gateway's name; this router knows bank, fake`)
		assert.Equal(t, before, a.calls.Load(), name)
	}
	req := ten()
	req.Params = map[string]string{"bnak.desk": "y"}
	_, err = lone.Refund(t.Context(), req)
	require.NoError(t, err, "the caller's own client stays alone")
}
