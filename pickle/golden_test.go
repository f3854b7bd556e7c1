// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type goldenCloudObject struct {
	B64, Name string
	Protocol  int
}

func TestGoldenCloudObjects(t *testing.T) {
	var golden struct {
		Cases []goldenCloudObject `json:"pickle_cloudobject"`
	}
	readJSON(t, "golden_extras.json", &golden)
	require.NotEmpty(t, golden.Cases)
	plain := &CloudObject{Backend: "aws_s3", Bucket: "bkt", Key: "a/kéy"}
	for _, c := range golden.Cases {
		got, err := Decode(fromBase64(t, c.B64))
		require.NoError(t, err, c.Name)
		switch {
		case strings.HasSuffix(c.Name, "plain"):
			assert.Equal(t, plain, got, c.Protocol)
		case c.Name == "partition":
			o := got.(*CloudObject)
			assert.Equal(t, "k", o.Key)
			assert.Equal(t, dictOf("data_byte_range", Tuple{int64(0), int64(9)}, "chunk_size", int64(10),
				"part", int64(1), "total_parts", int64(2), "newline", "\n"), o.Attrs)
		default:
			assert.NotContains(t, Repr(got), "Object object", c.Name)
			t.Log(c.Name, c.Protocol, Repr(got))
		}
		assertReadsBack(t, got)
	}
}

func assertReadsBack(t *testing.T, v any) {
	t.Helper()
	data, err := Encode(v)
	require.NoError(t, err)
	again, err := Decode(data)
	require.NoError(t, err)
	assert.Equal(t, v, again)
}

type goldenObject struct {
	Key      string
	B64      string
	Literals map[string]string
}

func goldenObjects(t *testing.T) map[string]goldenObject {
	t.Helper()
	var golden struct{ Objects []goldenObject }
	readJSON(t, "golden_job_objects.json", &golden)
	out := map[string]goldenObject{}
	for _, o := range golden.Objects {
		out[strings.TrimPrefix(o.Key, "lithops.jobs/4b99c1-0-")] = o
	}
	require.Len(t, out, len(golden.Objects))
	return out
}

// goldenResults has the results of the job's calls.
var goldenResults = map[string]any{
	"A001/00000": int64(42), "M000/00000": int64(2), "M000/00001": int64(4), "M000/00002": int64(6),
	"M006/00000": Tuple{"data/lines.txt", int64(1), int64(3), Tuple{int64(0), int64(1999)}, int64(2000)},
	"M006/00001": Tuple{"data/lines.txt", int64(2), int64(3), Tuple{int64(1999), int64(3998)}, int64(2000)},
	"M006/00002": Tuple{"data/lines.txt", int64(3), int64(3), Tuple{int64(3999), int64(4999)}, int64(1000)},
	"M007/00000": Tuple{"data/lines.txt", int64(1), int64(3), Tuple{int64(0), int64(1666)}, int64(1667)},
	"M007/00001": Tuple{"data/lines.txt", int64(2), int64(3), Tuple{int64(1667), int64(3333)}, int64(1667)},
	"M007/00002": Tuple{"data/lines.txt", int64(3), int64(3), Tuple{int64(3334), int64(5000)}, int64(1666)},
	"M008/00000": int64(2), "M008/00001": int64(4), "M008/00002": int64(6), "M008/00003": int64(8),
	"M009-00000-1-M000/00000": int64(101), "R008/00000": int64(20),
}

func TestGoldenJobResults(t *testing.T) {
	objects := goldenObjects(t)
	for call, want := range goldenResults {
		literal := objects[call+"/status.json"].Literals["result"]
		data, err := ParseBytesLiteral(literal)
		require.NoError(t, err, call)
		got, err := Decode(data)
		require.NoError(t, err, call)
		assert.Equal(t, want, got, call)
		assert.Equal(t, literal, FormatBytesLiteral(data))
	}
}

// TestGoldenJobsBrokenPickles checks that no value is read from broken pickles: the
// recorder shortened a path inside two results, which broke their lengths, and left two
// pickles out.
func TestGoldenJobsBrokenPickles(t *testing.T) {
	objects := goldenObjects(t)
	for _, call := range []string{"M005/00000", "M005/00001"} {
		data, err := ParseBytesLiteral(objects[call+"/status.json"].Literals["result"])
		require.NoError(t, err)
		_, err = Decode(data)
		assert.ErrorIs(t, err, ErrMalformed)
	}
	_, err := ParseExcInfo(objects["M004/00000/status.json"].Literals["exc_info"])
	assert.ErrorIs(t, err, ErrMalformed)
	_, err = ParseBytesLiteral(objects["M009/00000/status.json"].Literals["new_futures"])
	assert.ErrorIs(t, err, ErrMalformed)
}

func TestGoldenAggregatedData(t *testing.T) {
	for key, want := range map[string][]any{
		"A001": {dictOf("x", int64(21))}, "M000": {dictOf("x", int64(1)), dictOf("x", int64(2)), dictOf("x", int64(3))},
	} {
		d := NewDecoder(fromBase64(t, goldenObjects(t)[key+"/aggdata.pickle"].B64), Limits{})
		var got []any
		for {
			v, err := d.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			got = append(got, v)
		}
		assert.Equal(t, want, got)
	}
}

// Every recorded sequence of pickles can be read, whatever it holds.
func TestGoldenAggregatedDataAll(t *testing.T) {
	for key, o := range goldenObjects(t) {
		if o.B64 == "" {
			continue
		}
		d := NewDecoder(fromBase64(t, o.B64), Limits{})
		for {
			_, err := d.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, key)
		}
	}
}
