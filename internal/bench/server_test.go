package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
)

// serve answers every request with one reply. It allocates nothing per request,
// so that what is measured is the caller.
func serve(b testing.TB, answer string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	reply := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Sun, 01 Mar 2026 09:00:00 GMT\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerAll(c, reply)
		}
	}()
	return "http://" + l.Addr().String()
}

func answerAll(c net.Conn, reply []byte) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		length, err := skipHeader(r)
		if err != nil {
			return
		}
		if _, err := r.Discard(length); err != nil {
			return
		}
		if _, err := c.Write(reply); err != nil {
			return
		}
	}
}

var lengthName = []byte("Content-Length: ")

func skipHeader(r *bufio.Reader) (length int, err error) {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			return length, nil
		}
		if number, ok := bytes.CutPrefix(line, lengthName); ok {
			if length, err = strconv.Atoi(string(number)); err != nil {
				return 0, err
			}
		}
	}
}

// stub is a transport without a network.
type stub string

func (s stub) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	r.Body.Close()
	return &http.Response{
		StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header:        http.Header{"Content-Type": {"application/json"}},
		ContentLength: int64(len(s)),
		Body:          io.NopCloser(bytes.NewReader([]byte(s))),
	}, nil
}
