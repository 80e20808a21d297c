package rulesets

import "slices"

// scan refuses rules whose condition no index can narrow: every opportunity
// would be compared with every student who has one of its skills.
func (c *compiler) scan(r *Rule, d *draft) {
	if d.scope != PairScope {
		return
	}
	bounded := r.Narrow.Overlap > 0 || r.Among == Saved || r.On == OnSignals || slices.ContainsFunc(d.conjuncts, conjunct.selective)
	allowed := d.node.get("allow_scan")
	switch {
	case !bounded && (allowed == nil || allowed.value != "true"):
		c.errorf(d.when.node.place, "when would look at every student for every opportunity: add a lower bound of match.overlap, something about opp besides its bucket and status, or `among: saved`; or say `allow_scan: true`")
	case bounded && allowed != nil && allowed.value == "true":
		c.warnf(allowed.place, "allow_scan is not needed: the condition is narrowed by %s", r.Narrow.by())
	}
}

// selective says whether a conjunct picks few opportunities.
func (k conjunct) selective() bool {
	return slices.Equal(k.variables, []string{"opp"}) &&
		(len(k.paths) == 0 || slices.ContainsFunc(k.paths, func(p string) bool { return p != bucketPath && p != "opp.status" }))
}

func (n Narrow) by() string {
	if len(n.Text) > 0 {
		return n.Text[len(n.Text)-1]
	}
	return "what it is about"
}
