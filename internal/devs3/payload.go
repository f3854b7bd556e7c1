// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"

	"github.com/lithops-go/lithopss3/internal/lazyregexp"
	"github.com/rclone/gofakes3"
)

var hexHash = lazyregexp.New(`^[0-9a-f]{64}$`)

// checkPayload refuses a body that is not the one that was signed: the signature
// covers only the header with its hash. It gives S3's content type to what has none.
func checkPayload(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if want := r.Header.Get("X-Amz-Content-Sha256"); hexHash().MatchString(want) {
			r.Body = &hashedBody{ReadCloser: r.Body, hash: sha256.New(), want: want}
		}
		if r.Header.Get("Content-Type") == "" {
			r.Header.Set("Content-Type", "binary/octet-stream") // what S3 stores for none
		}
		next.ServeHTTP(w, r)
	})
}

// hashedBody fails at its end where the hash is not the one promised.
type hashedBody struct {
	io.ReadCloser
	hash hash.Hash
	want string
}

func (b *hashedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.hash.Write(p[:n])
	if errors.Is(err, io.EOF) && hex.EncodeToString(b.hash.Sum(nil)) != b.want {
		return n, gofakes3.ErrorMessage("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return n, err
}
