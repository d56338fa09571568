// Package tarlan refunds payments through Tarlan Payments (Kazakhstan), by the
// acquiring API at prapi.tarlanpayments.kz.
//
//	provider, err := tarlan.New(tarlan.Config{
//		Secret:      os.Getenv("TARLAN_SECRET"),
//		Environment: refund.Production,
//	})
//	if err != nil {
//		return err // names all that is missing or wrong
//	}
//	client := refund.New(provider)
//	res, err := client.Refund(ctx, refund.Partial("200000001", money.MustParse("120.00 KZT")))
//
// Payment.ID is Tarlan's transaction_id, an integer. Nothing here was tried
// against the live service: each statement below says whether the documents
// say it, public client code shows it (observed), or it is deduced (assumed).
//
// # Authentication
//
// Documented: each request carries "Authorization: Bearer" and the SHA-256 of
// base64(sorted JSON body) + secret, in hex. The secret itself never travels.
// The documents publish one complete example; testdata/signatures.json holds it.
// The signature has no time in it and stays valid for ever, so it is masked like
// a secret.
//
// Observed: the sandbox is another host with another path, a secret of its own,
// and takes the same signature. Environment chooses host and path together.
//
// # Amounts
//
// Documented: the amount is an integer. Assumed: it counts tenge, not tiyn,
// since the vendor's plugins pass shop totals as they are. A fraction of a
// tenge is refused before sending, because nobody knows whether Tarlan would
// take, round or refuse it; Config.Fractions allows it for those who asked
// Tarlan. No field carries a currency: Config.Currency, KZT by default, says
// what the project's payments are in.
//
// Assumed: there is no call for a full refund, so a full refund asks for the
// paid amount, and Payment.Amount is needed. Whether a payment takes more than
// one partial refund is not documented; the gateway decides.
//
// # Idempotency
//
// There is none. Documented: the call has two fields, amount and transaction_id,
// and equal requests carry equal signatures. Assumed: a repeated request refunds
// twice. Each call sends one request, and an outcome that is not certain is
// [refund.OutcomeUnknown]; never send that refund again, look it up.
//
// # Statuses
//
// An accepted refund is [refund.StatusSucceeded]: documented, the call answers
// "Success"; that nothing takes it back later is assumed. It has to be HTTP 200, with
// status true, status_code absent or 0, and no result that says otherwise. The result
// is documented in two forms, the word "success" and an object; it may be missing or
// null. Anything else in its place, false, a number or a list, is
// [refund.OutcomeUnknown].
//
// The object's transaction_status_code is a state word elsewhere (documented):
// "success" and "refund" agree, "refund_waiting" (documented: begun, not final) makes
// the refund [refund.StatusPending], any other word contradicts. The one sample with a
// number there has 999 in all places (documented), and no table says what the number
// means. So a number that the table of status codes lists as a refusal or a fault
// contradicts, as does one of Config.Codes, and any other says nothing (assumed). A
// boolean and a list contradict. Tarlan names no id for a refund; a transaction_id that
// is not the payment's is kept as one.
//
// # Webhooks
//
// Documented: Tarlan posts a signed callback to the callback_url that was given
// with the payment, not with the refund; any answer but HTTP 200 makes it post
// again for about ten minutes. The signature is made as that of a request, over
// the body without additional_data and empty texts. [Provider.ParseCallback]
// checks it, in lower-case hex, and then reads only what was signed. A header that
// cannot be a signature is refused before the body is looked at, and a body with more
// than 1,024 values, of which a callback has about twenty, is [refund.Malformed]. Should
// merchant_id and project_id be configured, the callback must name both.
//
// Documented: status_code is a state of the payment. "refund" is
// [refund.StatusSucceeded], and "refund_waiting" is [refund.StatusPending]; all
// others are [refund.NotARefund]. Observed: a plugin reads "refund" there. Not
// documented: whether every refund, also one in part, causes a callback; whether
// amount is then the refund's or the payment's; how a refund that failed is told;
// how times are written. Event.At is finished_at, where it has a zone; created_at may be
// the payment's (assumed) and is not read. An amount that is no plain number of tenge
// leaves Event.AmountUnreadable. So a callback proves that the payment has a refund in
// that state, and not by itself which one.
//
// Not documented: how the server writes text other than ASCII, & < and > before it
// signs. Three forms are taken, those of encoding/json (observed for &), of the
// signature page's PHP sample, and of the Python sample of a sister product. None
// of them writes two different bodies alike. Assumed: numbers are written short,
// 10.50 as 10.5, integers with all their digits.
//
// # Look-ups
//
// Documented: the status call finds a payment by the merchant's own order id, so
// [Provider.Inspect] needs Config.MerchantID, Config.ProjectID and the
// parameters tarlan.project_reference_id and tarlan.type (such as "in"; there is
// no default). Its answer has the payment's state and a list of refunds, each
// with an amount and a date. Assumed: the sandbox has the same path.
//
// A refund has no id there. So a report proves something only by comparison with the
// snapshot from before the refund: exactly one refund of the amount that was asked for
// came since. One of the same amount that was made by hand meanwhile cannot be told
// from it; one of another amount is another refund. The payment's state tells neither
// whose refund it is about nor how much that was ("refund" is said of a part as well,
// assumed), so it proves nothing by itself: it says whether what is listed is done, or
// under way, and whether the list can be complete.
//
// Not documented: how the list's entries are written, whether refunds under way are
// listed, and how late the answer is. So an entry that cannot be read makes the report
// inconclusive, an unchanged answer proves nothing, and no report says that a refund
// failed.
//
// # Errors
//
// Documented: HTTP 500 serves plain refusals and real faults alike, so
// status_code decides and the HTTP status does not. [Provider.Capabilities]
// lists each code with its evidence. Which codes prove that nothing happened is
// assumed from their meaning: 1021, 3010, 5006, 5102, 5103, 5107, 5406 and 8008
// are refusals; 1022, 3108, 5000, 5003, 5101, 5202, 5205, 5400, 8301 and all
// that no table lists are [refund.OutcomeUnknown]. Config.Codes takes what
// Tarlan told you about others.
//
// 3010, the payment's state forbids it, may also mean that an earlier refund of
// unknown outcome was carried out.
//
// # Questions
//
// Ask Tarlan: what stands in result of an accepted refund, and which numbers its
// transaction_status_code has. Whether "Success" is final. Whether every refund causes a
// callback, whose amount that has, and how a refund that failed is told. How the
// entries of the status call's refunds are written, whether a refund under way is among
// them, and which zone the times are in. Whether fractions of a tenge are taken, several
// partial refunds, and equal requests twice.
package tarlan
