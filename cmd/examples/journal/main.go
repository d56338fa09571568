// Journal shows what is left of a refund when the program dies in the middle of
// it, and how the truth comes out:
//
//	go run ./cmd/examples/journal
//
// A shop, in a process of its own, gives money back and is killed when the
// gateway has booked the refund and the answer is not stored yet. Then it is
// started again, on the same SQLite file. The gateway is a pretend one on
// loopback, no real money moves, and no time passes: the clock is turned. What a
// program of your own needs stands in shop.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

var (
	morning = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	noon    = morning.Add(2 * time.Hour)
)

func main() {
	if err := program(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "journal:", err)
		os.Exit(1)
	}
}

// program is the story or, as a process of its own, the shop in it.
func program(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 && args[0] == "shop" {
		return shop(ctx, args[1:], out)
	}
	return story(ctx, out)
}

func story(ctx context.Context, out io.Writer) error {
	gateway, err := tlpetest.Start(tlpetest.Config{Now: func() time.Time { return morning }})
	if err != nil {
		return err
	}
	defer gateway.Close()
	if err := gateway.AddPayment(pretend.Payment{ID: payment, Amount: paid}); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "refund-journal-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "journal.db")
	start := func(args ...string) error {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, self, append([]string{"shop", file, gateway.URL()}, args...)...)
		cmd.Stdout, cmd.Stderr = out, os.Stderr
		return cmd.Run()
	}

	fmt.Fprintf(out, "10:00  The shop gives the payment %s of %s back.\n", payment, paid)
	err = start("morning")
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != -1 {
		return fmt.Errorf("the shop was to be killed, and it ended with: %w", err)
	}
	fmt.Fprintf(out, "       ... and is killed. The gateway has given %s back; nobody has noted that.\n", gateway.Refunded(payment))

	fmt.Fprint(out, "\n12:00  The shop is started again.\n")
	if err := start("noon"); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nIn the gateway's books: %s, in %d refund. Requests for it that came: %d.\n",
		gateway.Refunded(payment), len(gateway.Refunds()), len(gateway.Arrivals()))
	return err
}
