// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// printError prints an error in a line or two, and what can be done about it.
func (t *terminal) printError(err error) {
	_, _ = fmt.Fprintf(t.stderr, "lithops-s3: %s\n", indented(t.message(err), 2))
}

// message returns an error without what only --debug and doctor show.
func (t *terminal) message(err error) string {
	text := err.Error()
	if t.debug {
		return text
	}
	if signal := (interrupted{}); errors.As(context.Cause(t.ctx), &signal) && errors.Is(err, context.Canceled) {
		return signal.Error()
	}
	if errors.Is(err, lithopss3.ErrNoConfiguration) {
		return "no Lithops configuration found, and no region in AWS's settings: write ~/.lithops/config, or set AWS_DEFAULT_REGION (lithops-s3 --help says where it is looked for)"
	}
	if short := withoutTried(err); short != text {
		return short + " (lithops-s3 doctor says where they were looked for)"
	}
	return text
}

// withoutTried returns an error's text without the sources of credentials that did
// not apply.
func withoutTried(err error) string {
	text := err.Error()
	var credentials *lithopss3.CredentialsError
	if !errors.As(err, &credentials) || len(credentials.Tried) == 0 {
		return text
	}
	short := *credentials
	short.Tried = nil
	return strings.Replace(text, credentials.Error(), short.Error(), 1)
}

// newLogger returns the logger that the library writes to: warnings are for people,
// waits for another attempt for a terminal, the rest for --debug.
func (t *terminal) newLogger(debug bool) *slog.Logger {
	return slog.New(&logHandler{t: t, debug: debug, next: newDebugHandler(t.stderr), trouble: &trouble{out: t.stderr}})
}

func newDebugHandler(out io.Writer) slog.Handler {
	return slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutTime})
}

// withoutTime keeps the log readable: a command's messages come when they come.
func withoutTime(groups []string, attr slog.Attr) slog.Attr {
	if len(groups) == 0 && (attr.Key == slog.TimeKey || attr.Key == slog.LevelKey) {
		return slog.Attr{}
	}
	return attr
}

// A logHandler prints warnings as sentences and, with --debug, all else as keys and
// values.
type logHandler struct {
	t       *terminal
	debug   bool
	next    slog.Handler
	trouble *trouble
}

// Enabled reports whether a record is printed.
func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return h.debug || level >= slog.LevelWarn || level >= s3http.LevelWait && h.t.stderr.isLive()
}

// Handle prints a record.
func (h *logHandler) Handle(ctx context.Context, record slog.Record) error {
	if record.Level < slog.LevelWarn {
		if record.Level == s3http.LevelWait && h.t.stderr.isLive() {
			h.trouble.wait(readWait(record))
		}
		if !h.debug || record.Level == s3http.LevelWait { // the next attempt has a record of its own
			return nil
		}
		return h.next.Handle(ctx, record)
	}
	text := record.Message
	record.Attrs(func(attr slog.Attr) bool {
		text += fmt.Sprintf(", %s %v", attr.Key, attr.Value)
		return true
	})
	_, err := fmt.Fprintf(h.t.stderr, "lithops-s3: warning: %s\n", indented(text, 2))
	return err
}

// WithAttrs returns a handler with attributes for each record of --debug.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logHandler{t: h.t, debug: h.debug, next: h.next.WithAttrs(attrs), trouble: h.trouble}
}

// WithGroup returns a handler with a group for each record of --debug.
func (h *logHandler) WithGroup(name string) slog.Handler {
	return &logHandler{t: h.t, debug: h.debug, next: h.next.WithGroup(name), trouble: h.trouble}
}
