// SPDX-License-Identifier: Apache-2.0

// Command words checks the prose of this project: comments, documents, the command's
// help and the messages of errors. It prints each place that uses a phrase of rules.txt, and fails
// if there is one that allowed.txt does not name.
//
//	go run ./.ci/words          # what is wrong
//	go run ./.ci/words -count   # hits of each rule, and the length of sentences
package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func main() {
	count := flag.Bool("count", false, "print figures instead of places")
	flag.Parse()
	if err := run(*count); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A rule is a phrase that is not used here, and what to write instead.
type rule struct {
	phrase  *regexp.Regexp
	instead string
}

// A passage is a piece of prose: a comment, a paragraph, a help text.
type passage struct {
	file string
	line int
	text string
}

func run(count bool) error {
	rules, err := readRules(".ci/words/rules.txt")
	if err != nil {
		return err
	}
	allowed, err := readLines(".ci/words/allowed.txt")
	if err != nil {
		return err
	}
	passages, err := collect(".")
	if err != nil {
		return err
	}
	if count {
		printFigures(passages, rules)
		return nil
	}
	bad := tooLong(passages)
	used := map[string]bool{}
	for _, p := range passages {
		for _, r := range rules {
			for _, hit := range r.phrase.FindAllString(p.text, -1) {
				if entry := p.file + ": " + strings.TrimSpace(hit); slices.Contains(allowed, entry) {
					used[entry] = true
					continue
				}
				fmt.Printf("%s:%d: %q: %s\n", p.file, p.line, strings.TrimSpace(hit), r.instead)
				bad++
			}
		}
	}
	for _, entry := range allowed {
		if !used[entry] {
			fmt.Printf(".ci/words/allowed.txt: %q is used nowhere\n", entry)
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("words: %d places, see CONTRIBUTING.md", bad)
	}
	return nil
}

// readRules reads lines "phrase<tab>instead". A phrase is a regular expression.
func readRules(path string) ([]rule, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	var rules []rule
	for _, line := range lines {
		phrase, instead, found := strings.Cut(line, "\t")
		if !found {
			return nil, fmt.Errorf("%s: no tab in %q", path, line)
		}
		compiled, err := regexp.Compile(phrase)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		rules = append(rules, rule{compiled, strings.TrimSpace(instead)})
	}
	return rules, nil
}

// readLines returns the lines of a file without blank ones and those of "#".
func readLines(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	lines := slices.Collect(strings.Lines(string(data)))
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], "\n")
	}
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" || strings.HasPrefix(line, "#") }), nil
}

// collect returns the prose below a folder.
func collect(root string) ([]passage, error) {
	var passages []passage
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if name == "testdata" || name == ".git" || name == "tools" || name == "node_modules" || name == "results" {
				return fs.SkipDir
			}
			return nil
		}
		switch filepath.Ext(name) {
		case ".go":
			found, err := ofGo(path)
			passages = append(passages, found...)
			return err
		case ".md":
			if name == "THIRD_PARTY.md" {
				return nil
			}
			found, err := ofMarkdown(path)
			passages = append(passages, found...)
			return err
		}
		return nil
	})
	return passages, err
}

// ofGo returns the comments of a Go file, the help texts of its struct tags, and the
// messages of its errors, unless it has tests.
func ofGo(path string) ([]passage, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var passages []passage
	for _, group := range file.Comments {
		passages = append(passages, passage{path, files.Position(group.Pos()).Line, strings.TrimSpace(group.Text())})
	}
	ast.Inspect(file, func(node ast.Node) bool {
		if message, ok := errorMessage(node); ok && !strings.HasSuffix(path, "_test.go") {
			passages = append(passages, passage{path, files.Position(node.Pos()).Line, message})
		}
		field, ok := node.(*ast.Field)
		if !ok || field.Tag == nil {
			return true
		}
		tag, err := strconv.Unquote(field.Tag.Value)
		if help, found := reflect.StructTag(tag).Lookup("help"); err == nil && found {
			passages = append(passages, passage{path, files.Position(field.Pos()).Line, help})
		}
		return true
	})
	return passages, nil
}

