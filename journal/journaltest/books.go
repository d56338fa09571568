package journaltest

import (
	"fmt"
	"testing"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
)

func oneOpen(t testing.TB, j refund.Journal) {
	b := use(t, j)
	first := b.begin(partial("k1", "p1", "10.00"))
	b.refused(partial("k2", "p1", "10.00"), refund.InProgress)
	b.absent("k2")
	// Unknown after sending is as open as before.
	first = b.moveTo(first, refund.StatusUnknown)
	b.refused(partial("k2", "p1", "10.00"), refund.InProgress)
	b.absent("k2")
	b.same(first)

	b.begin(partial("k3", "p2", "10.00")) // another payment
	shop := partial("k4", "p1", "10.00")  // another provider's payment, of the same id
	shop.Provider = "other shop"
	b.begin(shop)
	shop.Key = "k5"
	b.refused(shop, refund.InProgress)
	gateway := partial("k6", "p1", "10.00") // the provider decides, not the gateway
	gateway.Gateway = "other gateway"
	b.refused(gateway, refund.InProgress)

	for _, s := range ended {
		p := "ended " + s.String()
		b.moveTo(b.begin(partial("first "+p, p, "10.00")), s)
		b.begin(partial("second "+p, p, "10.00"))
		b.refused(partial("third "+p, p, "10.00"), refund.InProgress)
	}

	// A refund that was pending when the next one began may become unknown.
	pending := b.moveTo(b.begin(partial("k7", "p3", "10.00")), refund.StatusPending)
	open := b.begin(partial("k8", "p3", "10.00"))
	pending = b.move(pending, answer(refund.StatusUnknown, ""))
	b.same(pending)
	b.moveTo(open, refund.StatusSucceeded)
	b.refused(partial("k9", "p3", "10.00"), refund.InProgress)
	b.moveTo(pending, refund.StatusSucceeded)
	b.begin(partial("k9", "p3", "10.00"))
}

func sums(t testing.TB, j refund.Journal) {
	b := use(t, j)
	for _, s := range ended {
		p := s.String()
		takes := s == refund.StatusPending || s == refund.StatusSucceeded
		b.moveTo(b.begin(partial("a "+p, p, "60.00")), s)
		if !takes {
			b.begin(partial("b "+p, p, "100.00"))
			continue
		}
		b.refused(partial("b "+p, p, "40.01"), refund.ExceedsRefundable)
		b.absent("b " + p)
		b.moveTo(b.begin(partial("c "+p, p, "39.99")), s)
		b.refused(partial("d "+p, p, "0.02"), refund.ExceedsRefundable)
		b.moveTo(b.begin(partial("e "+p, p, "0.01")), s)
		b.refused(partial("f "+p, p, "0.01"), refund.ExceedsRefundable)
		b.refused(full("g "+p, p), refund.ExceedsRefundable)
	}
	// Many small ones.
	for i := range 50 {
		b.moveTo(b.begin(partial(fmt.Sprintf("small %d", i), "p small", "2.00")), refund.StatusSucceeded)
	}
	b.refused(partial("small 50", "p small", "0.01"), refund.ExceedsRefundable)
	// Late: succeeded first, then failed or reversed.
	for _, s := range []refund.Status{refund.StatusFailed, refund.StatusReversed} {
		p := "late " + s.String()
		e := b.moveTo(b.begin(partial("a "+p, p, "100.00")), refund.StatusSucceeded)
		b.refused(partial("b "+p, p, "0.01"), refund.ExceedsRefundable)
		b.moveTo(e, s)
		b.moveTo(b.begin(partial("b "+p, p, "100.00")), refund.StatusSucceeded)
		b.refused(partial("c "+p, p, "0.01"), refund.ExceedsRefundable)
	}
	// A refund of which the gateway alone knows the amount takes everything.
	b.moveTo(b.begin(full("all", "p all")), refund.StatusSucceeded)
	b.refused(partial("after all", "p all", "0.01"), refund.ExceedsRefundable)
	b.refused(full("all again", "p all"), refund.ExceedsRefundable)
	// So does a partial one that the gateway says was full.
	e := b.begin(partial("more", "p more", "1.00"))
	m := answer(refund.StatusSucceeded, "")
	m.Result.Kind = refund.KindFull
	e = b.move(e, m)
	b.same(e)
	b.refused(partial("after more", "p more", "0.01"), refund.ExceedsRefundable)
	// Without a paid amount nothing is added up.
	for _, key := range []string{"free 1", "free 2", "free 3"} {
		in := intent(key, refund.Partial("p free", lira("999.99")))
		b.moveTo(b.begin(in), refund.StatusSucceeded)
	}
	// Amounts as large as they come.
	for _, paid := range extremes() {
		p := "p " + paid.String()
		req := refund.Partial(p, paid)
		req.Payment.Amount = paid
		e := b.moveTo(b.begin(intent("a "+p, req)), refund.StatusSucceeded)
		b.same(e)
		b.refused(intent("b "+p, req), refund.ExceedsRefundable)
	}
}

