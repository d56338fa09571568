package paynet

import "time"

const (
	timeZone = "Europe/Istanbul"
	margin   = 15 * time.Minute
)

// calendar answers the questions of the day rule, in the time zone whose
// midnight is assumed to count.
type calendar struct {
	now  func() time.Time
	zone *time.Location
}

func newCalendar(now func() time.Time) calendar {
	if now == nil {
		now = time.Now
	}
	zone, err := time.LoadLocation(timeZone)
	if err != nil { // a machine without zone data; Turkey has kept UTC+3 since 2016
		zone = time.FixedZone(timeZone, 3*60*60)
	}
	return calendar{now: now, zone: zone}
}

// nearMidnight reports whether the day changes, or changed, within the margin.
func (c calendar) nearMidnight() bool {
	now := c.now()
	return c.date(now.Add(-margin)) != c.date(now.Add(margin))
}

// isToday reports whether t may count as today at Paynet. A sale of the last
// minutes of yesterday may have reached Paynet today, and one that lies in the
// future is no proof of an earlier day.
func (c calendar) isToday(t time.Time) bool {
	return c.date(t.Add(margin)) >= c.date(c.now())
}

// lasts reports whether t's day is today at Paynet, and not over within the margin.
func (c calendar) lasts(t time.Time) bool {
	return c.date(t) == c.date(c.now().Add(margin))
}

// date is the calendar day as a number that grows with time.
func (c calendar) date(t time.Time) int64 {
	_, offset := t.In(c.zone).Zone()
	const day = 24 * 60 * 60
	seconds := t.Unix() + int64(offset)
	if seconds < 0 {
		seconds -= day - 1 // division rounds towards zero
	}
	return seconds / day
}

// text is t's day, or that so many days later, as the look-ups write it.
func (c calendar) text(t time.Time, later int) string {
	return t.In(c.zone).AddDate(0, 0, later).Format(time.DateOnly)
}

// parse reads a date of Paynet's, which documents and samples write in several
// ways. It is zero if there is none: an empty date is written as one of long ago.
func (c calendar) parse(s string) time.Time {
	for _, layout := range []string{"2006-01-02T15:04:05", time.RFC3339, time.DateOnly, "02.01.2006", "02.01.2006 15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, c.zone); err == nil && t.Year() >= 2000 {
			return t
		}
	}
	return time.Time{}
}
