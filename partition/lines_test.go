// SPDX-License-Identifier: Apache-2.0

package partition

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"testing/quick"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPartitionLines checks that for any object, chunking and newline, the lines of all
// partitions are the object's, each once and whole.
func TestPartitionLines(t *testing.T) {
	t.Parallel()
	agrees := func(seed uint64) bool {
		random := rand.New(rand.NewPCG(seed, 0))
		newline := pick(random, "\n", "\n", ";", "", "::", "\r\n", "aba")
		data := randomText(random, pick(random, "ab\n;", "a\n", "abcdefghijklmnop\n;", "a", "a:", ":", "a\r\n", "ab"))
		opts := &Options{Newline: newline}
		if random.IntN(2) == 0 {
			opts.ChunkNumber = 1 + random.IntN(1+random.IntN(50))
		} else {
			least := max(1, len(data)/60)
			opts.ChunkSize = int64(least + random.IntN(len(data)+2-least))
		}
		defer func() {
			if t.Failed() {
				t.Logf("seed %d, %+v, %.200q", seed, opts, data)
			}
		}()
		storage := &memoryStorage{bucket: "b", objects: map[string][]byte{"k": data}}
		partitions, _, err := Objects(context.Background(), storage, []string{"b/k"}, opts)
		require.NoError(t, err)
		var all []byte
		var lines []string
		for _, p := range partitions {
			body, err := p.Open(context.Background(), storage)
			require.NoError(t, err)
			text, err := io.ReadAll(io.MultiReader(iotestHalf{body}, body))
			require.NoError(t, err)
			all = append(all, text...)
			if newline != "" && len(text) > 0 && len(all) < len(data) {
				require.True(t, bytes.HasSuffix(text, []byte(newline)), "a partition ends with a line")
			}
			fromPython, err := Of(p.CloudObject())
			require.NoError(t, err)
			for line, err := range fromPython.Lines(context.Background(), storage) {
				require.NoError(t, err)
				lines = append(lines, string(line))
			}
		}
		require.Equal(t, string(data), string(all))
		if newline == "" {
			return assert.Equal(t, string(data), strings.Join(lines, ""))
		}
		want := strings.SplitAfter(string(data), newline)
		if want[len(want)-1] == "" {
			want = want[:len(want)-1]
		}
		return assert.Equal(t, want, lines)
	}
	require.NoError(t, quick.Check(agrees, &quick.Config{MaxCount: testkit.Less(100, 30)}))
}

func pick(random *rand.Rand, choices ...string) string { return choices[random.IntN(len(choices))] }

// randomText returns up to 200 of the letters, short texts as often as long ones. In one
// of four, lines are longer than the threshold.
func randomText(random *rand.Rand, letters string) []byte {
	text := []byte{letters[0]}
	for range random.IntN(1 + random.IntN(200)) {
		text = append(text, letters[random.IntN(len(letters))])
	}
	random.Shuffle(len(text), func(i, j int) { text[i], text[j] = text[j], text[i] })
	if random.IntN(4) > 0 {
		return text
	}
	return bytes.Join(bytes.SplitAfter(text, []byte("b")), bytes.Repeat([]byte("z"), 20_000))
}

// iotestHalf reads a few bytes at a time, and only the first fifty.
type iotestHalf struct{ io.Reader }

func (h iotestHalf) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p[:min(len(p), 3)])
	if err == nil {
		err = io.EOF
	}
	return n, err
}

func TestPartitionOfChangedObject(t *testing.T) {
	t.Parallel()
	storage := &memoryStorage{bucket: "b", objects: map[string][]byte{"k": []byte("one\ntwo\nthree\n")}}
	partitions, _, err := Objects(t.Context(), storage, []string{"b/k"}, &Options{ChunkNumber: 2, Newline: "\n"})
	require.NoError(t, err)
	storage.objects["k"] = []byte("other\n")
	for _, p := range partitions {
		_, err := p.Open(t.Context(), storage)
		require.ErrorIs(t, err, lithopss3.ErrPrecondition)
	}
}

