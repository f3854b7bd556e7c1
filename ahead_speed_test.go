// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/download"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const speedPiece = 64 << 10

// A slowBody gives a piece at a time, after so long, and from the byte greedy on, if that
// is not 0, a MiB.
type slowBody struct {
	data   []byte
	at     int
	wait   func(at int) time.Duration
	greedy int
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.at == len(b.data) {
		return 0, io.EOF
	}
	if b.at%speedPiece == 0 {
		time.Sleep(b.wait(b.at))
	}
	n := copy(p, b.data[b.at:min(len(b.data), (b.at/speedPiece+1)*speedPiece)])
	if b.at >= b.greedy && b.greedy > 0 {
		n = copy(p, b.data[b.at:min(len(b.data), b.at+1<<20)])
	}
	b.at += n
	return n, nil
}

func (b *slowBody) Close() error { return nil }

// TestFastConnection checks that a connection that is fast enough gets no ranges, and one
// that becomes slow gets them from there on.
func TestFastConnection(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(4 << 20)
	const limit = time.Millisecond // for a piece
	const after = aheadAfter / SmallScale
	for name, test := range map[string]struct {
		wait   func(at int) time.Duration
		pause  time.Duration // of the caller, after each piece
		greedy int
		from   int // of the first range; 0 for none
	}{
		"as fast as it needs":      {func(int) time.Duration { return limit }, 0, 0, 0},
		"slower":                   {func(int) time.Duration { return limit + 1 }, 0, 0, 2 * after},
		"at once, a slow caller":   {func(int) time.Duration { return 0 }, time.Second, 0, 0},
		"slower after a megabyte":  {func(at int) time.Duration { return time.Duration(at>>20) * 2 * limit }, 0, 0, 1<<20 + 2*after},
		"more than is left for it": {func(int) time.Duration { return 2 * limit }, 0, after, 2 * after},
	} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			var ranges []string
			store := hastyStore(t, "http://127.0.0.1:1", roundTripper(func(r *http.Request) (*http.Response, error) {
				asked := r.Header.Get("Range")
				if asked == "" {
					header := http.Header{"Etag": {`"e"`}, "Content-Length": {fmt.Sprint(len(data))}}
					response := answer(r, http.StatusOK, header, "-")
					response.Body, response.ContentLength = &slowBody{data: data, wait: test.wait, greedy: test.greedy}, int64(len(data))
					return response, nil
				}
				mu.Lock()
				ranges = append(ranges, asked)
				mu.Unlock()
				return answerRange(r, data)
			}))
			store.pace.fast = speedPiece * int64(time.Second/limit)
			object, err := store.GetObject(t.Context(), "bucket", "key", nil)
			require.NoError(t, err, name)
			var got bytes.Buffer
			buffer := make([]byte, len(data))
			for err == nil {
				var n int
				n, err = object.Body.Read(buffer)
				got.Write(buffer[:n])
				time.Sleep(test.pause)
			}
			require.ErrorIs(t, err, io.EOF, name)
			require.NoError(t, object.Body.Close())
			require.True(t, bytes.Equal(data, got.Bytes()), name)
			if test.from == 0 {
				assert.Empty(t, ranges, name)
				return
			}
			require.NotEmpty(t, ranges, name)
			assert.Equal(t, test.from, firstByte(t, ranges), name)
		})
	}
}

// answerRange answers with the range of data that a request asks for.
func answerRange(r *http.Request, data []byte) (*http.Response, error) {
	var from, to int
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); err != nil {
		return nil, err
	}
	return answer(r, http.StatusPartialContent, http.Header{
		"Etag": {`"e"`}, "Content-Length": {fmt.Sprint(to - from + 1)}, "Content-Range": {fmt.Sprintf("bytes %d-%d/%d", from, to, len(data))},
	}, string(data[from:to+1])), nil
}

// TestFarServer has smaller bodies read ahead from a server of which no response came soon.
func TestFarServer(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(aheadLeastFar / SmallScale)
	for name, test := range map[string]struct {
		took []time.Duration // each of the first gets, and the later ones as the last
		want bool
	}{
		"far":         {[]time.Duration{nearResponse + 1}, true},
		"near":        {[]time.Duration{nearResponse}, false},
		"near before": {[]time.Duration{nearResponse, time.Second}, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			var whole, ranges atomic.Int64
			store := hastyStore(t, "http://127.0.0.1:1", roundTripper(func(r *http.Request) (*http.Response, error) {
				if r.Header.Get("Range") != "" {
					ranges.Add(1)
					return answerRange(r, data)
				}
				time.Sleep(test.took[min(int(whole.Add(1)), len(test.took))-1])
				return answer(r, http.StatusOK, http.Header{"Etag": {`"e"`}, "Content-Length": {fmt.Sprint(len(data))}}, string(data)), nil
			}))
			store.pace.fast, store.pace.far = 0, nearResponse
			for range test.took {
				object, err := store.GetObject(t.Context(), "bucket", "key", nil)
				require.NoError(t, err, name)
				got, err := io.ReadAll(object.Body)
				require.NoError(t, err, name)
				require.NoError(t, object.Body.Close())
				require.True(t, bytes.Equal(data, got), name)
			}
			assert.Equal(t, test.want, ranges.Load() > 0, name)
		})
	}
}

// TestFastDownload checks that a file comes in two requests if the connection is fast, and
// that the second is not read ahead.
func TestFastDownload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testFastDownload)
	assert.Equal(t, fastConnection/2*int64(runtime.GOMAXPROCS(0)), usualPace.fastFile())
}

func testFastDownload(t *testing.T) {
	data := testkit.Bytes(40 << 20 / SmallScale)
	var mu sync.Mutex
	var asked []string
	store := hastyStore(t, "http://127.0.0.1:1", roundTripper(func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		asked = append(asked, r.Method+" "+r.Header.Get("Range"))
		mu.Unlock()
		header := http.Header{"Etag": {`"e"`}, "Content-Length": {strconv.Itoa(len(data))}}
		if r.Method == http.MethodHead {
			return answer(r, http.StatusOK, header, ""), nil
		}
		var from, to int
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); err != nil {
			return nil, err
		}
		header.Set("Content-Length", strconv.Itoa(to-from+1))
		header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(data)))
		return answer(r, http.StatusPartialContent, header, string(data[from:to+1])), nil
	}))
	store.pace.fast = 2
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", path, nil))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(data, got))
	const chunk = download.ChunkSize / SmallScale
	assert.ElementsMatch(t, []string{
		fmt.Sprintf("GET bytes=0-%d", chunk-1), "HEAD ", fmt.Sprintf("GET bytes=%d-%d", chunk, len(data)-1),
	}, asked)

	store.pace.fast, asked = 0, nil
	source := &downloadSource{store: store, bucket: "bucket", key: "key"}
	rest, err := source.Get(t.Context(), download.Range{Offset: chunk, Length: int64(len(data) - chunk), ETag: `"e"`})
	require.NoError(t, err)
	got, err = io.ReadAll(rest.Body)
	require.NoError(t, err)
	require.NoError(t, rest.Body.Close())
	assert.True(t, bytes.Equal(data[chunk:], got))
	assert.Len(t, asked, 1, "package download decides what else is asked for")
}

// firstByte returns where the first range begins.
func firstByte(t *testing.T, ranges []string) int {
	t.Helper()
	first := -1
	for _, asked := range ranges {
		var from int
		_, err := fmt.Sscanf(strings.TrimPrefix(asked, "bytes="), "%d-", &from)
		require.NoError(t, err)
		if first < 0 || from < first {
			first = from
		}
	}
	return first
}
