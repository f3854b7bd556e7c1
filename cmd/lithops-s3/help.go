// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// A usager says how its arguments are written.
type usager interface{ Usage() string }

// printHelp prints the help of a command, or of all.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	node := ctx.Selected()
	if node == nil {
		if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
			return err
		}
		_, err := fmt.Fprint(ctx.Stdout, about)
		return err
	}
	completeHelp(node)
	command, ok := node.Target.Addr().Interface().(usager)
	if !ok {
		return kong.DefaultHelpPrinter(options, ctx)
	}
	if _, err := fmt.Fprintf(ctx.Stdout, "Usage: %s %s [flags]\n", node.FullPath(), command.Usage()); err != nil {
		return err
	}
	options.NoAppSummary = true
	return kong.DefaultHelpPrinter(options, ctx)
}

// otherExamples has examples for the commands without a Help method, by their paths.
var otherExamples = map[string]string{
	"jobs list":  "  lithops-s3 jobs list\n  lithops-s3 jobs list 4b99c1 --json",
	"jobs show":  "  lithops-s3 jobs show 4b99c1-0-M000\n  lithops-s3 jobs show 4b99c1-0-M000/00000",
	"jobs watch": "  lithops-s3 jobs watch 4b99c1-0\n  lithops-s3 jobs watch 4b99c1-0-M000 --calls 100",
	"jobs logs":  "  lithops-s3 jobs logs 4b99c1-0-M000/00000\n  lithops-s3 jobs logs 4b99c1-0 > all.log",
	"clean":      "  lithops-s3 clean 4b99c1-0 --dry-run\n  lithops-s3 clean --older-than 7d --yes",
	"doctor":     "  lithops-s3 doctor\n  lithops-s3 doctor --offline --bucket my-bucket --key data.csv",
	"demo":       "  lithops-s3 demo",
	"dev":        "  lithops-s3 dev\n  lithops-s3 dev --addr 127.0.0.1:0 --load examples/pythonjob/job.json",
}

// completeHelp gives the help of a command its examples, and what is true of all commands with
// several arguments.
func completeHelp(node *kong.Node) {
	text, examples, _ := strings.Cut(node.Detail, examplesTitle)
	if examples == "" {
		examples = otherExamples[node.Path()]
	}
	if takesSeveral(node) && !strings.Contains(text, aboutSeveral) {
		text = strings.TrimSpace(text) + "\n\n" + aboutSeveral + "\n\n"
	}
	if examples != "" {
		text = strings.TrimSpace(text) + "\n\n" + examplesTitle + examples
	}
	node.Detail = strings.TrimSpace(text)
}

// examplesTitle stands before the examples in the help of a command.
const examplesTitle = "Examples:\n"

// about stands at the end of the help of all commands.
const about = `
Paths: s3://BUCKET/KEY can stand for BUCKET KEY everywhere. The bucket . (as in
s3://./KEY) is the configuration's own, and the one that is listed if none is given.

Configuration, the first of: --config FILE, the JSON in LITHOPS_CONFIG, the file that
LITHOPS_CONFIG_FILE names, ./.lithops_config, ~/.lithops/config, /etc/lithops/config.

Environment: as boto3, among others AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN, AWS_PROFILE, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL,
AWS_ENDPOINT_URL_S3, AWS_CA_BUNDLE, HTTPS_PROXY, NO_PROXY; and NO_COLOR, TERM, TZ.

Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 no such object or bucket, 4 not
permitted, or no or wrong credentials, 5 the configuration is wrong, 130 interrupted.

Examples:
  lithops-s3 doctor                                   what works, and what is wrong
  lithops-s3 cp data.csv s3://./data/                 into the configuration's bucket
  lithops-s3 sync results s3://my-bucket/results -n   what would be copied
  lithops-s3 help cp                                  all about a command
`

// helpFirst turns "help COMMAND" into "COMMAND --help", and nothing into "--help".
func helpFirst(args []string) []string {
	if len(args) == 0 {
		return []string{"--help"}
	}
	if args[0] != "help" {
		return args
	}
	return append(append([]string{}, args[1:]...), "--help")
}
