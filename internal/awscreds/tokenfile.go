// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/lithops-go/lithopss3/internal/openfiles"
)

// readTokenFile returns the token in a file, as Python reads text: it must be UTF-8, and
// each line break is a \n. Errors begin with where, which names the file.
func readTokenFile(path, where string) (string, error) {
	data, err := openfiles.Read(path, MaxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", failure("FileNotFoundError", "%s: no such file", where)
	case errors.Is(err, syscall.EISDIR):
		return "", failure("IsADirectoryError", "%s: is a folder", where)
	case err != nil:
		return "", failure("OSError", "%s: %w", where, err)
	case !utf8.Valid(data):
		return "", failure("UnicodeDecodeError", "%s: the token is not UTF-8 text", where)
	}
	return strings.ReplaceAll(strings.ReplaceAll(string(data), "\r\n", "\n"), "\r", "\n"), nil
}
