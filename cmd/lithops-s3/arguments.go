package main

import (
	"fmt"
	"reflect"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// Arguments are bytes. Kong would pass them through JSON, where each byte that is
// not UTF-8 becomes U+FFFD, and the command would work on another key or file.
// So strings have mappers of our own: a "file" keeps its bytes, as file names of
// Unix are any bytes, and every other string must be UTF-8, as keys of S3 are.
var argumentMappers = []kong.Option{
	kong.KindMapper(reflect.String, kong.MapperFunc(decodeText)),
	kong.NamedMapper("file", kong.MapperFunc(decodeFile)),
}

func decodeText(ctx *kong.DecodeContext, target reflect.Value) error {
	text, err := popString(ctx)
	if err != nil {
		return err
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("%q is not UTF-8", text)
	}
	target.SetString(text)
	return nil
}

func decodeFile(ctx *kong.DecodeContext, target reflect.Value) error {
	path, err := popString(ctx)
	if err == nil {
		target.SetString(path)
	}
	return err
}

// popString takes the value of an option or argument, as it was given.
func popString(ctx *kong.DecodeContext) (string, error) {
	token, err := ctx.Scan.PopValue("string")
	if err != nil {
		return "", err
	}
	text, ok := token.Value.(string)
	if !ok {
		return "", fmt.Errorf("%v is no text", token.Value)
	}
	return text, nil
}