func paidBefore(t testing.TB, j refund.Journal) {
	b := use(t, j)
	says := func(key, amount, paid string) refund.Intent {
		req := refund.Partial("p1", lira(amount))
		if paid != "" {
			req.Payment.Amount = lira(paid)
		}
		return intent(key, req)
	}
	b.moveTo(b.begin(says("k1", "30.00", "")), refund.StatusSucceeded)
	b.moveTo(b.begin(says("k2", "30.00", "100.00")), refund.StatusSucceeded)
	b.refused(says("k3", "40.01", ""), refund.ExceedsRefundable)
	b.refused(says("k3", "10.00", "200.00"), refund.InvalidRequest)
	b.refused(says("k3", "10.00", "99.99"), refund.InvalidRequest)
	other := says("k3", "10.00", "")
	other.Request.Payment.Amount = money.MustParse("100.00 USD")
	b.refused(other, refund.InvalidRequest)
	other.Request.Payment.Amount, other.Request.Amount = money.Amount{}, money.MustParse("10.00 USD")
	b.refused(other, refund.InvalidAmount)
	b.absent("k3")

	// What a refused or unsent refund said about the payment counts for nothing.
	for payment, status := range map[string]refund.Status{"p2": refund.StatusRefused, "p3": refund.StatusNotSent} {
		b.moveTo(b.begin(partial("k4 "+payment, payment, "10.00")), status)
		b.begin(intent("k5 "+payment, refund.Partial(payment, lira("100.01"))))
	}

	// Another provider's payment is another payment.
	shop := says("k6", "500.00", "500.00")
	shop.Provider = "other shop"
	b.begin(shop)
	b.moveTo(b.begin(says("k7", "40.00", "")), refund.StatusSucceeded)
}

func remaining(t testing.TB, j refund.Journal) {
	b := use(t, j)
	with := func(key, amount, left string) refund.Intent {
		in := partial(key, "p1", amount)
		in.Request.Remaining = lira(left)
		return in
	}
	b.refused(with("k1", "10.00", "99.99"), refund.RemainingMismatch)
	b.absent("k1")
	b.moveTo(b.begin(with("k1", "10.00", "100.00")), refund.StatusSucceeded)
	b.refused(with("k2", "10.00", "100.00"), refund.RemainingMismatch)
	e := b.moveTo(b.begin(with("k2", "10.00", "90.00")), refund.StatusPending)
	b.refused(with("k3", "10.00", "90.00"), refund.RemainingMismatch)
	b.moveTo(e, refund.StatusFailed)
	b.begin(with("k3", "90.00", "90.00"))

	unknown := intent("k4", refund.Partial("p2", lira("10.00")))
	unknown.Request.Remaining = lira("10.00")
	b.refused(unknown, refund.InvalidRequest)
	b.absent("k4")
}

func fullTakesRest(t testing.TB, j refund.Journal) {
	b := use(t, j)
	for _, byAmount := range []bool{false, true} {
		p := "native"
		if byAmount {
			p = "by amount"
		}
		whole := func(key, payment string) refund.Intent {
			in := full(key, payment)
			in.ByAmount = byAmount
			return in
		}
		b.moveTo(b.begin(partial("a "+p, p, "30.00")), refund.StatusSucceeded)
		b.moveTo(b.begin(partial("b "+p, p, "20.00")), refund.StatusRefused)
		rest := b.begin(whole("c "+p, p))
		if rest.Amount != lira("70.00") {
			t.Errorf("a full refund (%s) after 30.00 of 100.00 takes %s, want 70.00 TRY", p, rest.Amount)
		}
		b.same(rest)
		b.moveTo(rest, refund.StatusSucceeded)
		b.refused(whole("d "+p, p), refund.ExceedsRefundable)

		known := whole("e "+p, "known "+p)
		known.Request.Payment.Amount = lira("55.00")
		if e := b.begin(known); e.Amount != lira("55.00") {
			t.Errorf("a full refund (%s) of 55.00 takes %s", p, e.Amount)
		}

		unknown := whole("f "+p, "unknown "+p)
		if byAmount {
			b.refused(unknown, refund.InvalidRequest)
			b.absent(unknown.Key)
		} else if e := b.begin(unknown); e.Amount.IsSet() {
			t.Errorf("a full refund of which nobody knows the amount takes %s", e.Amount)
		}
	}
}
