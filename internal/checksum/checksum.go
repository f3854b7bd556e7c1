// SPDX-License-Identifier: Apache-2.0

// Package checksum knows the checksums that S3 keeps for an object: it reads them
// from an answer, computes them, compares them, and combines the CRCs of
// consecutive pieces into the CRC of the whole.
//
// It must not know the SDK, requests or files; its input is headers and bytes.
//
// Start reading at [Answer.Object], which decides whether an answer has a checksum
// of the object's bytes at all.
package checksum

import (
	"crypto/md5"  //nolint:gosec // one of S3's checksums, not a protection from anybody
	"crypto/sha1" //nolint:gosec // likewise
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"strings"
	"sync"
)

// ErrMismatch reports bytes that do not have the checksum that the server keeps.
var ErrMismatch = errors.New("checksum mismatch")

// The polynomials of S3's CRCs, reflected: the lowest bit is the highest power.
const (
	polyCRC32     = crc32.IEEE
	polyCRC32C    = crc32.Castagnoli
	polyCRC64NVME = 0x9a6c9329ac4bc9b5
)

// The tables are made on first use, because few processes need these two.
var (
	tableCRC32C    = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(polyCRC32C) })
	tableCRC64NVME = sync.OnceValue(func() *crc64.Table { return crc64.MakeTable(polyCRC64NVME) })
)

// A Kind is one of S3's checksum algorithms.
type Kind struct {
	// Name is S3's name of the algorithm, as in ChecksumAlgorithm.
	Name string
	// New returns a new hash of this kind.
	New func() hash.Hash
	// poly and width describe a CRC; both are 0 for a kind that can't be combined.
	poly  uint64
	width int
}

// The kinds that Go's standard library can compute.
var (
	CRC32     = &Kind{Name: "CRC32", New: func() hash.Hash { return crc32.NewIEEE() }, poly: polyCRC32, width: 32}
	CRC32C    = &Kind{Name: "CRC32C", New: func() hash.Hash { return crc32.New(tableCRC32C()) }, poly: polyCRC32C, width: 32}
	CRC64NVME = &Kind{Name: "CRC64NVME", New: func() hash.Hash { return crc64.New(tableCRC64NVME()) }, poly: polyCRC64NVME, width: 64}
	SHA256    = &Kind{Name: "SHA256", New: sha256.New}
	SHA512    = &Kind{Name: "SHA512", New: sha512.New}
	SHA1      = &Kind{Name: "SHA1", New: sha1.New}
	MD5       = &Kind{Name: "MD5", New: md5.New}
)

// An Answer is what the answer to a GET or HEAD says about an object's checksums,
// each as base64, nil if there is none.
type Answer struct {
	CRC32, CRC32C, CRC64NVME, SHA256, SHA512, SHA1, MD5 *string

	// Type is FULL_OBJECT, COMPOSITE or empty.
	Type string
	// ETag is the object's, with or without quotes.
	ETag string
}

// FromHeader reads the header of an answer.
func FromHeader(header http.Header) Answer {
	get := func(name string) *string {
		values := header[name]
		if len(values) == 0 {
			return nil
		}
		return &values[0]
	}
	return Answer{
		CRC32: get("X-Amz-Checksum-Crc32"), CRC32C: get("X-Amz-Checksum-Crc32c"), CRC64NVME: get("X-Amz-Checksum-Crc64nvme"),
		SHA256: get("X-Amz-Checksum-Sha256"), SHA512: get("X-Amz-Checksum-Sha512"), SHA1: get("X-Amz-Checksum-Sha1"),
		MD5: get("X-Amz-Checksum-Md5"), Type: header.Get("X-Amz-Checksum-Type"), ETag: header.Get("Etag"),
	}
}

