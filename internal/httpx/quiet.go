package httpx

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"sync/atomic"
)

// quiet is a connection on which nobody speaks unasked. What comes while no request is
// under way, or behind the end of an answer, net/http would print to the log of the
// process, in quotes, and it may be an echo of an earlier request. Here it ends the
// connection instead, without a word.
//
// net/http reads and writes from one goroutine each.
type quiet struct {
	net.Conn
	asked  atomic.Bool // a request has begun to leave, and its answer has not ended
	tunnel atomic.Bool // no longer HTTP
	answer answer      // the reader's
}

// Write implements [net.Conn]. A request begins with the name of its method, and no
// body of ours, which is JSON, with a capital letter. The word to a SOCKS proxy does
// not either.
func (q *quiet) Write(p []byte) (int, error) {
	switch {
	case len(p) == 0 || q.asked.Load():
	case p[0] >= 'A' && p[0] <= 'Z':
		q.tunnel.Store(bytes.HasPrefix(p, []byte(http.MethodConnect+" ")))
		q.asked.Store(true)
	case p[0] == socks5:
		q.tunnel.Store(true)
	}
	return q.Conn.Write(p)
}

const socks5 = 5 // the first byte that is said to such a proxy

// Read implements [net.Conn]. A connection with something behind an answer ends with
// that answer: it cannot be taken for another request.
func (q *quiet) Read(p []byte) (int, error) {
	n, err := q.Conn.Read(p)
	if n == 0 || q.tunnel.Load() {
		return n, err
	}
	if !q.asked.Load() {
		return 0, q.end()
	}
	used, ended := q.answer.advance(p[:n])
	if ended {
		// First this: with the last byte net/http may send the next request.
		q.asked.Store(false)
		q.answer = answer{}
		if used < n {
			return used, q.end()
		}
	}
	return n, err
}

func (q *quiet) end() error {
	_ = q.Conn.Close()
	return io.EOF
}
