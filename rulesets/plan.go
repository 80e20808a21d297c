package rulesets

import (
	"maps"
	"slices"

	"cel.dev/cel-go/common/ast"
)

// conjunct is one of the conditions that `when` joins by &&.
type conjunct struct {
	expr      ast.Expr
	text      string
	place     place
	variables []string
	paths     []string // the fields it looks at
	run       program
}

// plan makes a rule's programs; false, with a complaint, when cel-go refuses one.
func (c *compiler) plan(r *Rule, d *draft) bool {
	ok := true
	whole := func(e *expression) program {
		if e == nil {
			return program{}
		}
		p, err := e.program(e.ast.Expr())
		if err != nil {
			c.errorf(e.node.place, "%v", err)
			ok = false
		}
		return p
	}
	condition := func(e *expression, conjuncts ...ast.Expr) program {
		p, err := e.condition(conjuncts...)
		if err != nil {
			c.errorf(e.node.place, "%v", err)
			ok = false
		}
		return p
	}
	r.programs = programs{at: whole(d.at), by: whole(d.by)}
	conjuncts := flatten(d.when.ast.Expr(), "_&&_")
	r.programs.when = condition(d.when, conjuncts...)
	if d.rearm != nil {
		r.programs.rearm = condition(d.rearm, flatten(d.rearm.ast.Expr(), "_&&_")...)
	}
	for _, x := range conjuncts {
		variables, paths := d.when.named(x)
		d.conjuncts = append(d.conjuncts, conjunct{
			expr: x, text: d.when.text(x), place: d.when.place(x), run: condition(d.when, x),
			variables: slices.Sorted(maps.Keys(variables)), paths: slices.Sorted(maps.Keys(paths)),
		})
	}
	formulaOf(d.when.ast.Expr(), true).atoms(func(a atom) { r.programs.atoms = append(r.programs.atoms, a) })
	r.programs.conjuncts = d.conjuncts
	if !r.OncePer {
		for _, path := range identity[d.scope] {
			r.programs.oncePer = append(r.programs.oncePer, identifier{word: wordFields[path]})
		}
		return ok
	}
	for _, e := range d.oncePer {
		one := identifier{word: wordFields[pathOf(e.ast.Expr(), nil)]}
		if one.word == nil {
			one.program = whole(e)
		}
		r.programs.oncePer = append(r.programs.oncePer, one)
	}
	return ok
}
