// Package httpx sends the adapters' requests: each of them once, within a
// time limit, to one host, and with an honest account of what became of it.
//
// An adapter takes its HTTP client from here and never builds one, because the
// defaults of the HTTP stack are made to deliver, not to deliver at most once:
// Go's transport sends a request again when a kept connection drops, resty
// repeats a POST if its retries are on, and both follow redirects with body and
// credentials.
package httpx

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/conf"
)

const (
	// DefaultTimeout bounds a whole call. No gateway documents its own limit;
	// acquirers answer within seconds, and an early end means an unknown
	// outcome, so it is generous.
	DefaultTimeout = 60 * time.Second

	handshakeTimeout = 10 * time.Second

	maxBody = 1 << 20 // bytes of a decoded answer

	userAgent = "gorefund"
)

// Options configure a Client.
type Options struct {
	Gateway   string
	BaseURL   *url.URL          // checked; its path is a prefix
	Transport http.RoundTripper // nil = a transport of its own
	Timeout   time.Duration     // 0 = DefaultTimeout
	Header    map[string]string // sent with each request
	Secrets   []string          // never shown in any text
}

// Client sends requests to one gateway. It is safe for concurrent use.
type Client struct {
	gateway string
	base    string
	timeout time.Duration

	// What holds a secret, or has one in its buffers.
	resty  conf.Hidden[*resty.Client]
	header conf.Hidden[http.Header]
	mask   conf.Hidden[*masker]

	// genuine: the transport is Go's own, which reads a request's body only
	// when it has a connection and has sent the head. A foreign RoundTripper
	// promises nothing of the kind.
	genuine bool
}

// New makes a Client.
func New(o Options) *Client {
	transport, timeout := o.Transport, o.Timeout
	if transport == nil {
		transport = newTransport()
	}
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	header := http.Header{
		"Accept":       {"application/json"},
		"Content-Type": {"application/json"},
		"User-Agent":   {userAgent},
	}
	for name, value := range o.Header {
		header.Set(name, value)
	}
	own, genuine := transport.(*http.Transport)
	secrets := o.Secrets
	if genuine {
		secrets = append(slices.Clip(secrets), proxySecrets(own, o.BaseURL)...)
	}
	c := &Client{
		gateway: o.Gateway,
		base:    strings.TrimRight(o.BaseURL.String(), "/"),
		timeout: timeout,
		header:  conf.Hide(header),
		mask:    conf.Hide(newMasker(secrets)),
		genuine: genuine,
	}
	c.resty = conf.Hide(resty.NewWithClient(&http.Client{Transport: transport}).
		SetLogger(silent{}). // resty's own prints URLs
		SetRetryCount(0).
		SetDoNotParseResponse(true). // the limit on the decoded body is ours
		SetRedirectPolicy(resty.RedirectPolicyFunc(func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		})).
		SetPreRequestHook(arm))
	return c
}

