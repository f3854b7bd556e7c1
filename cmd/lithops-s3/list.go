package main

import (
	"bufio"
	"fmt"
	"iter"
	"text/tabwriter"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

type listCommand struct {
	storageFlags
	Bucket string `arg:"" help:"The bucket."`
	Prefix string `short:"p" help:"List only keys that begin with this."`
	Match  string `short:"m" placeholder:"PATTERN" help:"List only keys that match: ? is a character, * any within a component, ** any components."`
	JSON   bool   `name:"json" help:"Print a JSON array."`

	Parallel int `default:"16" placeholder:"N" help:"Make up to N requests at once (16); 1 is one after the other."`
}

// Run lists the objects. It prints as it goes, with some pages in memory.
func (c *listCommand) Run(t *terminal) error {
	store, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	objects := store.ListObjects(t.ctx, c.Bucket, &lithopss3.ListOptions{Prefix: c.Prefix, Match: c.Match, Parallel: c.Parallel})
	out := bufio.NewWriter(t.stdout)
	if c.JSON {
		err = listJSON(out, objects)
	} else {
		err = listTable(out, objects)
	}
	if flushErr := out.Flush(); err == nil {
		err = flushErr
	}
	return err
}

func listJSON(out *bufio.Writer, objects iter.Seq2[lithopss3.ObjectInfo, error]) error {
	separator := "["
	for info, err := range objects {
		if err != nil {
			return err
		}
		text, err := sanitize.JSON(describe(info), "")
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

func listTable(out *bufio.Writer, objects iter.Seq2[lithopss3.ObjectInfo, error]) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	count, bytes := 0, int64(0)
	for info, err := range objects {
		if err != nil {
			_ = table.Flush()
			return err
		}
		count++
		bytes += info.Size
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\n", formatTime(info.LastModified), formatSize(info.Size), sanitize.Name(info.Key)); err != nil {
			return err
		}
		if count%1000 == 0 { // keep memory bounded and the terminal busy
			if err := table.Flush(); err != nil {
				return err
			}
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s, %s\n", formatCount(count, "object"), formatSize(bytes))
	return err
}
