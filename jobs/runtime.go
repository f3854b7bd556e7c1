package jobs

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
	"github.com/lithops-go/lithopss3/internal/partfile"
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
func (c *Client) PutRuntimeMeta(ctx context.Context, runtime string, meta any) error {
	data, err := pyjson.Encode(meta)
	if err != nil {
		return fmt.Errorf("the metadata of runtime %s: %w", runtime, err)
	}
	c.dropCached(runtime) // whatever becomes of the request, the copy is old
	if err := c.PutData(ctx, RuntimeKey(runtime), bytes.NewReader(data)); err != nil {
		return err
	}
	c.cache(runtime, data)
	return nil
}

// RuntimeMeta reads a runtime's metadata as JSON, from the local cache if the
// copy there is of this bucket, and caches it. It is fs.ErrNotExist where there
// is none.
func (c *Client) RuntimeMeta(ctx context.Context, runtime string) (json.RawMessage, error) {
	if data, ok := c.cached(runtime); ok {
		return data, nil
	}
	data, err := c.read(ctx, RuntimeKey(runtime), maxStatus)
	if err != nil {
		return nil, err
	}
	if _, err := pyjson.Decode(data); err != nil {
		return nil, fmt.Errorf("%s: %w", RuntimeKey(runtime), err)
	}
	c.cache(runtime, data)
	return data, nil
}

// DeleteRuntimeMeta removes a runtime's metadata, from the cache too. That there
// is none is no error.
func (c *Client) DeleteRuntimeMeta(ctx context.Context, runtime string) error {
	c.dropCached(runtime)
	return c.DeleteData(ctx, RuntimeKey(runtime))
}

// cachePath is where Python has the copy; ok is false where there is no cache,
// or the name leads out of it.
func (c *Client) cachePath(runtime string) (path string, ok bool) {
	local := filepath.FromSlash(runtime + runtimeSuffix)
	if c.cacheDir == "" || !filepath.IsLocal(local) {
		return "", false
	}
	return filepath.Join(c.cacheDir, RuntimesPrefix, local), true
}

func (c *Client) cached(runtime string) ([]byte, bool) {
	path, ok := c.cachePath(runtime)
	if !ok {
		return nil, false
	}
	note, err := boundedfile.Read(path+originSuffix, boto.MaxFile)
	if err != nil {
		return nil, false
	}
	data, err := boundedfile.Read(path, maxStatus)
	var from origin
	if err != nil || json.Unmarshal(note, &from) != nil || from != c.originOf(data) {
		return nil, false
	}
	return data, true
}

func (c *Client) originOf(data []byte) origin {
	sum := sha256.Sum256(data)
	return origin{Bucket: c.bucket, SHA256: hex.EncodeToString(sum[:])}
}

// cache makes the copy and its note. A cache that can't be written is none.
func (c *Client) cache(runtime string, data []byte) {
	path, ok := c.cachePath(runtime)
	if !ok {
		return
	}
	note, err := json.Marshal(c.originOf(data))
	if err != nil || os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	if partfile.Replace(path, data, 0o600) == nil {
		_ = partfile.Replace(path+originSuffix, note, 0o600)
	}
}

// dropCached removes the copy, so that Python does not believe it either.
func (c *Client) dropCached(runtime string) {
	if path, ok := c.cachePath(runtime); ok {
		_ = errors.Join(os.Remove(path), os.Remove(path+originSuffix))
	}
}
