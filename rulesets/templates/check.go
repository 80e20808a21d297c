package templates

import (
	"fmt"
	"reflect"
	"slices"
	"text/template"
	"text/template/parse"
)

// unknown is a field that a text names and Data does not have.
type unknown struct {
	line int
	what string
}

// checker walks a text. Executing would find one unknown field, in the branches
// that a sample happens to take; this finds all.
type checker struct {
	tree  *parse.Tree
	root  reflect.Type
	found []unknown
}

func unknownFields(t *template.Template) []unknown {
	c := checker{tree: t.Tree, root: reflect.TypeFor[Data]()}
	c.walk(t.Root, c.root)
	return c.found
}

// walk looks at a node where dot has a type; nil: not known, nothing is checked.
func (c *checker) walk(node parse.Node, dot reflect.Type) {
	switch n := node.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			c.walk(child, dot)
		}
	case *parse.ActionNode:
		c.pipe(n.Pipe, dot)
	case *parse.IfNode:
		c.pipe(n.Pipe, dot)
		c.walk(n.List, dot)
		c.walk(n.ElseList, dot)
	case *parse.WithNode:
		c.walk(n.List, c.pipe(n.Pipe, dot))
		c.walk(n.ElseList, dot)
	case *parse.RangeNode:
		inner := c.pipe(n.Pipe, dot)
		if inner != nil && inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		} else {
			inner = nil
		}
		c.walk(n.List, inner)
		c.walk(n.ElseList, dot)
	}
}

// pipe checks a pipeline and gives its type when it is a single field.
func (c *checker) pipe(pipe *parse.PipeNode, dot reflect.Type) (result reflect.Type) {
	for _, command := range pipe.Cmds {
		for _, arg := range command.Args {
			result = c.argument(arg, dot)
		}
	}
	if len(pipe.Cmds) != 1 || len(pipe.Cmds[0].Args) != 1 {
		return nil
	}
	return result
}

func (c *checker) argument(arg parse.Node, dot reflect.Type) reflect.Type {
	switch n := arg.(type) {
	case *parse.DotNode:
		return dot
	case *parse.FieldNode:
		return c.field(n, dot, n.Ident)
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			return c.field(n, c.root, n.Ident[1:])
		}
	case *parse.PipeNode:
		return c.pipe(n, dot)
	}
	return nil
}

func (c *checker) field(node parse.Node, in reflect.Type, path []string) reflect.Type {
	for _, name := range path {
		if in == nil || in.Kind() == reflect.Pointer {
			return nil // a time and its methods: execution tells
		}
		if in.Kind() != reflect.Struct {
			c.add(node, "there is no .%s in a %s", name, in.Kind())
			return nil
		}
		f, ok := in.FieldByName(name)
		if !ok {
			c.add(node, "there is no .%s; there are %s", name, fieldNames(in))
			return nil
		}
		in = f.Type
	}
	return in
}

func (c *checker) add(node parse.Node, format string, args ...any) {
	location, _ := c.tree.ErrorContext(node)
	var line int
	if _, err := fmt.Sscanf(location, "text:%d:", &line); err != nil {
		line = 1
	}
	c.found = append(c.found, unknown{line, fmt.Sprintf(format, args...)})
}

func fieldNames(t reflect.Type) (names []string) {
	for _, f := range reflect.VisibleFields(t) {
		if !f.Anonymous {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names
}
