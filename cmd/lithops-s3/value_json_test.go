// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3/internal/pyjson"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func mixedDict(t *testing.T, pairs ...any) *pickle.Dict {
	t.Helper()
	d := &pickle.Dict{}
	for i := 0; i < len(pairs); i += 2 {
		require.NoError(t, d.Set(pairs[i], pairs[i+1]))
	}
	return d
}

// TestPythonJSON has each form that jobs result --json documents.
func TestPythonJSON(t *testing.T) {
	t.Parallel()
	huge, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	for want, value := range map[string]any{
		`null`:                           nil,
		`true`:                           true,
		`-5`:                             int64(-5),
		`9223372036854775807`:            int64(math.MaxInt64),
		`123456789012345678901234567890`: huge,
		`1.0`:                            1.0,
		`1e+22`:                          1e22,
		`{"$float":"nan"}`:               math.NaN(),
		`{"$float":"-inf"}`:              math.Inf(-1),
		`{"$complex":[1.0,-2.5]}`:        1 - 2.5i,
		`"é<&>\n\"日"`:                    "é<&>\n\"日",
		`"\udc80x"`:                      "\xed\xb2\x80x",
		`{"$bytes":"/wE="}`:              []byte{0xff, 1},
		`{"$bytearray":"YQ=="}`:          pickle.ByteArray("a"),
		`[1,[2.0,null],[]]`:              []any{int64(1), pickle.Tuple{2.0, nil}, []any{}},
		`{"$set":[1]}`:                   pickle.Set{int64(1)},
		`{"$frozenset":[]}`:              pickle.FrozenSet{},
		`{"b":1,"a":{"c":[2]}}`:          pickle.NewDict("b", int64(1), "a", pickle.NewDict("c", []any{int64(2)})),
		`{"$dict":[[1,"a"],["1","b"]]}`:  mixedDict(t, int64(1), "a", "1", "b"),
		`{"$dict":[["$set",1]]}`:         pickle.NewDict("$set", int64(1)),
		`{"$dict":[[[1,2],3]]}`:          mixedDict(t, pickle.Tuple{int64(1), int64(2)}, int64(3)),
		`{}`:                             &pickle.Dict{},
		`1.5`:                            pickle.NumpyScalar{DType: "<f8", Value: 1.5},
		`{"$datetime":"2024-02-29T12:00:00.5+01:00"}`:                           time.Date(2024, 2, 29, 12, 0, 0, 5e8, time.FixedZone("", 3600)),
		`{"$datetime":"1890-01-01T00:00:00.25-00:01:15"}`:                       time.Date(1890, 1, 1, 0, 0, 0, 25e7, time.FixedZone("LMT", -75)),
		`{"$datetime":"2024-02-29T12:00:00"}`:                                   pickle.NaiveTime{Time: time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)},
		`{"$date":"0001-02-03"}`:                                                pickle.Date{Year: 1, Month: 2, Day: 3},
		`{"$time":"01:02:03.000004"}`:                                           pickle.TimeOfDay{Hour: 1, Minute: 2, Second: 3, Microsecond: 4},
		`{"$timedelta":[-1,2,3]}`:                                               pickle.Timedelta{Days: -1, Seconds: 2, Microseconds: 3},
		`{"$decimal":"1.50"}`:                                                   pickle.Decimal("1.50"),
		`{"$global":"shop.Item"}`:                                               pickle.Global{Module: "shop", Name: "Item"},
		`{"$exception":"ValueError","args":["x"]}`:                              &pickle.Exception{Module: "builtins", Class: "ValueError", Args: pickle.Tuple{"x"}},
		`{"$cloudobject":{"backend":"aws_s3","bucket":"b","key":"k","part":1}}`: &pickle.CloudObject{Backend: "aws_s3", Bucket: "b", Key: "k", Attrs: pickle.NewDict("part", int64(1))},
		`{"$futures":["e-0-M000/00001"]}`:                                       []jobs.Call{{ExecutorID: "e-0", JobID: "M000", CallID: "00001"}},
		`{"$object":"shop.Item","repr":"shop.Item(1, x=shop.Box(2))","args":[1],"state":{"x":{"$object":"shop.Box","args":[2]}}}`: &pickle.Object{
			Module: "shop", Name: "Item", Args: pickle.Tuple{int64(1)}, State: pickle.NewDict("x", &pickle.Object{Module: "shop", Name: "Box", Args: pickle.Tuple{int64(2)}}),
		},
		`{"$object":"shop.Item","repr":"shop.Item([1], {1: 2}, k=3)","kwargs":{"k":3},"list":[1],"items":{"$dict":[[1,2]]}}`: &pickle.Object{
			Module: "shop", Name: "Item", Kwargs: pickle.NewDict("k", int64(3)), List: []any{int64(1)}, Items: mixedDict(t, int64(1), int64(2)),
		},
	} {
		data, err := sanitize.JSON(map[string]any{"result": pythonJSON{value}}, "")
		require.NoError(t, err)
		assert.Equal(t, `{"result":`+want+`}`, string(data))
		assert.True(t, json.Valid(data))
	}
}

