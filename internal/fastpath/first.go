// SPDX-License-Identifier: Apache-2.0

package fastpath

// first returns a template for a put of which the SDK has sent none yet, or nil. A
// larger body is the SDK's, which waits with it until the server is known to take it.
func (c *Client) first(at templateKey, r *request) *template {
	if c.First == nil || at.operation != "PutObject" || r.large != nil || c.templates.isRefused(at) {
		return nil
	}
	like := c.First(at.bucket, at.region)
	if like == nil {
		return nil
	}
	made := newTemplate(like, at.operation, "", "")
	if !made.isUsable {
		return nil
	}
	made.isUnproven = true
	c.templates.put(at, made)
	return made
}
