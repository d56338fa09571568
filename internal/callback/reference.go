package callback

import (
	"strings"

	"github.com/gorefund/refund/internal/wire"
)

// maxReference is the longest id that the library takes, in bytes.
const maxReference = 255

// Reference is an id as an unsigned callback gives it. One that is too long, would have
// to be changed to be shown, because it holds the token or a secret that bound hides,
// or looks like an e-mail address or a phone number, is none.
func Reference(t wire.Text, token Token, bound func(string) string) string {
	if t.Shape != wire.String && t.Shape != wire.Number || len(t.S) > maxReference {
		return ""
	}
	id := bound(string(token.Hide([]byte(t.S))))
	if id != t.S || strings.HasPrefix(id, "+") || strings.Contains(id, "@") {
		return ""
	}
	return id
}
