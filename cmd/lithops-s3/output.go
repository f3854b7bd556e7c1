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
// logs, for bytes that a pipe must get as they are, and draw, for the line of a bar.
type output struct {
	*sanitize.Writer // for text

	stream     io.Writer
	logWriter  *sanitize.Writer
	isTerminal bool
}

func newOutput(stream io.Writer) *output {
	return newOutputOn(stream, isTerminal(stream))
}

func newOutputOn(stream io.Writer, isTerminal bool) *output {
	return &output{Writer: sanitize.NewWriter(stream), logWriter: sanitize.NewLogWriter(stream), stream: stream, isTerminal: isTerminal}
}

// data returns the writer for an object's bytes. A pipe or file gets them byte for
// byte; a terminal gets them as text.
func (o *output) data() io.Writer {
	if o.isTerminal {
		return o.Writer
	}
	return o.stream
}

// logs returns the writer for what a function printed. It is that of data, but a
// terminal gets the carriage returns of progress bars too.
func (o *output) logs() io.Writer {
	if o.isTerminal {
		return o.logWriter
	}
	return o.stream
}

// isLive reports whether lines can be drawn again and again.
func (o *output) isLive() bool { return o.isTerminal && os.Getenv("TERM") != "dumb" }

// draw replaces the terminal's last line.
func (o *output) draw(line string) {
	_, _ = io.WriteString(o.stream, "\r"+sanitize.Line(line)+"\x1b[K")
}

// Flush writes what the writers hold back: half a character at the end.
func (o *output) Flush() error { return errors.Join(o.Writer.Flush(), o.logWriter.Flush()) }

// isTerminal reports whether a person looks at the stream, or types into it.
func isTerminal(stream any) bool {
	if in, ok := stream.(*input); ok {
		return in.isTerminal
	}
	file, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull) // a character device too
	return err != nil || !os.SameFile(info, null)
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
		line += " into " + sanitize.Name(fmt.Sprint(extra[1]))
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
