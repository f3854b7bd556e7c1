// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/jobs"
)

const (
	// completionLimit is how long a shell waits for names from the storage.
	completionLimit = 2 * time.Second
	// maxCandidates is how many names are offered.
	maxCandidates = 200
)

// completeCommand completes a line for the scripts that completion prints.
type completeCommand struct {
	Line string `arg:"" empty:"ok" type:"file" help:"The command line up to the cursor."`
	Bash bool   `help:"Print what bash puts in the place of --word, quoted as the line has it."`
	Word string `empty:"ok" type:"file" help:"The end of the line that bash takes for a word: it ends words at = and : too."`
}

// Run prints what the last word can become, a line for each.
func (c *completeCommand) Run(t *terminal) error {
	parser, err := kong.New(&commands{}, t.options()...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(t.ctx, completionLimit)
	defer cancel()
	words, quote := splitLine(c.Line)
	found := newCompletion(ctx, parser.Model.Node, words).candidates()
	found = slices.DeleteFunc(found, func(candidate string) bool { return sanitize.Name(candidate) != candidate }) // which a shell could misread
	if c.Bash {
		stays, _ := splitLine(strings.TrimSuffix(c.Line, c.Word))
		found = forBash(found, stays[len(stays)-1], quote)
	}
	slices.Sort(found)
	for _, candidate := range slices.Compact(found) {
		if _, err := fmt.Fprintln(t.stdout, candidate); err != nil {
			return err
		}
	}
	return nil
}

// splitLine splits a line into words as shells do in simple cases. The last word is
// the one at the cursor, and may be empty. Quote is the one that is open there, or 0.
func splitLine(line string) (words []string, quote rune) {
	words = []string{""}
	escaped := false
	for _, r := range line {
		last := &words[len(words)-1]
		switch {
		case escaped:
			*last += string(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped = true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case quote == 0 && r == ' ':
			if *last != "" {
				words = append(words, "")
			}
		default:
			*last += string(r)
		}
	}
	return words, quote
}

// A completion finds out what the last word of a line can become.
type completion struct {
	ctx     context.Context //nolint:containedctx // of one line
	word    string
	node    *kong.Node
	others  []string   // arguments before the word
	pending *kong.Flag // the option whose value the word is
	flags   storageFlags
	bucket  string // of --bucket
}

// newCompletion reads the words before the last one.
func newCompletion(ctx context.Context, root *kong.Node, words []string) *completion {
	c := &completion{ctx: ctx, node: root, word: words[len(words)-1]}
	if len(words) < 2 {
		return c
	}
	line := &commandLine{node: root}
	args := words[1 : len(words)-1]
	if len(args) > 0 && args[0] == "help" {
		args = args[1:]
	}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case len(arg) > 1 && arg[0] == '-' && takesNext(line.node, arg):
			if i+1 == len(args) {
				c.pending = findFlag(line.node, arg)
				continue
			}
			i++
			c.set(arg, args[i])
		case len(arg) > 1 && arg[0] == '-':
			name, value, _ := strings.Cut(arg, "=")
			c.set(name, value)
			if namesPayer(arg, args[i+1:]) {
				i++
			}
		case !line.descend(arg):
			line.other = append(line.other, arg)
		}
	}
	c.node, c.others = line.node, line.other
	return c
}

// set remembers an option that says which storage to ask.
func (c *completion) set(option, value string) {
	switch option {
	case "-c", "--config":
		c.flags.Config = value
	case "-b", "--backend":
		c.flags.Backend = value
	case "--endpoint-url":
		c.flags.EndpointURL = endpointFlag(value)
	case "--region":
		c.flags.Region = regionFlag(value)
	case "--profile":
		c.flags.Profile = value
	case "--credentials":
		c.flags.Credentials = value
	case "--no-sign-request":
		c.flags.NoSignRequest = true
	case "--request-payer":
		c.flags.RequestPayer = true
	case "--bucket":
		c.bucket, _ = parseBucket(value)
	}
}

// findFlag returns the option that arg names, of node or above it.
func findFlag(node *kong.Node, arg string) *kong.Flag {
	for ; node != nil; node = node.Parent {
		for _, flag := range node.Flags {
			if arg == "--"+flag.Name || arg == "-"+string(flag.Short) {
				return flag
			}
		}
	}
	return nil
}

// candidates returns what the word can become. None has the shell offer files.
func (c *completion) candidates() []string {
	switch {
	case c.pending != nil && c.pending.Name == "bucket":
		return c.buckets("")
	case c.pending != nil:
		return nil
	case strings.HasPrefix(c.word, "-"):
		return c.options()
	case len(c.node.Children) > 0 && len(c.others) > 0: // no command
		return nil
	case len(c.node.Children) > 0:
		return c.names()
	}
	return c.arguments()
}

func (c *completion) names() (found []string) {
	for _, child := range c.node.Children {
		if !child.Hidden && strings.HasPrefix(child.Name, c.word) {
			found = append(found, child.Name)
		}
	}
	if c.node.Parent == nil {
		found = append(found, withPrefix([]string{"help"}, c.word)...)
	}
	return found
}

