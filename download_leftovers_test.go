// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	partName    = ".file.lithops-s3.part"
	journalName = ".file.lithops-s3.journal"
	tempName    = ".lithops-s3-8c9f3610.part" // 8c9f3610 is the CRC32 of "file"
)

// interrupted downloads 20 MiB into folder/file, resumable, and is refused the last
// 4 MiB. It returns a store whose server has no checksum, and an ETag that is no MD5.
func interrupted(t *testing.T, folder string) (*lithopss3.Store, []byte) {
	t.Helper()
	server := &oddServer{data: testkit.Bytes(20 * unit)}
	var came sync.WaitGroup
	came.Add(2)
	var done atomic.Bool
	server.odd = func(q *http.Request, r *http.Response) {
		r.Header.Del("X-Amz-Checksum-Crc32")
		switch {
		case done.Load() || rangeStart(q) < 0:
		case rangeStart(q) >= 16*unit:
			came.Wait()
			r.StatusCode, r.ContentLength, r.Body = http.StatusForbidden, 0, http.NoBody
		default:
			r.Body = &endedBody{ReadCloser: io.NopCloser(iotest.DataErrReader(r.Body)), ended: came.Done}
		}
	}
	store := openWire(t, server.trip)
	err := store.DownloadFile(t.Context(), "bucket", "key", filepath.Join(folder, "file"), &lithopss3.DownloadOptions{Resume: true})
	require.ErrorIs(t, err, os.ErrPermission)
	require.Equal(t, []string{journalName, partName}, testkit.Files(t, folder))
	done.Store(true)
	return store, server.data
}

// TestPutDirLeavesOutLeftovers stores what is no temporary file of a download, though it
// has such a name.
func TestPutDirLeavesOutLeftovers(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	interrupted(t, folder)
	other := filepath.Join("sub", partName)
	require.NoError(t, os.Mkdir(filepath.Join(folder, "sub"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(folder, other), []byte("mine"), 0o600))
	store, _ := aCopier(t, nil)
	require.NoError(t, store.PutDir(t.Context(), folder, "bucket", "", nil))
	keys, err := store.ListKeys(t.Context(), "bucket", "")
	require.NoError(t, err)
	assert.Equal(t, []string{"sub/" + partName}, keys)
}

// poison changes the first chunk of a part file, and the journal so that it agrees.
func poison(t *testing.T, folder string) {
	t.Helper()
	other := bytes.Repeat([]byte("evil"), 2*unit)
	part, err := os.OpenFile(filepath.Join(folder, partName), os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = part.WriteAt(other, 0)
	require.NoError(t, err)
	require.NoError(t, part.Close())
	path := filepath.Join(folder, journalName)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var kept []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, `{"at":0,`) {
			kept = append(kept, line)
		}
	}
	kept = append(kept, fmt.Sprintf(`{"at":0,"bytes":%d,"crc32":"%08x"}`+"\n", len(other), crc32.ChecksumIEEE(other)))
	journal, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	require.NoError(t, err)
	_, err = journal.WriteString(strings.Join(kept, ""))
	require.NoError(t, err)
	require.NoError(t, journal.Close())
}

