// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/jobs"
)

// days returns after how many days what is temporary expires, 0 if that is not asked for.
func (c *bucketCommand) days() (int, error) {
	const day = 24 * time.Hour
	age := time.Duration(c.ExpireTemporary)
	if age == 0 && c.DryRun || c.DryRun && c.Create {
		return 0, fmt.Errorf("%w: --dry-run goes with --expire-temporary, and not with --create", errUsage)
	}
	if age%day != 0 {
		return 0, fmt.Errorf("%w: a bucket's lifecycle counts whole days, such as 7d or 2w", errUsage)
	}
	return int(age / day), nil
}

// An expiryReport says what expires in a bucket, in JSON.
type expiryReport struct {
	Bucket  string `json:"bucket"`
	Prefix  string `json:"prefix"`
	Days    int    `json:"days"`
	Changed bool   `json:"changed"` // with a dry run: would be
	DryRun  bool   `json:"dry_run"`
}

// expire has the server delete CloudObjects and abort uploads that are older.
func (c *bucketCommand) expire(t *terminal, store *lithopss3.Store, bucket string, days int) error {
	report := expiryReport{Bucket: bucket, Prefix: jobs.TempPrefix + "/", Days: days, DryRun: c.DryRun}
	var err error
	if report.Changed, err = store.ExpireAfter(t.ctx, bucket, report.Prefix, days, c.DryRun); err != nil {
		return hintExpiry(err, bucket, days)
	}
	if c.JSON {
		return t.printJSON(report)
	}
	word := "Set"
	switch {
	case !report.Changed:
		word = "Already set"
	case c.DryRun:
		word = "Would set"
	}
	_, err = fmt.Fprintf(t.stdout, "%s: after %s, objects below %s are deleted and incomplete multipart uploads aborted, in bucket %s\n",
		word, formatCount(int64(days), "day"), report.Prefix, sanitize.Name(bucket))
	return err
}

// hintExpiry says what to do where the server does not expire objects.
func hintExpiry(err error, bucket string, days int) error {
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return fmt.Errorf("%w (run from a timer instead: lithops-s3 clean --cloudobjects --older-than %dd --yes; lithops-s3 uploads %s --older-than %dh --abort)", err, days, sanitize.Name(bucket), 24*days)
}