// TestPythonJSONOfMarks has strings with what package sanitize marks bytes with.
func TestPythonJSONOfMarks(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"\\ufffd \uffff", "\ufffd\uffff\uffff", "\uffffdc80", "\xed\xa0\x80\uffff"} {
		data, err := sanitize.JSON([]any{pythonJSON{text}, "\xff"}, "")
		require.NoError(t, err)
		want, err := pyjson.Encode(text)
		require.NoError(t, err)
		value, err := pyjson.Decode(data)
		require.NoError(t, err, "%s", data)
		again, err := pyjson.Encode(value.([]any)[0])
		require.NoError(t, err)
		assert.Equal(t, string(want), string(again))
	}
}

// TestDeepResults prints results that are deep: those that are too deep for JSON are
// failures, and the others are printed all the same.
func TestDeepResults(t *testing.T) {
	store := refuse(t, func(*http.Request) bool { return false })
	for i, pickled := range []string{
		strings.Repeat("]", 9000) + strings.Repeat("a", 8999) + ".", strings.Repeat("}K\x01", 5000) + "}" + strings.Repeat("s", 5000) + ".", "K\x07.",
	} {
		call := jobs.Calls("e-0", "M000", 3)[i]
		status := fmt.Sprintf(`{"type": "__end__", "exception": false, "func_result_size": %d.0}`, len(pickled))
		require.NoError(t, store.PutObject(t.Context(), refusedBucket, call.OutputKey(), strings.NewReader(pickled), nil))
		require.NoError(t, store.PutObject(t.Context(), refusedBucket, call.StatusKey(), strings.NewReader(status), nil))
	}
	code, out, problems := command(t.Context(), "jobs", "result", "e-0", "--json", "--bucket", refusedBucket)
	assert.Equal(t, exitError, code)
	assert.Contains(t, problems, "calls failed or were lost: 1 of 3")
	assert.Less(t, len(out), 2<<20)
	var reports []callReport
	require.NoError(t, json.Unmarshal([]byte(out), &reports))
	require.Len(t, reports, 3)
	assert.Equal(t, "failed", reports[1].State)
	assert.Contains(t, reports[1].Error, "the result can't be written as JSON: ")
	assert.InDelta(t, 7, *reports[2].Result, 0)
	code, out, problems = command(t.Context(), "jobs", "result", "e-0-M000/00001", "--json", "--bucket", refusedBucket)
	assert.Equal(t, exitError, code, problems)
	assert.Contains(t, out, `"state": "failed"`)
}

func TestPythonJSONOfArrays(t *testing.T) {
	t.Parallel()
	// numpy.asfortranarray([[1, 2], [3, 4]], dtype="i1"), and numpy.zeros((0, 3))
	dtype := "cnumpy\ndtype\n(V%s\nI00\nI01\ntR(I3\nV|\nNNNI-1\nI-1\nI0\ntb"
	small := "\x80\x02cnumpy.core.numeric\n_frombuffer\n(C\x04\x01\x03\x02\x04" + replaceType(dtype, "i1") + "I2\nI2\n\x86VF\ntR."
	empty := "\x80\x02cnumpy.core.numeric\n_frombuffer\n(C\x00" + replaceType(dtype, "i1") + "I0\nI3\n\x86VC\ntR."
	for text, want := range map[string]string{
		small: `{"$ndarray":[[1,2],[3,4]],"dtype":"|i1","shape":[2,2]}`,
		empty: `{"$ndarray":[],"dtype":"|i1","shape":[0,3]}`,
	} {
		v, err := pickle.Decode([]byte(text))
		require.NoError(t, err)
		data, err := json.Marshal(pythonJSON{v})
		require.NoError(t, err)
		assert.Equal(t, want, string(data))
	}
}

func replaceType(text, code string) string {
	return text[:len("cnumpy\ndtype\n(V")] + code + text[len("cnumpy\ndtype\n(V%s"):]
}

// TestRawResult checks that the pickle itself is written, from the status and from an
// object of its own.
func TestRawResult(t *testing.T) {
	store := refuse(t, func(*http.Request) bool { return false })
	storeCalls(t, store)
	large, err := store.ReadObject(t.Context(), refusedBucket, "lithops.jobs/e-0-M000/00000/output.pickle", 0)
	require.NoError(t, err)
	small, err := pickle.Encode(int64(1))
	require.NoError(t, err)
	for id, want := range map[string][]byte{"e-0-M000/00000": large, "e-0-M000/00001": small} {
		code, out, problems := command(t.Context(), "jobs", "result", id, "--raw", "--bucket", refusedBucket)
		assert.Zero(t, code, problems)
		assert.Equal(t, string(want), out)
	}
	for id, want := range map[string]int{"e-0": exitUsage, "e-0-M000": exitUsage, "e-0-M000/00009": exitNotFound, "e-0-M000/00000 --json": exitUsage} {
		code, out, problems := command(t.Context(), append([]string{"jobs", "result", "--raw", "--bucket", refusedBucket}, strings.Fields(id)...)...)
		assert.Equal(t, want, code, "%s: %s", id, problems)
		assert.NotContains(t, out, "\x80")
	}
}
