// SPDX-License-Identifier: Apache-2.0

package memstore_test

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/memstore"
)

func ExampleStore() {
	ctx := context.Background()
	var storage lithopss3.Storage = memstore.New("bucket") // in place of a *lithopss3.Store
	err := storage.PutObject(ctx, "bucket", "greeting", strings.NewReader("hello"), nil)
	if err != nil {
		fmt.Println(err)
	}
	object, err := storage.GetObject(ctx, "bucket", "greeting", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = object.Body.Close() }()
	text, _ := io.ReadAll(object.Body)
	fmt.Println(string(text), object.Size)
	_, err = storage.HeadObject(ctx, "bucket", "missing")
	fmt.Println(err)
	// Output:
	// hello 5
	// HeadObject bucket/missing: file does not exist
}
