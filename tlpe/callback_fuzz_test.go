package tlpe_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/tlpe"
)

// FuzzParseCallback holds the parser against a second reading, which verifies by
// crypto/hmac and reads by encoding/json. What makes the body is chosen by how, since
// no fuzzer finds a signature: signed with the secret, signed with the token, with
// rest as its signature, or rest alone.
func FuzzParseCallback(f *testing.F) {
	full := refunded(`"status_code":"OK.02.00"`)
	good := claims(`"iss":"TLPE","jti":"j-1",`+times, full)
	for how := range uint8(4) {
		f.Add(how, hs256, good, "")
	}
	f.Add(uint8(3), "", "", string(posted(signed(hs256, good, webhookSecret)).Body))
	for _, header := range []string{`{"alg":"none"}`, `{"alg":"RS256"}`, `{"alg":"HS256","ALG":"none"}`, `{"alg":"HS256","crit":[]}`} {
		f.Add(uint8(0), header, good, "")
	}
	for _, c := range []string{
		claims(`"jti":"j","exp":1597297268.9`, full), claims(`"jti":"j","exp":1597470128e0`, full), claims(`"jti":"j"`, full),
		claims(times, full), claims(`"jti":"j","jti":"k",`+times, full), claims(`"iss":null,"jti":"j",`+times, full),
		claims(`"jti":"j",`+times, refunded(`"status_code":null,"statusCode":"OK.04.00"`)),
		claims(`"jti":"j",`+times, refunded(`"status_code":"OK.02.00","statusCode":"OK.04.00"`)),
		claims(`"jti":"j",`+times, refunded(`"status_code":"OK.00.00"`)),
		claims(`"jti":"j\u0000",`+times, full), `[]`, "{}",
	} {
		f.Add(uint8(0), hs256, c, "")
	}

	cfg := config(nil)
	cfg.Now = func() time.Time { return noon }
	p, err := tlpe.New(cfg)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, how uint8, header, claims, rest string) {
		c := refund.Callback{Method: "POST", URL: "/hook"}
		switch how % 4 {
		case 0:
			c = posted(signed(header, claims, webhookSecret))
		case 1:
			c = posted(signed(header, claims, token))
		case 2:
			c = posted(b64(header) + "." + b64(claims) + "." + rest)
		default:
			c.Body = []byte(rest)
		}
		e, err := p.ParseCallback(t.Context(), c)
		o := oracle(c.Body)
		if err != nil {
			var fail *refund.Error
			switch {
			case e != nil || !errors.As(err, &fail):
				t.Fatalf("%v with the event %+v", err, e)
			case fail.Status != refund.StatusNotSent || !slices.Contains([]refund.Code{refund.Forged, refund.Malformed, refund.NotARefund}, fail.Code):
				t.Fatalf("refused as %s, %s", fail.Code, fail.Status)
			case fail.Code == refund.NotARefund && (!o.genuine || o.refund()):
				t.Fatalf("%q is not a genuine message about something else", c.Body)
			case o.genuine && o.readable && !o.doubt && o.refund():
				t.Fatalf("%q is genuine, but: %v", c.Body, err)
			}
			return
		}
		switch {
		case !o.genuine:
			t.Fatalf("forged, but taken for %+v\n%q", e, c.Body)
		case !o.readable && !o.doubt:
			t.Fatalf("an id or a code is missing or no text, but taken for %+v\n%q", e, c.Body)
		case !o.refund() || e.Code != o.code || e.Status != refund.StatusSucceeded || e.Trust != refund.TrustSigned:
			t.Fatalf("code %q taken for %+v", o.code, e)
		case e.ID != o.id || e.PaymentID != o.payment || e.Key != "" || e.RefundID != "":
			t.Fatalf("ids %q and %q taken for %+v", o.id, o.payment, e)
		case o.issued != "" && (e.At.IsZero() || e.At.Unix() > seconds(o.issued)):
			t.Fatalf("issued %s, but at %s", o.issued, e.At)
		case e.Kind != map[string]refund.Kind{"OK.02.00": refund.KindFull, "OK.04.00": refund.KindPartial}[o.code]:
			t.Fatalf("code %q taken for the kind %s", o.code, e.Kind)
		case len(e.Message) > 4<<10 || strings.Contains(e.Message, webhookSecret):
			t.Fatalf("message %q", e.Message)
		case e.Amount.IsSet() && e.AmountUnreadable, o.amount != "" && !e.Amount.IsSet() && !e.AmountUnreadable:
			t.Fatalf("%q: both read and not, or neither: %+v", o.amount, e)
		case (o.currency == "PHP" || e.Amount.Currency() == "PHP") && e.Amount.IsSet() != o.hasAmount():
			t.Fatalf("%q %q taken for the amount %s", o.amount, o.currency, e.Amount)
		}
		if e.Amount.IsSet() {
			want, _ := new(big.Rat).SetString(o.amount)
			got, ok := new(big.Rat).SetString(e.Amount.Number())
			if !ok || got.Cmp(want) != 0 || e.Amount.Currency() != o.currency {
				t.Fatalf("%s taken for the amount %s", o.amount, e.Amount)
			}
		}
	})
}

