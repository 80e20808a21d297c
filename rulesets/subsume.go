package rulesets

// subsumed warns of rules that say nothing another does not say already.
func (c *compiler) subsumed(rules []*Rule, drafts []*draft) {
	within := func(i, j int) bool {
		return within(rules[i], drafts[i], rules[j], drafts[j]) && implies(drafts[i], drafts[j])
	}
	for i, r := range rules {
		for j, s := range rules {
			if i == j || !within(i, j) || i < j && within(j, i) {
				continue // of two that are the same the second is told
			}
			c.rule = r.ID
			if within(j, i) {
				c.warnf(drafts[i].when.node.place, "%q fires exactly when %q (line %d) does", r.ID, s.ID, s.Line)
			} else {
				c.warnf(drafts[i].when.node.place, "whenever %q fires, %q (line %d) fires too", r.ID, s.ID, s.Line)
			}
			c.rule = ""
			break
		}
	}
}

// within says whether, but for their conditions, s would fire whenever r
// does. A digest that waits is a summary, which is meant to say things again.
func within(r *Rule, d *draft, s *Rule, e *draft) bool {
	waits := func(r *Rule) bool { return r.Notice.Digest != nil && r.Notice.Digest.Wait }
	return r.Scope == s.Scope && r.Audience == s.Audience && r.Among == s.Among && r.On&^s.On == 0 &&
		r.Mode == s.Mode && s.Mode != Off && waits(r) == waits(s) && r.HeldFor >= s.HeldFor &&
		(r.Rank == nil) == (s.Rank == nil) && same(d.at, e.at) && same(d.by, e.by)
}

func same(a, b *expression) bool {
	if a == nil || b == nil {
		return a == b
	}
	return canonical(a.ast.Expr()) == canonical(b.ast.Expr())
}

func implies(a, b *draft) bool {
	return !satisfiable(formulaOf(a.when.ast.Expr(), true), formulaOf(b.when.ast.Expr(), false))
}
