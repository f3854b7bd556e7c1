// SPDX-License-Identifier: Apache-2.0

package pickle

import "math/big"

// resolver makes Go values of nodes. Each node becomes one value, however
// often it is mentioned; its cost counts each time.
type resolver struct {
	budget   *budget
	maxDepth int
}

// measure says how much a value takes (everything in it counted each time) and how deep
// it nests.
type measure struct {
	cost   int64
	height int32
}

func (r *resolver) root(v any) (any, error) {
	out, _, err := r.value(v, 0)
	return out, err
}

func (r *resolver) value(v any, depth int) (any, measure, error) {
	n, ok := v.(*node)
	if !ok {
		return v, measure{cost: scalarCost(v)}, nil
	}
	switch n.progress {
	case resolved:
		return n.value, measure{n.cost, n.height}, nil
	case resolving:
		return nil, measure{}, &Error{Offset: -1, Reason: ErrCycle, Msg: "this package has no form for it"}
	}
	if depth >= r.maxDepth {
		return nil, measure{}, r.tooDeep()
	}
	n.progress = resolving
	size, err := r.node(n, depth+1)
	if err != nil {
		return nil, measure{}, err
	}
	n.progress = resolved
	n.cost = size.cost
	n.height = size.height
	n.items, n.object = nil, nil
	return n.value, size, nil
}

func (r *resolver) tooDeep() error {
	return overLimit("values nest deeper than %d", r.maxDepth)
}

func scalarCost(v any) int64 {
	switch v := v.(type) {
	case string:
		return costSlot + int64(len(v))
	case []byte:
		return costSlot + int64(len(v))
	case ByteArray:
		return costSlot + int64(len(v))
	case *big.Int:
		return costSlot + int64(v.BitLen()/8)
	case Global:
		return costSlot + int64(len(v.Module)+len(v.Name))
	}
	return costSlot
}

// node sets a node's value.
func (r *resolver) node(n *node, depth int) (measure, error) {
	size := measure{cost: costNode}
	if n.kind == kindObject {
		return r.object(n, depth, size)
	}
	if err := r.items(n.items, depth, &size); err != nil {
		return size, err
	}
	var err error
	n.value, err = r.container(n, size)
	return size, err
}

// items resolves items in place and adds to size what they take.
func (r *resolver) items(items []any, depth int, size *measure) error {
	for i, item := range items {
		out, itemSize, err := r.value(item, depth)
		if err != nil {
			return err
		}
		items[i] = out
		if err := r.add(size, itemSize); err != nil {
			return err
		}
	}
	return nil
}

// add counts a part of a value.
func (r *resolver) add(size *measure, part measure) error {
	size.cost += part.cost // both at most budget.max: no overflow
	if size.cost > r.budget.max {
		return overLimit("a value of more than %d bytes", r.budget.max)
	}
	size.height = max(size.height, part.height+1)
	if int(size.height) > r.maxDepth {
		return r.tooDeep()
	}
	return nil
}

// container makes the Go value of resolved items.
func (r *resolver) container(n *node, size measure) (any, error) {
	switch n.kind {
	case kindTuple:
		return Tuple(orEmpty(n.items)), nil
	case kindSet:
		items, err := r.unique(n.items, size.cost)
		return Set(items), err
	case kindFrozenSet:
		items, err := r.unique(n.items, size.cost)
		return FrozenSet(items), err
	case kindDict:
		return r.dict(n.items)
	}
	return orEmpty(n.items), nil
}

func orEmpty(items []any) []any {
	if items == nil {
		return []any{}
	}
	return items
}

func (r *resolver) unique(items []any, cost int64) ([]any, error) {
	if err := r.budget.charge(cost + costEntry*int64(len(items))); err != nil {
		return nil, err
	}
	items, err := uniqueItems(items)
	return orEmpty(items), err
}

// dict makes a Dict of keys and values.
func (r *resolver) dict(pairs []any) (*Dict, error) {
	if err := r.budget.charge(costEntry * int64(len(pairs))); err != nil {
		return nil, err
	}
	d := &Dict{}
	if len(pairs) > 0 {
		d.entries = make([]dictEntry, 0, len(pairs)/2)
	}
	for i := 0; i < len(pairs); i += 2 {
		if err := r.chargeKey(pairs[i]); err != nil {
			return nil, err
		}
		if err := d.Set(pairs[i], pairs[i+1]); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// chargeKey pays for the copy of a key that the index keeps.
func (r *resolver) chargeKey(key any) error {
	switch key := key.(type) {
	case Tuple:
		for _, item := range key {
			if err := r.chargeKey(item); err != nil {
				return err
			}
		}
	case FrozenSet:
		return r.chargeKey(Tuple(key))
	}
	return r.budget.charge(scalarCost(key))
}

// object resolves what a construction is made of and gives it a Go type if
// there is one.
func (r *resolver) object(n *node, depth int, size measure) (measure, error) {
	obj := &Object{}
	c := n.object
	part := func(v any) (any, error) {
		out, itemSize, err := r.value(v, depth)
		if err == nil {
			err = r.add(&size, itemSize)
		}
		return out, err
	}
	if err := fillObject(obj, c, part); err != nil {
		return size, err
	}
	if err := r.items(n.items, depth, &size); err != nil {
		return size, err
	}
	obj.List = n.items
	if err := r.items(c.pairs, depth, &size); err != nil {
		return size, err
	}
	if len(c.pairs) > 0 {
		var err error
		if obj.Items, err = r.dict(c.pairs); err != nil {
			return size, err
		}
	}
	// What the Go type copies is at most what the object amounts to.
	if err := r.budget.charge(size.cost); err != nil {
		return size, err
	}
	var err error
	n.value, err = interpret(obj)
	return size, err
}

// fillObject sets all but the items, each resolved by part.
func fillObject(obj *Object, c *construction, part func(any) (any, error)) error {
	callable, err := part(c.callable)
	if err != nil {
		return err
	}
	if g, ok := callable.(Global); ok {
		obj.Module, obj.Name = g.Module, g.Name
	} else {
		obj.Callable = callable
	}
	args, err := part(c.args)
	if err != nil {
		return err
	}
	obj.Args = args.(Tuple) // a kindTuple always resolves to a Tuple
	if c.kwargs != nil {
		kwargs, err := part(c.kwargs)
		if err != nil {
			return err
		}
		obj.Kwargs = kwargs.(*Dict) // and a kindDict to a *Dict
	}
	if c.hasState {
		obj.State, err = part(c.state)
	}
	return err
}
