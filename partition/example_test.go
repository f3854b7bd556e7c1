// SPDX-License-Identifier: Apache-2.0

package partition_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/lithops-go/lithopss3/memstore"
	"github.com/lithops-go/lithopss3/partition"
	"github.com/lithops-go/lithopss3/pickle"
)

func ExampleObjects() {
	ctx := context.Background()
	store := memstore.New("bucket") // lithopss3.Open(ctx, nil) for S3
	if err := store.PutObject(ctx, "bucket", "data/a.txt", strings.NewReader("one\ntwo\nthree\n"), nil); err != nil {
		log.Fatal(err)
	}
	partitions, _, err := partition.Objects(ctx, store, []string{"bucket/data/*.txt"}, &partition.Options{ChunkSize: 5, Newline: "\n"})
	if err != nil {
		log.Fatal(err)
	}
	for _, part := range partitions {
		fmt.Printf("%s, part %d of %d:\n", part.Key, part.Part, part.TotalParts)
		for line, err := range part.Lines(ctx, store) {
			if err != nil {
				log.Fatal(err)
			}
			fmt.Printf("  %q\n", line)
		}
	}
	// Output:
	// data/a.txt, part 1 of 3:
	//   "one\n"
	//   "two\n"
	// data/a.txt, part 2 of 3:
	//   "three\n"
	// data/a.txt, part 3 of 3:
}

// A partition goes into the arguments of a call, where Python's worker would find it, and
// comes back in a worker of Go's.
func ExampleOf() {
	ctx := context.Background()
	store := memstore.New("bucket")
	if err := store.PutObject(ctx, "bucket", "data/a.txt", strings.NewReader("one\ntwo\nthree\n"), nil); err != nil {
		log.Fatal(err)
	}
	partitions, _, err := partition.Objects(ctx, store, []string{"bucket/data/a.txt"}, &partition.Options{ChunkNumber: 2, Newline: "\n"})
	if err != nil {
		log.Fatal(err)
	}
	arguments, err := pickle.Encode(pickle.NewDict("obj", partitions[1].CloudObject()))
	if err != nil {
		log.Fatal(err)
	}

	var named struct{ Obj *pickle.CloudObject }
	if err := pickle.Unmarshal(arguments, &named); err != nil {
		log.Fatal(err)
	}
	part, err := partition.Of(named.Obj)
	if err != nil {
		log.Fatal(err)
	}
	for line, err := range part.Lines(ctx, store) {
		fmt.Printf("%q %v\n", line, err)
	}
	// Output:
	// "three\n" <nil>
}

// Open reads the bytes of a partition as a stream.
func ExamplePartition_Open() {
	ctx := context.Background()
	store := memstore.New("bucket")
	if err := store.PutObject(ctx, "bucket", "data/b.bin", strings.NewReader("0123456789"), nil); err != nil {
		log.Fatal(err)
	}
	partitions, perObject, err := partition.Objects(ctx, store, []string{"s3://bucket/data/"}, &partition.Options{ChunkSize: 4})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(perObject, "partitions")
	for i := range partitions {
		body, err := partitions[i].Open(ctx, store)
		if err != nil {
			log.Fatal(err)
		}
		data, err := io.ReadAll(body)
		fmt.Println(string(data), errors.Join(err, body.Close()))
	}
	// Output:
	// [3] partitions
	// 0123 <nil>
	// 4567 <nil>
	// 89 <nil>
}

// ChunkNumber cuts each object into as many pieces; ChunkSize into pieces of a size.
func ExampleOptions() {
	ctx := context.Background()
	store := memstore.New("bucket")
	if err := store.PutObject(ctx, "bucket", "data.csv", strings.NewReader("a,1\nb,2\nc,3\n"), nil); err != nil {
		log.Fatal(err)
	}
	for _, opts := range []partition.Options{{ChunkNumber: 2}, {ChunkSize: 4}} {
		partitions, _, err := partition.Objects(ctx, store, []string{"bucket/data.csv"}, &opts)
		fmt.Println(len(partitions), err)
	}
	// Output:
	// 2 <nil>
	// 3 <nil>
}
