// SPDX-License-Identifier: Apache-2.0

package upload

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLostResponses checks that what an attempt stored is ours, and what another stored is
// not.
func TestLostResponses(t *testing.T) {
	t.Parallel()
	small, large := testkit.Bytes(1000), testkit.Bytes(17*unit)
	precondition := &failedRequest{Text: "refused", Status: 412, Code: "PreconditionFailed", Attempts: 2}
	unproven := &failedRequest{Text: "proves nothing", Status: 200, Attempts: 6, IsUnproven: true}
	gone := &failedRequest{Text: "gone", Status: 404, Code: "NoSuchUpload", Attempts: 1}
	other := func(f *fakeS3) { f.stored, f.head.ETag = []byte("another's"), nil }
	for name, test := range map[string]struct {
		failure *failedRequest
		change  func(f *fakeS3) // of what is stored
		want    error           // nil for stored
		heads   int
	}{
		"stored, refused":                 {failure: precondition, heads: 1},
		"stored, unproven":                {failure: unproven, heads: 1},
		"stored, gone":                    {failure: gone, heads: 1},
		"another's, refused":              {failure: precondition, change: other, want: precondition, heads: 1},
		"another's, unproven":             {failure: unproven, change: other, want: unproven, heads: 1},
		"another's, gone":                 {failure: gone, change: other, want: ErrOutcomeUnknown, heads: 1},
		"nothing, unproven":               {failure: unproven, change: func(f *fakeS3) { f.isThere = false }, want: unproven, heads: 1},
		"nothing, gone":                   {failure: gone, change: func(f *fakeS3) { f.isThere = false }, want: ErrOutcomeUnknown, heads: 1},
		"refused at once":                 {failure: &failedRequest{Text: "refused", Status: 412, Attempts: 1}, want: nil, heads: 0},
		"S3 can't be asked, refused":      {failure: precondition, change: func(f *fakeS3) { f.onHead = func() error { return &failedRequest{Text: "no", Status: 403} } }, want: ErrOutcomeUnknown, heads: 1},
		"S3 can't be asked, unproven":     {failure: unproven, change: func(f *fakeS3) { f.onHead = func() error { return &failedRequest{Text: "no", Status: 503} } }, want: ErrOutcomeUnknown, heads: 1},
		"there before the put":            {failure: precondition, change: func(f *fakeS3) { f.head.LastModified = aws.Time(f.now.Add(-time.Hour)) }, want: precondition, heads: 1},
		"by a clock of another time zone": {failure: precondition, change: func(f *fakeS3) { f.head.LastModified = aws.Time(f.now.Add(time.Hour)) }, heads: 1},
	} {
		for _, data := range [][]byte{small, large} {
			t.Run(fmt.Sprintf("%s, %d", name, len(data)), func(t *testing.T) {
				t.Parallel()
				if test.failure == gone && len(data) == len(small) {
					return // there is no upload
				}
				fake := newFakeS3()
				fail := func() error {
					if test.change != nil {
						test.change(fake)
					}
					return test.failure
				}
				fake.onPut, fake.onComplete = fail, func(int) error { return fail() }
				err := Put(t.Context(), fake, bytes.NewReader(data), options())
				assert.Len(t, fake.heads, test.heads)
				for _, head := range fake.heads {
					assert.Equal(t, types.ChecksumModeEnabled, head.ChecksumMode)
				}
				switch {
				case test.heads == 0:
					require.ErrorIs(t, err, test.failure)
				case test.want == nil:
					require.NoError(t, err)
				default:
					require.ErrorIs(t, err, test.want)
				}
				if errors.Is(test.want, ErrOutcomeUnknown) {
					require.NotErrorIs(t, err, test.failure)
					require.ErrorContains(t, err, test.failure.Text)
				}
			})
		}
	}
}

