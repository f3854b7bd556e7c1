package boto

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os/exec"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/botofile"
)

// processAnswer is what a credential process prints. Keys must be written so.
type processAnswer struct {
	version         any
	accessKeyID     *string
	secretAccessKey *string
	sessionToken    *string
	expiration      *string
}

// Process runs the command of credential_process, split as Python's shlex splits
// it and without a shell (botocore.credentials.ProcessProvider).
func Process(ctx context.Context, command string) (*aws.Credentials, error) {
	words, err := botofile.SplitShell(command)
	if err != nil {
		return nil, failure("ValueError", "credential_process: %w", err)
	}
	if len(words) == 0 {
		return nil, failure("IndexError", "credential_process is empty")
	}
	var stdout, stderr bytes.Buffer
	process := exec.CommandContext(ctx, words[0], words[1:]...) //nolint:gosec // the user's own command
	process.Stdout, process.Stderr = &stdout, &stderr
	err = process.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return nil, failure("CredentialRetrievalError", "%s: %w: %s", words[0], err, clip(stderr.String()))
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound):
		return nil, failure("FileNotFoundError", "%s: no such command", words[0])
	case errors.Is(err, fs.ErrPermission):
		return nil, failure("PermissionError", "%s: not permitted to run", words[0])
	case err != nil:
		return nil, failure("CredentialRetrievalError", "%s: %w", words[0], err)
	}
	return parseProcess(words[0], stdout.Bytes())
}

// clip bounds what of a program's complaint goes into an error.
func clip(text string) string {
	const most = 500
	text = strings.TrimSpace(text)
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}

// parseProcess never prints the answer: it holds a secret.
func parseProcess(name string, data []byte) (*aws.Credentials, error) {
	answer, err := decodeProcess(data)
	if err != nil && json.Valid(data) {
		return nil, failure("AttributeError", "%s printed JSON that is not an object", name)
	}
	if err != nil {
		return nil, failure("JSONDecodeError", "%s printed what is not one JSON object", name)
	}
	if version, ok := answer.version.(float64); !ok || version != 1 {
		return nil, failure("CredentialRetrievalError", "%s printed a version that is not supported; it must be the number 1", name)
	}
	if answer.accessKeyID == nil || answer.secretAccessKey == nil {
		return nil, failure("CredentialRetrievalError", "%s did not print both AccessKeyId and SecretAccessKey", name)
	}
	found := &aws.Credentials{AccessKeyID: *answer.accessKeyID, SecretAccessKey: *answer.secretAccessKey}
	if answer.sessionToken != nil {
		found.SessionToken = *answer.sessionToken
	}
	if answer.expiration != nil {
		if found.Expires, err = ParseTime(*answer.expiration); err != nil {
			return nil, failure("ParserError", "%s: Expiration: %w", name, err)
		}
		found.CanExpire = true
	}
	return found, nil
}

// decodeProcess reads a map and not a struct, for which encoding/json ignores case.
func decodeProcess(data []byte) (processAnswer, error) {
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return processAnswer{}, err
	}
	text := func(name string) *string {
		if value, ok := fields[name].(string); ok {
			return &value
		}
		return nil
	}
	return processAnswer{fields["Version"], text("AccessKeyId"), text("SecretAccessKey"), text("SessionToken"), text("Expiration")}, nil
}
