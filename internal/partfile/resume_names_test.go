// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCreateBesideKept leaves to the caller what an earlier download left.
func TestCreateBesideKept(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	leave(t, path)
	_, err := openTarget(t, path).CreateResumable(sourceOf)
	require.ErrorIs(t, err, ErrLocked)
	f, err := resume(t, path)
	require.NoError(t, err)
	require.NotNil(t, f)
	require.NoError(t, f.Discard())
}

// TestResumeOfLockedPart leaves a part file that another process writes.
func TestResumeOfLockedPart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testResumeOfLockedPart)
}

func testResumeOfLockedPart(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	leave(t, path)
	other := openTarget(t, path)
	file, _, err := other.openRegular(".file.lithops-s3.part", 0)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	if lock(file) != nil {
		t.Skip("without locks")
	}
	f, err := resume(t, path)
	require.NoError(t, err)
	assert.Nil(t, f)
	assert.Equal(t, []string{".file.lithops-s3.part"}, namesIn(t, folder))
}

// TestResumeOverFile gives the file the permissions that its target has by now.
func TestResumeOverFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	leave(t, path)
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, os.Chmod(path, 0o604))
	f, err := resume(t, path)
	require.NoError(t, err)
	require.NoError(t, f.Commit(10, false))
	info, err := os.Stat(path)
	require.NoError(t, err)
	testkit.AssertMode(t, 0o604, info.Mode())
}

// TestResumeBesideLink has a link in the place of the part file that no line of the
// journal names.
func TestResumeBesideLink(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	f := leave(t, path)
	journal := filepath.Join(folder, f.journal.name)
	head, _, _ := strings.Cut(contentOf(t, journal), "\n")
	part := filepath.Join(folder, ".file.lithops-s3.part")
	require.NoError(t, errors.Join(os.WriteFile(journal, []byte(head), 0o600), os.Remove(part)))
	testkit.Symlink(t, "nothing", part)
	_, err := resume(t, path)
	require.ErrorIs(t, err, ErrNotRegular)
	assert.Contains(t, namesIn(t, folder), ".file.lithops-s3.part")
}

func TestResumableNames(t *testing.T) {
	t.Parallel()
	for length, want := range map[int]string{1: ".n.lithops-s3.part", 235: "." + strings.Repeat("n", 235) + ".lithops-s3.part"} {
		target := &Target{name: strings.Repeat("n", length)}
		assert.Equal(t, want, target.resumableName("part"))
		assert.LessOrEqual(t, len(target.resumableName("journal")), maxName)
	}
	long, longer := &Target{name: strings.Repeat("n", 236)}, &Target{name: strings.Repeat("n", 237)}
	assert.Len(t, long.resumableName("part"), len(".")+32+len(".lithops-s3.part"))
	assert.NotEqual(t, long.resumableName("part"), longer.resumableName("part"))
}

func TestIsTemporaryName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		".file.lithops-s3.part": true, ".lithops-s3-0.part": true, "file.lithops-s3.part": false, ".file.lithops-s3.journal": false,
		".file.part": false, "../.file.lithops-s3.part": false, `.\.file.lithops-s3.part`: false, ".ssh/lithops-s3.part": false,
	} {
		assert.Equal(t, want, isTemporaryName(name), name)
	}
}

func TestCreateInMissingFolder(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "folder")
	require.NoError(t, os.Mkdir(folder, 0o700))
	target := openTarget(t, filepath.Join(folder, "file"))
	testkit.RemoveOpen(t, folder)
	_, err := target.Create(1)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = target.CreateResumable(sourceOf)
	require.ErrorIs(t, err, fs.ErrNotExist)
}
