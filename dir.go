// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/panics"
	"github.com/lithops-go/lithopss3/internal/partfile"
	"github.com/lithops-go/lithopss3/internal/progress"
)

// DirOptions are the options of PutDir and GetDir; nil is the zero value.
type DirOptions struct {
	// Parallel is how many files are transferred at once; 0 is 64, of which at most 8 have
	// more than 8 MiB. It is fewer, and at least 8, if the process may have fewer than 1,024
	// files open.
	Parallel int
	// Progress is called after each file with how many are done, never twice at a time.
	// Total is -1 until all of them are found. It must not block. May be nil. If it panics,
	// no further file is begun, and the call panics with the same value once the others
	// have ended.
	Progress func(Progress)
}

// PutDir stores the regular files below folder, each under prefix and its path with
// slashes: PutDir(ctx, "site", bucket, "www/", nil) stores site/a/b.txt as www/a/b.txt.
// Symbolic links, devices and empty folders are left out, and what an unfinished download
// of this package left, with which it may be resumed. An object that has no file is
// not deleted. The errors are joined, one for each file that was not stored, or folder that
// could not be read; the other files are stored.
func (s *Store) PutDir(ctx context.Context, folder, bucket, prefix string, opts *DirOptions) error {
	root, err := openfiles.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	t := newDirTransfer(ctx, opts)
	err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			t.finish(err) // of a folder; the others are still worth storing
			return nil
		}
		if !entry.Type().IsRegular() || partfile.IsLeftover(root, filepath.FromSlash(name)) {
			return nil
		}
		size := int64(0)
		if info, err := entry.Info(); err == nil { // else opening it says so
			size = info.Size()
		}
		return t.start(size, func(ctx context.Context) error { return s.putFileIn(ctx, root, name, bucket, prefix+name) })
	})
	return t.wait(err)
}

// putFileIn stores a file below root, which no link can lead out of.
func (s *Store) putFileIn(ctx context.Context, root *os.Root, name, bucket, key string) error {
	file, err := openfiles.OpenIn(root, filepath.FromSlash(name))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return s.PutObject(ctx, bucket, key, file, nil)
}

// GetDir downloads the objects whose keys begin with prefix into folder, which is made
// if it is missing: GetDir(ctx, bucket, "www/", "site", nil) is the reverse of PutDir.
// Each file is replaced once it is whole, see DownloadFile. A key that is no path below
// the folder is ErrUnsafeKey, see [LocalPath], and no symbolic link leads out of it. So
// is a second key for a file that was downloaded, where the file system takes two names
// for one; the first key's bytes stay.
// Empty objects whose keys end with a slash, which mark folders, are left out; one with
// bytes is ErrUnsafeKey, and so is an object whose key is the prefix. A file that has no
// object stays. The errors are joined, one for each object that was not downloaded; the
// others are.
func (s *Store) GetDir(ctx context.Context, bucket, prefix, folder string, opts *DirOptions) error {
	if err := os.MkdirAll(folder, partfile.FolderMode); err != nil {
		return err
	}
	root, err := openfiles.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	t := newDirTransfer(ctx, opts)
	together := DownloadOptions{Root: root}.Together()
	for info, listErr := range s.ListObjects(ctx, bucket, &ListOptions{Prefix: prefix}) {
		if listErr != nil {
			err = listErr
			break
		}
		name := info.Key[len(prefix):]
		if info.Size == 0 && strings.HasSuffix(info.Key, "/") {
			continue
		}
		if err = t.start(info.Size, func(ctx context.Context) error { return s.getFileIn(ctx, together, name, bucket, info) }); err != nil {
			break
		}
	}
	return t.wait(err)
}

// getFileIn downloads an object to a file below the options' root.
func (s *Store) getFileIn(ctx context.Context, opts DownloadOptions, name, bucket string, info ObjectInfo) error {
	local, err := LocalPath(name)
	if err != nil {
		return &Error{Op: "GetDir", Bucket: bucket, Key: info.Key, Err: err}
	}
	if dir := path.Dir(name); dir != "." {
		if err := opts.Root.MkdirAll(filepath.FromSlash(dir), partfile.FolderMode); err != nil {
			return fmt.Errorf("the folder of %s: %w", printableKey(info.Key), err)
		}
	}
	opts.Size = info.Size
	return s.DownloadFile(ctx, bucket, info.Key, local, &opts)
}

// A dirTransfer has several files in transfer at once.
type dirTransfer struct {
	ctx    context.Context //nolint:containedctx // of one call
	cancel context.CancelCauseFunc
	opts   DirOptions
	slots  chan struct{}
	large  chan struct{} // slots of large files; they need both
	group  panics.Group

	mu    sync.Mutex
	found int64
	done  int64
	total int64 // -1 until it is known
	errs  []error
}

func newDirTransfer(ctx context.Context, opts *DirOptions) *dirTransfer {
	t := &dirTransfer{total: -1}
	t.ctx, t.cancel = context.WithCancelCause(ctx)
	if opts != nil {
		t.opts = *opts
	}
	larges := t.opts.Parallel
	if t.opts.Parallel <= 0 {
		t.opts.Parallel, larges = openfiles.AtOnce(), openfiles.LargeAtOnce
	}
	t.slots, t.large = make(chan struct{}, t.opts.Parallel), make(chan struct{}, larges)
	return t
}

