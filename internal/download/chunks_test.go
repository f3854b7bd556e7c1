// SPDX-License-Identifier: Apache-2.0

package download

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A recordReader returns 16 KiB at most, as TLS does, and counts its reads.
type recordReader struct {
	io.Reader
	reads int
}

// Read reads a record.
func (r *recordReader) Read(p []byte) (int, error) {
	r.reads++
	return r.Reader.Read(p[:min(len(p), 16<<10)])
}

// TestGather checks that the records of TLS are written in larger pieces, and that no
// byte before an error is lost.
func TestGather(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("0123456789"), 30_000)
	body := &recordReader{Reader: bytes.NewReader(data)}
	buffer := make([]byte, 256<<10)
	n, err := gather(body, buffer)
	require.NoError(t, err)
	assert.Equal(t, gatherSize, n)
	assert.Equal(t, gatherSize/(16<<10), body.reads)
	n, err = gather(body, buffer[:1000])
	require.NoError(t, err)
	assert.Equal(t, data[gatherSize:gatherSize+1000], buffer[:n])

	broken := errors.New("broken")
	n, err = gather(io.MultiReader(iotest.OneByteReader(bytes.NewReader(data[:100])), iotest.ErrReader(broken)), buffer)
	require.ErrorIs(t, err, broken)
	assert.Equal(t, data[:100], buffer[:n])
}
