// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"crypto/sha1"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The seeds of these targets are in testdata/fuzz.

// FuzzSSOToken checks that no error repeats what is in the cache of aws sso login.
func FuzzSSOToken(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		home := t.TempDir()
		name := sha1.Sum([]byte("s"))
		folder := filepath.Join(home, ".aws", "sso", "cache")
		path := filepath.Join(folder, hex.EncodeToString(name[:])+".json")
		if os.MkdirAll(folder, 0o700) != nil || os.WriteFile(path, data, 0o600) != nil {
			t.Fatal("no folder")
		}
		token, err := loadSSOToken(folder, "s")
		if err != nil {
			if strings.Contains(err.Error(), "canary") {
				t.Fatalf("%v", err)
			}
			return
		}
		_, _ = token.expires(), token.canRefresh(time.Now())
		token.renewed("new", "", time.Now().Add(time.Hour))
		if again, err := loadSSOToken(folder, "s"); err != nil || again.get("accessToken") != "new" {
			t.Fatalf("the renewed token can't be read: %v", err)
		}
	})
}
