package refund

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// checkParams refuses a parameter that is not well formed, of whatever prefix, since it
// is stored and may be sent, and one of the gateway's own prefix that it does not know,
// since a detail such as where the money goes must not get lost by a misspelling.
// Whether another prefix is anybody's, only a [Router] can tell.
func (c *Capabilities) checkParams(params map[string]string) *Error {
	for _, name := range sorted(params) {
		shown := clip(name, 64)
		prefix, rest, _ := strings.Cut(name, ".")
		known := slices.ContainsFunc(c.Params, func(p Param) bool { return p.Name == name })
		switch {
		case prefix == "" || rest == "":
			return invalid(fmt.Sprintf(`params: %q has no gateway's prefix, as in "gateway.detail"; %s knows %s`, shown, c.Gateway, c.paramNames()))
		case prefix == c.Gateway && !known:
			return invalid(fmt.Sprintf("params: %s does not know %q; it knows %s", c.Gateway, shown, c.paramNames()))
		case prefix != c.Gateway && !isPrefix(prefix):
			return invalid(fmt.Sprintf("params: %q begins with an unknown gateway's name: such are of small letters, digits, - and _", shown))
		case NameFault(name) != "" || NameFault(rest) != "":
			return invalid(fmt.Sprintf("params: the name %q must be one line of UTF-8 of at most %d bytes without characters that do not show", shown, maxID))
		case !plain(params[name]) || len(params[name]) > maxURL:
			return invalid(fmt.Sprintf("params: the value of %q must be one line of UTF-8 of at most %d bytes", shown, maxURL))
		}
	}
	return nil
}

// sorted is the names of params in order: the same request must give the same error.
// Most requests have none, and cost nothing.
func sorted(params map[string]string) []string {
	if len(params) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(params))
}

// isPrefix reports whether s looks like a gateway's name. "Acme" and "acme " don't, so
// that a misspelling of "acme" is not passed over as somebody else's.
func isPrefix(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

func (c *Capabilities) paramNames() string {
	if len(c.Params) == 0 {
		return "none"
	}
	names := make([]string, len(c.Params))
	for i, p := range c.Params {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

// checkPrefixes refuses a parameter that is for none of the gateways of the client's
// router. A client alone has no gateways to compare with.
func (c *Client) checkPrefixes(params map[string]string) *Error {
	if len(c.prefixes) == 0 {
		return nil
	}
	for _, name := range sorted(params) {
		if prefix, _, _ := strings.Cut(name, "."); !slices.Contains(c.prefixes, prefix) {
			return invalid(fmt.Sprintf("params: %q begins with an unknown gateway's name; this router knows %s", clip(name, 64), strings.Join(c.prefixes, ", ")))
		}
	}
	return nil
}
