package journal

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// maxClockOff is how far a process's clock may be from the database's. Leases are
// compared by the clocks of those who read them, and count as over a minute later
// than they say.
const maxClockOff = time.Minute

// checkClock refuses a clock that is off. Its leases would hold up others for as long,
// or let them take a refund for unknown that is being sent.
func checkClock(ctx context.Context, db *sql.DB, l language) error {
	query := l.clock()
	if query == "" {
		return nil
	}
	var before, after time.Time
	var micros int64
	if err := persist(ctx, readTries, l.fault, func() error {
		before = time.Now()
		err := db.QueryRowContext(ctx, query).Scan(&micros)
		after = time.Now()
		return err
	}); err != nil {
		return fmt.Errorf("the database does not tell the time: %w", err)
	}
	// It was asked some time in between.
	theirs := time.UnixMicro(micros)
	if off := max(before.Sub(theirs), theirs.Sub(after)); off > maxClockOff {
		return fmt.Errorf("this process's clock says %s and the database's %s: set the one that is wrong, they may differ by %s at most",
			after.UTC().Format(time.RFC3339), theirs.UTC().Format(time.RFC3339), maxClockOff)
	}
	return nil
}
