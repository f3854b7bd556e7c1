// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"crypto/sha1" //nolint:gosec // the name of a cache file, as the AWS command line makes it
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/lithops-go/lithopss3/internal/dateutil"
	"github.com/lithops-go/lithopss3/internal/openfiles"
)

// An ssoToken is a token that "aws sso login" left in ~/.aws/sso/cache. The
// fields that this package does not know are kept.
type ssoToken struct {
	path   string
	read   []byte // the file
	fields map[string]any
}

// loadSSOToken reads the token of an sso-session, or of a start URL, from the cache in
// folder.
func loadSSOToken(folder, sessionOrURL string) (*ssoToken, error) {
	name := sha1.Sum([]byte(sessionOrURL)) //nolint:gosec // see above
	path := filepath.Join(folder, hex.EncodeToString(name[:])+".json")
	token, err := readSSOToken(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, failure("SSOTokenLoadError", "no token for %s in %s: run aws sso login", sessionOrURL, path)
	}
	return token, err
}

func readSSOToken(path string) (*ssoToken, error) {
	data, err := openfiles.Read(path, MaxFile)
	if err != nil {
		return nil, failure("SSOTokenLoadError", "%w", err)
	}
	token := &ssoToken{path: path, read: data}
	if err := json.Unmarshal(data, &token.fields); err != nil {
		return nil, failure("SSOTokenLoadError", "%s is not a JSON object: run aws sso login", path)
	}
	if token.get("accessToken") == "" || token.get("expiresAt") == "" {
		return nil, failure("SSOTokenLoadError", "%s has no accessToken or no expiresAt: run aws sso login", path)
	}
	if err := checkToken(path+": accessToken", token.get("accessToken")); err != nil {
		return nil, err
	}
	if _, err := dateutil.Parse(token.get("expiresAt")); err != nil {
		return nil, failure(kindParser, "%s: expiresAt: %w", path, err)
	}
	return token, nil
}

// get returns a field, or "".
func (t *ssoToken) get(name string) string {
	text, _ := t.fields[name].(string)
	return text
}

// expires returns when the token ends; a time that can't be read is past.
func (t *ssoToken) expires() time.Time { return t.time("expiresAt") }

func (t *ssoToken) time(name string) time.Time {
	at, err := dateutil.Parse(t.get(name))
	if err != nil {
		return time.Time{}
	}
	return at
}

// canRefresh reports whether the token has what a renewal needs, and a client
// registration that still holds.
func (t *ssoToken) canRefresh(now time.Time) bool {
	for _, name := range []string{"clientId", "clientSecret", "refreshToken", "registrationExpiresAt"} {
		if t.get(name) == "" {
			return false
		}
	}
	return now.Before(t.time("registrationExpiresAt"))
}

// renewed keeps a new access token, and writes it to the cache.
func (t *ssoToken) renewed(accessToken, refreshToken string, expires time.Time) {
	t.fields["accessToken"] = accessToken
	t.fields["expiresAt"] = expires.UTC().Format("2006-01-02T15:04:05Z")
	if refreshToken != "" {
		t.fields["refreshToken"] = refreshToken
	}
	data, err := json.Marshal(t.fields)
	if err != nil {
		return
	}
	writeToken(t.path, t.read, data)
}

// reload reads the cache again and reports whether another process has renewed the
// token meanwhile; it is then that process's token.
func (t *ssoToken) reload() bool {
	fresh, err := readSSOToken(t.path)
	if err != nil || !fresh.expires().After(t.expires()) {
		return false
	}
	*t = *fresh
	return true
}
