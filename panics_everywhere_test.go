// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// panicOps are operations of a Store: those of ownedOperations, and more that send requests
// in goroutines.
func panicOps(t *testing.T) map[string]func(ctx context.Context, store *lithopss3.Store) error {
	type store = lithopss3.Store
	operations := map[string]func(ctx context.Context, s *store) error{
		"a parallel listing": func(ctx context.Context, s *store) error {
			return firstError(s.ListObjects(ctx, "bucket", &lithopss3.ListOptions{Prefix: "many/", PageSize: 3, Parallel: 4}))
		},
		"a listing": func(ctx context.Context, s *store) error {
			return firstError(s.ListObjects(ctx, "bucket", &lithopss3.ListOptions{Prefix: "many/", PageSize: 3}))
		},
		"a listing that is left": func(ctx context.Context, s *store) error {
			for _, err := range s.ListObjects(ctx, "bucket", &lithopss3.ListOptions{Prefix: "many/", PageSize: 3}) {
				return err
			}
			return nil
		},
		"a body that is read ahead": func(ctx context.Context, s *store) error {
			object, err := s.GetObject(ctx, "bucket", "large", &lithopss3.GetOptions{Parallel: 4})
			if err != nil {
				return err
			}
			defer func() { _ = object.Body.Close() }()
			_, err = io.Copy(io.Discard, object.Body)
			return err
		},
		"many deletes": func(ctx context.Context, s *store) error {
			return s.DeleteObjects(ctx, "bucket", []string{"a", "b", "\x01", "\x02", "\x03", "\x04"})
		},
		"a stream in parts": func(ctx context.Context, s *store) error {
			return s.PutObject(ctx, "bucket", "stream", struct{ io.Reader }{strings.NewReader(strings.Repeat("x", 11*unit))}, nil)
		},
		"a copy in parts": func(ctx context.Context, s *store) error {
			return s.CopyObject(ctx, "bucket", "large", "bucket", "copy", nil)
		},
		"a Writer": func(ctx context.Context, s *store) error {
			w := lithopss3.NewWriter(ctx, s, "bucket", "written", nil)
			_, _ = w.Write(make([]byte, 11*unit))
			return w.Close()
		},
	}
	for name, owned := range testkit.Some(ownedOperations(t), 24) {
		if owned.trip == nil && !strings.HasPrefix(name, "Client.") {
			operations[name] = func(ctx context.Context, s *store) error { return owned.do(ctx, s, jobs.New(s, "bucket", nil)) }
		}
	}
	return operations
}

// TestPanicsReachTheCaller has Observer, Customize, the transport and the provider of
// credentials panic in each of the first calls of each operation. The panic is the caller's,
// in whichever goroutine it was, and the Store works on.
func TestPanicsReachTheCaller(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(opts *lithopss3.Options, maybe func()){
		"Observer": func(opts *lithopss3.Options, maybe func()) {
			opts.Observer = func(context.Context, *lithopss3.RequestInfo) { maybe() }
		},
		"Customize": func(opts *lithopss3.Options, maybe func()) { opts.Customize = func(string, any) { maybe() } },
		"Transport": nil,
		"Credentials": func(opts *lithopss3.Options, maybe func()) {
			opts.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				maybe()
				return aws.Credentials{AccessKeyID: alice.AccessKeyID, SecretAccessKey: alice.SecretAccessKey}, nil
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkPanics(t, change)
		})
	}
}

// checkPanics lets what change sets panic; nil is the transport.
func checkPanics(t *testing.T, change func(opts *lithopss3.Options, maybe func())) {
	var panicAt atomic.Int64 // the call that panics, counted down
	maybe := func() {
		if panicAt.Add(-1) == 0 {
			panic("mine")
		}
	}
	trip := straight
	opts := lithopss3.InSmall(lithopss3.InHaste(&lithopss3.Options{}, patient))
	if change != nil {
		change(opts, maybe)
	} else {
		trip = func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			maybe()
			return next.RoundTrip(request)
		}
	}
	store := openWireWith(t, trip, opts)
	fillForPanics(t, store)
	last := int64(testkit.Less(12, 2))
	caught := 0
	for operation, do := range panicOps(t) {
		for n := int64(1); n <= last; n++ {
			panicAt.Store(n)
			value := panicOf(func() { _ = do(t.Context(), store) })
			hasPanicked := panicAt.Load() <= 0
			panicAt.Store(0)
			if !hasPanicked {
				break // it makes fewer calls
			}
			caught++
			assert.Equal(t, "mine", value, "%s, call %d", operation, n)
		}
	}
	assert.Greater(t, caught, testkit.Less(40, 20))
	assert.NoError(t, second(store.HeadObject(t.Context(), "bucket", "key")))
}

// fillForPanics stores what panicOps needs.
func fillForPanics(t *testing.T, store *lithopss3.Store) {
	for key, count := range map[string]int{"large": 25 * unit, "key": 1} {
		require.NoError(t, store.PutObject(t.Context(), "bucket", key, strings.NewReader(strings.Repeat("x", count)), nil))
	}
	for i := range 20 {
		require.NoError(t, store.PutObject(t.Context(), "bucket", fmt.Sprintf("many/%d/%d", i%3, i), nil, nil))
	}
}

// panicOf returns what f panics with, or nil.
func panicOf(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

// TestPanicOfARead has a transport panic in a ReadAt that another one waits for.
func TestPanicOfARead(t *testing.T) {
	t.Parallel()
	var reads atomic.Int64
	waits := make(chan struct{})
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if strings.HasPrefix(request.Header.Get("Range"), "bytes=0-") && reads.Add(1) == 1 {
			<-waits
			panic("mine")
		}
		return next.RoundTrip(request)
	})
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader(strings.Repeat("x", 2*mib)), nil))
	object, err := store.OpenReaderAt(t.Context(), "bucket", "key", nil)
	require.NoError(t, err)
	defer func() { _ = object.Close() }()
	var group sync.WaitGroup
	var panicked, others atomic.Int64
	for range 4 {
		group.Go(func() {
			if panicOf(func() { _, _ = object.ReadAt(make([]byte, 1), 0); others.Add(1) }) != nil {
				panicked.Add(1)
			}
		})
	}
	close(waits)
	group.Wait()
	assert.EqualValues(t, 1, panicked.Load())
	assert.EqualValues(t, 3, others.Load())
	_, err = object.ReadAt(make([]byte, 1), 0)
	assert.NoError(t, err)
}
