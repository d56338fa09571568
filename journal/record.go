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
	history string          // of the entry, as JSON without the brackets; empty if nobody has made it
	details string
}

// details is what no query asks for, stored as JSON.
type details struct {
	Request    json.RawMessage     `json:"request"`
	Result     *refund.Result      `json:"result,omitempty"`
	Err        *failure            `json:"error,omitempty"`
	History    []change            `json:"history"`
	Before     *refund.Report      `json:"before,omitempty"`
	Elsewhere  []refund.SeenRefund `json:"elsewhere,omitempty"`
	Earlier    []string            `json:"earlier,omitempty"`
	BeganAt    time.Time           `json:"began_at"`
	ChangedAt  time.Time           `json:"changed_at"`
	LeaseUntil time.Time           `json:"lease_until"`
}

// failure is an error whose cause survives as its text.
type failure struct {
	refund.Error
	Cause *cause `json:"cause,omitempty"`
}

func newFailure(e *refund.Error) *failure {
	f := &failure{Error: *e}
	if e.Err != nil {
		text := cause(e.Err.Error())
		f.Cause = &text
	}
	return f
}

type cause string

func (c cause) Error() string { return string(c) }

// change has the trust as a number: refund.Trust writes a word, but reads none.
type change struct {
	refund.Change
	Trust uint8 `json:"trust,omitempty"`
}

// newRecord takes over the entry of an intent.
func newRecord(e *refund.Entry, stamp int64) (*record, error) {
	request, err := json.Marshal(&e.Request)
	if err != nil {
		return nil, err
	}
	r := &record{entry: e, stamp: stamp, open: e.Status == refund.StatusUnknown, request: request}
	if err := r.encode(""); err != nil {
		return nil, err
	}
	return r, nil
}

// encode makes the details of the entry. They are what encoding/json makes of the
// type details, but a refund waits for this twice, and much of the text is there
// already: the request, and the history without its last change, if it is given.
func (r *record) encode(history string) error {
	var (
		e    = r.entry
		room [1024]byte
		text = append(append(room[:0], `{"request":`...), r.request...)
		err  error
	)
	add := func(name string, value any) {
		var part []byte
		if err == nil {
			part, err = json.Marshal(value)
		}
		text = append(append(text, name...), part...)
	}
	if e.Result != nil {
		add(`,"result":`, e.Result)
	}
	if e.Err != nil {
		add(`,"error":`, newFailure(e.Err))
	}

	text = append(text, `,"history":[`...)
	from := len(text)
	next := e.History
	if history != "" {
		text = append(text, history...)
		next = next[len(next)-1:]
	}
	for _, c := range next {
		if len(text) > from {
			text = append(text, ',')
		}
		add("", &change{Change: c, Trust: uint8(c.Trust)})
	}
	to := len(text)
	text = append(text, ']')

	if e.Before != nil {
		add(`,"before":`, e.Before)
	}
	if len(e.Elsewhere) > 0 {
		add(`,"elsewhere":`, e.Elsewhere)
	}
	if len(e.Earlier) > 0 {
		add(`,"earlier":`, e.Earlier)
	}
	for _, t := range []struct {
		name string
		at   time.Time
	}{{"began_at", e.BeganAt}, {"changed_at", e.ChangedAt}, {"lease_until", e.LeaseUntil}} {
		text = append(append(append(text, `,"`...), t.name...), `":"`...)
		if err == nil {
			text, err = t.at.AppendText(text)
		}
		text = append(text, '"')
	}
	if err != nil {
		return err
	}
	r.details = string(append(text, '}'))
	r.history = r.details[from:to]
	return nil
}

// admitted is the record of a begin that takes this amount of the payment.
func (r *record) admitted(amount money.Amount) *record {
	if r.entry.Amount == amount {
		return r
	}
	next, e := *r, *r.entry
	e.Amount = amount
	next.entry = &e
	return &next
}

// moved is what a move makes of the record.
func (r *record) moved(m *refund.Move, stamp int64) (*record, error) {
	next := &record{entry: moved(r.entry, m), stamp: stamp, request: r.request}
	// A refund that somehow becomes unknown again must not collide with another
	// one that was begun meanwhile.
	next.open = r.open && next.entry.Status == refund.StatusUnknown
	if err := next.encode(r.history); err != nil {
		return nil, err
	}
	return next, nil
}

// readColumns are what scan reads.
const readColumns = "entry_key, provider, gateway, environment, status, amount_minor, currency, version, stamp, open_mark, details"

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
	into := append([]any{&e.Key, &e.Provider, &e.Gateway, &e.Environment, &status, &minor, &currency, &e.Version, &r.stamp, &open, &r.details}, more...)
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
	e.Result, e.Before, e.Elsewhere, e.Earlier = d.Result, d.Before, d.Elsewhere, d.Earlier
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
