// SPDX-License-Identifier: Apache-2.0

package sanitize

import (
	"bytes"
	"io"
	"sync"
	"unicode/utf8"
)

// A Writer passes text on to another writer as Text would return it, however the
// text is split over calls of Write. It is safe for concurrent use.
type Writer struct {
	out        io.Writer
	kept       string
	dropReturn bool // of a carriage return before a line feed

	mu      sync.Mutex
	pending []byte // the beginning of a character whose rest has not been written yet
}

// NewWriter returns a Writer on out.
func NewWriter(out io.Writer) *Writer {
	return &Writer{out: out, kept: "\n\t", dropReturn: true}
}

// NewLogWriter returns a Writer on out that keeps carriage returns, with which a
// progress bar in a log goes back to the begin of its line.
func NewLogWriter(out io.Writer) *Writer {
	return &Writer{out: out, kept: "\n\t\r"}
}

// Write writes p. It holds back an unfinished character at the end of p until the
// next call or Flush. The count is len(p) or, after an error, 0.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := p
	if len(w.pending) > 0 {
		w.pending = append(w.pending, p...)
		text = w.pending
	}
	whole := len(text) - w.unfinished(text)
	if err := w.write(text[:whole]); err != nil {
		return 0, err
	}
	w.pending = append(w.pending[:0], text[whole:]...)
	return len(p), nil
}

// Flush writes what is held back. The underlying writer is not flushed.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.write(w.pending)
	w.pending = w.pending[:0]
	return err
}

// unfinished returns how many bytes at the end of text can't be judged without what
// follows: the begin of a character, or a carriage return.
func (w *Writer) unfinished(text []byte) int {
	if w.dropReturn && bytes.HasSuffix(text, []byte("\r")) {
		return 1
	}
	tail := text[max(0, len(text)-utf8.UTFMax):]
	for i := len(tail) - 1; i >= 0; i-- {
		if utf8.RuneStart(tail[i]) {
			if utf8.FullRune(tail[i:]) {
				return 0
			}
			return len(tail) - i
		}
	}
	return 0
}

func (w *Writer) write(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if w.dropReturn {
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	}
	_, err := io.WriteString(w.out, escape(string(text), w.kept))
	return err
}