func (c *completion) options() (found []string) {
	for node := c.node; node != nil; node = node.Parent {
		for _, flag := range node.Flags {
			if name := "--" + flag.Name; !flag.Hidden && strings.HasPrefix(name, c.word) {
				found = append(found, name)
			}
		}
	}
	return found
}

// arguments returns buckets, keys and IDs, by what the command takes.
func (c *completion) arguments() []string {
	switch path := c.node.Path(); path {
	case "completion":
		return withPrefix([]string{"bash", "fish", "powershell", "zsh"}, c.word)
	case "jobs show", "jobs watch", "jobs result", "jobs logs", "clean":
		return c.ids()
	case "get", "head", "delete", "cat", "presign", "rm", "storage get", "storage delete":
		return c.objects()
	case "ls", "du", "list", "uploads", "mb", "storage list":
		return append(c.urls(), c.buckets("")...)
	case "cp", "mv", "sync":
		return c.urls()
	case "put", "storage put":
		if len(c.others) > 0 {
			return append(c.urls(), c.buckets("")...)
		}
	}
	return nil
}

func withPrefix(words []string, prefix string) []string {
	return slices.DeleteFunc(words, func(word string) bool { return !strings.HasPrefix(word, prefix) })
}

// objects completes BUCKET KEY and s3://BUCKET/KEY.
func (c *completion) objects() []string {
	if len(c.others) == 0 {
		return append(c.urls(), c.buckets("")...)
	}
	bucket, err := parseBucket(c.others[0])
	if err != nil {
		return c.urls()
	}
	return c.keys(bucket, c.word, "")
}

// urls completes s3://BUCKET/KEY.
func (c *completion) urls() []string {
	if c.word == "" {
		return nil // files are as likely
	}
	if c.word != s3Scheme && strings.HasPrefix(s3Scheme, c.word) {
		return []string{s3Scheme}
	}
	rest, isURL := strings.CutPrefix(c.word, s3Scheme)
	if !isURL {
		return nil
	}
	name, key, hasKey := strings.Cut(rest, "/")
	if !hasKey {
		return c.buckets(s3Scheme)
	}
	bucket, err := parseBucket(name)
	if err != nil {
		return nil
	}
	return c.keys(bucket, key, s3Scheme+name+"/")
}

// errNoQuestion refuses to ask a person who has only typed a tab.
var errNoQuestion = errors.New("completion asks for no MFA code")

// storageOptions returns the options to open the storage with.
func (c *completion) storageOptions() lithopss3.Options {
	return lithopss3.Options{
		Loader: c.flags.loader(),
		AskMFA: func(context.Context, string) (string, error) { return "", errNoQuestion },
	}
}

// open opens the storage without a word on the terminal.
func (c *completion) open() (*lithopss3.Store, error) {
	quiet := &terminal{ctx: c.ctx}
	return c.flags.connect(quiet, c.storageOptions())
}

// buckets returns the account's buckets, or the configuration's if it may not list
// them. As parts of a URL they have its scheme before, and a slash after them.
func (c *completion) buckets(scheme string) (found []string) {
	store, err := c.open()
	if err != nil {
		return nil
	}
	defer func() { _ = store.Close() }()
	end := ""
	if scheme != "" {
		end = "/"
	}
	if own, err := store.Bucket(c.ctx); err == nil {
		found = withPrefix([]string{scheme + own + end}, c.word)
	}
	for bucket, err := range store.ListBuckets(c.ctx) {
		if err != nil || len(found) == maxCandidates {
			break
		}
		found = append(found, withPrefix([]string{scheme + bucket.Name + end}, c.word)...)
	}
	return found
}

// keys returns the keys and folders that begin with prefix, after what is before them.
func (c *completion) keys(bucket, prefix, before string) (found []string) {
	c.list(bucket, prefix, func(key string) { found = append(found, before+key) })
	return found
}

// list passes on the keys and folders that begin with prefix.
func (c *completion) list(bucket, prefix string, each func(key string)) {
	store, err := c.open()
	if err != nil {
		return
	}
	defer func() { _ = store.Close() }()
	if bucket == "" {
		if bucket, err = store.Bucket(c.ctx); err != nil {
			return
		}
	}
	count := 0
	for info, err := range store.ListObjects(c.ctx, bucket, &lithopss3.ListOptions{Prefix: prefix, Delimiter: "/", PageSize: maxCandidates}) {
		if err != nil || count == maxCandidates {
			return
		}
		count++
		each(info.Key)
	}
}

// ids returns executors, jobs and calls that begin with the word.
func (c *completion) ids() (found []string) {
	base := jobs.Prefix + "/"
	c.list(c.bucket, base+c.word, func(key string) {
		id, isFolder := strings.CutSuffix(strings.TrimPrefix(key, base), "/")
		if !isFolder {
			return
		}
		found = append(found, id)
		if executor := id[:max(0, strings.LastIndex(id, "-"))]; !strings.Contains(id, "/") && strings.HasPrefix(executor, c.word) && executor != "" {
			found = append(found, executor)
		}
	})
	return found
}
