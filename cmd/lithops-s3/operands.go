// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"slices"

	"github.com/alecthomas/kong"
	"github.com/lithops-go/lithopss3"
)

// Several arguments of a command are worked on as coreutils do it: one that fails is reported
// and leaves the others alone, and the exit code is that of the first failure. All commands
// that take several pass eachOperand. TestSeveralArguments holds each of them to it.

// eachOperand calls work for each of count arguments, one after the other. It passes an error
// to failed and continues, unless failed returns an error or the one of work ends the whole
// line: then it returns that. SharesBucket reports that all arguments are of one bucket.
func (t *terminal) eachOperand(count int, sharesBucket bool, work func(i int) error, failed func(i int, err error) error) error {
	for i := range count {
		err := work(i)
		if err == nil {
			continue
		}
		if !t.endsLine(err) && (!sharesBucket || !isOfBucket(err)) {
			err = failed(i, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// eachObject is eachOperand for a command that prints what it does with each object.
func (t *terminal) eachObject(names []objectName, work func(objectName) error) error {
	failures := &failuresError{what: "arguments", total: len(names)}
	return failures.ofEach(t, shareBucket(names), func(i int) error { return work(names[i]) })
}

// ofEach is eachOperand for what is left of a total, and counts and prints the failures. The
// error of an only argument is the command's.
func (e *failuresError) ofEach(t *terminal, sharesBucket bool, work func(i int) error) error {
	err := t.eachOperand(e.total-e.failed, sharesBucket, work, func(_ int, err error) error {
		if e.total == 1 {
			return err
		}
		t.printError(err)
		e.failed, e.first = e.failed+1, cmpError(e.first, err)
		return nil
	})
	if err == nil && e.first != nil {
		return e
	}
	return err
}

// endsLine reports whether an error is of all arguments: the command was interrupted, its
// output can't be written, or the line or the credentials are wrong.
func (t *terminal) endsLine(err error) bool {
	var line lineError
	return t.ctx.Err() != nil || t.stdout.isBroken() || errors.As(err, &line) || isOfAll(err)
}

// A lineError refuses a line, whichever argument it was found at.
type lineError struct{ error }

// Unwrap returns the reason.
func (e lineError) Unwrap() error { return e.error }

// isOfAll reports whether an error that one file or object met will be met by all.
func isOfAll(err error) bool { return isCredentialsError(err) }

// isOfBucket reports whether an error will be met by all that is in one bucket.
func isOfBucket(err error) bool {
	return errors.Is(err, lithopss3.ErrNoSuchBucket) || errors.Is(err, lithopss3.ErrNotOwner)
}

// shareBucket reports whether all objects are in one bucket.
func shareBucket(names []objectName) bool {
	return !slices.ContainsFunc(names, func(name objectName) bool { return name.bucket != names[0].bucket })
}

// takesSeveral reports whether a command takes any number of arguments.
func takesSeveral(node *kong.Node) bool {
	return slices.ContainsFunc(node.Positional, func(argument *kong.Positional) bool {
		return argument.IsCumulative() && !argument.Tag.Has("pair")
	})
}

// aboutSeveral stands in the help of each command that takes several arguments.
const aboutSeveral = `One argument that fails leaves the others alone; the exit code is that of the first failure.`
