package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type stateError string // as pgx's and pq's

func (e stateError) Error() string    { return "ERROR: something (SQLSTATE " + string(e) + ")" }
func (e stateError) SQLState() string { return string(e) }

type codeError int // as modernc's

func (e codeError) Error() string { return fmt.Sprintf("something (%d)", int(e)) }
func (e codeError) Code() int     { return int(e) }

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		lang language
		err  error
		want fault
	}{
		{new(postgres), stateError("40001"), conflict},
		{new(postgres), stateError("40P01"), conflict},
		{new(postgres), stateError("55P03"), conflict},
		{new(postgres), stateError("23505"), conflict},
		{new(postgres), fmt.Errorf("wrapped: %w", stateError("40001")), conflict},
		{new(postgres), stateError("57P01"), lost}, // terminated by an administrator
		{new(postgres), stateError("57P03"), lost}, // starting up
		{new(postgres), stateError("08006"), lost},
		{new(postgres), stateError("53300"), lost},
		{new(postgres), stateError("57014"), permanent}, // canceled
		{new(postgres), stateError("22021"), permanent},
		{new(postgres), stateError("23502"), permanent},
		{new(postgres), stateError("42P01"), permanent},
		{new(postgres), errors.New("conn closed"), lost},

		{&sqlite{}, codeError(5), conflict},
		{&sqlite{}, codeError(5 | 2<<8), conflict}, // SQLITE_BUSY_SNAPSHOT
		{&sqlite{}, codeError(6), conflict},
		{&sqlite{}, codeError(8), permanent}, // read-only
		{&sqlite{}, codeError(13), permanent},
		{&sqlite{}, errors.New("database is locked"), conflict},
		{&sqlite{}, errors.New("database is locked (5) (SQLITE_BUSY)"), conflict},
		{&sqlite{}, errors.New("database table is locked: refund_entries"), conflict},
		{&sqlite{}, errors.New("constraint failed: UNIQUE constraint failed: refund_entries.entry_key (2067)"), conflict},
		{&sqlite{}, errors.New("constraint failed: NOT NULL constraint failed: refund_entries.details"), permanent},
		{&sqlite{}, errors.New("no such table: refund_entries"), permanent},

		{mysql{}, errors.New("Error 1213 (40001): Deadlock found when trying to get lock; try restarting transaction"), conflict},
		{mysql{}, errors.New("Error 1205 (HY000): Lock wait timeout exceeded; try restarting transaction"), conflict},
		{mysql{}, errors.New("Error 1062 (23000): Duplicate entry 'k' for key 'refund_entries_key'"), conflict},
		{mysql{}, errors.New("Error 1020 (HY000): Record has changed since last read in table 'refund_entries'"), conflict},
		{mysql{}, errors.New("Error 1213: Deadlock found"), conflict}, // older drivers
		{mysql{}, errors.New("Error 1053 (08S01): Server shutdown in progress"), lost},
		{mysql{}, errors.New("Error 1040: Too many connections"), lost},
		{mysql{}, errors.New("invalid connection"), lost},
		{mysql{}, errors.New("Error 1406 (22001): Data too long for column 'details' at row 1"), permanent},
		{mysql{}, errors.New("Error 1062x"), conflict},

		{new(postgres), driver.ErrBadConn, lost},
		{mysql{}, fmt.Errorf("begin: %w", driver.ErrBadConn), lost},
		{&sqlite{}, sql.ErrConnDone, lost},
		{new(postgres), io.ErrUnexpectedEOF, lost},
		{new(postgres), &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, lost},
		{new(postgres), syscall.EPIPE, lost},
		{mysql{}, errStale, conflict},
		{new(postgres), context.DeadlineExceeded, permanent},
		{new(postgres), fmt.Errorf("timeout: %w", context.Canceled), permanent},
		{mysql{}, errors.New("something else"), permanent},
	} {
		assert.Equal(t, test.want, test.lang.fault(test.err), "%T: %v", test.lang, test.err)
	}
}

func TestPersist(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		err   error
		fails int // times, then it succeeds
		tries int
		ok    bool
	}{
		{"at once", nil, 0, 1, true},
		{"permanent", errRefused, 1, 1, false},
		{"a few conflicts", errConflict, 5, 6, true},
		{"conflicts without end", errConflict, 1 << 30, manyTries, false},
		{"lost", errLost, 2, 3, true},
		{"lost for good", errLost, 1 << 30, 3, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				err := persist(t.Context(), 3, fakeLanguage{}.fault, func() error {
					if tries++; tries <= test.fails {
						return test.err
					}
					return nil
				})
				assert.Equal(t, test.tries, tries)
				if test.ok {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, test.err)
				}
			})
		})
	}
}

func TestPersistEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		begun, tries := time.Now(), 0
		err := persist(ctx, 3, fakeLanguage{}.fault, func() error {
			tries++
			return errConflict
		})
		require.ErrorIs(t, err, errConflict)
		assert.Equal(t, 50*time.Millisecond, time.Since(begun))
		assert.Greater(t, tries, 3)
	})
}
