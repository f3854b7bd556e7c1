// SPDX-License-Identifier: Apache-2.0

package pickle

import "sync"

// opcode names and runs what one byte asks the machine to do.
type opcode struct {
	name string
	run  func(*machine) error
}

// opcodes lists all of protocols 0 to 5 by their byte.
var opcodes = sync.OnceValue(func() *[256]opcode {
	return &[256]opcode{
		// Values.
		'N':  {"NONE", opValue(nil)},
		0x88: {"NEWTRUE", opValue(true)},
		0x89: {"NEWFALSE", opValue(false)},
		'I':  {"INT", opInt},
		'J':  {"BININT", opBinInt},
		'K':  {"BININT1", opBinUint(1)},
		'M':  {"BININT2", opBinUint(2)},
		'L':  {"LONG", opLong},
		0x8a: {"LONG1", opLong1},
		0x8b: {"LONG4", opLong4},
		'F':  {"FLOAT", opFloat},
		'G':  {"BINFLOAT", opBinFloat},
		'S':  {"STRING", opString},
		'T':  {"BINSTRING", opBinString},
		'U':  {"SHORT_BINSTRING", opShortBinString},
		'V':  {"UNICODE", opUnicode},
		0x8c: {"SHORT_BINUNICODE", opBinUnicode(1)},
		'X':  {"BINUNICODE", opBinUnicode(4)},
		0x8d: {"BINUNICODE8", opBinUnicode(8)},
		'C':  {"SHORT_BINBYTES", opBinBytes(1)},
		'B':  {"BINBYTES", opBinBytes(4)},
		0x8e: {"BINBYTES8", opBinBytes(8)},
		0x96: {"BYTEARRAY8", opByteArray},

		// Containers.
		']':  {"EMPTY_LIST", opEmpty(kindList)},
		')':  {"EMPTY_TUPLE", opEmpty(kindTuple)},
		'}':  {"EMPTY_DICT", opEmpty(kindDict)},
		0x8f: {"EMPTY_SET", opEmpty(kindSet)},
		'l':  {"LIST", opMarked(kindList)},
		't':  {"TUPLE", opMarked(kindTuple)},
		'd':  {"DICT", opMarked(kindDict)},
		0x91: {"FROZENSET", opMarked(kindFrozenSet)},
		0x85: {"TUPLE1", opTuple(1)},
		0x86: {"TUPLE2", opTuple(2)},
		0x87: {"TUPLE3", opTuple(3)},
		'a':  {"APPEND", opAppend},
		'e':  {"APPENDS", opAppends},
		's':  {"SETITEM", opSetItem},
		'u':  {"SETITEMS", opSetItems},
		0x90: {"ADDITEMS", opAddItems},

		// Classes and objects.
		'c':  {"GLOBAL", opGlobal},
		0x93: {"STACK_GLOBAL", opStackGlobal},
		'R':  {"REDUCE", opReduce},
		0x81: {"NEWOBJ", opReduce},
		0x92: {"NEWOBJ_EX", opNewObjEx},
		'i':  {"INST", opInst},
		'o':  {"OBJ", opObj},
		'b':  {"BUILD", opBuild},

		// Stack, memo, frames.
		'(':  {"MARK", opMark},
		'.':  {"STOP", opStop},
		'0':  {"POP", opPop},
		'1':  {"POP_MARK", opPopMark},
		'2':  {"DUP", opDup},
		'p':  {"PUT", opPut},
		'q':  {"BINPUT", opBinPut(1)},
		'r':  {"LONG_BINPUT", opBinPut(4)},
		0x94: {"MEMOIZE", opMemoize},
		'g':  {"GET", opGet},
		'h':  {"BINGET", opBinGet(1)},
		'j':  {"LONG_BINGET", opBinGet(4)},
		0x80: {"PROTO", opProto},
		0x95: {"FRAME", opFrame},

		// Refused.
		'P':  {"PERSID", opRefuse("persistent ids mean nothing here")},
		'Q':  {"BINPERSID", opRefuse("persistent ids mean nothing here")},
		0x82: {"EXT1", opRefuse("there is no registry of extension codes")},
		0x83: {"EXT2", opRefuse("there is no registry of extension codes")},
		0x84: {"EXT4", opRefuse("there is no registry of extension codes")},
		0x97: {"NEXT_BUFFER", opRefuse("there are no out-of-band buffers")},
		0x98: {"READONLY_BUFFER", opRefuse("there are no out-of-band buffers")},
	}
})

func opRefuse(why string) func(*machine) error {
	return func(*machine) error { return unsupported("%s", why) }
}

const highestProtocol = 5

func opProto(m *machine) error {
	version, err := m.number(1)
	if err == nil && version > highestProtocol {
		err = unsupported("protocol %d", version)
	}
	m.protocol = version
	return err
}

func opFrame(m *machine) error {
	n, err := m.number(8)
	if err != nil {
		return err
	}
	return m.frame(n)
}

func opStop(m *machine) error {
	if len(m.marks) > 0 || len(m.stack) != 1 {
		return malformed("%d values and %d marks on the stack", len(m.stack), len(m.marks))
	}
	m.done = true
	return nil
}

func opMark(m *machine) error {
	if err := m.budget.charge(costValue); err != nil {
		return err
	}
	m.marks = append(m.marks, len(m.stack))
	return nil
}

func opPop(m *machine) error {
	if len(m.marks) > 0 && len(m.stack) == m.bottom() {
		return opPopMark(m)
	}
	_, err := m.pop()
	return err
}

func opPopMark(m *machine) error {
	_, err := m.popMark()
	return err
}

func opDup(m *machine) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	return m.push(v)
}

func opPut(m *machine) error {
	index, err := m.lineIndex()
	if err != nil {
		return err
	}
	return m.remember(index)
}

func opBinPut(width int) func(*machine) error {
	return func(m *machine) error {
		index, err := m.number(width)
		if err != nil {
			return err
		}
		return m.remember(index)
	}
}

func opMemoize(m *machine) error { return m.remember(uint64(len(m.memo))) }

func opGet(m *machine) error {
	index, err := m.lineIndex()
	if err != nil {
		return err
	}
	return m.recall(index)
}

func opBinGet(width int) func(*machine) error {
	return func(m *machine) error {
		index, err := m.number(width)
		if err != nil {
			return err
		}
		return m.recall(index)
	}
}
