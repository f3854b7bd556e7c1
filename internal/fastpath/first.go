// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"strconv"
)

// A First is what the first put of a small object to a bucket is like.
type First struct {
	Scheme, Host string
	Prefix       string // the path before the key
	Region       string // that is signed
	UserAgent    string
	Attempts     int  // at most
	HasCRC32     bool // unless the input has another checksum
}

// template returns the template that the SDK's request would give.
func (f *First) template() *template {
	return &template{
		isUsable: true, isUnproven: true,
		scheme: f.Scheme, host: f.Host, prefix: f.Prefix, query: "x-id=PutObject", region: f.Region,
		unsigned: []header{
			{"User-Agent", f.UserAgent}, {"Accept-Encoding", "identity"}, {"Amz-Sdk-Request", "attempt=1; max=" + strconv.Itoa(f.Attempts)},
		},
		needsCRC32: f.HasCRC32, hasHash: true, isBodyTrusted: f.Scheme == "https",
	}
}

// first returns a template for a put of which the SDK has sent none yet, or nil. A
// larger body is the SDK's, which waits with it until the server is known to take it.
func (c *Client) first(at templateKey, r *request) *template {
	if c.First == nil || at.operation != "PutObject" || r.large != nil || c.templates.isRefused(at) {
		return nil
	}
	first := c.First(at.bucket, at.region)
	if first == nil {
		return nil
	}
	made := first.template()
	c.templates.put(at, made)
	return made
}
