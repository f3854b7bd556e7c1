// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/quick"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGoldenKeys(t *testing.T) {
	t.Parallel()
	var golden struct {
		Constants []map[string]any `json:"constants"`
		Cases     []struct {
			Fn   string `json:"fn"`
			Args []any  `json:"args"`
			Out  any    `json:"out"`
		} `json:"cases"`
	}
	readGolden(t, "keys.json", &golden)
	constants := golden.Constants[0]
	assert.Equal(t, constants["JOBS_PREFIX"], Prefix)
	assert.Equal(t, constants["TEMP_PREFIX"], TempPrefix)
	assert.Equal(t, constants["RUNTIMES_PREFIX"], RuntimesPrefix)

	functions := map[string]func(a []string) string{
		"create_job_key":    func(a []string) string { return JobKey(a[0], a[1]) },
		"create_func_key":   func(a []string) string { return FunctionKey(a[0], a[1]) },
		"create_data_key":   func(a []string) string { return DataKey(a[0], a[1]) },
		"create_status_key": func(a []string) string { return Call{a[0], a[1], a[2]}.StatusKey() },
		"create_output_key": func(a []string) string { return Call{a[0], a[1], a[2]}.OutputKey() },
		"create_init_key":   func(a []string) string { return Call{a[0], a[1], a[2]}.InitKey(a[3]) },
	}
	ran := 0
	for _, c := range golden.Cases {
		function := functions[c.Fn]
		out, isText := c.Out.(string)
		if function == nil || !isText { // the others are not about keys, or a TypeError that Go's types exclude
			continue
		}
		args := make([]string, len(c.Args))
		for i, arg := range c.Args {
			args[i], _ = arg.(string)
		}
		assert.Equal(t, out, function(args), "%s%q", c.Fn, args)
		ran++
	}
	assert.Greater(t, ran, 250)
}

// The names that Storage.put_cloudobject gives: a counter, in hexadecimal. (The
// recorder took the folder of a session for one of its own machine's.)
func TestGoldenCloudObjectKeys(t *testing.T) {
	t.Parallel()
	var golden struct {
		Derived []struct {
			First       []string `json:"first"`
			Later       []string `json:"at_9_10_15_16_255_256"`
			Text        string   `json:"str"`
			CloudObject struct{ Backend, Bucket, Key string }
		} `json:"derived"`
	}
	readGolden(t, "keys.json", &golden)
	sequences, texts := 0, 0
	for _, c := range golden.Derived {
		for n, key := range c.First {
			assert.Equal(t, key, CloudObjectKey("", uint64(n)))
			sequences++
		}
		for i, key := range c.Later {
			assert.Equal(t, key, CloudObjectKey("", []uint64{9, 10, 15, 16, 255, 256}[i]))
			sequences++
		}
		if o := c.CloudObject; o.Bucket != "" {
			assert.Equal(t, c.Text, (&CloudObject{Backend: o.Backend, Bucket: o.Bucket, Key: o.Key}).String())
			texts++
		}
	}
	assert.Equal(t, []int{9, 5}, []int{sequences, texts})
}

func TestGoldenIDs(t *testing.T) {
	t.Parallel()
	var golden struct {
		IDs []struct {
			N        int    `json:"n"`
			CallID   string `json:"call_id"`
			JobID    string `json:"job_id"`
			CallType string `json:"call_type"`
		} `json:"ids"`
	}
	readGolden(t, "extras.json", &golden)
	require.NotEmpty(t, golden.IDs)
	for _, c := range golden.IDs {
		if c.CallID != "" {
			assert.Equal(t, c.CallID, FormatCallID(c.N))
			continue
		}
		assert.Equal(t, c.JobID, FormatJobID(c.CallType[0], c.N))
	}
}

// Every key of the recorded job is read, and read right.
func TestParseGoldenJob(t *testing.T) {
	t.Parallel()
	var golden struct {
		Objects []struct {
			Key string `json:"key"`
		} `json:"objects"`
	}
	readGolden(t, "job_objects.json", &golden)
	kinds := map[KeyKind]int{}
	for _, object := range golden.Objects {
		key, ok := ParseKey(object.Key)
		if object.Key == "data/lines.txt" {
			assert.False(t, ok)
			continue
		}
		require.True(t, ok, object.Key)
		assert.Equal(t, object.Key, key.String())
		assert.True(t, key.Kind == KeyRuntime || key.Kind == KeyCloudObject || isWithin(key.ExecutorID, "4b99c1-0"), object.Key)
		kinds[key.Kind]++
	}
	assert.Equal(t, map[KeyKind]int{
		KeyFunction: 9, KeyData: 12, KeyInit: 22, KeyStatus: 22, KeyOutput: 1, KeyCloudObject: 3, KeyRuntime: 1,
	}, kinds)
}

