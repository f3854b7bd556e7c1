// SPDX-License-Identifier: Apache-2.0

package storagetest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/lithops-go/lithopss3/storagetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errFault = errors.New("out of order")

// A call is a call of a Storage and its answer.
type call struct {
	sound       lithopss3.Storage
	op          string // the method's name
	ctx         context.Context
	bucket, key string
	keys        []string
	body        io.Reader
	put         lithopss3.PutOptions
	get         lithopss3.GetOptions
	list        lithopss3.ListOptions
	given       *lithopss3.ListOptions // the caller's own; may be nil

	object  *lithopss3.Object
	info    *lithopss3.ObjectInfo
	entries []lithopss3.ObjectInfo
	more    int    // how often a listing has its error again
	after   func() // runs when the loop over a listing has ended; may be nil
	err     error
}

// A fault is what a storage does in place of a call. It may change the call, let the sound
// storage do it, and change the answer.
type fault func(c *call, do func())

// A faulty storage has one fault.
type faulty struct {
	sound lithopss3.Storage
	fault fault
}

var _ lithopss3.Storage = faulty{}

func (f faulty) PutObject(ctx context.Context, bucket, key string, body io.Reader, opts *lithopss3.PutOptions) error {
	c := &call{sound: f.sound, op: "PutObject", ctx: ctx, bucket: bucket, key: key, body: body}
	if opts != nil {
		c.put = *opts
	}
	f.fault(c, func() { c.err = f.sound.PutObject(c.ctx, c.bucket, c.key, c.body, &c.put) })
	return c.err
}

func (f faulty) GetObject(ctx context.Context, bucket, key string, opts *lithopss3.GetOptions) (*lithopss3.Object, error) {
	c := &call{sound: f.sound, op: "GetObject", ctx: ctx, bucket: bucket, key: key}
	if opts != nil {
		c.get = *opts
	}
	f.fault(c, func() {
		c.object, c.err = f.sound.GetObject(c.ctx, c.bucket, c.key, &c.get)
		if c.err == nil {
			c.info = &c.object.ObjectInfo
		}
	})
	return c.object, c.err
}

func (f faulty) HeadObject(ctx context.Context, bucket, key string) (*lithopss3.ObjectInfo, error) {
	c := &call{sound: f.sound, op: "HeadObject", ctx: ctx, bucket: bucket, key: key}
	f.fault(c, func() { c.info, c.err = f.sound.HeadObject(c.ctx, c.bucket, c.key) })
	return c.info, c.err
}

func (f faulty) DeleteObjects(ctx context.Context, bucket string, keys []string) error {
	c := &call{sound: f.sound, op: "DeleteObjects", ctx: ctx, bucket: bucket, keys: keys}
	f.fault(c, func() { c.err = f.sound.DeleteObjects(c.ctx, c.bucket, c.keys) })
	return c.err
}

func (f faulty) ListObjects(ctx context.Context, bucket string, opts *lithopss3.ListOptions) iter.Seq2[lithopss3.ObjectInfo, error] {
	list := lithopss3.ListOptions{}
	if opts != nil {
		list = *opts
	}
	return func(yield func(lithopss3.ObjectInfo, error) bool) {
		c := &call{sound: f.sound, op: "ListObjects", ctx: ctx, bucket: bucket, list: list, given: opts}
		defer func() {
			if c.after != nil {
				c.after()
			}
		}()
		f.fault(c, func() {
			for entry, err := range f.sound.ListObjects(c.ctx, c.bucket, &c.list) {
				if c.err = err; err == nil {
					c.entries = append(c.entries, entry)
				}
			}
		})
		for _, entry := range c.entries {
			if !yield(entry, nil) {
				return
			}
		}
		for range 1 + c.more {
			if c.err == nil || !yield(lithopss3.ObjectInfo{}, c.err) {
				return
			}
		}
	}
}

func (f faulty) HeadBucket(ctx context.Context, bucket string) error {
	c := &call{sound: f.sound, op: "HeadBucket", ctx: ctx, bucket: bucket}
	f.fault(c, func() { c.err = f.sound.HeadBucket(c.ctx, c.bucket) })
	return c.err
}

func (f faulty) CreateBucket(ctx context.Context, bucket string) error {
	c := &call{sound: f.sound, op: "CreateBucket", ctx: ctx, bucket: bucket}
	f.fault(c, func() { c.err = f.sound.CreateBucket(c.ctx, c.bucket) })
	return c.err
}

