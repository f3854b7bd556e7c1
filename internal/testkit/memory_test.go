// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"flag"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A passing Main has tests that need nothing and pass.
type passing struct{}

// Run passes.
func (passing) Run() int { return 0 }

func TestBounded(t *testing.T) { //nolint:paralleltest // sets the process's memory limit
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	seen := &measured{}
	assert.Equal(t, 3, Bounded(seen).Run())
	if runtime.GOOS != "linux" || hasOwnNeeds() {
		t.Skip("the peak is not measured")
	}
	assert.Greater(t, peakMemory(), int64(MiB))
	assert.Equal(t, 1, bounded{passing{}, MiB}.Run(), "the tests of this package need more")
	assert.Equal(t, 3, bounded{seen, MiB}.Run(), "a failure stays what it is")
	if before == math.MaxInt64 {
		assert.EqualValues(t, 640*MiB, seen.limit)
	}
}

// A measured Main notes the limit of Go's memory, and fails with 3.
type measured struct{ limit int64 }

// Run notes it.
func (m *measured) Run() int {
	m.limit = debug.SetMemoryLimit(-1)
	return 3
}

// TestOwnNeeds checks that benchmarks and fuzzing are not measured.
func TestOwnNeeds(t *testing.T) { //nolint:paralleltest // changes flags of all tests
	if hasOwnNeeds() {
		t.Skip("this run is one of them")
	}
	for _, name := range []string{"test.bench", "test.fuzz"} {
		require.NoError(t, flag.Set(name, "x"))
		hasNeeds, code := hasOwnNeeds(), bounded{passing{}, 1}.Run()
		require.NoError(t, flag.Set(name, ""))
		assert.True(t, hasNeeds, name)
		assert.Zero(t, code, name)
	}
}

// TestIsolated checks which variables the tests of a package don't see.
func TestIsolated(t *testing.T) {
	names := map[string]bool{
		"AWS_PROFILE": true, "_X_AMZN_TRACE_ID": true, "LITHOPS_CONFIG": true, "__LITHOPS_SESSION_ID": true, "https_proxy": true, "TERM": true, "LC_ALL": true,
		"LITHOPSS3_TEST_CROWD": false, "OTHER_AWS_PROFILE": false,
	}
	for _, endpoint := range []string{"http://127.0.0.1:1", ""} {
		t.Setenv("LITHOPSS3_TEST_ENDPOINT", endpoint)
		for name := range names {
			t.Setenv(name, "x")
		}
		assert.Zero(t, Isolated(passing{}).Run())
		for name, isSetting := range names {
			assert.Equal(t, isSetting && endpoint == "", os.Getenv(name) == "", "%s with %q", name, endpoint)
		}
	}
}
