package httpx

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

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
	x := &exchange{Context: t.Context(), body: []byte("{}")}
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
	x := &exchange{Context: t.Context(), body: []byte("0123456789")}
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
	x := &exchange{Context: t.Context(), body: []byte("{}")}
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

// suspended is a context whose time ended, by the wall clock, while its timer stood still.
type suspended struct{ context.Context }

func (suspended) Deadline() (time.Time, bool) {
	return time.Now().Add(-time.Second).Round(0), true
}

func TestC34_NothingIsReadTooLate(t *testing.T) {
	t.Parallel()
	over, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for name, ctx := range map[string]context.Context{"by the timer": over, "by the wall clock only": suspended{t.Context()}} {
		x := &exchange{Context: ctx, body: []byte("{}")}
		n, err := x.Read(make([]byte, 8))
		assert.Zero(t, n, name)
		require.ErrorIs(t, err, errSealed, name)
		assert.True(t, x.seal(), "%s: it is proven that nothing was sent", name)
	}
	soon, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	x := &exchange{Context: soon, body: []byte("{}")}
	n, err := x.Read(make([]byte, 1))
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	x.Context = over
	n, err = x.Read(make([]byte, 1))
	require.NoError(t, err, "what has begun to leave is not torn")
	assert.Equal(t, 1, n)
}
