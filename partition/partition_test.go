// SPDX-License-Identifier: Apache-2.0

package partition

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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

	// The first partition begins at the object's start, whatever ends a line.
	storage.gets.Store(0)
	partitions[0].Newline = "::"
	first, err := partitions[0].Open(t.Context(), storage)
	require.NoError(t, err)
	require.NoError(t, first.Close())
	assert.Equal(t, int64(1), storage.gets.Load())

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
