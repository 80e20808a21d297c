package rulesets

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"
)

// expression is one checked expression with everything that it names inlined.
type expression struct {
	what   string // what it is of its rule, such as "when"
	node   *node
	ast    *ast.AST
	places map[int64]place // of what was inlined, by the id of its nodes
	lines  lines
	known  []string // what it could have named beside the variables
}

// place gives where a part of the expression stands in the source: where it was
// written, be it in a let.
func (e *expression) place(x ast.Expr) place {
	first := place{1 << 30, 0}
	ast.PreOrderVisit(x, ast.NewExprVisitor(func(sub ast.Expr) {
		at := e.placeOf(sub.ID())
		if sub.Kind() == ast.CallKind && nameForm.MatchString(sub.AsCall().FunctionName()) && !sub.AsCall().IsMemberFunction() {
			at.column -= len(sub.AsCall().FunctionName()) // cel-go gives the parenthesis
		}
		if at.line < first.line || at.line == first.line && at.column < first.column {
			first = at
		}
	}))
	if first.column == 0 {
		return e.node.place
	}
	return first
}

func (e *expression) placeOf(id int64) place {
	if at, ok := e.places[id]; ok {
		return at
	}
	if r, ok := e.ast.SourceInfo().GetOffsetRange(id); ok {
		return e.lines.find(e.node, int(r.Start))
	}
	return place{1 << 30, 0} // made by the expansion of a macro
}

// text writes a part of the expression out again.
func (e *expression) text(x ast.Expr) string {
	out, err := parser.Unparse(x, e.ast.SourceInfo())
	if err != nil {
		out = canonical(x) // something that only an expansion can hold
	}
	if short := []rune(out); len(short) > maxText { // of a list of a thousand
		return string(short[:maxText]) + "..."
	}
	return out
}

// condition plans a condition, or the conjunction of some: what it can without CEL.
func (e *expression) condition(conjuncts ...ast.Expr) (program, error) {
	var easy []formula
	var rest []ast.Expr
	for _, x := range conjuncts {
		if f := formulaOf(x, true); nativeOf(f) != nil {
			easy = append(easy, f)
		} else {
			rest = append(rest, x)
		}
	}
	var p program
	if len(rest) > 0 {
		var err error
		if p, err = e.program(conjunction(rest, ast.MaxID(e.ast))); err != nil {
			return p, err
		}
	}
	if len(easy) > 0 {
		p.native = nativeOf(both(easy...))
	}
	return p, nil
}

// program plans a part of the expression.
func (e *expression) program(x ast.Expr) (program, error) {
	env, err := environment()
	if err != nil {
		return program{}, err
	}
	part := ast.NewCheckedAST(ast.NewAST(x, e.ast.SourceInfo()), e.ast.TypeMap(), e.ast.ReferenceMap())
	run, err := env.PlanProgram(part, cel.EvalOptions(cel.OptOptimize))
	return program{run: run}, err
}

// expression parses, completes and checks an expression; nil, with complaints,
// when it is wrong. want names the types it may have; none: any.
func (c *compiler) expression(what string, n *node, macros macros, want ...*types.Type) *expression {
	if n == nil || n.value == "" || n.kind == mapping || n.kind == sequence {
		return nil // the shape has complained
	}
	env, err := environment()
	if err != nil {
		c.errorf(n.place, "the environment of expressions: %v", err)
		return nil
	}
	parsed, issues := env.Parse(n.value)
	if issues.Err() != nil {
		c.issues(n, issues, nil)
		return nil
	}
	e := &expression{what: what, node: n, ast: parsed.NativeRep(), places: map[int64]place{}, lines: c.lines}
	if !c.expand(e, macros) {
		return nil
	}
	c.coerce(e)
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		c.issues(n, issues, e)
		return nil
	}
	e.ast = checked.NativeRep()
	got := checked.OutputType()
	if len(want) > 0 && !slices.ContainsFunc(want, got.IsExactType) {
		names := make([]string, len(want))
		for i, t := range want {
			names[i] = typeName(t)
		}
		c.errorf(n.place, "%s is %s; it must be %s", what, typeName(got), strings.Join(names, " or "))
		return nil
	}
	return e
}

