package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
)

// A shutdown lets the refund under way come to its end and be answered.
func TestServeShutsDownGracefully(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	begun, finish := make(chan struct{}), make(chan struct{})
	handler := newHandler(refunds(func(context.Context, refund.Request) (*refund.Result, error) {
		close(begun)
		<-finish
		return &refund.Result{Status: refund.StatusSucceeded}, nil
	}))
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- serve(ctx, listener, handler, slog.New(slog.DiscardHandler)) }()

	type reply struct {
		status int
		err    error
	}
	replied := make(chan reply, 1)
	go func() {
		res, err := http.Post("http://"+address+"/refunds", "application/json", strings.NewReader(`{"payment": "P", "kind": "full"}`))
		if err != nil {
			replied <- reply{err: err}
			return
		}
		_, err = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		replied <- reply{res.StatusCode, err}
	}()
	<-begun
	stop()
	for { // until nobody is let in any more
		conn, err := net.Dial("tcp", address)
		if err != nil {
			break
		}
		_ = conn.Close()
	}
	select {
	case err := <-served:
		t.Fatalf("it did not wait for the refund: %v", err)
	default:
	}
	close(finish)
	got := <-replied
	require.NoError(t, got.err, "the answer must arrive")
	assert.Equal(t, http.StatusOK, got.status)
	assert.NoError(t, <-served)
}

// output is read while the service writes to it.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func TestRun(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var out output
	require.NoError(t, run(ctx, []string{"-sandbox", "-listen", "127.0.0.1:0"}, &out))
	assert.Contains(t, out.String(), "msg=ready")
	assert.Contains(t, out.String(), "shop-ph:tlpe/sandbox")
	assert.Contains(t, out.String(), "shutting down")
}

func TestRunRefuses(t *testing.T) {
	for _, name := range []string{"REFUND_CONFIG", "REFUND_GATEWAY"} {
		t.Setenv(name, "")
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"nothing configured": {nil, "set REFUND_CONFIG to the path of a file"},
		"no file":            {[]string{"-config", "testdata/none.json"}, "testdata/none.json"},
		"both":               {[]string{"-sandbox", "-config", "refund.json"}, "exclude each other"},
		"argument":           {[]string{"-sandbox", "refund.json"}, `unexpected argument "refund.json"`},
		"flag":               {[]string{"-sandbocks"}, "not defined"},
		"address":            {[]string{"-sandbox", "-listen", "127.0.0.1:99999"}, "99999"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.ErrorContains(t, run(t.Context(), test.args, io.Discard), test.want)
		})
	}
}
