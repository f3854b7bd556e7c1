// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"fmt"
	"strings"
)

// libraryMessage returns the text of common exceptions whose __str__ says more than
// their arguments.
func (e *Exception) libraryMessage(depth int) (string, bool) {
	switch (Global{e.Module, e.Class}) {
	case Global{builtins, "ExceptionGroup"}, Global{builtins, "BaseExceptionGroup"}:
		return e.groupMessage()
	case Global{builtins, "SyntaxError"}, Global{builtins, "IndentationError"}, Global{builtins, "TabError"}, Global{"xml.etree.ElementTree", "ParseError"}:
		return e.syntaxMessage(depth)
	case Global{"json.decoder", "JSONDecodeError"}, Global{"requests.exceptions", "JSONDecodeError"}:
		return e.jsonMessage()
	case Global{"subprocess", "CalledProcessError"}:
		return e.processMessage()
	case Global{"subprocess", "TimeoutExpired"}:
		return e.timeoutMessage()
	case Global{"urllib.error", "URLError"}, Global{"urllib.error", "ContentTooShortError"}:
		return e.urlMessage(depth)
	case Global{"http.client", "IncompleteRead"}:
		return e.readMessage()
	case Global{"asyncio.exceptions", "IncompleteReadError"}:
		return e.partialMessage()
	case Global{"xmlrpc.client", "Error"}, Global{"xmlrpc.client", "ResponseError"}:
		return Repr(e), true
	case Global{"zoneinfo._common", "ZoneInfoNotFoundError"}, Global{"zoneinfo", "ZoneInfoNotFoundError"}:
		return e.keyMessage()
	}
	switch {
	case e.isSSLError():
		return e.sslMessage()
	case e.Module == "configparser":
		return e.attribute("message")
	case e.Module == botocoreModule && (e.Class == "ClientError" || e.Class == "EventStreamError"), e.Module == "botocore.errorfactory":
		return e.clientMessage()
	}
	return e.tableMessage(depth)
}

// keyMessage is that of a KeyError: the key as it is written in Python.
func (e *Exception) keyMessage() (string, bool) {
	if len(e.Args) != 1 {
		return "", false
	}
	return Repr(e.Args[0]), true
}

// attribute returns the text of an attribute.
func (e *Exception) attribute(name string) (string, bool) {
	if e.Attrs == nil {
		return "", false
	}
	return textOf(e.Attrs, name)
}

// syntaxMessage reads (message, (file, line, …)). Without the second one, or with more,
// there is no place; without a message Python writes None.
func (e *Exception) syntaxMessage(depth int) (string, bool) {
	if len(e.Args) == 0 {
		return "None", true
	}
	message := strAt(e.Args[0], depth+1)
	if len(e.Args) != 2 {
		return message, true
	}
	place, ok := e.Args[1].(Tuple)
	if !ok || len(place) < 2 {
		return "", false
	}
	file, hasFile := place[0].(string)
	line, hasLine := place[1].(int64)
	file = file[strings.LastIndexByte(file, '/')+1:]
	switch {
	case hasFile && hasLine:
		return fmt.Sprintf("%s (%s, line %d)", message, file, line), true
	case hasFile:
		return fmt.Sprintf("%s (%s)", message, file), true
	case hasLine:
		return fmt.Sprintf("%s (line %d)", message, line), true
	}
	return message, true
}

func (e *Exception) urlMessage(depth int) (string, bool) {
	if len(e.Args) == 0 {
		return "", false
	}
	return "<urlopen error " + strAt(e.Args[0], depth+1) + ">", true
}

// readMessage reads (bytes that came) with the attribute "expected".
func (e *Exception) readMessage() (string, bool) {
	if len(e.Args) == 0 {
		return "", false
	}
	partial, ok := e.Args[0].([]byte)
	if !ok {
		return "", false
	}
	more := ""
	if expected, found := e.Attrs.Get("expected"); found && expected != nil {
		more = ", " + plainStr(expected) + " more expected"
	}
	return fmt.Sprintf("IncompleteRead(%d bytes read%s)", len(partial), more), true
}

// timeoutMessage reads (command, seconds, …).
func (e *Exception) timeoutMessage() (string, bool) {
	if len(e.Args) < 2 {
		return "", false
	}
	return fmt.Sprintf("Command '%s' timed out after %s seconds", plainStr(e.Args[0]), plainStr(e.Args[1])), true
}

// groupMessage reads (message, exceptions).
func (e *Exception) groupMessage() (string, bool) {
	if len(e.Args) != 2 {
		return "", false
	}
	message, ok := e.Args[0].(string)
	count := 0
	switch inner := e.Args[1].(type) {
	case []any:
		count = len(inner)
	case Tuple:
		count = len(inner)
	}
	plural := "s"
	if count == 1 {
		plural = ""
	}
	return fmt.Sprintf("%s (%d sub-exception%s)", message, count, plural), ok && count > 0
}

// jsonMessage reads (message, document, position), which counts code points.
func (e *Exception) jsonMessage() (string, bool) {
	if len(e.Args) != 3 {
		return "", false
	}
	message, ok1 := e.Args[0].(string)
	rest, ok2 := e.Args[1].(string)
	position, ok3 := e.Args[2].(int64)
	if !ok1 || !ok2 || !ok3 || position < 0 {
		return "", false
	}
	line, column := 1, 1
	for range position {
		if rest == "" {
			break
		}
		_, width := nextCodePoint(rest)
		if column++; rest[0] == '\n' {
			line, column = line+1, 1
		}
		rest = rest[width:]
	}
	return fmt.Sprintf("%s: line %d column %d (char %d)", message, line, column, position), true
}

// processMessage reads (exit status, command, …).
func (e *Exception) processMessage() (string, bool) {
	if len(e.Args) < 2 {
		return "", false
	}
	status, ok := e.Args[0].(int64)
	if !ok {
		return "", false
	}
	command := plainStr(e.Args[1])
	if name, known := signals[-status]; known {
		return fmt.Sprintf("Command '%s' died with <Signals.%s: %d>.", command, name, -status), true
	}
	if status < 0 {
		return fmt.Sprintf("Command '%s' died with unknown signal %d.", command, -status), true
	}
	return fmt.Sprintf("Command '%s' returned non-zero exit status %d.", command, status), true
}

// signals are those of Linux, where Lithops' workers run.
var signals = map[int64]string{
	1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS",
	8: "SIGFPE", 9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE",
	14: "SIGALRM", 15: "SIGTERM", 16: "SIGSTKFLT", 17: "SIGCHLD", 18: "SIGCONT", 19: "SIGSTOP",
	20: "SIGTSTP", 21: "SIGTTIN", 22: "SIGTTOU", 23: "SIGURG", 24: "SIGXCPU", 25: "SIGXFSZ",
	26: "SIGVTALRM", 27: "SIGPROF", 28: "SIGWINCH", 29: "SIGIO", 30: "SIGPWR", 31: "SIGSYS",
	34: "SIGRTMIN", 64: "SIGRTMAX",
}
