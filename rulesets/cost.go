package rulesets

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/common/cost"
)

// maxCost bounds one evaluation of one expression, in cel-go's units of about
// a field access or a comparison: a loop over all skills fits, a loop in a loop does not.
const maxCost = 10_000

// cost refuses expressions that could take long with values of the largest size.
func (c *compiler) cost(d *draft) {
	for _, e := range d.expressions() {
		estimate, err := cost.Cost(e.ast, sizes{})
		if err != nil {
			c.errorf(e.node.place, "the cost of %s cannot be bounded: %v", e.what, err)
			continue
		}
		if estimate.Max > maxCost {
			c.errorf(e.node.place, "%s may cost %s with values of the largest size; at most %d is allowed (compare match.overlap, or use has_skill and level instead of a loop in a loop)", e.what, costText(estimate.Max), maxCost)
		}
	}
}

func costText(n uint64) string {
	if n > 1e15 {
		return "more than can be counted"
	}
	return fmt.Sprint(n)
}

// sizes tells the estimator how large values get.
type sizes struct{}

// EstimateSize implements cost.Estimator.
func (sizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	path := n.Path()
	if len(path) == 0 {
		return nil
	}
	owner := partNamed(path[0])
	item := false
	var f *field
	for _, step := range path[1:] {
		switch {
		case step == "@items" || step == "@keys" || step == "@values":
			item = true
			if slices.Equal(path[:2], []string{"student", "gaps"}) {
				owner, f, item = gapPart, nil, false
			}
		case owner != nil:
			f, item = owner.field(step), false
		}
	}
	switch {
	case f == nil:
		return nil
	case item:
		return &cost.SizeEstimate{Max: f.item}
	case f.size > 0:
		return &cost.SizeEstimate{Max: f.size}
	}
	return nil
}

// EstimateCallCost implements cost.Estimator.
func (sizes) EstimateCallCost(function, _ string, _ *cost.AstNode, _ []cost.AstNode) *cost.CallEstimate {
	if function == "level" || function == "has_skill" {
		return cost.NewCallEstimate(cost.FixedCostEstimate(maxSkills), nil)
	}
	return nil
}