// Object returns the checksum of all of the object's bytes, the fastest to compute
// if the answer has several, and the zero Sum if it has none.
//
// A composite checksum, one over the checksums of an upload's parts, says nothing
// about the bytes and is ignored, as Python does. S3 marks it with a type, or with
// the number of parts after a dash. Some answers have neither: S3's to a range that
// is the whole object (github.com/boto/botocore/issues/3346), and every answer of
// moto. A checksum without a type is therefore taken for composite if the ETag is
// that of an upload in parts.
func (a *Answer) Object() Sum {
	isWhole := strings.EqualFold(a.Type, "FULL_OBJECT") || (a.Type == "" && !isMultipart(a.ETag))
	if !isWhole {
		return Sum{}
	}
	for _, candidate := range [...]struct {
		kind *Kind
		want *string
	}{
		{CRC32, a.CRC32},
		{CRC32C, a.CRC32C},
		{CRC64NVME, a.CRC64NVME},
		{SHA256, a.SHA256},
		{SHA512, a.SHA512},
		{SHA1, a.SHA1},
		{MD5, a.MD5},
	} {
		if candidate.want == nil {
			continue
		}
		want := strings.TrimSpace(*candidate.want)
		if want != "" && !strings.Contains(want, "-") {
			return Sum{Kind: candidate.kind, want: want}
		}
	}
	return Sum{}
}

// isMultipart reports whether an ETag is that of an upload in parts: a dash and
// the number of parts, of which S3 takes 10,000, end it.
func isMultipart(etag string) bool {
	etag = strings.TrimSuffix(strings.TrimSpace(etag), `"`)
	dash := strings.LastIndexByte(etag, '-')
	count := etag[dash+1:]
	return dash >= 0 && len(count) >= 1 && len(count) <= len("10000") && strings.Trim(count, "0123456789") == ""
}

// A Sum is what a server says the checksum of an object's bytes is. The zero value
// is no checksum.
type Sum struct {
	Kind *Kind
	want string // base64
}

// IsKnown reports whether there is a checksum.
func (s Sum) IsKnown() bool { return s.Kind != nil }

// Compare returns nil if got, a hash's sum, is the server's, and an ErrMismatch
// otherwise.
func (s Sum) Compare(got []byte) error {
	if encoded := base64.StdEncoding.EncodeToString(got); encoded != s.want {
		return fmt.Errorf("%w: the server promised the %s %.100q, the bytes that came have %s", ErrMismatch, s.Kind.Name, s.want, encoded)
	}
	return nil
}

// Bytes returns the checksum, and false if there is none or it can't be read.
func (s Sum) Bytes() ([]byte, bool) {
	data, err := base64.StdEncoding.DecodeString(s.want)
	return data, err == nil && s.IsKnown()
}

// EncodeCRC32 returns a CRC32 as S3 writes it: big-endian, in base64.
func EncodeCRC32(sum uint32) string {
	var bytes [4]byte
	binary.BigEndian.PutUint32(bytes[:], sum)
	return base64.StdEncoding.EncodeToString(bytes[:])
}

// DecodeCRC32 returns the four bytes of a CRC32 as S3 writes it, and false if text is
// none.
func DecodeCRC32(text string) ([]byte, bool) {
	sum, err := base64.StdEncoding.DecodeString(text)
	return sum, err == nil && len(sum) == crc32.Size
}

// A Memory is a body that may be in memory.
type Memory interface {
	// Rest returns what is still to be read, or nil if that is not in memory. It must
	// not be changed.
	Rest() []byte
}

// Feed writes all that body still has to give to w, mostly a hash, and returns the number
// of bytes. It allocates nothing.
func Feed(w io.Writer, body io.Reader) (fed int64, err error) {
	buffer, _ := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	for {
		n, err := body.Read(*buffer)
		if n > 0 {
			written, err := w.Write((*buffer)[:n])
			fed += int64(written)
			if err != nil {
				return fed, err
			}
		}
		if err == io.EOF {
			return fed, nil
		}
		if err != nil {
			return fed, err
		}
	}
}

// ReadCRC32 returns the CRC32 of all that body still has to give. It allocates nothing.
// The position of a [Memory] does not change.
func ReadCRC32(body io.Reader) (uint32, error) {
	if memory, ok := body.(Memory); ok {
		if rest := memory.Rest(); rest != nil {
			return crc32.ChecksumIEEE(rest), nil
		}
	}
	buffer, _ := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	sum := uint32(0)
	for {
		n, err := body.Read(*buffer)
		sum = crc32.Update(sum, crc32.IEEETable, (*buffer)[:n])
		if err == io.EOF {
			return sum, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

var buffers = sync.Pool{New: func() any {
	buffer := make([]byte, 64<<10)
	return &buffer
}}
