package pretend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Callback is a message by which a gateway tells a merchant's server how a refund
// stands.
type Callback struct {
	RefundID string // in the ledger; no part of the message
	URL      string // http on loopback, unless [Server.HandTo] is used: a pretend gateway calls nobody else
	Header   http.Header
	Body     []byte

	of *owed // which debt it is a copy of; nil for one of the caller's making
}

// Callbacks are what a gateway's callbacks are made of.
type Callbacks struct {
	// Make returns the message about a refund as it stands now, and false if the
	// gateway sends none in that state or knows no address. The server calls it with
	// the ledger locked; it must not call methods of the Server.
	Make func(r Refund, l *Ledger) (Callback, bool)

	// Accepts reports whether an answer with that HTTP status ends the sending; nil
	// means any 2xx.
	Accepts func(status int) bool

	// Again returns how long the gateway waits after the nth sending that was not
	// accepted, counted from 1, and false when it gives up; nil means at once. Copies
	// that an [Arrangement] makes count as one sending. The server calls it with the
	// ledger locked; it must not call methods of the Server.
	Again func(n int) (time.Duration, bool)
}

// Delivery is one sending of a callback.
type Delivery struct {
	Callback
	Status int   // of the answer, 0 if there was none
	Err    error // why there was none
}

// callTimeout bounds one sending.
const callTimeout = 30 * time.Second

// An Arrangement changes what a [Server.Deliver] sends: the order, the number, or
// the messages themselves. What it leaves out is lost, and what it puts in is sent
// once.
type Arrangement func(all []Callback) []Callback

// Twice sends each message two times, one after the other.
func Twice(all []Callback) []Callback {
	var out []Callback
	for _, c := range all {
		out = append(out, c, c)
	}
	return out
}

// Backwards sends the newest message first.
func Backwards(all []Callback) []Callback {
	all = slices.Clone(all)
	slices.Reverse(all)
	return all
}

// Lost sends nothing.
func Lost([]Callback) []Callback { return nil }

// Shuffled sends the messages in an order that seed alone decides.
func Shuffled(seed uint64) Arrangement {
	return func(all []Callback) []Callback {
		all = slices.Clone(all)
		rand.New(rand.NewPCG(seed, seed)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		return all
	}
}

// Deliver sends, one after the other, the callbacks that are owed and due, in the
// order in which they came up, or as the arrangements, the first one first, make of
// them. One that the merchant's server accepts in no copy stays owed, as the gateway
// made it, as long as the gateway's rule says. It returns what was sent. The error is
// that of ctx, or about a closed server, an address that is not on loopback, or nobody to hand to; what
// was not sent, or was being sent, then stays owed as it was.
//
// It may be called by several goroutines: each sends what is due at its time and
// nobody else is sending.
func (s *Server) Deliver(ctx context.Context, arrange ...Arrangement) ([]Delivery, error) {
	s.mu.Lock()
	taken := s.debts.take(s.now())
	s.mu.Unlock()
	return s.deliverTaken(ctx, taken, arrange)
}

func (s *Server) deliverTaken(ctx context.Context, taken []*owed, arrange []Arrangement) ([]Delivery, error) {
	messages := make([]Callback, len(taken))
	for i, o := range taken {
		messages[i] = o.Callback
	}
	for _, a := range arrange {
		messages = a(messages)
	}
	var done []Delivery
	var err error
	ends := make(map[*owed]end, len(taken)) // without one a message is lost
	for _, c := range messages {
		var d Delivery
		if err == nil {
			if d, err = s.call(ctx, c); err == nil {
				done = append(done, d)
			}
		}
		switch {
		case err != nil:
			ends[c.of] = max(ends[c.of], notSent)
		case s.accepted(d.Status):
			ends[c.of] = accepted
		default:
			ends[c.of] = max(ends[c.of], notAccepted)
		}
	}
	s.settle(taken, ends)
	return done, err
}

// end is what became of a message in a Deliver: of its copies the one that came
// farthest.
type end int

const (
	lost end = iota
	notSent
	notAccepted
	accepted
)

// settle takes out what is no longer owed, and tells the others when they are due.
func (s *Server) settle(taken []*owed, ends map[*owed]end) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range taken {
		owes := false
		switch ends[o] {
		case notSent:
			owes = true
		case notAccepted:
			o.sent++
			owes = s.again(o)
		}
		if owes {
			s.debts.back(o)
		} else {
			s.debts.drop(o)
		}
	}
}

// again reports whether the gateway sends a message once more, and sets when.
func (s *Server) again(o *owed) bool {
	var pause time.Duration
	if s.callbacks.Again != nil {
		var goesOn bool
		if pause, goesOn = s.callbacks.Again(o.sent); !goesOn {
			return false
		}
	}
	o.due = s.now().Add(pause)
	return true
}

func (s *Server) accepted(status int) bool {
	if s.callbacks.Accepts != nil {
		return s.callbacks.Accepts(status)
	}
	return status/100 == 2
}

// Owed returns the callbacks that were not accepted yet, due or not, also those that
// are being sent.
func (s *Server) Owed() []Callback {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Callback
	for _, o := range s.debts.list() {
		all = append(all, o.Callback)
	}
	return all
}

