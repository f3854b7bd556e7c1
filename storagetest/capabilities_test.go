// SPDX-License-Identifier: Apache-2.0

package storagetest_test

import (
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/memstore"
	"github.com/lithops-go/lithopss3/storagetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pathParts has the capabilities that NormalizesPaths stands for.
const pathParts = "NoLeadingSlash NoDoubleSlash NoTrailingSlash NoDotSegments NoKeyBelowKey"

// names returns the booleans of Capabilities.
func names() []string {
	var all []string
	for field := range reflect.TypeFor[storagetest.Capabilities]().Fields() {
		if field.Type.Kind() == reflect.Bool {
			all = append(all, field.Name)
		}
	}
	return all
}

// TestParseCapabilities checks that each name sets its field and no other, and that a
// wrong name is an error.
func TestParseCapabilities(t *testing.T) {
	t.Parallel()
	for _, name := range names() {
		got, err := storagetest.ParseCapabilities(" " + name + ",")
		require.NoError(t, err, name)
		var want storagetest.Capabilities
		reflect.ValueOf(&want).Elem().FieldByName(name).SetBool(true)
		assert.Equal(t, want, got, name)
	}
	got, err := storagetest.ParseCapabilities("MaxKey=100, NoAccounts")
	require.NoError(t, err)
	assert.Equal(t, storagetest.Capabilities{MaxKey: 100, NoAccounts: true}, got)
	for _, bytes := range []int{1, 1024} {
		got, err := storagetest.ParseCapabilities("MaxKey=" + strconv.Itoa(bytes))
		require.NoError(t, err)
		assert.Equal(t, bytes, got.MaxKey)
	}
	for _, wrong := range []string{"NoAccount", "noaccounts", "MaxKey", "MaxKey=0", "MaxKey=1025", "MaxKey=x", "NoAccounts NoDotSegments"} {
		_, err := storagetest.ParseCapabilities(wrong)
		require.Error(t, err, wrong)
	}
}

// tried returns the capabilities of which suites lack one: all, and under -short each sixth.
func tried(isShort bool) []string {
	all := names()
	if !isShort {
		return all
	}
	var some []string
	for i := 0; i < len(all); i += 6 {
		some = append(some, all[i])
	}
	return some
}

// inner says to the process that runs TestSuite whether the tests are short: true or false.
const inner = "LITHOPSS3_STORAGETEST_INNER"

// TestSuite runs the suite without each capability at a time, for the test below.
func TestSuite(t *testing.T) {
	t.Parallel()
	if os.Getenv(inner) == "" {
		t.Skip("TestSkips runs it")
	}
	for _, name := range append(tried(os.Getenv(inner) == "true"), "") {
		lacks, err := storagetest.ParseCapabilities(name)
		require.NoError(t, err)
		lacks.NoConditionalParts = name != "" // or each suite moves 20 MiB
		t.Run("lacks "+name, func(t *testing.T) {
			t.Parallel()
			storagetest.Run(t, func(*testing.T) *storagetest.Harness {
				return &storagetest.Harness{Storage: memstore.New("bucket"), Bucket: "bucket", Capabilities: lacks}
			})
		})
	}
}

// TestSkips checks that a server that lacks a capability is skipped where that matters,
// with the capability and the reason, and nowhere else.
func TestSkips(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSuite$", "-test.v", "-test.short", "-test.parallel=16")
	command.Env = append(os.Environ(), inner+"="+strconv.FormatBool(testing.Short()))
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	got := skips(t, string(out))
	for _, name := range tried(testing.Short()) {
		want := strings.Fields(name)
		if name == "NormalizesPaths" {
			want = strings.Fields(pathParts)
		}
		if name != "NoConditionalParts" {
			want = append(want, "NoConditionalParts")
		}
		assert.ElementsMatch(t, want, got[name], name)
	}
	assert.Empty(t, got[""])
}

// skips returns, for each capability that a suite lacks, those that its skips name.
func skips(t *testing.T, out string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	suite := ""
	for line := range strings.SplitSeq(out, "\n") {
		if _, test, ok := strings.Cut(line, "TestSuite/lacks_"); ok && strings.HasPrefix(line, "===") {
			suite, _, _ = strings.Cut(test, "/")
		}
		_, reason, isSkip := strings.Cut(line, ": capability ")
		if !isSkip {
			continue
		}
		name, why, _ := strings.Cut(reason, ": ")
		assert.NotEmpty(t, why, line)
		if !slices.Contains(found[suite], name) {
			found[suite] = append(found[suite], name)
		}
	}
	return found
}
