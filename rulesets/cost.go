package rulesets

func (c *compiler) cost(d *draft)                 {}
func (c *compiler) literals(d *draft)             {}
func (c *compiler) satisfiable(r *Rule, d *draft) {}
func (c *compiler) subsumed([]*Rule, []*draft)    {}
