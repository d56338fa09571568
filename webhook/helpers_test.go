package webhook_test

import (
	"io"
	"net"
	"sync"
)

// newPipe returns a body of which half a JSON object can be read, and that then says
// nothing until it is ended.
func newPipe() (body io.Reader, end func()) {
	r, w := io.Pipe()
	go func() { _, _ = w.Write([]byte(`{"id":`)) }()
	return r, func() { _ = w.Close() }
}

// oneConn is a listener with one connection.
type oneConn struct {
	conn net.Conn
	once sync.Once
}

func (l *oneConn) Accept() (net.Conn, error) {
	var conn net.Conn
	if l.once.Do(func() { conn = l.conn }); conn != nil {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error   { return nil }
func (l *oneConn) Addr() net.Addr { return l.conn.LocalAddr() }
