package rulesets

import (
	"slices"
	"strings"

	"tideline/engine/event"
)

// clashes complains about parts of a rule that exclude one another.
func (c *compiler) clashes(d *draft) {
	n := d.node
	clash := func(a, b, why string) {
		if n.get(a) != nil && n.get(b) != nil {
			c.errorf(n.get(b).place, "%s and %s cannot be together: %s", a, b, why)
		}
	}
	clash("at", "held_for", "a time and a length of time would both say when the rule fires")
	for _, other := range []string{"at", "held_for", "repeat", "rearm", "once_per"} {
		clash("rank", other, "a ranked rule speaks once of each student of an opportunity, after `settle`")
	}
	if late := n.get("late"); late != nil && n.get("at") == nil {
		c.errorf(late.place, "late says how late after `at`, and there is no at")
	}
}

// combination complains about parts that do not go with what the rule is about.
func (c *compiler) combination(r *Rule, d *draft) {
	n := d.node
	if rank := n.get("rank"); rank != nil && (d.scope != PairScope || r.Audience != event.ToRecruiter) {
		c.errorf(rank.place, "rank is for rules to recruiters about a student and an opportunity")
	}
	if d.names("signal") {
		for _, later := range []string{"at", "held_for", "repeat", "rank", "rearm"} {
			if v := n.get(later); v != nil {
				c.errorf(v.place, "%s looks at the rule again later, when there is no signal", later)
			}
		}
	}
}

// timer sees to it that `at` can be computed once per opportunity, not once per pair.
func (c *compiler) timer(d *draft) {
	if d.at == nil {
		return
	}
	may := map[Scope][]string{PairScope: {"opp"}, ApplicationScope: {"app"}, ItemScope: {"gap", "student"}, StudentScope: {"student"}}[d.scope]
	names := d.at.variables()
	for _, name := range names {
		if !slices.Contains(may, name) && slices.Contains(allowedIn[d.scope], name) {
			c.errorf(d.at.firstUse(name), "at names %s; where a rule is about %s it may name only %s", name, about[d.scope], strings.Join(may, " and "))
		}
	}
	if len(names) == 0 {
		c.errorf(d.at.node.place, "at is the same for everything; it must name %s", strings.Join(may, " or "))
	}
}

// identifies sees to it that once_per tells subjects apart.
func (c *compiler) identifies(d *draft) {
	list := d.node.get("once_per")
	if list == nil {
		return
	}
	var given []string
	for _, e := range d.oncePer {
		given = append(given, canonical(e.ast.Expr()))
	}
	var lacks []string
	for _, need := range identity[d.scope] {
		if !slices.Contains(given, need) {
			lacks = append(lacks, need)
		}
	}
	if len(lacks) > 0 {
		c.errorf(list.place, "once_per does not identify %s: it lacks %s", about[d.scope], strings.Join(lacks, " and "))
	}
	for i, g := range given {
		if slices.Index(given, g) < i {
			c.errorf(d.oncePer[i].node.place, "once_per names %s twice", g)
		}
	}
	for _, e := range d.oncePer {
		if slices.Contains(e.variables(), "now") {
			c.errorf(e.firstUse("now"), "once_per names now, so that every moment would be something new")
		}
	}
}

// identity is what tells the subjects of a scope apart, and the natural subject.
var identity = map[Scope][]string{
	PairScope:        {"student.id", "opp.id"},
	ApplicationScope: {"app.id"},
	ItemScope:        {"student.id", "gap.skill"},
	StudentScope:     {"student.id"},
}
