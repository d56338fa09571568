package httpx

import (
	"bytes"
	"strconv"
	"strings"
)

// answer finds the end of one HTTP/1.1 answer in the bytes of a connection, by the
// rules of RFC 9112, section 6.3. It only counts: net/http reads and judges. What it
// cannot read has no end, so that all of it goes to net/http, which refuses it.
type answer struct {
	part part
	head []byte // of a head that did not come at once
	left int64  // bytes of a body or chunk
	line []byte // of a chunk's length that did not come at once
}

// part is what the next byte belongs to.
type part byte

const (
	inHead part = iota
	inBody
	inChunkLine
	inChunk
	inChunkEnd // the line end behind a chunk
	inTrailer
	endless // to the end of the connection
)

const maxHead = 64 << 10

// advance goes on by p. It returns how much of p belongs to the answer, and whether
// the answer ends there.
func (a *answer) advance(p []byte) (used int, ended bool) {
	for used < len(p) {
		rest := p[used:]
		switch a.part {
		case inHead:
			n := a.readHead(rest)
			used += n
			if a.part == inBody && a.left == 0 {
				return used, true
			}
		case inBody, inChunk:
			n := min(a.left, int64(len(rest)))
			a.left -= n
			used += int(n)
			if a.left > 0 {
				return used, false
			}
			if a.part == inBody {
				return used, true
			}
			a.part = inChunkEnd
		case inChunkLine, inChunkEnd, inTrailer:
			line, n := a.readLine(rest)
			used += n
			if line == nil {
				return used, false
			}
			switch {
			case a.part == inChunkLine:
				a.beginChunk(line)
			case a.part == inChunkEnd && len(line) == 0:
				a.part = inChunkLine
			case a.part == inChunkEnd:
				a.part = endless
			case len(line) == 0:
				return used, true
			}
		default:
			return len(p), false
		}
	}
	return used, false
}

// readHead takes what of p belongs to the head.
func (a *answer) readHead(p []byte) int {
	before := len(a.head)
	head := p
	if before > 0 {
		a.head = append(a.head, p...)
		head = a.head
	}
	end := headEnd(head)
	switch {
	case end < 0 && len(head) > maxHead:
		a.part = endless
		return len(p)
	case end < 0:
		if before == 0 {
			a.head = append(a.head, p...)
		}
		return len(p)
	}
	a.head = nil
	a.judge(head[:end])
	return end - before
}

// headEnd is where a head ends, behind its empty line; -1 if it does not yet.
func headEnd(head []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(head[at:], '\n')
		if i < 0 {
			return -1
		}
		at += i + 1
		switch rest := head[at:]; {
		case len(rest) > 0 && rest[0] == '\n':
			return at + 1
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			return at + 2
		}
	}
}

var contentLength, transferEncoding, inChunks = []byte("Content-Length"), []byte("Transfer-Encoding"), []byte("chunked")

// judge decides by a head what follows it.
func (a *answer) judge(head []byte) {
	line := head[:bytes.IndexByte(head, '\n')]
	_, status, _ := bytes.Cut(line, []byte(" "))
	length, chunked := int64(-1), false
	for line := range bytes.Lines(head[len(line):]) {
		if value, ok := valueOf(line, contentLength); ok {
			length = size(value, 10)
		} else if value, ok := valueOf(line, transferEncoding); ok {
			chunked = bytes.EqualFold(value, inChunks)
		}
	}
	switch code := string(status[:min(3, len(status))]); {
	case code == "101":
		a.part = endless
	case strings.HasPrefix(code, "1"): // the answer itself follows
	case code == "204", code == "304":
		a.part, a.left = inBody, 0
	case chunked:
		a.part = inChunkLine
	case length >= 0:
		a.part, a.left = inBody, length
	default:
		a.part = endless
	}
}

// valueOf returns the value of a field, if it has that name.
func valueOf(field, name []byte) (value []byte, ok bool) {
	n := len(name)
	if len(field) <= n || field[n] != ':' || !bytes.EqualFold(field[:n], name) {
		return nil, false
	}
	return bytes.TrimSpace(field[n+1:]), true
}

// readLine returns the next line without its end, nil if it has not come whole.
func (a *answer) readLine(p []byte) (line []byte, used int) {
	i := bytes.IndexByte(p, '\n')
	if i < 0 {
		if a.line = append(a.line, p...); len(a.line) > maxHead {
			a.part = endless
		}
		return nil, len(p)
	}
	line = p[:i]
	if len(a.line) > 0 {
		line = append(a.line, line...)
		a.line = a.line[:0]
	}
	if line = bytes.TrimSuffix(line, []byte("\r")); line == nil {
		line = []byte{}
	}
	return line, i + 1
}

// beginChunk reads the line before a chunk.
func (a *answer) beginChunk(line []byte) {
	digits, _, _ := bytes.Cut(line, []byte(";"))
	switch a.left = size(bytes.TrimRight(digits, " \t"), 16); {
	case a.left < 0:
		a.part = endless
	case a.left == 0:
		a.part = inTrailer
	default:
		a.part = inChunk
	}
}

// size reads digits, and nothing else; -1 is none.
func size(digits []byte, base int) int64 {
	n, err := strconv.ParseUint(string(digits), base, 63)
	if err != nil {
		return -1
	}
	return int64(n)
}
