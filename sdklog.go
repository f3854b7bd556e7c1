package lithopss3

import (
	"context"
	"fmt"
	"regexp"
	"sync"

	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	"github.com/lithops-go/lithopss3/internal/redact"
)

// hideSecretsInLog keeps secrets out of what the SDK logs where a user of
// Store.Client turns on its ClientLogMode: it prints requests, answers and the
// texts that are signed as they are.
func hideSecretsInLog(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("HideSecretsInLog",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			ctx = middleware.SetLogger(ctx, redactingLogger{middleware.GetLogger(ctx)})
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
}

type redactingLogger struct{ next logging.Logger }

// Logf passes the message on without secrets.
func (l redactingLogger) Logf(classification logging.Classification, format string, v ...any) {
	l.next.Logf(classification, "%s", redactLog(fmt.Sprintf(format, v...)))
}

// loggedSecrets are where secrets are in a dump of a request or an answer: in
// headers, in the query of a presigned URL, and in S3's answer to CreateSession.
// What is signed has the headers too, with small letters. Few processes log, but
// all would wait for these to be compiled.
var loggedSecrets = sync.OnceValue(func() []*regexp.Regexp {
	return []*regexp.Regexp{
		regexp.MustCompile(`(?im)^((?:(?:proxy-)?authorization|[^:\s]*-security-token|[^:\s]*-session-token|[^:\s]*-customer-key|(?:set-)?cookie):[ \t]*)[^\r\n]*`),
		regexp.MustCompile(`(?i)(x-amz-(?:security-token|s3session-token|signature)=)[^&\s"]*`),
		regexp.MustCompile(`(<(?:SecretAccessKey|SessionToken)>)[^<]*`),
	}
})

func redactLog(text string) string {
	for _, secret := range loggedSecrets() {
		text = secret.ReplaceAllString(text, "${1}"+redact.Text)
	}
	return text
}
