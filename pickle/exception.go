// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"strings"
	"sync"
)

// Exception is an instance of a Python exception. It is also a Go error.
type Exception struct {
	Module string // "builtins" for Python's own
	Class  string
	Args   Tuple
	Attrs  *Dict // nil if there are none

	// The rest is there if tblib pickled the exception, as in Lithops' worker.
	Traceback       Traceback
	Cause           *Exception // raise ... from Cause
	Context         *Exception // what was being handled
	SuppressContext bool
	Notes           []string
}

// TypeName is the class as Python's tracebacks write it: "ValueError",
// "package.module.CustomError".
func (e *Exception) TypeName() string {
	if e.Module == "__main__" {
		return e.Class
	}
	return Global{e.Module, e.Class}.TypeName()
}

// Error is the last line of Python's traceback: the type and the message.
func (e *Exception) Error() string {
	message := e.Message()
	if message == "" {
		return e.TypeName()
	}
	return e.TypeName() + ": " + message
}

// Message returns what Python's str returns for the exception. Of classes with a __str__
// of their own, which is not in the pickle, it returns what the arguments give.
func (e *Exception) Message() string { return e.messageAt(0) }

// messageAt is Message of an exception within so many others.
func (e *Exception) messageAt(depth int) string {
	if text, ok := e.osMessage(depth); ok {
		return text
	}
	if text, ok := e.unicodeMessage(depth); ok {
		return text
	}
	if text, ok := e.libraryMessage(depth); ok {
		return text
	}
	switch len(e.Args) {
	case 0:
		return ""
	case 1:
		if e.isBuiltin("KeyError") {
			return Repr(e.Args[0])
		}
		return strAt(e.Args[0], depth+1)
	}
	return Repr(e.Args)
}

func (e *Exception) isBuiltin(names ...string) bool {
	return e.Module == builtins && isOneOf(any(e.Class), names)
}

// convertException takes an object of a builtin exception class. Other classes
// don't tell that they are exceptions.
func convertException(o *Object) (any, bool, error) {
	if o.Module != builtins || !builtinExceptions()[o.Name] {
		return nil, false, nil
	}
	e, ok := asException(o)
	return e, ok, nil
}

// asException takes an object of any class as an exception, if it is built as
// exceptions are.
func asException(v any) (*Exception, bool) {
	if e, ok := v.(*Exception); ok {
		return e, true
	}
	o, ok := v.(*Object)
	if ok {
		if e, ok := packedException(o); ok {
			return e, true
		}
	}
	if !ok || o.Callable != nil || o.Kwargs != nil || o.Items != nil || len(o.List) > 0 {
		return nil, false
	}
	attrs, ok := attributes(o.State)
	return &Exception{Module: o.Module, Class: o.Name, Args: o.Args, Attrs: attrs}, ok
}

// attributes takes a state as a dict of attributes.
func attributes(state any) (*Dict, bool) {
	if state == nil {
		return nil, true
	}
	d, ok := state.(*Dict)
	if d.Len() == 0 {
		return nil, ok
	}
	return d, ok
}

// convertTblibException reads tblib's call
// (class, args, cause, traceback, context, suppress_context, notes), of which
// older versions write fewer.
func convertTblibException(o *Object) (any, bool, error) {
	if len(o.Args) < 4 || len(o.Args) > 7 || o.Kwargs != nil || o.Items != nil || len(o.List) > 0 {
		return nil, false, nil
	}
	args := Tuple{nil, nil, nil, nil, nil, false, nil}
	copy(args, o.Args)
	class, ok1 := args[0].(Global)
	params, ok2 := args[1].(Tuple)
	attrs, ok3 := attributes(o.State)
	if !ok1 || !ok2 || !ok3 {
		return nil, false, nil
	}
	e, ok := packedException(&Object{Module: class.Module, Name: class.Name, Args: params})
	if !ok {
		e = &Exception{Module: class.Module, Class: class.Name, Args: params, Attrs: attrs}
	}
	return e, e.setOrigin(args[2:]), nil
}

// convertTblibAttrs reads the call of tblib since 3.2 for classes with an
// __init__ of their own: (class, attributes, cause, traceback, context,
// suppress_context, notes, arguments of __new__).
func convertTblibAttrs(o *Object) (any, bool, error) {
	if !o.hasOnlyState(8, 8) {
		return nil, false, nil
	}
	class, ok1 := o.Args[0].(Global)
	fields, ok2 := o.Args[1].(*Dict)
	if !ok1 || !ok2 {
		return nil, false, nil
	}
	params, _ := fields.Get("args")
	args, ok1 := params.(Tuple)
	state, _ := fields.Get("__dict__")
	if o.State != nil {
		state = o.State // the same attributes, which __reduce__ gave
	}
	attrs, ok2 := attributes(state)
	e := &Exception{Module: class.Module, Class: class.Name, Args: args, Attrs: attrs}
	e.addFilenames(fields)
	return e, ok1 && ok2 && e.setOrigin(o.Args[2:7]), nil
}

// addFilenames makes an OSError's arguments those that its class is called
// with: (errno, text, file name, None, second file name).
func (e *Exception) addFilenames(fields *Dict) {
	first, _ := fields.Get("filename")
	second, _ := fields.Get("filename2")
	if len(e.Args) != 2 || first == nil {
		return
	}
	e.Args = Tuple{e.Args[0], e.Args[1], first}
	if second != nil {
		e.Args = append(e.Args, nil, second)
	}
}

// setOrigin sets cause, traceback, context, suppress_context and notes.
func (e *Exception) setOrigin(args Tuple) bool {
	var ok [4]bool
	e.Cause, ok[0] = optionalException(args[0])
	e.Traceback, ok[1] = optionalTraceback(args[1])
	e.Context, ok[2] = optionalException(args[2])
	e.SuppressContext, ok[3] = args[3].(bool)
	notes, _ := args[4].([]any)
	for _, note := range notes {
		e.Notes = append(e.Notes, strOf(note))
	}
	return ok == [4]bool{true, true, true, true}
}

func optionalException(v any) (*Exception, bool) {
	if v == nil {
		return nil, true
	}
	return asException(v)
}

func optionalTraceback(v any) (Traceback, bool) {
	if v == nil {
		return nil, true
	}
	tb, ok := v.(Traceback)
	return tb, ok
}

var builtinExceptions = nameSet(`
	ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup
	BlockingIOError BrokenPipeError BufferError BytesWarning ChildProcessError
	ConnectionAbortedError ConnectionError ConnectionRefusedError ConnectionResetError
	DeprecationWarning EOFError EncodingWarning EnvironmentError Exception ExceptionGroup
	FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError
	ImportError ImportWarning IndentationError IndexError InterruptedError IsADirectoryError
	KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError
	NotADirectoryError NotImplementedError OSError OverflowError PendingDeprecationWarning
	PermissionError ProcessLookupError PythonFinalizationError RecursionError ReferenceError
	ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError
	SyntaxWarning SystemError SystemExit TabError TimeoutError TypeError UnboundLocalError
	UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning
	UserWarning ValueError Warning ZeroDivisionError`)

// nameSet returns a function that returns a set of names, which is made on first use.
func nameSet(names string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		set := map[string]bool{}
		for _, name := range strings.Fields(names) {
			set[name] = true
		}
		return set
	})
}
