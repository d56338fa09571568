package paynettest

import (
	"bytes"
	"maps"
	"net/url"
	"strings"

	"github.com/gorefund/refund/refundtest/pretend"
)

// What package paynet adds to a succeedUrl.
const (
	keyName   = "refund_key"
	tokenName = "refund_token"
)

// Forgeries are what somebody who has no secret could make of a genuine callback, by
// what is wrong with them. other is the address of another refund's callback. Those of
// the address are there only if both addresses hold a token. None of them may change
// anything; c stays as it is.
func (g *Gateway) Forgeries(c pretend.Callback, other string) map[string]pretend.Callback {
	all := forgedBodies(c)
	if token := tokenOf(other); token != "" && tokenOf(c.URL) != "" {
		maps.Copy(all, forgedAddresses(c, token))
	}
	return all
}

func forgedBodies(c pretend.Callback) map[string]pretend.Callback {
	all := make(map[string]pretend.Callback)
	for name, body := range map[string]string{
		"truncated":                string(c.Body[:len(c.Body)/2]),
		"oversized":                strings.TrimSuffix(string(c.Body), "}") + `,"note":"` + strings.Repeat("x", 2<<20) + `"}`,
		"empty":                    "",
		"not JSON":                 "xact_id=xk_1&code=0",
		"null":                     "null",
		"a list":                   "[" + string(c.Body) + "]",
		"a second value":           string(c.Body) + string(c.Body),
		"no code":                  `{"xact_id":"xk_1","status":"3"}`,
		"code null":                `{"xact_id":"xk_1","code":null}`,
		"code true":                `{"xact_id":"xk_1","code":true}`,
		"code empty":               `{"xact_id":"xk_1","code":""}`,
		"code in a list":           `{"xact_id":"xk_1","code":["0"]}`,
		"code a word":              `{"xact_id":"xk_1","code":"approved"}`,
		"code with a leading zero": `{"xact_id":"xk_1","code":"00"}`,
		"code with a space":        `{"xact_id":"xk_1","code":" 0"}`,
		"code as a fraction":       `{"xact_id":"xk_1","code":0.0}`,
		"two codes":                `{"xact_id":"xk_1","code":"1","code":"0"}`,
		"two codes by case":        `{"xact_id":"xk_1","code":"1","Code":"0"}`,
	} {
		forged := clone(c)
		forged.Body = []byte(body)
		all[name] = forged
	}
	return all
}

func forgedAddresses(c pretend.Callback, othersToken string) map[string]pretend.Callback {
	all := make(map[string]pretend.Callback)
	u, err := url.Parse(c.URL)
	if err != nil {
		return all
	}
	edit := func(name string, change func(q url.Values, key, token string)) {
		query := u.Query()
		change(query, query.Get(keyName), query.Get(tokenName))
		address, forged := *u, clone(c)
		address.RawQuery = query.Encode()
		forged.URL = address.String()
		all[name] = forged
	}
	edit("no token", func(q url.Values, _, _ string) { q.Del(tokenName) })
	edit("no key", func(q url.Values, _, _ string) { q.Del(keyName) })
	edit("neither", func(q url.Values, _, _ string) { q.Del(keyName); q.Del(tokenName) })
	edit("an empty token", func(q url.Values, _, _ string) { q.Set(tokenName, "") })
	edit("an empty key", func(q url.Values, _, _ string) { q.Set(keyName, "") })
	edit("a token of zeros", func(q url.Values, _, _ string) { q.Set(tokenName, strings.Repeat("A", 43)) })
	edit("a token cut short", func(q url.Values, _, token string) { q.Set(tokenName, token[1:]) })
	edit("a token too long", func(q url.Values, _, token string) { q.Set(tokenName, token+"A") })
	edit("a token in other letters", func(q url.Values, _, token string) { q.Set(tokenName, swapCase(token)) })
	edit("the token of another", func(q url.Values, _, _ string) { q.Set(tokenName, othersToken) })
	edit("the key of another", func(q url.Values, key, _ string) { q.Set(keyName, key+"0") })
	edit("two keys", func(q url.Values, _, _ string) { q.Add(keyName, "other") })
	edit("two tokens", func(q url.Values, _, _ string) { q.Add(tokenName, othersToken) })
	edit("its token twice", func(q url.Values, _, token string) { q.Add(tokenName, token) })
	return all
}

func tokenOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Query().Get(tokenName)
}

// swapCase never returns what it got: a token of nothing but digits gets a letter.
func swapCase(s string) string {
	swapped := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return r
	}, s)
	if swapped == s {
		return "A" + s[1:]
	}
	return swapped
}

func clone(c pretend.Callback) pretend.Callback {
	c.Header, c.Body = c.Header.Clone(), bytes.Clone(c.Body)
	return c
}
