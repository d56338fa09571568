package httpx

import (
	"bufio"
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gorefund/refund"
)

// tunnels reports whether the dialer goes through that proxy by itself. net/http would
// encrypt inside of the tunnel, out of reach of [quiet], and would make a refusing
// proxy's words its error. SOCKS is left to it.
func tunnels(proxy *url.URL) bool { return proxy.Scheme == "http" || proxy.Scheme == "https" }

// others is the Proxy of a transport whose dialer is d.
func (d *dialer) others(r *http.Request) (*url.URL, error) {
	proxy, err := d.proxy(r)
	if err == nil && proxy != nil && r.URL.Scheme == "https" && tunnels(proxy) {
		return nil, nil
	}
	return proxy, err
}

// reach makes a connection to the address of a gateway, through a proxy if there is
// one for it.
func (d *dialer) reach(ctx context.Context, network, address string) (net.Conn, error) {
	proxy, err := d.proxy(&http.Request{Method: http.MethodPost, URL: &url.URL{Scheme: "https", Host: address}, Header: http.Header{}})
	if err != nil {
		return nil, err
	}
	if proxy == nil || !tunnels(proxy) {
		return d.dial(ctx, network, address)
	}
	port := proxy.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[proxy.Scheme]
	}
	conn, err := d.dial(ctx, network, net.JoinHostPort(proxy.Hostname(), port))
	if err == nil && proxy.Scheme == "https" {
		conn, err = d.encrypt(ctx, conn, proxy.Hostname())
	}
	if err != nil {
		return nil, &net.OpError{Op: "proxyconnect", Net: network, Err: err}
	}
	if err := connect(ctx, conn, address, proxy.User); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// connect asks the proxy at the other end of conn to go on to address.
func connect(ctx context.Context, conn net.Conn, address string, user *url.Userinfo) error {
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if err := conn.SetDeadline(time.Now().Add(handshakeTimeout)); err != nil {
		return err
	}
	ask := "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\nUser-Agent: " + userAgent + "\r\n"
	if user != nil {
		password, _ := user.Password()
		ask += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)) + "\r\n"
	}
	if _, err := io.WriteString(conn, ask+"\r\n"); err != nil {
		return err
	}
	said := bufio.NewReader(io.LimitReader(conn, maxHead))
	answer, err := http.ReadResponse(said, &http.Request{Method: http.MethodConnect})
	switch {
	case err != nil:
		return err
	case answer.StatusCode != http.StatusOK:
		return connectRefused(answer.StatusCode)
	case said.Buffered() > 0: // in TLS the server does not begin
		return &fault{refund.InvalidRequest, "the proxy says more than it was asked: check that HTTPS_PROXY is a proxy"}
	}
	return conn.SetDeadline(time.Time{})
}
