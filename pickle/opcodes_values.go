// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// maxDigits is how many digits a decimal integer may have; Python's limit.
const maxDigits = 4300

func opValue(v any) func(*machine) error {
	return func(m *machine) error { return m.push(v) }
}

// lineIndex reads the memo index of GET and PUT.
func (m *machine) lineIndex() (uint64, error) {
	raw, err := m.line()
	if err != nil {
		return 0, err
	}
	index, err := strconv.ParseUint(string(raw), 10, 62)
	if err != nil {
		return 0, malformed("memo index is no number")
	}
	return index, nil
}

// opInt reads a decimal number; "00" and "01" are protocol 0's booleans.
func opInt(m *machine) error {
	raw, err := m.line()
	if err != nil {
		return err
	}
	switch string(raw) {
	case "00":
		return m.push(false)
	case "01":
		return m.push(true)
	}
	return m.pushDecimal(string(raw))
}

func opLong(m *machine) error {
	raw, err := m.line()
	if err != nil {
		return err
	}
	return m.pushDecimal(strings.TrimSuffix(string(raw), "L"))
}

func (m *machine) pushDecimal(text string) error {
	if len(text) > maxDigits+1 {
		return overLimit("a number of more than %d digits", maxDigits)
	}
	if strings.Trim(text, "0123456789+-") != "" {
		return malformed("not a decimal number")
	}
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return malformed("not a decimal number")
	}
	return m.pushSized(newInt(n), costValue+len(text)/2)
}

func opBinInt(m *machine) error {
	n, err := m.number(4)
	if err != nil {
		return err
	}
	return m.pushSized(int64(int32(uint32(n))), costValue)
}

func opBinUint(width int) func(*machine) error {
	return func(m *machine) error {
		n, err := m.number(width)
		if err != nil {
			return err
		}
		return m.pushSized(int64(n), costValue)
	}
}

func opLong1(m *machine) error {
	raw, err := m.counted(1)
	if err != nil {
		return err
	}
	return m.pushTwosComplement(raw)
}

func opLong4(m *machine) error {
	n, err := m.number(4)
	if err != nil {
		return err
	}
	if n > math.MaxInt32 {
		return malformed("negative length")
	}
	raw, err := m.take(n)
	if err != nil {
		return err
	}
	return m.pushTwosComplement(raw)
}

func (m *machine) pushTwosComplement(raw []byte) error {
	if err := m.budget.charge(int64(costValue + 2*len(raw))); err != nil {
		return err
	}
	return m.push(newInt(twosComplement(raw)))
}

// twosComplement reads a little-endian signed number; no bytes are 0.
func twosComplement(raw []byte) *big.Int {
	bigEndian := make([]byte, len(raw))
	for i, c := range raw {
		bigEndian[len(raw)-1-i] = c
	}
	n := new(big.Int).SetBytes(bigEndian)
	if len(raw) > 0 && raw[len(raw)-1] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
	}
	return n
}

func opFloat(m *machine) error {
	raw, err := m.line()
	if err != nil {
		return err
	}
	if len(raw) > maxDigits {
		return overLimit("a number of more than %d digits", maxDigits)
	}
	if strings.ContainsAny(string(raw), "xXpP_") { // Go's, not Python's
		return malformed("not a number")
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return malformed("not a number")
	}
	return m.pushSized(f, costValue)
}

func opBinFloat(m *machine) error {
	raw, err := m.take(8)
	if err != nil {
		return err
	}
	return m.pushSized(math.Float64frombits(binary.BigEndian.Uint64(raw)), costValue)
}

func opBinBytes(width int) func(*machine) error {
	return func(m *machine) error {
		raw, err := m.counted(width)
		if err != nil {
			return err
		}
		if err := m.budget.charge(int64(costSlot + len(raw))); err != nil {
			return err
		}
		return m.push(append([]byte{}, raw...))
	}
}

func opByteArray(m *machine) error {
	raw, err := m.counted(8)
	if err != nil {
		return err
	}
	if err := m.budget.charge(int64(costSlot + len(raw))); err != nil {
		return err
	}
	return m.push(append(ByteArray{}, raw...))
}
