// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lithops-go/lithopss3/bench/s3null"
	"golang.org/x/sync/errgroup"
)

// A folderClient moves all files of a folder, each under its path with slashes.
type folderClient interface {
	putDir(ctx context.Context, folder, bucket string) error
	getDir(ctx context.Context, bucket, folder string) error
}

// folder has a client move the files of a job.
func (j *job) folder(ctx context.Context, c client) error {
	own, ok := c.(folderClient)
	if !ok {
		return errUnsupported
	}
	if j.Work == workPutDir {
		return own.putDir(ctx, j.Path, j.Bucket)
	}
	return own.getDir(ctx, j.Bucket, j.Path)
}

// makeFolder makes the folder that is uploaded, if it is not there, and returns its path.
func makeFolder(parent string, j *job) (string, error) {
	path := filepath.Join(parent, fmt.Sprintf("files-%d-%d", j.Count, j.Size))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	for i := range j.Count {
		key := s3null.SmallKey(i)
		file := filepath.Join(path, filepath.FromSlash(key))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return "", err
		}
		if err := os.WriteFile(file, s3null.Body(key, int(j.Size)), 0o600); err != nil {
			return "", err
		}
	}
	return path, nil
}

// checkFolder compares the files of a folder that was downloaded, and removes it.
func checkFolder(j *job) error {
	defer func() { _ = os.RemoveAll(j.Path) }()
	for i := range j.Count {
		key := s3null.SmallKey(i)
		data, err := os.ReadFile(filepath.Join(j.Path, filepath.FromSlash(key)))
		if err != nil {
			return err
		}
		if !bytes.Equal(data, s3null.Body(key, int(j.Size))) {
			return fmt.Errorf("%w: %s has other bytes", errWrong, key)
		}
	}
	entries, err := os.ReadDir(filepath.Join(j.Path, filepath.Dir(s3null.SmallKey(0))))
	if err == nil && len(entries) != j.Count {
		err = fmt.Errorf("%w: the folder has %d entries instead of %d", errWrong, len(entries), j.Count)
	}
	return err
}

// putDir has as many puts at once as a tuned client.
func (c *httpClient) putDir(ctx context.Context, folder, bucket string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(foldersAtOnce)
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		group.Go(func() error {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			key, _ := filepath.Rel(folder, path)
			return c.put(ctx, bucket, filepath.ToSlash(key), data)
		})
		return ctx.Err()
	})
	if waited := group.Wait(); waited != nil {
		return waited
	}
	return err
}

// getDir has as many gets at once as a tuned client.
func (c *httpClient) getDir(ctx context.Context, bucket, folder string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(foldersAtOnce)
	err := c.list(ctx, bucket, "", func(key string) {
		group.Go(func() error {
			data, err := c.get(ctx, bucket, key)
			if err != nil {
				return err
			}
			path := filepath.Join(folder, filepath.FromSlash(key))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return err
			}
			return os.WriteFile(path, data, 0o600)
		})
	})
	if waited := group.Wait(); waited != nil {
		return waited
	}
	return err
}
