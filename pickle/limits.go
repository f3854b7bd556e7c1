// SPDX-License-Identifier: Apache-2.0

package pickle

// Limits bound what decoding may cost. A zero field means its default.
type Limits struct {
	// MaxSize is the largest pickle in bytes. Default: 1 GiB.
	MaxSize int64
	// MaxMemory bounds, as an estimate in bytes, both what decoding one pickle
	// allocates and what the value amounts to with everything it shares
	// counted in each place. Default: 1 GiB.
	MaxMemory int64
	// MaxDepth is how deep values may nest. Default: 10,000.
	MaxDepth int
}

const (
	defaultMaxSize   = 1 << 30
	defaultMaxMemory = 1 << 30
	defaultMaxDepth  = 10_000
)

// Estimated costs in bytes.
const (
	costSlot  = 16 // an any in a slice
	costNode  = 96 // a container
	costMemo  = 64 // an entry of the memo
	costEntry = 64 // a key and its value in a Dict's or Set's index
	costValue = 8  // a boxed scalar
)

func (l Limits) withDefaults() Limits {
	if l.MaxSize <= 0 {
		l.MaxSize = defaultMaxSize
	}
	if l.MaxMemory <= 0 {
		l.MaxMemory = defaultMaxMemory
	}
	if l.MaxDepth <= 0 {
		l.MaxDepth = defaultMaxDepth
	}
	return l
}

// budget counts what is spent of Limits.MaxMemory.
type budget struct {
	max, spent int64
}

func (b *budget) charge(n int64) error {
	if n > b.max-b.spent {
		return overLimit("more than %d bytes of memory", b.max)
	}
	b.spent += n
	return nil
}
