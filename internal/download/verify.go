// SPDX-License-Identifier: Apache-2.0

package download

import (
	"context"
	"crypto/md5" //nolint:gosec // an ETag is one, and not a protection from anybody
	"encoding/hex"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/partfile"
)

// verify compares the whole with the server's checksum, if there is one.
func (d *download) verify(ctx context.Context) error {
	if !d.sum.IsKnown() || !d.sum.Kind.CanCombine() {
		return d.compareFile(ctx)
	}
	total, chunk := uint64(0), d.opts.scaled(ChunkSize)
	for index, sum := range d.sums {
		total = d.sum.Kind.Combine(total, sum, min(chunk, d.size-int64(index)*chunk))
	}
	return d.sum.Compare(d.sum.Kind.Bytes(total))
}

// compareFile reads the file once more to compare it with the server's checksum.
func (d *download) compareFile(ctx context.Context) error {
	if !d.sum.IsKnown() {
		return nil
	}
	hash := d.sum.Kind.New()
	if _, err := io.Copy(hash, d.section(ctx, 0, d.size)); err != nil {
		return err
	}
	return d.sum.Compare(hash.Sum(nil))
}

// section reads a part of the file, until ctx ends.
func (d *download) section(ctx context.Context, offset, length int64) io.Reader {
	return &section{io.NewSectionReader(d.file, offset, length), ctx}
}

type section struct {
	io.Reader
	ctx context.Context //nolint:containedctx // a reader has no other way to hear a cancel
}

// Read reads, unless the context has ended.
func (s *section) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, ended.Why(s.ctx)
	}
	return s.Reader.Read(p)
}

// keptChunks returns what an earlier download left.
func (d *download) keptChunks() []partfile.Chunk {
	var kept []partfile.Chunk
	for offset := int64(0); offset < d.size; offset += d.opts.scaled(ChunkSize) {
		if chunk := d.file.Chunk(offset); chunk.Bytes > 0 {
			kept = append(kept, chunk)
		}
	}
	return kept
}

// getAgain gets what an earlier download left, because nothing of the server's
// proves those bytes: only the journal, which lay next to them, does.
func (d *download) getAgain(ctx context.Context, kept []partfile.Chunk) error {
	buffer := make([]byte, d.opts.scaled(copySize))
	for _, chunk := range kept {
		answer, err := d.open(ctx, chunk.At, chunk.Bytes)
		if err != nil {
			return err
		}
		_, err = io.CopyBuffer(&offsetWriter{d.file, chunk.At}, struct{ io.Reader }{answer.Body}, buffer)
		_ = answer.Body.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// partSizes are the sizes, in MiB, of the parts that clients upload: 8 is boto3's and
// the AWS command's.
var partSizes = []int64{8, 5, 6, 10, 15, 16, 20, 25, 32, 50, 64, 100, 128, 256, 512, 1024}

// provedByETag reports whether the file's bytes have the object's ETag, where that is
// an MD5: of the bytes, or of the MD5s of parts whose size can be guessed from their
// number. False is no proof of the opposite, as an ETag may be something else.
func (d *download) provedByETag(ctx context.Context) bool {
	want, count, isParts := strings.Cut(strings.Trim(d.etag, `"`), "-")
	if _, err := hex.DecodeString(want); err != nil || len(want) != hex.EncodedLen(md5.Size) {
		return false
	}
	if !isParts {
		return d.md5Of(ctx, 0, d.size) == strings.ToLower(want)
	}
	parts, err := strconv.ParseInt(count, 10, 64)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(partSizes, func(mib int64) bool {
		size := d.opts.scaled(mib << 20)
		return (d.size+size-1)/size == parts && d.md5OfParts(ctx, size) == strings.ToLower(want)
	})
}

// md5Of returns the MD5 of a part of the file, in hexadecimal, and "" if it can't be read.
func (d *download) md5Of(ctx context.Context, offset, length int64) string {
	hash := md5.New() //nolint:gosec // see the import
	if _, err := io.Copy(hash, d.section(ctx, offset, length)); err != nil {
		return ""
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// md5OfParts returns the MD5 of the MD5s of parts of this size, in hexadecimal.
func (d *download) md5OfParts(ctx context.Context, size int64) string {
	hash := md5.New() //nolint:gosec // see the import
	for offset := int64(0); offset < d.size; offset += size {
		sum, _ := hex.DecodeString(d.md5Of(ctx, offset, min(size, d.size-offset)))
		_, _ = hash.Write(sum)
	}
	return hex.EncodeToString(hash.Sum(nil))
}
