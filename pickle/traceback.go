// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"fmt"
	"strings"
)

// Frame is a line of a traceback.
type Frame struct {
	File     string
	Line     int64
	Function string
}

// Traceback is the way from where an exception was caught to where it was
// raised, in Python's order.
type Traceback []Frame

// maxRepeats is after how many equal frames Python only counts.
const maxRepeats = 3

// String is the frames as Python's traceback module writes them where it
// doesn't have the sources.
func (tb Traceback) String() string {
	var out strings.Builder
	for i := 0; i < len(tb); {
		repeats := 1
		for i+repeats < len(tb) && tb[i+repeats] == tb[i] {
			repeats++
		}
		line := fmt.Sprintf("  File \"%s\", line %d, in %s\n", tb[i].File, tb[i].Line, tb[i].Function)
		out.WriteString(strings.Repeat(line, min(repeats, maxRepeats)))
		writeRepeats(&out, repeats-maxRepeats)
		i += repeats
	}
	return out.String()
}

func writeRepeats(out *strings.Builder, more int) {
	switch {
	case more == 1:
		out.WriteString("  [Previous line repeated 1 more time]\n")
	case more > 1:
		fmt.Fprintf(out, "  [Previous line repeated %d more times]\n", more)
	}
}

// TracebackText is the exception as Python prints it when nothing catches it:
// what led to it first, then its frames, its type and message, its notes.
func (e *Exception) TracebackText() string {
	var out strings.Builder
	for i, link := range e.chain() {
		if i > 0 {
			out.WriteString(link.joint)
		}
		link.exception.writeText(&out)
		if out.Len() > maxRepr {
			break
		}
	}
	return out.String()
}

func (e *Exception) writeText(out *strings.Builder) {
	if len(e.Traceback) > 0 {
		out.WriteString("Traceback (most recent call last):\n")
		out.WriteString(e.Traceback.String())
	}
	out.WriteString(e.Error())
	out.WriteByte('\n')
	for _, note := range e.Notes {
		out.WriteString(note + "\n")
	}
}

type chainLink struct {
	exception *Exception
	joint     string // what stands before it
}

const (
	causeJoint   = "\nThe above exception was the direct cause of the following exception:\n\n"
	contextJoint = "\nDuring handling of the above exception, another exception occurred:\n\n"
)

// chain returns the exceptions that led to this one, oldest first, and itself. Of a
// circle, which only a program can make, each is in it once, as in Python.
func (e *Exception) chain() []chainLink {
	var links []chainLink
	seen := map[*Exception]bool{}
	for e != nil && !seen[e] {
		seen[e] = true
		link := chainLink{exception: e}
		next := e.Cause
		switch {
		case next != nil:
			link.joint = causeJoint
		case e.Context != nil && !e.SuppressContext:
			link.joint, next = contextJoint, e.Context
		}
		links = append(links, link)
		e = next
	}
	for i, j := 0, len(links)-1; i < j; i, j = i+1, j-1 {
		links[i], links[j] = links[j], links[i]
	}
	return links
}

// convertTraceback reads tblib's call (frame, line, next), where next is a
// chain of tblib.Traceback objects.
func convertTraceback(o *Object) (any, bool, error) {
	if !o.isCall(3, 3) {
		return nil, false, nil
	}
	tb := Traceback{}
	frame, line, next := o.Args[0], o.Args[1], o.Args[2]
	for {
		f, ok := newFrame(frame, line)
		if !ok {
			return nil, false, nil
		}
		tb = append(tb, f)
		if next == nil {
			return tb, true, nil
		}
		state, ok := stateOf(next, "Traceback")
		if !ok {
			return nil, false, nil
		}
		frame, _ = state.Get("tb_frame")
		line, _ = state.Get("tb_lineno")
		next, _ = state.Get("tb_next")
	}
}

func newFrame(frame, line any) (Frame, bool) {
	state, ok := stateOf(frame, "Frame")
	if !ok {
		return Frame{}, false
	}
	v, _ := state.Get("f_code")
	code, ok := stateOf(v, "Code")
	if !ok {
		return Frame{}, false
	}
	file, ok1 := textOf(code, "co_filename")
	name, ok2 := textOf(code, "co_name")
	number, ok3 := line.(int64)
	return Frame{file, number, name}, ok1 && ok2 && ok3
}

// stateOf is the state of an object of one of tblib's classes.
func stateOf(v any, class string) (*Dict, bool) {
	o, ok := v.(*Object)
	if !ok || o.Module != "tblib" || o.Name != class {
		return nil, false
	}
	state, ok := o.State.(*Dict)
	return state, ok
}
