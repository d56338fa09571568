package webhook_test

import "io"

// newPipe returns a body of which half a JSON object can be read, and that then says
// nothing until it is ended.
func newPipe() (body io.Reader, end func()) {
	r, w := io.Pipe()
	go func() { _, _ = w.Write([]byte(`{"id":`)) }()
	return r, func() { _ = w.Close() }
}
