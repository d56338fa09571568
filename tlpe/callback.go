package tlpe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/callback"
	"github.com/gorefund/refund/internal/wire"
)

const (
	issuer = "TLPE" // as in the documents' sample

	maxID = 255 // bytes of jti and transaction_id
)

var _ refund.CallbackParser = (*Provider)(nil)

// ParseCallback verifies and reads a notification. It sends nothing and stores
// nothing, and nothing inside the token but its header is read before the
// signature is verified. Its errors match
//
//   - [refund.Forged]: signature, algorithm, issuer or time are wrong;
//   - [refund.Malformed]: it cannot be read;
//   - [refund.NotARefund]: genuine, but its code is neither OK.02.00 nor OK.04.00;
//     the code is in GatewayCode;
//   - [refund.Unsupported]: the Config has no key for notifications.
//
// Under a key that can be broken, the event has [refund.TrustNone]: see
// [Config.TrustWeakKey]. Event.ID is the token's jti. A repeat of the same message is not seen here: keep
// the ids. What the fields rest on is in the package's text, under Webhooks.
func (p *Provider) ParseCallback(_ context.Context, c refund.Callback) (*refund.Event, error) {
	if err := callback.Check(gateway, &c); err != nil {
		return nil, err
	}
	if p.key() == nil {
		return nil, &refund.Error{
			Gateway: gateway, Op: "callback", Code: refund.Unsupported, Status: refund.StatusNotSent,
			Message: "set webhook_secret: without it nobody can tell a notification from a forgery",
		}
	}
	var payload wire.Text
	if err := wire.Read(c.Body, []wire.Field{{Name: "payload", Text: &payload}}); err != nil {
		return nil, callback.Malformed(gateway, "the body is no JSON object")
	}
	if payload.Shape != wire.String || payload.S == "" {
		return nil, callback.Malformed(gateway, "the body does not hold one payload that is a text")
	}
	raw, err := p.verify(payload.S)
	if err != nil {
		return nil, err
	}
	n, err := decodeNotification(raw)
	if err != nil {
		return nil, err
	}
	if err := p.current(n); err != nil {
		return nil, err
	}
	return p.event(n)
}

// verify returns the claims of a token that is signed with the key and algorithm
// of the Config. The token's own word on the algorithm chooses nothing: it only
// has to agree.
func (p *Provider) verify(token string) ([]byte, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || strings.ContainsFunc(token, notInToken) { // the decoder would pass over line breaks
		return nil, callback.Malformed(gateway, "the payload is no signed token")
	}
	decoder := jwt.NewParser(jwt.WithStrictDecoding()) // one spelling of each token
	header, err := decoder.DecodeSegment(parts[0])
	if err != nil {
		return nil, callback.Malformed(gateway, "the token's header cannot be read")
	}
	var alg, crit wire.Text
	if err := wire.Read(header, []wire.Field{{Name: "alg", Text: &alg}, {Name: "crit", Text: &crit}}); err != nil {
		return nil, callback.Malformed(gateway, "the token's header cannot be read")
	}
	if !alg.IsString(p.method.Alg()) {
		return nil, callback.Forged(gateway, "the token's algorithm is not "+p.method.Alg())
	}
	if crit.Shape != wire.Missing { // RFC 7515: what is critical and not understood makes it invalid
		return nil, callback.Forged(gateway, "the token's header has an extension")
	}
	signature, err := decoder.DecodeSegment(parts[2])
	if err != nil || p.method.Verify(parts[0]+"."+parts[1], signature, p.key()) != nil {
		return nil, callback.Forged(gateway, "the token's signature is wrong")
	}
	claims, err := decoder.DecodeSegment(parts[1])
	if err != nil {
		return nil, callback.Malformed(gateway, "the token's claims cannot be read")
	}
	return claims, nil
}

func notInToken(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}

// notification is what is read of a token's claims. They also hold names and
// addresses of the payer, which are not read.
type notification struct {
	issuer, id              wire.Text
	expires, issued, begins *jwt.NumericDate // nil if not there
	transactionID           wire.Text
	amount, currency        wire.Text
	snake, camel            wire.Text // the status code, by either spelling
	message, timestamp      wire.Text
}

func decodeNotification(raw []byte) (*notification, error) {
	var n notification
	var exp, iat, nbf, data, payment, result wire.Text
	err := wire.Read(raw, []wire.Field{
		{Name: "iss", Text: &n.issuer},
		{Name: "jti", Text: &n.id},
		{Name: "exp", Text: &exp},
		{Name: "iat", Text: &iat},
		{Name: "nbf", Text: &nbf},
		{Name: "data", Text: &data, Inside: []wire.Field{
			{Name: "transaction_id", Text: &n.transactionID},
			{Name: "payment", Text: &payment, Inside: []wire.Field{
				{Name: "amount", Text: &n.amount},
				{Name: "currency", Text: &n.currency},
			}},
			{Name: "result", Text: &result, Inside: []wire.Field{
				{Name: "status_code", Text: &n.snake},
				{Name: "statusCode", Text: &n.camel},
				{Name: "message", Text: &n.message},
				{Name: "timestamp", Text: &n.timestamp},
			}},
		}},
	})
	if err != nil {
		return nil, callback.Malformed(gateway, "the claims are no JSON object")
	}
	if !payment.Absent() && payment.Shape != wire.Object {
		n.amount = wire.Text{Shape: wire.Object} // something is there in the amount's place
	}
	for _, d := range []struct {
		name string
		text wire.Text
		into **jwt.NumericDate
	}{{"exp", exp, &n.expires}, {"iat", iat, &n.issued}, {"nbf", nbf, &n.begins}} {
		var ok bool
		if *d.into, ok = date(d.text); !ok {
			return nil, callback.Malformed(gateway, d.name+" is no time")
		}
	}
	return &n, nil
}

