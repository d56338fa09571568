package refund

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Router is a [Refunder] over several clients: [Request.Provider] picks one, so
// that each payment is refunded where it was paid. Make it with [NewRouter]. A
// Router is safe for concurrent use.
type Router struct {
	def     string
	clients map[string]*Client
}

// NewRouter makes a Router. def is the name for requests without a Provider; an
// empty def means that each request has to name one. A client without a name of
// its own gets the name that it has in clients.
func NewRouter(def string, clients map[string]*Client) (*Router, error) {
	r := &Router{def: def, clients: make(map[string]*Client, len(clients))}
	for name, c := range clients {
		switch {
		case name == "":
			return nil, errors.New("refund: a client in a router needs a name")
		case c == nil || c.provider == nil:
			return nil, fmt.Errorf("refund: the client %q has no provider", name)
		case c.named && c.name != name:
			return nil, fmt.Errorf("refund: the client %q names itself %q", name, c.name)
		}
		named := *c
		named.name, named.named = name, true
		r.clients[name] = &named
	}
	if len(clients) == 0 {
		return nil, errors.New("refund: a router needs at least one client")
	}
	if def != "" && r.clients[def] == nil {
		return nil, fmt.Errorf("refund: the default %q is not among the clients: %s", def, r.names())
	}
	return r, nil
}

// Refund passes req to the client that req.Provider names. An unknown name is an
// [InvalidRequest] error and nothing is sent.
func (r *Router) Refund(ctx context.Context, req Request) (*Result, error) {
	c, err := r.Client(req.Provider)
	if err != nil {
		return nil, err
	}
	return c.Refund(ctx, req)
}

// Client returns the client of that name, "" for the default.
func (r *Router) Client(name string) (*Client, error) {
	if name == "" {
		name = r.def
	}
	if c := r.clients[name]; c != nil {
		return c, nil
	}
	message := fmt.Sprintf("there is no provider %q; known: %s", clip(name, 64), r.names())
	if name == "" {
		message = "the request names no Provider and the router has no default; known: " + r.names()
	}
	return nil, &Error{Op: "refund", Code: InvalidRequest, Status: StatusNotSent, Message: message}
}

// Names returns the names of the clients in alphabetical order.
func (r *Router) Names() []string { return slices.Sorted(maps.Keys(r.clients)) }

func (r *Router) names() string { return strings.Join(r.Names(), ", ") }
