package paynettest

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorefund/refund/refundtest/pretend"
)

const (
	refundPrefix = "xk_reversed_" // a number follows: the refund's own, not encrypted

	dayLayout  = "2006-01-02" // as public client code asks; what else the real gateway takes is unknown
	listLayout = "02.01.2006"
	timeLayout = "2006-01-02T15:04:05.000"

	defaultLimit = 10
)

// detail answers with the sale. Fields of the manual's sample that have nothing to do with refunds are those of the sample; id
// and what is known of the card are not in it (assumed).
func (d desk) detail(r pretend.Request, l *pretend.Ledger) pretend.Answer {
	if a, ok := d.gate(r); !ok {
		return a
	}
	id, err := parseDetail(r.Body)
	if err != nil {
		return d.refuse(codeBadRequest)
	}
	sale, ok := l.Payment(id)
	if !ok {
		return d.refuse(codeNoData)
	}
	return pretend.Answer{Body: encode(map[string]any{
		"object_name": "transaction", "code": d.code(codeSuccessful), "message": succeeded, // the name is assumed
		"Data": []any{map[string]any{
			"id": plainNumber(id), "xact_id": id,
			"xact_date": sale.PaidAt.In(istanbul).Format(timeLayout), "transaction_type": 1, "pos_type": 5, "agent_id": "10000",
			"is_tds": true, "bank_id": "BONS", "instalment": 0, "card_type": "cc", "ratio": 0.02,
			"amount": json.Number(sale.Amount.Number()), "currency": sale.Amount.Currency(),
			"card_no": "444676******3210", "card_holder": "Deniz Ornek",
			"is_succeed": true, "reversed": d.reversed(sale, l.Refunds(id)),
			// Filled although nothing is reversed, as in the sample.
			"reversed_xact_id": "xk_EAAAAGZEFDuBYb3R9qZ0YJ/y3Tw7K1nc6sJXlRfe*0ZRk6sc",
			"agent_reference":  "", "company_vdate": "0001-01-01T00:00:00", "xact_type_desc": "Satış",
		}},
	})}
}

// reversed counts what was approved. That a refund which waits does not make a sale reversed is assumed.
func (d desk) reversed(sale pretend.Payment, refunds []pretend.Refund) bool {
	rest, approved := sale.Amount, false
	for _, r := range refunds {
		if r.State != pretend.Approved {
			continue
		}
		approved = true
		var err error
		if rest, err = rest.Sub(r.Amount); err != nil {
			return false
		}
	}
	return approved && (d.cfg.ReversedByPart || !rest.IsPositive())
}

// window is what a list is asked for.
type window struct {
	from, to             time.Time // days; that to is not in it is assumed
	limit, startingAfter int
}

// list answers with the requests of a window, the newest first (assumed).
func (d desk) list(r pretend.Request, l *pretend.Ledger) pretend.Answer {
	if a, ok := d.gate(r); !ok {
		return a
	}
	w, err := parseWindow(r.Body)
	if err != nil {
		return d.refuse(codeBadRequest)
	}
	page, total := d.rows(w, l)
	shown := make([]any, 0, len(page))
	for _, one := range page {
		sale, _ := l.Payment(one.PaymentID)
		shown = append(shown, listRow(one, sale))
	}
	return pretend.Answer{Body: encode(map[string]any{
		"object_name": "transaction_reversal_list", "companyCode": "1000", "companyName": "Ornek Ltd",
		"code": d.code(codeSuccessful), "message": succeeded, // as the detail service documents them; here assumed
		"total": total, "total_count": len(shown), "total_amount": 0, // its unit is unknown
		"limit": w.limit, "ending_before": 0, "starting_after": w.startingAfter,
		"has_more": w.startingAfter+len(page) < total, "Data": shown,
	})}
}

