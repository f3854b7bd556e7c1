// SPDX-License-Identifier: Apache-2.0

package pickle

func opEmpty(k kind) func(*machine) error {
	return func(m *machine) error { return m.pushNode(&node{kind: k}) }
}

func opMarked(k kind) func(*machine) error {
	return func(m *machine) error {
		items, err := m.popMark()
		if err != nil {
			return err
		}
		if k == kindDict && len(items)%2 != 0 {
			return malformed("a key without a value")
		}
		return m.pushNode(&node{kind: k, items: items})
	}
}

func opTuple(n int) func(*machine) error {
	return func(m *machine) error {
		items := make([]any, n)
		for i := n - 1; i >= 0; i-- {
			var err error
			if items[i], err = m.pop(); err != nil {
				return err
			}
		}
		return m.pushNode(&node{kind: kindTuple, items: items})
	}
}

func opAppend(m *machine) error {
	v, err := m.pop()
	if err != nil {
		return err
	}
	return m.extendTop([]any{v}, kindList)
}

func opAppends(m *machine) error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	return m.extendTop(items, kindList)
}

func opAddItems(m *machine) error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	return m.extendTop(items, kindSet)
}

// extendTop adds items to the list or set, or appends them to the object, on
// top of the stack.
func (m *machine) extendTop(items []any, k kind) error {
	n, err := m.topNode()
	if err != nil {
		return err
	}
	if n.kind != k && (n.kind != kindObject || k != kindList) {
		return malformed("the items' container is of another kind")
	}
	if err := m.budget.charge(int64(costSlot * len(items))); err != nil {
		return err
	}
	n.items = append(n.items, items...)
	return nil
}

func opSetItem(m *machine) error {
	value, err := m.pop()
	if err != nil {
		return err
	}
	key, err := m.pop()
	if err != nil {
		return err
	}
	return m.setOnTop([]any{key, value})
}

func opSetItems(m *machine) error {
	pairs, err := m.popMark()
	if err != nil {
		return err
	}
	if len(pairs)%2 != 0 {
		return malformed("a key without a value")
	}
	return m.setOnTop(pairs)
}

func (m *machine) setOnTop(pairs []any) error {
	n, err := m.topNode()
	if err != nil {
		return err
	}
	if err := m.budget.charge(int64(costSlot * len(pairs))); err != nil {
		return err
	}
	switch n.kind {
	case kindDict:
		n.items = append(n.items, pairs...)
	case kindObject:
		n.object.pairs = append(n.object.pairs, pairs...)
	default:
		return malformed("the items' container is no dict")
	}
	return nil
}

func opGlobal(m *machine) error {
	g, err := m.lineGlobal()
	if err != nil {
		return err
	}
	return m.pushGlobal(g)
}

// lineGlobal reads a module and a name, each a line.
func (m *machine) lineGlobal() (Global, error) {
	module, err := m.line()
	if err != nil {
		return Global{}, err
	}
	name, err := m.line()
	if err != nil {
		return Global{}, err
	}
	if err := m.budget.charge(int64(len(module) + len(name))); err != nil {
		return Global{}, err
	}
	return m.global(string(module), string(name))
}

func opStackGlobal(m *machine) error {
	name, err := m.popString()
	if err != nil {
		return err
	}
	module, err := m.popString()
	if err != nil {
		return err
	}
	g, err := m.global(module, name)
	if err != nil {
		return err
	}
	return m.pushGlobal(g)
}

func (m *machine) pushGlobal(g Global) error { return m.pushSized(g, 3*costSlot) }

// highestOfPython2 is the last protocol that Python 2 reads.
const highestOfPython2 = 2

// global checks a name and maps Python 2's module names, which protocols 0 to 2
// write, to Python 3's. Later protocols have them only for modules of these names, as a
// program's own exceptions.py.
func (m *machine) global(module, name string) (Global, error) {
	if module == "" || name == "" || !validText(module) || !validText(name) {
		return Global{}, malformed("a class without a proper name")
	}
	if m.protocol > highestOfPython2 {
		return Global{Module: module, Name: name}, nil
	}
	switch module {
	case "__builtin__", "exceptions":
		module = builtins
		if renamed, ok := python2Names[name]; ok {
			name = renamed
		}
	case "copy_reg":
		module = "copyreg"
	}
	return Global{Module: module, Name: name}, nil
}

// python2Names are the builtins that Python 3 has by another name.
var python2Names = map[string]string{"long": "int", "unicode": "str", "unichr": "chr", "xrange": "range"}

// opReduce builds an object from a callable and its arguments. NEWOBJ differs
// only in which method Python calls.
func opReduce(m *machine) error {
	args, err := m.popTuple()
	if err != nil {
		return err
	}
	callable, err := m.pop()
	if err != nil {
		return err
	}
	return m.pushConstruction(&construction{callable: callable, args: args})
}

func opNewObjEx(m *machine) error {
	v, err := m.pop()
	if err != nil {
		return err
	}
	kwargs, ok := v.(*node)
	if !ok || kwargs.kind != kindDict {
		return malformed("keyword arguments are no dict")
	}
	args, err := m.popTuple()
	if err != nil {
		return err
	}
	callable, err := m.pop()
	if err != nil {
		return err
	}
	return m.pushConstruction(&construction{callable: callable, args: args, kwargs: kwargs})
}

func opInst(m *machine) error {
	g, err := m.lineGlobal()
	if err != nil {
		return err
	}
	items, err := m.popMark()
	if err != nil {
		return err
	}
	args := &node{kind: kindTuple, items: items}
	return m.pushConstruction(&construction{callable: g, args: args})
}

func opObj(m *machine) error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return malformed("no class on the stack")
	}
	args := &node{kind: kindTuple, items: items[1:]}
	return m.pushConstruction(&construction{callable: items[0], args: args})
}

func (m *machine) pushConstruction(c *construction) error {
	if err := m.budget.charge(int64(costNode + costSlot*len(c.args.items))); err != nil {
		return err
	}
	return m.pushNode(&node{kind: kindObject, object: c})
}

func opBuild(m *machine) error {
	state, err := m.pop()
	if err != nil {
		return err
	}
	n, err := m.topNode()
	if err != nil {
		return err
	}
	if n.kind != kindObject {
		return malformed("only an object has a state")
	}
	if n.object.hasState {
		return unsupported("a second state for one object")
	}
	n.object.state, n.object.hasState = state, true
	return nil
}
