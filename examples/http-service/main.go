// Http-service offers refunds over HTTP to the other services of a shop:
//
//	go run ./examples/http-service -sandbox
//	curl -i -H 'Content-Type: application/json' -d '{"payment":"TRX-10001","kind":"partial","amount":"10.00 PHP"}' http://127.0.0.1:8080/refunds
//
// With -sandbox it starts two pretend gateways and moves no real money. Without
// it the providers come from -config FILE, or from the environment as
// config.FromEnv reads it: REFUND_CONFIG=refund.json, or REFUND_GATEWAY=tlpe and
// its fields.
//
// Two things a real service must add. It knows no users: whoever reaches it can
// give your money back, so it listens on loopback only unless told otherwise. And
// it remembers nothing: two equal POSTs are two refunds. Write down what is asked
// before it is sent, under a key of the caller's, and answer a key that is known
// already from what was written. A caller that gets no answer at all knows
// nothing either, and must not simply ask again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/config"
)

const (
	// refundTime bounds one refund. It is longer than the adapters' own limit
	// of 60 s, so that they are the first to notice, and say what is known.
	refundTime = 70 * time.Second

	// answerTime is the server's limit for one request, and how long a
	// shutdown waits for the last one: a refund must not be cut off halfway.
	answerTime = refundTime + 10*time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "http-service:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("http-service", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listen := flags.String("listen", "127.0.0.1:8080", "`address` to listen on")
	path := flags.String("config", "", "configuration `file`; without it the environment is read")
	sandbox := flags.Bool("sandbox", false, "refund through pretend gateways")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}

	log := slog.New(slog.NewTextHandler(stderr, nil))
	cfg, closeGateways, err := open(*path, *sandbox)
	if err != nil {
		return err
	}
	defer closeGateways()
	router, err := cfg.Router(refund.WithLogger(log))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	log.Info("ready", "address", listener.Addr().String(), "providers", cfg) // shows no secret
	return serve(ctx, listener, newHandler(router), log)
}

// open reads the configuration. The function that it returns ends what was
// started for it.
func open(path string, sandbox bool) (*config.Config, func(), error) {
	nothing := func() {}
	switch {
	case sandbox && path != "":
		return nil, nothing, errors.New("-sandbox and -config exclude each other")
	case sandbox:
		s, err := startSandbox()
		if err != nil {
			return nil, nothing, err
		}
		return s.config, s.Close, nil
	case path != "":
		cfg, err := config.Load(path)
		return cfg, nothing, err
	default:
		cfg, err := config.FromEnv()
		return cfg, nothing, err
	}
}

// serve answers until ctx ends, and then brings the running refunds to their
// end.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      answerTime,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("shutting down")
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
	defer cancel()
	return server.Shutdown(last)
}
