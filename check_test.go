package refund_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/money"
)

func amount(s string) money.Amount { return money.MustParse(s) }

func fact(s string) *refund.Fact[money.Amount] {
	return &refund.Fact[money.Amount]{Value: amount(s)}
}

// What Check refuses reaches no provider, and the text says what to change.
func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	byAmount := func(c *refund.Capabilities) { c.Full.Value = refund.FullByAmount }
	noParams := func(c *refund.Capabilities) { c.Params = nil }
	twoCurrencies := func(c *refund.Capabilities) { c.Currencies.Value = []string{"PHP", "USD"} }
	long := strings.Repeat("x", 256)
	full, partial := refund.KindFull, refund.KindPartial

	for name, tt := range map[string]struct {
		caps func(*refund.Capabilities)
		kind refund.Kind
		edit func(*refund.Request)
		code refund.Code
		says []string
	}{
		"no kind":         {nil, 0, func(*refund.Request) {}, refund.InvalidRequest, []string{"Kind", "refund.Full", "refund.Partial"}},
		"no kind, amount": {nil, 0, func(r *refund.Request) { r.Amount = amount("10.00 PHP") }, refund.InvalidRequest, []string{"Kind"}},
		"unlisted kind":   {nil, refund.Kind(9), func(*refund.Request) {}, refund.InvalidRequest, []string{"Kind"}},

		"id empty":          {nil, full, func(r *refund.Request) { r.Payment.ID = "" }, refund.InvalidRequest, []string{"Payment.ID is empty"}},
		"id too long":       {nil, full, func(r *refund.Request) { r.Payment.ID = long }, refund.InvalidRequest, []string{"Payment.ID", "255 bytes"}},
		"id of two lines":   {nil, full, func(r *refund.Request) { r.Payment.ID = "a\nb" }, refund.InvalidRequest, []string{"Payment.ID", "one line"}},
		"id with a NUL":     {nil, full, func(r *refund.Request) { r.Payment.ID = "a\x00" }, refund.InvalidRequest, []string{"Payment.ID"}},
		"id with a DEL":     {nil, full, func(r *refund.Request) { r.Payment.ID = "a\x7f" }, refund.InvalidRequest, []string{"Payment.ID"}},
		"id with a C1":      {nil, full, func(r *refund.Request) { r.Payment.ID = "a\u0085b" }, refund.InvalidRequest, []string{"Payment.ID"}},
		"id no UTF-8":       {nil, full, func(r *refund.Request) { r.Payment.ID = "a\xff" }, refund.InvalidRequest, []string{"Payment.ID", "UTF-8"}},
		"id space before":   {nil, full, func(r *refund.Request) { r.Payment.ID = " TRX-1" }, refund.InvalidRequest, []string{"Payment.ID", "surrounding spaces"}},
		"id space behind":   {nil, full, func(r *refund.Request) { r.Payment.ID = "TRX-1\u00a0" }, refund.InvalidRequest, []string{"Payment.ID", "surrounding spaces"}},
		"id only spaces":    {nil, full, func(r *refund.Request) { r.Payment.ID = "  " }, refund.InvalidRequest, []string{"Payment.ID", "surrounding spaces"}},
		"key too long":      {nil, full, func(r *refund.Request) { r.Key = long }, refund.InvalidRequest, []string{"Key", "255 bytes"}},
		"key of two lines":  {nil, full, func(r *refund.Request) { r.Key = "a\rb" }, refund.InvalidRequest, []string{"Key", "one line"}},
		"key no UTF-8":      {nil, full, func(r *refund.Request) { r.Key = "\xc3" }, refund.InvalidRequest, []string{"Key", "UTF-8"}},
		"key with a space":  {nil, full, func(r *refund.Request) { r.Key = "K-1 " }, refund.InvalidRequest, []string{"Key", "surrounding spaces"}},
		"reason too long":   {nil, full, func(r *refund.Request) { r.Reason = strings.Repeat("x", 1025) }, refund.InvalidRequest, []string{"Reason", "1024 bytes"}},
		"reason no UTF-8":   {nil, full, func(r *refund.Request) { r.Reason = "a\xff" }, refund.InvalidRequest, []string{"Reason", "UTF-8"}},
		"remaining":         {nil, full, func(r *refund.Request) { r.Remaining = amount("1.00 PHP") }, refund.InvalidRequest, []string{"Remaining", "journal", "leave it out"}},
		"remaining of zero": {nil, full, func(r *refund.Request) { r.Remaining = amount("0.00 PHP") }, refund.InvalidRequest, []string{"Remaining"}},

		"callback relative":  {nil, full, func(r *refund.Request) { r.CallbackURL = "/refunds" }, refund.InvalidRequest, []string{"CallbackURL", "absolute URL, https://"}},
		"callback no URL":    {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example/%zz" }, refund.InvalidRequest, []string{"CallbackURL", "absolute"}},
		"callback no host":   {nil, full, func(r *refund.Request) { r.CallbackURL = "https:///refunds" }, refund.InvalidRequest, []string{"CallbackURL", "absolute"}},
		"callback port only": {nil, full, func(r *refund.Request) { r.CallbackURL = "https://:443/refunds" }, refund.InvalidRequest, []string{"CallbackURL", "absolute"}},
		"callback opaque":    {nil, full, func(r *refund.Request) { r.CallbackURL = "https:shop.example" }, refund.InvalidRequest, []string{"CallbackURL", "absolute"}},
		"callback no UTF-8":  {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example/\xff" }, refund.InvalidRequest, []string{"CallbackURL"}},
		"callback http":      {nil, full, func(r *refund.Request) { r.CallbackURL = "http://shop.example/refunds" }, refund.InvalidRequest, []string{"CallbackURL", "https://"}},
		"callback lookalike": {nil, full, func(r *refund.Request) { r.CallbackURL = "http://localhost.shop.example/" }, refund.InvalidRequest, []string{"https://"}},
		"callback http IP":   {nil, full, func(r *refund.Request) { r.CallbackURL = "http://192.0.2.7/refunds" }, refund.InvalidRequest, []string{"https://"}},
		"callback ftp":       {nil, full, func(r *refund.Request) { r.CallbackURL = "ftp://shop.example/refunds" }, refund.InvalidRequest, []string{"https://"}},
		"callback user":      {nil, full, func(r *refund.Request) { r.CallbackURL = "https://me@shop.example/" }, refund.InvalidRequest, []string{"CallbackURL", "user name"}},
		"callback too long":  {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example/" + strings.Repeat("x", 2048) }, refund.InvalidRequest, []string{"CallbackURL"}},

		"C84 callback fragment":        {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example/#/cb" }, refund.InvalidRequest, []string{"CallbackURL", "fragment"}},
		"C84 callback empty fragment":  {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example/cb?a=b#" }, refund.InvalidRequest, []string{"CallbackURL", "fragment"}},
		"C84 callback blank behind":    {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example/cb " }, refund.InvalidRequest, []string{"CallbackURL", "blanks", "%20"}},
		"C84 callback blank before":    {nil, full, func(r *refund.Request) { r.CallbackURL = " https://shop.example/cb" }, refund.InvalidRequest, []string{"CallbackURL", "blanks"}},
		"C84 callback blank inside":    {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example/a b" }, refund.InvalidRequest, []string{"CallbackURL", "blanks"}},
		"C84 callback blank in query":  {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example/?a=b c" }, refund.InvalidRequest, []string{"CallbackURL", "blanks"}},
		"C84 callback blank in host":   {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example /cb" }, refund.InvalidRequest, []string{"CallbackURL", "blanks"}},
		"C84 callback no-break space":  {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example/cb\u00a0" }, refund.InvalidRequest, []string{"CallbackURL", "blanks"}},
		"C84 callback U+200B":          {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example/cb\u200b" }, refund.InvalidRequest, []string{"CallbackURL", "do not show"}},
		"C84 callback line end":        {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example/cb\n" }, refund.InvalidRequest, []string{"CallbackURL"}},
		"C84 callback port 99999":      {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example:99999/cb" }, refund.InvalidRequest, []string{"CallbackURL", "99999", "65535"}},
		"C84 callback port 65536":      {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example:65536/cb" }, refund.InvalidRequest, []string{"65536"}},
		"C84 callback port 0":          {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example:0/cb" }, refund.InvalidRequest, []string{"port 0"}},
		"C84 callback port 00":         {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example:00/cb" }, refund.InvalidRequest, []string{"port 00"}},
		"C84 callback port, IPv6":      {nil, full, func(r *refund.Request) { r.CallbackURL = "https://[2001:db8::1]:70000/cb" }, refund.InvalidRequest, []string{"70000"}},
		"C84 callback endless port":    {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example:" + strings.Repeat("9", 200) }, refund.InvalidRequest, []string{"CallbackURL", "65535"}},
		"C84 callback word for a port": {nil, full, func(r *refund.Request) { r.CallbackURL = "https://shop.example:https/cb" }, refund.InvalidRequest, []string{"CallbackURL"}},
		"C84 callback empty user":      {nil, full, func(r *refund.Request) { r.CallbackURL = "https://@shop.example/" }, refund.InvalidRequest, []string{"CallbackURL", "user name"}},
		"C84 callback password":        {nil, full, func(r *refund.Request) { r.CallbackURL = "https://:s3cret@shop.example/" }, refund.InvalidRequest, []string{"CallbackURL", "user name"}},

		"C48 rest too fine": {func(c *refund.Capabilities) { byAmount(c); c.Step = fact("1.00 PHP") }, full, func(r *refund.Request) { r.Payment.Amount = amount("1000.50 PHP") }, refund.InvalidAmount,
			[]string{"what is left, 1000.50 PHP, is finer than the gateway takes", "refund.Partial can give back 1000.00 PHP"}},
		"C48 rest below the step": {func(c *refund.Capabilities) { byAmount(c); c.Step = fact("1.00 PHP") }, full, func(r *refund.Request) { r.Payment.Amount = amount("0.50 PHP") }, refund.InvalidAmount,
			[]string{"what is left, 0.50 PHP, is finer", "the gateway cannot give that back"}},

		"paid zero":             {nil, full, func(r *refund.Request) { r.Payment.Amount = amount("0.00 PHP") }, refund.InvalidRequest, []string{"Payment.Amount is 0.00 PHP", "what was paid"}},
		"paid negative":         {nil, full, func(r *refund.Request) { r.Payment.Amount = amount("-1.00 PHP") }, refund.InvalidRequest, []string{"Payment.Amount is -1.00 PHP"}},
		"paid in another":       {nil, full, func(r *refund.Request) { r.Payment.Amount = amount("10.00 USD") }, refund.InvalidAmount, []string{"Payment.Amount is in USD", "PHP"}},
		"full with an amount":   {nil, full, func(r *refund.Request) { r.Amount = amount("10.00 PHP") }, refund.InvalidRequest, []string{"takes no Amount", "refund.Partial", "10.00 PHP"}},
		"full with zero":        {nil, full, func(r *refund.Request) { r.Amount = amount("0.00 PHP") }, refund.InvalidRequest, []string{"takes no Amount"}},
		"full by unknown":       {byAmount, full, func(*refund.Request) {}, refund.InvalidRequest, []string{"by amount only", "Payment.Amount"}},
		"full too fine":         {func(c *refund.Capabilities) { byAmount(c); c.Step = fact("1.00 PHP") }, full, func(r *refund.Request) { r.Payment.Amount = amount("10.50 PHP") }, refund.InvalidAmount, []string{"10.50 PHP", "multiple of 1.00 PHP", "nothing is rounded"}},
		"full too little":       {func(c *refund.Capabilities) { byAmount(c); c.Minimum = fact("5.00 PHP") }, full, func(r *refund.Request) { r.Payment.Amount = amount("4.99 PHP") }, refund.InvalidAmount, []string{"minimum of 5.00 PHP"}},
		"full unsupported":      {func(c *refund.Capabilities) { c.Full.Value = refund.FullUnsupported }, full, func(*refund.Request) {}, refund.Unsupported, []string{"no full refund"}},
		"full of unlisted mode": {func(c *refund.Capabilities) { c.Full.Value = 9 }, full, func(*refund.Request) {}, refund.Unsupported, []string{"no full refund"}},

		"partial unsupported":   {func(c *refund.Capabilities) { c.Partial.Value = refund.Cannot }, partial, func(*refund.Request) {}, refund.Unsupported, []string{"no partial refund"}},
		"partial unknown":       {func(c *refund.Capabilities) { c.Partial.Value = refund.NobodyKnows }, partial, func(*refund.Request) {}, refund.Unsupported, []string{"no partial refund"}},
		"partial of nothing":    {nil, partial, func(r *refund.Request) { r.Amount = money.Amount{} }, refund.InvalidAmount, []string{"needs an Amount"}},
		"partial of zero":       {nil, partial, func(r *refund.Request) { r.Amount = amount("0.00 PHP") }, refund.InvalidAmount, []string{"0.00 PHP", "more than zero"}},
		"partial negative":      {nil, partial, func(r *refund.Request) { r.Amount = amount("-10.00 PHP") }, refund.InvalidAmount, []string{"-10.00 PHP", "more than zero"}},
		"partial in another":    {nil, partial, func(r *refund.Request) { r.Amount = amount("10.00 USD") }, refund.InvalidAmount, []string{"Amount is in USD", "PHP"}},
		"partial in no listed":  {func(c *refund.Capabilities) { c.Currencies.Value = nil }, partial, func(*refund.Request) {}, refund.InvalidAmount, []string{"Amount is in PHP"}},
		"partial too fine":      {func(c *refund.Capabilities) { c.Step = fact("1.00 PHP") }, partial, func(r *refund.Request) { r.Amount = amount("10.01 PHP") }, refund.InvalidAmount, []string{"10.01 PHP", "multiple of 1.00 PHP"}},
		"partial too little":    {func(c *refund.Capabilities) { c.Minimum = fact("10.01 PHP") }, partial, func(*refund.Request) {}, refund.InvalidAmount, []string{"10.00 PHP", "minimum of 10.01 PHP"}},
		"partial too much":      {func(c *refund.Capabilities) { c.Maximum = fact("9.99 PHP") }, partial, func(*refund.Request) {}, refund.InvalidAmount, []string{"10.00 PHP", "maximum of 9.99 PHP"}},
		"partial above paid":    {nil, partial, func(r *refund.Request) { r.Payment.Amount = amount("9.99 PHP") }, refund.ExceedsRefundable, []string{"10.00 PHP", "9.99 PHP that was paid"}},
		"partial, paid another": {twoCurrencies, partial, func(r *refund.Request) { r.Payment.Amount = amount("25.00 USD") }, refund.InvalidAmount, []string{"Amount is in PHP", "Payment.Amount in USD"}},

		"param no prefix":      {nil, full, func(r *refund.Request) { r.Params = map[string]string{"note": "x"} }, refund.InvalidRequest, []string{`"note"`, "prefix", "knows fake.note"}},
		"param empty name":     {nil, full, func(r *refund.Request) { r.Params = map[string]string{"": "x"} }, refund.InvalidRequest, []string{"prefix"}},
		"param only prefix":    {nil, full, func(r *refund.Request) { r.Params = map[string]string{"fake.": "x"} }, refund.InvalidRequest, []string{`"fake."`, "prefix"}},
		"param only a name":    {nil, full, func(r *refund.Request) { r.Params = map[string]string{".note": "x"} }, refund.InvalidRequest, []string{`".note"`, "prefix"}},
		"param upper case":     {nil, full, func(r *refund.Request) { r.Params = map[string]string{"Fake.note": "x"} }, refund.InvalidRequest, []string{`"Fake.note"`, "unknown gateway"}},
		"param unknown":        {nil, full, func(r *refund.Request) { r.Params = map[string]string{"fake.notes": "x"} }, refund.InvalidRequest, []string{`"fake.notes"`, "it knows fake.note, fake.desk"}},
		"param of none":        {noParams, full, func(r *refund.Request) { r.Params = map[string]string{"fake.note": "x"} }, refund.InvalidRequest, []string{`"fake.note"`, "it knows none"}},
		"param of two lines":   {nil, full, func(r *refund.Request) { r.Params = map[string]string{"fake.note": "a\nb"} }, refund.InvalidRequest, []string{`"fake.note"`, "one line"}},
		"param no UTF-8":       {nil, full, func(r *refund.Request) { r.Params = map[string]string{"fake.note": "\xff"} }, refund.InvalidRequest, []string{"UTF-8"}},
		"param too long":       {nil, full, func(r *refund.Request) { r.Params = map[string]string{"fake.note": strings.Repeat("x", 2049)} }, refund.InvalidRequest, []string{"2048 bytes"}},
		"param name very long": {nil, full, func(r *refund.Request) { r.Params = map[string]string{"fake." + long: "x"} }, refund.InvalidRequest, []string{"does not know"}},
		"params, the first": {nil, full, func(r *refund.Request) {
			r.Params = map[string]string{"fake.z": "", "fake.b": "", "fake.a": "", "fake.c": ""}
		}, refund.InvalidRequest, []string{`"fake.a"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caps := capabilities()
			if tt.caps != nil {
				tt.caps(&caps)
			}
			req := refund.Request{Kind: tt.kind, Payment: refund.Payment{ID: "TRX-1"}}
			if tt.kind == refund.KindPartial {
				req.Amount = amount("10.00 PHP")
			}
			tt.edit(&req)

			p := accepting()
			p.caps = caps
			res, err := refund.New(p, refund.WithRetry(refund.Retry{Attempts: 3})).Refund(t.Context(), req)
			assert.Nil(t, res)
			e := theError(t, err)
			assert.Equal(t, tt.code, e.Code)
			assert.Equal(t, refund.StatusNotSent, e.Status)
			assert.Equal(t, "fake", e.Gateway)
			assert.Equal(t, "refund", e.Op)
			for _, words := range tt.says {
				assert.Contains(t, e.Message, words)
			}
			assert.Less(t, len(e.Message), 300, "a text for people")
			assert.NotContains(t, e.Message, "\n")
			assert.False(t, refund.SafeToRetry(err), "the same request fails again")
			assert.Zero(t, p.calls.Load(), "the provider was asked")

			// A provider gets the same answer when it checks for itself.
			direct := theError(t, caps.Check("plan", &req))
			assert.Equal(t, tt.code, direct.Code)
			assert.Equal(t, e.Message, direct.Message)
			assert.Equal(t, "plan", direct.Op)
			assert.Equal(t, refund.StatusNotSent, direct.Status)
		})
	}
}

// The borders from their allowed side.
func TestCheckAccepts(t *testing.T) {
	t.Parallel()
	byAmount := func(c *refund.Capabilities) { c.Full.Value = refund.FullByAmount }
	for name, tt := range map[string]struct {
		caps func(*refund.Capabilities)
		req  refund.Request
		edit func(*refund.Request)
	}{
		"full":                 {nil, refund.Full("TRX-1"), nil},
		"full, paid known":     {nil, refund.Full("TRX-1"), func(r *refund.Request) { r.Payment.Amount = amount("0.01 PHP") }},
		"full by amount":       {byAmount, refund.Full("TRX-1"), func(r *refund.Request) { r.Payment.Amount = amount("25.00 PHP") }},
		"partial":              {nil, ten(), nil},
		"the least amount":     {nil, refund.Partial("TRX-1", amount("0.01 PHP")), nil},
		"all that was paid":    {nil, ten(), func(r *refund.Request) { r.Payment.Amount = amount("10.00 PHP") }},
		"a multiple":           {func(c *refund.Capabilities) { c.Step = fact("2.50 PHP") }, ten(), nil},
		"a step of zero":       {func(c *refund.Capabilities) { c.Step = fact("0.00 PHP") }, ten(), nil},
		"the minimum":          {func(c *refund.Capabilities) { c.Minimum = fact("10.00 PHP") }, ten(), nil},
		"the maximum":          {func(c *refund.Capabilities) { c.Maximum = fact("10.00 PHP") }, ten(), nil},
		"second currency":      {func(c *refund.Capabilities) { c.Currencies.Value = []string{"USD", "PHP"} }, ten(), nil},
		"longest texts":        {nil, refund.Full(strings.Repeat("x", 255)), func(r *refund.Request) { r.Key, r.Reason = strings.Repeat("k", 255), strings.Repeat("r", 1024) }},
		"printable ASCII":      {nil, refund.Full("a !~z"), nil},
		"letters of the world": {nil, refund.Full("İade 1/ü"), func(r *refund.Request) { r.Key, r.Reason, r.By = "ключ", "yanlış ürün", "Ayşe" }},
		"callback https":       {nil, ten(), func(r *refund.Request) { r.CallbackURL = "https://shop.example:8443/a?b=c" }},
		"callback loopback":    {nil, ten(), func(r *refund.Request) { r.CallbackURL = "http://localhost:8080/cb" }},
		"callback loopback v4": {nil, ten(), func(r *refund.Request) { r.CallbackURL = "http://127.0.0.7/cb" }},
		"callback loopback v6": {nil, ten(), func(r *refund.Request) { r.CallbackURL = "http://[::1]:80/cb" }},
		"own params":           {nil, ten(), func(r *refund.Request) { r.Params = map[string]string{"fake.note": "", "fake.desk": "ü"} }},
		"other gateways params": {nil, ten(), func(r *refund.Request) {
			r.Params = map[string]string{"redstone.transfer_to": "x", "tarlan.type": "y", "tlpe.z": "", "redston.transfer_to": ""}
		}},
		"paid in 2000":    {nil, ten(), func(r *refund.Request) { r.Payment.PaidAt = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }},
		"step in another": {func(c *refund.Capabilities) { c.Currencies.Value = []string{"PHP", "JPY"}; c.Step = fact("333 JPY") }, ten(), nil},
		"callback port":   {nil, ten(), func(r *refund.Request) { r.CallbackURL = "https://shop.example:65535/a%20b?c=%23" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := accepting()
			if tt.caps != nil {
				tt.caps(&p.caps)
			}
			if tt.edit != nil {
				tt.edit(&tt.req)
			}
			_, err := refund.New(p).Refund(t.Context(), tt.req)
			require.NoError(t, err)
			assert.EqualValues(t, 1, p.calls.Load())
			assert.NoError(t, p.caps.Check("refund", &tt.req))
		})
	}
}

// Check looks and changes nothing.
func TestCheckLeavesTheRequest(t *testing.T) {
	t.Parallel()
	req := ten()
	req.Params = map[string]string{"fake.note": "n"}
	want := ten()
	want.Params = map[string]string{"fake.note": "n"}
	caps := capabilities()
	require.NoError(t, caps.Check("refund", &req))
	assert.Equal(t, want, req)
}

func TestFullAndPartial(t *testing.T) {
	t.Parallel()
	assert.Equal(t, refund.Request{Kind: refund.KindFull, Payment: refund.Payment{ID: "TRX-1"}}, refund.Full("TRX-1"))
	assert.Equal(t, refund.Request{
		Kind: refund.KindPartial, Payment: refund.Payment{ID: "TRX-1"}, Amount: amount("10.00 PHP"),
	}, refund.Partial("TRX-1", amount("10.00 PHP")))
}

// With a journal a full refund by amount asks for what is left, so that this is what
// has to fit, not what was paid.
func TestC48_FullChecksWhatIsSent(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		paid, earlier string
		caps          func(*refund.Capabilities)
		says          string // "" = sent
	}{
		"the rest fits the step":     {"1000.50 PHP", "0.50 PHP", func(c *refund.Capabilities) { c.Step = fact("1.00 PHP") }, ""},
		"the rest fits the maximum":  {"1000.00 PHP", "600.00 PHP", func(c *refund.Capabilities) { c.Maximum = fact("500.00 PHP") }, ""},
		"the rest is finer":          {"1000.50 PHP", "1000.00 PHP", func(c *refund.Capabilities) { c.Step = fact("1.00 PHP") }, "what is left, 0.50 PHP, is finer"},
		"the rest is finer, in part": {"1000.50 PHP", "900.00 PHP", func(c *refund.Capabilities) { c.Step = fact("1.00 PHP") }, "what is left, 100.50 PHP, is finer"},
		"the rest is too little":     {"1000.00 PHP", "999.00 PHP", func(c *refund.Capabilities) { c.Minimum = fact("5.00 PHP") }, "what is left, 1.00 PHP, is less"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := journal.Memory()
			refundOf := func(caps refund.Capabilities, req refund.Request) (*refund.Result, error) {
				p := accepting()
				p.caps = caps
				p.answer = func(_ context.Context, req refund.Request) (*refund.Result, error) {
					if err := caps.Check("refund", &req); err != nil {
						return nil, err
					}
					given := req.Amount
					if req.Kind == refund.KindFull {
						given = req.Payment.Amount
					}
					return &refund.Result{Status: refund.StatusSucceeded, Amount: given}, nil
				}
				return refund.New(p, refund.WithJournal(j)).Refund(t.Context(), req)
			}
			caps := capabilities()
			caps.Full.Value = refund.FullByAmount
			req := refund.Partial("TRX-1", amount(tt.earlier))
			req.Key, req.Payment.Amount = "K-1", amount(tt.paid)
			_, err := refundOf(caps, req)
			require.NoError(t, err)

			tt.caps(&caps)
			req = refund.Full("TRX-1")
			req.Key, req.Payment.Amount = "K-2", amount(tt.paid)
			res, err := refundOf(caps, req)
			if tt.says == "" {
				require.NoError(t, err)
				rest, err := amount(tt.paid).Sub(amount(tt.earlier))
				require.NoError(t, err)
				assert.Equal(t, rest, res.Amount)
				return
			}
			e := theError(t, err)
			assert.Equal(t, refund.InvalidAmount, e.Code)
			assert.Equal(t, refund.StatusNotSent, e.Status)
			assert.Contains(t, e.Message, tt.says)
		})
	}
}

// A request that is in order costs no memory: what an error would show is written when
// there is one.
func TestCheck_Allocations(t *testing.T) {
	caps := capabilities()
	req := refund.Partial("TRX-10001", amount("10.00 PHP"))
	req.Payment.PaidAt = time.Now().Add(-time.Hour)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		_ = caps.Check("refund", &req)
		_ = caps.CheckPaidAt("refund", req.Payment.PaidAt, time.Now())
	}))
	require.NoError(t, caps.Check("refund", &req))
}
