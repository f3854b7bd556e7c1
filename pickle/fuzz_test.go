// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"errors"
	"reflect"
	"testing"
)

// fuzzLimits keep the fuzzer fast; the errors are the same.
var fuzzLimits = Limits{MaxSize: 1 << 20, MaxMemory: 1 << 24, MaxDepth: 200}

func FuzzDecode(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := fuzzLimits.Decode(data)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error of type %T: %v", err, err)
			}
			return
		}
		_ = Repr(v)
		_, _ = NewExcInfo(v)
		encoded, err := Encode(v)
		if err != nil {
			return // a class that isn't written
		}
		again, err := Decode(encoded)
		if err != nil {
			t.Fatalf("%s does not read back: %v", Repr(v), err)
		}
		if Repr(v) != Repr(again) {
			t.Fatalf("%s became %s", Repr(v), Repr(again))
		}
	})
}

func FuzzBytesLiteral(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		data, err := ParseBytesLiteral(text)
		if err != nil {
			return
		}
		again, err := ParseBytesLiteral(FormatBytesLiteral(data))
		if err != nil || !reflect.DeepEqual(data, again) {
			t.Fatalf("%q: %x became %x, %v", text, data, again, err)
		}
	})
}
