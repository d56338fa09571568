package callback

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/gorefund/refund"
)

// The query of a guarded address. The key says which refund it is about, and the
// token, which only the holder of the secret can make, that the address was given
// away for that refund, in one environment of one gateway.
const (
	keyName   = "refund_key"
	tokenName = "refund_token"
)

// Address adds key and token to the address that a gateway is to call. Without an
// address, a secret or a key it returns the address as it is: a refund without a key
// is in no journal, so no callback could move it. The error, with
// [refund.StatusNotSent], says what to change.
func Address(gateway string, env refund.Environment, op, address, secret, key string) (string, error) {
	if address == "" || secret == "" || key == "" {
		return address, nil
	}
	no := func(message string) error {
		return &refund.Error{Gateway: gateway, Op: op, Code: refund.InvalidRequest, Status: refund.StatusNotSent, Message: message}
	}
	before, fragment, hasFragment := strings.Cut(address, "#")
	_, query, hasQuery := strings.Cut(before, "?")
	given, err := url.ParseQuery(query)
	if err != nil || given.Has(keyName) || given.Has(tokenName) {
		return "", no("CallbackURL's query cannot be read, or holds " + keyName + " or " + tokenName + ", which the library adds itself")
	}
	switch {
	case !hasQuery:
		before += "?"
	case query != "":
		before += "&"
	}
	before += keyName + "=" + url.QueryEscape(key) + "&" + tokenName + "=" + token(gateway, env, secret, key)
	if hasFragment {
		before += "#" + fragment
	}
	return before, nil
}

// Guard puts key and token into req's CallbackURL, as [Address] does. The token is
// empty if none was put in: one that the caller's own address holds is the caller's,
// and may be any text.
func Guard(gateway string, env refund.Environment, op, secret string, req *refund.Request) (Token, error) {
	address, err := Address(gateway, env, op, req.CallbackURL, secret, req.Key)
	if err != nil || address == req.CallbackURL {
		return "", err
	}
	req.CallbackURL = address
	return TokenOf(address), nil
}

// Key returns the key in a guarded address, whole or from its path on, if the
// token is that key's at this gateway, in this environment, under one of the secrets;
// "" is none. Otherwise the error is [refund.Forged].
func Key(gateway string, env refund.Environment, address string, secrets ...string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", Forged(gateway, "the address cannot be read")
	}
	query, err := url.ParseQuery(ours(u.RawQuery))
	if err != nil || len(query[keyName]) != 1 || len(query[tokenName]) != 1 || query.Get(keyName) == "" {
		return "", Forged(gateway, "the address does not hold one key and one token")
	}
	key := query.Get(keyName)
	right := false
	for _, secret := range secrets {
		if secret != "" {
			same := subtle.ConstantTimeCompare([]byte(query.Get(tokenName)), []byte(token(gateway, env, secret, key))) == 1
			right = right || same
		}
	}
	if !right {
		return "", Forged(gateway, "the token in the address is not that of its key")
	}
	return key, nil
}

// ours is the query without what a gateway has put behind it. Some add their
// parameters with a "?", whatever the address has already: no token holds one, so all
// that follows it is the gateway's, and need not even be readable.
func ours(query string) string {
	for i := 0; i < len(query); {
		pair, _, _ := strings.Cut(query[i:], "&")
		if value, ok := strings.CutPrefix(pair, tokenName+"="); ok {
			if j := strings.IndexByte(value, '?'); j >= 0 {
				return query[:i+len(tokenName)+1+j]
			}
		}
		i += len(pair) + 1
	}
	return query
}

// token names the gateway, its environment and its own purpose, so that a secret which
// is also used elsewhere makes no token by accident.
func token(gateway string, env refund.Environment, secret, key string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("refund callback\x00" + gateway + "\x00" + string(env) + "\x00" + key))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
