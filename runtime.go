package lithopss3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lithops-go/lithopss3/internal/boto"
	"github.com/lithops-go/lithopss3/internal/boundedfile"
	"github.com/lithops-go/lithopss3/internal/pyjson"
)

// Runtime metadata is kept in the bucket and copied to a local cache, both as
// JSON (InternalStorage.put_runtime_meta). Python believes the copy whatever
// bucket it came from. Here a note beside it says which; Python does not see the
// note, and a copy without one is not believed.

// originSuffix ends the name of the note.
const originSuffix = ".origin"

// origin is what the note says.
type origin struct {
	Bucket string `json:"bucket"`
	SHA256 string `json:"sha256"` // of the copy that was made
}

// PutRuntimeMeta stores a runtime's metadata, anything that encoding/json takes.
// The runtime is named as by Lithops, "aws_lambda/3.7.1/us-east-1/name/256".
func (j *Jobs) PutRuntimeMeta(ctx context.Context, runtime string, meta any) error {
	data, err := pyjson.Encode(meta)
	if err != nil {
		return fmt.Errorf("the metadata of runtime %s: %w", runtime, err)
	}
	j.dropCached(runtime) // whatever becomes of the request, the copy is old
	if err := j.PutData(ctx, RuntimeKey(runtime), bytes.NewReader(data)); err != nil {
		return err
	}
	j.cache(runtime, data)
	return nil
}

// RuntimeMeta reads a runtime's metadata as JSON, from the local cache if the
// copy there is of this bucket, and caches it. It is fs.ErrNotExist where there
// is none.
func (j *Jobs) RuntimeMeta(ctx context.Context, runtime string) (json.RawMessage, error) {
	if data, ok := j.cached(runtime); ok {
		return data, nil
	}
	data, err := j.read(ctx, RuntimeKey(runtime), maxStatus)
	if err != nil {
		return nil, err
	}
	if _, err := pyjson.Decode(data); err != nil {
		return nil, fmt.Errorf("%s: %w", RuntimeKey(runtime), err)
	}
	j.cache(runtime, data)
	return data, nil
}

// DeleteRuntimeMeta removes a runtime's metadata, from the cache too. That there
// is none is no error.
func (j *Jobs) DeleteRuntimeMeta(ctx context.Context, runtime string) error {
	j.dropCached(runtime)
	return j.DeleteData(ctx, RuntimeKey(runtime))
}

// cachePath is where Python has the copy; ok is false where there is no cache,
// or the name leads out of it.
func (j *Jobs) cachePath(runtime string) (path string, ok bool) {
	local := filepath.FromSlash(runtime + runtimeSuffix)
	if j.CacheDir == "" || !filepath.IsLocal(local) {
		return "", false
	}
	return filepath.Join(j.CacheDir, RuntimesPrefix, local), true
}

func (j *Jobs) cached(runtime string) ([]byte, bool) {
	path, ok := j.cachePath(runtime)
	if !ok {
		return nil, false
	}
	note, err := boundedfile.Read(path+originSuffix, boto.MaxFile)
	if err != nil {
		return nil, false
	}
	data, err := boundedfile.Read(path, maxStatus)
	var from origin
	if err != nil || json.Unmarshal(note, &from) != nil || from != j.originOf(data) {
		return nil, false
	}
	return data, true
}

func (j *Jobs) originOf(data []byte) origin {
	sum := sha256.Sum256(data)
	return origin{Bucket: j.bucket, SHA256: hex.EncodeToString(sum[:])}
}

// cache makes the copy and its note. A cache that can't be written is none.
func (j *Jobs) cache(runtime string, data []byte) {
	path, ok := j.cachePath(runtime)
	if !ok {
		return
	}
	note, err := json.Marshal(j.originOf(data))
	if err != nil || os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	if replaceFile(path, data) == nil {
		_ = replaceFile(path+originSuffix, note)
	}
}

// replaceFile writes a file that is always whole, for this user's eyes only.
func replaceFile(path string, data []byte) error {
	target, err := openTarget(nil, path)
	if err != nil {
		return err
	}
	defer target.close()
	file, err := target.create()
	if err != nil {
		return err
	}
	return target.replace(file, false, func() error {
		if err := file.Chmod(0o600); err != nil {
			return err
		}
		_, err := file.Write(data)
		return err
	}, func() {})
}

// dropCached removes the copy, so that Python does not believe it either.
func (j *Jobs) dropCached(runtime string) {
	if path, ok := j.cachePath(runtime); ok {
		_ = errors.Join(os.Remove(path), os.Remove(path+originSuffix))
	}
}
