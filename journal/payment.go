package journal

import "github.com/gorefund/refund"

// payment is what has one open refund at a time, and whose refunds are added up: a
// provider's name, the environment in which the money is, and the payment's id there.
type payment struct {
	provider    string
	environment refund.Environment
	id          string
}

func paymentOf(in *refund.Intent) payment {
	return payment{in.Provider, in.Environment, in.Request.Payment.ID}
}

func paymentOfEntry(e *refund.Entry) payment {
	return payment{e.Provider, e.Environment, e.Request.Payment.ID}
}

// under is the payment of this id under another name.
func (p payment) under(provider string) payment {
	p.provider = provider
	return p
}

// text is the payment as one text, for locks that are numbers: none of its parts has a
// zero byte.
func (p payment) text() string {
	return p.provider + "\x00" + string(p.environment) + "\x00" + p.id
}
