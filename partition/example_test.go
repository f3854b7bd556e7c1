package partition_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/partition"
)

// demoStore returns a storage on the embedded server, and a bucket of it.
func demoStore(ctx context.Context) (store *lithopss3.Store, bucket string, done func()) {
	server, err := devs3.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	config, err := lithopss3.ParseConfig([]byte(server.Config()))
	if err != nil {
		log.Fatal(err)
	}
	env := server.Env()
	store, err = lithopss3.New(ctx, config, &lithopss3.Options{LookupEnv: func(name string) (string, bool) { value, ok := env[name]; return value, ok }})
	if err != nil {
		log.Fatal(err)
	}
	if bucket, err = store.EnsureBucket(ctx); err != nil {
		log.Fatal(err)
	}
	return store, bucket, func() {
		_ = store.Close()
		_ = server.Close()
	}
}

func ExampleObjects() {
	ctx := context.Background()
	store, bucket, done := demoStore(ctx) // lithopss3.Open(ctx, nil) for your own
	defer done()
	if err := store.PutObject(ctx, bucket, "data/a.txt", strings.NewReader("one\ntwo\nthree\n"), nil); err != nil {
		log.Fatal(err)
	}
	partitions, _, err := partition.Objects(ctx, store, []string{bucket + "/data/*.txt"}, &partition.Options{ChunkSize: 5, Newline: "\n"})
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