// TestStreamIsVerifiedByItsCRC32 checks that a stream, which can not be read again, is
// verified by its parts.
func TestStreamIsVerifiedByItsCRC32(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(6 * unit)
	for sum, isOurs := range map[string]bool{checksum.EncodeCRC32(crc32.ChecksumIEEE(data)): true, "AAAAAA==": false} {
		fake := newFakeS3()
		refused := &failedRequest{Text: "refused", Status: 412, Attempts: 2}
		fake.onComplete = func(int) error {
			fake.head = s3.HeadObjectOutput{
				ETag: aws.String("0123456789abcdef0123456789abcdef-2"), ServerSideEncryption: types.ServerSideEncryptionAwsKms,
				ChecksumCRC32: &sum, ChecksumType: types.ChecksumTypeFullObject,
			}
			return refused
		}
		err := Put(t.Context(), fake, stream(data), options())
		if isOurs {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, refused)
		}
	}
	for sum, want := range map[string]error{"": nil, "AAAAAAAAAAA=": ErrOutcomeUnknown} { // a CRC64NVME, which a stream does not have
		for name, body := range map[string]io.Reader{"stream": stream(data), "in place": zeroBody(17 * unit)} {
			fake := newFakeS3()
			refused := &failedRequest{Text: "refused", Status: 412, Attempts: 2}
			fake.onComplete = func(int) error {
				if sum != "" {
					fake.head = s3.HeadObjectOutput{ServerSideEncryption: types.ServerSideEncryptionAwsKms, ChecksumCRC64NVME: &sum, ETag: aws.String("x")}
				}
				return refused
			}
			err := Put(t.Context(), fake, body, options())
			switch {
			case want == nil:
				require.NoError(t, err, name)
			case name == "stream":
				require.ErrorIs(t, err, want)
			default:
				require.ErrorIs(t, err, refused, "it is read again, and is another")
			}
		}
	}
}

// TestCancelWhileVerifying is a cancel, and no outcome.
func TestCancelWhileVerifying(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	for _, size := range []int{10, 17 * unit} {
		ctx, cancel := context.WithCancelCause(t.Context())
		fake := newFakeS3()
		failure := &failedRequest{Text: "refused", Status: 412, Attempts: 2}
		fake.onPut, fake.onComplete = func() error { return failure }, func(int) error { return failure }
		fake.onHead = func() error { cancel(mine); return ctx.Err() }
		err := Put(ctx, fake, zeroBody(int64(size)), options())
		require.ErrorIs(t, err, mine)
		require.NotErrorIs(t, err, ErrOutcomeUnknown)
		assert.Len(t, fake.heads, 1)
	}
	ctx, cancel := context.WithCancel(t.Context())
	fake := newFakeS3()
	fake.onComplete = func(int) error { cancel(); return ctx.Err() }
	require.ErrorIs(t, Put(ctx, fake, bytes.NewReader(make([]byte, 17*unit)), options()), context.Canceled)
	assert.Empty(t, fake.heads, "canceled before")
}

