package refund_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
)

func TestNewRouterErrors(t *testing.T) {
	t.Parallel()
	ok := func() *refund.Client { return refund.New(accepting()) }
	for name, tt := range map[string]struct {
		def     string
		clients map[string]*refund.Client
		says    []string
	}{
		"nil":                  {"", nil, []string{"at least one client"}},
		"empty":                {"a", map[string]*refund.Client{}, []string{"at least one client"}},
		"empty name":           {"", map[string]*refund.Client{"": ok()}, []string{"needs a name"}},
		"name with a space":    {"", map[string]*refund.Client{"shop ": ok()}, []string{`"shop "`, "surrounding spaces"}},
		"name of two lines":    {"", map[string]*refund.Client{"a\nb": ok()}, []string{`"a\nb"`, "one line"}},
		"name too long":        {"", map[string]*refund.Client{strings.Repeat("x", 256): ok()}, []string{"255 bytes"}},
		"nil client":           {"", map[string]*refund.Client{"a": nil}, []string{`"a"`, "no provider"}},
		"client of nothing":    {"", map[string]*refund.Client{"a": refund.New(nil)}, []string{`"a"`, "no provider"}},
		"client of a nil ptr":  {"", map[string]*refund.Client{"a": refund.New((*bare)(nil))}, []string{`"a"`, "no provider"}},
		"C42 name not shown":   {"", map[string]*refund.Client{"sh\u200bop": ok()}, []string{"the name ", "character 3 is U+200B"}},
		"C35 journal, no name": {"", map[string]*refund.Client{"shop-tr": refund.New(accepting(), refund.WithJournal(journal.Memory()))}, []string{`"shop-tr"`, `"fake"`, `refund.WithName("shop-tr")`}},
		"names itself":         {"", map[string]*refund.Client{"a": refund.New(accepting(), refund.WithName("b"))}, []string{`"a"`, `"b"`}},
		"default missing":      {"c", map[string]*refund.Client{"b": ok(), "a": ok()}, []string{`"c"`, "a, b"}},
		"all at once":          {"c", map[string]*refund.Client{"b": nil, "": ok(), "a": refund.New(nil)}, []string{"needs a name", `"a"`, `"b"`, `default "c"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := refund.NewRouter(tt.def, tt.clients)
			assert.Nil(t, r)
			e := theError(t, err)
			assert.Equal(t, refund.InvalidRequest, e.Code)
			assert.Equal(t, refund.StatusNotSent, e.Status)
			assert.Equal(t, "config", e.Op)
			for _, words := range tt.says {
				assert.Contains(t, err.Error(), words)
			}
			for range 50 { // a map's order is another each time
				_, again := refund.NewRouter(tt.def, tt.clients)
				require.Equal(t, err, again, "the same mistake gives the same error")
			}
		})
	}
}

func TestRouterRoutes(t *testing.T) {
	t.Parallel()
	a, b := accepting(), accepting()
	r, err := refund.NewRouter("a", map[string]*refund.Client{"b": refund.New(b), "a": refund.New(a, refund.WithName("a"))})
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, r.Names())

	var refunder refund.Refunder = r
	for _, provider := range []string{"", "a", "b", "b", "b"} {
		req := ten()
		req.Provider = provider
		_, err := refunder.Refund(t.Context(), req)
		require.NoError(t, err)
	}
	assert.EqualValues(t, 2, a.calls.Load())
	assert.EqualValues(t, 3, b.calls.Load())
}

func TestRouterUnknownNames(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		def, asked string
		says       []string
	}{
		"unknown":            {"a", "c", []string{`"c"`, "known: a, b"}},
		"in other case":      {"a", "A", []string{`"A"`, "known: a, b"}},
		"with a space":       {"a", "b ", []string{`"b "`}},
		"the gateway's name": {"a", "fake", []string{`"fake"`}},
		"none, no default":   {"", "", []string{"names no Provider", "no default", "known: a, b"}},
		"very long":          {"a", strings.Repeat("x", 1<<20), []string{"known: a, b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := accepting(), accepting()
			r, err := refund.NewRouter(tt.def, map[string]*refund.Client{"a": refund.New(a), "b": refund.New(b)})
			require.NoError(t, err)
			req := ten()
			req.Provider = tt.asked
			res, err := r.Refund(t.Context(), req)
			assert.Nil(t, res)
			e := theError(t, err)
			assert.Equal(t, refund.InvalidRequest, e.Code)
			assert.Equal(t, refund.StatusNotSent, e.Status)
			assert.Less(t, len(e.Error()), 300)
			for _, words := range tt.says {
				assert.Contains(t, e.Message, words)
			}
			assert.Zero(t, a.calls.Load()+b.calls.Load())

			c, err := r.Client(tt.asked)
			assert.Nil(t, c)
			require.ErrorIs(t, err, refund.InvalidRequest)
		})
	}
}

// A client that has its name already keeps its journal's view of its payments, alone
// and in the router.
func TestC35_RouterTakesNamedClientsWithAJournal(t *testing.T) {
	t.Parallel()
	p := accepting()
	j := journal.Memory()
	for name, c := range map[string]*refund.Client{
		"shop-tr": refund.New(p, refund.WithJournal(j), refund.WithName("shop-tr")),
		"fake":    refund.New(p, refund.WithJournal(j)), // its name is the gateway's
	} {
		r, err := refund.NewRouter("", map[string]*refund.Client{name: c})
		require.NoError(t, err, name)
		req := refund.Full("TRX-1")
		req.Key, req.Provider = "K-"+name, name
		_, err = r.Refund(t.Context(), req)
		require.NoError(t, err, name)
		again := req
		again.Key = "other-" + name
		_, err = c.Refund(t.Context(), again)
		require.ErrorIs(t, err, refund.ExceedsRefundable, "the client alone does not see what the router refunded")
	}
	assert.EqualValues(t, 2, p.calls.Load())
}

// The caller's client and map stay the caller's.
func TestRouterCopies(t *testing.T) {
	t.Parallel()
	p := accepting()
	mine := refund.New(p)
	clients := map[string]*refund.Client{"a": mine, "b": mine}
	r, err := refund.NewRouter("", clients)
	require.NoError(t, err)

	assert.Equal(t, "fake", mine.Name(), "the caller's client got a name")
	req := ten()
	req.Provider = "elsewhere"
	_, err = mine.Refund(t.Context(), req)
	require.NoError(t, err, "the caller's client refuses names as if it had one")

	clear(clients)
	for _, name := range []string{"a", "b"} {
		c, err := r.Client(name)
		require.NoError(t, err)
		assert.Equal(t, name, c.Name())
		// The router's copy is a named client, also when called directly.
		_, err = c.Refund(t.Context(), req)
		require.ErrorIs(t, err, refund.InvalidRequest)
	}

	names := r.Names()
	names[0] = "changed"
	assert.Equal(t, []string{"a", "b"}, r.Names())
}

func TestRouterDefaultClient(t *testing.T) {
	t.Parallel()
	r, err := refund.NewRouter("b", map[string]*refund.Client{"a": refund.New(accepting()), "b": refund.New(accepting())})
	require.NoError(t, err)
	c, err := r.Client("")
	require.NoError(t, err)
	assert.Equal(t, "b", c.Name())
}

func TestZeroRouter(t *testing.T) {
	t.Parallel()
	_, err := new(refund.Router).Refund(t.Context(), ten())
	require.ErrorIs(t, err, refund.InvalidRequest)
	assert.Equal(t, refund.StatusNotSent, refund.StatusOf(err))
}