// setBody replaces the bytes that a get returns.
func (c *call) setBody(change func(data []byte) []byte) {
	if c.object == nil {
		return
	}
	data, _ := io.ReadAll(c.object.Body)
	c.object.Body = io.NopCloser(bytes.NewReader(change(data)))
}

// store puts data in place of the body of a put.
func (c *call) store(do func(), change func(data []byte) []byte) {
	if c.op == "PutObject" && c.body != nil {
		data, err := io.ReadAll(c.body)
		if err != nil {
			c.err = err
			return
		}
		c.body = bytes.NewReader(change(data))
	}
	do()
}

// fails returns an error of a method, for calls of which it is true.
func fails(op string, isWrong func(c *call) bool) fault {
	return func(c *call, do func()) {
		if c.op == op && isWrong(c) {
			c.err = errFault
			return
		}
		do()
	}
}

func always(*call) bool { return true }

func isKey(key string) func(c *call) bool { return func(c *call) bool { return c.key == key } }

// isLeftOut reports whether a row is not run under -short: those that are slow, and two of
// three others.
func isLeftOut(i int) bool { return testing.Short() && (faults[i].isSlow || i%3 != 0) }

// innerFaults says to the process that runs TestFaultySuites that it is the one.
const innerFaults = "LITHOPSS3_STORAGETEST_FAULTS"

// TestFaultySuites runs, on each faulty storage, the test that has to notice it, and fails.
// The test below runs it.
func TestFaultySuites(t *testing.T) {
	t.Parallel()
	if os.Getenv(innerFaults) == "" {
		t.Skip("TestFaults runs it")
	}
	for i, row := range faults {
		if isLeftOut(i) {
			continue
		}
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			storagetest.Run(t, func(t *testing.T) *storagetest.Harness {
				t.Helper()
				if !strings.HasSuffix(t.Name(), "/"+row.test) {
					t.Skip("another test has to notice it")
				}
				return &storagetest.Harness{Storage: faulty{memstore.New("bucket"), row.fault}, Bucket: "bucket"}
			})
		})
	}
}

// TestFaults checks that the suite notices each fault of a storage, in the test that is
// meant for it, and says what is wrong: a line begins with what is wanted, or has what
// follows a "…".
func TestFaults(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFaultySuites$", "-test.parallel=8", "-test.short="+strconv.FormatBool(testing.Short()))
	command.Env = append(os.Environ(), innerFaults+"=1")
	out, err := command.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, string(out))
	noticed := failures(t, string(out))
	for i, row := range faults {
		if isLeftOut(i) {
			continue
		}
		got := noticed[i]
		assert.Equal(t, len(row.want) > 0, len(got) > 0, "%s, %s: the test said %q", row.test, row.name, got)
		for _, want := range row.want {
			isSaid := slices.ContainsFunc(got, func(line string) bool {
				within, isWithin := strings.CutPrefix(want, "…")
				return strings.HasPrefix(line, want) || isWithin && strings.Contains(line, within)
			})
			assert.True(t, isSaid, "%s, %s: the test does not say %q", row.test, row.name, want)
		}
	}
}

// failures returns what the tests of each fault said. A line begins with the name of the
// test below the suite's, if any, such as "IfMatch of another: got <nil>".
func failures(t *testing.T, out string) map[int][]string {
	t.Helper()
	found := map[int][]string{}
	open := map[int]string{} // tests by how far their lines are indented
	for line := range strings.SplitSeq(out, "\n") {
		said := strings.TrimLeft(line, " ")
		indent := len(line) - len(said)
		if name, ok := strings.CutPrefix(said, "--- FAIL: TestFaultySuites/"); ok {
			open[indent+4], _, _ = strings.Cut(name, " (")
			continue
		}
		file, said, isFailure := strings.Cut(said, ": ")
		if !isFailure || !strings.Contains(file, ".go:") {
			continue
		}
		assert.NotContains(t, file, "storagetest.go", "a failure names the line of the check: %s", said)
		parts := strings.SplitN(open[indent], "/", 3) // fault, test, test below
		if len(parts) == 3 {
			said = strings.ReplaceAll(parts[2], "_", " ") + ": " + said
		}
		fault, _ := strconv.Atoi(parts[0])
		found[fault] = append(found[fault], said)
	}
	return found
}
