package httpx

import (
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Sealing and reading exclude each other, in whichever order they come.
func TestExchange_SealOrRead(t *testing.T) {
	t.Parallel()
	for range 2000 {
		x := &exchange{Context: t.Context(), body: []byte("{}")}
		var (
			both   sync.WaitGroup
			sealed bool
			n      int
		)
		both.Go(func() { sealed = x.seal() })
		both.Go(func() { n, _ = x.Read(make([]byte, 8)) })
		both.Wait()
		require.Equal(t, sealed, n == 0)
	}
}

func TestExchange_Seal(t *testing.T) {
	t.Parallel()
	x := &exchange{body: []byte("{}")}
	assert.True(t, x.seal())
	assert.False(t, x.seal(), "once is enough")
	n, err := x.Read(make([]byte, 8))
	assert.Zero(t, n)
	assert.ErrorIs(t, err, errSealed)
	assert.NotErrorIs(t, err, io.EOF, "an empty body would be a request")

	assert.False(t, (&exchange{}).seal(), "without a body nothing is proven")
}

func TestExchange_Read(t *testing.T) {
	t.Parallel()
	x := &exchange{body: []byte("0123456789")}
	p := make([]byte, 4)
	var got []byte
	for {
		n, err := x.Read(p)
		got = append(got, p[:n]...)
		if err != nil {
			require.ErrorIs(t, err, io.EOF)
			break
		}
	}
	assert.Equal(t, "0123456789", string(got))
	assert.False(t, x.seal())
	n, err := x.Read(p)
	assert.Zero(t, n, "it is sent once")
	assert.ErrorIs(t, err, io.EOF)
}

// A body that has just been looked at counts as read.
func TestExchange_EmptyRead(t *testing.T) {
	t.Parallel()
	x := &exchange{body: []byte("{}")}
	_, err := x.Read(nil)
	require.NoError(t, err)
	assert.False(t, x.seal())
}

func TestArm_NeedsAnExchange(t *testing.T) {
	t.Parallel()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://gateway.example", nil)
	require.NoError(t, err)
	assert.Error(t, arm(nil, r))
}

func TestNewTransport(t *testing.T) {
	t.Parallel()
	tr := newTransport()
	t.Cleanup(tr.CloseIdleConnections)
	assert.NotNil(t, tr.TLSNextProto, "nil would switch HTTP/2 on, which may send again")
	assert.False(t, tr.ForceAttemptHTTP2)
	assert.True(t, tr.DisableCompression)
	assert.Zero(t, tr.MaxConnsPerHost, "a call that waits for another one's connection loses its time")
}
