// SPDX-License-Identifier: Apache-2.0

// Package validate refuses what can't be sent, before any request: texts that are
// not UTF-8, metadata and headers that HTTP can't carry, keys that sign nothing, and
// hosts that net/http would change.
// It must not know operations, clients or settings: it looks at values.
// Start reading at Input, which sees the input of every operation; Header sees what
// comes of it, and KeyProblem what signs it.
package validate

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lithops-go/lithopss3/internal/s3err"
)

var errUnsendable = errors.New("it can't be sent")

// Unsendable returns the error for a value that can't be sent as it is. kind says what
// the value is.
func Unsendable(kind, text string) error {
	return fmt.Errorf("invalid %s %q: %w", kind, text, errUnsendable)
}

// Input returns an error if an operation's input has a string that is not UTF-8, or
// metadata that can't be sent as one header each.
func Input(input any) error { return checkValue("", reflect.ValueOf(input)) }

func checkValue(name string, v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		return checkText(name, v.String())
	case reflect.Pointer:
		if !v.IsNil() {
			return checkValue(name, v.Elem())
		}
	case reflect.Struct:
		for _, field := range fieldsOf(v.Type()) {
			if err := checkValue(field.name, v.Field(field.index)); err != nil {
				return err
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return nil
		}
		for i := range v.Len() {
			if err := checkValue(name, v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		if v.Len() == 0 {
			return nil
		}
		if metadata, ok := v.Interface().(map[string]string); ok {
			return checkMetadata(metadata)
		}
	}
	return nil
}

// A field is one of a struct that may hold something to check.
type field struct {
	name  string
	index int
}

// knownFields has the fields of each type of struct that was seen, because to ask
// reflection for them took most of Input's time.
var knownFields sync.Map // of reflect.Type to []field

func fieldsOf(t reflect.Type) []field {
	if known, ok := knownFields.Load(t); ok {
		fields, _ := known.([]field)
		return fields
	}
	var fields []field
	for i := range t.NumField() {
		if of := t.Field(i); of.IsExported() && mayHoldText(of.Type) {
			fields = append(fields, field{of.Name, i})
		}
	}
	knownFields.Store(t, fields)
	return fields
}

// mayHoldText reports whether checkValue looks into values of a type.
func mayHoldText(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String, reflect.Struct, reflect.Slice, reflect.Map, reflect.Pointer:
		return t != reflect.TypeFor[time.Time]()
	}
	return false
}

func checkText(name, text string) error {
	switch {
	case utf8.ValidString(text):
		return nil
	case name == "Key":
		return fmt.Errorf("%w: %q is not UTF-8", s3err.ErrInvalidKey, text)
	}
	return fmt.Errorf("invalid %s %q: %w, because it is not UTF-8", name, text, errUnsendable)
}

// checkMetadata returns an error for metadata that would not arrive as it is. S3
// takes US-ASCII, and names in small letters.
func checkMetadata(metadata map[string]string) error {
	seen := make(map[string]string, len(metadata))
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		if !isHeaderName(name) {
			return fmt.Errorf("invalid metadata %q: %w, because it is not the name of a header", name, errUnsendable)
		}
		lower := strings.ToLower(name)
		if other, ok := seen[lower]; ok {
			return fmt.Errorf("invalid metadata %q: %w together with %q, because the names of headers have no case", name, errUnsendable, other)
		}
		seen[lower] = name
		if problem := problemOf(metadata[name], isASCII); problem != "" {
			return fmt.Errorf("invalid metadata %q: %w, because its value has %s", name, errUnsendable, problem)
		}
	}
	return nil
}

// Header returns an error for a header that HTTP can't carry. It does not
// repeat the value, which may be a secret.
func Header(header http.Header) error {
	for name, values := range header {
		if !isHeaderName(name) {
			return fmt.Errorf("invalid header %q: %w, because it is not the name of a header", name, errUnsendable)
		}
		for _, value := range values {
			if problem := problemOf(value, nil); problem != "" {
				return fmt.Errorf("invalid %s: %w, because it has %s", name, errUnsendable, problem)
			}
		}
	}
	return nil
}

// Host refuses a host that net/http would not send as it is signed.
func Host(host string) error {
	for i := range len(host) {
		if host[i] >= utf8.RuneSelf {
			return s3err.Final(fmt.Errorf("the endpoint's host %q is not US-ASCII: give its name in the DNS (xn--…)", host))
		}
	}
	return nil
}

// KeyProblem says what keeps a key ID or a token out of a header: "has a line break
// at its end". It is empty if nothing does.
func KeyProblem(text string) string {
	return hasProblem(problemOf(text, func(r rune) bool { return isASCII(r) && !unicode.IsSpace(r) }))
}

// SecretProblem says what is wrong with a secret access key, like KeyProblem.
func SecretProblem(text string) string {
	return hasProblem(problemOf(text, func(r rune) bool { return !unicode.IsSpace(r) }))
}

func hasProblem(problem string) string {
	if problem == "" {
		return ""
	}
	return "has " + problem
}

// problemOf returns why a string can't be sent in a header, or "" if it can. allowed
// may refuse more characters.
func problemOf(text string, allowed func(rune) bool) string {
	if allowed == nil && isPrintable(text) {
		return ""
	}
	for i, r := range text {
		where := "inside"
		if i+utf8.RuneLen(r) == len(text) {
			where = "at its end"
		}
		switch {
		case r == '\n' || r == '\r':
			return "a line break " + where
		case unicode.IsControl(r) && r != '\t':
			return "a control character " + where
		case allowed == nil || allowed(r):
		case unicode.IsSpace(r):
			return "white space " + where
		default:
			return fmt.Sprintf("%q, which is not US-ASCII", r)
		}
	}
	return ""
}

// isPrintable reports whether text has printable US-ASCII only, as nearly every header.
func isPrintable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// IsXML reports whether XML 1.0 can hold the string unchanged.
func IsXML(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0xfffe || r == 0xffff
	})
}

func isASCII(r rune) bool { return r < utf8.RuneSelf }

// isHeaderName reports whether name is a token (RFC 9110, section 5.6.2).
func isHeaderName(name string) bool {
	for i := range len(name) {
		c := name[i]
		isAlphanumeric := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !isAlphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return name != ""
}
