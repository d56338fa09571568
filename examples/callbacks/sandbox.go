package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/redstone/redstonetest"
	"github.com/gorefund/refund/refundtest/pretend"
)

// sandbox is two pretend gateways on loopback.
type sandbox struct {
	paynet   *paynettest.Gateway
	redstone *redstonetest.Gateway
}

const dropTheAnswer = pretend.DropAfterBooking

func startSandbox() (*sandbox, error) {
	p, err := paynettest.Start(paynettest.Config{})
	if err != nil {
		return nil, err
	}
	r, err := redstonetest.Start(redstonetest.Config{})
	if err != nil {
		p.Close()
		return nil, err
	}
	s := &sandbox{p, r}
	paid := func(id, amount string) pretend.Payment {
		return pretend.Payment{ID: id, Amount: money.MustParse(amount)}
	}
	err = errors.Join(
		p.AddPayment(paid("xk_10001", "100.00 TRY")), p.AddPayment(paid("xk_10002", "100.00 TRY")),
		r.AddPayment(paid("PY_10001", "100.00 ZMW")),
	)
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *sandbox) Close() {
	s.paynet.Close()
	s.redstone.Close()
}

func (s *sandbox) approvePaynet(n int) error   { return s.paynet.Approve(s.paynet.Refunds()[n].ID) }
func (s *sandbox) takeBackPaynet(n int) error  { return s.paynet.Reverse(s.paynet.Refunds()[n].ID) }
func (s *sandbox) declineRedstone(n int) error { return s.redstone.Decline(s.redstone.Refunds()[n].ID) }

// deliver sends all callbacks that are owed, each twice and the newest first; done
// waits until the shop has carried them out.
func (s *sandbox) deliver(ctx context.Context, done func()) error {
	for _, server := range []*pretend.Server{s.paynet.Server, s.redstone.Server} {
		if _, err := server.Deliver(ctx, pretend.Backwards, pretend.Twice); err != nil {
			return err
		}
		done()
	}
	return nil
}

type forged struct{ sent, refused int }

// forge sends callbacks as somebody would who knows the address of the service, but
// no refund's token.
func (s *sandbox) forge(ctx context.Context, url string) (forged, error) {
	var f forged
	for _, query := range []string{"", "?refund_key=tr-1", "?refund_key=tr-1&refund_token=AAAA"} {
		d, err := s.paynet.Send(ctx, pretend.Callback{
			URL: url + query, Header: http.Header{"Content-Type": {"application/json"}},
			Body: []byte(`{"xact_id":"xk_reversed_1","code":"1","status":"4","message":"forged"}`),
		})
		if err != nil {
			return f, err
		}
		f.sent++
		if d.Status == http.StatusForbidden {
			f.refused++
		}
	}
	return f, nil
}
