// Package crash holds the tests that kill processes in the middle of refunds, on
// real databases, and then compare the journal with the gateway's ledger.
package crash
