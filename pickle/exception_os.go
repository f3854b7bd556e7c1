// SPDX-License-Identifier: Apache-2.0

package pickle

import "strings"

// osMessage returns the message of an OSError, whose arguments are
// (errno, text, file name, Windows' number, second file name).
func (e *Exception) osMessage(depth int) (string, bool) {
	if len(e.Args) < 2 || len(e.Args) > 5 || !e.isOSError() {
		return "", false
	}
	if e.isSSLError() {
		return e.sslMessage()
	}
	text := "[Errno " + strAt(e.Args[0], depth+1) + "] " + strAt(e.Args[1], depth+1)
	if !e.hasFilename() {
		return text, true
	}
	text += ": " + Repr(e.Args[2])
	if len(e.Args) == 5 && e.Args[4] != nil {
		text += " -> " + Repr(e.Args[4])
	}
	return text, true
}

// hasFilename reports whether the third argument of an OSError is a file name, which
// Python takes out of the arguments.
func (e *Exception) hasFilename() bool {
	return len(e.Args) >= 3 && len(e.Args) <= 5 && e.Args[2] != nil && e.isOSError() && !e.countsBytes()
}

// shownArgs returns the arguments as Python's args and repr have them.
func (e *Exception) shownArgs() Tuple {
	if e.hasFilename() {
		return e.Args[:2]
	}
	return e.Args
}

// isOSError reports whether the class is OSError, or one that is derived from it in
// Python's library or in requests.
func (e *Exception) isOSError() bool {
	if e.Module == builtins {
		return osErrors()[e.Class]
	}
	return libraryOSErrors()[e.Module+"."+e.Class] || e.isSSLError() || e.Module == "requests.exceptions" && e.Class != "JSONDecodeError"
}

// isSSLError reports whether the class is ssl's SSLError, or derived from it there.
func (e *Exception) isSSLError() bool { return e.Module == "ssl" && strings.HasPrefix(e.Class, "SSL") }

// sslMessage returns the second argument if it is text. Otherwise the text of an
// SSLError is that of all its arguments, of a single one too.
func (e *Exception) sslMessage() (string, bool) {
	if len(e.Args) >= 2 && len(e.Args) <= 5 {
		if text, ok := e.Args[1].(string); ok {
			return text, true
		}
	}
	return Repr(e.shownArgs()), true
}

// countsBytes reports whether the third argument is how much a write that would
// have blocked has written, and no file name.
func (e *Exception) countsBytes() bool {
	switch e.Args[2].(type) {
	case int64, bool:
		return e.isBuiltin("BlockingIOError")
	}
	return false
}

var osErrors = nameSet(`OSError IOError EnvironmentError BlockingIOError ChildProcessError
	ConnectionError BrokenPipeError ConnectionAbortedError ConnectionRefusedError
	ConnectionResetError FileExistsError FileNotFoundError InterruptedError
	IsADirectoryError NotADirectoryError PermissionError ProcessLookupError TimeoutError`)

// libraryOSErrors are the classes of Python's library that take their arguments as
// OSError does. One that makes its text itself, such as URLError, is not among them.
var libraryOSErrors = nameSet(`socket.gaierror socket.herror io.UnsupportedOperation gzip.BadGzipFile
	shutil.Error shutil.ExecError shutil.ReadError shutil.SameFileError shutil.SpecialFileError
	http.client.RemoteDisconnected http.cookiejar.LoadError
	smtplib.SMTPException smtplib.SMTPNotSupportedError smtplib.SMTPServerDisconnected`)
