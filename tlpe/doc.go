// Package tlpe refunds payments that were taken through TLPE (AltPayNet,
// Philippines).
//
//	provider, err := tlpe.New(tlpe.Config{Token: token, Environment: refund.Sandbox})
//	if err != nil {
//		return err
//	}
//	client := refund.New(provider)
//	res, err := client.Refund(ctx, refund.Partial("TRX-10001", money.MustParse("10.00 PHP")))
//	switch {
//	case err == nil: // res.Status: succeeded, or pending
//	case errors.Is(err, refund.OutcomeUnknown): // money may have moved: look it up, never send again
//	default: // nothing moved: err says why
//	}
//
// What TLPE says or does is marked documented, observed (in public client code)
// or assumed; [Provider.Capabilities] has the same marks, with their sources.
//
// # Authentication
//
// The token stands alone in the Authorization header, without "Bearer"
// (documented). It is sent byte for byte. TLPE also wants the caller's address
// on its list (documented): a new address of your server shows as
// [refund.Unauthorized] for every refund.
//
// # Amounts
//
// An amount makes a refund partial, no amount makes it full: nothing else tells
// the two apart (documented). So the adapter makes their bodies of two types,
// and a partial refund without a positive amount is never sent.
//
// Amounts are in major units with the currency's decimals (documented by the
// samples), written digit by digit. The schema declares a string and the sample
// shows a number; the only public client sends a string, and so does the
// adapter. [Config.AmountAs] switches to a number.
//
// The request has no currency (documented). That an amount is read in the
// payment's own currency is assumed, so the adapter takes only amounts in
// [Config.Currency], PHP by default: set it to what your payments are in.
//
// Not every brand of payment can be refunded, or refunded in part (documented):
// ask your account manager.
//
// # Idempotency
//
// There is none: no key and no reference of the merchant's (documented). The
// adapter sends each refund once and never again. A second full refund is
// probably refused as already refunded (assumed); nothing stops a second equal
// partial one.
//
// # Statuses
//
// The samples answer with the final state (documented), so an accepted refund
// is [refund.StatusSucceeded]. It needs three marks: an HTTP status of success,
// 200 in the envelope's status, and exactly OK.02.00 or OK.04.00 in
// data.status_code. Which of the two came stands in [refund.Result.Kind], also
// if it is not the kind that was asked for; the amount is then left open.
//
// A code that begins with "PN." is [refund.StatusPending] (assumed: no document
// shows one). Any other code, and marks that contradict each other, give
// [refund.OutcomeUnknown].
//
// # Look-ups
//
// [Provider.Inspect] asks for the payment's report, which shows one code for the
// payment, no refunds and no sum of them (documented). That the code turns to
// OK.02.00 or OK.04.00 after a refund is deduced from notifications (observed);
// if it never does, a look-up proves nothing and does no harm. So a report is
// conclusive in three cases only, each by comparison with the report from before
// the refund: a full refund is done if the code has turned to OK.02.00 from
// OK.00.00 or OK.04.00, a partial one if it has turned to OK.04.00 from OK.00.00.
// A second partial refund cannot be told from the first. Nothing ever proves that
// a refund did not happen.
//
// The comparison rests on there being one refund of the payment between the two
// reports: give the client a journal, and do not refund the same payment by hand
// meanwhile.
//
// The report must be about the payment and in [Config.Currency]. It holds names
// and addresses of the payer, which the adapter does not read. The other look-up,
// /sync, can write to the customer (documented) and is never used.
//
// # Webhooks
//
// Refunds seem to be notified like payments, as a signed token (observed, not
// documented). [Provider.ParseCallback] verifies them with [Config.WebhookSecret].
//
// # Errors
//
// A refusal comes as HTTP 200 with a code that begins with "ER." (documented).
// ER.02.30 is [refund.InvalidRequest], or [refund.PaymentNotFound] if the
// envelope says 404. ER.20.20 is a frame around a quoted reason: it is
// [refund.AlreadyRefunded] only with the documented one, else
// [refund.Declined] (that it carries other reasons is assumed).
//
// TLPE publishes no full table, and an unlisted "ER." code might stand for a
// time-out behind TLPE. Under HTTP 200 and 5xx it is [refund.OutcomeUnknown];
// under 400, 401, 403, 404, 422 and the like HTTP says that nothing was done
// (documented). [Config.Codes] takes what TLPE explained to you.
package tlpe
