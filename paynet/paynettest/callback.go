package paynettest

import (
	"net/http"
	"strconv"

	"github.com/gorefund/refund/refundtest/pretend"
)

// States of the manual's general table, which a callback's status may use (assumed).
const (
	statusDone   = "3"
	statusUndone = "4"
)

// callback is the post to succeedUrl: one for an approval, one for a rejection
// (documented), and one for an approval that is taken back (assumed from the Turkish
// text, and so is its code). A request that waits has none. The four fields, their
// types and the two codes are documented; the notes are assumed.
func (cfg Config) callback(r pretend.Refund, _ *pretend.Ledger) (pretend.Callback, bool) {
	code, status, note := 1, statusUndone, "Iade talebi reddedildi"
	switch {
	case r.CallbackURL == "" || r.Pending:
		return pretend.Callback{}, false
	case r.State == pretend.Approved:
		code, status, note = 0, statusDone, "Iade talebi onaylandi"
	case r.State == pretend.Reversed:
		note = "Iade onayi geri alindi"
	}
	body := map[string]any{"xact_id": r.ID, "code": strconv.Itoa(code), "status": status, "message": note}
	if cfg.CallbackCodeAsNumber {
		body["code"] = code
	}
	if cfg.CallbackNamesSale {
		body["xact_id"] = r.PaymentID
	}
	return pretend.Callback{
		URL: r.CallbackURL, Header: http.Header{"Content-Type": {"application/json; charset=UTF-8"}}, Body: encode(body),
	}, true
}
