package botofile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/lithops-go/lithopss3/internal/lazyregexp"
)

// ErrUnbalanced reports an opening quote without a closing one, or a \ at the end.
var ErrUnbalanced = errors.New("no closing quotation")

// SplitShell splits text into words as Python's shlex.split does in its POSIX
// mode, without comments.
func SplitShell(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord, escaped := false, false
	quote := rune(0)
	for _, r := range text {
		switch {
		case escaped:
			// Within double quotes a \ stays before anything else than " and \.
			if quote == '"' && r != '"' && r != '\\' {
				word.WriteByte('\\')
			}
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, inWord = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case strings.ContainsRune(" \t\r\n", r):
			if inWord {
				words = append(words, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 || escaped {
		return nil, ErrUnbalanced
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

var variable = lazyregexp.New(`\$(\w+|\{[^}]*\})`)

// ExpandPath replaces $NAME and ${NAME}, which stay where NAME is not set, and
// then a leading ~ (os.path.expandvars and expanduser).
func ExpandPath(path string, lookup func(string) (string, bool)) string {
	path = variable().ReplaceAllStringFunc(path, func(match string) string {
		name := strings.Trim(match[1:], "{}")
		if value, ok := lookup(name); ok {
			return value
		}
		return match
	})
	return ExpandHome(path, lookup)
}

// ExpandHome replaces a leading ~ by HOME. Other users' homes stay as they are.
func ExpandHome(path string, lookup func(string) (string, bool)) string {
	if path != "~" && !strings.HasPrefix(path, "~/") {
		return path
	}
	home, ok := lookup("HOME")
	if !ok || home == "" {
		return path
	}
	return filepath.Join(home, path[1:])
}

// AbbreviateHome returns path with ~ in place of this user's home folder, for people.
func AbbreviateHome(path string) string {
	home, _ := os.UserHomeDir()
	if home == "" {
		return path
	}
	if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok {
		return "~" + string(filepath.Separator) + rest
	}
	return path
}
