// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

type listCommand struct {
	storageFlags
	Bucket string `arg:"" optional:"" help:"The bucket, or s3://BUCKET/PREFIX; the configuration's if it is . or not given."`
	Prefix string `short:"p" empty:"ok" help:"List only keys that begin with this."`
	Match  string `short:"m" placeholder:"PATTERN" help:"List only keys that match: ? is a character, * any within a component, ** any components."`
	JSON   bool   `name:"json" help:"Print a JSON array."`

	Parallel amount `default:"32" placeholder:"N" help:"Make up to N requests at once (32); 1 is one after the other."`
}

// Usage is shown by list --help.
func (listCommand) Usage() string { return "[BUCKET | s3://BUCKET/PREFIX]" }

// Help is shown by list --help.
func (listCommand) Help() string {
	return `Lists all keys in the order of their bytes: time, size and key, as Lithops' "storage list" with the columns turned round, so that they stay in place. On a terminal, a header names the zone; in a pipe or file there is no header, and each time has its zone. See ls for folders.

Examples:
  lithops-s3 list my-bucket -p data/
  lithops-s3 list s3://my-bucket/data/ -m '**/*.csv' --json`
}

// Run lists the objects. It prints as it goes, with some pages in memory.
func (c *listCommand) Run(t *terminal) error {
	name, err := parseFolder(c.Bucket)
	if err != nil {
		return err
	}
	if name.key != "" && c.Prefix != "" {
		return usagef("the prefix is given twice, by --prefix and by the URL")
	}
	store, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if err := t.resolve(store, &name); err != nil {
		return err
	}
	opts := &lithopss3.ListOptions{Prefix: c.Prefix + name.key, Match: c.Match, Parallel: int(c.Parallel)}
	objects := t.countingUnlessShown(name.bucket, store.ListObjects(t.ctx, name.bucket, opts))
	if c.JSON {
		return t.listJSON(objects)
	}
	table := t.newListing()
	err = table.addAll(objects)
	return firstError(err, table.end(err == nil))
}

// firstError returns the first error that is not nil.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// listJSON prints a JSON array of objects, as they come.
func (t *terminal) listJSON(objects iter.Seq2[lithopss3.ObjectInfo, error]) error {
	out := bufio.NewWriter(t.stdout)
	err := writeJSON(out, objects)
	return firstError(err, out.Flush())
}

func writeJSON(out *bufio.Writer, objects iter.Seq2[lithopss3.ObjectInfo, error]) error {
	separator := "["
	for info, err := range objects {
		if err != nil {
			return err
		}
		var value any = describe(info)
		if info.IsPrefix {
			value = folderLine{Prefix: info.Key, Size: info.Size}
		}
		text, err := sanitize.JSON(value, "")
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s\n%s", separator, text); err != nil {
			return err
		}
		separator = ","
	}
	if separator == "[" {
		_, err := fmt.Fprintln(out, "[]")
		return err
	}
	_, err := fmt.Fprintln(out, "\n]")
	return err
}

// A folderLine is a folder in the JSON of ls. Its size is that of all below it.
type folderLine struct {
	Prefix string `json:"prefix"`
	Size   int64  `json:"size,omitempty"`
}

// A listing prints objects in lines whose columns stay in place, and counts them.
type listing struct {
	out     *bufio.Writer
	header  bool           // with the zone, and times without it
	zone    *time.Location // of the header
	base    string         // names are printed without it
	began   bool
	objects int
	folders int
	bytes   int64
}

func (t *terminal) newListing() *listing {
	zone := time.Local
	if t.stdout.isTerminal { // one offset for all lines, also for those of another season
		name, offset := time.Now().Zone()
		zone = time.FixedZone(name, offset)
	}
	return &listing{out: bufio.NewWriter(t.stdout), header: t.stdout.isTerminal, zone: zone}
}

func (l *listing) addAll(objects iter.Seq2[lithopss3.ObjectInfo, error]) error {
	for info, err := range objects {
		if err != nil {
			return err
		}
		if err := l.add(&info); err != nil {
			return err
		}
	}
	return nil
}

func (l *listing) add(info *lithopss3.ObjectInfo) error {
	if err := l.begin(); err != nil {
		return err
	}
	when, size := "", formatSize(info.Size)
	l.bytes += info.Size
	if info.IsPrefix {
		l.folders++
		if info.Size == 0 {
			size = "DIR"
		}
	} else {
		l.objects++
		when = l.formatTime(info.LastModified)
	}
	_, err := fmt.Fprintf(l.out, "%-*s  %10s  %s\n", l.timeWidth(), when, size, sanitize.Name(strings.TrimPrefix(info.Key, l.base)))
	return err
}

func (l *listing) timeWidth() int {
	if l.header {
		return len(tableTime)
	}
	return len(formatTime(time.Unix(0, 0)))
}

func (l *listing) formatTime(when time.Time) string {
	if !l.header || when.IsZero() {
		return formatTime(when)
	}
	return formatTableTime(when, l.zone)
}

// begin prints the header.
func (l *listing) begin() error {
	if l.began || !l.header {
		return nil
	}
	l.began = true
	_, err := fmt.Fprintf(l.out, "%-*s  %10s  %s\n", l.timeWidth(), "MODIFIED "+formatZone(l.zone), "SIZE", "NAME")
	return err
}

// end prints the sum.
func (l *listing) end(withSum bool) error {
	if withSum {
		folders := ""
		if l.folders > 0 {
			folders = formatCount(l.folders, "folder") + ", "
		}
		_, _ = fmt.Fprintf(l.out, "%s%s, %s\n", folders, formatCount(l.objects, "object"), formatSize(l.bytes)) // Flush reports errors
	}
	return l.out.Flush()
}
