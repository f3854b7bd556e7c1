// SPDX-License-Identifier: Apache-2.0

package s3client

import (
	"fmt"
	"regexp"
	"sync"

	"github.com/aws/smithy-go/logging"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// A redactingLogger keeps secrets out of what the SDK logs if a user of the SDK's
// client turns on its ClientLogMode, which prints requests, answers and the strings to
// sign as they are.
type redactingLogger struct{ next logging.Logger }

// Logf passes the message on without secrets.
func (l redactingLogger) Logf(classification logging.Classification, format string, v ...any) {
	l.next.Logf(classification, "%s", redactLog(fmt.Sprintf(format, v...)))
}

// loggedSecrets match secrets in a dump of a request or an answer: in headers, in the
// query of a presigned URL, and in S3's answer to CreateSession. The string to sign has
// the headers too, in lower case. They are compiled when first used, because few
// processes log.
var loggedSecrets = sync.OnceValue(func() []*regexp.Regexp {
	return []*regexp.Regexp{
		regexp.MustCompile(`(?im)^((?:(?:proxy-)?authorization|[^:\s]*-security-token|[^:\s]*-session-token|[^:\s]*-customer-key|(?:set-)?cookie):[ \t]*)[^\r\n]*`),
		regexp.MustCompile(`(?i)(x-amz-(?:security-token|s3session-token|signature)=)[^&\s"]*`),
		regexp.MustCompile(`(<(?:SecretAccessKey|SessionToken)>)[^<]*`),
	}
})

func redactLog(text string) string {
	for _, secret := range loggedSecrets() {
		text = secret.ReplaceAllString(text, "${1}"+sanitize.Redacted)
	}
	return text
}