// lastDate is the end of the year 9999. Later times cannot be written as text.
const lastDate = 253402300799

// date reads seconds since 1970 as a JSON number; what is absent is nil.
func date(t wire.Text) (*jwt.NumericDate, bool) {
	if t.Absent() {
		return nil, true
	}
	whole, fraction, _ := strings.Cut(t.S, ".") // the standard allows parts of a second
	n, ok := wire.Text{S: whole, Shape: t.Shape}.Int()
	if t.Shape != wire.Number || !ok || n < 0 || n > lastDate || strings.Trim(fraction, "0123456789") != "" {
		return nil, false
	}
	return jwt.NewNumericDate(time.Unix(n, 0).UTC()), true
}

// The methods of [jwt.Claims], for the validator.

func (n *notification) GetExpirationTime() (*jwt.NumericDate, error) { return n.expires, nil }
func (n *notification) GetIssuedAt() (*jwt.NumericDate, error)       { return n.issued, nil }
func (n *notification) GetNotBefore() (*jwt.NumericDate, error)      { return n.begins, nil }
func (n *notification) GetIssuer() (string, error)                   { return n.issuer.S, nil }
func (n *notification) GetSubject() (string, error)                  { return "", nil }
func (n *notification) GetAudience() (jwt.ClaimStrings, error)       { return nil, nil }

// current checks whose the token is and whether it is its time.
func (p *Provider) current(n *notification) error {
	// The secret may also sign what the merchant sends to TLPE (assumed), and such a
	// token must not come back as a notification. The sample alone shows the name, so
	// that a token without one is not refused.
	if n.issuer.Shape != wire.Missing && !n.issuer.IsString(issuer) {
		return callback.Forged(gateway, "the token's issuer is not "+issuer)
	}
	err := jwt.NewValidator(
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(p.leeway), jwt.WithTimeFunc(p.now),
	).Validate(n)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return callback.Forged(gateway, "the token has no exp")
	case errors.Is(err, jwt.ErrTokenExpired):
		return callback.Forged(gateway, "the token has expired")
	default:
		return callback.Forged(gateway, "the token is from the future: check this server's clock")
	}
}

// event reads what a genuine notification says.
func (p *Provider) event(n *notification) (*refund.Event, error) {
	if !isID(n.id) {
		return nil, callback.Malformed(gateway, fmt.Sprintf("jti is no text of 1 to %d bytes on one line", maxID))
	}
	code := n.snake
	switch {
	case n.snake.Absent():
		code = n.camel
	case !n.camel.Absent() && n.camel != n.snake:
		return nil, callback.Malformed(gateway, "status_code and statusCode contradict each other")
	}
	if code.Shape != wire.String || code.S == "" {
		return nil, callback.Malformed(gateway, "the result does not hold one status code that is a text")
	}
	if code.S != codeFull && code.S != codePartial {
		err := callback.NotARefund(gateway, "the notification is not about a refund, as far as is known")
		var e *refund.Error
		if errors.As(err, &e) {
			e.GatewayCode = p.http.Clean(p.http.Bound(code.S))
		}
		return nil, err
	}
	if !isID(n.transactionID) {
		return nil, callback.Malformed(gateway, fmt.Sprintf("transaction_id is no text of 1 to %d bytes on one line", maxID))
	}
	e := &refund.Event{
		Gateway: gateway, ID: n.id.S, PaymentID: n.transactionID.S,
		Status: refund.StatusSucceeded, Kind: kindOf(code.S), Code: code.S,
		At: n.at(), Trust: p.trust,
	}
	e.Amount, e.AmountUnreadable = wire.Amount(n.amount, n.currency, p.caps.Currencies.Value[0])
	if n.message.Shape == wire.String {
		e.Message = p.http.Clean(p.http.Bound(n.message.S), e.PaymentID)
	}
	return e, nil
}

func isID(t wire.Text) bool {
	return t.Shape == wire.String && t.S != "" && len(t.S) <= maxID && utf8.ValidString(t.S) && !strings.ContainsFunc(t.S, unicode.IsControl)
}

// at is when the message was made or when the refund was, whichever is earlier: a
// message about an old refund may be made anew. It is zero if neither can be read.
func (n *notification) at() time.Time {
	var at time.Time
	if n.timestamp.Shape == wire.String {
		// As seen in a notification, and as in the answers. A time without a zone could
		// be any of a day's hours.
		for _, layout := range []string{"2006-01-02 15:04:05 -07:00", "2006-01-02T15:04:05.000-0700", time.RFC3339} {
			if t, err := time.Parse(layout, n.timestamp.S); err == nil {
				at = t.UTC()
			}
		}
	}
	if n.issued != nil && (at.IsZero() || n.issued.Before(at)) {
		at = n.issued.Time
	}
	return at
}
