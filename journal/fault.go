package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"syscall"
	"time"
)

// fault is a kind of error of a database.
type fault uint8

const (
	permanent fault = iota
	conflict        // with somebody else: nothing was done, and it may be done again
	lost            // the connection: it may have been done or not
)

const (
	// manyTries is for what must not fail because others are busy.
	manyTries = 100
	// fewTries is for a lost connection, where somebody waits for a refund that
	// has not been sent.
	fewTries  = 5
	readTries = 5

	firstPause   = time.Millisecond
	longestPause = 100 * time.Millisecond
)

// errStale means that a row is no longer what this store knew or read.
var errStale = errors.New("a row was changed meanwhile")

// commonFault knows what is no dialect's own. The texts are the last resort:
// those of pgx and of the MySQL driver for a connection that is gone, for which
// they have no exported value or method.
func commonFault(err error) fault {
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return permanent // it is over
	case errors.Is(err, errStale):
		return conflict
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, net.ErrClosed), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.ECONNREFUSED),
		errors.As(err, &network):
		return lost
	}
	for _, text := range []string{"conn closed", "connection reset", "broken pipe", "connection refused", "unexpected EOF"} {
		if strings.Contains(err.Error(), text) {
			return lost
		}
	}
	return permanent
}

// persist repeats f while it fails by a conflict, at most manyTries times, or by
// a lost connection, at most lostTries times.
func persist(ctx context.Context, lostTries int, kind func(error) fault, f func() error) error {
	pause := firstPause
	for try := 1; ; try++ {
		err := f()
		if err == nil {
			return nil
		}
		limit := 1
		switch kind(err) {
		case conflict:
			limit = manyTries
		case lost:
			limit = lostTries
		}
		if try >= limit {
			return err
		}
		timer := time.NewTimer(pause/2 + rand.N(pause/2))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
		pause = min(2*pause, longestPause)
	}
}
