package refund_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
)

// Each place where a name stands refuses what does not show, and says what and where.
func TestC42_NamesThatDoNotShow(t *testing.T) {
	t.Parallel()
	fields := map[string]func(*refund.Request, string){
		"Key":        func(r *refund.Request, s string) { r.Key = s },
		"Payment.ID": func(r *refund.Request, s string) { r.Payment.ID = s },
		"Provider":   func(r *refund.Request, s string) { r.Provider = s },
		"By":         func(r *refund.Request, s string) { r.By = s },
	}
	for name, tt := range map[string]struct{ text, says string }{
		"U+FEFF before":          {"\uFEFFreturn-7731", "character 1 is U+FEFF"},
		"U+200B behind":          {"return-7731\u200B", "character 12 is U+200B"},
		"U+200B inside":          {"return\u200B-7731", "character 7 is U+200B"},
		"counted in characters":  {"iade-ş\u200B", "character 7 is U+200B"},
		"control":                {"a\x1b", "character 2 is U+001B"},
		"DEL":                    {"a\x7fb", "character 2 is U+007F"},
		"C1":                     {"a\u0085b", "character 2 is U+0085"},
		"tab":                    {"a\tb", "character 2 is U+0009"},
		"soft hyphen":            {"a\u00ADb", "character 2 is U+00AD"},
		"direction":              {"a\u202Eb", "character 2 is U+202E"},
		"tag":                    {"a\U000E0041", "character 2 is U+E0041"},
		"line separator":         {"a\u2028b", "character 2 is U+2028"},
		"paragraph separator":    {"a\u2029b", "character 2 is U+2029"},
		"no-break space inside":  {"a\u00A0b", "character 2 is U+00A0"},
		"wide space inside":      {"a\u3000b", "character 2 is U+3000"},
		"narrow space inside":    {"a\u202Fb", "character 2 is U+202F"},
		"Hangul fillers":         {"a\u115F", "character 2 is U+115F"},
		"Hangul jungseong":       {"a\u1160", "character 2 is U+1160"},
		"Hangul filler":          {"a\u3164", "character 2 is U+3164"},
		"half-width filler":      {"a\uFFA0", "character 2 is U+FFA0"},
		"grapheme joiner":        {"a\u034F", "character 2 is U+034F"},
		"variation selector":     {"a\uFE0F", "character 2 is U+FE0F"},
		"first of them":          {"a\uFE00", "character 2 is U+FE00"},
		"supplementary":          {"a\U000E0100", "character 2 is U+E0100"},
		"last of them":           {"a\U000E01EF", "character 2 is U+E01EF"},
		"Mongolian":              {"a\u180B", "character 2 is U+180B"},
		"Mongolian, the fourth":  {"a\u180F", "character 2 is U+180F"},
		"blank before":           {" a", "character 1 is U+0020, a blank at an end"},
		"blank behind":           {"ab ", "character 3 is U+0020, a blank at an end"},
		"blanks only":            {"  ", "character 1 is U+0020"},
		"no UTF-8":               {"ab\xffc", "byte 3 is 0xFF, which is no UTF-8"},
		"cut UTF-8":              {"ş\xc5", "byte 3 is 0xC5, which is no UTF-8"},
		"replacement, no UTF-8":  {"\uFFFD\xff", "byte 4 is 0xFF"},
		"256 bytes":              {strings.Repeat("ş", 128), "it has 256 bytes"},
		"a megabyte":             {strings.Repeat("\u200B", 1<<20), "it has 3145728 bytes"},
		"blank and not shown":    {"a \u200B", "character 3 is U+200B"},
		"of all planes, at last": {"𝄞\U000E0020", "character 2 is U+E0020"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Contains(t, refund.NameFault(tt.text), tt.says)
			for field, set := range fields {
				p := accepting()
				req := ten()
				req.Key = "K-1"
				set(&req, tt.text)
				_, err := refund.New(p, refund.WithJournal(journal.Memory())).Refund(t.Context(), req)
				e := theError(t, err)
				assert.Equal(t, refund.InvalidRequest, e.Code, field)
				assert.Equal(t, refund.StatusNotSent, e.Status, field)
				assert.True(t, strings.HasPrefix(e.Message, field+" must be "), e.Message)
				assert.Contains(t, e.Message, tt.says)
				if len(tt.text) > 3 {
					assert.NotContains(t, e.Message, tt.text)
				}
				assert.Less(t, len(e.Message), 300)
				assert.Zero(t, p.calls.Load(), field)
				caps := capabilities()
				require.ErrorIs(t, caps.Check("refund", &req), refund.InvalidRequest, "a provider checks for itself")
			}

			_, err := refund.New(accepting(), refund.WithName(tt.text)).Refund(t.Context(), ten())
			assert.Contains(t, theError(t, err).Message, "the client's name")
			_, err = refund.NewRouter("", map[string]*refund.Client{tt.text: refund.New(accepting())})
			assert.Contains(t, theError(t, err).Message, tt.says)
		})
	}
}

