package lithopss3

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/lithops-go/lithopss3/internal/lazyregexp"
)

var (
	plainValue  = lazyregexp.New(`^[a-z0-9 ._-]*$`)
	placeholder = lazyregexp.New(`^(<[^<>]*>|\$?\{[^{}]*\}|\{\{[^{}]*\}\}|\$[A-Z_]+|%[A-Z_]+%|\[[^\[\]]*\])$`)
	justWords   = lazyregexp.New(`^[a-zA-Z _.-]*$`)
)

const maxShown = 32

// printableValue quotes a value with what is around it, such as quotes and a comment,
// or leaves out one that may be a secret in the wrong line.
func printableValue(value string) string {
	bare, comment := withoutComment(value)
	isPlaceholder := placeholder().MatchString(strings.Trim(bare, quotes+" "))
	bare = strings.Trim(bare, "<>{}[]$%"+quotes+" \t\r\n")
	shown := plainValue().MatchString(bare) || (isPlaceholder && justWords().MatchString(bare))
	if len(bare) > maxShown || !shown || len(value) > 2*maxShown {
		return redacted
	}
	if comment {
		value, _ = withoutComment(value)
		value += " #…"
	}
	return fmt.Sprintf("%q", value)
}

const quotes = "\"'`“”‘’"

// withoutComment cuts what looks like a comment after a value.
func withoutComment(value string) (bare string, comment bool) {
	for i, r := range value {
		if (r == '#' || r == ';') && (i == 0 || value[i-1] == ' ' || value[i-1] == '\t') {
			return strings.TrimRight(value[:i], " \t"), true
		}
	}
	return value, false
}

// whatIsWrong is what a name has that no name may have, in words that follow the
// value, or "".
func whatIsWrong(value string) string {
	bare, comment := withoutComment(value)
	switch {
	case comment:
		return " (it has a comment; AWS's files and environment variables have no comments after a value)"
	case strings.ContainsAny(value, quotes):
		return " (it has quotes)"
	case placeholder().MatchString(strings.TrimSpace(bare)), strings.ContainsAny(value, "<>{}"):
		return " (it is a placeholder)"
	case strings.ContainsAny(value, "\r\n"):
		return " (it has a line break)"
	case strings.ContainsFunc(value, unicode.IsSpace):
		return " (it has blanks)"
	case strings.Contains(value, "#"):
		return " (it has a #)"
	}
	return ""
}

// bucketProblem says why storage_bucket can't be the name of a bucket, or "".
// What boto3 takes may be one: names of the first years of S3 have upper case and
// underscores, and access points have ARNs.
func bucketProblem(name string) string {
	switch {
	case arnFormat().MatchString(name), len(name) <= maxBucketLength && isToken(name):
		return ""
	case strings.HasPrefix(name, "arn:"):
		return "is an ARN that names no access point: write the bucket's name alone"
	case strings.Contains(name, "://"):
		return "is a URL: write the bucket's name alone"
	case len(name) > maxBucketLength:
		return fmt.Sprintf("has %d characters, which no bucket's name has", len(name))
	case strings.Contains(name, "/"):
		return "has a slash: write the bucket's name alone, without a prefix"
	}
	wrong := whatIsWrong(name)
	return fmt.Sprintf("%s is not the name of a bucket%s: letters, digits, dots, dashes and underscores", printableValue(name), wrong)
}