// reading is what the oracle makes of a body.
type reading struct {
	genuine          bool // signed, of TLPE and current
	readable         bool // ids and codes are there and plain
	doubt            bool // no UTF-8, which the two decoders may read in two ways
	id, payment      string
	code             string
	amount, currency string // no quotes around them
	issued           string // "" if not there
}

func (r reading) refund() bool { return r.code == "OK.02.00" || r.code == "OK.04.00" }

var plainAmount = regexp.MustCompile(`^(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?$`)

func (r reading) hasAmount() bool {
	return r.currency == "PHP" && plainAmount.MatchString(r.amount) && strings.Trim(r.amount, "0.") != ""
}

func oracle(body []byte) (r reading) {
	if len(body) > 256<<10 {
		return r
	}
	top, ok := object(string(body))
	payload, isText := adaptertest.Unquote(only(top, "payload", &ok))
	if !ok || !isText || strings.ContainsAny(payload, "\r\n") {
		return r
	}
	parts := strings.Split(payload, ".")
	if len(parts) != 3 {
		return r
	}
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	var decoded [3]string
	for i, part := range parts {
		b, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil {
			return r
		}
		decoded[i] = string(b)
	}
	if !hmac.Equal([]byte(decoded[2]), mac.Sum(nil)) {
		return r
	}
	header, ok := object(decoded[0])
	if alg, _ := adaptertest.Unquote(only(header, "alg", &ok)); alg != "HS256" || only(header, "crit", &ok) != "" || !ok {
		return r
	}
	all, ok := object(decoded[1])
	if !ok {
		return r
	}
	if iss := only(all, "iss", &ok); iss != "" {
		if name, _ := adaptertest.Unquote(iss); name != "TLPE" {
			return r
		}
	}
	const now, early = 1597297328, 60
	exp, iat, nbf := number(all, "exp", &ok), number(all, "iat", &ok), number(all, "nbf", &ok)
	if !ok || exp == "" || seconds(exp)+early <= now || iat != "" && seconds(iat) > now+early || nbf != "" && seconds(nbf) > now+early {
		return r
	}
	r.genuine, r.issued = true, iat

	r.readable, r.doubt = true, !utf8.ValidString(decoded[1])
	data, _ := object(only(all, "data", &r.readable))
	r.id = name(all, "jti", &r.readable)
	r.payment = name(data, "transaction_id", &r.readable)
	result, _ := object(only(data, "result", &r.readable))
	snake, camel := only(result, "status_code", &r.readable), only(result, "statusCode", &r.readable)
	if snake == "" || snake == "null" {
		snake, camel = camel, ""
	}
	r.code, _ = adaptertest.Unquote(snake)
	if camel != "" && camel != "null" {
		other, isText := adaptertest.Unquote(camel)
		r.readable = r.readable && isText && other == r.code
	}
	single := true
	paid, _ := object(only(data, "payment", &single))
	r.amount, r.currency = only(paid, "amount", &single), only(paid, "currency", &single)
	if s, ok := adaptertest.Unquote(r.amount); ok {
		r.amount = s
	}
	if r.currency == "" || r.currency == "null" {
		r.currency = "PHP"
	} else {
		r.currency, _ = adaptertest.Unquote(r.currency)
	}
	if r.amount == "null" {
		r.amount = ""
	}
	if !single {
		r.amount = ""
	}
	return r
}

func object(text string) ([]adaptertest.Member, bool) {
	return adaptertest.Members(strings.TrimPrefix(text, "\xEF\xBB\xBF"))
}

// only clears ok if nobody can say which value counts.
func only(all []adaptertest.Member, name string, ok *bool) string {
	raw, single := adaptertest.Only(all, name)
	*ok = *ok && single
	return raw
}

// name clears ok if there is no text that can be an id.
func name(all []adaptertest.Member, member string, ok *bool) string {
	s, isText := adaptertest.Unquote(only(all, member, ok))
	*ok = *ok && isText && s != "" && len(s) <= 255 && strings.IndexFunc(s, unicode.IsControl) < 0
	return s
}

var plainNumber = regexp.MustCompile(`^(0|[1-9][0-9]{0,11})(\.[0-9]+)?$`)

func number(all []adaptertest.Member, member string, ok *bool) string {
	raw := only(all, member, ok)
	if raw == "null" {
		return ""
	}
	*ok = *ok && (raw == "" || plainNumber.MatchString(raw) && seconds(raw) <= 253402300799)
	return raw
}

func seconds(raw string) int64 {
	whole, _, _ := strings.Cut(raw, ".")
	n, _ := strconv.ParseInt(whole, 10, 64)
	return n
}