// newTransport differs from http.DefaultTransport where refunds do: HTTP/1.1
// only, because HTTP/2 may send a request again on a connection that goes away;
// as many idle connections as there are likely callers (the default keeps two);
// and idle ones closed before usual servers close them, because a connection
// that is closed while a request leaves is an unknown outcome.
func newTransport() *http.Transport {
	return (&dialer{
		dial:  (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		proxy: http.ProxyFromEnvironment,
		tls:   &tls.Config{MinVersion: tls.VersionTLS12},
	}).transport()
}

func (d *dialer) transport() *http.Transport {
	return &http.Transport{
		Proxy:                  d.others,
		DialContext:            d.plain,
		DialTLSContext:         d.encrypted,
		TLSClientConfig:        d.tls, // behind a SOCKS proxy
		TLSHandshakeTimeout:    handshakeTimeout,
		TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{},
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    256,
		IdleConnTimeout:        30 * time.Second,
		DisableCompression:     true, // answers are small; one that comes compressed all the same is decoded within the limit
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// shortestPassword of a proxy that is masked by itself: a shorter one may stand in an id.
const shortestPassword = 8

// proxySecrets are what t says to its proxy on the way to base. Without a tunnel the
// proxy's pages are taken for the gateway's, and they may quote it.
func proxySecrets(t *http.Transport, base *url.URL) []string {
	if t.Proxy == nil {
		return nil
	}
	proxy, err := t.Proxy(&http.Request{Method: http.MethodPost, URL: base, Header: http.Header{}})
	if err != nil || proxy == nil || proxy.User == nil {
		return nil
	}
	password, _ := proxy.User.Password()
	secrets := []string{proxy.User.Username() + ":" + password}
	if len(password) >= shortestPassword {
		secrets = append(secrets, password)
	}
	return secrets
}

// CloseIdleConnections closes the connections that no call uses.
func (c *Client) CloseIdleConnections() { c.resty().GetClient().CloseIdleConnections() }

// Request is one request. Whether it may be repeated is the caller's knowledge;
// this package never repeats it.
type Request struct {
	Method string
	Path   string // absolute, escaped, with its query
	Body   []byte // nil = none
	Bearer string // a token for this request only
}

// Reply is an answer that came whole.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// Send sends r once. Without an answer that came whole it returns an error:
// [refund.StatusNotSent] if it is proven that the gateway got no request, else
// [refund.StatusUnknown].
func (c *Client) Send(ctx context.Context, op string, r Request) (reply Reply, err error) {
	if err := c.begin(ctx, op); err != nil {
		return Reply{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	x := &exchange{Context: ctx, body: r.Body}
	defer func() {
		if p := recover(); p != nil { // of a foreign transport
			reply, err = Reply{}, c.noAnswer(op, x, errPanic)
		}
	}()

	req := c.resty().R().SetContext(x)
	req.Header = c.header() // resty clones it
	req.Body = noBody       // the real one comes in by arm
	req.Token = r.Bearer
	resp, err := req.Execute(r.Method, c.base+r.Path)
	if err != nil {
		return Reply{}, c.noAnswer(op, x, err)
	}
	raw := resp.RawResponse
	defer raw.Body.Close()
	switch {
	case c.genuine && x.seal() && raw.StatusCode < 300:
		return Reply{}, c.strayAnswer(op, raw.StatusCode) // a refusal is as good as an early one
	case raw.StatusCode == http.StatusSwitchingProtocols:
		return Reply{}, c.cutAnswer(op, x, raw.StatusCode, errSwitched)
	}
	body, err := readBody(raw)
	if err != nil {
		return Reply{}, c.cutAnswer(op, x, raw.StatusCode, err)
	}
	return Reply{Status: raw.StatusCode, Header: raw.Header, Body: body}, nil
}

// begin refuses a call whose context cannot carry it.
func (c *Client) begin(ctx context.Context, op string) error {
	switch {
	case ctx == nil:
		return &refund.Error{Gateway: c.gateway, Op: op, Code: refund.InvalidRequest, Status: refund.StatusNotSent, Message: "the context is nil"}
	case ctx.Err() != nil:
		return &refund.Error{
			Gateway: c.gateway, Op: op, Code: refund.Unavailable, Status: refund.StatusNotSent,
			Message: "the context ended before anything was sent", Err: ctx.Err(),
		}
	}
	return nil
}

// Plan shows r as Send would send it, with body in the place of r.Body, since
// the adapter knows what else than the configured secrets to mask in it.
func (c *Client) Plan(r Request, body string) *refund.Plan {
	p := &refund.Plan{Method: r.Method, URL: c.mask().secrets(c.base + r.Path), Body: c.mask().secrets(body)}
	for name, values := range c.header() {
		p.Header = append(p.Header, refund.Header{Name: name, Value: c.mask().secrets(values[0])})
	}
	if r.Bearer != "" {
		p.Header = append(p.Header, refund.Header{Name: "Authorization", Value: "Bearer " + masked})
	}
	slices.SortFunc(p.Header, func(a, b refund.Header) int { return strings.Compare(a.Name, b.Name) })
	return p
}

type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
