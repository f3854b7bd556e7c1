// SPDX-License-Identifier: Apache-2.0

package proof

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A failingClient has no connection.
type failingClient struct{ err error }

func (f failingClient) Do(*http.Request) (*http.Response, error) { return nil, f.err }

// TestErrorsOfTheConnection pass as they are.
func TestErrorsOfTheConnection(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	client := s3.New((&fakeServer{}).client().Options(), func(o *s3.Options) { o.HTTPClient = failingClient{refused} })
	for operation, call := range calls {
		err := call(t, client)
		require.ErrorIs(t, err, refused, operation)
		assert.False(t, IsUnproven(err), operation)
	}
}

// TestMalformedOnce checks that a body that was sound is sent once more, and no more.
func TestMalformedOnce(t *testing.T) {
	t.Parallel()
	malformed := answer{status: 400, body: "<Error><Code>MalformedXML</Code></Error>"}
	server := &fakeServer{answers: []answer{malformed, {status: 200, body: "<DeleteResult/>"}}}
	require.NoError(t, calls["DeleteObjects"](t, server.client()))
	require.Len(t, server.bodies, 2)
	assert.Equal(t, server.bodies[0], server.bodies[1])
	assert.NotEmpty(t, server.bodies[1])
	server = &fakeServer{answers: []answer{malformed}}
	require.ErrorContains(t, calls["DeleteObjects"](t, server.client()), "MalformedXML")
	assert.Len(t, server.requests, 2)
	server = &fakeServer{answers: []answer{{status: 400, body: "<Error><Code>InvalidRequest</Code></Error>"}}}
	require.Error(t, calls["DeleteObjects"](t, server.client()))
	assert.Len(t, server.requests, 1)
}

// TestMalformedIsNotRead again: a body that can't be rewound is sent once.
func TestMalformedIsNotRead(t *testing.T) {
	t.Parallel()
	malformed := &smithy.GenericAPIError{Code: "MalformedXML"}
	for name, test := range map[string]struct {
		body  io.Reader
		wants int
	}{"a file": {strings.NewReader("<Delete/>"), 2}, "a stream": {io.LimitReader(strings.NewReader("<Delete/>"), 9), 1}} {
		request := smithyhttp.NewStackRequest().(*smithyhttp.Request)
		request, err := request.SetStream(test.body)
		require.NoError(t, err)
		requests := 0
		send := middleware.FinalizeHandlerFunc(func(_ context.Context, in middleware.FinalizeInput) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
			requests++
			sent, err := io.ReadAll(in.Request.(*smithyhttp.Request).GetStream())
			require.NoError(t, err)
			assert.Equal(t, "<Delete/>", string(sent))
			return out, metadata, malformed
		})
		_, _, err = requestStep{}.HandleFinalize(t.Context(), middleware.FinalizeInput{Request: request}, send)
		require.ErrorIs(t, err, malformed)
		assert.Equal(t, test.wants, requests, name)
	}
}
