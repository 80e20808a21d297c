package rulesets

import (
	"fmt"
	"strconv"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"tideline/engine/event"
)

// draft is a rule with its expressions checked one by one. An expression that
// is missing or wrong is nil.
type draft struct {
	node *node
	when *expression
	rearm,
	at,
	by *expression
	oncePer []*expression
	whole   bool // everything that was given is right as far as it was looked at

	scope     Scope
	conjuncts []conjunct // of when
}

var once = []*types.Type{cel.StringType, cel.IntType, cel.DoubleType, cel.BoolType, cel.TimestampType, cel.DurationType}

// draft checks the expressions of a rule.
func (c *compiler) draft(n *node, shared macros) *draft {
	before := len(c.problems.Errors())
	all := c.lets(n.get("lets"), c.alias(n, shared))
	d := &draft{node: n}
	d.when = c.expression("when", n.get("when"), all, cel.BoolType)
	d.rearm = c.expression("rearm", n.get("rearm"), all, cel.BoolType)
	d.at = c.expression("at", n.get("at"), all, cel.TimestampType)
	d.by = c.expression("rank.by", n.get("rank").get("by"), all, cel.DoubleType, cel.IntType)
	if list := n.get("once_per"); list != nil {
		for i, item := range list.items {
			if e := c.expression(fmt.Sprintf("once_per[%d]", i), item, all, once...); e != nil {
				d.oncePer = append(d.oncePer, e)
			}
		}
	}
	d.whole = d.when != nil && len(c.problems.Errors()) == before
	return d
}

// alias makes `as: g` another name of gap.
func (c *compiler) alias(n *node, shared macros) macros {
	as := n.get("as")
	if as == nil || as.value == "gap" {
		return shared
	}
	if n.get("each") == nil {
		c.errorf(as.place, "as names the items of each, and there is no each")
		return shared
	}
	all := c.lets(nil, shared)
	if c.nameable(as, all) {
		all[as.value] = &macro{name: as.value, node: as, list: fac.NewIdent(1, "gap"), done: true, ok: true}
	}
	return all
}

// durationOf gives the duration under a key; 0 when there is none.
func durationOf(n *node, key string) time.Duration {
	d, err := parseDuration(n.text(key))
	if err != nil {
		return 0
	}
	return d
}

func numberOf(n *node, key string, preset float64) float64 {
	v, err := strconv.ParseFloat(n.text(key), 64)
	if err != nil {
		return preset
	}
	return v
}

// compileRule makes a rule of a draft; nil when something is wrong with it.
func (c *compiler) compileRule(d *draft) *Rule {
	n := d.node
	r := &Rule{
		ID: n.text("id"), Line: n.place.line,
		Title: n.text("title"), Description: n.text("description"),
		Audience: event.Audience(n.text("audience")),
		Mode:     Mode(or(n.text("mode"), string(Live))),
		Among:    Among(or(n.text("among"), string(Eligible))),
		HeldFor:  durationOf(n, "held_for"),
		HasAt:    n.get("at") != nil,
		HasRearm: n.get("rearm") != nil,
		OncePer:  n.get("once_per") != nil,
		Late:     time.Hour,
		Notice:   c.notice(n),
	}
	if id := n.get("id"); id != nil {
		r.Line = id.place.line
	}
	if n.get("late") != nil {
		r.Late = durationOf(n, "late")
	}
	if repeat := n.get("repeat"); repeat != nil {
		r.Repeat = &Repeat{Every: durationOf(repeat, "every"), Max: int(numberOf(repeat, "max", 0))}
	}
	if rank := n.get("rank"); rank != nil {
		r.Rank = &Rank{Top: int(numberOf(rank, "top", 0)), Settle: durationOf(rank, "settle"), Margin: numberOf(rank, "margin", 0)}
	}
	c.clashes(d)
	known := c.literals(d)
	c.cost(d)
	if d.when == nil || !c.scope(r, d) {
		return nil
	}
	c.combination(r, d)
	c.timer(d)
	c.identifies(d)
	if !d.whole || !known || !c.plan(r, d) || !c.satisfiable(d) {
		return nil
	}
	c.narrow(r, d)
	c.scan(r, d)
	r.Meaning = meaning(r, d)
	return r
}
