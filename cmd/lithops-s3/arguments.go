// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// Arguments are bytes. Kong would pass them through JSON, where each byte that is
// not UTF-8 becomes U+FFFD, and the command would work on another key or file.
// So strings have mappers of our own: a "file" keeps its bytes, as file names of
// Unix are any bytes, and every other string must be UTF-8, as keys of S3 are.
// A "bucket" is a name, s3://NAME or . for the configuration's own.
func argumentMappers() []kong.Option {
	return []kong.Option{
		kong.KindMapper(reflect.String, kong.MapperFunc(decodeText)),
		kong.NamedMapper("file", kong.MapperFunc(decodeFile)),
		kong.NamedMapper("bucket", kong.MapperFunc(decodeBucket)),
	}
}

func decodeText(ctx *kong.DecodeContext, target reflect.Value) error {
	text, err := popString(ctx)
	if err != nil {
		return err
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("%q is not UTF-8", text)
	}
	target.SetString(text)
	return nil
}

// decodeFile decodes a path, or all arguments that are left as paths.
func decodeFile(ctx *kong.DecodeContext, target reflect.Value) error {
	if target.Kind() == reflect.Slice {
		for _, token := range ctx.Scan.PopWhile(kong.Token.IsValue) {
			if err := checkGiven(ctx, token.String()); err != nil {
				return err
			}
			target.Set(reflect.Append(target, reflect.ValueOf(token.String())))
		}
		return nil
	}
	path, err := popString(ctx)
	if err == nil {
		target.SetString(path)
	}
	return err
}

func decodeBucket(ctx *kong.DecodeContext, target reflect.Value) error {
	if err := decodeText(ctx, target); err != nil {
		return err
	}
	bucket, err := parseBucket(target.String())
	target.SetString(bucket)
	return err
}

// popString takes the value of an option or argument, as it was given.
func popString(ctx *kong.DecodeContext) (string, error) {
	token, err := ctx.Scan.PopValue("string")
	if err != nil {
		return "", err
	}
	text, ok := token.Value.(string)
	if !ok {
		return "", fmt.Errorf("%v is not a string", token.Value)
	}
	return text, checkGiven(ctx, text)
}

// checkGiven refuses an empty value, mostly a variable of a shell that is not set. Taken for
// one that was not given, it would mean the configuration's bucket, another configuration or
// more objects. The tag "empty" is for values that may be empty in Lithops, too.
func checkGiven(ctx *kong.DecodeContext, text string) error {
	if text == "" && !ctx.Value.Tag.Has("empty") {
		return errors.New("the value is empty; leave it out, or is a variable not set?")
	}
	return nil
}

// A commandLine sorts arguments as kong wants them: the words of the command first,
// then its options, then the other arguments. Kong knows the options of a command
// only after its name, and ends a list of arguments at the first option.
type commandLine struct {
	node               *kong.Node
	words, opts, other []string
	escaped            bool // there is a -- before the other arguments
}

// arrange returns args as kong wants them.
func arrange(root *kong.Node, args []string) []string {
	line := &commandLine{node: root}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			line.escaped = true
			line.other = append(line.other, args...)
			args = nil
		case len(arg) > 1 && arg[0] == '-':
			args = line.option(arg, args)
		case !line.descend(arg):
			line.other = append(line.other, arg)
		}
	}
	sorted := slices.Concat(line.words, line.opts)
	if line.escaped {
		sorted = append(sorted, "--")
	}
	return append(sorted, line.other...)
}

// descend takes arg as the name of a command below the one that is known.
func (l *commandLine) descend(arg string) bool {
	if len(l.other) > 0 {
		return false
	}
	for _, child := range l.node.Children {
		if child.Name == arg || slices.Contains(child.Aliases, arg) {
			l.node = child
			l.words = append(l.words, arg)
			return true
		}
	}
	return false
}

// option takes an option with its value, and returns the arguments after it.
func (l *commandLine) option(arg string, args []string) []string {
	l.opts = append(l.opts, arg)
	if namesPayer(arg, args) {
		return args[1:]
	}
	if len(args) > 0 && takesNext(l.node, arg) {
		l.opts = append(l.opts, args[0])
		return args[1:]
	}
	return args
}

// namesPayer reports whether arg is --request-payer, which has no value here, and args begin with
// the value that it has in aws.
func namesPayer(arg string, args []string) bool {
	return arg == "--request-payer" && len(args) > 0 && args[0] == "requester"
}

// takesNext reports whether the argument after the option arg is its value.
func takesNext(node *kong.Node, arg string) bool {
	if name, isLong := strings.CutPrefix(arg, "--"); isLong {
		return !strings.Contains(name, "=") && isValued(node, func(f *kong.Flag) bool {
			return f.Name == name || slices.Contains(f.Aliases, name)
		})
	}
	for i, short := range arg[1:] { // -rk KEY
		if isValued(node, func(f *kong.Flag) bool { return f.Short == short }) {
			return i+2 == len(arg)
		}
	}
	return false
}

// isValued reports whether the option is one of node, or of a command above or below
// it, and takes a value.
func isValued(node *kong.Node, is func(*kong.Flag) bool) bool {
	for above := node; above != nil; above = above.Parent {
		if hasValued(above, is) {
			return true
		}
	}
	for _, child := range node.Children {
		if isValuedBelow(child, is) {
			return true
		}
	}
	return false
}

func isValuedBelow(node *kong.Node, is func(*kong.Flag) bool) bool {
	return hasValued(node, is) || slices.ContainsFunc(node.Children, func(child *kong.Node) bool { return isValuedBelow(child, is) })
}

func hasValued(node *kong.Node, is func(*kong.Flag) bool) bool {
	return slices.ContainsFunc(node.Flags, func(f *kong.Flag) bool { return is(f) && !f.IsBool() && !f.IsCounter() })
}

// leadingValued are the options that may stand before the command and take a value.
var leadingValued = []string{"-c", "--config", "-b", "--backend", "--endpoint-url", "--region", "--profile", "--credentials"}

// commandWord returns the name of the command, which options may precede; "" if there
// is none.
func commandWord(args []string) string {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--":
			return ""
		case namesPayer(args[i], args[i+1:]), slices.Contains(leadingValued, args[i]):
			i++
		case !strings.HasPrefix(args[i], "-"):
			return args[i]
		}
	}
	return ""
}
