// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"crypto/md5" //nolint:gosec // S3 demands it of a customer's key, as a check of the transfer
	"encoding/base64"
	"fmt"
	"net/url"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/upload"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// An inputField is an option of a call, by the name of the field that the inputs of
// the SDK have for it.
type inputField struct{ name, value string }

// inputFields are the options of a call that are not empty. One call may need several
// requests, so that its options are set by name, in the input of each request that has
// such a field: PutObject, CreateMultipartUpload and CopyObject have all that describe
// an object, and the requests for parts have the keys.
type inputFields []inputField

// add adds an option unless it is empty.
func (f inputFields) add(name, value string) inputFields {
	if value == "" {
		return f
	}
	return append(f, inputField{name, value})
}

// addKey adds a customer's key. prefix is "CopySource" for the source of a copy.
func (f inputFields) addKey(prefix string, key Secret) inputFields {
	if key.IsZero() {
		return f
	}
	raw := []byte(key.Reveal())
	sum := md5.Sum(raw) //nolint:gosec // see the import
	return append(f,
		inputField{prefix + "SSECustomerAlgorithm", string(types.ServerSideEncryptionAes256)},
		inputField{prefix + "SSECustomerKey", base64.StdEncoding.EncodeToString(raw)},
		inputField{prefix + "SSECustomerKeyMD5", base64.StdEncoding.EncodeToString(sum[:])},
	)
}

// set sets the fields that in, a pointer to an input of the SDK, has and that are not
// set yet.
func (f inputFields) set(in any) {
	if len(f) == 0 {
		return
	}
	input := reflect.ValueOf(in).Elem()
	for _, field := range f {
		v := input.FieldByName(field.name)
		if !v.IsValid() || !v.IsZero() {
			continue
		}
		if v.Kind() == reflect.Pointer {
			v.Set(reflect.ValueOf(&field.value))
		} else {
			v.SetString(field.value) // of a named type
		}
	}
}

// fields returns the options that PutObject itself does not look at.
func (o *PutOptions) fields() inputFields {
	encryption := o.ServerSideEncryption
	if encryption == "" && o.SSEKMSKeyID != "" {
		encryption = string(types.ServerSideEncryptionAwsKms)
	}
	return inputFields(nil).
		add("ServerSideEncryption", encryption).
		add("SSEKMSKeyId", o.SSEKMSKeyID).
		add("StorageClass", o.StorageClass).
		add("Tagging", encodeTags(o.Tags)).
		add("CacheControl", o.CacheControl).
		add("ContentEncoding", o.ContentEncoding).
		add("ContentDisposition", o.ContentDisposition).
		addKey("", o.SSECustomerKey)
}

// fields returns the options that say which object it is and how to read it.
func (o *GetOptions) fields() inputFields {
	return inputFields(nil).add("VersionId", o.VersionID).addKey("", o.SSECustomerKey)
}

// encodeTags returns tags as the header X-Amz-Tagging has them.
func encodeTags(tags map[string]string) string {
	values := make(url.Values, len(tags))
	for name, value := range tags {
		values.Set(name, value)
	}
	return values.Encode()
}

// customerKeySize is the size of a key for SSE-C, AES-256, in bytes.
const customerKeySize = 32

// checkKey returns an error for a customer's key that S3 does not take.
func checkKey(key Secret) error {
	if n := len(key.Reveal()); n != 0 && n != customerKeySize {
		return fmt.Errorf("SSECustomerKey has %d bytes, and must have %d", n, customerKeySize)
	}
	return nil
}

// check returns an error for options that can't be sent. Tags are checked here,
// because they are one text when they are sent.
func (o *PutOptions) check() error {
	if o.Parallel < 0 || o.Parallel > upload.MaxParts {
		return fmt.Errorf("PutOptions.Parallel is %d, and must be from 0 to %d", o.Parallel, upload.MaxParts)
	}
	for name, value := range o.Tags {
		if err := validate.Input(&struct{ Tag, Value string }{name, value}); err != nil {
			return err
		}
	}
	return checkKey(o.SSECustomerKey)
}

// optional returns nil for an empty string, which the SDK leaves out.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	found := text // for nil, nothing is allocated
	return &found
}

// optionalTime returns nil for the zero time, which the SDK leaves out.
func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	found := t
	return &found
}
