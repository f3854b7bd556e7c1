// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDemo checks each step of the demo, and that it ends at what can't be printed.
func TestDemo(t *testing.T) {
	t.Parallel()
	code, out, problems := command(t.Context(), "demo")
	require.Zero(t, code, problems)
	for _, want := range []string{
		"1. Read the Lithops configuration.\n   region us-east-1, from ", "2. Ask STS", "\n   $ lithops-s3 bucket --create\n", "3. Store an object.\n   53 bytes under \"demo/hello world.txt\"\n",
		"4. Get it back and compare.\n   the same 53 bytes\n", "5. Describe it.\n   53 bytes, ", "6. List what begins with demo/.\n   [\"demo/hello world.txt\"]\n",
		"7. Delete it.\n   0 objects left\n", "leave out the demo.\n",
	} {
		before, rest, found := strings.Cut(out, want)
		assert.True(t, found, "%q is not in the rest of the output: %s", want, before)
		out = rest
	}
	for writes := range testkit.Less(9, 3) {
		full := &limitedWriter{left: writes}
		var told strings.Builder
		assert.Equal(t, exitError, run(t.Context(), []string{"demo"}, strings.NewReader(""), full, &told), writes)
		assert.Equal(t, "lithops-s3: no space left on device\n", told.String())
		assert.Equal(t, writes, full.count)
	}
}

// TestRecordings checks what dev stores of a recording: each form of a body, and functions first.
func TestRecordings(t *testing.T) {
	t.Parallel()
	const function = "lithops.jobs/e-0/c1c425268e68385d1ab5074c17a94f14.func.pickle"
	objects := []recordedObject{{Key: "data/a"}, {Key: "lithops.jobs/e-0-M000/aggdata.pickle"}, {Key: function}, {Key: "data/b"}}
	slices.SortStableFunc(objects, functionsFirst)
	keys := make([]string, len(objects))
	for i, object := range objects {
		keys[i] = object.Key
	}
	assert.Equal(t, []string{function, "data/a", "lithops.jobs/e-0-M000/aggdata.pickle", "data/b"}, keys)

	server, err := devs3.Start(nil)
	require.NoError(t, err)
	defer func() { assert.NoError(t, server.Close()) }()
	path := filepath.Join(t.TempDir(), "job.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"objects": [{"key": "a", "b64": "dGV4dA=="}, {"key": "b", "json": {"c": 1}}, {"key": "c"}]}`), 0o600))
	var out strings.Builder
	term := &terminal{ctx: t.Context(), stdout: newOutput(&out)}
	require.NoError(t, load(term, server, path))
	store, err := openEmbedded(term, server)
	require.NoError(t, err)
	defer func() { assert.NoError(t, store.Close()) }()
	bucket, err := store.Bucket(t.Context())
	require.NoError(t, err)
	for key, want := range map[string]string{"a": "text", "b": `{"c": 1}`, "c": ""} {
		object, err := store.GetObject(t.Context(), bucket, key, nil)
		require.NoError(t, err)
		data, err := io.ReadAll(object.Body)
		require.NoError(t, err)
		assert.Equal(t, want, string(data), key)
	}
}

// TestVersions checks that a build without a module's version tells its commit.
func TestVersions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ version, revision, want string }{
		{"v1.2.3", "", "v1.2.3 go1"}, {"v1.2.3", "abc", "v1.2.3 go1"}, {"(devel)", "abc", "abc go1"}, {"", "abc", "abc go1"}, {"(devel)", "", "(devel) go1"},
	} {
		info := &debug.BuildInfo{GoVersion: "go1", Main: debug.Module{Version: test.version}, Settings: []debug.BuildSetting{{Key: "vcs", Value: "git"}}}
		if test.revision != "" {
			info.Settings = append(info.Settings, debug.BuildSetting{Key: "vcs.revision", Value: test.revision})
		}
		assert.Equal(t, test.want, versionOf(info), "%v", test)
	}
}

// TestDoctorsFigures checks what doctor measures: a round trip is no longer than all of doctor,
// and a sound clock is off by nothing.
func TestDoctorsFigures(t *testing.T) {
	s := newSession(t)
	began := time.Now()
	code, out, problems := command(t.Context(), "doctor", "--json", "--bucket", "other", "--key", "a b")
	most := time.Since(began)
	require.Zero(t, code, problems)
	var d diagnosis
	require.NoError(t, json.Unmarshal([]byte(out), &d))
	assert.Positive(t, d.Storage.RoundTripMS)
	assert.LessOrEqual(t, d.Storage.RoundTripMS, 1000*most.Seconds())
	assert.Less(t, d.ClockSkewS, 60.0)
	assert.True(t, d.Storage.Exists && d.Storage.Permitted)
	assert.Equal(t, []string{refusedBucket, "us-east-1"}, []string{d.Storage.Bucket, d.Storage.Region})
	assert.Contains(t, d.Put.URL, "/other/a%20b")
	assert.Equal(t, "identity", d.Put.Headers["Accept-Encoding"])
	assert.Nil(t, d.Error)
	text := s.run(0, "doctor --bucket other")
	assert.Regexp(t, `a put: +PUT http\S+/other/key\n:? +Accept-Encoding: identity\n`, text)
	assert.NotContains(t, s.run(0, "doctor"), "a put:")
	assert.NotContains(t, s.run(0, "doctor --offline"), "bucket:")
}

