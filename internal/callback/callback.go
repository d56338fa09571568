// Package callback holds what the adapters' readings of callbacks share: bounds,
// named errors, and the token that guards the address of a callback which its
// gateway does not sign.
package callback

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/gorefund/refund"
)

// MaxBody is the largest body that is read. No gateway's comes near it.
const MaxBody = 256 << 10

// Forged is the error for a callback whose signature or token is wrong or
// missing.
func Forged(gateway, message string) error { return fail(gateway, refund.Forged, message) }

// Malformed is the error for a callback that cannot be read.
func Malformed(gateway, message string) error { return fail(gateway, refund.Malformed, message) }

// NotARefund is the error for a genuine callback about something else.
func NotARefund(gateway, message string) error { return fail(gateway, refund.NotARefund, message) }

func fail(gateway string, code refund.Code, message string) error {
	return &refund.Error{Gateway: gateway, Op: "callback", Code: code, Status: refund.StatusNotSent, Message: message}
}

// Check refuses what no gateway sends, before anything of it is read: another
// method than POST, no body, one over MaxBody.
func Check(gateway string, c *refund.Callback) error {
	switch {
	case c.Method != "POST":
		return Malformed(gateway, "the method is not POST")
	case len(c.Body) == 0:
		return Malformed(gateway, "the body is empty")
	case len(c.Body) > MaxBody:
		return Malformed(gateway, fmt.Sprintf("the body has more than %d bytes", MaxBody))
	}
	return nil
}

// Header returns a header's value, whatever the case of its name. ok is false if
// there is none, or more than one: nobody can say which counts.
func Header(c *refund.Callback, name string) (value string, ok bool) {
	found := 0
	for key, values := range c.Header {
		if strings.EqualFold(key, name) {
			for _, v := range values {
				value = v
				found++
			}
		}
	}
	if found != 1 {
		return "", false
	}
	return value, true
}

// ID is a name for a callback that has none of its own: the same text gives the
// same name, so that a repeat is known. It hides the text.
func ID(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
