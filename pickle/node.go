// SPDX-License-Identifier: Apache-2.0

package pickle

// kind tells what a node stands for.
type kind uint8

const (
	kindList kind = iota
	kindTuple
	kindSet
	kindFrozenSet
	kindDict   // items: key, value, key, value
	kindObject // what REDUCE, NEWOBJ and their like build
)

// progress tells how far the resolver is with a node.
type progress uint8

const (
	pending progress = iota
	resolving
	resolved
)

// node is a container or object while a pickle is being read. Opcodes and the
// memo refer to it, so it changes until the pickle's end; only then the
// resolver makes a Go value of it.
type node struct {
	kind     kind
	progress progress
	height   int32 // how deep it nests, once resolved
	items    []any
	object   *construction // of a kindObject
	cost     int64         // with all that it contains, once resolved
	value    any           // once resolved
}

// construction is how a pickle builds an object.
type construction struct {
	callable any // Global or anything else that a pickle puts there
	args     *node
	kwargs   *node // nil if none
	state    any
	hasState bool
	pairs    []any // key, value, key, value: set on the object as on a dict
}
