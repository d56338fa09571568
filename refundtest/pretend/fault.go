package pretend

import "strconv"

// Fault is something that goes wrong with one request. Each says whether the refund is booked, since that is what a client
// can't see.
type Fault uint8

// The faults. "Booked" means that a request which the gateway accepts goes into the ledger; one that it refuses never does,
// and the fault then befalls the refusal.
const (
	NoFault           Fault = iota // the request is served as usual
	DropUnread                     // connection reset before the body is read; nothing booked
	DropBeforeBooking              // request read, nothing booked, connection closed
	DropAfterBooking               // booked, connection closed without an answer
	HangBeforeBooking              // request read, nothing booked, no answer until the client gives up or Close
	HangAfterBooking               // booked, no answer until the client gives up or Close
	Truncated                      // booked; headers with the full Content-Length, half of the body, then closed
	TruncatedChunked               // booked; chunked, half of the body, then closed without the last chunk
	HTMLError                      // booked; 502 with an HTML page
	HTMLOK                         // booked; 200 with an HTML page
	Empty                          // booked; 200 without a body
	NoContent                      // booked; 204
	TypeDrift                      // booked; the answer with its side fields in other types
	WrongContentType               // booked; the right JSON, called text/html
	Redirect307                    // nothing booked; 307 to the same path with "?again=1", so that a follower arrives twice
	Redirect302                    // nothing booked; 302 to the same place
	SlowDrip                       // booked; one byte of the answer every 20 ms, each flushed
	Oversized                      // booked; the right JSON followed by 2 MiB of spaces
	Endless                        // booked; the beginning of a JSON string that never ends
	GzipBomb                       // booked; the right JSON and 64 MiB of spaces, gzipped to less than 128 KiB
	ServerError                    // nothing booked; 500 with a JSON body
	ServerErrorBooked              // booked; the same answer
)

var faultNames = [...]string{
	NoFault:           "no fault",
	DropUnread:        "drop unread",
	DropBeforeBooking: "drop before booking",
	DropAfterBooking:  "drop after booking",
	HangBeforeBooking: "hang before booking",
	HangAfterBooking:  "hang after booking",
	Truncated:         "truncated",
	TruncatedChunked:  "truncated chunked",
	HTMLError:         "html error",
	HTMLOK:            "html ok",
	Empty:             "empty",
	NoContent:         "no content",
	TypeDrift:         "type drift",
	WrongContentType:  "wrong content type",
	Redirect307:       "redirect 307",
	Redirect302:       "redirect 302",
	SlowDrip:          "slow drip",
	Oversized:         "oversized",
	Endless:           "endless",
	GzipBomb:          "gzip bomb",
	ServerError:       "server error",
	ServerErrorBooked: "server error booked",
}

// String returns the fault's name in words, "drop after booking".
func (f Fault) String() string {
	if int(f) < len(faultNames) {
		return faultNames[f]
	}
	return "Fault(" + strconv.Itoa(int(f)) + ")"
}

// Faults returns all faults but [NoFault], in order.
func Faults() []Fault {
	all := make([]Fault, 0, len(faultNames)-1)
	for f := NoFault + 1; int(f) < len(faultNames); f++ {
		all = append(all, f)
	}
	return all
}

// books tells whether the gateway gets to judge and book a request that meets this fault.
func (f Fault) books() bool {
	switch f {
	case DropUnread, DropBeforeBooking, HangBeforeBooking, Redirect307, Redirect302, ServerError:
		return false
	default:
		return true
	}
}
