// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/md5" //nolint:gosec // S3's ETags are MD5
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// partSizes are the sizes that clients cut uploads into, in MiB.
var partSizes = []int64{8, 5, 16, 15, 10, 25, 32, 50, 64, 100, 128, 200, 256, 512, 1024}

// hasETag compares a file of size bytes with an object's ETag: the MD5 of its bytes,
// or of its parts' MD5s. Known is false if the ETag is neither, or if the size of
// the parts can't be told.
func hasETag(file io.ReadSeeker, size int64, etag string) (same, known bool, err error) {
	sum, count, isParts := strings.Cut(strings.Trim(etag, `"`), "-")
	if raw, err := hex.DecodeString(sum); err != nil || len(raw) != md5.Size {
		return false, false, nil //nolint:nilerr // another kind of ETag
	}
	if !isParts {
		found, err := md5Of(file, size)
		return hex.EncodeToString(found) == strings.ToLower(sum), err == nil, err
	}
	parts, err := strconv.ParseInt(count, 10, 32)
	if err != nil || parts < 1 {
		return false, false, nil //nolint:nilerr // another kind of ETag
	}
	for _, length := range partLengths(size, parts) {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return false, false, err
		}
		found, err := md5OfParts(file, size, length)
		if err != nil {
			return false, false, err
		}
		if hex.EncodeToString(found) == strings.ToLower(sum) {
			return true, true, nil
		}
		known = true
	}
	return false, known, nil
}

// partLengths returns the lengths that clients cut size bytes into, so that they are so many parts.
func partLengths(size, parts int64) (lengths []int64) {
	for _, mebibytes := range partSizes {
		if length := mebibytes << 20; (size+length-1)/length == parts {
			lengths = append(lengths, length)
		}
	}
	return lengths
}

// md5Of returns the MD5 of the next size bytes.
func md5Of(file io.Reader, size int64) ([]byte, error) {
	hash := md5.New() //nolint:gosec // S3's ETags are MD5
	_, err := io.CopyN(hash, file, size)
	return hash.Sum(nil), err
}

// md5OfParts returns the MD5 of the MD5s of all parts.
func md5OfParts(file io.Reader, size, length int64) ([]byte, error) {
	hash := md5.New() //nolint:gosec // S3's ETags are MD5
	for left := size; left > 0; left -= length {
		sum, err := md5Of(file, min(left, length))
		if err != nil {
			return nil, err
		}
		_, _ = hash.Write(sum)
	}
	return hash.Sum(nil), nil
}

func sortedNames(entries map[string]entry) []string { return slices.Sorted(maps.Keys(entries)) }
