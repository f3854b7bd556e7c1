// SPDX-License-Identifier: Apache-2.0

package main

import (
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parseSimple parses a line that has only a command, options and arguments that are
// words. It returns nil for every other line, for kong to parse, which also prints the
// errors and helps. Kong needs a fifth of the time in which a small object is stored,
// because it reads all tags of a command first. TestSimpleLines holds both to the same
// result.
func parseSimple(args []string) runner {
	command := newCommand(args[0])
	if command == nil {
		return nil
	}
	line := &simpleLine{fields: make([]simpleField, 0, someFields)}
	if !line.addFields(reflect.ValueOf(command).Elem()) {
		return nil
	}
	for rest := args[1:]; len(rest) > 0; {
		taken := line.take(rest)
		if taken == 0 {
			return nil
		}
		rest = rest[taken:]
	}
	if !line.setWords() {
		return nil
	}
	return command
}

// newCommand returns the command that word names, or nil if there is none without
// commands below it.
func newCommand(word string) runner {
	name := strings.TrimLeft(word, "_")
	if name == "" {
		return nil
	}
	field, isField := reflect.TypeFor[commands]().FieldByName(strings.ToUpper(name[:1]) + name[1:])
	if _, isCommand := field.Tag.Lookup("cmd"); !isField || !isCommand || commandName(field) != word {
		return nil
	}
	command, _ := reflect.New(field.Type).Interface().(runner)
	return command
}

// someFields is more fields than any command has, so that none is copied when others are added.
const someFields = 32

// A simpleLine is a line that parseSimple is reading.
type simpleLine struct {
	fields []simpleField // of the command
	words  []string      // the arguments that are no options
}

// A simpleField is a field of a command: an option or the arguments.
type simpleField struct {
	reflect.StructField
	value   reflect.Value
	isGiven bool
}

// addFields adds the fields of a command, and sets their defaults. It reports false for
// a default that is not a string.
func (l *simpleLine) addFields(command reflect.Value) bool {
	for i := range command.NumField() {
		field := simpleField{StructField: command.Type().Field(i), value: command.Field(i)}
		if field.Anonymous {
			if !l.addFields(field.value) {
				return false
			}
			continue
		}
		if text, hasDefault := field.Tag.Lookup("default"); hasDefault {
			if field.Type != reflect.TypeFor[string]() {
				return false
			}
			field.value.SetString(text)
		}
		l.fields = append(l.fields, field)
	}
	return true
}

// take reads the next option with its value, or the next word. It returns how many
// arguments it took, or 0 if kong must parse the line.
func (l *simpleLine) take(args []string) int {
	arg := args[0]
	if !isSimpleWord(arg) {
		return l.takeOption(arg, args[1:])
	}
	l.words = append(l.words, arg)
	return 1
}

// isSimpleWord reports whether an argument is no option, and the same to kong.
func isSimpleWord(arg string) bool {
	return arg != "" && arg[0] != '-' && utf8.ValidString(arg)
}

func (l *simpleLine) takeOption(arg string, rest []string) int {
	name, value, hasValue := strings.Cut(arg, "=")
	field := l.option(name)
	if field == nil || field.isGiven {
		return 0
	}
	field.isGiven = true
	taken := 1
	switch field.Type {
	case reflect.TypeFor[bool]():
		if hasValue || name == "--request-payer" { // which may have a word after it
			return 0
		}
		field.value.SetBool(true)
	case reflect.TypeFor[string]():
		if !hasValue && len(rest) > 0 {
			value = rest[0]
			taken = 2
		}
		if !isSimpleWord(value) || hasValue && !strings.HasPrefix(arg, "--") || !field.isText() {
			return 0
		}
		field.value.SetString(value)
	default:
		return 0
	}
	return taken
}

// option returns the field of an option, or nil.
func (l *simpleLine) option(name string) *simpleField {
	long, isLong := strings.CutPrefix(name, "--")
	short, isShort := strings.CutPrefix(name, "-")
	for i := range l.fields {
		field := &l.fields[i]
		if _, isArgument := field.Tag.Lookup("arg"); isArgument {
			continue
		}
		if isLong && field.option() == long || !isLong && isShort && short != "" && field.Tag.Get("short") == short {
			return field
		}
	}
	return nil
}

// option returns the name of a field's option, as kong makes it: dry-run of DryRun.
func (f *simpleField) option() string {
	if name := f.Tag.Get("name"); name != "" {
		return name
	}
	var name strings.Builder
	isAfterLower := false
	for _, letter := range f.Name {
		if isAfterLower && unicode.IsUpper(letter) {
			name.WriteByte('-')
		}
		isAfterLower = unicode.IsLower(letter)
		name.WriteRune(unicode.ToLower(letter))
	}
	return name.String()
}

// isText reports whether any text is a value of the field.
func (f *simpleField) isText() bool {
	kind := f.Tag.Get("type")
	_, isEnum := f.Tag.Lookup("enum")
	return !isEnum && (kind == "" || kind == "file")
}

// setWords sets the command's arguments. It reports false if kong must check them.
func (l *simpleLine) setWords() bool {
	for i := range l.fields {
		field := &l.fields[i]
		if _, isArgument := field.Tag.Lookup("arg"); !isArgument {
			continue
		}
		_, isOptional := field.Tag.Lookup("optional")
		if field.Type != reflect.TypeFor[[]string]() || !field.isText() || len(l.words) == 0 && !isOptional {
			return false
		}
		field.value.Set(reflect.ValueOf(l.words))
		return true
	}
	return len(l.words) == 0
}