// Nothing is folded, normalised or refused that people write.
func TestC42_NamesThatShow(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"return-7731", "a b  c", "Ayşe Yılmaz", "ИП Иванов", "注文 42", "a\u0301", "á", "\uFFFD", "!~", strings.Repeat("x", 255),
	} {
		assert.Empty(t, refund.NameFault(name), "%+q", name)
		j := journal.Memory()
		req := ten()
		req.Key, req.By, req.Payment.ID = name, name, name
		_, err := refund.New(accepting(), refund.WithJournal(j), refund.WithName(name)).Refund(t.Context(), req)
		require.NoError(t, err, "%+q", name)
		e, err := j.Entry(t.Context(), name)
		require.NoError(t, err, "%+q", name)
		assert.Equal(t, req, e.Request, "as it was given")
	}
	assert.Equal(t, "it is empty", refund.NameFault(""))
}

// A reason that shows nothing is none, also in the journal: a repeat without it is the
// same request.
func TestC42_ReasonOfBlanks(t *testing.T) {
	t.Parallel()
	for _, blanks := range []string{" ", "   ", "\u00A0", "\u2003 \u200B", "\u3164"} {
		var sent []refund.Request
		p := accepting()
		answer := p.answer
		p.answer = func(ctx context.Context, req refund.Request) (*refund.Result, error) {
			sent = append(sent, req)
			return answer(ctx, req)
		}
		c := refund.New(p, refund.WithJournal(journal.Memory()))
		req := ten()
		req.Key, req.Reason = "K-1", blanks
		_, err := c.Refund(t.Context(), req)
		require.NoError(t, err)
		require.Len(t, sent, 1)
		assert.Empty(t, sent[0].Reason, "%+q", blanks)
		assert.Equal(t, "because", req.ReasonOr("because"))

		req.Reason = ""
		res, err := c.Refund(t.Context(), req)
		require.NoError(t, err)
		assert.True(t, res.Replayed)
	}
	req := refund.Request{Reason: " x "}
	assert.Equal(t, " x ", req.ReasonOr("because"), "as it was given")
}

func TestC42_ReasonWithControls(t *testing.T) {
	t.Parallel()
	for _, r := range "\n\r\t\x00\x1b\x7f\u0085" {
		req := ten()
		req.Reason = "why" + string(r)
		_, err := refund.New(accepting()).Refund(t.Context(), req)
		e := theError(t, err)
		assert.Equal(t, refund.InvalidRequest, e.Code)
		assert.Contains(t, e.Message, fmt.Sprintf("Reason must be without line ends and other control characters: character 4 is %U", r))
	}
	req := ten()
	req.Reason = "می\u200cخواهم" // a joiner that the script needs
	_, err := refund.New(accepting()).Refund(t.Context(), req)
	require.NoError(t, err)
}
