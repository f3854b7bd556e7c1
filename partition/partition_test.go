// SPDX-License-Identifier: Apache-2.0

package partition

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"math"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// memoryStorage is a bucket in memory, for what only gets, heads and lists.
type memoryStorage struct {
	lithopss3.Storage
	bucket  string
	objects map[string][]byte
	sizes   map[string]int64 // of objects without bytes
	gets    atomic.Int64
}

func (m *memoryStorage) info(key string) (lithopss3.ObjectInfo, bool) {
	if data, ok := m.objects[key]; ok {
		return lithopss3.ObjectInfo{Key: key, Size: int64(len(data)), ETag: fmt.Sprintf(`"%d"`, len(data))}, true
	}
	size, ok := m.sizes[key]
	return lithopss3.ObjectInfo{Key: key, Size: size}, ok
}

func (m *memoryStorage) HeadObject(_ context.Context, bucket, key string) (*lithopss3.ObjectInfo, error) {
	info, ok := m.info(key)
	if !ok || bucket != m.bucket {
		return nil, &lithopss3.Error{Op: "HeadObject", Bucket: bucket, Key: key, Err: fs.ErrNotExist}
	}
	return &info, nil
}

func (m *memoryStorage) ListObjects(_ context.Context, _ string, opts *lithopss3.ListOptions) iter.Seq2[lithopss3.ObjectInfo, error] {
	return func(yield func(lithopss3.ObjectInfo, error) bool) {
		keys := slices.Sorted(maps.Keys(m.sizes))
		keys = slices.AppendSeq(keys, maps.Keys(m.objects))
		var glob *lithopss3.Glob
		if opts.Match != "" {
			glob, _ = lithopss3.CompileGlob(opts.Match)
		}
		for _, key := range keys {
			info, _ := m.info(key)
			if strings.HasPrefix(key, opts.Prefix) && (glob == nil || glob.Match(key)) && !yield(info, nil) {
				return
			}
		}
	}
}

func (m *memoryStorage) GetObject(_ context.Context, bucket, key string, opts *lithopss3.GetOptions) (*lithopss3.Object, error) {
	m.gets.Add(1)
	info, ok := m.info(key)
	data := m.objects[key]
	switch {
	case !ok:
		return nil, &lithopss3.Error{Op: "GetObject", Bucket: bucket, Key: key, Err: fs.ErrNotExist}
	case opts.IfMatch != "" && opts.IfMatch != info.ETag:
		return nil, lithopss3.ErrPrecondition
	case opts.Range == nil:
		return &lithopss3.Object{ObjectInfo: info, Body: io.NopCloser(bytes.NewReader(data)), Length: info.Size}, nil
	case opts.Range.Offset >= info.Size:
		return nil, lithopss3.ErrInvalidRange
	}
	end := info.Size
	if opts.Range.Length >= 0 {
		end = min(end, opts.Range.Offset+opts.Range.Length)
	}
	return &lithopss3.Object{ObjectInfo: info, Body: io.NopCloser(bytes.NewReader(data[opts.Range.Offset:end])), Offset: opts.Range.Offset, Length: end - opts.Range.Offset}, nil
}

type goldenPartitioner struct {
	Grid []struct {
		Size        int64                  `json:"size"`
		ChunkSize   *int64                 `json:"chunk_size"`
		ChunkNumber *int                   `json:"chunk_number"`
		Newline     *string                `json:"newline"`
		Parts       [][4]any               `json:"parts"`
		PerObject   []int                  `json:"parts_per_object"`
		BytesLost   int64                  `json:"bytes_lost"`
		Error       *struct{ Type string } `json:"error"`
	} `json:"grid"`
	URLs []struct {
		Obj         string            `json:"obj"`
		ChunkSize   *int64            `json:"chunk_size"`
		ChunkNumber *int              `json:"chunk_number"`
		Newline     *string           `json:"newline"`
		Objects     map[string]int64  `json:"objects"`
		Out         *goldenPartitions `json:"out"`
	} `json:"urls"`
	Multi []struct {
		Name    string            `json:"name"`
		Entries []map[string]any  `json:"entries"`
		Objects map[string]int64  `json:"objects"`
		Out     *goldenPartitions `json:"out"`
	} `json:"multi"`
}

type goldenPartitions struct {
	Partitions []struct {
		Backend   string `json:"backend"`
		Bucket    string `json:"bucket"`
		Key       string `json:"key"`
		Range     any    `json:"range"`
		ChunkSize int64  `json:"chunk_size"`
		Part      int    `json:"part"`
		Total     int    `json:"total_parts"`
		Newline   string `json:"newline"`
	} `json:"partitions"`
	PerObject []int `json:"parts_per_object"`
}

func deref[T any](p *T) (value T) {
	if p != nil {
		value = *p
	}
	return value
}

