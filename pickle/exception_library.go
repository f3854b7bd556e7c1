package pickle

import (
	"fmt"
)

// libraryMessage is the text of common exceptions whose __str__ says more than
// their arguments.
func (e *Exception) libraryMessage() (string, bool) {
	switch (Global{e.Module, e.Class}) {
	case Global{builtins, "ExceptionGroup"}, Global{builtins, "BaseExceptionGroup"}:
		return e.groupMessage()
	case Global{"json.decoder", "JSONDecodeError"}:
		return e.jsonMessage()
	case Global{"subprocess", "CalledProcessError"}:
		return e.processMessage()
	}
	return "", false
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
	if !ok || status < 0 { // a signal, by a name that depends on the system
		return "", false
	}
	command := strOf(e.Args[1])
	return fmt.Sprintf("Command '%s' returned non-zero exit status %d.", command, status), true
}
