package refund

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxID     = 255  // bytes of a payment id, key or name; the longest documented id is 100
	maxReason = 1024 // bytes
)

// NameFault says why s is no name: no key, payment id, provider's or person's name. It
// is "" if s is one. Two names that look alike would be two refunds of one order, so
// that what does not show is refused, and a blank at an end; nothing is folded or
// normalised. The text says what stands where, and repeats nothing else of s.
func NameFault(s string) string {
	switch {
	case s == "":
		return "it is empty"
	case len(s) > maxID:
		return "it has " + strconv.Itoa(len(s)) + " bytes"
	case isPrintableASCII(s) && s[0] != ' ' && s[len(s)-1] != ' ':
		return ""
	}
	place := 0
	for i, r := range s {
		place++
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			return fmt.Sprintf("byte %d is 0x%02X, which is no UTF-8", i+1, s[i])
		case unseen(r):
			return fmt.Sprintf("character %d is %U, which does not show", place, r)
		case r == ' ' && (i == 0 || i == len(s)-1):
			return fmt.Sprintf("character %d is %U, a blank at an end", place, r)
		}
	}
	return ""
}

func checkName(field, s string) *Error {
	if fault := NameFault(s); fault != "" {
		return invalid(field + " must be one line of UTF-8 of at most " + strconv.Itoa(maxID) + " bytes without surrounding spaces or characters that do not show: " + fault)
	}
	return nil
}

// unseen reports whether r shows as nothing, or as a blank that is not the usual one:
// controls, format characters, ends of lines, blanks of other widths, selectors of a
// variant, and what Unicode says to leave out where it cannot be shown.
func unseen(r rune) bool {
	return r != ' ' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Zs,
		unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// blank reports whether r leaves no mark on paper.
func blank(r rune) bool { return r == ' ' || unseen(r) }

func isPrintableASCII(s string) bool {
	for i := range len(s) {
		if b := s[i]; b-' ' >= 0x7F-' ' {
			return false
		}
	}
	return true
}

// plain reports whether s is UTF-8 of one line without control characters: such end up
// in logs.
func plain(s string) bool {
	return isPrintableASCII(s) || utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp)
	}) < 0
}

// checkReason leaves a reason its format characters: people's scripts need them.
func checkReason(s string) *Error {
	if len(s) > maxReason || !utf8.ValidString(s) {
		return invalid("Reason must be UTF-8 of at most " + strconv.Itoa(maxReason) + " bytes")
	}
	place := 0
	for _, r := range s {
		place++
		if unicode.IsControl(r) {
			return invalid(fmt.Sprintf("Reason must be without line ends and other control characters: character %d is %U", place, r))
		}
	}
	return nil
}

// ReasonOr returns the reason, or otherwise where there is none: a reason of blanks
// only counts as none. Adapters send it.
func (r *Request) ReasonOr(otherwise string) string {
	if strings.IndexFunc(r.Reason, func(c rune) bool { return !blank(c) }) < 0 {
		return otherwise
	}
	return r.Reason
}
