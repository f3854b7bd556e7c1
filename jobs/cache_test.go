package jobs

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is cached of a bucket is readable by this user only.
func TestCachedMetadataIsPrivate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such permissions")
	}
	client := New(nil, "bucket", &Options{CacheDir: t.TempDir()})
	client.cache("runtime", []byte("{}"))
	for _, name := range []string{"runtime.meta.json", "runtime.meta.json" + originSuffix} {
		info, err := os.Stat(filepath.Join(client.cacheDir, RuntimesPrefix, name))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
}
