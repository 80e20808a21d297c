package rulesets

import (
	"slices"
	"strings"

	"tideline/engine/event"
)

// scope derives what a rule is about from what its expressions name, and
// complains about names that cannot be together; false when there is none.
func (c *compiler) scope(r *Rule, d *draft) bool {
	names := map[string]bool{}
	for _, e := range d.expressions() {
		for _, name := range e.variables() {
			names[name] = true
		}
	}
	each := d.node.get("each")
	switch {
	case each != nil:
		d.scope = ItemScope
	case names["app"]:
		d.scope = ApplicationScope
	case names["opp"], names["match"], names["signal"]:
		d.scope = PairScope
	case names["gap"]:
		c.errorf(d.when.node.place, "when names gap, which is known only with `each: student.gaps`")
		return false
	default:
		d.scope = StudentScope
	}
	r.Scope = d.scope
	for _, e := range d.expressions() {
		c.allowed(e, d.scope)
	}
	if names["student"] || names["opp"] || names["match"] || names["app"] || names["gap"] || names["signal"] {
		c.audience(r, d)
	} else {
		c.errorf(d.when.node.place, "when names nothing that the rule could be about")
	}
	c.touches(r, d, names["signal"])
	if among := d.node.get("among"); among != nil && d.scope != PairScope {
		c.errorf(among.place, "among is about pairs of student and opportunity; this rule is about %s", about[d.scope])
	}
	return true
}

var about = map[Scope]string{
	PairScope: "a student and an opportunity", ApplicationScope: "an application", ItemScope: "a gap of a student", StudentScope: "a student",
}

// allowedIn says which variables have a value in a scope.
var allowedIn = map[Scope][]string{
	PairScope:        {"opp", "student", "match", "signal", "now"},
	ApplicationScope: {"app", "opp", "student", "now"},
	ItemScope:        {"gap", "student", "now"},
	StudentScope:     {"student", "now"},
}

func (c *compiler) allowed(e *expression, s Scope) {
	for _, name := range e.variables() {
		if !slices.Contains(allowedIn[s], name) {
			c.errorf(e.firstUse(name), "%s names %s, which is not known where the rule is about %s (known: %s)", e.what, name, about[s], strings.Join(allowedIn[s], ", "))
		}
	}
}

func (c *compiler) audience(r *Rule, d *draft) {
	if r.Audience == event.ToRecruiter && (d.scope == ItemScope || d.scope == StudentScope) {
		c.errorf(d.node.get("audience").place, "a recruiter is told about an opportunity or an application; this rule is about %s", about[d.scope])
	}
}

// touches reads `on`.
func (c *compiler) touches(r *Rule, d *draft, signal bool) {
	r.On = touches[d.scope]
	on := d.node.get("on")
	if on != nil {
		r.On = 0
		for _, item := range on.items {
			t := touchOf(item.value)
			if t&^touches[d.scope] != 0 {
				c.errorf(item.place, "%s cannot make a rule about %s fire; %s can", item.value, about[d.scope], strings.Join(touches[d.scope].Names(), ", "))
			}
			r.On |= t
		}
	}
	if signal && r.On != OnSignals {
		where := d.node.place
		if on != nil {
			where = on.place
		}
		c.errorf(where, "the rule names signal, which is known only while a signal is looked at: `on` must be [signals]")
	}
}

// expressions gives those that are there.
func (d *draft) expressions() (all []*expression) {
	for _, e := range append([]*expression{d.when, d.rearm, d.at, d.by}, d.oncePer...) {
		if e != nil {
			all = append(all, e)
		}
	}
	return all
}

// names says whether any expression names a variable.
func (d *draft) names(variable string) bool {
	return slices.ContainsFunc(d.expressions(), func(e *expression) bool { return slices.Contains(e.variables(), variable) })
}