// TestResumeTrustsOnlyItsOwn has a part file and a journal that agree on bytes which
// are not the object's: none of them gets into the file.
func TestResumeTrustsOnlyItsOwn(t *testing.T) {
	t.Parallel()
	for name, meddle := range testkit.Some(map[string]func(t *testing.T, part, journal string) (left []string){
		"as this user": func(*testing.T, string, string) []string { return nil },
		"a journal that others may write": func(t *testing.T, _, journal string) []string {
			testkit.Chmod(t, journal, 0o622)
			return []string{journalName}
		},
		"a journal that others may read": func(t *testing.T, _, journal string) []string {
			testkit.Chmod(t, journal, 0o644)
			return []string{journalName}
		},
		"a part file that others may write": func(t *testing.T, part, _ string) []string {
			testkit.Chmod(t, part, 0o666)
			return nil
		},
		"a journal with two names": func(t *testing.T, _, journal string) []string {
			require.NoError(t, os.Link(journal, journal+"2"))
			return []string{journalName, journalName + "2"}
		},
		"a part file with two names": func(t *testing.T, part, _ string) []string {
			require.NoError(t, os.Link(part, part+"2"))
			return []string{partName + "2"}
		},
		"another user's journal": func(t *testing.T, _, journal string) []string {
			testkit.GiveAway(t, journal)
			return []string{journalName}
		},
		"another user's part file": func(t *testing.T, part, _ string) []string {
			testkit.GiveAway(t, part)
			return []string{partName}
		},
	}, 4) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			store, data := interrupted(t, folder)
			poison(t, folder)
			left := meddle(t, filepath.Join(folder, partName), filepath.Join(folder, journalName))
			path := filepath.Join(folder, "file")
			require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", path, &lithopss3.DownloadOptions{Resume: true}))
			got, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(data, got), "the object's bytes")
			assert.Subset(t, append(left, "file", partName), testkit.Files(t, folder))
			for _, name := range left {
				assert.FileExists(t, filepath.Join(folder, name), "what is another's stays")
			}
			info, err := os.Stat(path)
			require.NoError(t, err)
			other := filepath.Join(folder, "other")
			require.NoError(t, os.WriteFile(other, nil, 0o666))
			fresh, err := os.Stat(other)
			require.NoError(t, err)
			testkit.AssertMode(t, fresh.Mode().Perm(), info.Mode(), "the umask's permissions")
		})
	}
}

// TestResumeNextToSpecialFiles has something that is no file in the place of the journal
// or the part file: an error, at once, or the object; and what is there stays.
func TestResumeNextToSpecialFiles(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.WriteFile(outside, []byte("mine"), 0o600))
	plants := map[string]func(t *testing.T, path string){
		"a link to a file":    func(t *testing.T, path string) { testkit.Symlink(t, outside, path) },
		"a link to nothing":   func(t *testing.T, path string) { testkit.Symlink(t, "nothing", path) },
		"a link to itself":    func(t *testing.T, path string) { testkit.Symlink(t, filepath.Base(path), path) },
		"a link to the other": func(t *testing.T, path string) { testkit.Symlink(t, partName, path) },
		"a FIFO":              func(t *testing.T, path string) { testkit.FIFO(t, path) },
		"a folder":            func(t *testing.T, path string) { require.NoError(t, os.Mkdir(path, 0o700)) },
		"a socket": func(t *testing.T, path string) {
			testkit.Socket(t, path)
		},
	}
	server := &oddServer{data: testkit.Bytes(9 * unit)}
	store := openWire(t, server.trip)
	for name, plant := range testkit.Some(plants, 3) {
		for _, place := range []string{journalName, partName, tempName} {
			t.Run(name+" at "+place, func(t *testing.T) {
				t.Parallel()
				folder := testkit.ShortDir(t)
				path := filepath.Join(folder, "file")
				plant(t, filepath.Join(folder, place))
				before, err := os.Lstat(filepath.Join(folder, place))
				require.NoError(t, err)
				err = store.DownloadFile(t.Context(), "bucket", "key", path, &lithopss3.DownloadOptions{Resume: true})
				if place == journalName {
					require.ErrorContains(t, err, "is no regular file, where the journal of a resumable download belongs: remove it, or download without resuming")
				} else {
					require.NoError(t, err)
				}
				require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", path, nil))
				got, err := os.ReadFile(path)
				require.NoError(t, err)
				assert.True(t, bytes.Equal(server.data, got))
				after, err := os.Lstat(filepath.Join(folder, place))
				require.NoError(t, err)
				assert.True(t, os.SameFile(before, after))
				assert.ElementsMatch(t, []string{place, "file"}, testkit.Files(t, folder))
			})
		}
	}
	t.Cleanup(func() {
		kept, err := os.ReadFile(outside)
		assert.NoError(t, err)
		assert.Equal(t, "mine", string(kept))
	})
}

