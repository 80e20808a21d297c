package rulesets

import (
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// formula is a condition with negations pushed down to its atoms. It says of a
// condition what can be known without evaluating it: a subject that makes the
// condition true gives its atoms values that make the formula true. (Atoms that
// are unknown there may be given either value: a condition that is true without
// them is true with any.)
type formula struct {
	join  byte // '&' or '|' of sides; 'a': the atom
	sides []formula
	atom  atom
	// choice marks a conditional: as a formula it may be false where the
	// condition is unknown.
	choice bool
}

var (
	alwaysTrue  = formula{join: '&'} // of nothing
	alwaysFalse = formula{join: '|'}
)

func both(sides ...formula) formula { return formula{join: '&', sides: sides} }

func single(a atom) formula { return formula{join: 'a', atom: a} }

// atom is a statement about one term: a comparison with a constant, or that
// something is true or not. Terms of equal text are the same term.
type atom struct {
	term  string
	op    string // of a number: < <= > >= == !=; of a word: in, not; of anything else: is
	bound float64
	words []string
	is    bool
	whole bool // the term is a whole number
	plain bool // what it says is understood, not just its text
}

var (
	inverse = map[string]string{"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "==", "in": "not", "not": "in"}
	swapped = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
)

// formulaOf reads a condition, or with positive false its opposite.
func formulaOf(x ast.Expr, positive bool) formula {
	if b, ok := literalOf[types.Bool](x); ok {
		if bool(b) == positive {
			return alwaysTrue
		}
		return alwaysFalse
	}
	if x.Kind() == ast.CallKind {
		args := x.AsCall().Args()
		switch name := x.AsCall().FunctionName(); name {
		case "_&&_", "_||_":
			f := formula{join: '&'}
			if (name == "_||_") == positive {
				f.join = '|'
			}
			for _, a := range args {
				f.sides = append(f.sides, formulaOf(a, positive))
			}
			return f
		case "!_":
			return formulaOf(args[0], !positive)
		case "_?_:_":
			return formula{join: '|', choice: true, sides: []formula{
				both(formulaOf(args[0], true), formulaOf(args[1], positive)),
				both(formulaOf(args[0], false), formulaOf(args[2], positive)),
			}}
		case "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_":
			if f, ok := comparison(args[0], args[1], strings.Trim(name, "_"), positive); ok {
				return f
			}
		case "@in":
			if f, ok := membership(args[0], args[1], positive); ok {
				return f
			}
		}
	}
	f := fieldAt(pathOf(x, nil))
	return single(atom{term: canonical(x), op: "is", is: positive, plain: f != nil})
}

// comparison reads `term op constant` and `constant op term`.
func comparison(left, right ast.Expr, op string, positive bool) (formula, bool) {
	term, constant := left, right
	if _, _, isConstant := constantOf(left); isConstant {
		term, constant, op = right, left, swapped[op]
	}
	n, v, ok := constantOf(constant)
	if !ok {
		return formula{}, false
	}
	if !positive {
		op = inverse[op]
	}
	a := atom{term: canonical(term), op: op, bound: n, plain: true}
	switch v := v.(type) {
	case nil:
		a.whole = isWhole(term)
	case types.Bool:
		if op != "==" && op != "!=" {
			return formula{}, false
		}
		return formulaOf(term, bool(v) == (op == "==")), true
	case types.String:
		switch op {
		case "==":
			a.op = "in"
		case "!=":
			a.op = "not"
		default:
			return formula{}, false
		}
		a.words = []string{string(v)}
	}
	return single(a), true
}

// membership reads `term in [constants]`.
func membership(term, list ast.Expr, positive bool) (formula, bool) {
	if list.Kind() != ast.ListKind {
		return formula{}, false
	}
	a := atom{term: canonical(term), op: "in", plain: true}
	join := formula{join: '|'}
	if !positive {
		a.op, join.join = "not", '&'
	}
	for _, item := range list.AsList().Elements() {
		if s, ok := literalOf[types.String](item); ok {
			a.words = append(a.words, string(s))
		} else if one, ok := comparison(term, item, "==", positive); ok {
			join.sides = append(join.sides, one)
		} else {
			return formula{}, false
		}
	}
	if len(join.sides) > 0 {
		return join, len(a.words) == 0
	}
	return single(a), true
}

// constantOf gives a constant: of a number, a duration (in seconds) or a time
// (in Unix seconds) as n, v then being nil; of a text or a truth as v.
func constantOf(x ast.Expr) (n float64, v ref.Val, ok bool) {
	if x.Kind() == ast.LiteralKind {
		switch v := x.AsLiteral().(type) {
		case types.Int:
			return float64(v), nil, true
		case types.Double:
			return float64(v), nil, true
		case types.String, types.Bool:
			return 0, v, true
		}
		return 0, nil, false
	}
	if x.Kind() != ast.CallKind || len(x.AsCall().Args()) != 1 {
		return 0, nil, false
	}
	s, isText := literalOf[types.String](x.AsCall().Args()[0])
	if !isText {
		return 0, nil, false
	}
	switch x.AsCall().FunctionName() {
	case "duration":
		d, err := time.ParseDuration(string(s))
		return d.Seconds(), nil, err == nil
	case "timestamp":
		t, err := time.Parse(time.RFC3339, string(s))
		return float64(t.UnixMicro()) / 1e6, nil, err == nil
	}
	return 0, nil, false
}

func isWhole(term ast.Expr) bool {
	if f := fieldAt(pathOf(term, nil)); f != nil {
		return f.typ.Kind() == types.IntKind
	}
	return term.Kind() == ast.CallKind && (term.AsCall().FunctionName() == "size" || term.AsCall().FunctionName() == "level")
}

// atoms visits the atoms of a formula.
func (f formula) atoms(visit func(atom)) {
	if f.join == 'a' {
		visit(f.atom)
	}
	for _, side := range f.sides {
		side.atoms(visit)
	}
}
