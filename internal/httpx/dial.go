package httpx

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
)

// dialer makes the connections of our own transport, each of them [quiet].
type dialer struct {
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
	proxy func(*http.Request) (*url.URL, error)
	tls   *tls.Config
}

// plain is the DialContext of a transport.
func (d *dialer) plain(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &quiet{Conn: conn}, nil
}

// encrypted is the DialTLSContext of a transport: what is said is to be heard, and that
// is inside of TLS.
func (d *dialer) encrypted(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	conn, err := d.reach(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if conn, err = d.encrypt(ctx, conn, host); err != nil {
		return nil, err
	}
	return &quiet{Conn: conn}, nil
}

// encrypt begins TLS with that host, whose certificate must be its own. It closes conn
// if it fails.
func (d *dialer) encrypt(ctx context.Context, conn net.Conn, host string) (net.Conn, error) {
	config := d.tls.Clone()
	config.ServerName = host
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	inside := tls.Client(conn, config)
	if err := inside.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return inside, nil
}
