// SPDX-License-Identifier: Apache-2.0

package pickle_test

import (
	"errors"
	"fmt"
	"log"
	"slices"

	"github.com/lithops-go/lithopss3/pickle"
)

// A dict of Python's in a struct of Go's.
func ExampleUnmarshal() {
	data, err := pickle.Encode(pickle.NewDict("word_count", 3, "tags", pickle.Tuple{"a", "b"}))
	if err != nil {
		log.Fatal(err)
	}
	var report struct {
		WordCount int
		Tags      []string
	}
	fmt.Println(pickle.Unmarshal(data, &report), report)
	// Output:
	// <nil> {3 [a b]}
}

// A value that does not fit is an error that says where and why.
func ExampleConvert() {
	var counts map[string]int8
	err := pickle.Convert(pickle.NewDict("a", int64(1), "b", int64(1000)), &counts)
	var misfit *pickle.ConvertError
	fmt.Println(errors.As(err, &misfit), err)
	// Output:
	// true ['b']: int does not fit into int8: overflow: it is 1000
}

// Values that this package knows have Go types; every other one says what its pickle says.
func ExampleDecode() {
	value, err := pickle.Decode([]byte("\x80\x04]\x94(K\x01\x8c\x01x\x94N\x88e."))
	fmt.Printf("%v %v\n%s\n", value, err, pickle.Repr(value))
	// Output:
	// [1 x <nil> true] <nil>
	// [1, 'x', None, True]
}

func ExampleEncodeEach() {
	for data, err := range pickle.EncodeEach(slices.Values([]string{"a", "b"})) {
		value, _ := pickle.Decode(data)
		fmt.Println(value, err)
	}
	// Output:
	// a <nil>
	// b <nil>
}

func ExampleDict() {
	dict := pickle.NewDict("x", 1)
	if err := dict.Set(1.0, "one"); err != nil {
		log.Fatal(err)
	}
	value, ok := dict.Get(1) // 1, 1.0 and True are one key in Python
	fmt.Println(value, ok, dict.Len())
	// Output:
	// one true 2
}
