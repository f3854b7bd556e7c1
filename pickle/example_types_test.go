// SPDX-License-Identifier: Apache-2.0

package pickle_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"time"

	"github.com/lithops-go/lithopss3/pickle"
)

// encoded returns the pickle of a value, as a worker has stored it.
func encoded(value any) []byte {
	data, err := pickle.Encode(value)
	if err != nil {
		log.Fatal(err)
	}
	return data
}

// Python's bytes are a []byte, and its bytearray is a ByteArray.
func ExampleByteArray() {
	value, err := pickle.Decode(encoded(pickle.ByteArray("abc")))
	fmt.Printf("%T %v\n", value, err)
	fmt.Println(pickle.Repr(value), pickle.Repr([]byte("abc")))
	// Output:
	// pickle.ByteArray <nil>
	// bytearray(b'abc') b'abc'
}

func ExampleTuple() {
	fmt.Println(pickle.Repr(pickle.Tuple{1, "a"}), pickle.Repr([]any{1, "a"}))
	// Output: (1, 'a') [1, 'a']
}

func ExampleSet() {
	value, err := pickle.Decode(encoded(pickle.Set{"a"}))
	fmt.Println(pickle.Repr(value), err)
	var names map[string]struct{} // a set in Go's own types
	fmt.Println(pickle.Convert(value, &names), names)
	// Output:
	// {'a'} <nil>
	// <nil> map[a:{}]
}

func ExampleFrozenSet() {
	dict := &pickle.Dict{}
	err := dict.Set(pickle.FrozenSet{"a", "b"}, "both") // a key of a dict, which a set can't be
	value, ok := dict.Get(pickle.FrozenSet{"b", "a"})
	fmt.Println(value, ok, err)
	// Output: both true <nil>
}

// A Decimal keeps its digits, as Python's does.
func ExampleDecimal() {
	value, err := pickle.Decode(encoded(pickle.Decimal("1.50")))
	fmt.Println(value, pickle.Repr(value), err)
	// Output: 1.50 Decimal('1.50') <nil>
}

func ExampleDate() {
	value, err := pickle.Decode(encoded(pickle.Date{Year: 2026, Month: time.March, Day: 1}))
	fmt.Println(pickle.Repr(value), err)
	var day time.Time // its midnight, in UTC
	fmt.Println(pickle.Convert(value, &day), day)
	// Output:
	// datetime.date(2026, 3, 1) <nil>
	// <nil> 2026-03-01 00:00:00 +0000 UTC
}

// A datetime without a zone is a wall clock: the same digits anywhere.
func ExampleNaiveTime() {
	wall := pickle.NaiveTime{Time: time.Date(2026, time.March, 1, 12, 30, 0, 0, time.UTC)}
	value, err := pickle.Decode(encoded(wall))
	fmt.Println(pickle.Repr(value), err)
	// Output: datetime.datetime(2026, 3, 1, 12, 30) <nil>
}

func ExampleTimeOfDay() {
	value, err := pickle.Decode(encoded(pickle.TimeOfDay{Hour: 12, Minute: 30}))
	fmt.Println(pickle.Repr(value), err)
	// Output: datetime.time(12, 30) <nil>
}

func ExampleTimedelta() {
	delta := pickle.TimedeltaOf(-90 * time.Minute)
	fmt.Println(pickle.Repr(delta)) // normalized as Python's: only days are negative
	span, ok := delta.Duration()
	fmt.Println(span, ok)
	// Output:
	// datetime.timedelta(days=-1, seconds=81000)
	// -1h30m0s true
}

// A CloudObject in a result names an object of the bucket.
func ExampleCloudObject() {
	result := encoded(&pickle.CloudObject{Backend: "aws_s3", Bucket: "my-bucket", Key: "results/table"})
	var object *pickle.CloudObject
	fmt.Println(pickle.Unmarshal(result, &object), object.URL())
	// Output: <nil> aws_s3://my-bucket/results/table
}

// A ConvertError says where in a value two types differ.
func ExampleConvertError() {
	result := []any{pickle.NewDict("word", "a", "count", 3), pickle.NewDict("word", "b", "count", "many")}
	var words []struct {
		Word  string
		Count int
	}
	err := pickle.Convert(result, &words)
	var misfit *pickle.ConvertError
	if errors.As(err, &misfit) {
		fmt.Println(misfit.Path, misfit.Value, misfit.Type)
	}
	// Output: [1]['count'] str int
}

// An aggdata.pickle has one pickle after another.
func ExampleDecoder() {
	data := append(encoded("first"), encoded("second")...)
	decoder := pickle.NewDecoder(data, pickle.Limits{})
	for {
		value, err := decoder.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(value)
	}
	// Output:
	// first
	// second
}