// TestOf reads what a CloudObject has of a partition, and refuses what is missing, of
// another type or out of bounds.
func TestOf(t *testing.T) {
	t.Parallel()
	const huge = int64(1) << 60
	sound := func() *pickle.CloudObject {
		attrs := pickle.NewDict("data_byte_range", pickle.Tuple{int64(4), int64(9)}, "chunk_size", int64(5), "part", int64(2), "total_parts", int64(3), "newline", "\n")
		return &pickle.CloudObject{Backend: lithopss3.Backend, Bucket: "b", Key: "k", Attrs: attrs}
	}
	want := Partition{Bucket: "b", Key: "k", Range: lithopss3.Range(4, 6), ChunkSize: 5, Part: 2, TotalParts: 3, Newline: "\n"}
	for _, test := range []struct {
		name  string
		value any
		want  func(p *Partition) // nil if it is refused
	}{
		{"chunk_size", int64(0), func(p *Partition) { p.ChunkSize = 0 }},
		{"chunk_size", huge - 1, func(p *Partition) { p.ChunkSize = huge - 1 }},
		{"chunk_size", huge, nil},
		{"chunk_size", int64(-1), nil},
		{"chunk_size", nil, nil},
		{"chunk_size", 5.0, nil},
		{"part", int64(1), func(p *Partition) { p.Part = 1 }},
		{"part", int64(3), func(p *Partition) { p.Part = 3 }},
		{"part", int64(4), nil},
		{"part", int64(0), nil},
		{"part", "2", nil},
		{"total_parts", int64(2), func(p *Partition) { p.TotalParts = 2 }},
		{"total_parts", int64(1), nil},
		{"total_parts", nil, nil},
		{"total_parts", huge, nil},
		{"newline", nil, func(p *Partition) { p.Newline = "" }},
		{"newline", []byte("\n"), nil},
		{"data_byte_range", nil, func(p *Partition) { p.Range = nil }},
		{"data_byte_range", pickle.Tuple{int64(0), int64(0)}, func(p *Partition) { p.Range = lithopss3.Range(0, 1) }},
		{"data_byte_range", pickle.Tuple{int64(0), huge - 1}, func(p *Partition) { p.Range = lithopss3.Range(0, huge) }},
		{"data_byte_range", pickle.Tuple{int64(0), huge}, nil},
		{"data_byte_range", pickle.Tuple{int64(-1), int64(4)}, nil},
		{"data_byte_range", pickle.Tuple{int64(5), int64(4)}, nil},
		{"data_byte_range", pickle.Tuple{int64(5)}, nil},
		{"data_byte_range", pickle.Tuple{int64(5), int64(6), int64(7)}, nil},
		{"data_byte_range", pickle.Tuple{"5", int64(6)}, nil},
		{"data_byte_range", pickle.Tuple{int64(5), nil}, nil},
		{"data_byte_range", int64(5), nil},
	} {
		object := sound()
		require.NoError(t, object.Attrs.Set(test.name, test.value))
		got, err := Of(object)
		if test.want == nil {
			require.ErrorIs(t, err, ErrInvalid, "%s = %v", test.name, test.value)
			continue
		}
		require.NoError(t, err, "%s = %v", test.name, test.value)
		changed := want
		test.want(&changed)
		assert.Equal(t, changed, *got, "%s = %v", test.name, test.value)
	}
	_, err := Of(&pickle.CloudObject{Backend: "ibm_cos"})
	require.ErrorIs(t, err, lithopss3.ErrOtherBackend)
	_, err = Of(&pickle.CloudObject{Backend: lithopss3.Backend})
	require.ErrorIs(t, err, ErrInvalid)
}

// Whatever the object, the chunk and the newline: the partitions' lines are the
// object's.
func FuzzPartitionLines(f *testing.F) {
	f.Add([]byte("one\ntwo\n\nthree"), uint16(4), "\n")
	f.Add([]byte(":::::::a::"), uint16(2), "::")
	f.Add([]byte("\r\n\r\n\r"), uint16(1), "\r\n")
	f.Add([]byte("abaababa"), uint16(3), "aba")
	f.Fuzz(func(t *testing.T, data []byte, chunk uint16, newline string) {
		chunk = max(chunk, uint16(min(len(data)/100, math.MaxUint16)))
		if len(data) == 0 || newline == "" || len(newline) > 16 || chunk == 0 {
			t.Skip("no partitions, or no lines")
		}
		storage := &memoryStorage{bucket: "b", objects: map[string][]byte{"k": data}}
		partitions, _, err := Objects(t.Context(), storage, []string{"b/k"}, &Options{ChunkSize: int64(chunk), Newline: newline})
		require.NoError(t, err)
		var lines []string
		for _, p := range partitions {
			for line, err := range p.Lines(t.Context(), storage) {
				require.NoError(t, err)
				lines = append(lines, string(line))
			}
		}
		want := strings.SplitAfter(string(data), newline)
		if want[len(want)-1] == "" {
			want = want[:len(want)-1]
		}
		require.Equal(t, want, lines)
	})
}