// rows are the requests of one page of the list, and how many there are on all pages.
func (d desk) rows(w window, l *pretend.Ledger) (page []pretend.Refund, total int) {
	limit := min(w.limit, d.cfg.ListLimit)
	if !d.cfg.ListBySaleDate && d.cfg.HideNewRefunds <= 0 {
		return l.Between(w.from, w.to, w.startingAfter, limit)
	}
	var all []pretend.Refund
	if d.cfg.ListBySaleDate {
		for _, sale := range l.PaidBetween(w.from, w.to) {
			all = append(all, l.Refunds(sale.ID)...)
		}
		slices.SortFunc(all, func(a, b pretend.Refund) int { return runningNumber(b.ID) - runningNumber(a.ID) })
	} else {
		all, _ = l.Between(w.from, w.to, 0, math.MaxInt)
	}
	// The first page begins a list; the others go on with it.
	shows := d.late.Shows
	if w.startingAfter == 0 {
		shows = d.late.Look
	}
	all = slices.DeleteFunc(all, func(r pretend.Refund) bool { return !shows(r.ID) })
	from := min(w.startingAfter, len(all))
	return all[from:min(from+limit, len(all))], len(all)
}

// listRow has the fields that the manual lists. It goes on with some that were not available.
func listRow(r pretend.Refund, sale pretend.Payment) map[string]any {
	return map[string]any{
		"id":           plainNumber(sale.ID),
		"xact_date":    sale.PaidAt.In(istanbul).Format(listLayout),
		"entry_date":   r.At.In(istanbul).Format(listLayout),
		"company_code": "1000", "company_name": "Ornek Ltd", "agent_id": "10000", "agent_name": "Ornek Bayi", "user_id": "7",
		"xact_id":          sale.ID,
		"reversed_xact_id": r.ID,
		"reversed_id":      strconv.Itoa(runningNumber(r.ID)),
		"bank_id":          "BONS", "bank_name": "Bonus", "card_no": "444676******3210", "card_holder": "Deniz Ornek",
	}
}

// plainNumber stands for the number that a transaction has beside its xact_id.
func plainNumber(id string) string {
	return strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(id))), 10)
}

func runningNumber(refundID string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(refundID, refundPrefix)) // of our own making
	return n
}

// parseDetail takes a sale's xact_id. The other ways to name one are refused: this gateway does not know them.
func parseDetail(body []byte) (id string, err error) {
	m, err := pretend.Members(body)
	if err != nil {
		return "", err
	}
	if len(m) != 1 {
		return "", errors.New("not xact_id alone")
	}
	if id, err = text(m["xact_id"]); err == nil && (id == "" || len(id) > maxID) {
		err = errors.New("xact_id: missing or too long")
	}
	return id, err
}

// parseWindow takes days and a page. The filters by agent and bank are refused, and so is a page counted from the end: this
// gateway does not know them.
func parseWindow(body []byte) (window, error) {
	m, err := pretend.Members(body)
	if err != nil {
		return window{}, err
	}
	w := window{limit: defaultLimit}
	for name, raw := range m {
		switch name {
		case "datab":
			w.from, err = day(raw)
		case "datbi":
			w.to, err = day(raw)
		case "limit":
			w.limit, err = count(raw, 1)
		case "starting_after":
			w.startingAfter, err = count(raw, 0)
		case "ending_before":
			if string(raw) != "0" {
				err = errors.New("not known here")
			}
		default:
			err = errors.New("not a member of this request")
		}
		if err != nil {
			return window{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	if w.from.IsZero() || w.to.IsZero() {
		return window{}, errors.New("datab, datbi: required")
	}
	return w, nil
}

func day(raw json.RawMessage) (time.Time, error) {
	s, err := text(raw)
	if err != nil {
		return time.Time{}, err
	}
	return time.ParseInLocation(dayLayout, s, istanbul)
}

func count(raw json.RawMessage, least int) (int, error) {
	n, err := strconv.Atoi(string(raw))
	if err == nil && (n < least || n > math.MaxInt32 || strconv.Itoa(n) != string(raw)) {
		err = errors.New("out of range")
	}
	return n, err
}
