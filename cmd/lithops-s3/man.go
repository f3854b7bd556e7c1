// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type manCommand struct{}

// Help is shown by man --help.
func (manCommand) Help() string {
	return `Examples:
  lithops-s3 man | man -l -
  lithops-s3 man > /usr/local/share/man/man1/lithops-s3.1`
}

// Run prints the manual page.
func (manCommand) Run(t *terminal) error {
	parser, err := kong.New(&commands{}, t.options()...)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(t.stdout)
	page := &manPage{out: out}
	page.write(parser.Model)
	return out.Flush()
}

// A manPage is written in the language of man(7).
type manPage struct {
	out    *bufio.Writer
	common []*kong.Flag // options of every command that works on the storage
}

func (p *manPage) line(format string, args ...any) {
	_, _ = fmt.Fprintf(p.out, format+"\n", args...) // Flush reports errors
}

// text writes text as it is.
func (p *manPage) text(text string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		line = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(line)
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			line = `\&` + line
		}
		p.line("%s", line)
	}
}

// verbatim writes lines that are not filled.
func (p *manPage) verbatim(text string) {
	p.line(".nf")
	p.text(text)
	p.line(".fi")
}

func (p *manPage) write(app *kong.Application) {
	p.line(`.TH LITHOPS\-S3 1`)
	p.line(".SH NAME")
	p.line(`lithops\-s3 \- the storage of Lithops on AWS S3`)
	p.line(".SH SYNOPSIS")
	p.line(`.B lithops\-s3`)
	p.line(`.I COMMAND`)
	p.line(`[\fIOPTION\fR...] [\fIARGUMENT\fR...]`)
	p.line(".SH DESCRIPTION")
	p.text(app.Help)
	p.verbatim(about)
	for _, flag := range app.Leaves(true)[0].Flags {
		if flag.Group != nil {
			p.common = append(p.common, flag)
		}
	}
	p.line(".SH COMMANDS")
	for _, node := range app.Leaves(true) {
		p.command(node)
	}
	p.line(".SH CONNECTION AND OUTPUT")
	p.line("Every command that works on the storage has these options.")
	for _, flag := range p.common {
		p.flag(flag)
	}
}

// isCommon reports whether a flag is one of every command. Clean has some of its own, a
// --backend that means something else, and --storage for it.
func (p *manPage) isCommon(flag *kong.Flag) bool {
	return slices.ContainsFunc(p.common, func(other *kong.Flag) bool { return other.Name == flag.Name && other.Help == flag.Help })
}

func (p *manPage) command(node *kong.Node) {
	completeHelp(node)
	usage := node.Summary()
	if command, ok := node.Target.Addr().Interface().(usager); ok {
		usage = node.Path() + " " + command.Usage() + " [flags]"
	}
	p.line(".SS")
	p.text(usage)
	p.text(node.Help)
	if node.Detail != "" {
		p.verbatim("\n" + node.Detail)
	}
	for _, flag := range node.Flags {
		if !p.isCommon(flag) && !flag.Hidden && flag.Name != "help" {
			p.flag(flag)
		}
	}
}

func (p *manPage) flag(flag *kong.Flag) {
	p.line(".TP")
	p.text(flag.String())
	p.text(flag.Help)
}
