// Package redstone refunds payments through Redstone Payment Gateway Services
// (Zambia), by the call /v1/payment/refunds/process.
//
//	provider, err := redstone.New(redstone.Config{
//		SecretKey:   os.Getenv("REDSTONE_SECRET_KEY"), // redSec_live_…
//		PublicKey:   os.Getenv("REDSTONE_PUBLIC_KEY"), // redPub_live_…
//		Environment: refund.Production,
//	})
//	if err != nil {
//		return err // names all that is missing or wrong
//	}
//	client := refund.New(provider)
//	res, err := client.Refund(ctx, refund.Partial("PY_c77f7bff21514bdf9dfe9f1b2", money.MustParse("43.50 ZMW")))
//
// Payment.ID is Redstone's payment_reference. Nothing here was tried against the
// live service: each statement below says whether the documents say it, public
// client code shows it (observed), or it is deduced (assumed).
//
// # Authentication
//
// Documented: the headers secret-key and public-key; test keys contain "_test_".
// Assumed: live keys contain "_live_", test and live have the same address, so
// that the keys alone decide where the money is, and that address is the one
// that public client code calls: the documents write it as a variable. Keys that
// contradict Environment, or each other, are refused by [New]. The dashboard
// labels live keys "test" too (observed), so what stands in the key counts.
//
// # Amounts
//
// Documented: the amount is a number, may be a part of the payment, and must not
// exceed it. Assumed: it counts kwacha, not ngwee, with two decimals at most,
// and is sent as a plain number such as 43.50. A full refund asks for the paid
// amount, so Payment.Amount is needed. Whether several partial refunds are
// limited by their sum is not documented; the gateway decides.
//
// Documented in one of two samples, with no word about their use: country,
// currency, narration, transfer_to, email and momo_phone_number. They are sent as
// they are given in Request.Params ("redstone.transfer_to", …), and left out
// otherwise. Take care with the phone number: a payout without one goes to the
// merchant's own account (documented), and whether a refund does, or may go to
// somebody else's number, is not known.
//
// # Idempotency
//
// There is none, neither a key nor a reference of the merchant's own. Assumed: a
// repeated partial refund pays twice. Each call sends one request, and an
// outcome that is not certain is [refund.OutcomeUnknown]; never send that
// refund again, look it up.
//
// # Statuses
//
// Documented: an accepted refund is queued, so it is [refund.StatusPending] and
// no money has moved yet. Assumed: that needs HTTP 200 or 201, status "success",
// code 200, 201 or none, and data.status "pending" or "processing";
// "successful" (documented as a final state) makes it [refund.StatusSucceeded].
// The states are compared without regard to case, since the documents write them
// both ways; the rest exactly. "failed" in an accepted answer, and every other
// word, is [refund.OutcomeUnknown]. Result.RefundID is data.reference; it is
// empty in the documents' sample.
//
// # Webhooks
//
// Documented: Request.CallbackURL travels as webhook_url, and Redstone makes a
// secret by which webhooks are to be recognised. Not documented: what is posted,
// when, how often, in which header a signature is, what it signs, and what answer
// is expected. So [Provider.ParseCallback] proves where a callback comes from in
// two ways that the user can switch on, and takes the body for a hint.
//
// With Config.CallbackSecret, a secret of your own, the key of the refund and a
// token made of it and of the environment are added to the query of CallbackURL; Request.Key is needed
// then. A callback counts only with both, its event has the Key and
// [refund.TrustToken]. Without the secret the address travels as it is, anybody
// can post to it, and the event has [refund.TrustNone]. When you change the secret,
// leave the old one as Config.PreviousCallbackSecret until the callbacks of its time
// have come, or they are forged.
//
// With Config.WebhookSecret, Redstone's, and Config.WebhookHeader, the header that
// Redstone told you, a callback counts only with exactly one such header that
// holds the HMAC-SHA256 of the raw body under the secret's text, in hexadecimal or
// base64 (assumed from a sister product); the event has [refund.TrustSigned]. That
// product's documents name the header mor-signature, and the signed text in one place
// "timestamp.body", in another the body alone; where the timestamp travels is written
// nowhere, so only the body alone is taken. A
// token that is configured must be right as well: a signature does not stop
// anybody who saw a callback from sending it once more.
//
// Assumed of the body: it is a JSON object with the check call's fields
// (reference, status, amount, currency, environment, type) and payment_reference
// and a reason for a failure, at the top or in "data", which wins; webhooks often have
// an event as well.
//
// A type or an event is read whole: a kind of transaction, "payment" or "payout"
// (documented) or "refund" (assumed), alone or with a dot and a state ("refund.failed",
// assumed). About a payment, also "payment.success", it is [refund.NotARefund]. Any other
// word, and one that names another state than the status does, is
// [refund.StatusUnknown]: what does not say that it is about a refund proves nothing. A
// payout may be how a refund is carried out (assumed): it counts as one with the token,
// or with a reference, which has to be the refund's own. A body that tells neither a reference nor a
// payment_reference is [refund.Malformed], unless the token tells the refund.
//
// The states are those of the look-ups, "failed" with its reasons included, except
// that every other word is [refund.StatusUnknown], and Event.Code keeps it. So is a
// body that contradicts itself, an envelope that does not say yes, another
// environment or currency than this provider's, a body without any reference, and
// one without a type and an event that comes without a token: it may be about the
// payment. A status beside "data" is the call's own and no state of a refund.
// Event.Amount may differ from the refund's by the charge; it is in the currency beside
// it, or in this provider's if there is none, and one that cannot be read is
// Event.AmountUnreadable. Event.At is the earlier of updated_at and created_at. Event.ID
// is made of the key and the body: a repeat of the same text has the same.
//
// # Look-ups
//
// Documented: the check call tells the state of a refund by its own reference.
// [Provider.Inspect] asks it if Query.RefundID is known, and believes the answer
// only if its reference is exactly that one, its type is "refund" or "payout" as in
// callbacks, and its currency and environment are those of this provider. Which type a
// refund has is not documented; the amount may differ by the charge.
//
// "successful" is [refund.StatusSucceeded] (documented as final). "failed" is
// [refund.StatusFailed] only with one of the documented reasons
// (ABANDONED_TRANSACTION, DECLINED_TRANSACTION, INSUFFICIENT_FUNDS) as the whole of
// its own field, reason_for_failure (observed in the dashboard) or failure_reason (a
// sister product), and nothing anywhere that speaks of a time-out; else it proves nothing, because a provider's
// time-out counts as failed (a sister product's documents) and can hide a
// transfer that was made. "pending" and "processing" are [refund.StatusPending]
// (documented). Every other word is [refund.StatusUnknown], as in callbacks: the refund
// arrived, and nobody knows what the word says of it.
//
// Without a reference nothing can be proven (assumed): the documented answer
// about a payment shows no refunds. Then Inspect asks for the payment, and its
// report is a snapshot; a list of refunds that it may show (a sister product) is told and
// proves nothing, also by its amounts. "Not found" is an error in both calls, never a
// proof.
//
// # Errors
//
// Documented: 400, 401 and 404 are refusals, 500 to 504 faults on Redstone's
// side, as HTTP statuses and as the code in the body. Not documented: the body
// of a failed call. Assumed: it is the same envelope. A refusal has to come with
// an HTTP status of 400 to 499 and without any mark of success; the rest is
// [refund.OutcomeUnknown], as is a 400 that says "already exists" (documented),
// because an earlier request may have worked. Config.Codes takes what Redstone
// told you about other codes; those count under every HTTP status.
// [Provider.Capabilities] lists each code with its evidence.
//
// # Questions
//
// Ask Redstone: which header a webhook's signature is in, what it signs, in which
// encoding, and where its timestamp is. What is posted for a refund: its type, its event
// and its reference, and whether a failed refund may succeed later. Which type the check
// call shows for a refund, and where it says why one failed. What data.reference is.
// Whether the sum of partial refunds is limited, and which fields the newer request
// needs. Whether PROVIDER_TIMEOUT is final.
package redstone