// typeName says what a type is, for people.
func typeName(t *types.Type) string {
	switch t.Kind() {
	case types.BoolKind:
		return "true or false"
	case types.StringKind:
		return "a text"
	case types.IntKind, types.DoubleKind, types.UintKind:
		return "a number (" + t.String() + ")"
	case types.TimestampKind:
		return "a time"
	case types.DurationKind:
		return "a duration"
	}
	return t.String()
}

// issues reports what cel-go says about an expression, in its own words where
// they serve.
func (c *compiler) issues(n *node, issues *cel.Issues, e *expression) {
	for _, issue := range issues.Errors() {
		at := n.place
		if l := issue.Location; l != common.NoLocation && l.Line() > 0 {
			at = c.lines.find(n, offset(n.value, l.Line(), l.Column()))
		}
		c.errorf(at, "%s", reworded(issue, e))
	}
}

// offset gives a position in a text as a count of characters.
func offset(text string, line, column int) int {
	n := 0
	for l := range strings.Lines(text) {
		if line--; line == 0 {
			break
		}
		n += len([]rune(l))
	}
	return n + column
}

var (
	undeclared     = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	undefinedField = regexp.MustCompile(`^undefined field '([^']*)'`)
	noOverload     = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '([^']*)'`)
	operators      = map[string]string{
		"_&&_": "&&", "_||_": "||", "!_": "!", "_==_": "==", "_!=_": "!=", "_<_": "<", "_<=_": "<=", "_>_": ">", "_>=_": ">=",
		"_+_": "+", "_-_": "-", "_*_": "*", "_/_": "/", "_%_": "%", "@in": "in", "-_": "-", "_?_:_": "?:", "_[_]": "[]",
	}
)

// reworded names things as rules do and suggests what may have been meant.
func reworded(issue *cel.Error, e *expression) string {
	message := strings.TrimPrefix(issue.Message, "Syntax error: ")
	if m := undeclared.FindStringSubmatch(message); m != nil {
		var knownNames []string
		for _, p := range parts {
			knownNames = append(knownNames, p.name)
		}
		knownNames = append(knownNames, "now", "has_skill", "duration", "timestamp", "size")
		if e != nil {
			knownNames = append(knownNames, e.known...)
		}
		return fmt.Sprintf("unknown name %q%s", m[1], meant(m[1], knownNames))
	}
	if m := undefinedField.FindStringSubmatch(message); m != nil {
		owner := ownerOf(m[1], issue.ExprID, e)
		if owner == nil {
			return fmt.Sprintf("unknown field %q", m[1])
		}
		return fmt.Sprintf("%s has no field %q%s", owner.name, m[1], meant(m[1], owner.names()))
	}
	if m := noOverload.FindStringSubmatch(message); m != nil {
		name := m[1]
		if o, ok := operators[name]; ok {
			name = o
		}
		return fmt.Sprintf("%s cannot be applied to %s", name, strings.ReplaceAll(m[2], "tideline.", ""))
	}
	return message
}

// ownerOf finds the variable whose field was meant.
func ownerOf(name string, id int64, e *expression) (owner *part) {
	if e == nil {
		return nil
	}
	ast.PreOrderVisit(e.ast.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() == ast.SelectKind && x.AsSelect().FieldName() == name && (x.ID() == id || owner == nil) {
			if of := x.AsSelect().Operand(); of.Kind() == ast.IdentKind {
				if owner = partNamed(of.AsIdent()); owner == nil {
					owner = gapPart // the only objects that lists hold
				}
			}
		}
	}))
	return owner
}

// named gives the variables that an expression names, and the paths of the
// fields, such as "match.overlap". What comprehensions bind is left out.
func (e *expression) named(x ast.Expr) (variables, paths map[string]bool) {
	variables, paths = map[string]bool{}, map[string]bool{}
	walkFree(x, nil, func(sub ast.Expr, path string) {
		if path == "" {
			return
		}
		root, _, _ := strings.Cut(path, ".")
		variables[root] = true
		if root == "now" || strings.Contains(path, ".") {
			paths[path] = true
		}
	})
	return variables, paths
}

func (e *expression) variables() []string {
	v, _ := e.named(e.ast.Expr())
	return slices.Sorted(maps.Keys(v))
}

// firstUse gives where an expression names a variable first.
func (e *expression) firstUse(name string) place {
	at := e.node.place
	found := false
	walkFree(e.ast.Expr(), nil, func(x ast.Expr, path string) {
		if root, _, _ := strings.Cut(path, "."); root == name && !found {
			at, found = e.place(x), true
		}
	})
	return at
}
