// SPDX-License-Identifier: Apache-2.0

package storagetest_test

import (
	"fmt"
	"testing"

	"github.com/lithops-go/lithopss3/memstore"
	"github.com/lithops-go/lithopss3/storagetest"
)

// start returns the storage to test: a new one, with an empty bucket, for each test.
func start(*testing.T) *storagetest.Harness {
	return &storagetest.Harness{Storage: memstore.New("bucket"), Bucket: "bucket"}
}

// testStorage is all that the test of an implementation needs. Its name begins with Test
// in a file of yours.
func testStorage(t *testing.T) { storagetest.Run(t, start) }

// Run is called from a test of yours.
func ExampleRun() {
	test := testing.InternalTest{Name: "TestStorage", F: testStorage} // go test does this
	fmt.Println(test.Name)
	// Output: TestStorage
}

// A Harness gives Run a storage and an empty bucket of it.
func ExampleHarness() {
	harness := start(nil)
	fmt.Println(harness.Bucket, harness.Capabilities == storagetest.Capabilities{})
	// Output: bucket true
}

// A server that keeps objects as files can't do all that S3 can. Tests of what it can't do
// are skipped.
func ExampleCapabilities() {
	harness := start(nil)
	harness.Capabilities = storagetest.Capabilities{NormalizesPaths: true, NoLongKeyParts: true}
	fmt.Printf("%+v\n", harness.Capabilities.NormalizesPaths)
	// Output: true
}
