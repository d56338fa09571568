package journal

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
)

// record is an entry as it is stored. Nobody changes it: a change makes a new
// one.
type record struct {
	entry   *refund.Entry
	stamp   int64
	open    bool            // begun, and without an outcome ever since
	request json.RawMessage // of the entry, which no move changes
	details string
}

// details is what no query asks for, stored as JSON.
type details struct {
	Request    json.RawMessage `json:"request"`
	Result     *refund.Result  `json:"result,omitempty"`
	Err        *failure        `json:"error,omitempty"`
	History    []change        `json:"history"`
	Before     *refund.Report  `json:"before,omitempty"`
	BeganAt    time.Time       `json:"began_at"`
	ChangedAt  time.Time       `json:"changed_at"`
	LeaseUntil time.Time       `json:"lease_until"`
}

// failure is an error whose cause survives as its text.
type failure struct {
	refund.Error
	Cause *cause `json:"cause,omitempty"`
}

type cause string

func (c cause) Error() string { return string(c) }

// change has the trust as a number: refund.Trust writes a word, but reads none.
type change struct {
	refund.Change
	Trust uint8 `json:"trust,omitempty"`
}

// newRecord takes e over and makes its times what every database keeps. request is
// the entry's as JSON, nil if nobody has made it yet.
func newRecord(e *refund.Entry, stamp int64, request json.RawMessage) (*record, error) {
	normalize(e)
	if request == nil {
		var err error
		if request, err = json.Marshal(&e.Request); err != nil {
			return nil, err
		}
	}
	r := &record{entry: e, stamp: stamp, open: e.Status == refund.StatusUnknown, request: request}
	d := details{
		Request: request, Result: e.Result, History: make([]change, len(e.History)), Before: e.Before,
		BeganAt: e.BeganAt, ChangedAt: e.ChangedAt, LeaseUntil: e.LeaseUntil,
	}
	for i, c := range e.History {
		d.History[i] = change{Change: c, Trust: uint8(c.Trust)}
	}
	if e.Err != nil {
		d.Err = &failure{Error: *e.Err}
		if e.Err.Err != nil {
			text := cause(e.Err.Err.Error())
			d.Err.Cause = &text
		}
	}
	text, err := json.Marshal(&d)
	if err != nil {
		return nil, err
	}
	r.details = string(text)
	return r, nil
}

// admitted is the record of a begin that takes this amount of the payment.
func (r *record) admitted(amount money.Amount) *record {
	next, e := *r, *r.entry
	e.Amount = amount
	next.entry = &e
	return &next
}

// moved is what a move makes of the record.
func (r *record) moved(m *refund.Move, stamp int64) (*record, error) {
	own := *m // its result and error stay the caller's
	if m.Result != nil {
		res := *m.Result
		own.Result = &res
	}
	if m.Err != nil {
		failure := *m.Err
		own.Err = &failure
	}
	e := r.entry.Clone()
	e.Apply(own)
	next, err := newRecord(e, stamp, r.request)
	if err != nil {
		return nil, err
	}
	// A refund that somehow becomes unknown again must not collide with another
	// one that was begun meanwhile.
	next.open = next.open && r.open
	return next, nil
}

// readColumns are what scan reads.
const readColumns = "entry_key, provider, gateway, status, amount_minor, currency, version, stamp, open_mark, details"

// scan reads all rows and closes them.
func scan(rows *sql.Rows, err error) ([]*record, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []*record
	for rows.Next() {
		r, err := scanOne(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// scanOne reads readColumns, and others after them.
func scanOne(rows *sql.Rows, more ...any) (*record, error) {
	var (
		r        = &record{entry: new(refund.Entry)}
		e        = r.entry
		status   string
		minor    sql.NullInt64
		currency sql.NullString
		open     sql.NullInt64
	)
	into := append([]any{&e.Key, &e.Provider, &e.Gateway, &status, &minor, &currency, &e.Version, &r.stamp, &open, &r.details}, more...)
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	r.open = open.Valid
	if err := r.decode(status, minor, currency); err != nil {
		return nil, fmt.Errorf("the stored refund with the key %q cannot be read: %w", e.Key, err)
	}
	return r, nil
}

func (r *record) decode(status string, minor sql.NullInt64, currency sql.NullString) error {
	e := r.entry
	if err := e.Status.UnmarshalText([]byte(status)); err != nil {
		return err
	}
	if minor.Valid || currency.Valid {
		var err error
		if e.Amount, err = money.FromMinor(minor.Int64, currency.String); err != nil {
			return err
		}
	}
	var d details
	if err := json.Unmarshal([]byte(r.details), &d); err != nil {
		return err
	}
	if err := json.Unmarshal(d.Request, &e.Request); err != nil {
		return err
	}
	r.request = d.Request
	e.Result, e.Before = d.Result, d.Before
	e.BeganAt, e.ChangedAt, e.LeaseUntil = d.BeganAt, d.ChangedAt, d.LeaseUntil
	e.History = make([]refund.Change, len(d.History))
	for i, c := range d.History {
		e.History[i] = c.Change
		e.History[i].Trust = refund.Trust(c.Trust)
	}
	if d.Err != nil {
		e.Err = &d.Err.Error
		if d.Err.Cause != nil {
			e.Err.Err = *d.Err.Cause
		}
	}
	return nil
}

// normalize makes all times of an entry UTC and whole microseconds, which every
// database can keep.
func normalize(e *refund.Entry) {
	times := []*time.Time{&e.BeganAt, &e.ChangedAt, &e.LeaseUntil, &e.Request.Payment.PaidAt}
	for i := range e.History {
		times = append(times, &e.History[i].At, &e.History[i].EventAt)
	}
	if e.Result != nil {
		times = append(times, &e.Result.At)
	}
	if e.Before != nil {
		for i := range e.Before.Refunds {
			times = append(times, &e.Before.Refunds[i].At)
		}
	}
	for _, t := range times {
		*t = microseconds(*t)
	}
}

func microseconds(t time.Time) time.Time { return t.UTC().Round(time.Microsecond) }
