// SPDX-License-Identifier: Apache-2.0

package memstore

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// S3's limits.
const (
	maxMetadata        = 2 << 10 // bytes of all names and values
	maxTags            = 10
	maxTagName         = 128 // characters
	maxTagValue        = 256
	maxParts           = 10_000
	customerKeySize    = 32 // bytes
	encryptionByS3     = "AES256"
	encryptionByKMS    = "aws:kms"
	encryptionTwiceKMS = "aws:kms:dsse"
)

// checkOptions returns an error for what no request could carry, and what S3 refuses of
// every object.
func checkOptions(opts *lithopss3.PutOptions) error {
	if opts.Parallel < 0 || opts.Parallel > maxParts {
		return fmt.Errorf("PutOptions.Parallel is %d, and must be from 0 to %d", opts.Parallel, maxParts)
	}
	header := http.Header{}
	for name, value := range map[string]string{
		"Content-Type": opts.ContentType, "Cache-Control": opts.CacheControl, "Content-Encoding": opts.ContentEncoding,
		"Content-Disposition": opts.ContentDisposition, "If-Match": opts.IfMatch, "X-Amz-Storage-Class": opts.StorageClass,
		"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": opts.SSEKMSKeyID,
	} {
		if !utf8.ValidString(value) {
			return fmt.Errorf("invalid %s %q: it is not UTF-8", name, value)
		}
		header.Set(name, value)
	}
	return errors.Join(validate.Header(header), checkMetadata(opts.Metadata), checkTags(opts.Tags), checkEncryption(opts))
}

func checkMetadata(metadata map[string]string) error {
	size := 0
	for name, value := range metadata {
		size += len(name) + len(value)
	}
	if size > maxMetadata {
		return fmt.Errorf("the metadata has %d bytes, and S3 takes %d", size, maxMetadata)
	}
	return validate.Input(&struct{ Metadata map[string]string }{metadata})
}

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return fmt.Errorf("there are %d tags, and S3 takes %d", len(tags), maxTags)
	}
	for name, value := range tags {
		if err := validate.Input(&struct{ Tag, Value string }{name, value}); err != nil {
			return err
		}
		if n := utf8.RuneCountInString(name); n == 0 || n > maxTagName {
			return fmt.Errorf("the name of a tag has %d characters, and must have 1 to %d", n, maxTagName)
		}
		if n := utf8.RuneCountInString(value); n > maxTagValue {
			return fmt.Errorf("the value of the tag %q has %d characters, and S3 takes %d", name, n, maxTagValue)
		}
	}
	return nil
}

func checkEncryption(opts *lithopss3.PutOptions) error {
	kind := opts.ServerSideEncryption
	switch {
	case !slices.Contains([]string{"", encryptionByS3, encryptionByKMS, encryptionTwiceKMS}, kind):
		return fmt.Errorf("S3 has no encryption %q", kind)
	case kind == encryptionByS3 && opts.SSEKMSKeyID != "":
		return fmt.Errorf("a key of KMS needs the encryption %q", encryptionByKMS)
	case !opts.SSECustomerKey.IsZero() && (kind != "" || opts.SSEKMSKeyID != ""):
		return errors.New("a customer's key does not go with another encryption")
	}
	return checkKey(opts.SSECustomerKey)
}

// checkKey returns an error for a customer's key that S3 does not take.
func checkKey(key lithopss3.Secret) error {
	if n := len(key.Reveal()); n != 0 && n != customerKeySize {
		return fmt.Errorf("SSECustomerKey has %d bytes, and must have %d", n, customerKeySize)
	}
	return nil
}

// checkGet returns an error for options that no request could carry.
func checkGet(opts *lithopss3.GetOptions) error {
	if opts.Parallel < 0 {
		return fmt.Errorf("GetOptions.Parallel is %d, and must not be negative", opts.Parallel)
	}
	return checkKey(opts.SSECustomerKey)
}

// checkList returns an error for options that no request could carry.
func checkList(opts *lithopss3.ListOptions) error {
	if opts.Parallel < 0 {
		return fmt.Errorf("ListOptions.Parallel is %d, and must not be negative", opts.Parallel)
	}
	return validate.Input(&struct{ Prefix, StartAfter, Delimiter string }{opts.Prefix, opts.StartAfter, opts.Delimiter})
}

// asReceived returns metadata as S3 has it, which gets it in headers: with names in small
// letters, and values without spaces around them.
func asReceived(sent map[string]string) map[string]string {
	if len(sent) == 0 {
		return nil
	}
	received := make(map[string]string, len(sent))
	for name, value := range sent {
		received[strings.ToLower(name)] = strings.Trim(value, " \t")
	}
	return received
}
