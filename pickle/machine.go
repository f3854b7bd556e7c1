// SPDX-License-Identifier: Apache-2.0

package pickle

import "errors"

// machine reads a pickle's opcodes and builds nodes. It calls nothing.
type machine struct {
	reader
	opcodes *[256]opcode
	stack   []any
	marks   []int // stack heights
	memo    map[uint64]any
	budget  *budget
	highest int // of the stack, for the budget
	done    bool

	protocol uint64 // 0 until PROTO says another
}

func newMachine(data []byte, start int, limits Limits) *machine {
	return &machine{
		reader:  reader{data: data, pos: start},
		opcodes: opcodes(),
		memo:    map[uint64]any{},
		budget:  &budget{max: limits.MaxMemory},
	}
}

// run reads up to STOP and gives what is on the stack then.
func (m *machine) run() (any, error) {
	for !m.done {
		if err := m.step(); err != nil {
			return nil, err
		}
	}
	if m.frameEnd > 0 {
		return nil, &Error{Offset: m.pos, Op: "STOP", Msg: "inside a frame", Reason: ErrMalformed}
	}
	return m.stack[0], nil
}

// step reads one opcode; its errors tell which and where.
func (m *machine) step() error {
	at := m.pos
	raw, err := m.take(1)
	if err != nil {
		return located(malformed("no STOP before the data's end"), at, "")
	}
	op := m.opcodes[raw[0]]
	if op.run == nil {
		return located(unsupported("unknown opcode 0x%02x", raw[0]), at, "")
	}
	if err := op.run(m); err != nil {
		return located(err, at, op.name)
	}
	return nil
}

func located(err error, at int, op string) error {
	var e *Error
	if errors.As(err, &e) && e.Offset < 0 {
		return &Error{Offset: at, Op: op, Msg: e.Msg, Reason: e.Reason}
	}
	return err
}

func (m *machine) push(v any) error {
	if len(m.stack) >= m.highest {
		if err := m.budget.charge(costSlot); err != nil {
			return err
		}
		m.highest = len(m.stack) + 1
	}
	m.stack = append(m.stack, v)
	return nil
}

// pushSized pushes a value that takes n bytes.
func (m *machine) pushSized(v any, n int) error {
	if err := m.budget.charge(int64(n)); err != nil {
		return err
	}
	return m.push(v)
}

func (m *machine) pushNode(n *node) error {
	cost := costNode + len(n.items)*costSlot
	if n.object != nil {
		cost += costNode
	}
	return m.pushSized(n, cost)
}

// bottom is the height below which nothing may be popped: the last mark's.
func (m *machine) bottom() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

func (m *machine) pop() (any, error) {
	if len(m.stack) <= m.bottom() {
		return nil, malformed("nothing on the stack")
	}
	last := len(m.stack) - 1
	v := m.stack[last]
	m.stack[last] = nil
	m.stack = m.stack[:last]
	return v, nil
}

func (m *machine) top() (any, error) {
	if len(m.stack) <= m.bottom() {
		return nil, malformed("nothing on the stack")
	}
	return m.stack[len(m.stack)-1], nil
}

func (m *machine) topNode() (*node, error) {
	v, err := m.top()
	if err != nil {
		return nil, err
	}
	n, ok := v.(*node)
	if !ok {
		return nil, malformed("a %s can't receive items", kindName(v))
	}
	return n, nil
}

// popMark gives a copy of what is above the last mark and drops both.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, malformed("no mark on the stack")
	}
	at := m.bottom()
	m.marks = m.marks[:len(m.marks)-1]
	items := make([]any, len(m.stack)-at)
	copy(items, m.stack[at:])
	clear(m.stack[at:])
	m.stack = m.stack[:at]
	return items, nil
}

func (m *machine) popTuple() (*node, error) {
	v, err := m.pop()
	if err != nil {
		return nil, err
	}
	n, ok := v.(*node)
	if !ok || n.kind != kindTuple {
		return nil, malformed("arguments are no tuple")
	}
	return n, nil
}

func (m *machine) popString() (string, error) {
	v, err := m.pop()
	if err != nil {
		return "", err
	}
	s, ok := v.(string)
	if !ok {
		return "", malformed("a name is not a string")
	}
	return s, nil
}

func (m *machine) remember(index uint64) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	if _, ok := m.memo[index]; !ok {
		if err := m.budget.charge(costMemo); err != nil {
			return err
		}
	}
	m.memo[index] = v
	return nil
}

func (m *machine) recall(index uint64) error {
	v, ok := m.memo[index]
	if !ok {
		return malformed("no memo %d", index)
	}
	return m.push(v)
}
