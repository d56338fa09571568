package redstone

import (
	"bytes"
	"net/url"
)

// addressToken is the token in a guarded address: whoever knows it can post a
// callback. It is empty if there is none.
type addressToken string

// tokenOf returns the token of an address, by the name that package callback gives
// it there.
func tokenOf(address string) addressToken {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return addressToken(u.Query().Get("refund_token"))
}

// hide replaces the token.
func (t addressToken) hide(text []byte) []byte {
	if t == "" {
		return text
	}
	return bytes.ReplaceAll(text, []byte(t), []byte("***"))
}