// TestCompare checks that any checksum that the server keeps decides, and then an ETag
// that is an MD5.
func TestCompare(t *testing.T) {
	t.Parallel()
	data := []byte("0123456789")
	sumBy := func(kind *checksum.Kind) []byte {
		hash := kind.New()
		_, _ = hash.Write(data)
		return hash.Sum(nil)
	}
	encode := func(sum hash.Hash) *string {
		_, _ = sum.Write(data)
		return aws.String(base64.StdEncoding.EncodeToString(sum.Sum(nil)))
	}
	all := func(kind *checksum.Kind) ([]byte, bool) { return sumBy(kind), true }
	onlyCRC32 := func(kind *checksum.Kind) ([]byte, bool) { return sumBy(kind), kind == checksum.CRC32 }
	const partsTag, otherMD5 = "d41d8cd98f00b204e9800998ecf8427e-2", "0123456789abcdef0123456789abcdef"
	kms := types.ServerSideEncryptionAwsKms
	type head = s3.HeadObjectOutput
	for name, test := range map[string]struct {
		out   head
		etag  string
		sum   func(*checksum.Kind) ([]byte, bool)
		want  verdict
		bytes int64
	}{
		"the MD5":                     {out: head{ETag: aws.String(etagOf(data))}, want: isStored},
		"the MD5, upper case":         {out: head{ETag: aws.String(strings.ToUpper(etagOf(data)))}, want: isStored},
		"another MD5":                 {out: head{ETag: aws.String(otherMD5)}, want: isAnother},
		"another MD5, KMS":            {out: head{ETag: aws.String(otherMD5), ServerSideEncryption: kms}, want: isUnknown},
		"another MD5, a KMS key":      {out: head{ETag: aws.String(otherMD5), SSEKMSKeyId: aws.String("k")}, want: isUnknown},
		"another MD5, customer's key": {out: head{ETag: aws.String(otherMD5), SSECustomerAlgorithm: aws.String("AES256")}, want: isUnknown},
		"another MD5, SSE-S3":         {out: head{ETag: aws.String(otherMD5), ServerSideEncryption: types.ServerSideEncryptionAes256}, want: isAnother},
		"the MD5 of a stream":         {out: head{ETag: aws.String(etagOf(data))}, etag: partsTag, sum: onlyCRC32, want: isUnknown},
		"no ETag":                     {want: isUnknown},
		"an odd ETag":                 {out: head{ETag: aws.String(`"v1"`)}, want: isUnknown},
		"short hex":                   {out: head{ETag: aws.String(`"abcd"`)}, want: isUnknown},
		"an ETag of parts":            {out: head{ETag: aws.String(otherMD5 + "-3")}, want: isAnother},
		"ours of parts":               {out: head{ETag: aws.String(partsTag)}, etag: partsTag, sum: onlyCRC32, want: isStored},
		"ours of parts, upper case":   {out: head{ETag: aws.String(strings.ToUpper(partsTag))}, etag: partsTag, sum: onlyCRC32, want: isStored},
		"another of parts":            {out: head{ETag: aws.String(otherMD5 + "-2")}, etag: partsTag, sum: onlyCRC32, want: isAnother},
		"another of parts, KMS":       {out: head{ETag: aws.String(otherMD5 + "-2"), ServerSideEncryption: kms}, etag: partsTag, want: isUnknown},
		"another size":                {out: head{ETag: aws.String(etagOf(data))}, bytes: 11, want: isAnother},
		"CRC32":                       {out: head{ChecksumCRC32: encode(checksum.CRC32.New())}, want: isStored},
		"CRC32C":                      {out: head{ChecksumCRC32C: encode(checksum.CRC32C.New())}, want: isStored},
		"CRC64NVME":                   {out: head{ChecksumCRC64NVME: encode(checksum.CRC64NVME.New())}, want: isStored},
		"SHA1":                        {out: head{ChecksumSHA1: encode(checksum.SHA1.New())}, want: isStored},
		"SHA256":                      {out: head{ChecksumSHA256: encode(checksum.SHA256.New())}, want: isStored},
		"SHA512":                      {out: head{ChecksumSHA512: encode(checksum.SHA512.New())}, want: isStored},
		"MD5":                         {out: head{ChecksumMD5: encode(checksum.MD5.New())}, want: isStored},
		"another CRC64NVME":           {out: head{ChecksumCRC64NVME: aws.String("AAAAAAAAAAA="), ETag: aws.String(otherMD5), ServerSideEncryption: kms}, want: isAnother},
		"CRC64NVME of a stream, KMS":  {out: head{ChecksumCRC64NVME: encode(checksum.CRC64NVME.New()), ServerSideEncryption: kms}, sum: onlyCRC32, want: isUnknown},
		"full object":                 {out: head{ChecksumCRC32: encode(checksum.CRC32.New()), ChecksumType: types.ChecksumTypeFullObject, ETag: aws.String(otherMD5 + "-2"), ServerSideEncryption: kms}, want: isStored},
		"composite of another":        {out: head{ChecksumCRC32: aws.String("AAAAAA==-2"), ChecksumType: types.ChecksumTypeComposite, ServerSideEncryption: kms}, want: isUnknown},
		"no type, an ETag of parts":   {out: head{ChecksumCRC32: encode(checksum.CRC32.New()), ETag: aws.String(otherMD5 + "-2"), ServerSideEncryption: kms}, want: isUnknown},
		"our composite":               {out: head{ChecksumCRC32: aws.String("composite-2"), ChecksumType: types.ChecksumTypeComposite, ServerSideEncryption: kms}, want: isStored},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.sum == nil {
				test.sum = all
			}
			test.out.ContentLength = aws.Int64(10)
			if test.bytes != 0 {
				test.out.ContentLength = &test.bytes
			}
			want := expected{size: 10, started: time.Now(), etag: test.etag, composite: "composite-2", sum: test.sum}
			assert.Equal(t, test.want, want.compare(&test.out))
		})
	}
	bare := expected{size: 0, started: time.Now(), sum: all}
	assert.Equal(t, isAnother, bare.compare(&s3.HeadObjectOutput{ContentLength: aws.Int64(1)}))
	assert.NotEqual(t, isStored, bare.compare(&s3.HeadObjectOutput{ContentLength: aws.Int64(0)}), "empty is not equal to empty")
}

