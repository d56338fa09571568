package tlpetest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"hash"
	"maps"
	"strings"
	"time"

	"github.com/gorefund/refund/refundtest/pretend"
)

// Forgeries makes, of a genuine notification, what must change nothing, each by the name of what is wrong with it. They go
// where the genuine one goes. One that this gateway did not make gives none.
func (g *Gateway) Forgeries(c pretend.Callback) map[string]pretend.Callback {
	var body struct {
		Payload string `json:"payload"`
	}
	_ = json.Unmarshal(c.Body, &body)
	parts := strings.Split(body.Payload, ".")
	if len(parts) != 3 {
		return nil
	}
	raw, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var claims map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&claims) != nil {
		return nil
	}
	secret, bare := []byte(g.desk.cfg.WebhookSecret), []byte(g.token)
	const hs256 = `{"alg":"HS256","typ":"JWT"}`
	changed := func(change func(map[string]any)) []byte {
		m := maps.Clone(claims)
		change(m)
		return encode(m)
	}
	long := func(alg string, h func() hash.Hash) string {
		text := segment([]byte(`{"alg":"`+alg+`"}`)) + "." + parts[1]
		mac := hmac.New(h, secret)
		mac.Write([]byte(text))
		return text + "." + segment(mac.Sum(nil))
	}
	bodyOf := func(b []byte) pretend.Callback {
		f := c
		f.Header = c.Header.Clone()
		f.Body = b
		return f
	}
	payload := func(p string) pretend.Callback { return bodyOf(encode(map[string]string{"payload": p})) }
	unsigned := func(alg string) pretend.Callback {
		return payload(segment([]byte(`{"alg":"`+alg+`"}`)) + "." + parts[1] + ".")
	}
	decoded, _ := base64.StdEncoding.DecodeString(string(secret))
	tampered := changed(func(m map[string]any) { m["jti"] = "another" })
	past := time.Unix(1, 0).Unix()
	return map[string]pretend.Callback{
		"no body":                      bodyOf(nil),
		"no payload":                   bodyOf([]byte(`{}`)),
		"empty payload":                payload(""),
		"payload no text":              bodyOf([]byte(`{"payload":{"data":{}}}`)),
		"two payloads":                 bodyOf(append(append([]byte(`{"payload":`), encode(body.Payload)...), append([]byte(`,"Payload":`), append(encode(body.Payload), '}')...)...)),
		"truncated":                    bodyOf(c.Body[:len(c.Body)/2]),
		"oversized":                    bodyOf(append(bytes.Clone(c.Body), bytes.Repeat([]byte(" "), 1<<20)...)),
		"alg none":                     unsigned("none"),
		"alg NONE":                     unsigned("NONE"),
		"signature stripped":           payload(parts[0] + "." + parts[1] + "."),
		"signature cut":                payload(body.Payload[:len(body.Payload)-4]),
		"two parts":                    payload(parts[0] + "." + parts[1]),
		"HS256 with the token as key":  payload(token(hs256, raw, bare)),
		"RS256 with the token as key":  payload(token(`{"alg":"RS256"}`, raw, bare)),
		"RS256 with the secret as key": payload(token(`{"alg":"RS256"}`, raw, secret)),
		"HS384":                        payload(long("HS384", sha512.New384)),
		"HS512":                        payload(long("HS512", sha512.New)),
		"wrong secret":                 payload(token(hs256, raw, []byte("another secret"))),
		"empty secret":                 payload(token(hs256, raw, nil)),
		"secret decoded from base64":   payload(token(hs256, raw, decoded)),
		"claims changed":               payload(parts[0] + "." + segment(tampered) + "." + parts[2]),
		"expired":                      payload(token(hs256, changed(func(m map[string]any) { m["exp"] = past }), secret)),
		"without exp":                  payload(token(hs256, changed(func(m map[string]any) { delete(m, "exp") }), secret)),
		"without jti":                  payload(token(hs256, changed(func(m map[string]any) { delete(m, "jti") }), secret)),
		"another issuer":               payload(token(hs256, changed(func(m map[string]any) { m["iss"] = "somebody" }), secret)),
	}
}
