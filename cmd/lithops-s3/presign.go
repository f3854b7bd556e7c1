// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/lithops-go/lithopss3"
)

// maxPresigned is how long S3 takes a signature in a URL.
const maxPresigned = 7 * 24 * time.Hour

type presignCommand struct {
	storageFlags
	Args    []string `arg:"" optional:"" name:"object" help:"The bucket and keys, or s3://BUCKET/KEY. The bucket . is the configuration's."`
	Expires age      `default:"1h" placeholder:"AGE" help:"How long the URLs work: 30m, 12h, 7d at most; not longer than the credentials that sign them."`
	Put     bool     `help:"URLs to store the objects with, by a PUT, instead of fetching them."`
	JSON    bool     `name:"json" help:"Print JSON: an object for each URL."`
}

// Usage is shown by presign --help.
func (presignCommand) Usage() string { return "BUCKET KEY... | s3://BUCKET/KEY..." }

// Help is shown by presign --help.
func (presignCommand) Help() string {
	return `Anyone who has the URL can use it until it expires.

Examples:
  lithops-s3 presign s3://my-bucket/data/2026.csv --expires 7d
  curl -T data.csv "$(lithops-s3 presign --put s3://my-bucket/data.csv)"`
}

// A presignReport is a URL in JSON.
type presignReport struct {
	Bucket  string      `json:"bucket"`
	Key     string      `json:"key"`
	Method  string      `json:"method"`
	URL     string      `json:"url"`
	Headers http.Header `json:"headers,omitempty"` // that must be sent, too
	Expires time.Time   `json:"expires"`
}

// Run prints a URL for each object.
func (c *presignCommand) Run(t *terminal) error {
	names, err := parseObjects(c.Args)
	if err != nil {
		return err
	}
	if expires := time.Duration(c.Expires); expires < time.Second || expires > maxPresigned {
		return usagef("--expires is between 1s and 7d")
	}
	store, err := c.openFor(t, names)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	return t.eachObject(names, func(name objectName) error { return c.presign(t, store, name) })
}

func (c *presignCommand) presign(t *terminal, store *lithopss3.Store, name objectName) error {
	var request *lithopss3.PresignedRequest
	var err error
	if c.Put {
		request, err = store.PresignPut(t.ctx, name.bucket, name.key, time.Duration(c.Expires), nil)
	} else {
		request, err = store.PresignGet(t.ctx, name.bucket, name.key, time.Duration(c.Expires), nil)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(presignReport{name.bucket, name.key, request.Method, request.URL, request.Header, request.Expires.UTC()})
	}
	for header := range request.Header {
		_, _ = fmt.Fprintf(t.stderr, "send the header %s: %s with it\n", header, request.Header.Get(header))
	}
	return t.printRow("%s\n", request.URL)
}