// asGolden is a partition as the golden file writes it.
func (p *Partition) asGolden() [4]any {
	parts := [4]any{nil, float64(p.ChunkSize), float64(p.Part), float64(p.TotalParts)}
	if p.Range != nil {
		parts[0] = []any{float64(p.Range.Offset), float64(p.Range.Offset + p.Range.Length - 1)}
	}
	return parts
}

func TestGoldenPartitions(t *testing.T) {
	t.Parallel()
	var golden goldenPartitioner
	readGolden(t, "partitioner.json", &golden)
	equal, mended := 0, 0
	for _, c := range golden.Grid {
		if c.Newline != nil && *c.Newline == "" { // Python's worker then loses the first byte of partitions; here it is None
			continue
		}
		opts := &Options{ChunkSize: deref(c.ChunkSize), ChunkNumber: deref(c.ChunkNumber), Newline: deref(c.Newline)}
		storage := &memoryStorage{bucket: "b", sizes: map[string]int64{"k": c.Size}}
		partitions, perObject, err := Objects(t.Context(), storage, []string{"b/k"}, opts)
		require.NoError(t, err)
		var got [][4]any
		covered := int64(0)
		for _, p := range partitions {
			got = append(got, p.asGolden())
			covered += min(p.ChunkSize, c.Size-covered)
		}
		require.Equal(t, []int{len(got)}, perObject)
		if c.Error != nil || c.BytesLost > 0 || (c.Size == 1 && len(c.Parts) == 0) {
			mended++ // an empty object, the last byte, an object of one byte
			require.Equal(t, c.Size, covered, "%+v", c)
			if c.Size > 1 { // all but the last partition is Python's
				for i, want := range c.Parts {
					assert.Equal(t, want[:3], got[i][:3])
				}
				assert.Len(t, got, len(c.Parts)+1)
			}
			continue
		}
		equal++
		require.ElementsMatch(t, c.Parts, got, "size %d, %+v", c.Size, opts)
	}
	t.Logf("%d equal, %d mended", equal, mended)
	assert.Greater(t, equal, 450)
}

func TestGoldenPartitionURLs(t *testing.T) {
	t.Parallel()
	var golden goldenPartitioner
	readGolden(t, "partitioner.json", &golden)
	// What Python crashes on, or loses, and what is found here.
	mended := map[string][]string{
		"b": {"a.txt", "b.csv", "d/e/z.txt", "d/x.txt", "d/y.csv", "dd/x.txt", "one"}, "b/one": {"one"}, "b/empty": {},
		"b/d/*.txt": {"d/x.txt"}, "b/d/*": {"d/x.txt", "d/y.csv"}, "b/*/": {"a.txt", "b.csv", "one"},
		"b/d/**": {"d/e/z.txt", "d/x.txt", "d/y.csv"}, "b/d/e/z.*": {"d/e/z.txt"}, "b/d*/x.txt": {"d/x.txt", "dd/x.txt"},
	}
	mended["s3://b"], mended["b/"], mended["b/**"], mended["b/**/"] = mended["b"], mended["b"], mended["b"], mended["b"]
	refused := map[string]error{
		"b/d": fs.ErrNotExist, "b/nope": fs.ErrNotExist, "b/d//": fs.ErrNotExist, "b/a.txt/": fs.ErrNotExist,
		"": ErrInvalid, "/": ErrInvalid, "cos://b/a.txt": lithopss3.ErrOtherBackend, "b/d**/": lithopss3.ErrInvalidGlob,
	}
	for _, c := range golden.URLs {
		storage := &memoryStorage{bucket: "b", sizes: c.Objects}
		opts := &Options{ChunkSize: deref(c.ChunkSize), ChunkNumber: deref(c.ChunkNumber), Newline: deref(c.Newline)}
		partitions, perObject, err := Objects(t.Context(), storage, []string{c.Obj}, opts)
		if want := refused[c.Obj]; want != nil {
			require.ErrorIs(t, err, want, c.Obj)
			continue
		}
		require.NoError(t, err, c.Obj)
		got := []string{}
		for _, p := range partitions {
			got = append(got, p.Key)
		}
		if want, ok := mended[c.Obj]; ok {
			assert.Equal(t, want, got, c.Obj)
			continue
		}
		require.NotNil(t, c.Out, c.Obj)
		assert.ElementsMatch(t, c.Out.PerObject, perObject, c.Obj)
		checkGolden(t, c.Out, partitions, c.Obj)
	}
}

func checkGolden(t *testing.T, want *goldenPartitions, got []Partition, name string) {
	t.Helper()
	require.Len(t, got, len(want.Partitions), name)
	for i, w := range want.Partitions {
		assert.Equal(t, []any{w.Backend, w.Bucket, w.Key, w.Newline}, []any{lithopss3.Backend, got[i].Bucket, got[i].Key, got[i].Newline}, name)
		assert.Equal(t, [4]any{w.Range, float64(w.ChunkSize), float64(w.Part), float64(w.Total)}, got[i].asGolden(), name)
	}
}

