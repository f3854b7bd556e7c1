// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// ownBucket is how a person names the configuration's bucket.
const ownBucket = "."

const s3Scheme = "s3://"

// An objectName is a bucket and a key, or a prefix. An empty bucket is the
// configuration's own.
type objectName struct{ bucket, key string }

// String returns the name for a line of text.
func (o objectName) String() string {
	if o.key == "" {
		return sanitize.Name(o.bucket) + "/"
	}
	return sanitize.Name(o.bucket) + "/" + sanitize.Name(o.key)
}

// url returns the name as s3://bucket/key, for a line of text.
func (o objectName) url() string { return sanitize.Name(s3Scheme + o.bucket + "/" + o.key) }

// parseURL parses s3://bucket/key; isURL reports whether text begins like one.
func parseURL(text string) (name objectName, isURL bool, err error) {
	if len(text) < len(s3Scheme) || !strings.EqualFold(text[:len(s3Scheme)], s3Scheme) {
		return objectName{}, false, nil
	}
	name.bucket, name.key, _ = strings.Cut(text[len(s3Scheme):], "/")
	if name.bucket == "" {
		return name, true, usagef("%s names no bucket (s3://./KEY is a key in the configuration's own)", sanitize.Name(text))
	}
	if name.bucket == ownBucket {
		name.bucket = ""
	}
	return name, true, nil
}

// parseBucket parses a bucket's name, s3://NAME or . for the configuration's own,
// which is "".
func parseBucket(text string) (string, error) {
	name, isURL, err := parseURL(text)
	switch {
	case err != nil:
		return "", err
	case isURL && name.key != "":
		return "", usagef("%s names a key, where only a bucket can stand", sanitize.Name(text))
	case isURL:
		return name.bucket, nil
	case text == ownBucket:
		return "", nil
	case strings.Contains(text, "/"):
		return "", usagef("%s is no bucket's name; write s3://BUCKET/KEY for a key in a bucket", sanitize.Name(text))
	}
	return text, nil
}

// parseFolder parses what a command lists: nothing, BUCKET or s3://BUCKET/PREFIX.
func parseFolder(text string) (objectName, error) {
	if name, isURL, err := parseURL(text); isURL {
		return name, err
	}
	bucket, err := parseBucket(text)
	return objectName{bucket: bucket}, err
}

// parseObjects parses BUCKET KEY..., or s3://BUCKET/KEY....
func parseObjects(args []string) ([]objectName, error) {
	if len(args) == 0 {
		return nil, usagef("name an object: BUCKET KEY or s3://BUCKET/KEY")
	}
	name, isURL, err := parseURL(args[0])
	if err != nil || isURL && (name.key != "" || len(args) == 1) {
		return parseURLs(args)
	}
	bucket, err := parseBucket(args[0])
	if err != nil {
		return nil, err
	}
	if len(args) == 1 {
		return nil, usagef("%s names no key: write BUCKET KEY, s3://BUCKET/KEY, or . KEY for one in the configuration's own bucket", sanitize.Name(args[0]))
	}
	var names []objectName
	for _, key := range args[1:] {
		if _, isURL, _ := parseURL(key); isURL {
			return nil, usagef("%s after a bucket is no key: write either BUCKET KEY or s3://BUCKET/KEY", sanitize.Name(key))
		}
		if key == "" {
			return nil, usagef("an empty key names no object")
		}
		names = append(names, objectName{bucket, key})
	}
	return names, nil
}

func parseURLs(args []string) ([]objectName, error) {
	var names []objectName
	for _, arg := range args {
		name, isURL, err := parseURL(arg)
		switch {
		case err != nil:
			return nil, err
		case !isURL:
			return nil, usagef("%s is no s3://BUCKET/KEY, as the argument before it is", sanitize.Name(arg))
		case name.key == "":
			return nil, usagef("%s names no key", sanitize.Name(arg))
		}
		names = append(names, name)
	}
	return names, nil
}

// bucketOf returns bucket, or the configuration's own for "".
func (t *terminal) bucketOf(store *lithopss3.Store, bucket string) (string, error) {
	if bucket != "" {
		return bucket, nil
	}
	return store.Bucket(t.ctx)
}

// resolve fills in the configuration's bucket.
func (t *terminal) resolve(store *lithopss3.Store, name *objectName) (err error) {
	name.bucket, err = t.bucketOf(store, name.bucket)
	return err
}

// isFolder reports whether a path of this machine is a folder, or is written like one.
func isFolder(path string) bool {
	if strings.HasSuffix(path, "/") || strings.HasSuffix(path, string(os.PathSeparator)) {
		return true
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// joinFile returns the path of the file name in a folder. A file named - is none of the
// streams that - stands for.
func joinFile(folder, name string) string {
	if path := filepath.Join(folder, name); path != "-" {
		return path
	}
	return "." + string(filepath.Separator) + "-"
}

// standardOut returns - for the other name of standard output. A file of that name, to
// which a shell appends, must not be replaced.
func standardOut(path string) string {
	if path == "/dev/stdout" {
		return "-"
	}
	return path
}

// checkFile finds a missing file before any request is made. That it is missing
// is no missing object, so that the exit code is not that of one.
func checkFile(path string) error {
	if path == "-" {
		return nil
	}
	_, err := os.Stat(path)
	return fileError(path, err)
}

// fileError returns the error of checkFile for an error of os.Stat.
func fileError(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return usagef("%s: no such file", formatPath(path))
	}
	return err
}
