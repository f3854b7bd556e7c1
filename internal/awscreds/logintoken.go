// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/logincreds"
	"github.com/lithops-go/lithopss3/internal/dateutil"
	"github.com/lithops-go/lithopss3/internal/openfiles"
)

// A loginToken is a token that "aws login" left in ~/.aws/login/cache. The fields that
// this package does not know are kept.
type loginToken struct {
	path   string
	read   []byte // the file
	fields map[string]any
}

// readLoginToken reads a token and checks what logincreds takes for granted.
func readLoginToken(path string) (*loginToken, error) {
	data, err := openfiles.Read(path, MaxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, loginProblem(err, "no token in %s", path)
	}
	if err != nil {
		return nil, loginProblem(err, "%v", err)
	}
	token := &loginToken{path: path, read: data}
	if json.Unmarshal(data, &token.fields) != nil {
		return nil, loginProblem(nil, "%s is not a JSON object", path)
	}
	var missing []string
	for _, name := range []string{"refreshToken", "clientId", "dpopKey"} {
		if text(token.fields, name) == "" {
			missing = append(missing, name)
		}
	}
	for _, name := range []string{"accessKeyId", "secretAccessKey", "sessionToken", "accountId", "expiresAt"} {
		if text(token.access(), name) == "" {
			missing = append(missing, "accessToken."+name)
		}
	}
	if len(missing) > 0 {
		return nil, loginProblem(nil, "%s lacks %s", path, strings.Join(missing, ", "))
	}
	if _, err := dateutil.Parse(text(token.access(), "expiresAt")); err != nil {
		return nil, failure(kindParser, "%s: accessToken.expiresAt: %w", path, err)
	}
	block, _ := pem.Decode([]byte(text(token.fields, "dpopKey")))
	if block == nil {
		return nil, loginProblem(nil, "the dpopKey in %s is not PEM", path)
	}
	if _, err := x509.ParseECPrivateKey(block.Bytes); err != nil {
		return nil, loginProblem(nil, "the dpopKey in %s is not the key of an elliptic curve", path)
	}
	return token, nil
}

// text returns a field, or "".
func text(fields map[string]any, name string) string {
	found, _ := fields[name].(string)
	return found
}

func (t *loginToken) access() map[string]any {
	found, _ := t.fields["accessToken"].(map[string]any)
	return found
}

func (t *loginToken) credentials() *aws.Credentials {
	access := t.access()
	found := temporary(text(access, "accessKeyId"), text(access, "secretAccessKey"), text(access, "sessionToken"), t.expires())
	found.AccountID = text(access, "accountId")
	return found
}

// expires returns when the credentials end.
func (t *loginToken) expires() time.Time {
	at, _ := dateutil.Parse(text(t.access(), "expiresAt")) // which was parsed before
	return at
}

// renew asks for new credentials and writes the cache. logincreds renews a token only
// after its end, and overwrites its file in place, without the fields that it does not
// know. So it works on a copy that says that it has ended.
func (t *loginToken) renew(ctx context.Context, client logincreds.TokenAPIClient) error {
	folder, err := os.MkdirTemp("", "lithops-s3-login-") // for this user only
	if err != nil {
		return err
	}
	path := filepath.Join(folder, "token.json")
	defer func() {
		_ = os.Remove(path) // which RemoveAll can't on every file system of Windows
		_ = os.RemoveAll(folder)
	}()
	copied := maps.Clone(t.fields)
	access := maps.Clone(t.access())
	access["expiresAt"] = time.Unix(1, 0).UTC().Format(time.RFC3339)
	copied["accessToken"] = access
	data, err := json.Marshal(copied)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, data, 0o600); err != nil { //nolint:forbidigo // in a folder of its own
		return err
	}
	provider := logincreds.New(client, path, func(o *logincreds.Options) { o.RestrictPermissions = true })
	if _, err := provider.Retrieve(ctx); err != nil {
		return err
	}
	fresh, err := readLoginToken(path)
	if err != nil {
		return err
	}
	t.keep(fresh)
	return nil
}

// keep takes what was renewed and writes the cache.
func (t *loginToken) keep(fresh *loginToken) {
	access := maps.Clone(t.access())
	maps.Copy(access, fresh.access())
	access["expiresAt"] = fresh.expires().UTC().Format("2006-01-02T15:04:05Z")
	t.fields["accessToken"] = access
	t.fields["refreshToken"] = fresh.fields["refreshToken"]
	if data, err := json.Marshal(t.fields); err == nil {
		writeToken(t.path, t.read, data)
	}
}

// reload reads the cache again and reports whether another process has renewed the
// token meanwhile; it is then that process's token.
func (t *loginToken) reload() bool {
	fresh, err := readLoginToken(t.path)
	if err != nil || !fresh.expires().After(t.expires()) || !fresh.expires().After(time.Now()) {
		return false
	}
	*t = *fresh
	return true
}
