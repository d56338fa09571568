package paynet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/httpx"
	"github.com/gorefund/refund/internal/wire"
)

const (
	pageRows = 100 // of a page of the list; a row is below 1 KiB, an answer must be below 1 MiB
	maxPages = 50  // an end for a list that has none
)

// Inspect asks for the sale and for all refund requests since its day. State is
// the sale's word reversed, Extent what it certainly says, Refunds are the requests for
// this sale; Paynet's documents tell neither their amounts nor their states, so a new one
// proves nothing by itself. See [refund.Inspector] for what its error means.
func (p *Provider) Inspect(ctx context.Context, q refund.Query) (*refund.Report, error) {
	if err := p.checkQuery(&q); err != nil {
		return nil, err
	}
	if ctx != nil { // else the first request says so
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.timeout)
		defer cancel()
	}
	s, err := p.sale(ctx, q.Payment.ID)
	if err != nil {
		return nil, err
	}
	// Every look-up must begin at the same day: a row that one list shows and an
	// earlier one could not would pass for a new request. So Query.Since, which is
	// another one each time, is not used, and Paynet's own date goes first.
	from := p.day.parse(s.Date.S)
	if from.IsZero() {
		from = q.Payment.PaidAt
		if err := p.caps.CheckPaidAt("inspect", from, p.day.now()); err != nil {
			return nil, err
		}
	}
	if from.IsZero() {
		return nil, &refund.Error{
			Gateway: gateway, Op: "inspect", Code: refund.InvalidRequest, Status: refund.StatusNotSent,
			Message: "give Payment.PaidAt: Paynet lists refund requests by day, and does not tell that of this sale",
		}
	}
	rows, err := p.requests(ctx, &s, from)
	if err != nil {
		return nil, err
	}
	return p.report(&q, &s, rows), nil
}

// checkQuery refuses what could not have been refunded here.
func (p *Provider) checkQuery(q *refund.Query) error {
	req := refund.Request{Kind: refund.KindFull, Payment: q.Payment, Params: q.Params}
	if q.Amount.IsSet() {
		req.Kind, req.Amount = refund.KindPartial, q.Amount
	}
	return p.caps.Check("inspect", &req)
}

// sale asks for the sale.
func (p *Provider) sale(ctx context.Context, id string) (sale, error) {
	reply, rows, err := p.lookup(ctx, id, detailPath, detailRequest{XactID: id})
	if err != nil {
		return sale{}, err
	}
	if len(rows) != 1 {
		return sale{}, p.http.LookupFailed(reply, "", fmt.Sprintf("the answer holds %d transactions instead of the one asked for", len(rows)))
	}
	s, ok := decodeSale(rows[0])
	switch {
	case !ok:
		return sale{}, p.http.LookupUnreadable(reply, id)
	case !s.XactID.IsString(id):
		return sale{}, p.http.LookupFailed(reply, "", "the answer is about another transaction")
	}
	return s, nil
}

// requests reads the list from the day before from until tomorrow, which covers
// whatever day the list goes by, and returns the requests for the sale. It
// returns all of them or an error: a snapshot that lacks one would make it look
// new later.
//
// The list is read in pages counted from its beginning, and may change meanwhile.
// So each page begins with the last row of the page before.
func (p *Provider) requests(ctx context.Context, s *sale, from time.Time) ([]row, error) {
	id, now := s.XactID.S, p.day.now()
	if from.After(now) {
		from = now
	}
	ask := listRequest{From: p.day.text(from, -1), To: p.day.text(now, 1), Limit: pageRows}
	var (
		found []row
		raw   [][]byte // of found
		last  []byte   // row of the page before
		reply httpx.Reply
	)
	for range maxPages {
		var page [][]byte
		var err error
		if reply, page, err = p.lookup(ctx, id, listPath, ask); err != nil {
			return nil, err
		}
		more, ok := decodeMore(reply.Body)
		if !ok {
			return nil, p.http.LookupUnreadable(reply, id)
		}
		const changed = "the list of refund requests changed while it was read: ask again"
		if last != nil {
			if len(page) == 0 || !bytes.Equal(page[0], last) {
				return nil, p.http.LookupFailed(reply, "", changed)
			}
			page = page[1:]
		}
		earlier := len(raw)
		for _, object := range page {
			r, mine, ok := find(s, object)
			switch {
			case !ok:
				return nil, p.http.LookupFailed(reply, "", "a row of the list of refund requests does not tell its sale")
			case mine && slices.ContainsFunc(raw[:earlier], func(b []byte) bool { return bytes.Equal(b, object) }):
				return nil, p.http.LookupFailed(reply, "", changed) // or the same row was shown on two pages
			case mine:
				found, raw = append(found, r), append(raw, object)
			}
		}
		switch {
		case !more:
			return found, nil
		case len(page) == 0:
			return nil, p.http.LookupFailed(reply, "", "the list of refund requests does not end")
		}
		ask.StartingAfter += len(page)
		if last == nil {
			ask.StartingAfter--
		}
		last = page[len(page)-1]
	}
	return nil, p.http.LookupFailed(reply, "", fmt.Sprintf("the list of refund requests since %s has more than %d pages", ask.From, maxPages))
}

