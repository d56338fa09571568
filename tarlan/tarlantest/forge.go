package tarlantest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"strings"

	"github.com/gorefund/refund/refundtest/pretend"
)

// Oversize is longer than any callback that a client should read.
const Oversize = 2 << 20

// Forgeries makes of a genuine callback, one that [Gateway.Deliver] sent, what a client must not believe; the names say what
// is wrong. "another project's" and "another merchant's" are signed by the gateway's own secret: only a client that was told
// its project and merchant can tell. It returns nil if c is no callback of this gateway.
func (g *Gateway) Forgeries(c pretend.Callback) map[string]pretend.Callback {
	fields, err := pretend.Members(c.Body)
	genuine := strings.TrimPrefix(c.Header.Get("Authorization"), "Bearer ")
	if own, signErr := g.signature(fields, g.cfg.Secret); err != nil || signErr != nil || own != genuine {
		return nil
	}
	all := make(map[string]pretend.Callback)
	header := func(name string, values ...string) {
		f := c
		f.Header = c.Header.Clone()
		if f.Header.Del("Authorization"); len(values) > 0 {
			f.Header["Authorization"] = values
		}
		all[name] = f
	}
	body := func(name string, b []byte) {
		f := c
		f.Header, f.Body = c.Header.Clone(), b
		all[name] = f
	}
	changed := func(edit func(f map[string]json.RawMessage)) map[string]json.RawMessage {
		f := maps.Clone(fields)
		edit(f)
		return f
	}
	set := func(name, value string) map[string]json.RawMessage {
		return changed(func(f map[string]json.RawMessage) { f[name] = json.RawMessage(value) })
	}
	text := func(f map[string]json.RawMessage) []byte {
		b, _ := json.Marshal(f) // members of a valid object
		return b
	}
	hash := func(f map[string]json.RawMessage, secret string) string {
		s, _ := g.signature(f, secret) // as above
		return s
	}

	header("no signature")
	header("empty signature", "Bearer ")
	header("wrong signature", "Bearer "+flipped(genuine))
	header("short signature", "Bearer "+genuine[:len(genuine)-1])
	header("long signature", "Bearer "+genuine+"0")
	header("signature of another body", "Bearer "+hash(set("transaction_id", "1"+string(fields["transaction_id"])), g.cfg.Secret))
	header("hash without the secret", "Bearer "+hash(fields, ""))
	header("hash with another secret", "Bearer "+hash(fields, g.cfg.Secret+"x"))
	header("the form post's hash", "Bearer "+formHash(fields, g.cfg.Secret))
	header("signature in capitals", "Bearer "+strings.ToUpper(genuine))
	header("scheme in capitals", "BEARER "+genuine)
	header("scheme in small letters", "bearer "+genuine)
	header("another scheme", "Basic "+genuine)
	header("no scheme", genuine)
	header("two spaces", "Bearer  "+genuine)
	header("signature twice", "Bearer "+genuine, "Bearer "+genuine)
	header("a second signature", "Bearer "+flipped(genuine), "Bearer "+genuine)
	header("signature in another header")
	all["signature in another header"].Header["X-Signature"] = []string{genuine}

	body("tampered amount", text(set("amount", "1")))
	body("tampered transaction_id", text(set("transaction_id", "1"+string(fields["transaction_id"]))))
	status := `"refund"`
	if string(fields["status_code"]) == status {
		status = `"refund_waiting"`
	}
	body("tampered status", text(set("status_code", status)))
	body("added member", text(set("refund", "true")))
	body("removed member", text(changed(func(f map[string]json.RawMessage) { delete(f, "finished_at") })))
	body("emptied member", text(set("finished_at", `""`)))
	body("status twice", append(bytes.TrimSuffix(bytes.Clone(c.Body), []byte("}")), `,"status_code":"refund"}`...))
	body("text behind the body", append(bytes.Clone(c.Body), "{}"...))
	body("truncated body", bytes.Clone(c.Body[:len(c.Body)/2]))
	body("body in a list", append(append([]byte("["), c.Body...), ']'))
	body("empty body", nil)
	body("oversized body", append(bytes.Clone(c.Body), bytes.Repeat([]byte(" "), Oversize)...)) // spaces change no signature

	resigned := func(name string, f map[string]json.RawMessage) {
		if s, err := g.signed(f); err == nil {
			s.URL, s.RefundID = c.URL, c.RefundID
			all[name] = s
		}
	}
	resigned("another project's", set("project_id", "1"+string(fields["project_id"])))
	resigned("another merchant's", set("merchant_id", "1"+string(fields["merchant_id"])))
	// A refund call is signed by the same secret in the same way, and shows it to whoever sees it.
	resigned("a refund call", map[string]json.RawMessage{"amount": fields["amount"], "transaction_id": fields["transaction_id"]})
	return all
}

// flipped changes the first digit.
func flipped(hash string) string {
	if strings.HasPrefix(hash, "0") {
		return "1" + hash[1:]
	}
	return "0" + hash[1:]
}

// formHash is project_hash, the check of the form post, which the payer's browser sees. It is observed in the Bitrix plugin.
func formHash(fields map[string]json.RawMessage, secret string) string {
	var reference, state string
	_ = json.Unmarshal(fields["project_reference_id"], &reference)
	_ = json.Unmarshal(fields["status_code"], &state)
	sum := sha256.Sum256([]byte(reference + state + string(fields["amount"]) + secret))
	return hex.EncodeToString(sum[:])
}
