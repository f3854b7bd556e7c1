// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// A runner is a command whose line was parsed.
type runner interface{ Run(t *terminal) error }

// An informer is an option that has something printed instead of running a command.
type informer interface{ inform(out io.Writer) error }

// A validator is a type of option that checks its value.
type validator interface{ validate() error }

// An applier is a type of option that does something to the process before the command
// runs.
type applier interface{ apply() }

// parse parses a line with kong. It returns nil if an option printed something instead.
//
// It does not call Parse and Run of kong: they look up methods by names that the linker
// does not know, so that it would have to keep all methods of all types, those of every
// operation of the SDK among them. The program would be a third larger, and start half a
// millisecond later. TestParse compares it with kong.
func (t *terminal) parse(parser *kong.Kong, args []string) (*kong.Context, error) {
	parsed, err := kong.Trace(parser, args)
	if err != nil {
		return nil, err
	}
	if parsed.Error != nil {
		return nil, parsed.Error
	}
	isHelp := func(step *kong.Path) bool { return step.Flag != nil && step.Flag == parser.Model.HelpFlag }
	if slices.ContainsFunc(parsed.Path, isHelp) {
		return nil, parsed.PrintUsage(false)
	}
	if err := parsed.Reset(); err != nil {
		return nil, err
	}
	if isDone, err := t.inform(parsed); isDone {
		return nil, err
	}
	if _, err := parsed.Apply(); err != nil {
		return nil, err
	}
	if err := validateLine(parsed); err != nil {
		return nil, err
	}
	return parsed, nil
}

// takeEffect has the options of a line take effect that do so before the command runs.
func takeEffect(parsed *kong.Context) {
	for _, step := range parsed.Path {
		if option, ok := valueOf(step).(applier); ok {
			option.apply()
		}
	}
}

// inform has the options print that do so instead of running a command. It reports
// whether there is one.
func (t *terminal) inform(parsed *kong.Context) (isDone bool, err error) {
	for _, step := range parsed.Path {
		option, ok := valueOf(step).(informer)
		if !ok {
			continue
		}
		if err := option.inform(t.stdout); err != nil {
			return true, err
		}
		isDone = true
	}
	return isDone, nil
}

// valueOf returns what the option or argument of a step was set to, or nil.
func valueOf(step *kong.Path) any {
	if value := stepValue(step); value != nil {
		return value.Target.Interface()
	}
	return nil
}

// stepValue returns the option or argument that a step sets, or nil.
func stepValue(step *kong.Path) *kong.Value {
	if step.Flag != nil {
		return step.Flag.Value
	}
	return step.Positional
}

// validateLine checks what was given. It finds what kong would, for the tags that the
// commands have; its texts are kong's, see wrongLine.
func validateLine(parsed *kong.Context) error {
	for _, step := range parsed.Path {
		if err := checkEnum(stepValue(step)); err != nil {
			return err
		}
	}
	for _, step := range parsed.Path {
		option, ok := valueOf(step).(validator)
		if !ok {
			continue
		}
		if err := option.validate(); err != nil {
			return fmt.Errorf("%s: %w", step.Flag.ShortSummary(), err)
		}
	}
	if err := checkComplete(parsed); err != nil {
		return err
	}
	return checkExclusive(parsed)
}

// checkEnum checks that a value is one of those that its tag lists, if it has one.
func checkEnum(value *kong.Value) error {
	if value == nil || value.Enum == "" {
		return nil
	}
	given := value.Target.String()
	known := value.EnumSlice()
	if slices.Contains(known, given) {
		return nil
	}
	for i := range known {
		known[i] = strconv.Quote(known[i])
	}
	return fmt.Errorf("%s must be one of %s but got %q", value.ShortSummary(), strings.Join(known, ","), given)
}

// checkComplete checks that no argument is missing, nor a command after one that only
// has others.
func checkComplete(parsed *kong.Context) error {
	node := parsed.Selected()
	if node == nil {
		node = parsed.Model.Node
	}
	var arguments, missing []string
	for _, argument := range node.Positional {
		if argument.Required && !argument.Set {
			arguments = append(arguments, argument.Summary())
		}
	}
	if len(arguments) > 0 {
		missing = append(missing, strconv.Quote(strings.Join(arguments, " ")))
	}
	for _, child := range node.Children {
		if !child.Hidden {
			missing = append(missing, strconv.Quote(child.Name))
		}
	}
	const most = 5
	if len(missing) > most {
		missing = append(missing[:most], "...")
	}
	switch len(missing) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("expected %s", missing[0])
	}
	return fmt.Errorf("expected one of %s", strings.Join(missing, ", "))
}

// checkExclusive checks that of options that exclude each other only one is given.
func checkExclusive(parsed *kong.Context) error {
	for _, step := range parsed.Path {
		given := map[string]*kong.Flag{}
		for _, flag := range step.Flags {
			if !flag.Set {
				continue
			}
			for _, group := range flag.Xor {
				if other := given[group]; other != nil {
					return fmt.Errorf("--%s and --%s can't be used together", other.Name, flag.Name)
				}
				given[group] = flag
			}
		}
	}
	return nil
}

// commandOf returns the command of a line.
func commandOf(parsed *kong.Context) runner {
	command, _ := parsed.Selected().Target.Addr().Interface().(runner)
	return command
}
