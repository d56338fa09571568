// Package bench measures what one refund costs: through this library, by
// net/http written by hand, and by plain resty, against the same answers in the
// same run. BENCHMARKS.md has the table and the commands.
package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet"
	"github.com/gorefund/refund/redstone"
	"github.com/gorefund/refund/tarlan"
	"github.com/gorefund/refund/tlpe"
)

const timeout = 30 * time.Second

var errNo = errors.New("not accepted")

// gateway is one gateway in the three ways of calling it. in and out are what
// somebody would write who needs this one call only.
type gateway struct {
	name   string
	answer string
	path   string
	header func(body []byte) map[string]string
	in     any
	out    func() any
	ok     func(out any) bool

	provider func(base string, rt http.RoundTripper) (refund.Provider, error)
	request  refund.Request
}

type tlpeAnswer struct {
	Status int `json:"status"`
	Data   struct {
		Code        string `json:"status_code"`
		Description string `json:"status_description"`
	} `json:"data"`
}

type paynetAnswer struct {
	Object  string `json:"object_name"`
	Message string `json:"message"`
	Code    *int   `json:"code"`
}

type tarlanAnswer struct {
	Status  bool   `json:"status"`
	Code    int    `json:"status_code"`
	Message string `json:"message"`
	Result  any    `json:"result"`
}

type redstoneAnswer struct {
	Status  string `json:"status"`
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    struct {
		Status    string `json:"status"`
		Reference string `json:"reference"`
	} `json:"data"`
}

func gateways() []gateway {
	paynetRequest := refund.Partial("xk_EAAAAAh7VYf9HG4+GR9ezqiMWAA8PY6P4eroE4BUUHRCLxGO", money.MustParse("10.00 TRY"))
	paynetRequest.Payment.PaidAt = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	noon := func() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }
	fixed := func(h map[string]string) func([]byte) map[string]string {
		return func([]byte) map[string]string { return h }
	}
	return []gateway{
		{
			name: "Tarlan", path: "/transaction/api/v1/system/refund/partial",
			answer: `{"status": true, "message": "Success", "result": "success"}`,
			header: func(body []byte) map[string]string {
				sum := sha256.Sum256([]byte(base64.StdEncoding.EncodeToString(body) + "12345"))
				return map[string]string{"Authorization": "Bearer " + hex.EncodeToString(sum[:])}
			},
			in: struct {
				Amount int64 `json:"amount"`
				ID     int64 `json:"transaction_id"`
			}{10, 200000001},
			out: func() any { return new(tarlanAnswer) },
			ok:  func(v any) bool { a := v.(*tarlanAnswer); return a.Status && a.Code == 0 },
			provider: func(base string, rt http.RoundTripper) (refund.Provider, error) {
				return tarlan.New(tarlan.Config{Secret: "12345", Environment: refund.Sandbox, BaseURL: base, Transport: rt, Timeout: timeout})
			},
			request: refund.Partial("200000001", money.MustParse("10.00 KZT")),
		},
		{
			name: "Redstone", path: "/v1/payment/refunds/process",
			answer: `{"status":"success","code":200,"message":"refund queued successfully","data":{"status":"pending","message":"refund queued successfully","reference":"PY_6c663231b92a4bbabdff4bcc1"}}`,
			header: fixed(map[string]string{"Secret-Key": "redSec_test_1", "Public-Key": "redPub_test_1"}),
			in: struct {
				Amount    json.Number `json:"amount"`
				Reference string      `json:"payment_reference"`
				Reason    string      `json:"reason"`
			}{"10.00", "PY_c77f7bff21514bdf9dfe9f1b2", "Cancelled"},
			out: func() any { return new(redstoneAnswer) },
			ok: func(v any) bool {
				a := v.(*redstoneAnswer)
				return a.Status == "success" && a.Code == 200 && a.Data.Status == "pending"
			},
			provider: func(base string, rt http.RoundTripper) (refund.Provider, error) {
				return redstone.New(redstone.Config{SecretKey: "redSec_test_1", PublicKey: "redPub_test_1", Environment: refund.Sandbox, BaseURL: base, Transport: rt, Timeout: timeout})
			},
			request: refund.Partial("PY_c77f7bff21514bdf9dfe9f1b2", money.MustParse("10.00 ZMW")),
		},
		{
			name: "Paynet", path: "/v1/transaction/reversed_request",
			answer: `{"object_name":"transaction_reversed_request","message":"Başarılı İşlem","code":0}`,
			header: fixed(map[string]string{"Authorization": "Basic sck_1"}),
			in: struct {
				ID     string `json:"xact_id"`
				Amount string `json:"amount"`
			}{paynetRequest.Payment.ID, "1000"},
			out: func() any { return new(paynetAnswer) },
			ok:  func(v any) bool { a := v.(*paynetAnswer); return a.Code != nil && *a.Code == 0 },
			provider: func(base string, rt http.RoundTripper) (refund.Provider, error) {
				return paynet.New(paynet.Config{SecretKey: "sck_1", Environment: refund.Sandbox, BaseURL: base, Transport: rt, Timeout: timeout, Now: noon})
			},
			request: paynetRequest,
		},
		{
			name: "TLPE", path: "/refund",
			answer: `{"timestamp":"2020-07-14T09:29:03.806+0000","status":200,"message":"Request processed successfully","path":"/refund","data":{"transaction_id":"TRX-10001","status_code":"OK.04.00","status_description":"Partial refund successful"}}`,
			header: fixed(map[string]string{"Authorization": "token-1"}),
			in: struct {
				ID     string `json:"transaction_id"`
				Notify string `json:"notify_user"`
				Reason string `json:"reason"`
				Amount string `json:"amount"`
			}{"TRX-10001", "false", "Cancelled transaction", "10.00"},
			out: func() any { return new(tlpeAnswer) },
			ok:  func(v any) bool { a := v.(*tlpeAnswer); return a.Status == 200 && a.Data.Code == "OK.04.00" },
			provider: func(base string, rt http.RoundTripper) (refund.Provider, error) {
				return tlpe.New(tlpe.Config{Token: "token-1", Environment: refund.Sandbox, BaseURL: base, Transport: rt, Timeout: timeout})
			},
			request: refund.Partial("TRX-10001", money.MustParse("10.00 PHP")),
		},
	}
}

