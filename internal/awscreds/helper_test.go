// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/require"
)

// helper returns a command that starts this binary to do what words say, so that the
// tests of processes run without a shell too.
func helper(words ...string) string {
	all := helperWords(words...)
	all[0] = quoted(all[0])
	return strings.Join(all, " ")
}

// quoted returns a path as one word of a command, in a folder whose name has blanks too.
func quoted(path string) string { return `"` + path + `"` }

func helperWords(words ...string) []string {
	return append([]string{os.Args[0], "-test.run=^TestHelper$", "--"}, words...)
}

// printing returns a command that prints and ends. If the system has a shell, it is a script,
// because that starts in a tenth of this binary's time.
func printing(t *testing.T, p printed) string {
	t.Helper()
	if !testkit.HasShell() {
		return helper("print", toHex(p.stdout), toHex(p.stderr), strconv.Itoa(p.code))
	}
	script := filepath.Join(testkit.ShortDir(t), "script")
	text := fmt.Sprintf("printf '%s'\nprintf '%s' >&2\nexit %d\n", toOctal(p.stdout), toOctal(p.stderr), p.code)
	require.NoError(t, os.WriteFile(script, []byte(text), 0o600))
	return "/bin/sh " + quoted(script)
}

// toOctal makes a format of printf of any text.
func toOctal(text string) string {
	var format strings.Builder
	for _, b := range []byte(text) {
		_, _ = fmt.Fprintf(&format, `\%03o`, b)
	}
	return format.String()
}

// TestHelper is no test: commands of helper start it.
func TestHelper(t *testing.T) {
	for i, arg := range os.Args {
		if arg == "--" && i+1 < len(os.Args) {
			os.Exit(help(os.Args[i+1], os.Args[i+2:]))
		}
	}
	t.Skip("started by other tests")
}

func help(verb string, args []string) int {
	switch verb {
	case "fetch": // asks for a URL and fails
		response, err := http.Get(args[0])
		if err == nil {
			_ = response.Body.Close()
		}
		return 1
	case "print": // STDOUT STDERR CODE, the texts in hexadecimal with a dot before
		_, _ = os.Stdout.Write(fromHex(args[0]))
		_, _ = os.Stderr.Write(fromHex(args[1]))
		code, _ := strconv.Atoi(args[2])
		return code
	case "flood": // stdout or stderr, without end
		out := map[string]io.Writer{"stdout": os.Stdout, "stderr": os.Stderr}[args[0]]
		for {
			_, err := fmt.Fprintln(out, "canary"+strings.Repeat("x", 1000))
			if err != nil {
				return 1
			}
		}
	case "echo": // print keys with the first line of standard input
		line, _ := bufio.NewReaderSize(os.Stdin, 16).ReadString('\n')
		fmt.Print(keysJSON(strings.TrimSpace(line)))
		return 0
	case "run": // WORDS…: start the helper with them, and wait
		child := exec.Command(os.Args[0], helperWords(args...)[1:]...)
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		_ = child.Run()
		return 0
	case "leave": // prints keys, and leaves a process that holds the output
		child := exec.Command(os.Args[0], helperWords("drain", args[0])[1:]...)
		child.Stdout = os.Stdout
		if child.Start() != nil {
			return 1
		}
		fmt.Print(keysJSON("AK"))
		return 0
	case "drain": // reads a file to its end
		file, err := os.Open(args[0])
		if err != nil {
			return 1
		}
		_, _ = io.Copy(io.Discard, file)
		return 0
	case "hold": // writes "up" to a file, and holds it until killed
		file, err := os.OpenFile(args[0], os.O_WRONLY, 0)
		if err != nil {
			return 1
		}
		_, _ = fmt.Fprintln(file, "up")
		time.Sleep(time.Hour)
		_ = file.Close()
		return 0
	}
	return 2
}

func keysJSON(accessKeyID string) string {
	return fmt.Sprintf(`{"Version":1,"AccessKeyId":%q,"SecretAccessKey":"SK"}`, accessKeyID)
}

// toHex makes a word of any text; fromHex is its reverse.
func toHex(text string) string { return "." + hex.EncodeToString([]byte(text)) }

func fromHex(word string) []byte {
	text, _ := hex.DecodeString(strings.TrimPrefix(word, "."))
	return text
}
