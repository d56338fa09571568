package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode/utf8"

	"github.com/gorefund/refund"
)

// Store is a [refund.Journal] in a database. It is safe for concurrent use, also
// by any number of processes that have opened the same tables. Make it with
// [Open].
//
// Callers that come at the same time share a transaction, and so its flush to
// the disk. Each call is decided in turn, as if it were alone.
//
// A call whose context ends while it waits for its turn gets the context's
// error, and nothing has happened. One that is already part of a transaction
// waits for the end of that, at most ten seconds.
type Store struct {
	db     *sql.DB
	lang   language
	queue  queue
	recent recent
}

var _ refund.Journal = (*Store)(nil)

// Open makes or upgrades the journal's tables in db where that is needed, and
// returns the journal. The tables stand where unqualified names lead; their names
// begin with "refund_". Several processes may open the same ones at once. A
// program that is older than the tables gets an error, and so does a process whose
// clock is more than a minute off the database's.
//
// How durable a refund is, is the setting of db: with SQLite use
// journal_mode=WAL and synchronous=FULL, and a busy time-out; leave PostgreSQL's
// synchronous_commit and MySQL's innodb_flush_log_at_trx_commit as they are by
// default. A server that loses what it has committed makes refunds be sent again.
func Open(ctx context.Context, db *sql.DB, d Dialect) (*Store, error) {
	if db == nil {
		return nil, errors.New("journal: the database is nil")
	}
	lang, err := d.language()
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, db, lang); err != nil {
		return nil, fmt.Errorf("journal: the tables cannot be made or upgraded: %w", err)
	}
	if err := lang.prepare(ctx, db); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if err := checkClock(ctx, db, lang); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return newStore(db, lang), nil
}

func newStore(db *sql.DB, lang language) *Store {
	s := &Store{db: db, lang: lang, recent: recent{entries: make(map[string]*record)}}
	s.queue.run = s.run
	return s
}

// Begin stores an intent as [refund.Journal] says.
func (s *Store) Begin(ctx context.Context, in refund.Intent) (e *refund.Entry, fresh bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	if err := checkTexts(&in); err != nil {
		return nil, false, err
	}
	o := newOp(in.Key)
	o.intent = &in
	if amount, err := in.Admit(nil); err == nil { // else other entries may give another reason
		if o.ready, err = newRecord(begun(&in, amount, nil), o.stamp); err != nil {
			return nil, false, fmt.Errorf("journal: the refund cannot be stored: %w", err)
		}
	}
	if err := s.queue.do(ctx, o); err != nil {
		return nil, false, err
	}
	return o.entry.Clone(), o.fresh, nil
}

// Move changes the state of an entry as [refund.Journal] says.
func (s *Store) Move(ctx context.Context, key string, version int64, m refund.Move) (*refund.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !storable(key) {
		return nil, refund.ErrNoEntry
	}
	o := newOp(key)
	o.move, o.version = &m, version
	if known := s.recent.get(key); known != nil && known.entry.Version == version {
		moved, err := known.moved(&m, o.stamp)
		if err != nil {
			return nil, fmt.Errorf("journal: the change cannot be stored: %w", err)
		}
		o.known, o.ready = known, moved
	}
	if err := s.queue.do(ctx, o); err != nil {
		return nil, err
	}
	return o.entry.Clone(), nil
}

// Entry returns the entry of a key, or [refund.ErrNoEntry].
func (s *Store) Entry(ctx context.Context, key string) (*refund.Entry, error) {
	if !storable(key) {
		return nil, refund.ErrNoEntry
	}
	var found []*record
	err := persist(ctx, readTries, s.lang.fault, func() (err error) {
		found, err = scan(s.db.QueryContext(ctx, "SELECT "+readColumns+" FROM refund_entries WHERE entry_key = "+s.lang.param(1), key))
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("journal: %w", err)
	case len(found) == 0:
		return nil, refund.ErrNoEntry
	}
	return found[0].entry, nil
}

// op is one call of Begin or Move on its way through a batch.
type op struct {
	turn

	key   string
	stamp int64 // marks what this call wrote, and no other

	intent *refund.Intent // of Begin, else nil

	move    *refund.Move // of Move, else nil
	version int64        // the entry's, as the caller of Move knows it
	known   *record      // what this store itself wrote under that version, nil if it is not known any more

	// ready is what the caller expects to be written, nil if it expects nothing:
	// of a Begin, the first entry of a payment. It is made before the batch, where
	// callers don't wait for each other.
	ready *record

	entry   *refund.Entry // of a record: the caller gets a copy
	fresh   bool
	settled bool // durable, and not to be carried out again
}

func newOp(key string) *op {
	return &op{key: key, stamp: newStamp(), turn: turn{wake: make(chan struct{}, 1)}}
}

func newStamp() int64 { return rand.Int64N(1<<63-1) + 1 }

// maxText is the longest text, in bytes, that a searched column takes in every
// dialect.
const maxText = 255

func storable(s string) bool {
	return s != "" && len(s) <= maxText && utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

func checkTexts(in *refund.Intent) error {
	for _, f := range []struct{ name, text string }{
		{"key", in.Key}, {"provider", in.Provider}, {"gateway", in.Gateway}, {"payment's id", in.Request.Payment.ID},
	} {
		if !storable(f.text) {
			return fmt.Errorf("journal: the %s must be UTF-8 of 1 to %d bytes without a zero byte", f.name, maxText)
		}
	}
	if in.Environment != "" && !storable(string(in.Environment)) {
		return fmt.Errorf("journal: the environment must be empty or UTF-8 of at most %d bytes without a zero byte", maxText)
	}
	return nil
}
