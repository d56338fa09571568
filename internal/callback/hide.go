package callback

import (
	"bytes"
	"net/url"
)

// Token is that of a guarded address: whoever knows it can post a callback. It is
// empty if there is none.
type Token string

// TokenOf returns the token of an address.
func TokenOf(address string) Token {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	query, _ := url.ParseQuery(ours(u.RawQuery)) // what can be read of it
	return Token(query.Get(tokenName))
}

// Hide replaces the token in what a gateway says: it may quote the address.
func (t Token) Hide(text []byte) []byte {
	if t == "" {
		return text
	}
	return bytes.ReplaceAll(text, []byte(t), []byte("***"))
}