// TestLinesOfUnknownSize checks that a long line is whole if the storage does not tell the
// object's size.
func TestLinesOfUnknownSize(t *testing.T) {
	t.Parallel()
	for i, after := range []string{"", strings.Repeat("d", 3*lineThreshold), strings.Repeat("d", 3*lineThreshold), "", strings.Repeat("d", 128)} {
		content := "a\n" + strings.Repeat("b", 5*lineThreshold) + "\n" + after
		storage := &memoryStorage{bucket: "bucket", objects: map[string][]byte{"key": []byte(content)}, emptyAfterEnd: i >= 2}
		parts, _, err := Objects(t.Context(), storage, []string{"bucket/key"}, &Options{ChunkSize: 100_000, Newline: "\n"})
		require.NoError(t, err)
		unknown := int64(i%2) - 1 // -1 or 0
		storage.tells = &unknown
		var got strings.Builder
		for _, part := range parts {
			body, err := part.Open(t.Context(), storage)
			require.NoError(t, err)
			_, err = io.Copy(&got, body)
			require.NoError(t, err)
			require.NoError(t, body.Close())
		}
		assert.True(t, content == got.String(), "%d of %d bytes", got.Len(), len(content))
	}
}

// brokenStorage has bodies that break off with an error that wraps io.EOF, which is not
// their end.
type brokenStorage struct{ lithopss3.Storage }

func (s brokenStorage) GetObject(ctx context.Context, bucket, key string, opts *lithopss3.GetOptions) (*lithopss3.Object, error) {
	object, err := s.Storage.GetObject(ctx, bucket, key, opts)
	if err == nil {
		body := io.MultiReader(io.LimitReader(object.Body, 5), iotest.ErrReader(fmt.Errorf("the request: %w", io.EOF)))
		object.Body = io.NopCloser(body)
	}
	return object, err
}

func TestPartitionOfBrokenBody(t *testing.T) {
	t.Parallel()
	storage := &memoryStorage{bucket: "b", objects: map[string][]byte{"k": []byte("one\ntwo\nthree\n")}}
	for _, newline := range []string{"", "\n", "\r\n"} {
		partitions, _, err := Objects(t.Context(), storage, []string{"b/k"}, &Options{ChunkNumber: 1, Newline: newline})
		require.NoError(t, err)
		body, err := partitions[0].Open(t.Context(), brokenStorage{storage})
		require.NoError(t, err)
		_, err = io.ReadAll(body)
		require.ErrorContains(t, err, "the request", "%q", newline)
		require.NoError(t, body.Close())
	}
}

// TestLinesFail yields the first error as the last pair, and nothing after a break.
func TestLinesFail(t *testing.T) {
	t.Parallel()
	storage := &memoryStorage{bucket: "b", objects: map[string][]byte{"k": []byte("one\ntwo\nthree\n")}}
	for name, test := range map[string]struct {
		storage lithopss3.Storage
		key     string
		isEnd   bool // the loop ends after a line
		want    []string
	}{
		"no object":     {storage, "none", false, []string{"", "GetObject b/none: file does not exist"}},
		"a broken body": {brokenStorage{storage}, "k", false, []string{"one\n", "", "t", "", "", "k: the request: EOF"}},
		"a break":       {storage, "k", true, []string{"one\n", ""}},
	} {
		part := Partition{Bucket: "b", Key: test.key, Part: 1, TotalParts: 1}
		var got []string
		for line, err := range part.Lines(t.Context(), test.storage) {
			text := ""
			if err != nil {
				text = err.Error()
			}
			if got = append(got, string(line), text); test.isEnd {
				break
			}
		}
		assert.Equal(t, test.want, got, name)
	}
}
