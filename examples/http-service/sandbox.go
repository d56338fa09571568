package main

import (
	"errors"

	"github.com/gorefund/refund/config"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

// sandbox is two pretend gateways on loopback and the configuration for them.
// TLPE holds the payments TRX-10001 to TRX-10003, Paynet xk_10001.
type sandbox struct {
	tlpe   *tlpetest.Gateway
	paynet *paynettest.Gateway
	config *config.Config
}

const sandboxConfig = `{
  "default": "shop-ph",
  "providers": {
    "shop-ph": {"gateway": "tlpe", "environment": "sandbox", "token": "${TLPE_TOKEN}", "base_url": "${TLPE_URL}"},
    "shop-tr": {"gateway": "paynet", "environment": "sandbox", "secret_key": "${PAYNET_KEY}", "base_url": "${PAYNET_URL}"}
  }
}`

func startSandbox() (*sandbox, error) {
	tlpe, err := tlpetest.Start(tlpetest.Config{})
	if err != nil {
		return nil, err
	}
	paynet, err := paynettest.Start(paynettest.Config{})
	if err != nil {
		tlpe.Close()
		return nil, err
	}
	s := &sandbox{tlpe: tlpe, paynet: paynet}
	if err := s.fill(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *sandbox) fill() (err error) {
	paid := money.MustParse("25.00 PHP")
	err = errors.Join(
		s.tlpe.AddPayment(pretend.Payment{ID: "TRX-10001", Amount: paid}),
		s.tlpe.AddPayment(pretend.Payment{ID: "TRX-10002", Amount: paid}),
		s.tlpe.AddPayment(pretend.Payment{ID: "TRX-10003", Amount: paid}),
		s.paynet.AddPayment(pretend.Payment{ID: "xk_10001", Amount: money.MustParse("120.00 TRY")}),
	)
	if err != nil {
		return err
	}
	s.config, err = config.Parse([]byte(sandboxConfig), config.WithEnv(map[string]string{
		"TLPE_TOKEN": s.tlpe.Token(), "TLPE_URL": s.tlpe.URL(),
		"PAYNET_KEY": s.paynet.SecretKey(), "PAYNET_URL": s.paynet.URL(),
	}))
	return err
}

// Close ends both gateways.
func (s *sandbox) Close() {
	s.tlpe.Close()
	s.paynet.Close()
}
