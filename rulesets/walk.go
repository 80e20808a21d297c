package rulesets

import (
	"slices"

	"cel.dev/cel-go/common/ast"
)

// walkFree visits the names that are free in an expression: the whole of
// "opp.bucket" once, with its path, not "opp" again. visit gets the empty path
// for all other nodes.
func walkFree(x ast.Expr, bound []string, visit func(x ast.Expr, path string)) {
	if path := pathOf(x, bound); path != "" {
		visit(x, path)
		return
	}
	if x.Kind() == ast.SelectKind && x.AsSelect().IsTestOnly() {
		if root := pathOf(x.AsSelect().Operand(), bound); root != "" {
			visit(x, root+"."+x.AsSelect().FieldName())
			return
		}
	}
	visit(x, "")
	switch x.Kind() {
	case ast.ComprehensionKind:
		k := x.AsComprehension()
		walkFree(k.IterRange(), bound, visit)
		walkFree(k.AccuInit(), bound, visit)
		inner := append(slices.Clone(bound), k.IterVar(), k.AccuVar())
		if k.HasIterVar2() {
			inner = append(inner, k.IterVar2())
		}
		walkFree(k.LoopCondition(), inner, visit)
		walkFree(k.LoopStep(), inner, visit)
		walkFree(k.Result(), inner, visit)
	default:
		for _, sub := range children(x) {
			walkFree(sub, bound, visit)
		}
	}
}

// children gives the parts of every kind of node but comprehensions.
func children(x ast.Expr) (all []ast.Expr) {
	switch x.Kind() {
	case ast.CallKind:
		if call := x.AsCall(); call.IsMemberFunction() {
			all = append(all, call.Target())
		}
		all = append(all, x.AsCall().Args()...)
	case ast.ListKind:
		all = append(all, x.AsList().Elements()...)
	case ast.MapKind:
		for _, entry := range x.AsMap().Entries() {
			all = append(all, entry.AsMapEntry().Key(), entry.AsMapEntry().Value())
		}
	case ast.SelectKind:
		all = append(all, x.AsSelect().Operand())
	case ast.StructKind:
		for _, f := range x.AsStruct().Fields() {
			all = append(all, f.AsStructField().Value())
		}
	}
	return all
}

// pathOf gives "opp" or "opp.bucket" for a free variable or a field of one;
// empty for anything else, `has(opp.bucket)` included.
func pathOf(x ast.Expr, bound []string) string {
	switch x.Kind() {
	case ast.IdentKind:
		if name := x.AsIdent(); !slices.Contains(bound, name) {
			return name
		}
	case ast.SelectKind:
		s := x.AsSelect()
		if s.Operand().Kind() == ast.IdentKind && !s.IsTestOnly() {
			if root := pathOf(s.Operand(), bound); root != "" {
				return root + "." + s.FieldName()
			}
		}
	}
	return ""
}
