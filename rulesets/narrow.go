package rulesets

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"tideline/engine/event"
)

const (
	bucketPath  = "opp.bucket"
	overlapPath = "match.overlap"
	seekingPath = "student.open_to_work"
)

// narrow finds the necessary conditions of `when` that an index can answer:
// what cannot be false while `when` is true.
func (c *compiler) narrow(r *Rule, d *draft) {
	when := formulaOf(d.when.ast.Expr(), true)
	n := Narrow{Overlap: leastOverlap(when)}
	for i, b := range event.Buckets {
		n.Buckets[i] = satisfiable(when, single(atom{term: bucketPath, op: "in", words: []string{string(b)}}))
	}
	n.Seeking = !satisfiable(when, single(atom{term: seekingPath, op: "is", is: false}))
	var about []ast.Expr
	for _, k := range d.conjuncts {
		pushed := slices.Equal(k.variables, []string{"opp"})
		if pushed {
			about = append(about, k.expr)
			n.Opp = n.Opp || !slices.Equal(k.paths, []string{bucketPath})
		}
		if pushed || k.isBound() {
			n.Text = append(n.Text, k.text)
		} else {
			n.Rest = append(n.Rest, k.text)
		}
	}
	n.Text = append(n.Text, n.derived(d.conjuncts)...)
	r.Narrow = n
	if len(about) > 0 {
		run, err := d.when.condition(about...)
		if err != nil {
			c.errorf(d.when.node.place, "%v", err)
		}
		r.programs.opp = run
	}
}

// isBound says whether a conjunct is just a bound that the index applies.
func (k conjunct) isBound() bool {
	f := formulaOf(k.expr, true)
	return f.join == 'a' && (f.atom.term == overlapPath && (f.atom.op == ">=" || f.atom.op == ">") || f.atom.term == seekingPath && f.atom.is)
}

// derived says what follows from several conjuncts, or from a part of one.
func (n Narrow) derived(conjuncts []conjunct) (texts []string) {
	said := func(path string, is func(conjunct) bool) bool {
		return slices.ContainsFunc(conjuncts, func(k conjunct) bool { return slices.Equal(k.paths, []string{path}) && is(k) })
	}
	if n.Buckets != [3]bool{true, true, true} && !said(bucketPath, func(conjunct) bool { return true }) {
		var names []string
		for i, b := range event.Buckets {
			if n.Buckets[i] {
				names = append(names, fmt.Sprintf("%q", string(b)))
			}
		}
		texts = append(texts, "opp.bucket in ["+strings.Join(names, ", ")+"]")
	}
	if n.Overlap > 0 && !said(overlapPath, conjunct.isBound) {
		texts = append(texts, fmt.Sprintf("match.overlap >= %g", n.Overlap))
	}
	if n.Seeking && !said(seekingPath, conjunct.isBound) {
		texts = append(texts, seekingPath)
	}
	return texts
}

// leastOverlap gives the largest bound below which the condition is never true.
func leastOverlap(when formula) (least float64) {
	when.atoms(func(a atom) {
		if a.term == overlapPath && a.bound > least && a.bound <= 1 &&
			!satisfiable(when, single(atom{term: overlapPath, op: "<", bound: a.bound})) {
			least = a.bound
		}
	})
	return least
}

// conjunction joins conditions under new ids.
func conjunction(all []ast.Expr, id int64) ast.Expr {
	x := all[0]
	for _, side := range all[1:] {
		id++
		x = fac.NewCall(id, "_&&_", x, side)
	}
	return x
}
