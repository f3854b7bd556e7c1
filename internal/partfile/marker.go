// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"os"
)

// While a temporary file is written, a marker follows its last byte: it says that
// the file is one of this package's, and which. It is cut off before the file takes
// its final name.
//
// A marker proves its own file if it has the file's inode number, which no copy and
// no file of the user's has. A copy of a resumable file, in a restored backup for
// example, is proved by the nonce that its journal has too.

// markerSize is the length of every marker, in bytes.
const markerSize = 256

// markerVersion is the Version of each marker.
const markerVersion = 1

type marker struct {
	Version int    `json:"lithops_s3_temporary"`
	Inode   uint64 `json:"inode"`
	Nonce   string `json:"nonce"`
}

// newNonce returns 128 random bits, in hexadecimal.
func newNonce() string {
	var bits [16]byte
	_, _ = rand.Read(bits[:]) // which never fails
	return hex.EncodeToString(bits[:])
}

// write puts the marker at offset, where the file's content is going to end.
func (m marker) write(file io.WriterAt, offset int64) error {
	text, _ := json.Marshal(m) // which never fails
	padded := bytes.Repeat([]byte{' '}, markerSize)
	copy(padded, text)
	padded[markerSize-1] = '\n'
	_, err := file.WriteAt(padded, offset)
	return err
}

// readMarker returns the marker at the end of a file, and the zero marker if there
// is none.
func readMarker(file io.ReaderAt, info fs.FileInfo) marker {
	text := make([]byte, markerSize)
	_, err := file.ReadAt(text, info.Size()-markerSize) // which fails before the begin
	var m marker
	if err != nil || json.Unmarshal(text, &m) != nil || m.Version != markerVersion {
		return marker{}
	}
	return m
}

// provesItself reports whether the file ends with a marker that was made for it.
func provesItself(file *os.File, info fs.FileInfo) bool {
	m := readMarker(file, info)
	return m.Inode != 0 && m.Inode == inodeOf(file) && isOwn(info)
}