// byHand is the call as an engineer writes it who needs nothing else.
func (g *gateway) byHand(client *http.Client, base string) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	body, err := json.Marshal(g.in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+g.path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	for name, value := range g.header(body) {
		req.Header.Set(name, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	out := g.out()
	if err := json.Unmarshal(data, out); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || !g.ok(out) {
		return errNo
	}
	return nil
}

// byResty is the same with resty as its documents show it.
func (g *gateway) byResty(client *resty.Client, base string) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	body, err := json.Marshal(g.in)
	if err != nil {
		return err
	}
	out := g.out()
	resp, err := client.R().SetContext(ctx).
		SetHeader("Content-Type", "application/json").SetHeader("Accept", "application/json").
		SetHeaders(g.header(body)).
		SetBody(g.in).SetResult(out).
		Post(base + g.path)
	if err != nil {
		return err
	}
	if resp.StatusCode() != http.StatusOK || !g.ok(out) {
		return errNo
	}
	return nil
}

func BenchmarkRefund(b *testing.B) {
	for _, g := range gateways() {
		for _, place := range []string{"loopback", "stub"} {
			b.Run(g.name+"/"+place, func(b *testing.B) {
				base, transport := "http://127.0.0.1:9", http.RoundTripper(stub(g.answer))
				if place == "loopback" {
					base, transport = serve(b, g.answer), nil
				}
				b.Run("by-hand", func(b *testing.B) {
					client := &http.Client{Transport: transport}
					measure(b, func() error { return g.byHand(client, base) })
				})
				b.Run("resty", func(b *testing.B) {
					client := resty.New()
					if transport != nil {
						client.SetTransport(transport)
					}
					measure(b, func() error { return g.byResty(client, base) })
				})
				b.Run("library", func(b *testing.B) {
					p, err := g.provider(base, transport)
					if err != nil {
						b.Fatal(err)
					}
					client := refund.New(p)
					measure(b, func() error { _, err := client.Refund(context.Background(), g.request); return err })
				})
			})
		}
	}
}

func measure(b *testing.B, call func() error) {
	if err := call(); err != nil { // makes the connection, too
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := call(); err != nil {
			b.Fatal(err)
		}
	}
}