// TestOwnFilesWithTemporaryNames has files of the user's under every name that a
// download may use for itself: they stay as they are.
func TestOwnFilesWithTemporaryNames(t *testing.T) {
	t.Parallel()
	server := &oddServer{data: testkit.Bytes(9 * unit)}
	store := openWire(t, server.trip)
	folder := t.TempDir()
	mine := map[string]string{partName: "my part", journalName: `{"my":"journal"}`, tempName: "my temporary file"}
	for name, text := range mine {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	for _, resume := range []bool{false, true} {
		path := filepath.Join(folder, "file")
		require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", path, &lithopss3.DownloadOptions{Resume: resume}))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(server.data, got))
		for name, text := range mine {
			kept, err := os.ReadFile(filepath.Join(folder, name))
			require.NoError(t, err)
			assert.Equal(t, text, string(kept), name)
		}
		assert.Len(t, testkit.Files(t, folder), 4)
	}
}

// TestKeysWithTemporaryNames downloads objects into the names that another download
// uses for itself at that moment: all of them arrive.
func TestKeysWithTemporaryNames(t *testing.T) {
	t.Parallel()
	for _, resume := range []bool{false, true} {
		for _, fail := range []bool{false, true} {
			t.Run(fmt.Sprintf("resume %v, fail %v", resume, fail), func(t *testing.T) {
				t.Parallel()
				if resume {
					testkit.NeedsRenameOverOpen(t)
				}
				folder := t.TempDir()
				root, err := os.OpenRoot(folder)
				require.NoError(t, err)
				defer func() { _ = root.Close() }()
				opts := &lithopss3.DownloadOptions{Root: root, Resume: resume}
				names := []string{partName, journalName, tempName}
				small, large := &oddServer{data: []byte("of another key")}, &oddServer{data: testkit.Bytes(20 * unit)}
				var store *lithopss3.Store
				var once sync.Once
				refuse := fail
				store = openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
					if !strings.HasSuffix(request.URL.Path, "/file") {
						return small.trip(request, next)
					}
					if rangeStart(request) == 16*unit {
						once.Do(func() {
							for _, name := range names {
								assert.NoError(t, store.DownloadFile(context.Background(), "bucket", name, name, opts), name)
							}
						})
						if refuse {
							return testkit.ErrorAnswer(request, http.StatusForbidden, "AccessDenied"), nil
						}
					}
					return large.trip(request, next)
				})
				err = store.DownloadFile(t.Context(), "bucket", "file", "file", opts)
				if fail {
					require.ErrorIs(t, err, os.ErrPermission)
					refuse = false
					err = store.DownloadFile(t.Context(), "bucket", "file", "file", opts)
				}
				require.NoError(t, err)
				got, err := os.ReadFile(filepath.Join(folder, "file"))
				require.NoError(t, err)
				assert.True(t, bytes.Equal(large.data, got))
				for _, name := range names {
					got, err := os.ReadFile(filepath.Join(folder, name))
					require.NoError(t, err, name)
					assert.Equal(t, "of another key", string(got), name)
				}
				if !fail {
					assert.Len(t, testkit.Files(t, folder), 4)
				}
			})
		}
	}
}

// TestJournalNamesNothingElse gives the journal a part file of another folder.
func TestJournalNamesNothingElse(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	store, data := interrupted(t, folder)
	other := filepath.Join(t.TempDir(), ".other.lithops-s3.part")
	require.NoError(t, os.Rename(filepath.Join(folder, partName), other))
	line, err := json.Marshal(map[string]any{"part": other, "inode": 1})
	require.NoError(t, err)
	journal, err := os.OpenFile(filepath.Join(folder, journalName), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = journal.Write(append(line, '\n'))
	require.NoError(t, err)
	require.NoError(t, journal.Close())
	path := filepath.Join(folder, "file")
	require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", path, &lithopss3.DownloadOptions{Resume: true}))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(data, got))
	assert.Equal(t, []string{"file"}, testkit.Files(t, folder))
	assert.FileExists(t, other)
}
