// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHostThatIsNotASCII checks the refusal: net/http would send another host than the
// signed one.
func TestHostThatIsNotASCII(t *testing.T) {
	t.Parallel()
	client := &Client{Peer: &Peer{}, Transport: testkit.RoundTripper(func(*http.Request) (*http.Response, error) { return nil, assert.AnError })}
	for host, isSent := range map[string]bool{"s3.example": true, "s3.bücher.example": false, "xn--bcher-kva.example": true} {
		_, err := client.Send(t.Context(), &http.Request{URL: &url.URL{Scheme: "https", Host: host}})
		assert.Equal(t, isSent, errors.Is(err, assert.AnError), "%s: %v", host, err)
	}
}

// TestSchemeIsCheckedOnce checks that an answer that is only alike is left as it was.
func TestSchemeIsCheckedOnce(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "short", strings.Repeat("x", 2000)} {
		response := &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		require.NoError(t, checkScheme(&url.URL{Scheme: "http"}, response))
		got, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		assert.Equal(t, body, string(got))
	}
	broken := &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: io.NopCloser(io.MultiReader(strings.NewReader("a"), &onceReader{err: assert.AnError}))}
	require.NoError(t, checkScheme(&url.URL{Scheme: "http"}, broken))
	got, err := io.ReadAll(broken.Body)
	require.ErrorIs(t, err, assert.AnError)
	assert.Equal(t, "a", string(got))
}

// TestPlainText checks that the SDK's layers add no words.
func TestPlainText(t *testing.T) {
	t.Parallel()
	api := &smithy.GenericAPIError{Code: "Code", Message: "message"}
	call := &smithy.OperationError{ServiceID: "S3", Err: &failedCall{attempts: 3, err: &smithy.SerializationError{Err: errors.New("text")}}}
	assert.NotEmpty(t, PlainText(&smithy.CanceledError{}))
	for want, err := range map[string]error{
		"Code: message":                  &smithy.OperationError{ServiceID: "S3", Err: api},
		"Code":                           &smithy.GenericAPIError{Code: "Code"},
		"text":                           &smithy.OperationError{Err: &smithy.DeserializationError{Err: errors.New("text")}},
		"text, tried 3 times":            call,
		"at byte 5: text, tried 3 times": fmt.Errorf("at byte 5: %w", call),
		"text, tried 3 times (why)":      fmt.Errorf("%w (why)", call),
		"credentials: why":               fmt.Errorf("get identity: %w", s3err.Final(errors.New("credentials: why"))),
	} {
		assert.Equal(t, want, PlainText(err))
	}
}

// TestProxyIsNotPrinted checks that a proxy's address, which may have a password, is not
// printed.
func TestProxyIsNotPrinted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		`invalid proxy address "http://u:` + "CANARY" + `@\x00": x`:         errProxy,
		"net/http: server response headers exceeded 1048576 bytes; aborted": s3err.ErrTooLarge,
	} {
		err := describeSending(t.Context(), &url.URL{}, assert.AnError)
		require.ErrorIs(t, err, assert.AnError)
		err = describeSending(t.Context(), &url.URL{}, textError(text))
		require.ErrorIs(t, err, want)
		assert.NotContains(t, err.Error(), "CANARY")
	}
}

type textError string

func (e textError) Error() string { return string(e) }