// TestOlderObjects are not what a put stored.
func TestOlderObjects(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	want := expected{started: time.Now().Add(-10 * time.Second)}
	for age, isOlder := range map[time.Duration]bool{0: false, 10 * time.Second: false, 12 * time.Second: false, 14 * time.Second: true, -time.Minute: false} {
		out := &s3.HeadObjectOutput{LastModified: aws.Time(now.Add(-age)), ResultMetadata: serverTime(now)}
		assert.Equal(t, isOlder, want.isOlder(out), age)
	}
	assert.False(t, want.isOlder(&s3.HeadObjectOutput{LastModified: aws.Time(now.Add(-time.Hour))}), "by no clock")
	assert.False(t, want.isOlder(&s3.HeadObjectOutput{ResultMetadata: serverTime(now)}))
}

// TestPartsETag is S3's, of MD5s alone.
func TestPartsETag(t *testing.T) {
	t.Parallel()
	part := func(etag string) types.CompletedPart { return types.CompletedPart{ETag: &etag} }
	one, two := etagOf([]byte("one")), strings.Trim(etagOf([]byte("two")), `"`)
	// As Python's: hashlib.md5(bytes.fromhex(one) + bytes.fromhex(two)).hexdigest() + "-2".
	assert.Equal(t, "1397b7ee3222e3980d0d20f23a871b02-2", partsETag([]types.CompletedPart{part(one), part(two)}))
	assert.Len(t, partsETag([]types.CompletedPart{part(one)}), 34)
	assert.NotEqual(t, partsETag([]types.CompletedPart{part(one), part(two)}), partsETag([]types.CompletedPart{part(two), part(one)}))
	for _, odd := range []types.CompletedPart{part("e"), part(one[:10]), {}, part(one + "00")} {
		assert.Empty(t, partsETag([]types.CompletedPart{part(one), odd}))
	}
}

// TestCompositeSum is S3's CRC32 of the parts' CRC32s.
func TestCompositeSum(t *testing.T) {
	t.Parallel()
	sums := []uint32{crc32.ChecksumIEEE([]byte("one")), crc32.ChecksumIEEE([]byte("two"))}
	m := &multipart{parts: []sentPart{{crc32: checksum.EncodeCRC32(sums[0]), size: 3}, {crc32: checksum.EncodeCRC32(sums[1]), size: 3}}}
	first, _ := base64.StdEncoding.DecodeString(m.parts[0].crc32)
	second, _ := base64.StdEncoding.DecodeString(m.parts[1].crc32)
	assert.Equal(t, checksum.EncodeCRC32(crc32.ChecksumIEEE(append(first, second...)))+"-2", m.compositeSum())
	size, crc, isKnown := m.sum()
	assert.True(t, isKnown)
	assert.EqualValues(t, 6, size)
	assert.Equal(t, crc32.ChecksumIEEE([]byte("onetwo")), crc)
	for _, odd := range []string{"", "AAA", "AAAAAAA="} {
		m.parts[1].crc32 = odd
		assert.Empty(t, m.compositeSum())
		size, _, isKnown = m.sum()
		assert.False(t, isKnown)
		assert.EqualValues(t, 6, size)
	}
}