// find reads a row of the list. mine: it is a request for the sale.
func find(s *sale, object []byte) (r row, mine, ok bool) {
	r, ok = decodeRow(object)
	plain := number(s.ID)
	switch {
	case !ok:
		return r, false, false
	case r.XactID.IsString(s.XactID.S), plain != "" && number(r.ID) == plain:
		return r, true, true
	default:
		return r, false, r.XactID.Shape == wire.String && r.XactID.S != "" || plain != "" && number(r.ID) != ""
	}
}

// lookup asks once, and returns the rows of an answer without an error code.
func (p *Provider) lookup(ctx context.Context, id, path string, ask any) (httpx.Reply, [][]byte, error) {
	body, err := json.Marshal(ask)
	if err != nil {
		return httpx.Reply{}, nil, err
	}
	reply, err := p.http.Lookup(ctx, httpx.Request{Method: http.MethodPost, Path: path, Body: body})
	if err != nil {
		return httpx.Reply{}, nil, err
	}
	a, coded := decode(reply.Body)
	rows, ok := decodeData(reply.Body)
	switch {
	case coded && (a.Code.S != "0" || !a.agrees()): // an error object's code is the HTTP status
		return httpx.Reply{}, nil, p.http.LookupFailed(reply, a.resultCode(reply.Status), a.Message.S, id)
	case reply.Status != http.StatusOK || !ok:
		return httpx.Reply{}, nil, p.http.LookupUnreadable(reply, id)
	case path == listPath && a.ObjectName.Shape == wire.String && a.ObjectName.S != listName:
		return httpx.Reply{}, nil, p.http.LookupFailed(reply, "", "the answer is another service's", id)
	}
	return reply, rows, nil
}

// report reads what the look-ups found.
func (p *Provider) report(q *refund.Query, s *sale, rows []row) *refund.Report {
	rep := &refund.Report{Complete: true}
	if s.Reversed.Shape == wire.Bool {
		rep.State = "reversed: " + s.Reversed.S
	}
	for _, r := range rows {
		seen := refund.SeenRefund{ID: p.http.Bound(number(r.ReversedID)), Status: refund.StatusPending, At: p.day.parse(r.EntryDate.S)}
		if q.RefundID != "" && r.ReversedXactID.IsString(q.RefundID) {
			seen.ID = q.RefundID // the other number of the same request
		}
		rep.Refunds = append(rep.Refunds, seen)
	}
	currency := p.caps.Currencies.Value[0]
	if !s.Currency.Absent() && !s.Currency.IsString(currency) {
		rep.Why = "the sale is not in " + currency + ", the currency of this provider"
		return rep
	}
	rep.Extent = p.extentOf(s)
	rep.Conclude(q)
	return rep
}

// extentOf is how much of a sale the word reversed says is given back. Whether a part
// sets it is not known, so it says "all of it" on the day of the sale only, when no part
// can be given back. Requests that the list shows are told beside it: whether they are
// done, and of how much, nobody can read.
func (p *Provider) extentOf(s *sale) refund.Extent {
	switch {
	case s.Reversed.Shape != wire.Bool:
		return 0
	case s.Reversed.S != "true":
		return refund.ExtentNone
	case p.day.lasts(p.day.parse(s.Date.S)):
		return refund.ExtentWhole
	}
	return 0
}
