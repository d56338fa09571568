package pretend

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorefund/refund/money"
)

// maxBody bounds what is read of a request. No refund request of any gateway comes near it.
const maxBody = 1 << 20

// Server is a pretend gateway at work. All its methods are safe for concurrent use.
type Server struct {
	url       string
	now       func() time.Time
	routes    []Route
	callbacks Callbacks
	elsewhere func(Refund, *Ledger) Refund
	inMemory  bool
	caller    *http.Client
	http      *http.Server
	served    chan struct{} // closed when the accept loop has ended
	done      chan struct{} // closed when Close begins
	once      sync.Once
	active    sync.WaitGroup // handlers, and connections that net/http holds

	mu          sync.Mutex // guards all below; also held while a route judges
	closed      bool
	ledger      *Ledger
	steps       []step
	arrivals    []Request
	requests    int
	connections int
	debts       debts
	early       []string
	merchant    Merchant
}

// step is what befalls one request on a money route. Faults and scripts share one queue, so that they come in the order in
// which they were given.
type step struct {
	fault  Fault
	script *Scripted
}

// Start begins to serve the routes on a free port of 127.0.0.1, or, with [Options.InMemory], on none. The caller must Close
// the server. It fails if a route is unusable or given twice, or if no port can be had.
func Start(o Options) (*Server, error) {
	if len(o.Routes) == 0 {
		return nil, errors.New("pretend: no routes")
	}
	for i, r := range o.Routes {
		if r.Method == "" || !strings.HasPrefix(r.Path, "/") || r.Answer == nil {
			return nil, fmt.Errorf("pretend: route %d (%s %s): method, path from the root and answer are needed", i, r.Method, r.Path)
		}
		for _, earlier := range o.Routes[:i] {
			if earlier.Method == r.Method && earlier.Path == r.Path {
				return nil, fmt.Errorf("pretend: route %s %s is given twice", r.Method, r.Path)
			}
		}
	}
	now := o.Now
	if now == nil {
		now = time.Now
	}
	s := &Server{
		url:       nowhere,
		now:       now,
		elsewhere: o.Elsewhere,
		inMemory:  o.InMemory,
		routes:    slices.Clone(o.Routes),
		callbacks: o.Callbacks,
		caller:    newCaller(),
		served:    make(chan struct{}),
		done:      make(chan struct{}),
		ledger:    newLedger(now),
	}
	s.http = &http.Server{Handler: http.HandlerFunc(s.serve), ConnState: s.connState}
	if o.InMemory {
		close(s.served)
		return s, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("pretend: %w", err)
	}
	s.url = "http://" + listener.Addr().String()
	go func() {
		defer close(s.served)
		_ = s.http.Serve(listener) // it ends with Close; there is nothing else to say about it
	}()
	return s, nil
}

// URL returns "http://127.0.0.1:port", without a slash at the end. In memory nobody listens there.
func (s *Server) URL() string {
	return s.url
}

// Close stops the server: it ends answers that hang, drip or never end, closes all connections and waits until no request
// is being served. The ledger can still be read. Further calls do nothing.
func (s *Server) Close() {
	s.once.Do(func() {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		close(s.done)
		_ = s.http.Close()
		<-s.served
		// A connection accepted while the first Close was under way is known to the HTTP server only now.
		_ = s.http.Close()
		s.active.Wait()
		s.caller.CloseIdleConnections()
	})
}

// Now returns the gateway's time.
func (s *Server) Now() time.Time {
	return s.now()
}

// AddPayment makes a payment known to the gateway. A zero PaidAt becomes Now() - 72h, which is settled by every gateway's day
// rule. An empty id, an amount that is not positive and an id that exists already are errors.
func (s *Server) AddPayment(p Payment) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ledger.add(p)
}

// Payment returns a payment that [Server.AddPayment] made known, with its PaidAt.
func (s *Server) Payment(id string) (Payment, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ledger.Payment(id)
}

// Inject queues faults. Each of the next requests on a money route takes one, in order; NoFault lets a request pass, and so
// does a value that is no fault. Faults and scripts stand in one queue.
func (s *Server) Inject(f ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, fault := range f {
		s.steps = append(s.steps, step{fault: fault})
	}
}

// Script queues answers. Each of the next requests on a money route gets one, word for word, in order. Faults and scripts
// stand in one queue.
func (s *Server) Script(a ...Scripted) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, scripted := range a {
		scripted.Header = scripted.Header.Clone()
		s.steps = append(s.steps, step{script: &scripted})
	}
}

// Decide gives a pending refund its final state, Approved or Declined. A refund that does not exist or is not pending, and
// another state, are errors. The callback about it is owed from then on: see
// [Server.Deliver].
func (s *Server) Decide(refundID, state string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.decide(refundID, state)
}

