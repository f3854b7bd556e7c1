// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// An output is stdout or stderr, and the only way to either. What a command writes
// to it is text, and is made safe to show, whether a person or a pipe reads it; so
// no call site can forget that. The exceptions have methods of their own: data and
// logs, for bytes that a pipe must get as they are, draw, for the line of a bar, and
// styled, for colors.
type output struct {
	*sanitize.Writer // for text

	out        *readStream
	screen     *screen
	logWriter  *sanitize.Writer
	isTerminal bool
}

func newOutput(stream io.Writer) *output {
	return newOutputOn(stream, isTerminal(stream))
}

func newOutputOn(stream io.Writer, isTerminal bool) *output {
	out := &readStream{Writer: stream}
	below := &screen{out: out, hasEscapes: true}
	if file, ok := stream.(*os.File); ok && isTerminal {
		below.hasEscapes = enableEscapes(file)
	}
	return &output{Writer: sanitize.NewWriter(below), logWriter: sanitize.NewLogWriter(below), out: out, screen: below, isTerminal: isTerminal}
}

// whenUnread has unread called when a write finds that no process reads the output any more.
func (o *output) whenUnread(unread func()) { o.out.unread = unread }

// isBroken reports whether something could not be written.
func (o *output) isBroken() bool { return o.out.broken.Load() }

// shareTerminal has text on one output take away the bar on the other.
func shareTerminal(stdout, stderr *output) {
	if stdout.isTerminal && stderr.isTerminal {
		stdout.screen.beside = stderr.screen
	}
}

// data returns the writer for an object's bytes. A pipe or file gets them byte for
// byte; a terminal gets them as text.
func (o *output) data() io.Writer {
	if o.isTerminal {
		return o.Writer
	}
	return o.out
}

// logs returns the writer for what a function printed. It is that of data, but a
// terminal gets the carriage returns of progress bars too.
func (o *output) logs() io.Writer {
	if o.isTerminal {
		return o.logWriter
	}
	return o.out
}

// isLive reports whether lines can be drawn again and again.
func (o *output) isLive() bool { return o.isTerminal && os.Getenv("TERM") != "dumb" }

// width returns how many columns a line has.
func (o *output) width() int { return terminalWidth(o.out.Writer) }

// draw replaces the terminal's last line. It stays on one line.
func (o *output) draw(line string) {
	o.screen.draw(cutEnd(sanitize.Line(line), o.width()-1))
}

// Flush writes what the writers hold back, half a character at the end, and takes a
// bar away.
func (o *output) Flush() error {
	err := errors.Join(o.Writer.Flush(), o.logWriter.Flush())
	o.screen.draw("")
	return err
}

// keep leaves a bar where it is, and begins a new line.
func (o *output) keep() { o.screen.keep() }

// A style is how words are shown on a terminal that has colors. No meaning is in the
// color alone.
type style string

const (
	good  style = "32" // green
	bad   style = "31" // red
	doubt style = "33" // yellow
	faint style = "2"
	bold  style = "1"
)

// hasColors reports whether styles are shown.
func (o *output) hasColors() bool {
	return o.isLive() && o.screen.hasEscapes && os.Getenv("NO_COLOR") == ""
}

// styled writes text in a style, "" for none.
func (o *output) styled(s style, text string) error {
	if s == "" || !o.hasColors() {
		_, err := io.WriteString(o, text)
		return err
	}
	_, err := fmt.Fprintf(o.screen, "\x1b[%sm%s\x1b[0m", s, sanitize.Text(text))
	return err
}

// printJSON prints a value. Text in it is escaped, not changed: what reads the JSON
// gets the bytes that the server sent.
func (t *terminal) printJSON(value any) error {
	data, err := sanitize.JSON(value, "  ")
	if err != nil {
		return err
	}
	_, err = t.stdout.Write(data)
	return err
}

// printDone says what was done. The extra arguments are keys and values for JSON; a
// first one "file" is for people too.
func (t *terminal) printDone(asJSON bool, done string, object objectName, extra ...any) error {
	if asJSON {
		fields := map[string]any{"bucket": object.bucket, "key": object.key}
		for i := 0; i+1 < len(extra); i += 2 {
			fields[fmt.Sprint(extra[i])] = extra[i+1]
		}
		return t.printJSON(fields)
	}
	line := fmt.Sprintf("%s %s", done, object)
	if len(extra) >= 2 && extra[0] == "file" {
		line += " into " + formatPath(fmt.Sprint(extra[1]))
	}
	_, err := fmt.Fprintln(t.stdout, line)
	return err
}

// An objectReport is an object in JSON.
type objectReport struct {
	Key          string            `json:"key"`
	Size         int64             `json:"size"`
	ETag         string            `json:"etag"`
	LastModified time.Time         `json:"last_modified"`
	ContentType  string            `json:"content_type,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"`
}

func describe(info lithopss3.ObjectInfo) objectReport {
	return objectReport{
		Key: info.Key, Size: info.Size, ETag: strings.Trim(info.ETag, `"`), LastModified: info.LastModified.UTC(),
		ContentType: info.ContentType, Metadata: info.Metadata,
	}
}

// printInfo describes an object, after a blank line if it follows another.
func (t *terminal) printInfo(info *lithopss3.ObjectInfo, isNext bool) error {
	lines := []string{
		"key:           " + sanitize.Name(info.Key),
		fmt.Sprintf("size:          %d bytes (%s)", info.Size, formatSize(info.Size)),
		"etag:          " + sanitize.Name(strings.Trim(info.ETag, `"`)),
		"last modified: " + formatTime(info.LastModified),
		"content type:  " + sanitize.Name(info.ContentType),
	}
	for _, name := range slices.Sorted(maps.Keys(info.Metadata)) {
		lines = append(lines, "metadata:      "+sanitize.Name(name)+" = "+sanitize.Name(info.Metadata[name]))
	}
	if isNext {
		lines = append([]string{""}, lines...)
	}
	_, err := fmt.Fprintln(t.stdout, strings.Join(lines, "\n"))
	return err
}

// printRow prints text.
func (t *terminal) printRow(format string, values ...any) error {
	_, err := fmt.Fprintf(t.stdout, format, values...)
	return err
}