func TestGoldenPartitionLists(t *testing.T) {
	t.Parallel()
	var golden goldenPartitioner
	readGolden(t, "partitioner.json", &golden)
	refused := map[string]error{"mixed backends": lithopss3.ErrOtherBackend, "bucket with one missing": fs.ErrNotExist, "empty list": ErrInvalid}
	for _, c := range golden.Multi {
		var urls []string
		for _, entry := range c.Entries {
			if object, ok := entry["obj"].(map[string]any); ok {
				urls = append(urls, (&pickle.CloudObject{Backend: fmt.Sprint(object["backend"]), Bucket: fmt.Sprint(object["bucket"]), Key: fmt.Sprint(object["key"])}).URL())
				continue
			}
			urls = append(urls, fmt.Sprint(entry["obj"]))
		}
		partitions, _, err := Objects(t.Context(), &memoryStorage{bucket: "b", sizes: c.Objects}, urls, &Options{Newline: "\n"})
		if want := refused[c.Name]; want != nil {
			require.ErrorIs(t, err, want, c.Name)
			continue
		}
		require.NoError(t, err, c.Name)
		checkGolden(t, c.Out, partitions, c.Name)
	}
}

func TestPartitionObjectsRefuses(t *testing.T) {
	t.Parallel()
	storage := &memoryStorage{bucket: "b"}
	for _, opts := range []*Options{{ChunkSize: -1}, {ChunkNumber: -1}} {
		_, _, err := Objects(t.Context(), storage, []string{"b/k"}, opts)
		require.ErrorIs(t, err, ErrInvalid)
	}
	for size, isRefused := range map[int64]bool{-1: true, 64 << 40: false, 64<<40 + 1: true} {
		storage := &memoryStorage{bucket: "b", sizes: map[string]int64{"k": size}}
		_, _, err := Objects(t.Context(), storage, []string{"b/k"}, nil)
		assert.Equal(t, isRefused, errors.Is(err, lithopss3.ErrTooLarge), size)
	}
	for url, want := range map[string]error{
		"https://host/b": lithopss3.ErrOtherBackend, "/folder/file": ErrInvalid, "b/**x": lithopss3.ErrInvalidGlob, "minio://b": lithopss3.ErrOtherBackend,
	} {
		_, _, err := Objects(t.Context(), storage, []string{"b/ok", url}, nil)
		require.ErrorIs(t, err, want, url)
	}
}

// TestPartitionLines checks that for any object, chunking and newline, the lines of all
// partitions are the object's, each once and whole.
func TestPartitionLines(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		newline := rapid.SampledFrom([]string{"\n", "\n", ";", "", "::", "\r\n", "aba"}).Draw(t, "newline")
		letters := rapid.SampledFrom([]string{"ab\n;", "a\n", "abcdefghijklmnop\n;", "a", "a:", ":", "a\r\n", "ab"}).Draw(t, "letters")
		data := rapid.Custom(func(t *rapid.T) []byte {
			return []byte(rapid.StringOfN(rapid.RuneFrom([]rune(letters)), 1, 200, -1).Draw(t, "text"))
		}).Draw(t, "data")
		if factor := rapid.SampledFrom([]int{1, 1, 1, 2000}).Draw(t, "factor"); factor > 1 { // lines beyond the threshold
			data = bytes.Join(bytes.SplitAfter(data, []byte("b")), bytes.Repeat([]byte("z"), factor*10))
		}
		opts := &Options{Newline: newline}
		if rapid.Bool().Draw(t, "by number") {
			opts.ChunkNumber = rapid.IntRange(1, 50).Draw(t, "number")
		} else {
			opts.ChunkSize = int64(rapid.IntRange(max(1, len(data)/60), len(data)+1).Draw(t, "size"))
		}
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
			require.Equal(t, string(data), strings.Join(lines, ""))
			return
		}
		want := strings.SplitAfter(string(data), newline)
		if want[len(want)-1] == "" {
			want = want[:len(want)-1]
		}
		require.Equal(t, want, lines)
	})
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

