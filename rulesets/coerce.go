package rulesets

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// coerce makes the constants of an expression fit what they stand beside, so
// that people need not think of types: 70 beside a double is 70.0, "14d" is a
// duration, and the names of skills are the canonical ones.
func (c *compiler) coerce(e *expression) {
	ast.PostOrderVisit(e.ast.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() != ast.CallKind {
			return
		}
		call := x.AsCall()
		args := call.Args()
		switch call.FunctionName() {
		case "duration":
			if len(args) == 1 {
				coerceDuration(args[0])
			}
		case "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_+_", "_-_", "_*_", "_/_":
			if len(args) == 2 {
				coerceNumber(args[0], args[1])
				coerceNumber(args[1], args[0])
			}
		}
	}))
	if c.options.Normalize != nil {
		c.normalise(e.ast.Expr(), map[string]bool{})
	}
}

// coerceDuration allows days and weeks.
func coerceDuration(x ast.Expr) {
	if s, ok := literalOf[types.String](x); ok {
		if d, err := parseDuration(strings.TrimPrefix(string(s), "-")); err == nil {
			written := d.String()
			if strings.HasPrefix(string(s), "-") {
				written = "-" + written
			}
			x.SetKindCase(fac.NewLiteral(x.ID(), types.String(written)))
		}
	}
}

func coerceNumber(x, beside ast.Expr) {
	if n, ok := literalOf[types.Int](x); ok && isDouble(beside) {
		x.SetKindCase(fac.NewLiteral(x.ID(), types.Double(n)))
	}
}

// isDouble says, before types are known, whether an expression is a double.
func isDouble(x ast.Expr) bool {
	if _, ok := literalOf[types.Double](x); ok {
		return true
	}
	if f := fieldAt(pathOf(x, nil)); f != nil {
		return f.typ.Kind() == types.DoubleKind
	}
	if x.Kind() == ast.CallKind {
		switch call := x.AsCall(); call.FunctionName() {
		case "_+_", "_-_", "_*_", "_/_", "-_":
			if slices.ContainsFunc(call.Args(), isDouble) {
				return true
			}
		case "double":
			return true
		}
	}
	return false
}

func literalOf[T ref.Val](x ast.Expr) (T, bool) {
	var none T
	if x.Kind() != ast.LiteralKind {
		return none, false
	}
	v, ok := x.AsLiteral().(T)
	return v, ok
}

// normalise gives skills in constants their canonical names. skills are the
// variables of comprehensions that run over skills.
func (c *compiler) normalise(x ast.Expr, skills map[string]bool) {
	switch x.Kind() {
	case ast.ComprehensionKind:
		k := x.AsComprehension()
		c.normalise(k.IterRange(), skills)
		inner := map[string]bool{k.IterVar(): isSkill(k.IterRange(), skills)}
		for name, is := range skills {
			if _, hidden := inner[name]; !hidden {
				inner[name] = is
			}
		}
		for _, sub := range []ast.Expr{k.AccuInit(), k.LoopCondition(), k.LoopStep(), k.Result()} {
			c.normalise(sub, inner)
		}
		return
	case ast.CallKind:
		call := x.AsCall()
		args := call.Args()
		switch name := call.FunctionName(); {
		case (name == "_==_" || name == "_!=_" || name == "@in" || name == "_[_]") && len(args) == 2:
			if isSkill(args[0], skills) || isSkill(args[1], skills) {
				c.canonise(args[0])
				c.canonise(args[1])
			}
		case name == "level" && len(args) == 1:
			c.canonise(args[0])
		case name == "has_skill" && len(args) == 2:
			c.canonise(args[1])
		}
	}
	for _, sub := range children(x) {
		c.normalise(sub, skills)
	}
}

func isSkill(x ast.Expr, skills map[string]bool) bool {
	switch x.Kind() {
	case ast.IdentKind:
		return skills[x.AsIdent()]
	case ast.SelectKind: // also of a gap that a comprehension runs over
		if f := fieldAt(pathOf(x, nil)); f != nil {
			return f.skill
		}
		return x.AsSelect().FieldName() == "skill"
	}
	return false
}

func (c *compiler) canonise(x ast.Expr) {
	if s, ok := literalOf[types.String](x); ok {
		x.SetKindCase(fac.NewLiteral(x.ID(), types.String(c.options.Normalize(string(s)))))
	}
	if x.Kind() == ast.ListKind {
		for _, item := range x.AsList().Elements() {
			c.canonise(item)
		}
	}
}
