// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3/internal/panics"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// AskMFA asks for the code of an MFA device on the terminal or, if there is none,
// on standard error and input, as Python's getpass does. A cancel ends the wait.
//
// A renewal never reads standard input: the program may be storing it, and a line that is
// taken from its middle would be missing in the object.
func AskMFA(ctx context.Context, serial string) (string, error) {
	return askOn(ctx, terminalNames(runtime.GOOS), os.Stdin, serial)
}

func askOn(ctx context.Context, names [2]string, stdin *os.File, serial string) (string, error) {
	in, out := stdin, os.Stderr //nolint:forbidigo // where a person answers
	reads, err := os.OpenFile(names[0], os.O_RDWR, 0)
	if err == nil {
		defer func() { _ = reads.Close() }()
	}
	writes, err2 := os.OpenFile(names[1], os.O_RDWR, 0)
	if err2 == nil {
		defer func() { _ = writes.Close() }()
	}
	if err == nil && err2 == nil {
		in, out = reads, writes
	} else if isRenewal(ctx) {
		return "", &Error{Kind: "RefreshWithMFAUnsupportedError", Reason: "to renew the role's credentials needs a new MFA code for " + serial + ", and there is no terminal to ask on"}
	}
	return ask(ctx, in, out, serial)
}

// terminalNames returns what to open to read from the process's terminal and to write
// to it.
func terminalNames(system string) [2]string {
	if system == "windows" {
		return [2]string{"CONIN$", "CONOUT$"}
	}
	return [2]string{"/dev/tty", "/dev/tty"}
}

func ask(ctx context.Context, in *os.File, out io.Writer, serial string) (string, error) {
	if _, err := fmt.Fprintf(out, "Enter MFA code for %s: ", sanitize.Line(serial)); err != nil {
		return "", err
	}
	line, err := readLine(ctx, in)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if code := strings.TrimSpace(line); code != "" {
		return code, nil
	}
	return "", &Error{Kind: "EOFError", Reason: "the role needs an MFA code for " + serial + ", and none was given", Err: err}
}

// maxLine bounds what is read of a line, in bytes; a code has six.
const maxLine = 1 << 10

// readLine reads a line of file, and nothing after it. A cancel ends the read if the
// file can be polled, as a terminal and a pipe can. Otherwise the read continues in
// the background until a line or the end of the file arrives.
func readLine(ctx context.Context, file *os.File) (string, error) {
	type result struct {
		line string
		err  error
	}
	read := make(chan result, 1)
	new(panics.Group).Go(func() {
		line, err := scanLine(file)
		read <- result{line, err}
	}, nil)
	select {
	case r := <-read:
		return r.line, r.err
	case <-ctx.Done():
	}
	if err := file.SetReadDeadline(time.Now()); err == nil {
		<-read
		_ = file.SetReadDeadline(time.Time{})
	}
	return "", ctx.Err()
}

// scanLine reads byte by byte: what stands after the line is for others.
func scanLine(file io.Reader) (string, error) {
	var line strings.Builder
	buffer := make([]byte, 1)
	for line.Len() < maxLine {
		n, err := file.Read(buffer)
		if n > 0 && buffer[0] == '\n' {
			return line.String(), nil
		}
		line.Write(buffer[:n])
		if err != nil {
			return line.String(), err
		}
	}
	return line.String(), nil
}
