// SPDX-License-Identifier: Apache-2.0

// Package pyjson reads and writes JSON as Python's json module does by default. It
// writes ASCII only, with ", " and ": " as separators and floats as repr writes them. It
// takes integers of any size, NaN and Infinity, and keeps the order of an object's members.
// It must not know what a document means, nor storage or jobs. It uses package pickle
// to write a float as Python does.
// Start reading at Decode and Encode.
package pyjson

import "errors"

// Values are nil, bool, int64 (*big.Int beyond), float64, string, []any and
// Object. A string with lone surrogates holds them as the three bytes that
// Python's "surrogatepass" writes, as in package pickle.

// An Object is a JSON object: its members in order, each name once.
type Object []Member

// A Member is a name and its value.
type Member struct {
	Name  string
	Value any
}

// Get is the value of a name, and whether the object has it.
func (o Object) Get(name string) (any, bool) {
	for _, member := range o {
		if member.Name == name {
			return member.Value, true
		}
	}
	return nil, false
}

// maxDepth is how deep values may nest; Python gives up near a thousand.
const maxDepth = 500

// ErrSyntax reports data that is not JSON as Python reads it.
var ErrSyntax = errors.New("malformed JSON")

// ErrValue is a value that JSON has no form for.
var ErrValue = errors.New("no JSON for this value")