// TestKindsOfErrors checks the names that doctor --json has for errors: botocore's, S3's or its own.
func TestKindsOfErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err         error
		kind, cause string
	}{
		{errors.New("x"), "Error", ""},
		{&lithopss3.ConfigError{Key: "aws.region"}, "InvalidRegionError", "wrong configuration"},
		{&lithopss3.ConfigError{Key: "aws_s3.storage_bucket"}, "ConfigError", "wrong configuration"},
		{fmt.Errorf("x: %w", lithopss3.ErrInvalidBucketName), "ParamValidationError", "wrong name"},
		{fmt.Errorf("x: %w", lithopss3.ErrInvalidKey), "ParamValidationError", "wrong name"},
		{lithopss3.ErrNoConfiguration, "NoConfiguration", "no configuration"},
		{lithopss3.ErrNotOwner, "NotOwner", "another account's bucket"},
		{&lithopss3.Error{Code: "SlowDown", Err: errors.New("x")}, "SlowDown", ""},
		{&lithopss3.Error{Code: "AccessDenied", Err: fs.ErrPermission}, "AccessDenied", "no permission"},
		{&lithopss3.Error{Err: fs.ErrPermission}, "Error", "no permission"},
		{&lithopss3.Error{Err: os.ErrDeadlineExceeded}, "ConnectTimeoutError", "no answer"},
		{&lithopss3.Error{Code: "RequestTimeout", Err: os.ErrDeadlineExceeded}, "RequestTimeout", "no answer"},
		{&lithopss3.CredentialsError{Kind: "NoCredentialsError", Reason: "none"}, "NoCredentialsError", "no credentials"},
	} {
		report := (&diagnosis{}).describe(test.err)
		assert.Equal(t, []string{test.kind, test.cause}, []string{report.Kind, report.Cause}, "%#v", test.err)
		assert.Equal(t, test.cause != "", report.Fix != "", test.kind)
		assert.NotContains(t, report.Fix, "ENDPOINT")
	}
}

// TestRefusalsWithoutAnAnswer checks that doctor asks a second time only a server that answered.
func TestRefusalsWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for _, err := range []error{errors.New("x"), &lithopss3.Error{Err: fs.ErrPermission}, &lithopss3.Error{StatusCode: 200, Err: fs.ErrInvalid}} {
		assert.Equal(t, err, explainRefusal(t.Context(), nil, "bucket", err))
	}
}

// TestProfilesOfTheSDK checks that --profile chooses whose keys sign, with each source.
func TestProfilesOfTheSDK(t *testing.T) {
	home := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(home, ".aws"), 0o700))
	keys := "[default]\naws_access_key_id = AKONE\naws_secret_access_key = S\n[two]\naws_access_key_id = AKTWO\naws_secret_access_key = S\n"
	require.NoError(t, os.WriteFile(filepath.Join(home, ".aws", "credentials"), []byte(keys), 0o600))
	var signed atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed.Store(r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	testkit.SetEnv(t, map[string]string{
		"HOME": home, "AWS_ENDPOINT_URL": server.URL, "AWS_EC2_METADATA_DISABLED": "true",
		"LITHOPS_CONFIG": `{"aws": {"region": "us-east-2"}}`, "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(home, ".aws", "credentials"),
	})
	for line, want := range map[string]string{
		"head b k": "AKONE/", "head b k --profile two": "AKTWO/", "head b k --credentials sdk": "AKONE/", "head b k --credentials sdk --profile two": "AKTWO/",
	} {
		signed.Store("")
		code, _, problems := command(t.Context(), strings.Fields(line)...)
		assert.Equal(t, exitNotFound, code, "%s: %s", line, problems)
		assert.Contains(t, signed.Load(), "Credential="+want, line)
	}
}

// TestAmounts checks that none of something is an amount, as --max-memory 0 is no limit.
func TestAmounts(t *testing.T) {
	t.Parallel()
	for number, isSound := range map[amount]bool{-1: false, 0: true, 1: true} {
		assert.Equal(t, isSound, number.validate() == nil, number)
	}
	require.NoError(t, endpointFlag("").validate())
	require.NoError(t, regionFlag("").validate())
}

// TestLengthsOfParts checks that the lengths that clients cut uploads into are known, to the byte.
func TestLengthsOfParts(t *testing.T) {
	t.Parallel()
	for _, mebibytes := range []int64{5, 8, 10, 15, 16, 25, 32, 50, 64, 100, 128, 200, 256, 512, 1024} {
		length := mebibytes << 20
		assert.Contains(t, partLengths(100*length, 100), length)
		assert.Contains(t, partLengths(99*length+1, 100), length)
		assert.NotContains(t, partLengths(100*length+1, 100), length)
		assert.NotContains(t, partLengths(99*length, 100), length)
	}
}