// start transfers a file of so many bytes in a goroutine of its own, once a slot is free.
// The error is that of the context.
func (t *dirTransfer) start(size int64, transfer func(context.Context) error) error {
	slots := []chan struct{}{t.slots}
	if size > openfiles.LargeFile {
		slots = []chan struct{}{t.large, t.slots}
	}
	for _, slot := range slots {
		select {
		case slot <- struct{}{}:
		case <-t.ctx.Done():
		}
	}
	if t.ctx.Err() != nil {
		return ended.Why(t.ctx)
	}
	t.mu.Lock()
	t.found++
	t.mu.Unlock()
	t.group.Go(func() {
		defer func() {
			for _, slot := range slots {
				<-slot
			}
		}()
		t.finish(transfer(t.ctx))
	}, func() { t.cancel(panics.ErrPanicked) })
	return nil
}

func (t *dirTransfer) finish(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.errs = append(t.errs, err)
		return
	}
	t.done++
	if t.opts.Progress != nil && t.group.IsEmpty() {
		defer t.group.Catch(func() { t.cancel(panics.ErrPanicked) })
		t.opts.Progress(Progress{Done: t.done, Total: t.total})
	}
}

// wait waits for all files. err is that of finding them.
func (t *dirTransfer) wait(err error) error {
	if err == nil {
		t.mu.Lock()
		t.total = t.found
		t.mu.Unlock()
	}
	t.group.Join()
	t.cancel(nil)
	t.group.Rethrow()
	return errors.Join(append(t.errs, err)...)
}

// downloadAhead is how many ranges DownloadTo reads ahead.
const downloadAhead = 8

// DownloadTo writes an object to w, from offset 0 on and in order, and returns how many
// bytes it wrote. It reads 8 ranges of 8 MiB ahead, which it holds in memory. All bytes
// are of one version, and compared with the object's checksum; if they are not the
// object's, the error is ErrChecksum after most of them were written. Resume, Root,
// Sync and ModTime of the options are for files, see DownloadFile, and have no effect.
func (s *Store) DownloadTo(ctx context.Context, bucket, key string, w io.WriterAt, opts *DownloadOptions) (int64, error) {
	if opts == nil {
		opts = &DownloadOptions{}
	}
	object, err := s.GetObject(ctx, bucket, key, &GetOptions{
		IfMatch: opts.IfMatch, VersionID: opts.VersionID, SSECustomerKey: opts.SSECustomerKey, Parallel: downloadAhead,
	})
	if err != nil {
		return 0, err
	}
	defer func() { _ = object.Body.Close() }()
	meter := progress.New(reportTo(opts.Progress), object.Length)
	n, err := io.Copy(&meteredWriter{io.NewOffsetWriter(w, 0), meter}, object.Body)
	if err == nil {
		meter.Finish(n)
	}
	return n, err
}

// A meteredWriter counts what is written.
type meteredWriter struct {
	io.Writer
	meter *progress.Meter
}

// Write writes and counts.
func (m *meteredWriter) Write(b []byte) (int, error) {
	n, err := m.Writer.Write(b)
	m.meter.Add(int64(n))
	return n, err
}

// LocalPath returns the path of the file for key, relative to any folder: key itself,
// with the separator of this system.
//
// The error is ErrUnsafeKey for a key that would lead out of the folder or that can't be
// a file's name. Such a key begins with a slash, contains a NUL, or has a component that
// is empty, "." or "..". On Windows these are errors too: a drive letter, a backslash, a
// character that names can't have, a reserved name such as NUL or COM1, and a component
// that ends with a dot or a space. Against symbolic links, use [DownloadOptions].Root.
func LocalPath(key string) (string, error) {
	return localPath(key, runtime.GOOS == "windows")
}

func localPath(key string, windows bool) (string, error) {
	for component := range strings.SplitSeq(key, "/") {
		if reason := unsafeComponent(component, windows); reason != "" {
			return "", fmt.Errorf("%w: %s has %s", ErrUnsafeKey, printableKey(key), reason)
		}
	}
	path := filepath.FromSlash(key)
	if !filepath.IsLocal(path) { // whatever else the system has
		return "", fmt.Errorf("%w: %s leads out of the folder", ErrUnsafeKey, printableKey(key))
	}
	return path, nil
}

// unsafeComponent returns what is wrong with a component of a key, or "".
func unsafeComponent(component string, windows bool) string {
	switch {
	case component == "":
		return "an empty component"
	case component == ".", component == "..":
		return fmt.Sprintf("the component %q", component)
	case strings.Contains(component, "\x00"):
		return "a NUL"
	case !windows:
		return ""
	case strings.ContainsFunc(component, func(r rune) bool { return r < ' ' || strings.ContainsRune(`\:*?"<>|`, r) }):
		return fmt.Sprintf("the component %q, which Windows takes for no name", component)
	case strings.HasSuffix(component, "."), strings.HasSuffix(component, " "):
		return fmt.Sprintf("the component %q, whose end Windows cuts off", component)
	case isReserved(component):
		return fmt.Sprintf("the component %q, which is a device on Windows", component)
	}
	return ""
}

// isReserved reports whether Windows reserves the name
// (https://learn.microsoft.com/windows/win32/fileio/naming-a-file).
func isReserved(component string) bool {
	base, _, _ := strings.Cut(component, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, isPort := strings.CutPrefix(base, "COM")
	if !isPort {
		port, isPort = strings.CutPrefix(base, "LPT")
	}
	digits := []rune(port)
	return isPort && len(digits) == 1 && strings.ContainsRune("0123456789¹²³", digits[0])
}
