package redstonetest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"

	"github.com/gorefund/refund/refundtest/pretend"
)

// callback makes the message about a refund. No document shows one. Assumed: it is the answer of the check call, envelope and all,
// with payment_reference, which the refund call has, and the two times that rows of the payment list have.
func (g *Gateway) callback(r pretend.Refund, l *pretend.Ledger) (pretend.Callback, bool) {
	if r.CallbackURL == "" || r.Pending && !g.cfg.PendingCallbacks {
		return pretend.Callback{}, false
	}
	reference := r.ID
	if g.cfg.EmptyReference {
		reference = ""
	}
	data := fmt.Sprintf(`{%s,"payment_reference":%s,"created_at":%s,"updated_at":%s}`,
		g.row(r, reference, g.cfg.RefundType, state(r)), quote(r.PaymentID), when(r.At), when(l.Now()))
	body := []byte(data)
	if !g.cfg.FlatCallbacks {
		body = []byte(`{"status":"success","code":200,"message":"refund updated","data":` + data + `}`)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if g.cfg.WebhookSecret != "" {
		header.Set(g.cfg.WebhookHeader, g.signature(g.cfg.WebhookSecret, body))
	}
	return pretend.Callback{URL: r.CallbackURL, Header: header, Body: body}, true
}

// signature is what a sister product describes: which of the two forms it has is not said there.
func (g *Gateway) signature(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	if g.cfg.WebhookBase64 {
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// Forgeries returns what somebody makes of a genuine callback who has seen others and knows neither secret, named by what is wrong with it. Those
// about the token are there only if the address holds one, as package redstone makes it, and those about the signature only if
// callbacks are signed. None of them may change anything.
func (g *Gateway) Forgeries(c pretend.Callback) map[string]pretend.Callback {
	all := make(map[string]pretend.Callback)
	if u, err := url.Parse(c.URL); err == nil && u.Query().Get("refund_token") != "" {
		maps.Copy(all, forgedAddresses(c, u))
	}
	if g.cfg.WebhookSecret != "" {
		maps.Copy(all, g.forgedSignatures(c))
	}
	for name, body := range map[string][]byte{
		"truncated":      c.Body[:len(c.Body)/2],
		"oversized":      append(bytes.Clone(c.Body), bytes.Repeat([]byte{' '}, 1<<20)...),
		"empty":          {},
		"not JSON":       []byte("status=successful"),
		"a list":         append(append([]byte{'['}, c.Body...), ']'),
		"a second value": append(bytes.Clone(c.Body), c.Body...),
		"null":           []byte("null"),
	} {
		forged := clone(c)
		forged.Body = body
		all[name] = forged
	}
	return all
}

func forgedAddresses(c pretend.Callback, u *url.URL) map[string]pretend.Callback {
	all := make(map[string]pretend.Callback)
	edit := func(name string, change func(q url.Values, key, token string)) {
		query := u.Query()
		change(query, query.Get("refund_key"), query.Get("refund_token"))
		address, forged := *u, clone(c)
		address.RawQuery = query.Encode()
		forged.URL = address.String()
		all[name] = forged
	}
	edit("no query", func(q url.Values, _, _ string) { clear(q) })
	edit("no key", func(q url.Values, _, _ string) { q.Del("refund_key") })
	edit("no token", func(q url.Values, _, _ string) { q.Del("refund_token") })
	edit("empty token", func(q url.Values, _, _ string) { q.Set("refund_token", "") })
	edit("cut token", func(q url.Values, _, token string) { q.Set("refund_token", token[:len(token)-1]) })
	edit("long token", func(q url.Values, _, token string) { q.Set("refund_token", token+"A") })
	edit("wrong token", func(q url.Values, _, token string) {
		first := "A"
		if token[:1] == first {
			first = "B"
		}
		q.Set("refund_token", first+token[1:])
	})
	edit("another refund's key", func(q url.Values, key, _ string) { q.Set("refund_key", key+"1") })
	edit("empty key", func(q url.Values, _, _ string) { q.Set("refund_key", "") })
	edit("doubled key", func(q url.Values, key, _ string) { q.Add("refund_key", key+"1") })
	edit("doubled token", func(q url.Values, _, token string) { q.Add("refund_token", token) })
	return all
}

func (g *Gateway) forgedSignatures(c pretend.Callback) map[string]pretend.Callback {
	all := make(map[string]pretend.Callback)
	name := http.CanonicalHeaderKey(g.cfg.WebhookHeader)
	given := c.Header.Get(name)
	for title, values := range map[string][]string{
		"no signature":                {},
		"empty signature":             {""},
		"cut signature":               {given[:max(len(given)-2, 0)]}, // one character may be padding
		"doubled signature":           {given, given},
		"two signatures in one":       {given + ", " + given},
		"signature by another secret": {g.signature(g.cfg.WebhookSecret+"1", c.Body)},
		"signature without a secret":  {g.signature("", c.Body)},
		"signature of another body":   {g.signature(g.cfg.WebhookSecret, append(bytes.Clone(c.Body), ' '))},
		"plain hash":                  {hashed(c.Body)},
		"the word none":               {"none"},
	} {
		forged := clone(c)
		forged.Header[name] = values
		all[title] = forged
	}
	changed := clone(c)
	changed.Body = append(changed.Body, ' ') // the same to any reader of JSON
	all["changed body"] = changed
	return all
}

// hashed is what a gateway would send that signs without a secret.
func hashed(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func clone(c pretend.Callback) pretend.Callback {
	c.Header, c.Body = c.Header.Clone(), bytes.Clone(c.Body)
	return c
}
