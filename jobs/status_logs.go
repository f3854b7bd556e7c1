// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lithops-go/lithopss3"
)

// maxLogs bounds what Logs unpacks: 256 MiB.
const maxLogs = 256 << 20

// Logs returns what the call printed, empty if the status has no logs. It is an error
// if they can't be unpacked or are larger than 256 MiB; [Status.LogReader] has no such
// limit and holds only a few KiB.
func (s *Status) Logs() (string, error) { return s.logsUpTo(maxLogs) }

// logsUpTo unpacks logs twice, so that it takes memory once it is known how much.
func (s *Status) logsUpTo(limit int64) (string, error) {
	size, err := io.Copy(io.Discard, io.LimitReader(s.LogReader(), limit+1))
	if err != nil {
		return "", err
	}
	if size > limit {
		return "", fmt.Errorf("the logs of call %s are larger than %d bytes: %w", s.Call, limit, lithopss3.ErrTooLarge)
	}
	var text strings.Builder
	text.Grow(int(size))
	if _, err := io.Copy(&text, s.LogReader()); err != nil {
		return "", err
	}
	return text.String(), nil
}

// LogReader returns a reader of what the call printed, which unpacks it as it is
// read. It is empty if the status has no logs; its error says that they can't be
// unpacked. It need not be closed.
func (s *Status) LogReader() io.Reader { return &logReader{status: s} }

type logReader struct {
	status *Status
	text   io.Reader
}

// Read reads what the call printed.
func (r *logReader) Read(p []byte) (int, error) {
	if r.status.logs == "" {
		return 0, io.EOF
	}
	if r.text == nil {
		text, err := zlib.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(r.status.logs)))
		if err != nil {
			return 0, fmt.Errorf("the logs of call %s: %w", r.status.Call, err)
		}
		r.text = text
	}
	n, err := r.text.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("the logs of call %s: %w", r.status.Call, err)
	}
	return n, err
}

// SetLogs puts what the call printed into the status: compressed, in base64.
// Python decodes it as UTF-8, so what isn't is replaced.
func (s *Status) SetLogs(text string) {
	var packed bytes.Buffer
	writer := zlib.NewWriter(&packed)
	_, _ = io.WriteString(writer, strings.ToValidUTF8(text, "\uFFFD")) // a buffer takes everything
	_ = writer.Close()
	s.logs = base64.StdEncoding.EncodeToString(packed.Bytes())
}
