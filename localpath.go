// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// LocalPath returns the path of the file for key, relative to any folder: key itself,
// with the separator of this system.
//
// A key that would lead out of the folder, or that can't be a file's name, is
// ErrUnsafeKey. It begins with a slash, contains a NUL, or has a component that is empty,
// "." or "..". On Windows it may also have no drive letter, no backslash, no character
// that names can't have, no reserved name such as NUL or COM1, and no component that ends
// with a dot or a space. Against symbolic links, use [DownloadOptions].Root.
func LocalPath(key string) (string, error) {
	return localPath(key, runtime.GOOS == "windows")
}

func localPath(key string, windows bool) (string, error) {
	for component := range strings.SplitSeq(key, "/") {
		if reason := unsafeComponent(component, windows); reason != "" {
			return "", fmt.Errorf("%w: %s has %s", ErrUnsafeKey, printableKey(key), reason)
		}
	}
	path := filepath.FromSlash(key)
	if !filepath.IsLocal(path) { // whatever else the system has
		return "", fmt.Errorf("%w: %s leads out of the folder", ErrUnsafeKey, printableKey(key))
	}
	return path, nil
}

// unsafeComponent returns what is wrong with a component of a key, or "".
func unsafeComponent(component string, windows bool) string {
	switch {
	case component == "":
		return "an empty component"
	case component == ".", component == "..":
		return fmt.Sprintf("the component %q", component)
	case strings.Contains(component, "\x00"):
		return "a NUL"
	case !windows:
		return ""
	case strings.ContainsFunc(component, func(r rune) bool { return r < ' ' || strings.ContainsRune(`\:*?"<>|`, r) }):
		return fmt.Sprintf("the component %q, which Windows takes for no name", component)
	case strings.HasSuffix(component, "."), strings.HasSuffix(component, " "):
		return fmt.Sprintf("the component %q, whose end Windows cuts off", component)
	case isReserved(component):
		return fmt.Sprintf("the component %q, which is a device on Windows", component)
	}
	return ""
}

// isReserved reports whether Windows reserves the name
// (https://learn.microsoft.com/windows/win32/fileio/naming-a-file).
func isReserved(component string) bool {
	base, _, _ := strings.Cut(component, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, isPort := strings.CutPrefix(base, "COM")
	if !isPort {
		port, isPort = strings.CutPrefix(base, "LPT")
	}
	digits := []rune(port)
	return isPort && len(digits) == 1 && strings.ContainsRune("0123456789¹²³", digits[0])
}
