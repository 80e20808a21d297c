package rulesets

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// literals complains about words that a field never holds; false then.
func (c *compiler) literals(d *draft) bool {
	before := len(c.problems)
	for _, e := range d.expressions() {
		ast.PreOrderVisit(e.ast.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
			if x.Kind() != ast.CallKind || len(x.AsCall().Args()) != 2 {
				return
			}
			left, right := x.AsCall().Args()[0], x.AsCall().Args()[1]
			switch x.AsCall().FunctionName() {
			case "_==_", "_!=_":
				c.wordsOf(e, left, right)
				c.wordsOf(e, right, left)
			case "@in":
				c.wordsOf(e, left, right)
			}
		}))
	}
	return len(c.problems) == before
}

func (c *compiler) wordsOf(e *expression, field, words ast.Expr) {
	path := pathOf(field, nil)
	f := fieldAt(path)
	if f == nil || f.words == nil {
		return
	}
	constants := []ast.Expr{words}
	if words.Kind() == ast.ListKind {
		constants = words.AsList().Elements()
	}
	for _, x := range constants {
		if s, ok := literalOf[types.String](x); ok && !slices.Contains(f.words, string(s)) {
			c.errorf(e.place(x), "%s is never %q; it is one of %s%s", path, string(s), strings.Trim(strings.Join(f.words, ", "), ", "), meant(string(s), f.words))
		}
	}
}

// satisfiable complains about conditions that can never be true, and warns of
// comparisons that say nothing and of a rearm that does nothing; false with an error.
func (c *compiler) satisfiable(d *draft) bool {
	if !c.possible(d) {
		return false
	}
	when := formulaOf(d.when.ast.Expr(), true)
	c.idle(d.when)
	if d.rearm == nil {
		return true
	}
	rearm := formulaOf(d.rearm.ast.Expr(), true)
	understood := true
	rearm.atoms(func(a atom) { understood = understood && a.plain })
	switch {
	case !satisfiable(rearm):
		c.warnf(d.rearm.node.place, "rearm can never be true: the rule speaks of each subject once")
	case understood && satisfiable(when, rearm):
		c.warnf(d.rearm.node.place, "rearm can be true while when is: it counts only while when is not, so the two bounds should leave a gap between them")
	}
	return true
}

// possible says whether `when` can be true, and complains about the smallest
// part of it that contradicts itself.
func (c *compiler) possible(d *draft) bool {
	all := make([]formula, len(d.conjuncts))
	for i, k := range d.conjuncts {
		all[i] = formulaOf(k.expr, true)
	}
	if satisfiable(all...) {
		return true
	}
	bad := false
	for i, k := range d.conjuncts {
		if !satisfiable(all[i]) {
			bad = true
			c.errorf(k.place, "%s can never be true%s", k.text, reason(all[i]))
		}
	}
	for i := 0; i < len(all) && !bad; i++ {
		for j := range i {
			if !satisfiable(all[j], all[i]) {
				bad = true
				c.errorf(d.conjuncts[i].place, "%s and %s can never be true together", d.conjuncts[j].text, d.conjuncts[i].text)
			}
		}
	}
	if !bad {
		c.errorf(d.when.node.place, "when can never be true: its conditions contradict one another")
	}
	return false
}

// reason gives the range that a single comparison leaves.
func reason(f formula) string {
	if f.join != 'a' {
		return ""
	}
	if known := fieldAt(f.atom.term); known != nil && known.low < known.high {
		return fmt.Sprintf(": %s is from %g to %g", f.atom.term, known.low, known.high)
	}
	return ""
}

// idle warns of comparisons that every value, or none, would meet.
func (c *compiler) idle(e *expression) {
	warned := map[string]bool{}
	formulaOf(e.ast.Expr(), true).atoms(func(a atom) {
		if a.op == "is" || a.op == "in" || a.op == "not" {
			return // words have been looked at
		}
		opposite := a
		opposite.op = inverse[a.op]
		text := fmt.Sprintf("%s %s %g", a.term, a.op, a.bound)
		switch {
		case warned[text]:
		case !satisfiable(single(a)):
			c.warnf(e.node.place, "%s can never be true%s", text, reason(single(a)))
		case !satisfiable(single(opposite)):
			c.warnf(e.node.place, "%s is always true%s", text, reason(single(a)))
		}
		warned[text] = true
	})
}
