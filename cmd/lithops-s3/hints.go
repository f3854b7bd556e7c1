// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/lithops-go/lithopss3/internal/lazyregexp"
	"github.com/lithops-go/lithopss3/internal/spelling"
	"github.com/lithops-go/lithopss3/jobs"
)

// otherWords are words for what a command here does, and that command. The tables of
// hints are made on first use, because most lines need none.
var otherWords = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"copy": "cp", "move": "mv", "rename": "mv", "remove": "rm", "del": "rm", "unlink": "rm", "dir": "ls", "upload": "put",
		"download": "get", "fetch": "get", "mirror": "sync", "size": "du", "stat": "head", "info": "head", "ping": "doctor", "check": "doctor",
		"make-bucket": "mb", "mkbucket": "mb", "create-bucket": "mb", "sign": "presign", "share": "presign", "show": "jobs show", "watch": "jobs watch",
		"result": "jobs result", "results": "jobs result", "logs": "jobs logs", "log": "jobs logs", "job": "jobs", "server": "dev", "serve": "dev",
		"pipe": "put -", "version": "--version",
	}
})

// otherTools are the names of tools that people write before a command.
var otherTools = []string{"aws", "s3", "s3api", "s5cmd", "rclone", "mc", "lithops", "lithops-s3"}

// otherOptions says what to write instead of an option of other tools.
var otherOptions = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"-l":                 "times and sizes are printed without an option",
		"--long":             "times and sizes are printed without an option",
		"--human-readable":   "sizes are printed in KiB, MiB and GiB without an option; --json has bytes",
		"--summarize":        "lithops-s3 du prints sums",
		"-f":                 "use --yes to delete without a question",
		"--force":            "use --yes to delete without a question",
		"-v":                 "use --debug",
		"--verbose":          "use --debug",
		"--dryrun":           "use --dry-run",
		"--expires-in":       "use --expires, such as 12h",
		"--expire":           "use --expires, such as 12h",
		"--output":           "use --json",
		"--prefix":           "write s3://BUCKET/PREFIX",
		"-p":                 "write s3://BUCKET/PREFIX",
		"--bucket":           "write the bucket as an argument, or s3://BUCKET/KEY",
		"--key":              "write the key as an argument, or s3://BUCKET/KEY",
		"-R":                 "use --recursive or -r",
		"--size-only":        "use --checksum to compare bytes; sizes and times are compared without it",
		"--no-verify-ssl":    "set AWS_CA_BUNDLE to the certificate of the server's authority",
		"--ca-bundle":        "set AWS_CA_BUNDLE",
		"--concurrency":      "requests are made in parallel without an option",
		"--no-progress":      "use --quiet",
		"--only-show-errors": "use --quiet",
	}
})

// What kong says of a line that it refuses.
var (
	unknownOption   = lazyregexp.New(`^unknown flag (-[^\s,]+)`)
	unexpectedWord  = lazyregexp.New(`^unexpected argument (.*?)(?:, did you mean .*)?$`)
	missingArgument = lazyregexp.New(`^expected "?(<[^>]*>)`)
	missingValue    = lazyregexp.New(`^(--?[^\s:]+): .*EOL`)
)

// wrongLine returns the error of a command line that kong refused, with a hint. Word is
// the command.
func wrongLine(err error, word string) error {
	text := err.Error()
	if match := missingValue().FindStringSubmatch(text); match != nil {
		return fmt.Errorf("%s needs a value%s", match[1], seeHelp(word))
	}
	if match := missingArgument().FindStringSubmatch(text); match != nil {
		return fmt.Errorf("%s is missing%s", match[1], seeHelp(word))
	}
	if match := unknownOption().FindStringSubmatch(text); match != nil {
		return fmt.Errorf("%s%s", optionProblem(text, match[1]), seeHelp(word))
	}
	match := unexpectedWord().FindStringSubmatch(text)
	if match != nil && match[1] == word {
		return unknownCommand(text, word)
	}
	if match != nil && word == "jobs" {
		return unknownJobsCommand(match[1])
	}
	return errors.New(strings.Replace(text, errUsage.Error()+": ", "", 1) + seeHelp(word))
}

// seeHelp points to the help of a command, or of all.
func seeHelp(word string) string {
	if !slices.Contains(commandNames(), word) {
		return " (see lithops-s3 --help)"
	}
	return " (see lithops-s3 help " + word + ")"
}

// optionProblem says what to write instead of an option that the command has not. For
// one letter, kong's guess would be any other letter.
func optionProblem(text, option string) string {
	if hint := otherOptions()[option]; hint != "" {
		return "there is no option " + option + ": " + hint
	}
	if len(option) == len("-x") {
		return "there is no option " + option
	}
	return strings.Replace(text, "unknown flag", "there is no option", 1)
}

// unknownCommand says what to write instead of a word that is no command.
func unknownCommand(text, word string) error {
	if hint := otherWords()[word]; hint != "" {
		return fmt.Errorf("there is no command %q: use lithops-s3 %s", word, hint)
	}
	if word == "rb" {
		return fmt.Errorf("there is no command %q: empty the bucket with lithops-s3 rm -r s3://BUCKET, and delete it with your provider's tools", word)
	}
	if slices.Contains(otherTools, word) {
		return fmt.Errorf("there is no command %q: leave it out, as in lithops-s3 ls s3://BUCKET", word)
	}
	if near := spelling.Nearest(word, commandNames()); near != "" {
		return fmt.Errorf("there is no command %q: did you mean %s?", word, near)
	}
	_, guess, _ := strings.Cut(text, ", did you mean ") // of kong, for words of two letters
	if guess != "" {
		return fmt.Errorf("there is no command %q: did you mean %s", word, guess)
	}
	return fmt.Errorf("there is no command %q (see lithops-s3 --help)", word)
}

// commandNames returns the names of all commands that help shows.
func commandNames() []string {
	var names []string
	all := reflect.TypeFor[commands]()
	for i := range all.NumField() {
		_, isCommand := all.Field(i).Tag.Lookup("cmd")
		if _, isHidden := all.Field(i).Tag.Lookup("hidden"); isCommand && !isHidden {
			names = append(names, commandName(all.Field(i)))
		}
	}
	return names
}

// jobsWords are the words that can follow "jobs".
var jobsWords = []string{"list", "show", "watch", "result", "logs"}

// unknownJobsCommand says what to write instead of a word after "jobs".
func unknownJobsCommand(word string) error {
	if near := spelling.Nearest(word, jobsWords); near != "" {
		return fmt.Errorf("there is no command \"jobs %s\": did you mean jobs %s?", word, near)
	}
	if _, err := jobs.ParseID(word); err == nil && strings.ContainsAny(word, "0123456789") {
		return fmt.Errorf("there is no command \"jobs %s\": use lithops-s3 jobs show %s", word, word)
	}
	return errors.New("there is no command \"jobs " + word + "\" (see lithops-s3 help jobs)")
}
