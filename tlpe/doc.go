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
// The samples answer that the refund was successful (documented). That nothing takes
// it back later is assumed, so an accepted refund is [refund.StatusSucceeded]. It needs three marks: an HTTP status of success,
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
// if it never does, a look-up proves nothing and does no harm. OK.00.00 means that
// nothing is given back, OK.04.00 a part and OK.02.00 all of it; any other code says
// nothing.
//
// So a report proves full refunds only, by comparison with the report from before the
// refund: one is done if the code is OK.02.00 now, and was OK.00.00 or OK.04.00. Should
// somebody have given back the whole payment by hand meanwhile, that counts as it. A
// partial refund is never proven: OK.04.00 does not say how much, and may be of a refund
// that was made by hand. Nothing ever proves that a refund did not happen.
//
// The report must be about the payment and in [Config.Currency]. It holds names
// and addresses of the payer, which the adapter does not read. The other look-up,
// /sync, can write to the customer (documented) and is never used.
//
// # Webhooks
//
// TLPE posts {"payload": a JWT} to an address that is set at onboarding, not by
// the request: Request.CallbackURL has no use here. The token is signed with HS256
// under the integrator's secret, and signature and expiry are to be verified
// (documented). [Provider.ParseCallback] does so with [Config.WebhookSecret], whose
// text is the key: it looks like base64, and two public clients do not decode it
// (observed).
//
// The documents speak of payments only. That refunds are notified too, with
// OK.02.00 and OK.04.00, is observed in one public client. These two codes are
// events, always [refund.StatusSucceeded]; every other code is
// [refund.NotARefund], also a refusal and a pending one, since nothing tells that
// they are about a refund. The code is read from status_code or statusCode
// (observed, each in one client), and both must agree if both are there.
//
// Not known is whether transaction_id names the payment or the refund, and whether
// the amount is the payment's or the refund's. Event.PaymentID is that
// transaction_id, so an event that belongs to no payment of yours may still be
// about one; the client that handles refunds stores the amount as the refunded
// one (observed). Ask TLPE what they are before you build on either. The amount is in
// the currency beside it, or in [Config.Currency] if there is none. One that cannot be
// read in one way refuses no message: Event.AmountUnreadable tells it from one that is
// absent. Event.Kind is full for OK.02.00 and partial for OK.04.00 (documented for the
// answers). Event.Key and RefundID are always empty.
//
// The algorithm is the Config's, HS256 by default. What the token's header says
// must agree and chooses nothing, and an RSA key never serves as a secret. One
// public client claims that live notifications have RS256, another has HS256 in
// both environments, and no document names RS256: ask TLPE, then set
// [Config.WebhookAlgorithm] and [Config.WebhookPublicKey].
//
// Notifications also have an Authorization header, the integrator's identifier
// (documented). It is not required: it would have to be a value that is known, and
// no source shows what it is. It proves nothing that the signature does not, and
// one client takes it for a public key, so it must never choose the key. The
// secret must not be the token, which travels in headers. One client takes that
// header for the integrator token (observed): so mask Authorization where you log the
// headers of callbacks, as you would the token.
//
// exp is required, and nbf and iat are checked if they are there, all with
// [Config.Leeway], a minute by default, for clocks that differ (assumed); the sample
// lives 48 hours. iss must be "TLPE" if
// it is there; the sample alone shows it (documented), and aud and sub are not
// compared. Event.At is the earlier of iat and result.timestamp, of those that are there;
// a timestamp without a zone is none.
//
// Within these 48 hours anybody who saw a notification can send it again, and TLPE
// itself may, for /sync or for want of an answer (assumed). Event.ID is the jti,
// which is therefore required: keep it at least until exp, and treat a repeat as
// done. Clients answer with 200 or 204 (observed); which answers TLPE wants, how
// often it repeats, and from which addresses, is not known.
//
// Observed: the token is the public half of an RSA key, and the webhook secret its
// private half, both as base64 of DER; the keys that TLPE's published samples show
// have 512 bits. Such a key can be broken within hours by whoever sees the token, in a
// log of the headers that travel in both directions, and the secret is then known.
// So where the token, the secret or the public key holds an RSA key below 1024 bits,
// notifications are verified as ever, and their events have [refund.TrustNone]: they
// make the client ask, and prove nothing by themselves.
// [Provider.Capabilities] says so too. [Config.TrustWeakKey] has them count as signed,
// for those who keep the token out of every log and accept the risk. Ask TLPE for a
// longer key.
//
// The names and addresses in a notification are not read.
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
//
// # Questions
//
// Ask TLPE: the full table of codes, with PN.* and the refusals. Whether "successful" is final.
// Whether data.transaction_id is the payment's or the refund's, in an answer and in a
// notification. Whether a notification's amount is the payment's or the refund's, and
// whether every brand notifies refunds. HS256 or RS256 on live, what stands in the
// notification's Authorization header, and keys of 2048 bits. What the report says
// after a full and after a partial refund.
package tlpe