// An Error says where a pickle is broken, and its reason.
func ExampleError() {
	_, err := pickle.Decode(encoded("truncated")[:12])
	var broken *pickle.Error
	if errors.As(err, &broken) {
		fmt.Println(errors.Is(err, pickle.ErrMalformed), broken.Op)
	}
	// Output: true SHORT_BINUNICODE
}

// Limits bound what a pickle of an unknown sender may cost.
func ExampleLimits() {
	small := pickle.Limits{MaxSize: 1 << 10, MaxDepth: 20}
	_, err := small.Decode(make([]byte, 2<<10))
	fmt.Println(errors.Is(err, pickle.ErrLimit))
	// Output: true
}

// excInfo returns the "exc_info" of a status of Python's, after `raise ValueError("negative")`.
func excInfo() string {
	data, err := pickle.EncodeExcInfo(&pickle.Exception{Module: "builtins", Class: "ValueError", Args: pickle.Tuple{"negative"}})
	if err != nil {
		log.Fatal(err)
	}
	return pickle.FormatBytesLiteral(data)
}

// Package jobs reads statuses; this reads the "exc_info" of one that came another way.
func ExampleExcInfo() {
	info, err := pickle.ParseExcInfo(excInfo())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Type)
	fmt.Println(info.Message)
	// Output:
	// ValueError
	// negative
}

// An Exception of Python's is an error of Go's.
func ExampleException() {
	failure := &pickle.Exception{
		Module: "builtins", Class: "RuntimeError", Args: pickle.Tuple{"can't read the table"},
		Cause: &pickle.Exception{Module: "builtins", Class: "KeyError", Args: pickle.Tuple{"count"}},
	}
	fmt.Println(failure)
	fmt.Println("because of", failure.Cause)
	// Output:
	// RuntimeError: can't read the table
	// because of KeyError: 'count'
}

func ExampleTraceback() {
	traceback := pickle.Traceback{
		{File: "/app/job.py", Line: 12, Function: "main"},
		{File: "/app/table.py", Line: 3, Function: "read"},
	}
	fmt.Print(traceback)
	// Output:
	//   File "/app/job.py", line 12, in main
	//   File "/app/table.py", line 3, in read
}

// The last Frame of a Traceback is where the exception was raised.
func ExampleFrame() {
	traceback := pickle.Traceback{{File: "/app/job.py", Line: 12, Function: "main"}, {File: "/app/table.py", Line: 3, Function: "read"}}
	raised := traceback[len(traceback)-1]
	fmt.Printf("%s:%d (%s)\n", raised.File, raised.Line, raised.Function)
	// Output: /app/table.py:3 (read)
}

// A class or a function in a pickle is its name. Nothing is imported or called.
func ExampleGlobal() {
	value, err := pickle.Decode([]byte("\x80\x04\x8c\x02os\x8c\x06system\x93."))
	fmt.Println(value, err)
	global, ok := value.(pickle.Global)
	fmt.Println(global.TypeName(), ok)
	// Output:
	// {os system} <nil>
	// os.system true
}

// An Object keeps what the pickle says of a class that this package does not know.
func ExampleObject() {
	// class Point of module shapes, with x = 1 and y = 2
	value, err := pickle.Decode([]byte("\x80\x04\x8c\x06shapes\x8c\x05Point\x93)\x81}(\x8c\x01xK\x01\x8c\x01yK\x02ub."))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pickle.Repr(value))
	if object, ok := value.(*pickle.Object); ok {
		fmt.Println(object.Class())
	}
	var point struct{ X, Y int }
	fmt.Println(pickle.Convert(value, &point), point)
	// Output:
	// shapes.Point(x=1, y=2)
	// shapes.Point []
	// <nil> {1 2}
}

// smallArray is Python's pickle of numpy.array([[1, 2], [3, 4]], dtype="int8").
const smallArray = "\x80\x05\x8c\x12numpy.core.numeric\x8c\x0b_frombuffer\x93(C\x04\x01\x02\x03\x04" +
	"\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02i1\x89\x88\x87R(K\x03\x8c\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb" +
	"K\x02K\x02\x86\x8c\x01CtR."

func ExampleNumpyArray() {
	var array *pickle.NumpyArray
	if err := pickle.Unmarshal([]byte(smallArray), &array); err != nil {
		log.Fatal(err)
	}
	fmt.Println(array.DType, array.Shape, array.At(3))
	var matrix [][]int
	fmt.Println(pickle.Unmarshal([]byte(smallArray), &matrix), matrix)
	// Output:
	// |i1 [2 2] 4
	// <nil> [[1 2] [3 4]]
}

// A scalar of numpy is its number wherever a number is wanted.
func ExampleNumpyScalar() {
	mean := pickle.NumpyScalar{DType: "<f8", Value: 2.5}
	var number float64
	fmt.Println(pickle.Convert(mean, &number), number)
	// Output: <nil> 2.5
}
