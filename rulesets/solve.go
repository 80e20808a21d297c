package rulesets

import (
	"maps"
	"math"
	"slices"
	"strings"
)

// domain is what a term may still be.
type domain struct {
	low, high         float64
	lowOpen, highOpen bool // the bound itself is excluded
	whole             bool
	not               []float64
	in                []string // nil: any word
	out               []string
	is                Truth // Unknown: either
}

// domainOf gives what is known of a term before anything is said about it.
func domainOf(term string) domain {
	d := domain{low: math.Inf(-1), high: math.Inf(1)}
	if f := fieldAt(term); f != nil {
		if f.low != 0 || f.high != 0 {
			d.low, d.high = f.low, f.high
		}
		d.in = f.words
	}
	switch {
	case strings.HasPrefix(term, "level("):
		d.low, d.high = 0, 5
	case strings.HasPrefix(term, "size("):
		d.low = 0
	}
	return d
}

// add narrows a domain by an atom; false when nothing is left.
func (d *domain) add(a atom) bool {
	d.whole = d.whole || a.whole
	switch a.op {
	case "is":
		want := False
		if a.is {
			want = True
		}
		if d.is != Unknown && d.is != want {
			return false
		}
		d.is = want
		return true
	case "in":
		if d.in == nil {
			d.in = a.words
		} else {
			d.in = slices.DeleteFunc(slices.Clone(d.in), func(w string) bool { return !slices.Contains(a.words, w) })
		}
	case "not":
		d.out = slices.Concat(d.out, a.words)
	case "==":
		d.above(a.bound, false)
		d.below(a.bound, false)
	case "!=":
		d.not = append(slices.Clone(d.not), a.bound)
	case ">", ">=":
		d.above(a.bound, a.op == ">")
	case "<", "<=":
		d.below(a.bound, a.op == "<")
	}
	return d.possible()
}

func (d *domain) above(bound float64, open bool) {
	if bound > d.low || bound == d.low && open {
		d.low, d.lowOpen = bound, open
	}
}

func (d *domain) below(bound float64, open bool) {
	if bound < d.high || bound == d.high && open {
		d.high, d.highOpen = bound, open
	}
}

// possible says whether anything is left.
func (d *domain) possible() bool {
	if d.in != nil && !slices.ContainsFunc(d.in, func(w string) bool { return !slices.Contains(d.out, w) }) {
		return false
	}
	low, high := d.low, d.high
	if d.whole {
		if low = math.Ceil(low); low == d.low && d.lowOpen {
			low++
		}
		if high = math.Floor(high); high == d.high && d.highOpen {
			high--
		}
		if high-low <= float64(len(d.not)) {
			for v := low; v <= high; v++ {
				if !slices.Contains(d.not, v) {
					return true
				}
			}
			return false
		}
		return low <= high
	}
	if low == high {
		return !d.lowOpen && !d.highOpen && !slices.Contains(d.not, low)
	}
	return low < high
}

// fuel bounds the branches that solving looks at; beyond it everything is taken
// to be possible, which is the safe side for all uses.
const fuel = 4096

// satisfiable says whether all formulas can be true together. No is certain,
// yes is not.
func satisfiable(all ...formula) bool {
	left := fuel
	return solve(all, map[string]domain{}, &left)
}

func solve(todo []formula, known map[string]domain, left *int) bool {
	if *left--; *left < 0 {
		return true
	}
	var choices []formula
	for len(todo) > 0 {
		f := todo[len(todo)-1]
		todo = todo[: len(todo)-1 : len(todo)-1]
		switch f.join {
		case '&':
			todo = append(todo, f.sides...)
		case '|':
			choices = append(choices, f)
		default:
			d, seen := known[f.atom.term]
			if !seen {
				d = domainOf(f.atom.term)
			}
			if !d.add(f.atom) {
				return false
			}
			known[f.atom.term] = d
		}
	}
	if len(choices) == 0 {
		return true
	}
	first, rest := choices[0], choices[1:]
	for _, side := range first.sides {
		if solve(append(slices.Clone(rest), side), maps.Clone(known), left) {
			return true
		}
	}
	return false
}
