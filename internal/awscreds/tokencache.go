// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"bytes"

	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/partfile"
)

// writeToken replaces the file of a token that was read as was, and that only this user may
// read. It leaves a file that has changed since: a person has signed in anew, perhaps as
// another, or out, which removes it. A token that can't be written still holds in this process.
func writeToken(path string, was, renewed []byte) {
	found, err := openfiles.Read(path, MaxFile)
	if err != nil || !bytes.Equal(found, was) {
		return
	}
	_ = partfile.Replace(path, renewed, 0o600)
}
