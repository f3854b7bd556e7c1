package lithopss3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// An answerStep demands of a successful answer what the SDK does not: it takes any
// 2xx for success, and any body for an empty result.
type answerStep struct {
	statuses []int
	root     string // of the XML; empty where the answer is none
}

var (
	listStep   = &answerStep{[]int{http.StatusOK}, "ListBucketResult"}
	deleteStep = &answerStep{[]int{http.StatusOK}, "DeleteResult"}
	getStep    = &answerStep{[]int{http.StatusOK, http.StatusPartialContent}, ""}
)

func (a *answerStep) addTo(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error { return stack.Deserialize.Add(a, middleware.After) })
}

// ID names the step.
func (a *answerStep) ID() string { return "LithopsCheckAnswer" }

// HandleDeserialize leaves an answer that is sound, or an error, to the SDK.
func (a *answerStep) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || response.StatusCode/100 != 2 {
		return out, metadata, err
	}
	if err := a.check(response); err != nil {
		_ = response.Body.Close()
		response.Body = http.NoBody
		return out, metadata, &smithy.DeserializationError{Err: err}
	}
	return out, metadata, nil
}

func (a *answerStep) check(response *smithyhttp.Response) error {
	if !slices.Contains(a.statuses, response.StatusCode) {
		return fmt.Errorf("the server answered with HTTP %d", response.StatusCode)
	}
	if a.root == "" {
		return nil
	}
	var buffer bytes.Buffer
	if err := readPage(&buffer, response.Body, maxPageBytes); err != nil {
		return err
	}
	var xml xmlScanner
	xml.reset(buffer.Bytes())
	root := string(xml.root())
	switch {
	case errors.Is(xml.err, io.ErrUnexpectedEOF):
		return xml.err
	case root != a.root && !strings.EqualFold(root, "Error"):
		return fmt.Errorf("the server's answer is no %s", a.root)
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{&buffer, response.Body}
	return nil
}