// errorMessage returns the message of a call of errors.New or fmt.Errorf, if it is a
// literal.
func errorMessage(node ast.Node) (string, bool) {
	call, ok := node.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return "", false
	}
	function, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", false
	}
	if name, ok := function.X.(*ast.Ident); !ok || name.Name+"."+function.Sel.Name != "errors.New" && name.Name+"."+function.Sel.Name != "fmt.Errorf" {
		return "", false
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return "", false
	}
	message, err := strconv.Unquote(literal.Value)
	return message, err == nil
}

// codeSpan matches code in a line of Markdown: names and messages, not prose.
var codeSpan = regexp.MustCompile("`[^`]+`")

// releaseDate matches the heading of a version that was released: "## [0.1.0] - 2026-12-01".
var releaseDate = regexp.MustCompile(`\d{4}-\d\d-\d\d\s*$`)

// ofMarkdown returns the paragraphs of a page, without its blocks of code. Of the
// changelog it takes what has no date of a release yet.
func ofMarkdown(path string) ([]passage, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var (
		passages []passage
		text     []string
		start    int
		inCode   bool
		released bool
	)
	flush := func() {
		if len(text) > 0 {
			passages = append(passages, passage{path, start, codeSpan.ReplaceAllString(strings.Join(text, " "), "`code`")})
		}
		text = nil
	}
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			inCode = !inCode
			flush()
			continue
		}
		if filepath.Base(path) == "CHANGELOG.md" && strings.HasPrefix(line, "## ") {
			released = releaseDate.MatchString(line)
		}
		startsAnew := line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "|")
		if startsAnew || inCode || released {
			flush()
		}
		if line == "" || inCode || released {
			continue
		}
		if len(text) == 0 {
			start = i + 1
		}
		text = append(text, line)
	}
	flush()
	return passages, nil
}

var sentenceEnd = regexp.MustCompile(`[.!?:](\s+|$)`)

// printFigures prints how often each rule is broken, and the length of sentences.
func printFigures(passages []passage, rules []rule) {
	for _, r := range rules {
		hits := 0
		for _, p := range passages {
			hits += len(r.phrase.FindAllString(p.text, -1))
		}
		fmt.Printf("%5d  %s\n", hits, r.phrase)
	}
	whether := 0
	for _, p := range passages {
		whether += strings.Count(p.text, "reports whether")
	}
	fmt.Printf("%5d  reports whether (more is better)\n", whether)
	for _, kind := range kinds {
		if words := lengths(passages, kind); len(words) > 0 {
			fmt.Printf("%s: %d sentences, median %d words, p90 %d\n", kind, len(words), words[len(words)/2], words[len(words)*9/10])
		}
	}
}

var kinds = []string{".go", ".md"}

// longestMedian is the most words that half of the sentences may exceed.
const longestMedian = 15

// tooLong prints each kind of file whose sentences are too long, and counts them.
func tooLong(passages []passage) int {
	bad := 0
	for _, kind := range kinds {
		words := lengths(passages, kind)
		if len(words) > 0 && words[len(words)/2] > longestMedian {
			fmt.Printf("*%s: the median sentence has %d words, and may have %d\n", kind, words[len(words)/2], longestMedian)
			bad++
		}
	}
	return bad
}

// lengths returns how many words each sentence has in files of a kind, in ascending
// order.
func lengths(passages []passage, kind string) []int {
	var words []int
	for _, p := range passages {
		if filepath.Ext(p.file) != kind || strings.HasPrefix(p.text, "|") || strings.HasPrefix(p.text, "#") {
			continue
		}
		for _, sentence := range sentenceEnd.Split(p.text, -1) {
			if n := len(strings.Fields(sentence)); n > 2 {
				words = append(words, n)
			}
		}
	}
	slices.Sort(words)
	return words
}
