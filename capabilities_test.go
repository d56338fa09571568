package refund_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
)

// table is a code table with a line of each kind.
func table() refund.Capabilities {
	return capabilities(func(c *refund.Capabilities) {
		c.Codes = []refund.GatewayCode{
			{Code: "00", Status: refund.StatusSucceeded, Evidence: refund.Documented},
			{Code: "01", Status: refund.StatusPending, Evidence: refund.Documented},
			{Code: "PN.*", Status: refund.StatusPending, Evidence: refund.Assumed},
			{Code: "10", As: refund.Declined, Status: refund.StatusRefused, Evidence: refund.Documented},
			{Code: "99", As: refund.OutcomeUnknown, Status: refund.StatusUnknown, Evidence: refund.Assumed},
		}
	})
}

func TestLookup(t *testing.T) {
	t.Parallel()
	caps := table()
	line, ok := caps.Lookup("10")
	assert.True(t, ok)
	assert.Equal(t, refund.GatewayCode{Code: "10", As: refund.Declined, Status: refund.StatusRefused, Evidence: refund.Documented}, line)
	for _, code := range []string{"", "1", "010", "10 ", "PN.01"} {
		line, ok := caps.Lookup(code)
		assert.False(t, ok, "%q", code)
		assert.Zero(t, line)
	}
}

func TestAddCodes(t *testing.T) {
	t.Parallel()
	caps := table()
	require.NoError(t, caps.AddCodes(nil))
	assert.Equal(t, table(), caps)

	require.NoError(t, caps.AddCodes(map[string]refund.Code{
		"77":  refund.WindowExpired, // new
		"99":  refund.NotRefundable, // was unknown
		"10":  refund.InsufficientFunds,
		"78":  refund.OutcomeUnknown,
		"PN":  refund.Declined, // not of the family PN.*
		"007": refund.Declined, // 00 stands for itself alone
	}))
	for code, want := range map[string]struct {
		as     refund.Code
		status refund.Status
	}{
		"77":  {refund.WindowExpired, refund.StatusRefused},
		"99":  {refund.NotRefundable, refund.StatusRefused},
		"10":  {refund.InsufficientFunds, refund.StatusRefused},
		"78":  {refund.OutcomeUnknown, refund.StatusUnknown},
		"PN":  {refund.Declined, refund.StatusRefused},
		"007": {refund.Declined, refund.StatusRefused},
	} {
		line, ok := caps.Lookup(code)
		require.True(t, ok, code)
		assert.Equal(t, want.as, line.As, code)
		assert.Equal(t, want.status, line.Status, code)
		assert.Equal(t, refund.Observed, line.Evidence, code)
		assert.Equal(t, "configuration", line.Source, code)
	}
	assert.Len(t, caps.Codes, 9, "a replaced line is not a second one")
	line, _ := caps.Lookup("00")
	assert.Equal(t, refund.StatusSucceeded, line.Status)
}

func TestAddCodesRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		learned map[string]refund.Code
		says    []string
	}{
		"no name":           {map[string]refund.Code{"": refund.Declined}, []string{`""`}},
		"no code":           {map[string]refund.Code{"77": ""}, []string{`"77"`, "refund.Codes()"}},
		"no listed code":    {map[string]refund.Code{"77": "DECLINED"}, []string{`"77"`, `"DECLINED"`}},
		"a status":          {map[string]refund.Code{"77": "succeeded"}, []string{`"succeeded"`}},
		"forged":            {map[string]refund.Code{"77": refund.Forged}, []string{`"forged"`, "callback"}},
		"malformed":         {map[string]refund.Code{"77": refund.Malformed}, []string{`"malformed"`, "callback"}},
		"not a refund":      {map[string]refund.Code{"77": refund.NotARefund}, []string{`"not_a_refund"`, "callback"}},
		"hides a success":   {map[string]refund.Code{"00": refund.Declined}, []string{`"00"`, "accepted"}},
		"hides an accepted": {map[string]refund.Code{"01": refund.OutcomeUnknown}, []string{`"01"`, "accepted"}},
		"hides one of many": {map[string]refund.Code{"PN.07.00": refund.Declined}, []string{`"PN.07.00"`, "accepted"}},
		"hides all of them": {map[string]refund.Code{"PN.*": refund.Declined}, []string{`"PN.*"`, "accepted"}},
		"the first of two":  {map[string]refund.Code{"b": "x", "a": "y"}, []string{`"a"`}},
		"very long":         {map[string]refund.Code{strings.Repeat("x", 1<<20): "y"}, []string{"cannot be mapped"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caps := table()
			err := caps.AddCodes(tt.learned)
			require.Error(t, err)
			for _, words := range tt.says {
				assert.Contains(t, err.Error(), words)
			}
			assert.Less(t, len(err.Error()), 300)
		})
	}
}

