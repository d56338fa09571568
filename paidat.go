package refund

import "time"

// earliest is the first moment at which a payment can have been made: what lies before
// it is a forgotten or misread time, such as a zero of some system.
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// CheckPaidAt refuses a time that cannot be that of a payment: before 2000, or later
// than now by more than a day. One that is not set passes. [Client] calls it before a
// provider; a provider that decides by the time calls it too, with its own clock.
func (c *Capabilities) CheckPaidAt(op string, paidAt, now time.Time) error {
	if e := checkPaidAt(paidAt, now); e != nil {
		e.Gateway, e.Op, e.Status = c.Gateway, op, StatusNotSent
		return e
	}
	return nil
}

func checkPaidAt(paidAt, now time.Time) *Error {
	why := ""
	switch {
	case paidAt.IsZero():
		return nil
	case paidAt.Before(earliest):
		why = "before the year 2000"
	case paidAt.Sub(now) > 24*time.Hour:
		why = "which lies in the future"
	default:
		return nil
	}
	return invalid("Payment.PaidAt is " + paidAt.UTC().Format(time.RFC3339) + ", " + why + ": give the time of the payment, or leave it out")
}
