// Package paynet refunds card payments that were taken through Paynet (Turkey).
//
//	provider, err := paynet.New(paynet.Config{SecretKey: key, Environment: refund.Sandbox})
//	if err != nil {
//		return err
//	}
//	client := refund.New(provider)
//	req := refund.Partial("xk_EAAA…", money.MustParse("10.00 TRY"))
//	req.Payment.PaidAt = paidAt // a part can be given back from the next day on
//	res, err := client.Refund(ctx, req)
//	switch {
//	case err == nil: // pending: Paynet approves it later
//	case errors.Is(err, refund.OutcomeUnknown): // money may have moved: look it up, never send again
//	default: // nothing moved: err says why
//	}
//
// What Paynet says or does is marked documented, observed (in public client
// code) or assumed; [Provider.Capabilities] has the same marks, with their
// sources.
//
// # Authentication
//
// The secret key stands behind "Basic " as it is, without base64 and without a
// colon (documented, and observed). Paynet also wants calls from a fixed address
// (documented); what it answers to another one is not known.
//
// # Amounts
//
// An amount is text in hundredths, "1000" for 10.00 (documented). An amount that
// is left out or "0" gives back everything (documented): so the adapter makes
// the bodies of full and partial refunds of two types, and a partial refund
// without a positive amount is never sent.
//
// The request has no currency, and the documents speak of lira only. That an
// amount is read in the payment's own currency is assumed: the adapter takes
// only amounts in [Config.Currency], TRY by default, which must have two
// decimals.
//
// On the day of the sale only the whole payment can be given back (documented).
// The wording leaves open that a partial refund then cancels everything, so the
// adapter refuses it with [refund.SameDayPartial], and one without
// [refund.Payment.PaidAt] with [refund.InvalidRequest]; [Config.AssumeSettled]
// lifts the latter. The day is that of Istanbul, with a margin of 15 minutes
// around midnight (assumed).
//
// # Idempotency
//
// There is none: no key and no reference of the merchant's (documented). The
// adapter sends each refund once and never again; nothing is known to stop a
// second equal one. Code 5 (duplicate data) and code 100 (an earlier success,
// observed) leave the outcome open, so they give [refund.OutcomeUnknown].
//
// # Statuses
//
// Code 0 under HTTP 200 means that the request was taken, and Paynet approves or
// rejects it later (documented): an accepted refund is [refund.StatusPending].
// The answer holds no number of the refund and no amount (documented).
//
// # Look-ups
//
// [Provider.Inspect] asks for the sale and for the list of refund requests, which
// has no filter by sale: it reads all pages from the day before the sale until
// tomorrow and keeps this sale's rows. A row tells that a request arrived, not its
// amount and not what became of it (that part of the documents was not available).
//
// Without an amount nobody can tell ours from one that was made by hand, so a new row
// alone proves nothing. A row with the refund's own id, which a callback may have told,
// proves that it arrived: [refund.StatusPending]. [refund.StatusSucceeded] needs a full
// refund, the sale's first one and the only new row, and that the sale's field reversed
// has turned from false to true. Whether a part sets that field as well is not known, so
// it counts on the day of the sale only, when no part can be given back (documented): a
// part that somebody gives back by hand later would pass for our full refund. Should
// somebody have given back the whole sale by hand, that counts as it. No new row proves nothing: it may show late (not known).
// So most refunds are settled by their callbacks.
//
// The field reversed_xact_id of a sale is filled also where reversed is false (documented
// by the sample) and not read. That the rows of a list keep their place from one page to
// the next is checked, and a list that changes meanwhile is an error. Of the answers,
// which hold names and masked card numbers, nothing but ids, days, currency and the field
// reversed is read.
//
// # Webhooks
//
// [refund.Request.CallbackURL] is sent as succeedUrl, to which Paynet posts
// approvals and rejections alike, as JSON and unsigned (documented). With
// [Config.CallbackSecret] the adapter adds the refund's key and a token to that
// address, an HMAC of environment and key under your secret, and
// [Provider.ParseCallback] takes nothing without them. The token shows that the post came to an address that only
// Paynet was given; it does not sign what the post says. A refund without a Key gets
// no token. When you change the secret, leave the old one as
// [Config.PreviousCallbackSecret] until the callbacks of its time have come, or they
// are forged.
//
// Without the secret the address goes as it is. Whoever knows it can post there, so
// what comes is a hint that a refund is to be looked up, and decides nothing.
//
// Code 0 is an approval, and 1 is none (documented), exactly so, as a string or a
// number. Any other integer is [refund.StatusUnknown]: look it up. A field status is
// documented without its values; it stands in Event.Message and decides nothing.
//
// An approval may be taken back (deduced from the Turkish text: "approved, or taken back
// from approval"), so several posts for one refund are normal, in any order: an approval
// may come after the post that took it back. They carry no date and no number of their
// own, so nothing tells which is the later one: one with the same words as an earlier one counts as its repeat, also if a
// refund is approved once more after that was taken back. Nobody knows whether an
// approval means that the bank has given the money back, whether Paynet sends a
// callback again, which answer it expects, and from which addresses it calls.
//
// # Errors
//
// Under HTTP 200 the result is in code; under any other status code repeats the
// HTTP status and the result is in result_code (documented). The documents give
// the codes' names only. That 1 to 4, 6, 9, 11, 12 and 18 to 21 are refusals is
// assumed from these names, and so is the [refund.Code] that each becomes.
//
// Codes 8 (server error) and 10 (time-out), any code of no table, any HTTP 5xx,
// and codes that contradict each other or their HTTP status give
// [refund.OutcomeUnknown]. [Config.Codes] takes what Paynet explained to you.
//
// # Questions
//
// Ask Paynet: what comes after card_holder in a row of the list, such as amount, currency
// and state, and in which unit. Whether a request is listed at once. Whether xact_id of a
// callback is the sale's or the refund's, whether approvals are taken back and in which
// order posts then come, and whether an approval means that the bank has given the money
// back. Whether reversed is set by a partial refund. Which codes are answered for
// "already refunded", "amount too high" and a part on the day of the sale, and whether
// code 5 or 100 guards a repeat.
package paynet
