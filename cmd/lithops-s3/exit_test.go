// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestExitCodes has a line for each reason that scripts tell apart.
func TestExitCodes(t *testing.T) {
	store := refuse(t, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/refused") })
	require.NoError(t, store.PutObject(t.Context(), refusedBucket, "key", strings.NewReader("text"), nil))
	require.NoError(t, store.PutObject(t.Context(), refusedBucket, "key2", strings.NewReader("text"), nil))
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("file", []byte("text"), 0o600))
	require.NoError(t, os.WriteFile("minio.yaml", []byte("lithops: {storage: minio}"), 0o600))
	require.NoError(t, os.WriteFile("broken.yaml", []byte("lithops: ["), 0o600))
	for line, want := range map[string]int{
		"":                                     0,
		"--help":                               0,
		"--version":                            0,
		"put file BUCKET -k x":                 0,
		"get BUCKET key -o -":                  0,
		"delete BUCKET missing":                0,
		"delete BUCKET -p none":                0,
		"put file BUCKET -k x -n":              0,
		"get BUCKET key -o none/file":          exitError,
		"get BUCKET key -o .":                  0,
		"get BUCKET key -o made/":              0,
		"-c minio.yaml list BUCKET":            exitConfig,
		"help list":                            0,
		"help nonsense":                        exitUsage,
		"copy a b":                             exitUsage,
		"ls s3://BUCKET":                       0,
		"ls s3://BUCKET/none":                  exitNotFound,
		"ls s3:///key":                         exitUsage,
		"cat BUCKET":                           exitUsage,
		"cat BUCKET missing":                   exitNotFound,
		"cat BUCKET refused":                   exitPermission,
		"cp file s3://BUCKET/x":                0,
		"cp missing s3://BUCKET":               exitUsage,
		"cp s3://BUCKET/missing x":             exitNotFound,
		"mv s3://BUCKET/key s3://BUCKET/key":   exitUsage,
		"rm s3://BUCKET":                       exitUsage,
		"rm -r s3://BUCKET":                    exitUsage, // several objects, and no --yes
		"sync missing s3://BUCKET":             exitUsage,
		"du no-such-bucket":                    exitNotFound,
		"mb Bad_Bucket!":                       exitUsage,
		"storage list BUCKET":                  0,
		"put file BUCKET -k x --metadata y":    exitUsage,
		"clean e-0 --older-than soon":          exitUsage,
		"clean e-0 -b aws_lambda -n":           exitUsage, // which is no storage
		"clean e-0 -s minio -n":                exitConfig,
		"presign BUCKET key":                   0,
		"presign BUCKET key --expires 8d":      exitUsage,
		"presign BUCKET key --expires 0s":      exitUsage,
		"ls s3://":                             0,
		"completion bash":                      0,
		"completion csh":                       exitUsage,
		"dev --addr 0.0.0.0:0":                 exitUsage,
		"completion":                           exitUsage,
		"man":                                  0,
		"--licenses":                           0,
		"nonsense":                             exitUsage,
		"lists BUCKET":                         exitUsage,
		"list":                                 exitNotFound, // the configuration's own bucket
		"list BUCKET extra":                    exitUsage,
		"list BUCKET --nonsense":               exitUsage,
		"list BUCKET --parallel many":          exitUsage,
		"list Bad_Bucket!":                     exitUsage,
		"list b\xff":                           exitUsage,
		"list BUCKET -p \xff":                  exitUsage,
		"put":                                  exitUsage,
		"put missing BUCKET":                   exitUsage,
		"put - BUCKET":                         exitUsage,
		"put -r - BUCKET -k x":                 exitUsage,
		"put -r file BUCKET":                   exitUsage,
		"put file BUCKET -k k\xff":             exitUsage,
		"put file BUCKET -k " + longKey:        exitUsage,
		"get BUCKET":                           exitUsage,
		"get BUCKET k\xff -o out":              exitUsage,
		"get BUCKET ../up":                     exitUsage,
		"get -r BUCKET key -o -":               exitUsage,
		"delete BUCKET":                        exitUsage,
		"delete BUCKET key -p key":             exitUsage,
		"delete BUCKET k\xff":                  exitUsage,
		"delete BUCKET -p key":                 exitUsage, // two objects, and no --yes
		"head BUCKET":                          exitUsage,
		"jobs show":                            exitUsage,
		"jobs show a/b --bucket BUCKET":        exitNotFound,
		"jobs watch e-0-M000/00000 --calls 1":  exitUsage,
		"jobs watch e-0 --calls 3":             exitUsage,
		"clean":                                exitUsage,
		"clean e-0 --all":                      exitUsage,
		"clean e-0 --bucket BUCKET":            exitUsage, // no --yes
		"uploads":                              exitNotFound,
		"uploads BUCKET --older-than tomorrow": exitUsage,
		"dev --load missing":                   exitUsage,
		"dev --region a/b":                     exitUsage,
		"get BUCKET missing -o out":            exitNotFound,
		"get BUCKET missing -o out -n":         exitNotFound,
		"get -r BUCKET missing -o out":         exitNotFound,
		"head BUCKET missing":                  exitNotFound,
		"delete BUCKET missing -n":             exitNotFound,
		"list no-such-bucket":                  exitNotFound,
		"put file no-such-bucket":              exitNotFound,
		"jobs show e-9 --bucket BUCKET":        exitNotFound,
		"jobs result e-9 --bucket BUCKET":      exitNotFound,
		"jobs logs e-9 --bucket BUCKET":        exitNotFound,
		"get BUCKET refused -o out":            exitPermission,
		"put file BUCKET -k refused":           exitPermission,
		"list BUCKET -c minio.yaml":            exitConfig,
		"list BUCKET -c broken.yaml":           exitConfig,
		"list BUCKET -c missing.yaml":          exitConfig,
		"list BUCKET -b minio":                 exitConfig,
		"config -c broken.yaml":                exitConfig,
		"doctor -c broken.yaml":                exitConfig,
	} {
		args := strings.Fields(strings.ReplaceAll(line, "BUCKET", refusedBucket))
		code, out, problems := command(t.Context(), args...)
		assert.Equal(t, want, code, "%q: %s%s", line, out, problems)
		if want != 0 && !strings.HasPrefix(line, "doctor") {
			assert.Contains(t, problems, "lithops-s3: ", "%q says why", line)
		}
	}
	_, err := store.HeadObject(t.Context(), refusedBucket, "key")
	require.NoError(t, err, "nothing was deleted")
	_, err = os.Stat("none")
	require.Error(t, err)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(interrupted{syscall.SIGINT})
	code, _, _ := command(ctx, "list", refusedBucket)
	assert.Equal(t, 130, code)
	code, out, _ := command(ctx, "demo")
	assert.Equal(t, 130, code)
	assert.NotContains(t, out, "own storage", "which is said after the last step")
}

var longKey = strings.Repeat("k", 1025)

// TestExitCodesWithoutCredentials checks the exit codes for missing keys and for a wrong
// secret.
func TestExitCodesWithoutCredentials(t *testing.T) {
	server, err := devs3.Start(nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	t.Chdir(t.TempDir())
	testkit.SetEnv(t, map[string]string{
		"HOME": t.TempDir(), "AWS_ENDPOINT_URL": server.URL(), "AWS_EC2_METADATA_DISABLED": "true", "LITHOPS_CONFIG": `{"aws": {"region": "us-east-1"}}`,
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
	})
	code, _, problems := command(t.Context(), "list", refusedBucket)
	assert.Equal(t, exitPermission, code, problems)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIADEVS3EXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	code, _, problems = command(t.Context(), "list", refusedBucket)
	assert.Equal(t, exitPermission, code, problems)
}
