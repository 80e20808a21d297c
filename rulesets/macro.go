package rulesets

import (
	"maps"
	"slices"
	"strconv"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// maxNodes bounds an expression with everything it names inlined: lets that
// name lets twice each would double without end.
const maxNodes = 2000

// macros are what expressions may name beside the variables: lets and lists.
type macros map[string]*macro

type macro struct {
	name string
	node *node
	list ast.Expr // of a list

	done bool // expanded and checked, or found wrong
	busy bool // being expanded: naming it now is a circle
	ok   bool
	expr *expression
}

// lets adds a mapping's expressions to those of the level above.
func (c *compiler) lets(n *node, above macros) macros {
	all := maps.Clone(above)
	if n == nil || n.kind != mapping {
		return all
	}
	for _, p := range n.pairs {
		if c.nameable(p.key, all) {
			all[p.key.value] = &macro{name: p.key.value, node: p.value}
		}
	}
	for _, p := range n.pairs {
		if m := all[p.key.value]; m != nil && m.node == p.value {
			c.resolve(m, all)
		}
	}
	return all
}

// nameable complains about a name that is taken.
func (c *compiler) nameable(key *node, taken macros) bool {
	switch {
	case !nameForm.MatchString(key.value):
		return false // the shape has complained
	case key.value == "now" || partNamed(key.value) != nil:
		c.errorf(key.place, "%q is the name of a variable", key.value)
		return false
	case slices.Contains(reserved, key.value):
		c.errorf(key.place, "%q is a word of CEL", key.value)
		return false
	case taken[key.value] != nil:
		c.errorf(key.place, "%q is defined already, on line %d", key.value, taken[key.value].node.place.line)
		return false
	}
	return true
}

var reserved = []string{
	"true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop",
	"package", "namespace", "return", "var", "void", "while", "has", "all", "exists", "exists_one", "map", "filter",
	"duration", "timestamp", "size", "type", "int", "uint", "double", "string", "bool", "bytes", "list", "dyn", "level", "has_skill",
}

// resolve checks a let on its own, so that what is wrong in it is said once, where it stands.
func (c *compiler) resolve(m *macro, all macros) {
	if m.done || m.list != nil {
		return
	}
	m.busy = true
	m.expr = c.expression(m.name, m.node, all)
	m.busy, m.done, m.ok = false, true, m.expr != nil
}

// lists reads the named lists of constants.
func (c *compiler) lists(n *node) macros {
	all := macros{}
	if n == nil || n.kind != mapping {
		return all
	}
	for _, p := range n.pairs {
		if !c.nameable(p.key, all) || p.value.kind != sequence {
			continue
		}
		items := make([]ast.Expr, 0, len(p.value.items))
		for i, item := range p.value.items {
			if item.kind != p.value.items[0].kind {
				c.errorf(item.place, "%s holds %s after %s; a list holds constants of one kind", p.key.value, item.kind, p.value.items[0].kind)
				continue
			}
			if v := literal(item); v != nil {
				items = append(items, fac.NewLiteral(int64(i+2), v))
			}
		}
		all[p.key.value] = &macro{name: p.key.value, node: p.value, list: fac.NewList(1, items, nil), done: true, ok: true}
	}
	return all
}

func literal(n *node) ref.Val {
	switch n.kind {
	case text:
		return types.String(n.value)
	case boolean:
		return types.Bool(n.value == "true")
	case number:
		if i, err := strconv.ParseInt(n.value, 10, 64); err == nil {
			return types.Int(i)
		}
		if f, err := strconv.ParseFloat(n.value, 64); err == nil {
			return types.Double(f)
		}
	}
	return nil
}

var fac = ast.NewExprFactory()

// expand puts what an expression names in its place; false, with complaints,
// when something named is wrong.
func (c *compiler) expand(e *expression, all macros) bool {
	x := &expansion{c: c, e: e, all: all, next: ast.MaxID(e.ast) + 1, ok: true}
	for name := range all {
		e.known = append(e.known, name)
	}
	slices.Sort(e.known)
	x.visit(e.ast.Expr(), nil)
	if n := ast.NodeCount(e.ast); x.ok && n > maxNodes {
		x.ok = false
		c.errorf(e.node.place, "%s has %d nodes with everything it names; at most %d are allowed", e.what, n, maxNodes)
	}
	return x.ok
}

type expansion struct {
	c    *compiler
	e    *expression
	all  macros
	next int64
	size int // nodes put in
	ok   bool
}

func (x *expansion) visit(n ast.Expr, bound []string) {
	if !x.ok {
		return
	}
	switch n.Kind() {
	case ast.IdentKind:
		if m := x.all[n.AsIdent()]; m != nil && !slices.Contains(bound, m.name) {
			x.replace(n, m)
		}
	case ast.ComprehensionKind:
		k := n.AsComprehension()
		for _, name := range []string{k.IterVar(), k.IterVar2()} {
			if name == "now" || partNamed(name) != nil || x.all[name] != nil {
				x.c.errorf(x.e.place(n), "%q hides what has that name already; take another", name)
				x.ok = false
			}
		}
		for _, sub := range []ast.Expr{k.IterRange(), k.AccuInit(), k.LoopCondition(), k.LoopStep(), k.Result()} {
			x.visit(sub, append(slices.Clone(bound), k.IterVar(), k.AccuVar()))
		}
	default:
		for _, sub := range children(n) {
			x.visit(sub, bound)
		}
	}
}

// replace turns a name into a copy of what it stands for, under new ids, and
// remembers where each node was written.
func (x *expansion) replace(n ast.Expr, m *macro) {
	if m.busy {
		x.c.errorf(x.e.place(n), "%q is defined by itself", m.name)
		x.ok = false
		return
	}
	x.c.resolve(m, x.all)
	if !m.ok {
		x.ok = false // said where the let stands
		return
	}
	info := x.e.ast.SourceInfo()
	used, _ := info.GetOffsetRange(n.ID())
	body := m.list
	if m.expr != nil {
		body = m.expr.ast.Expr()
	}
	ids := map[int64]int64{body.ID(): n.ID()}
	renumber := func(old int64) int64 {
		id, ok := ids[old]
		if !ok {
			id = x.next
			x.next++
			ids[old] = id
		}
		return id
	}
	body = fac.CopyExpr(body)
	ast.PreOrderVisit(body, ast.NewExprVisitor(func(sub ast.Expr) {
		x.size++
		id := renumber(sub.ID())
		info.SetOffsetRange(id, used) // what the checker says is about the use
		if m.expr != nil {
			x.e.places[id] = m.expr.placeOf(sub.ID())
		}
	}))
	body.RenumberIDs(renumber)
	if m.expr != nil {
		for id, call := range m.expr.ast.SourceInfo().MacroCalls() {
			call = fac.CopyExpr(call)
			call.RenumberIDs(renumber)
			info.SetMacroCall(renumber(id), call)
		}
	}
	n.SetKindCase(body)
	if x.size > 10*maxNodes {
		x.c.errorf(x.e.node.place, "%s names lets that name lets without measure; at most %d nodes are allowed", x.e.what, maxNodes)
		x.ok = false
	}
}
