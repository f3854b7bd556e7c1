// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// decimalKey stands for a Decimal that is equal to no int or float: its digits without
// zeros at both ends, and its exponent. 1.5 and 1.50 are one key.
type decimalKey struct {
	digits   string
	exponent int64
	negative bool
}

// minExactExponent is the least exponent of a Decimal without zeros at its end that is a
// float: 2⁻¹⁰⁷⁴ has so many decimal places. The largest is that of the integers that are
// decoded, maxDigits.
const minExactExponent = -1074

// isNaNDecimal reports whether a Decimal is a NaN, which is equal to nothing.
func isNaNDecimal(d Decimal) bool { return strings.Contains(string(d), "NaN") }

// hashDecimal returns what hashKey returns for the int or the float that a Decimal is equal
// to, if there is one.
func hashDecimal(d Decimal) any {
	text, negative := strings.CutPrefix(string(d), "-")
	switch {
	case isNaNDecimal(d):
		return unequalKey{math.NaN()}
	case text == "Infinity":
		infinite, _ := strconv.ParseFloat(string(d), 64)
		return infinite
	case !isDecimal(string(d)): // of a program's own
		return d
	}
	mantissa, power, _ := strings.Cut(text, "E")
	exponent, err := strconv.ParseInt("0"+strings.TrimPrefix(strings.TrimPrefix(power, "+"), "-"), 10, 62)
	if err != nil {
		return d // Python has no such exponent
	}
	if strings.HasPrefix(power, "-") {
		exponent = -exponent
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimRight(whole+fraction, "0")
	exponent += int64(len(whole) - len(digits))
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		return int64(0)
	}
	if key, ok := exactKey(digits, exponent, negative); ok {
		return key
	}
	return decimalKey{digits, exponent, negative}
}

// exactKey returns the key of the int or float that is digits times ten to the exponent.
func exactKey(digits string, exponent int64, negative bool) (key any, ok bool) {
	if len(digits) > maxDigits || exponent > maxDigits || exponent < minExactExponent {
		return nil, false
	}
	number, ok := new(big.Rat).SetString(digits + "E" + strconv.FormatInt(exponent, 10))
	if !ok {
		return nil, false
	}
	if negative {
		number.Neg(number)
	}
	if number.IsInt() {
		return intKey(number.Num()), true
	}
	float, exact := number.Float64()
	return floatKey(float), exact
}
