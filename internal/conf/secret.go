package conf

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MinCallbackSecret is the fewest bytes of a callback_secret: as many as its hash has.
// A gateway that signs nothing leaves the token in the address as the only proof.
const MinCallbackSecret = 32

// Secret checks a secret that must be there. One that was copied with something around
// it, or that stands in for the real one, would make each call fail at the gateway, or
// each callback look forged. The texts never show the value.
func (p *Problems) Secret(name, value string) {
	switch {
	case value == "":
		p.Addf("%s is missing", name)
	case strings.ContainsFunc(value, endsLine):
		p.Addf("%s holds a line end: give it without", name)
	case invisible(first(value)) || invisible(last(value)):
		p.Addf("%s begins or ends with a blank or an invisible character: give it without", name)
	case quoted(value):
		p.Addf("%s has quotes around it: give it without", name)
	case isPlaceholder(value):
		p.Addf("%s is a placeholder: put the secret itself in its place", name)
	}
}

// Key checks a secret that travels in a header, where only ASCII without blanks can
// stand.
func (p *Problems) Key(name, value string) {
	before := len(*p)
	p.Secret(name, value)
	if len(*p) == before && strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		p.Addf("%s holds a space, a line break or a character outside ASCII", name)
	}
}

// CallbackSecrets checks a callback_secret and the one before it, if they are there.
func (p *Problems) CallbackSecrets(current, previous string) {
	p.callbackSecret("callback_secret", current)
	p.callbackSecret("previous_callback_secret", previous)
	switch {
	case previous == "":
	case current == "":
		p.Addf("previous_callback_secret is set, and callback_secret is not: callbacks would come without a token")
	case previous == current:
		p.Addf("previous_callback_secret is the same as callback_secret: leave it out, or say which one it was before")
	}
}

func (p *Problems) callbackSecret(name, value string) {
	if value == "" {
		return
	}
	before := len(*p)
	p.Secret(name, value)
	if len(*p) == before && len(value) < MinCallbackSecret {
		p.Addf("%s has fewer than %d bytes and can be guessed: make one with openssl rand -base64 %d", name, MinCallbackSecret, MinCallbackSecret)
	}
}

func endsLine(r rune) bool {
	switch r {
	case '\n', '\v', '\f', '\r', '\u0085', '\u2028', '\u2029':
		return true
	default:
		return false
	}
}

func invisible(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf) }

func first(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func last(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// quoted reports whether s stands in quotes of a program or of a word processor.
func quoted(s string) bool {
	const open, closing = "\"'`“”„‘’‚«»", "\"'`“”‘’«»"
	return utf8.RuneCountInString(s) > 1 && strings.ContainsRune(open, first(s)) && strings.ContainsRune(closing, last(s))
}

// placeholder is a text that a program or a person was to replace: a variable of a
// shell, of Windows or of a template, words in angle brackets, a masked secret.
var placeholder = regexp.MustCompile(`^(?:<.*>|\$[A-Za-z_][A-Za-z0-9_]*|\$\{.*\}|\$\(.*\)|%[A-Za-z_][A-Za-z0-9_]*%|\{\{.*\}\}|\*{3,}|[Xx]{3,}|\.{3,}|…)$`)

func isPlaceholder(s string) bool {
	word := strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(s))
	return placeholder.MatchString(s) || word == "changeme" || word == "placeholder" || word == "todo"
}
