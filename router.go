package refund

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
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
// its own gets the name that it has in clients; the caller's client stays as it
// is. One with a journal must have that name already ([WithName]): the journal tells
// payments apart by it, and would not see a refund under the other. The error is
// [InvalidRequest] and names all that is wrong at once.
//
// The router's clients refuse [Request.Params] that are for none of their gateways.
func NewRouter(def string, clients map[string]*Client) (*Router, error) {
	r := &Router{def: def, clients: make(map[string]*Client, len(clients))}
	var problems, prefixes []string
	addf := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, name := range slices.Sorted(maps.Keys(clients)) { // the same mistake must give the same error
		c, shown := clients[name], clip(name, 64)
		switch {
		case name == "":
			addf("a client in a router needs a name")
		case NameFault(name) != "":
			addf("%s", checkName("the name "+strconv.Quote(shown), name).Message)
		case c == nil || c.provider == nil:
			addf("the client %q has no provider", shown)
		case c.named && c.name != name:
			addf("the client %q names itself %q", shown, clip(c.name, 64))
		case c.journal != nil && c.name != name:
			addf("the client %q has a journal, which knows it as %q: used alone and by this router it would be two providers, each of which could refund the same payment; make it with refund.WithName(%q)", shown, clip(c.name, 64), shown)
		default:
			named := *c
			named.name, named.named = name, true
			named.unguarded = new(sync.Once)
			r.clients[name] = &named
			if !slices.Contains(prefixes, c.caps.Gateway) {
				prefixes = append(prefixes, c.caps.Gateway)
			}
		}
	}
	slices.Sort(prefixes)
	for _, c := range r.clients {
		c.prefixes = prefixes
	}
	if len(clients) == 0 {
		addf("a router needs at least one client")
	} else if _, ok := clients[def]; def != "" && !ok {
		addf("the default %q is not among the clients: %s", clip(def, 64), r.names())
	}
	if len(problems) > 0 {
		return nil, &Error{Op: "config", Code: InvalidRequest, Status: StatusNotSent, Message: strings.Join(problems, "; ")}
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