func TestPartitionRequests(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("a line of thirty two characters\n"), 1<<16)
	storage := &memoryStorage{bucket: "b", objects: map[string][]byte{"k": data}}
	partitions, _, err := Objects(t.Context(), storage, []string{"b/k"}, &Options{ChunkNumber: 8, Newline: "\n"})
	require.NoError(t, err)
	for _, p := range partitions {
		for _, err := range p.Lines(t.Context(), storage) {
			require.NoError(t, err)
		}
	}
	assert.Equal(t, int64(8), storage.gets.Load(), "a request for each partition")

	// A line longer than any stretch: the requests grow, so that there are few.
	long := append(bytes.Repeat([]byte("x"), 10<<20), '\n', 'y')
	storage = &memoryStorage{bucket: "b", objects: map[string][]byte{"k": long}}
	partitions, _, err = Objects(t.Context(), storage, []string{"b/k"}, &Options{ChunkNumber: 100, Newline: "\n"})
	require.NoError(t, err)
	body, err := partitions[0].Open(t.Context(), storage)
	require.NoError(t, err)
	n, err := io.Copy(io.Discard, body)
	require.NoError(t, errors.Join(err, body.Close()))
	assert.Equal(t, int64(10<<20+1), n)
	assert.LessOrEqual(t, storage.gets.Load(), int64(8))
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

// The partitions that Python pickled into the data of the golden job.
func TestPartitionsOfGoldenJob(t *testing.T) {
	t.Parallel()
	var golden struct {
		Objects []struct {
			Key  string `json:"key"`
			Body []byte `json:"b64"`
		} `json:"objects"`
	}
	readGolden(t, "job_objects.json", &golden)
	text := []byte(strings.Repeat("a line that is not so long\n", 186))[:5000]
	storage := &memoryStorage{bucket: "b", objects: map[string][]byte{"data/lines.txt": text}}
	count := 0
	for _, object := range golden.Objects {
		if !strings.Contains(object.Key, "M006/aggdata") && !strings.Contains(object.Key, "M007/aggdata") {
			continue
		}
		var joined []byte
		decoder := pickle.NewDecoder(object.Body, pickle.Limits{})
		for {
			value, err := decoder.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			obj, _ := value.(*pickle.Dict).Get("obj")
			p, err := Of(obj.(*pickle.CloudObject))
			require.NoError(t, err)
			assert.Equal(t, 3, p.TotalParts)
			p.Bucket = "b"
			for line, err := range p.Lines(t.Context(), storage) {
				require.NoError(t, err)
				joined = append(joined, line...)
			}
			count++
		}
		assert.Equal(t, string(text), string(joined))
	}
	assert.Equal(t, 6, count)
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

// What Python's split_object_url makes of a URL: here a slash at the start of a key
// belongs to it, and "://" in a key is no mistake.
func TestGoldenObjectURLs(t *testing.T) {
	t.Parallel()
	var golden struct {
		Cases []struct {
			Fn   string `json:"fn"`
			Args []any  `json:"args"`
			Out  []any  `json:"out"`
		} `json:"cases"`
	}
	readGoldenCases(t, "keys.json", "split_object_url", &golden.Cases)
	require.NotEmpty(t, golden.Cases)
	different := map[string]objectSource{
		"b//k": {bucket: "b", key: "/k"}, "s3://b/a://c": {bucket: "b", key: "a://c"}, "b/*.txt": {bucket: "b", match: "*.txt"},
		"b/p*/x": {bucket: "b", match: "p*/x"}, "b/p/*": {bucket: "b", match: "p/*"},
	}
	for _, c := range golden.Cases {
		url, _ := c.Args[0].(string)
		source, err := parseObjectURL(url)
		if want, ok := different[url]; ok {
			require.NoError(t, err, url)
			assert.Equal(t, want, source, url)
			continue
		}
		require.Len(t, c.Out, 4, url)
		backend, bucket, prefix, name := c.Out[0], fmt.Sprint(c.Out[1]), fmt.Sprint(c.Out[2]), fmt.Sprint(c.Out[3])
		switch {
		case backend != nil && backend != lithopss3.Backend:
			require.ErrorIs(t, err, lithopss3.ErrOtherBackend, url)
		case bucket == "" || bucket == "s3:":
			require.ErrorIs(t, err, ErrInvalid, url)
		case name != "":
			assert.Equal(t, objectSource{bucket: bucket, key: path.Join(prefix, name)}, source, url)
		case prefix != "":
			assert.Equal(t, objectSource{bucket: bucket, prefix: prefix + "/"}, source, url)
		default:
			assert.Equal(t, objectSource{bucket: bucket}, source, url)
		}
	}
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

func FuzzObjectURL(f *testing.F) {
	for _, url := range []string{"b/k", "s3://b/d/*.csv", "aws_s3://b", "b//", "cos://b/a://c", "://", "b/**/x", "b/*//"} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, url string) {
		source, err := parseObjectURL(url)
		if err != nil {
			return
		}
		require.NotEmpty(t, source.bucket)
		// One slash at the end says folder, of a pattern; others are in the keys' names.
		require.True(t, strings.HasSuffix(strings.TrimRight(url, "/"), strings.TrimRight(source.key+source.prefix+source.match, "/")))
	})
}
