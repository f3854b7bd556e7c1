// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"fmt"
	"net"
	"strings"
	"unicode/utf8"

	"github.com/lithops-go/lithopss3/internal/lazyregexp"
	"github.com/lithops-go/lithopss3/internal/s3err"
)

// maxKeyLength is S3's limit, in bytes.
const maxKeyLength = 1024

// Key returns ErrInvalidKey for a key that S3 does not accept.
func Key(key string) error {
	switch {
	case key == "":
		return fmt.Errorf("%w: it is empty", s3err.ErrInvalidKey)
	case !utf8.ValidString(key):
		return fmt.Errorf("%w: %q is not UTF-8", s3err.ErrInvalidKey, key)
	case len(key) > maxKeyLength:
		return fmt.Errorf("%w: %d bytes, S3 takes at most %d", s3err.ErrInvalidKey, len(key), maxKeyLength)
	}
	return nil
}

// MaxBucketLength is botocore's limit, in bytes (botocore.handlers.VALID_BUCKET). S3
// itself refuses more names.
const MaxBucketLength = 255

var (
	newBucketFormat = lazyregexp.New(`^[a-z0-9][a-z0-9.-]*[a-z0-9]$`)
	ipAddress       = lazyregexp.New(`^\d+\.\d+\.\d+\.\d+$`)
	// arnFormat is botocore's VALID_S3_ARN: access points are named by an ARN.
	arnFormat = lazyregexp.New(`^arn:(?:aws).*:(?:s3|s3-object-lambda|s3-outposts):[a-z\-0-9]*:[0-9]{12}[:/].+$`)
)

// IsBucket reports whether a bucket may have this name, or an access point this ARN.
// An empty name would address the service itself.
func IsBucket(name string) bool {
	return len(name) <= MaxBucketLength && isBucketName(name) || arnFormat().MatchString(name)
}

// isBucketName reports whether name has letters, digits, dots, dashes and underscores
// only. Every request asks.
func isBucketName(name string) bool {
	for i := range len(name) {
		c := name[i]
		isAlphanumeric := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !isAlphanumeric && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return name != ""
}

// NewBucketProblem says why S3 would not create a bucket of this name, or "".
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
func NewBucketProblem(name string) string {
	switch {
	case len(name) < 3 || len(name) > 63:
		return fmt.Sprintf("%q has %d characters, not 3 to 63", name, len(name))
	case name != strings.ToLower(name):
		return fmt.Sprintf("%q has upper case letters", name)
	case !newBucketFormat().MatchString(name):
		return fmt.Sprintf("%q has other characters than letters, digits, dashes and dots, or begins or ends with one of the latter", name)
	case strings.Contains(name, ".."):
		return fmt.Sprintf("%q has two dots in a row", name)
	case ipAddress().MatchString(name):
		return fmt.Sprintf("%q looks like an IP address", name)
	}
	for _, prefix := range []string{"xn--", "sthree-", "amzn-s3-demo-"} {
		if strings.HasPrefix(name, prefix) {
			return fmt.Sprintf("%q begins with %s, which S3 keeps for itself", name, prefix)
		}
	}
	return ""
}

// IsLoopback reports whether host names this machine: requests to it take no proxy, and
// need no encryption.
func IsLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || (ip != nil && ip.IsLoopback())
}