func TestParseKey(t *testing.T) {
	t.Parallel()
	nested := Call{"4b99c1-0-M009-00000-1", "M000", "00000"}
	hash := strings.Repeat("0a", 16)
	for text, want := range map[string]Key{
		nested.StatusKey():                                {Kind: KeyStatus, Call: nested},
		nested.OutputKey():                                {Kind: KeyOutput, Call: nested},
		nested.InitKey("f86e71381acb"):                    {Kind: KeyInit, Call: nested, ActivationID: "f86e71381acb"},
		"lithops.jobs/4b99c1-0/" + hash + ".func.pickle":  {Kind: KeyFunction, Call: Call{ExecutorID: "4b99c1-0"}, Hash: hash},
		"lithops.jobs/e-0-R1000/aggdata.pickle":           {Kind: KeyData, Call: Call{ExecutorID: "e-0", JobID: "R1000"}},
		"lithops.jobs/tmp/cloudobject_0":                  {Kind: KeyCloudObject, Name: "cloudobject_0"},
		"lithops.jobs/tmp/4b99c1/cloudobject_ff":          {Kind: KeyCloudObject, SessionID: "4b99c1", Name: "cloudobject_ff"},
		"lithops.jobs/tmp/e-0-M005-00007/cloudobject_0":   {Kind: KeyCloudObject, Call: Call{"e-0", "M005", "00007"}, SessionID: "e-0-M005-00007", Name: "cloudobject_0"},
		"lithops.runtimes/aws_lambda/3.7/x/256.meta.json": {Kind: KeyRuntime, Name: "aws_lambda/3.7/x/256"},
	} {
		got, ok := ParseKey(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, got, text)
		assert.Equal(t, text, got.String())
	}
	for _, text := range []string{
		"", "data/x", "lithops.jobs", "lithops.jobs/", "lithops.jobsx/e-0-M000/00000/status.json",
		"lithops.jobs/e1-0-status.json", "lithops.jobs/e1-0-M000/a.init", "lithops.jobs/e1-0.init",
		"lithops.jobs/e1-0-M000/00000/.init", "lithops.jobs/e1-0-M000/x.init/status.json", "lithops.jobs/e1-0-M000/status.json",
		"lithops.jobs/e1-0-M000/00000/x/a.init", "lithops.jobs/e1-0-M000//status.json", "lithops.jobs/e1-0-M000/00000/",
		"lithops.jobs/e1-0-M000/notes.txt", "lithops.jobs/e1-0/a.init.func.pickle", "lithops.jobs/e1-0/status.json",
		"lithops.jobs/e1-0-M-1/00000/status.json", "lithops.jobs/e1-0-M000/00000/STATUS.JSON", "lithops.jobs/e1/00000/status.json",
		"lithops.jobs/e1-0-M000/00000/a.initial", "lithops.jobs/tmp/x.init", "lithops.jobs/tmp//cloudobject_0",
		"lithops.jobs/tmp/a/b/cloudobject_0", "lithops.jobs/tmp/cloudobject_", "lithops.jobs/tmp/cloudobject_X",
		"lithops.jobs/-M000/00000/status.json", "lithops.runtimes/.meta.json", "lithops.runtimes/x.json",
	} {
		_, ok := ParseKey(text)
		assert.False(t, ok, text)
	}
}

func TestIsWithin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		executor, ancestor string
		want               bool
	}{
		{"4b99c1-1", "4b99c1-1", true},
		{"4b99c1-10", "4b99c1-1", false},
		{"4b99c1-1", "4b99c1-10", false},
		{"4b99c1-0-M009-00000-1", "4b99c1-0", true},
		{"4b99c1-0-M009-00000-1-M000-00003-2", "4b99c1-0", true},
		{"4b99c1-0-M009-00000-1-M000-00003-2", "4b99c1-0-M009-00000-1", true},
		{"4b99c1-0-M009-00000-1", "4b99c1-0-M009-00000-12", false},
		{"4b99c1-0-M009-00000", "4b99c1-0", false},
		{"e1-0", "e1", false},
		{"e1x-0", "e1", false},
	} {
		assert.Equal(t, c.want, isWithin(c.executor, c.ancestor), "%s in %s", c.executor, c.ancestor)
	}
}

func TestParseKeyRoundTrip(t *testing.T) {
	t.Parallel()
	returns := func(seed uint64) bool {
		random := rand.New(rand.NewPCG(seed, 0))
		upTo := func(most int) int { return random.IntN(1 + random.IntN(most+1)) } // small numbers more often
		job := func() string { return FormatJobID([]byte{MapJob, AsyncJob, ReduceJob}[random.IntN(3)], upTo(5000)) }
		executor := fmt.Sprintf("%06x-%d", random.IntN(1<<24), upTo(999))
		for range random.IntN(4) {
			executor += fmt.Sprintf("-%s-%05d-%d", job(), upTo(999_999), upTo(99))
		}
		call := Call{executor, job(), FormatCallID(upTo(2_000_000))}
		session := JobKey(call.ExecutorID, call.JobID) + "-" + call.CallID
		for text, want := range map[string]Key{
			call.StatusKey():           {Kind: KeyStatus, Call: call},
			call.OutputKey():           {Kind: KeyOutput, Call: call},
			call.InitKey("0123456789"): {Kind: KeyInit, Call: call, ActivationID: "0123456789"},
			CloudObjectKey(session, 7): {Kind: KeyCloudObject, Call: call, SessionID: session, Name: "cloudobject_7"},
		} {
			got, ok := ParseKey(text)
			if !ok || got != want || got.String() != text || !isWithin(got.ExecutorID, call.ExecutorID) {
				t.Errorf("%s: %+v, %v", text, got, ok)
				return false
			}
		}
		return true
	}
	require.NoError(t, quick.Check(returns, nil))
}

// A key that is read comes back from String as it was.
func FuzzParseKey(f *testing.F) {
	for _, key := range []string{
		"lithops.jobs/4b99c1-0-M000/00000/b0ceecd5deab.init", "lithops.jobs/4b99c1-0-M009-00000-1-M000/00000/status.json",
		"lithops.jobs/tmp/4b99c1-0-M005-00000/cloudobject_0", "lithops.runtimes/localhost/3.7/python3.meta.json",
		"lithops.jobs/4b99c1-0/3afadcd71678409cdafcf1c1e3a8b94b.func.pickle",
	} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if key, ok := ParseKey(text); ok {
			require.Equal(t, text, key.String())
		}
	})
}

func BenchmarkParseKey(b *testing.B) {
	key := Call{"4b99c1-0-M009-00000-1", "M000", "00042"}.InitKey("f86e71381acb")
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := ParseKey(key); !ok {
			b.Fatal(key)
		}
	}
}
