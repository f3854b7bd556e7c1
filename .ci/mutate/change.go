// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// A change replaces the bytes from start to end of a file.
type change struct {
	path       string
	start, end int
	new        string
	function   string // that it is in, "" for none
	line       string // of code, to be found again when lines have moved
	number     int    // of the line, from 1
	what       string
}

// String names the change by its function and line of code, not by a line number, so
// that allowed.txt stays true when code above it changes.
func (c change) String() string {
	return fmt.Sprintf("%s: %s: %s: %s", filepath.ToSlash(c.path), c.function, c.line, c.what)
}

// packageChanges lists the changes of all files of a package that are compiled on this
// system, but its tests.
func packageChanges(dir string) ([]change, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no Go files in %s", dir)
	}
	var changes []change
	for _, path := range paths {
		isCompiled, err := build.Default.MatchFile(dir, filepath.Base(path))
		if err != nil {
			return nil, err
		}
		if !isCompiled || strings.HasSuffix(path, "_test.go") {
			continue
		}
		code, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		found, err := fileChanges(path, code)
		if err != nil {
			return nil, err
		}
		changes = append(changes, found...)
	}
	return changes, nil
}

// replacements are the operators that stand in for another.
var replacements = map[token.Token][]string{
	token.EQL: {"!="}, token.NEQ: {"=="},
	token.LSS: {"<=", ">="}, token.LEQ: {"<", ">"}, token.GTR: {">=", "<="}, token.GEQ: {">", "<"},
	token.LAND: {"||"}, token.LOR: {"&&"},
	token.ADD: {"-"}, token.SUB: {"+"}, token.MUL: {"/"}, token.QUO: {"*"},
}

// fileChanges lists the changes of one file: operators turned, conditions made
// constant, small numbers raised by one, calls without a result left out.
func fileChanges(path string, code []byte) ([]change, error) {
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, path, code, 0)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(code), "\n")
	var changes []change
	function := ""
	add := func(from, to token.Pos, replacement, what string) {
		at := files.Position(from)
		changes = append(changes, change{
			path: path, start: at.Offset, end: files.Position(to).Offset, new: replacement,
			function: function, line: strings.TrimSpace(lines[at.Line-1]), number: at.Line, what: what,
		})
	}
	ast.Inspect(tree, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncDecl:
			function = node.Name.Name
		case *ast.GenDecl:
			return node.Tok != token.IMPORT && node.Tok != token.TYPE
		case *ast.BinaryExpr:
			if isText(node.X) || isText(node.Y) {
				return true
			}
			for _, operator := range replacements[node.Op] {
				add(node.OpPos, node.OpPos+token.Pos(len(node.Op.String())), operator, node.Op.String()+" became "+operator)
			}
		case *ast.UnaryExpr:
			if node.Op == token.NOT {
				add(node.OpPos, node.OpPos+1, "", "! was dropped")
			}
		case *ast.IfStmt:
			condition := string(code[files.Position(node.Cond.Pos()).Offset:files.Position(node.Cond.End()).Offset])
			add(node.Cond.Pos(), node.Cond.End(), "("+condition+") && false", "the condition was never true")
		case *ast.BasicLit:
			if node.Kind == token.INT && len(node.Value) < 4 && node.Value[0] != '0' {
				add(node.Pos(), node.End(), "("+node.Value+"+1)", node.Value+" became "+node.Value+"+1")
			}
		case *ast.ExprStmt:
			add(node.Pos(), node.End(), "", "the call was dropped")
		}
		return true
	})
	return changes, nil
}

func isText(x ast.Expr) bool {
	literal, ok := x.(*ast.BasicLit)
	return ok && literal.Kind == token.STRING
}
