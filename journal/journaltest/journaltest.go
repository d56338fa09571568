// Package journaltest checks that a [refund.Journal] keeps its promises.
//
//	func TestJournal(t *testing.T) {
//		journaltest.Run(t, func(t testing.TB) refund.Journal { … })
//	}
//
// Each rule is a subtest, and a failure prints the rule. The suite knows no
// implementation: those of package journal and any other are checked alike.
package journaltest

import (
	"fmt"
	"testing"

	"github.com/gorefund/refund"
)

// rule is one promise.
type rule struct {
	number int
	text   string
	check  func(t testing.TB, j refund.Journal)
}

var rules = []rule{
	{1, "Begin stores the intent before it returns, and says fresh", beginStores},
	{2, "a key that is taken gives the entry as it is, whatever is asked for, and nothing changes", takenKeys},
	{3, "a key whose refund was not sent, or was refused only for now, may be begun again, and its history goes on", freeKeys},
	{4, "keys, payments and providers are compared byte by byte", exactTexts},
	{5, "a payment of a provider has one open refund at a time; others get InProgress, and are not stored", oneOpen},
	{6, "succeeded, pending and unknown refunds never exceed what was paid; the others free their part", sums},
	{7, "what was paid is known from earlier refunds too; whoever says otherwise is refused", paidBefore},
	{8, "Remaining is compared with what is left", remaining},
	{9, "a full refund takes what is left", fullTakesRest},
	{10, "Move changes the entry that has this version, and no other: who is late gets ErrStale", compareAndSet},
	{11, "every change is kept, in order, with its cause", histories},
	{12, "a Result or an Err replaces the one before; without one the one before stays", outcomes},
	{13, "each field of an entry is kept exactly; times in UTC, to the microsecond", everyField},
	{14, "what the journal gives and takes is the caller's own", noSharing},
	{15, "a context that has ended gives its error, and nothing is done", endedContexts},
	{16, "of many callers with one key exactly one is fresh", oneKeyManyCallers},
	{17, "many callers on one payment never exceed what was paid, and never have two open refunds", onePaymentManyCallers},
	{18, "of many callers who move one version exactly one succeeds", oneVersionManyCallers},
	{19, "many callers on many payments get each their own", manyPaymentsManyCallers},
	{20, "an event is stored once for each provider and id, with each field, whatever comes under its id later", eventsOnce},
	{21, "an event waits, in order, until it is finished, and is known afterwards", eventsWait},
	{22, "of many callers with one event exactly one is fresh", eventsManyCallers},
	{23, "the entries of a payment at a provider come in the order of their first begin", refundsOfAPayment},
	{24, "the entry has the snapshot that Admit has left: none where another refund could be taken for the new one", snapshots},
	{25, "equal payments of two environments don't meet, and a key belongs to one environment", environments},
	{26, "a refused refund is begun again only if the same request says Again, and its history goes on", again},
	{27, "a Rename gives all refunds and events of a name another one, or none: two open refunds of a payment don't come together", renames},
}

// Run checks all rules. open makes an empty journal each time; cleaning up is
// the caller's, by t.Cleanup.
func Run(t *testing.T, open func(t testing.TB) refund.Journal) {
	for _, rule := range rules {
		t.Run(fmt.Sprintf("rule %02d", rule.number), func(t *testing.T) {
			rule.check(&named{TB: t, rule: rule}, open(t))
		})
	}
}

// named prints the broken rule with each failure.
type named struct {
	testing.TB
	rule rule
}

func (n *named) prefix() string { return fmt.Sprintf("rule %d: %s\n", n.rule.number, n.rule.text) }

// Errorf reports that the rule is broken.
func (n *named) Errorf(format string, args ...any) {
	n.TB.Helper()
	n.TB.Errorf("%s%s", n.prefix(), fmt.Sprintf(format, args...))
}

// Fatalf reports that the rule is broken and ends its check.
func (n *named) Fatalf(format string, args ...any) {
	n.TB.Helper()
	n.TB.Fatalf("%s%s", n.prefix(), fmt.Sprintf(format, args...))
}