// fill gives every field a value, so that a new field cannot be forgotten.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 8)) // with room, as append makes it
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.Struct:
		if !v.CanSet() || v.Type() == reflect.TypeOf(amount("1.00 PHP")) {
			v.Set(reflect.ValueOf(amount("1.00 PHP")))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.String:
		v.SetString("x")
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Int64:
		v.SetInt(1)
	default:
		panic("fill: what is a " + v.Kind().String() + "?")
	}
}

// shared names what a and b share.
func shared(path string, a, b reflect.Value) []string {
	switch a.Kind() {
	case reflect.Pointer, reflect.Slice:
		if a.Pointer() == b.Pointer() {
			return []string{path}
		}
		return nil // what hangs below is made of values
	case reflect.Struct:
		var found []string
		for i := range a.NumField() {
			found = append(found, shared(path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))...)
		}
		return found
	default:
		return nil
	}
}

func TestCloneSharesNothing(t *testing.T) {
	t.Parallel()
	var c refund.Capabilities
	fill(reflect.ValueOf(&c).Elem())
	require.NotNil(t, c.Window)
	d := c.Clone()
	assert.Equal(t, c, d)
	assert.Empty(t, shared("Capabilities", reflect.ValueOf(c), reflect.ValueOf(d)))

	// Room behind a slice counts too: two appends would meet there.
	one, two := c.Clone(), c.Clone()
	one.Codes = append(one.Codes, refund.GatewayCode{Code: "1"})
	two.Codes = append(two.Codes, refund.GatewayCode{Code: "2"})
	assert.Equal(t, "1", one.Codes[2].Code)

	empty := refund.Capabilities{}
	assert.Equal(t, refund.Capabilities{}, empty.Clone())
}

func TestClientCapabilitiesAreACopy(t *testing.T) {
	t.Parallel()
	p := accepting()
	p.caps = table()
	c := refund.New(p)
	got := c.Capabilities()
	got.Currencies.Value[0] = "USD"
	got.Codes[0].Status = refund.StatusRefused
	got.Full.Value = refund.FullUnsupported
	assert.Equal(t, table(), c.Capabilities())
	_, err := c.Refund(t.Context(), ten())
	require.NoError(t, err)
}

func TestCapabilitiesJSON(t *testing.T) {
	t.Parallel()
	c := refund.Capabilities{
		Gateway:    "fake",
		Currencies: refund.Fact[[]string]{Value: []string{"PHP"}, Evidence: refund.Documented, Source: "the manual"},
		Full:       refund.Fact[refund.FullMode]{Value: refund.FullByAmount, Evidence: refund.Observed, Source: "a client"},
		Step:       fact("1.00 PHP"),
		Window:     &refund.Fact[time.Duration]{Value: time.Hour},
		Codes:      []refund.GatewayCode{{Code: "00", Status: refund.StatusSucceeded}},
	}
	data, err := json.Marshal(c)
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"gateway":"fake",
		"currencies":{"value":["PHP"],"evidence":"documented","source":"the manual"},
		"full":{"value":"by amount","evidence":"observed","source":"a client"},
		"partial":{"value":"unknown","evidence":"assumed","source":""},
		"repeated_partials":{"value":"unknown","evidence":"assumed","source":""},
		"accepted":{"value":"unknown","evidence":"assumed","source":""},
		"step":{"value":{"amount":"1.00","currency":"PHP"},"evidence":"assumed","source":""},
		"window":{"value":3600000000000,"evidence":"assumed","source":""},
		"inspect":{"value":"unknown","evidence":"assumed","source":""},
		"callback":{"value":"none","evidence":"assumed","source":""},
		"codes":[{"code":"00","meaning":"","as":"","status":"succeeded","evidence":"assumed","source":""}]
	}`, string(data))
}
