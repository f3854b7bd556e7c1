// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzJournal reads any journal: only chunks that its source can have are believed.
func FuzzJournal(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "journal")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		j := &journal{chunks: map[int64]Chunk{}}
		if readJournal(file, &j.source, j.add) != nil {
			return
		}
		for at, chunk := range j.chunks {
			if chunk.At != at || at%j.source.Chunk != 0 || chunk.Bytes <= 0 || chunk.Bytes > j.source.Chunk || at+chunk.Bytes > j.source.Size {
				t.Fatalf("%d: %+v of %+v", at, chunk, j.source)
			}
		}
	})
}
