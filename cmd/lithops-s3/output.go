package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/lithops-go/lithopss3"
)

// An objectName is a bucket and a key, or a prefix.
type objectName struct{ bucket, key string }

func (t *terminal) printJSON(value any) error {
	encoder := json.NewEncoder(t.stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// printDone says what was done; extra are more keys and values for JSON, the
// last value also for people where it is a file.
func (t *terminal) printDone(asJSON bool, done string, object objectName, extra ...any) error {
	if asJSON {
		fields := map[string]any{"bucket": object.bucket, "key": object.key}
		for i := 0; i+1 < len(extra); i += 2 {
			fields[fmt.Sprint(extra[i])] = extra[i+1]
		}
		return t.printJSON(fields)
	}
	line := fmt.Sprintf("%s %s/%s", done, object.bucket, printable(object.key))
	if len(extra) == 2 && extra[0] == "file" {
		line += fmt.Sprintf(" into %v", extra[1])
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

func (t *terminal) printInfo(info *lithopss3.ObjectInfo) error {
	lines := []string{
		"key:           " + printable(info.Key),
		fmt.Sprintf("size:          %d bytes (%s)", info.Size, formatSize(info.Size)),
		"etag:          " + printable(strings.Trim(info.ETag, `"`)),
		"last modified: " + info.LastModified.Format(time.RFC3339),
		"content type:  " + printable(info.ContentType),
	}
	for _, name := range slices.Sorted(maps.Keys(info.Metadata)) {
		lines = append(lines, "metadata:      "+printable(name)+" = "+printable(info.Metadata[name]))
	}
	_, err := fmt.Fprintln(t.stdout, strings.Join(lines, "\n"))
	return err
}

// printable keeps control characters off the terminal.
func printable(text string) string {
	quoted := strconv.Quote(text)
	if quoted == `"`+text+`"` {
		return text
	}
	return quoted
}

// printableLine keeps text on one line, and control characters off the terminal.
func printableLine(text string) string {
	var line strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) {
			line.WriteRune(r)
			continue
		}
		line.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
	}
	return line.String()
}

// formatSize writes a number of bytes as people do.
func formatSize(bytes int64) string {
	size, unit := float64(bytes), 0
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	for size >= 1024 && unit < len(units)-1 {
		size /= 1024
		unit++
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", size, units[unit])
}

// isCredentialsError tells the errors that better credentials would cure.
func isCredentialsError(err error) bool {
	var credentials *lithopss3.CredentialsError
	return errors.As(err, &credentials)
}
