package main

import (
	"errors"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/redstone/redstonetest"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tarlan/tarlantest"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

// dropTheAnswer is what happens on a bad day: the refund is booked, and the
// connection breaks before the answer.
const dropTheAnswer = pretend.DropAfterBooking

// shop is what was sold through one provider: two payments of the same amount.
type shop struct {
	provider      string
	first, second string
	paid, part    money.Amount
}

var shops = []shop{
	{"shop-kz", "10001", "10002", money.MustParse("5000.00 KZT"), money.MustParse("1500.00 KZT")},
	{"shop-zm", "PY_10001", "PY_10002", money.MustParse("80.00 ZMW"), money.MustParse("12.50 ZMW")},
	{"shop-tr", "xk_10001", "xk_10002", money.MustParse("120.00 TRY"), money.MustParse("10.00 TRY")},
	{"shop-ph", "TRX-10001", "TRX-10002", money.MustParse("25.00 PHP"), money.MustParse("10.00 PHP")},
}

// sandbox is four pretend gateways on loopback.
type sandbox struct {
	tarlan   *tarlantest.Gateway
	redstone *redstonetest.Gateway
	paynet   *paynettest.Gateway
	tlpe     *tlpetest.Gateway
}

func startSandbox() (*sandbox, error) {
	s := new(sandbox)
	var errs [4]error
	s.tarlan, errs[0] = tarlantest.Start(tarlantest.Config{Sandbox: true})
	s.redstone, errs[1] = redstonetest.Start(redstonetest.Config{})
	s.paynet, errs[2] = paynettest.Start(paynettest.Config{})
	s.tlpe, errs[3] = tlpetest.Start(tlpetest.Config{})
	if err := errors.Join(errs[:]...); err != nil {
		s.Close()
		return nil, err
	}
	sell := map[string]func(pretend.Payment) error{
		"shop-kz": s.tarlan.AddPayment, "shop-zm": s.redstone.AddPayment,
		"shop-tr": s.paynet.AddPayment, "shop-ph": s.tlpe.AddPayment,
	}
	var err error
	for _, shop := range shops {
		err = errors.Join(err,
			sell[shop.provider](pretend.Payment{ID: shop.first, Amount: shop.paid}),
			sell[shop.provider](pretend.Payment{ID: shop.second, Amount: shop.paid}))
	}
	err = errors.Join(err, s.tlpe.AddPayment(pretend.Payment{ID: "TRX-10003", Amount: money.MustParse("25.00 PHP")}))
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// env is what refund.json takes from the environment.
func (s *sandbox) env() map[string]string {
	return map[string]string{
		"TARLAN_URL": s.tarlan.URL(), "TARLAN_SECRET": s.tarlan.Secret(),
		"REDSTONE_URL": s.redstone.URL(), "REDSTONE_SECRET_KEY": s.redstone.SecretKey(), "REDSTONE_PUBLIC_KEY": s.redstone.PublicKey(),
		"PAYNET_URL": s.paynet.URL(), "PAYNET_SECRET_KEY": s.paynet.SecretKey(),
		"TLPE_URL": s.tlpe.URL(), "TLPE_TOKEN": s.tlpe.Token(),
	}
}

// Close ends the gateways that were started.
func (s *sandbox) Close() {
	if s.tarlan != nil {
		s.tarlan.Close()
	}
	if s.redstone != nil {
		s.redstone.Close()
	}
	if s.paynet != nil {
		s.paynet.Close()
	}
	if s.tlpe != nil {
		s.tlpe.Close()
	}
}