// Refunds returns the ledger's refunds in the order of booking.
func (s *Server) Refunds() []Refund {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ledger.refunds)
}

// RefundsOf returns the refunds of one payment, in the order of booking.
func (s *Server) RefundsOf(paymentID string) []Refund {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ledger.Refunds(paymentID)
}

// RowsRead returns how many refunds the ledger has handed out so far, to routes and to [Server.RefundsOf]: what look-ups
// cost, in a figure that depends on no clock.
func (s *Server) RowsRead() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ledger.read
}

// Refunded returns how much of a payment has been given back, pending refunds included, declined and reversed ones not: zero in the
// payment's currency if nothing, and no amount at all if there is no such payment.
func (s *Server) Refunded(paymentID string) money.Amount {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ledger.Refunded(paymentID)
}

// Arrivals returns every request that reached a money route, also those that were refused, cut off or redirected. One that
// was dropped unread has no body, and one that was cut off or too large has what was read of it.
func (s *Server) Arrivals() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Request, len(s.arrivals))
	for i, r := range s.arrivals {
		all[i] = r.clone()
	}
	return all
}

// Requests returns the number of requests to any path, known or not.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Connections returns the number of TCP connections accepted so far.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

func (s *Server) connState(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.active.Add(1) // in the accept loop, whose end Close awaits before it waits for these
		s.mu.Lock()
		s.connections++
		s.mu.Unlock()
	case http.StateHijacked, http.StateClosed: // one of them, once
		s.active.Done()
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		cut(w, false)
		return
	}
	s.active.Add(1)
	s.requests++
	s.mu.Unlock()
	defer s.active.Done()

	route, methods := s.route(r.Method, r.URL.Path)
	if route == nil {
		if len(methods) == 0 {
			page(w, http.StatusNotFound)
			return
		}
		w.Header().Set("Allow", strings.Join(methods, ", "))
		page(w, http.StatusMethodNotAllowed)
		return
	}

	var st step
	if route.Money {
		st = s.take()
	}
	request := Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header.Clone()}
	if st.fault == DropUnread {
		s.arrive(route, request)
		cut(w, true)
		return
	}
	var err error
	request.Body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		s.arrive(route, request)
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			page(w, http.StatusRequestEntityTooLarge)
			return
		}
		cut(w, false)
		return
	}
	answer, booked := s.judge(route, request, st)
	if booked != nil {
		s.deliverEarly(r.Context(), *booked)
	}
	s.deliver(w, r, st, answer)
}

// route finds the route for a request: the exact path, else the longest prefix. If the path is known but the method is not,
// it returns the methods that are.
func (s *Server) route(method, path string) (route *Route, methods []string) {
	for i := range s.routes {
		candidate := &s.routes[i]
		exact := candidate.Path == path
		if !exact && !(strings.HasSuffix(candidate.Path, "/") && strings.HasPrefix(path, candidate.Path)) {
			continue
		}
		if candidate.Method != method {
			if !slices.Contains(methods, candidate.Method) {
				methods = append(methods, candidate.Method)
			}
			continue
		}
		// Of two that match, one is a prefix of the other, so the longer one is the closer one.
		if route == nil || len(candidate.Path) > len(route.Path) {
			route = candidate
		}
	}
	return route, methods
}

func (s *Server) take() step {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.steps) == 0 {
		return step{}
	}
	st := s.steps[0]
	s.steps = s.steps[1:]
	return st
}

func (s *Server) arrive(route *Route, r Request) {
	if !route.Money {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrivals = append(s.arrivals, r.clone())
}

// judge records the arrival, lets the route decide, and books, all in one step: whoever sees the arrival also sees the
// booking. booked is the refund if there is one.
func (s *Server) judge(route *Route, r Request, st step) (_ Answer, booked *Refund) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if route.Money {
		s.arrivals = append(s.arrivals, r.clone())
	}
	var scripted Answer
	if st.script != nil {
		scripted = Answer{Status: st.script.Status, Header: st.script.Header, Body: []byte(st.script.Body)}
	}
	if !st.fault.books() || st.script != nil && !st.script.Book {
		return scripted, nil
	}
	answer := route.Answer(r, s.ledger)
	if answer.Booking != nil {
		made, err := s.ledger.book(*answer.Booking)
		if err != nil {
			return plain("pretend: a route booked " + err.Error()), nil // a mistake in the pretend gateway, to be seen at once
		}
		s.tell(made)
		booked = &made
	}
	if st.script != nil {
		return scripted, booked
	}
	return answer, booked
}
