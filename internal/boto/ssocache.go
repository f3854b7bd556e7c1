package boto

import (
	"crypto/sha1" //nolint:gosec // the name of a cache file, as the AWS command line makes it
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/lithops-go/lithopss3/internal/boundedfile"
	"github.com/lithops-go/lithopss3/internal/dateutil"
	"github.com/lithops-go/lithopss3/internal/partfile"
)

// An SSOToken is a token that "aws sso login" left in ~/.aws/sso/cache. The
// fields that this package does not know are kept.
type SSOToken struct {
	path   string
	fields map[string]any
}

// LoadSSOToken reads the token of an sso-session, or, where it has none, of a start URL.
func LoadSSOToken(home, sessionOrURL string) (*SSOToken, error) {
	name := sha1.Sum([]byte(sessionOrURL)) //nolint:gosec // see above
	path := filepath.Join(home, ".aws", "sso", "cache", hex.EncodeToString(name[:])+".json")
	token, err := readSSOToken(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, failure("SSOTokenLoadError", "no token for %s in %s: run aws sso login", sessionOrURL, path)
	}
	return token, err
}

func readSSOToken(path string) (*SSOToken, error) {
	data, err := boundedfile.Read(path, MaxFile)
	if err != nil {
		return nil, failure("SSOTokenLoadError", "%w", err)
	}
	token := &SSOToken{path: path}
	if err := json.Unmarshal(data, &token.fields); err != nil {
		return nil, failure("SSOTokenLoadError", "%s is not a JSON object: run aws sso login", path)
	}
	if token.Get("accessToken") == "" || token.Get("expiresAt") == "" {
		return nil, failure("SSOTokenLoadError", "%s has no accessToken or no expiresAt: run aws sso login", path)
	}
	if err := CheckToken(path+": accessToken", token.Get("accessToken")); err != nil {
		return nil, err
	}
	if _, err := dateutil.Parse(token.Get("expiresAt")); err != nil {
		return nil, failure("ParserError", "%s: expiresAt: %w", path, err)
	}
	return token, nil
}

// Get is a field, or "".
func (t *SSOToken) Get(name string) string {
	text, _ := t.fields[name].(string)
	return text
}

// Expires is when the token ends; a time that can't be read is past.
func (t *SSOToken) Expires() time.Time { return t.time("expiresAt") }

func (t *SSOToken) time(name string) time.Time {
	at, err := dateutil.Parse(t.Get(name))
	if err != nil {
		return time.Time{}
	}
	return at
}

// CanRefresh tells whether the token has what a new one is asked for with, and a
// client registration that still holds.
func (t *SSOToken) CanRefresh(now time.Time) bool {
	for _, name := range []string{"clientId", "clientSecret", "refreshToken", "registrationExpiresAt"} {
		if t.Get(name) == "" {
			return false
		}
	}
	return now.Before(t.time("registrationExpiresAt"))
}

// Renewed takes over a new access token and writes the cache, for this user's
// eyes only. That the cache can't be written does not hurt the token.
func (t *SSOToken) Renewed(accessToken, refreshToken string, expires time.Time) {
	t.fields["accessToken"] = accessToken
	t.fields["expiresAt"] = expires.UTC().Format("2006-01-02T15:04:05Z")
	if refreshToken != "" {
		t.fields["refreshToken"] = refreshToken
	}
	data, err := json.Marshal(t.fields)
	if err != nil {
		return
	}
	_ = partfile.Replace(t.path, data, 0o600)
}

// Reload reads the cache again and reports whether another process has renewed the
// token meanwhile; it is then that process's token.
func (t *SSOToken) Reload() bool {
	fresh, err := readSSOToken(t.path)
	if err != nil || !fresh.Expires().After(t.Expires()) {
		return false
	}
	*t = *fresh
	return true
}