// Send posts a message of the caller's own making, a forged one for example, or
// one that was sent before. The error is one of those of [Server.Deliver].
func (s *Server) Send(ctx context.Context, c Callback) (Delivery, error) { return s.call(ctx, c) }

var errClosed = errors.New("pretend: the server is closed")

// Merchant takes a callback in the merchant's place and returns the HTTP status of its answer; an error means that there was
// none. It may call the Server.
type Merchant func(ctx context.Context, c Callback) (status int, err error)

// HandTo makes callbacks go to m, whatever their address, instead of being posted: [Server.Deliver], [Server.Send] and
// [Server.Early] call it in their own goroutine. A server that is [Options.InMemory] delivers nothing without it.
func (s *Server) HandTo(m Merchant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.merchant = m
}

var errNoMerchant = errors.New("pretend: in memory, callbacks need Server.HandTo")

// call brings a message to the merchant and returns the answer's status.
func (s *Server) call(ctx context.Context, c Callback) (Delivery, error) {
	s.mu.Lock()
	closed, merchant := s.closed, s.merchant
	s.mu.Unlock()
	d := Delivery{Callback: c}
	switch {
	case merchant == nil && s.inMemory:
		return d, errNoMerchant
	case merchant == nil:
		return s.post(ctx, c)
	case ctx.Err() != nil:
		return d, ctx.Err()
	case closed:
		return d, errClosed
	}
	c.Header, c.Body = c.Header.Clone(), bytes.Clone(c.Body)
	if d.Status, d.Err = merchant(ctx, c); d.Err != nil {
		d.Status = 0
		return d, ctx.Err()
	}
	return d, nil
}

// post sends a message and reads the answer's status.
func (s *Server) post(ctx context.Context, c Callback) (Delivery, error) {
	d := Delivery{Callback: c}
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "http" || net.ParseIP(u.Hostname()) == nil || !net.ParseIP(u.Hostname()).IsLoopback() {
		return d, fmt.Errorf("pretend: a callback goes to http on a loopback address only, as in http://127.0.0.1:8080/hook")
	}
	if err := ctx.Err(); err != nil {
		return d, err
	}
	calling, finish, ok := s.begin(ctx)
	if !ok {
		return d, errClosed
	}
	defer finish()
	req, err := http.NewRequestWithContext(calling, http.MethodPost, c.URL, bytes.NewReader(c.Body))
	if err != nil {
		return d, fmt.Errorf("pretend: %w", err)
	}
	req.GetBody = nil // once, also if the connection drops
	req.Header = c.Header.Clone()
	res, err := s.caller.Do(req)
	if err != nil {
		select {
		case <-s.done:
			return d, errClosed
		default:
		}
		d.Err = err
		return d, ctx.Err() // if that is why there was no answer, nobody knows whether the message came
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxBody)) // so that the connection is kept
	d.Status = res.StatusCode
	return d, nil
}

// begin bounds a sending by its time-out and by [Server.Close], which waits for it.
// finish must be called.
func (s *Server) begin(ctx context.Context) (calling context.Context, finish func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, false
	}
	s.active.Add(1)
	calling, cancel := context.WithTimeout(ctx, callTimeout)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-s.done:
			cancel()
		case <-calling.Done():
		}
	}()
	return calling, func() {
		cancel()
		<-watched
		s.active.Done()
	}, true
}

func newCaller() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 10 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// tell makes the message about a refund as it stands now. The ledger is locked.
func (s *Server) tell(r Refund) {
	if s.callbacks.Make == nil {
		return
	}
	if c, ok := s.callbacks.Make(r, s.ledger); ok {
		c.RefundID = r.ID
		s.debts.add(c)
	}
}

// Early makes callbacks come before the answer to the refund call. Each of the next
// bookings takes one word: a final state, Approved or Declined, that the refund gets
// at once, or "" for none; its callbacks are then delivered before the answer leaves.
func (s *Server) Early(states ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.early = append(s.early, states...)
}

// deliverEarly does what [Server.Early] says for a booking.
func (s *Server) deliverEarly(ctx context.Context, r Refund) {
	s.mu.Lock()
	if len(s.early) == 0 {
		s.mu.Unlock()
		return
	}
	state := s.early[0]
	s.early = s.early[1:]
	if state != "" {
		if err := s.decide(r.ID, state); err != nil {
			s.mu.Unlock()
			return // it is not pending: nothing is to be decided
		}
	}
	taken := s.debts.takeOf(r.ID, s.now())
	s.mu.Unlock()
	_, _ = s.deliverTaken(ctx, taken, nil) // what fails stays owed
}

// decide gives a final state and makes the callback. The ledger is locked.
func (s *Server) decide(refundID, state string) error {
	r, err := s.ledger.decide(refundID, state)
	if err != nil {
		return err
	}
	s.tell(r)
	return nil
}

// Reverse takes back a refund that was done: the money did not stay with the
// customer. It then has the state [Reversed] and no longer counts in
// [Server.Refunded]. A refund that does not exist or is not done is an error.
func (s *Server) Reverse(refundID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.ledger.reverse(refundID)
	if err != nil {
		return err
	}
	s.tell(r)
	return nil
}
