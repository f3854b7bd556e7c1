package lithopss3

import (
	"crypto/md5"  //nolint:gosec // one of S3's checksums, not a protection from anybody
	"crypto/sha1" //nolint:gosec // likewise
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// The polynomials of S3's CRCs, reflected: the lowest bit is the highest power.
const (
	polyCRC32     = crc32.IEEE
	polyCRC32C    = crc32.Castagnoli
	polyCRC64NVME = 0x9a6c9329ac4bc9b5
)

// Go takes its time to make a table, and few processes need these.
var (
	tableCRC32C    = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(polyCRC32C) })
	tableCRC64NVME = sync.OnceValue(func() *crc64.Table { return crc64.MakeTable(polyCRC64NVME) })
)

// A checksumKind is one of the checksums that S3 keeps beside an object.
type checksumKind struct {
	header string
	hash   func() hash.Hash
	// poly and width describe a CRC, which can be put together from those of
	// stretches of the object; they are 0 for what can't.
	poly  uint64
	width int
}

// checksumKinds are those that Go's library has, the fastest first.
var checksumKinds = []*checksumKind{
	kindCRC32,
	{header: "X-Amz-Checksum-Crc32c", hash: func() hash.Hash { return crc32.New(tableCRC32C()) }, poly: polyCRC32C, width: 32},
	{header: "X-Amz-Checksum-Crc64nvme", hash: func() hash.Hash { return crc64.New(tableCRC64NVME()) }, poly: polyCRC64NVME, width: 64},
	{header: "X-Amz-Checksum-Sha256", hash: sha256.New},
	{header: "X-Amz-Checksum-Sha512", hash: sha512.New},
	{header: "X-Amz-Checksum-Sha1", hash: sha1.New},
	{header: "X-Amz-Checksum-Md5", hash: md5.New},
}

var kindCRC32 = &checksumKind{
	header: "X-Amz-Checksum-Crc32", hash: func() hash.Hash { return crc32.NewIEEE() }, poly: polyCRC32, width: 32,
}

// A checksum is what a server says that an object's bytes have. Its zero value
// is none.
type checksum struct {
	kind *checksumKind
	want string // in base64
}

// wholeChecksum reads the checksum of all of an object's bytes from the header of
// an answer. One over the checksums of an upload's parts says nothing of the
// bytes; S3 marks it with a type and a number of parts, but leaves the number out
// where a range was asked for that is all of the object
// (github.com/boto/botocore/issues/3346).
func wholeChecksum(header http.Header) checksum {
	switch header.Get("X-Amz-Checksum-Type") {
	case "FULL_OBJECT":
	case "":
		if header.Get("Content-Range") != "" && strings.Contains(header.Get("Etag"), "-") {
			return checksum{}
		}
	default:
		return checksum{}
	}
	for _, kind := range checksumKinds {
		if want := header.Get(kind.header); want != "" && !strings.Contains(want, "-") {
			return checksum{kind: kind, want: want}
		}
	}
	return checksum{}
}

// checksumHeader is the part of an answer's header that wholeChecksum reads.
func checksumHeader(out *s3.GetObjectOutput) http.Header {
	var header http.Header
	for i, value := range []*string{out.ChecksumCRC32, out.ChecksumCRC32C, out.ChecksumCRC64NVME, out.ChecksumSHA1, out.ChecksumSHA256, out.ChecksumSHA512, out.ChecksumMD5} {
		if value == nil {
			continue
		}
		if header == nil {
			header = http.Header{"X-Amz-Checksum-Type": {string(out.ChecksumType)}, "Content-Range": {aws.ToString(out.ContentRange)}, "Etag": {aws.ToString(out.ETag)}}
		}
		header[checksumHeaders[i]] = []string{*value}
	}
	return header
}

var checksumHeaders = [...]string{
	"X-Amz-Checksum-Crc32", "X-Amz-Checksum-Crc32c", "X-Amz-Checksum-Crc64nvme", "X-Amz-Checksum-Sha1", "X-Amz-Checksum-Sha256",
	"X-Amz-Checksum-Sha512", "X-Amz-Checksum-Md5",
}

// compare is nil, or an ErrChecksum.
func (c checksum) compare(sum []byte) error {
	if got := base64.StdEncoding.EncodeToString(sum); got != c.want {
		return fmt.Errorf("%w: the server promised the %s %s, the bytes that came have %s", ErrChecksum, strings.TrimPrefix(c.kind.header, "X-Amz-Checksum-"), c.want, got)
	}
	return nil
}

// askChecksum has the server send the checksum with the object, and leaves the
// comparison to us: the SDK's knows neither a checksum's type nor how to go on
// after a broken connection. AWS's settings can turn both off.
func (s *Store) askChecksum(o *s3.Options) {
	if s.session.s3.responseChecksum == aws.ResponseChecksumValidationWhenRequired {
		return
	}
	o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("X-Amz-Checksum-Mode", "ENABLED"))
}

// combine is the CRC of two stretches of bytes in a row, from the CRC of each and
// the length of the second. A CRC is the remainder of a division of polynomials
// over GF(2): to append n bytes is to multiply by x^8n (Mark Adler's
// crc32_combine in zlib). The inversions at the start and the end of the CRCs
// that S3 has cancel out.
func (k *checksumKind) combine(first, second uint64, n int64) uint64 {
	return k.multiply(k.power(n), first) ^ second
}

// power is x^8n modulo the polynomial.
func (k *checksumKind) power(n int64) uint64 {
	result := uint64(1) << (k.width - 1) // x^0
	square := result >> 8                // x^8
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			result = k.multiply(square, result)
		}
		square = k.multiply(square, square)
	}
	return result
}

// multiply is a·b modulo the polynomial.
func (k *checksumKind) multiply(a, b uint64) uint64 {
	product := uint64(0)
	for bit := uint64(1) << (k.width - 1); bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		if b&1 != 0 {
			b = b>>1 ^ k.poly
		} else {
			b >>= 1
		}
	}
	return product
}

// value is a CRC as a number, and bytes the other way round.
func (k *checksumKind) value(sum []byte) uint64 {
	value := uint64(0)
	for _, b := range sum {
		value = value<<8 | uint64(b)
	}
	return value
}

func (k *checksumKind) bytes(value uint64) []byte {
	sum := make([]byte, k.width/8)
	for i := len(sum) - 1; i >= 0; i-- {
		sum[i] = byte(value)
		value >>= 8
	}
	return sum
}
