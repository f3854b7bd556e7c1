// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/upload"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A version is some bytes that only one put stores. Its zero value is no object.
type version struct {
	id   uint64
	size int
}

func (v version) bytes() []byte {
	data := make([]byte, v.size)
	seed := [32]byte{}
	for i := range 8 {
		seed[i] = byte(v.id >> (8 * i))
	}
	_, _ = rand.NewChaCha8(seed).Read(data)
	return data
}

// A soakKey is a key, and what it may hold: one version, or several after a write
// whose outcome is unknown.
type soakKey struct {
	name string
	may  []version
	// isLate is set once a write was given up: it may land at any time, so that
	// the key is left alone and only looked at in the end.
	isLate bool
}

func (k *soakKey) isKnown() bool { return len(k.may) == 1 }

// wrote notes how a write ended.
func (k *soakKey) wrote(v version, err error) {
	if err == nil {
		k.may = []version{v}
		return
	}
	if !slices.Contains(k.may, v) {
		k.may = append(k.may, v)
	}
}

// holds tells whether an object's bytes, nil for none, are what may be there.
func (k *soakKey) holds(data []byte) bool {
	return slices.ContainsFunc(k.may, func(v version) bool { return v.is(data) })
}

func (v version) is(data []byte) bool {
	if v == (version{}) {
		return data == nil
	}
	return data != nil && len(data) == v.size && bytes.Equal(v.bytes(), data)
}

// verify asks the server itself what it has.
func (k *soakKey) verify(t *testing.T, f *faulty) {
	t.Helper()
	data, err := f.direct.ReadObject(t.Context(), f.bucket, k.name, 0)
	if errors.Is(err, fs.ErrNotExist) {
		data = nil
	} else {
		require.NoError(t, err)
		data = append([]byte{}, data...) // not nil if it is empty
	}
	assert.True(t, k.holds(data), "%s has %d bytes that are none of %v", k.name, len(data), k.may)
}

// A contested key is written by all workers.
type contested struct {
	name string

	mu     sync.Mutex
	tried  []version
	stored []version // by puts that returned without an error
}

// try notes a version before it is put: from then on it may be there.
func (c *contested) try(v version) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tried = append(c.tried, v)
}

func (c *contested) succeeded(v version) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stored = append(c.stored, v)
}

// key returns what may be stored; only one writer can have won a key that is stored once.
func (c *contested) key(t *testing.T, once bool) *soakKey {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	k := &soakKey{name: c.name, may: slices.Clone(c.tried)}
	if once {
		require.LessOrEqual(t, len(c.stored), 1, "two puts of %s were told that there was nothing before", c.name)
	}
	if once && len(c.stored) == 1 {
		k.may = slices.Clone(c.stored)
	}
	if len(c.stored) == 0 {
		k.may = append(k.may, version{})
	}
	return k
}

// A lie is an error that nothing that was broken accounts for.
func isLie(err error) bool {
	if err == nil || errors.Is(err, lithopss3.ErrChecksum) {
		return false
	}
	// A put after which a HEAD finds an object of the same size, but without a checksum: one
	// that the key had a moment before.
	if errors.Is(err, upload.ErrOutcomeUnknown) && strings.Contains(err.Error(), "made up by faultproxy") {
		return false
	}
	var known *lithopss3.Error
	if !errors.As(err, &known) {
		return true
	}
	// The proxy's own, and what the answer to a HEAD makes of them. All others
	// it breaks three times in a row at most, and each is tried six times.
	switch known.Code {
	case "ExpiredToken", "BadRequest", "TemporaryRedirect", "PermanentRedirect", "MovedPermanently", "RequestTimeTooSkewed",
		"Forbidden": // a HEAD that was signed by the clock of a Skew
		return false
	}
	return true
}
