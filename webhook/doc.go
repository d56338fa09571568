// Package webhook receives the callbacks of payment gateways over HTTP and lets
// them move the journal.
//
//	client := refund.New(provider, refund.WithJournal(store), refund.WithTrust(refund.TrustToken))
//	hook, err := webhook.New(client, webhook.WithLogger(log), webhook.WithNotify(tellTheShop))
//	mux.Handle("POST /callbacks/shop-tr", hook)
//
// One [Handler] serves one provider; give each its own path.
//
// # What happens to a callback
//
// It is bounded (method, size, time), verified and read by the provider,
// and stored. Then the gateway gets its answer, HTTP 200, and only after that is the
// refund looked for and moved: see [refund.Client.Apply]. So a gateway waits for a
// write to the journal and for nothing else, and a crash after the answer loses
// nothing: [Handler.Resume] goes on with what was stored and not finished. Call it
// when the service starts and now and then afterwards, or let package poller do it.
//
// A repeat is known by the event's id and changes nothing. An event that nobody
// signed is not stored, since anybody could fill the store with such: it only makes
// the client ask the gateway, at most once in [HintEvery] for each payment. What is
// missed that way, a poller finds.
//
// What a callback calls its content is not looked at: gateways send JSON as text/plain
// and worse. Its proof counts, and whether the provider can read it.
//
// # Answers
//
//	200  stored, or a repeat, or genuine and not about a refund, or a hint
//	400  cannot be read
//	403  signature or token wrong or missing
//	405  not POST
//	413  larger than the limit
//	503  could not be stored: send it again
package webhook
