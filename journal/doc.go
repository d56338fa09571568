// Package journal keeps refunds, so that none is made twice: [Memory] for one
// process and for tests, [Open] for a database that several processes share.
//
//	store, err := journal.Open(ctx, db, journal.PostgreSQL)
//	client := refund.New(provider, refund.WithJournal(store))
//	res, err := client.Refund(ctx, req) // req.Key is required now
//
// What a journal promises stands on [refund.Journal]; package journaltest checks
// it for any implementation.
package journal
