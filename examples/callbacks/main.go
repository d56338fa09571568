// Callbacks is a small service that refunds through Paynet and Redstone, gets their
// callbacks, and prints how the refunds move:
//
//	go run ./examples/callbacks
//
// It needs nothing but Go: the gateways are pretend ones on loopback, and no real
// money moves. A service of your own has a journal in a database in place of
// [journal.Memory], and a poller for the refunds whose callback never comes: see
// package poller.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet"
	"github.com/gorefund/refund/redstone"
	"github.com/gorefund/refund/webhook"
)

// These would come from the environment: 32 random bytes of your own for each provider,
// the same on every machine.
const (
	paynetCallbacks   = "an example's secret, not for production"
	redstoneCallbacks = "another example's secret, not for production"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "callbacks:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	gateways, err := startSandbox()
	if err != nil {
		return err
	}
	defer gateways.Close()

	viaPaynet, err := paynet.New(paynet.Config{
		SecretKey: gateways.paynet.SecretKey(), CallbackSecret: paynetCallbacks,
		Environment: refund.Sandbox, BaseURL: gateways.paynet.URL(), AssumeSettled: true,
	})
	if err != nil {
		return err
	}
	viaRedstone, err := redstone.New(redstone.Config{
		SecretKey: gateways.redstone.SecretKey(), PublicKey: gateways.redstone.PublicKey(), CallbackSecret: redstoneCallbacks,
		Environment: refund.Sandbox, BaseURL: gateways.redstone.URL(),
	})
	if err != nil {
		return err
	}

	s, err := newService(out, journal.Memory(), map[string]refund.Provider{"shop-tr": viaPaynet, "shop-zm": viaRedstone})
	if err != nil {
		return err
	}
	defer s.Close()
	return s.show(ctx, gateways)
}

// service is what a shop runs.
type service struct {
	out     io.Writer
	clients map[string]*refund.Client
	hooks   map[string]*webhook.Handler
	http    *http.Server
	url     string
}

func newService(out io.Writer, books refund.Journal, providers map[string]refund.Provider) (*service, error) {
	s := &service{out: out, clients: make(map[string]*refund.Client), hooks: make(map[string]*webhook.Handler)}
	mux := http.NewServeMux()
	for name, provider := range providers {
		// Neither gateway signs its callbacks. What comes to an address with a
		// refund's own token is believed here, because this says so.
		client := refund.New(provider, refund.WithName(name), refund.WithJournal(books), refund.WithTrust(refund.TrustToken))
		hook, err := webhook.New(client, webhook.WithNotify(s.notify), webhook.WithLogger(slog.New(slog.DiscardHandler)))
		if err != nil {
			return nil, err
		}
		s.clients[name], s.hooks[name] = client, hook
		mux.Handle("POST /callbacks/"+name, hook)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.url = "http://" + listener.Addr().String() // yours is public, and https
	s.http = &http.Server{Handler: mux}
	go func() { _ = s.http.Serve(listener) }() // it ends with Close
	return s, nil
}

func (s *service) Close() { _ = s.http.Close() }

// wait returns when all callbacks that were answered have been carried out.
func (s *service) wait() {
	for _, hook := range s.hooks {
		hook.Wait()
	}
}

// notify is where a shop would tell its customer. It is called again if it fails.
func (s *service) notify(_ context.Context, n webhook.Notice) error {
	if n.Entry == nil {
		_, err := fmt.Fprintf(s.out, "  event %s: %s\n", n.Event.ID, n.Why)
		return err
	}
	text := n.Entry.Status.String()
	if n.Entry.Flagged() {
		text += ", somebody should look"
	}
	_, err := fmt.Fprintf(s.out, "  %-8s %-9s -> %s\n", n.Entry.Key, n.From, text)
	return err
}

// refund gives money back, and prints how things stand at once.
func (s *service) refund(ctx context.Context, provider, key, payment, amount string) {
	req := refund.Partial(payment, money.MustParse(amount))
	req.Key, req.CallbackURL = key, s.url+"/callbacks/"+provider
	res, err := s.clients[provider].Refund(ctx, req)
	switch {
	case err == nil:
		fmt.Fprintf(s.out, "  %-8s %s of %s: %s\n", key, amount, payment, res.Status)
	case errors.Is(err, refund.OutcomeUnknown):
		fmt.Fprintf(s.out, "  %-8s %s of %s: unknown, the answer got lost\n", key, amount, payment)
	default:
		fmt.Fprintf(s.out, "  %-8s %s of %s: %v\n", key, amount, payment, err)
	}
}

// show makes refunds and lets the gateways call back in every bad way.
func (s *service) show(ctx context.Context, g *sandbox) error {
	fmt.Fprintln(s.out, "Refunds:")
	s.refund(ctx, "shop-tr", "tr-1", "xk_10001", "10.00 TRY")
	s.refund(ctx, "shop-zm", "zm-1", "PY_10001", "12.50 ZMW")
	g.paynet.Inject(dropTheAnswer)
	s.refund(ctx, "shop-tr", "tr-2", "xk_10002", "20.00 TRY")

	fmt.Fprintln(s.out, "\nThe gateways decide, and call back twice, the newest first:")
	for _, decide := range []error{g.approvePaynet(0), g.approvePaynet(1), g.declineRedstone(0)} {
		if decide != nil {
			return decide
		}
	}
	if err := g.deliver(ctx, s.wait); err != nil {
		return err
	}

	fmt.Fprintln(s.out, "\nSomebody forges callbacks:")
	refused, err := g.forge(ctx, s.url+"/callbacks/shop-tr")
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "  %d sent, %d refused, nothing changed\n", refused.sent, refused.refused)

	fmt.Fprintln(s.out, "\nPaynet takes an approval back:")
	if err := g.takeBackPaynet(0); err != nil {
		return err
	}
	if err := g.deliver(ctx, s.wait); err != nil {
		return err
	}

	fmt.Fprintln(s.out, "\nIn the journal:")
	for _, one := range []struct{ provider, key string }{{"shop-tr", "tr-1"}, {"shop-tr", "tr-2"}, {"shop-zm", "zm-1"}} {
		e, err := s.clients[one.provider].Entry(ctx, one.key)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "  %-8s", one.key)
		for i, ch := range e.History {
			if i > 0 {
				fmt.Fprint(s.out, " ->")
			}
			fmt.Fprintf(s.out, " %s (%s)", ch.Status, ch.Cause)
		}
		if _, err := fmt.Fprintf(s.out, "; has money moved? %s\n", e.Status.MoneyMoved()); err != nil {
			return err
		}
	}
	return nil
}
