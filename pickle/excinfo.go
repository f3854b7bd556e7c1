// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"errors"
	"strings"
)

// ExcInfo holds what a call's status says about the exception that ended it: the pickle
// whose bytes literal is the status' "exc_info".
type ExcInfo struct {
	Type      string // as in Python's tracebacks: "ValueError", "my.module.Error"
	Message   string // str() of the exception
	Traceback string // what Python prints; type and message alone if no frames came along

	// Exception is nil if the worker couldn't pickle it: then only texts came.
	Exception *Exception
	// Handler tells that Lithops' worker or client raised it, not the
	// function: it took too long, or too much memory.
	Handler bool
	// PickleError is why the worker couldn't pickle the exception.
	PickleError string
}

// Error is the type and the message.
func (i *ExcInfo) Error() string {
	if i.Message == "" {
		return i.Type
	}
	return i.Type + ": " + i.Message
}

// Unwrap gives the exception, if there is one, to errors.As.
func (i *ExcInfo) Unwrap() error {
	if i.Exception == nil {
		return nil
	}
	return i.Exception
}

// ParseExcInfo reads a status' "exc_info": a bytes literal around a pickle.
func ParseExcInfo(literal string) (*ExcInfo, error) {
	data, err := ParseBytesLiteral(literal)
	if err != nil {
		return nil, err
	}
	return DecodeExcInfo(data)
}

// DecodeExcInfo reads the pickle of (type, exception, traceback), or of the
// dict of texts that stands for an exception that couldn't be pickled.
func DecodeExcInfo(data []byte) (*ExcInfo, error) {
	v, err := Decode(data)
	if err != nil {
		return nil, err
	}
	info, err := NewExcInfo(v)
	var e *Error
	if errors.As(err, &e) {
		e.Op = "exc_info"
	}
	return info, err
}

// NewExcInfo is DecodeExcInfo for a value that is already decoded.
func NewExcInfo(v any) (*ExcInfo, error) {
	switch v := v.(type) {
	case Tuple:
		return excInfoOfTuple(v)
	case *Dict:
		return excInfoOfTexts(v)
	}
	return nil, malformed("neither (type, exception, traceback) nor a dict of texts")
}

func excInfoOfTuple(v Tuple) (*ExcInfo, error) {
	if len(v) != 3 {
		return nil, malformed("%d items instead of (type, exception, traceback)", len(v))
	}
	class, ok := v[0].(Global)
	if !ok {
		return nil, malformed("an exception's type that is no class")
	}
	e, ok := asException(v[1])
	if !ok {
		return nil, malformed("a %s instead of an exception", kindName(v[1]))
	}
	e = e.of(class)
	tb, ok := optionalTraceback(v[2])
	if !ok {
		return nil, malformed("a %s instead of a traceback", kindName(v[2]))
	}
	if len(tb) > 0 {
		e.Traceback = tb
	}
	info := &ExcInfo{Exception: e}
	info.Handler = e.unwrapHandler()
	info.Type, info.Message, info.Traceback = e.TypeName(), e.Message(), e.TracebackText()
	return info, nil
}

// of is a copy of the exception. One that a function builds, not its class,
// has its class from class.
func (e *Exception) of(class Global) *Exception {
	out := *e
	out.Module, out.Class = class.Module, class.Name
	return &out
}

// unwrapHandler takes off the mark ("HANDLER", message) of Lithops' own
// exceptions, as its futures do, which leave only the message.
func (e *Exception) unwrapHandler() bool {
	if len(e.Args) < 2 || e.Args[0] != any("HANDLER") {
		return false
	}
	e.Args = e.Args[1:2:2]
	return true
}

// excInfoOfTexts reads {"exc_type": "<class 'x'>", "exc_value": ...,
// "exc_traceback": ..., "pickle_exception": ...}.
func excInfoOfTexts(d *Dict) (*ExcInfo, error) {
	class, ok1 := textOf(d, "exc_type")
	message, ok2 := textOf(d, "exc_value")
	if !ok1 || !ok2 {
		return nil, malformed("a dict without exc_type and exc_value")
	}
	v, _ := d.Get("exc_traceback")
	tb, ok := optionalTraceback(v)
	if !ok {
		return nil, malformed("a %s instead of a traceback", kindName(v))
	}
	info := &ExcInfo{Type: classOfText(class), Message: message}
	if failure, _ := d.Get("pickle_exception"); failure != nil {
		info.PickleError = failureText(failure)
	}
	header := ""
	if len(tb) > 0 {
		header = "Traceback (most recent call last):\n" + tb.String()
	}
	info.Traceback = header + info.Error() + "\n"
	return info, nil
}

func failureText(v any) string {
	if e, ok := asException(v); ok {
		return e.Error()
	}
	return strOf(v)
}

// classOfText gives "x.Y" for "<class 'x.Y'>".
func classOfText(text string) string {
	name, ok1 := strings.CutPrefix(text, "<class '")
	name, ok2 := strings.CutSuffix(name, "'>")
	if !ok1 || !ok2 {
		return text
	}
	return strings.TrimPrefix(name, "__main__.")
}
