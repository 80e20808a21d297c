package rulesets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// canonical writes an expression so that what means the same by its form is the
// same text: without white space, comments, parentheses and names of lets, and
// with the sides of && and || in order.
func canonical(x ast.Expr) string {
	switch x.Kind() {
	case ast.LiteralKind:
		return constantText(x.AsLiteral())
	case ast.IdentKind:
		return x.AsIdent()
	case ast.SelectKind:
		s := x.AsSelect()
		if s.IsTestOnly() {
			return "has(" + canonical(s.Operand()) + "." + s.FieldName() + ")"
		}
		return canonical(s.Operand()) + "." + s.FieldName()
	case ast.CallKind:
		call := x.AsCall()
		name := call.FunctionName()
		if name == "_&&_" || name == "_||_" {
			var sides []string
			for _, side := range flatten(x, name) {
				sides = append(sides, canonical(side))
			}
			slices.Sort(sides)
			return name + "(" + strings.Join(slices.Compact(sides), ",") + ")"
		}
		return name + "(" + canonicalAll(children(x)) + ")"
	case ast.ListKind:
		return "[" + canonicalAll(x.AsList().Elements()) + "]"
	case ast.MapKind:
		return "{" + canonicalAll(children(x)) + "}"
	case ast.ComprehensionKind:
		k := x.AsComprehension()
		return "fold(" + k.IterVar() + "," + k.IterVar2() + "," +
			canonicalAll([]ast.Expr{k.IterRange(), k.AccuInit(), k.LoopCondition(), k.LoopStep(), k.Result()}) + ")"
	}
	return fmt.Sprintf("kind%d(%s)", x.Kind(), canonicalAll(children(x)))
}

func canonicalAll(list []ast.Expr) string {
	all := make([]string, len(list))
	for i, x := range list {
		all[i] = canonical(x)
	}
	return strings.Join(all, ",")
}

func constantText(v ref.Val) string {
	switch v := v.(type) {
	case types.String:
		return fmt.Sprintf("%q", string(v))
	case types.Int:
		return fmt.Sprintf("%d", int64(v))
	case types.Double:
		return fmt.Sprintf("%gd", float64(v))
	}
	return fmt.Sprint(v.Type().TypeName(), ":", v.Value())
}

// flatten gives the sides of a chain of && or ||, left to right.
func flatten(x ast.Expr, operator string) []ast.Expr {
	if x.Kind() == ast.CallKind && x.AsCall().FunctionName() == operator {
		var sides []ast.Expr
		for _, side := range x.AsCall().Args() {
			sides = append(sides, flatten(side, operator)...)
		}
		return sides
	}
	return []ast.Expr{x}
}

// meaning digests all that decides when a rule fires.
func meaning(r *Rule, d *draft) string {
	var b strings.Builder
	fmt.Fprintf(&b, "audience %s\nscope %s\namong %s\non %d\nheld_for %d\n", r.Audience, r.Scope, r.Among, r.On, r.HeldFor)
	if r.HasAt {
		fmt.Fprintf(&b, "late %d\n", r.Late)
	}
	if r.Repeat != nil {
		fmt.Fprintf(&b, "repeat %d %d\n", r.Repeat.Every, r.Repeat.Max)
	}
	if r.Rank != nil {
		fmt.Fprintf(&b, "rank %d %d %g\n", r.Rank.Top, r.Rank.Settle, r.Rank.Margin)
	}
	write := func(name string, e *expression) {
		if e != nil {
			fmt.Fprintf(&b, "%s %s\n", name, canonical(e.ast.Expr()))
		}
	}
	write("when", d.when)
	write("rearm", d.rearm)
	write("at", d.at)
	write("by", d.by)
	for _, e := range d.oncePer {
		write("once_per", e)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}
