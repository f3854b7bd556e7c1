// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLocalCauses has no operation say that an object is missing, exists or is forbidden,
// unless the server said so: a token's file can be missing, and a firewall forbid to connect.
func TestLocalCauses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "file"), []byte("content"), 0o600))
	local := errors.Join(syscall.ENOENT, syscall.EACCES, syscall.EEXIST)
	unreachable := storeOfServer(t, func(*http.Request, http.RoundTripper) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: local}
	})
	noKeys := storeOfServer(t, nil, func(opts *lithopss3.Options) {
		opts.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, fmt.Errorf("mine: %w", local)
		})
	})
	check := func(name string, err error) {
		for _, answer := range []error{fs.ErrNotExist, fs.ErrPermission, fs.ErrExist} {
			assert.NotErrorIs(t, err, answer, name)
		}
		if err != nil { // some send nothing
			assert.ErrorIs(t, err, syscall.ENOENT, "%s: the cause is lost", name)
		}
	}
	var group sync.WaitGroup
	for name, op := range namingOps(folder) {
		for _, store := range []*lithopss3.Store{unreachable, noKeys} {
			group.Go(func() { check(name, op.do(t.Context(), store, "bucket", "key")) })
		}
	}
	group.Wait()
	failed := (*lithopss3.CredentialsError)(nil)
	require.ErrorAs(t, noKeys.HeadBucket(t.Context(), "bucket"), &failed)
}
