package rulesets

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// place is a position in the source, both from 1, columns in characters.
type place struct{ line, column int }

// kind is what a YAML node is, in words for people.
type kind string

const (
	mapping  kind = "a mapping"
	sequence kind = "a list"
	text     kind = "text"
	number   kind = "a number"
	boolean  kind = "true or false"
	nothing  kind = "empty"
	refused  kind = "refused" // it has been complained about
)

// node is one YAML value, reduced to what the format needs.
type node struct {
	kind  kind
	value string // of a scalar, as text
	place place
	style byte // of a text: 0 plain, '"', '\'', '|' or '>'
	pairs []pair
	items []*node
}

type pair struct{ key, value *node }

// get gives the value of a key; nil when the node is nil, no mapping or lacks it.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, p := range n.pairs {
		if p.key.value == key {
			return p.value
		}
	}
	return nil
}

// text gives the value of a scalar under a key; empty when there is none.
func (n *node) text(key string) string {
	if v := n.get(key); v != nil {
		return v.value
	}
	return ""
}

// is says whether a key holds true.
func (n *node) is(key string) bool { return n.text(key) == "true" }

// parse reads the source's only document. It gives nil, and has complained,
// when the source is no YAML.
func (c *compiler) parse(source []byte) *node {
	if !c.modest(source) {
		return nil
	}
	file, err := parser.ParseBytes(source, 0, parser.AllowDuplicateMapKey()) // duplicates are reported with all the rest
	if syntax, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		c.errorf(at(syntax.Token), "not YAML: %s", syntax.Message)
		return nil
	} else if err != nil {
		c.errorf(place{1, 1}, "not YAML: %v", err)
		return nil
	}
	switch {
	case len(file.Docs) == 0 || file.Docs[0].Body == nil:
		c.errorf(place{1, 1}, "is empty; a ruleset is needed")
		return nil
	case len(file.Docs) > 1:
		where := place{1, 1}
		if start := file.Docs[1].Start; start != nil {
			where = at(start)
		}
		c.errorf(where, "holds several documents; one ruleset is one document")
	}
	return c.node(file.Docs[0].Body)
}

func at(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	return place{t.Position.Line, max(t.Position.Column, 1)}
}

// node reduces a YAML node, complaining about what the format does without.
func (c *compiler) node(n ast.Node) *node {
	switch n := n.(type) {
	case *ast.MappingNode:
		out := &node{kind: mapping, place: at(n.GetToken())}
		if len(n.Values) > 0 && !n.IsFlowStyle {
			out.place = at(n.Values[0].Key.GetToken())
		}
		for _, v := range n.Values {
			c.pair(out, v)
		}
		return out
	case *ast.MappingValueNode:
		out := &node{kind: mapping, place: at(n.Key.GetToken())}
		c.pair(out, n)
		return out
	case *ast.SequenceNode:
		out := &node{kind: sequence, place: at(n.GetToken())}
		for _, v := range n.Values {
			out.items = append(out.items, c.node(v))
		}
		return out
	case *ast.LiteralNode:
		return &node{kind: text, value: strings.TrimRight(n.Value.Value, "\n"), place: at(n.Start), style: n.Start.Value[0]}
	case *ast.StringNode:
		out := &node{kind: text, value: n.Value, place: at(n.Token)}
		switch n.Token.Type {
		case token.DoubleQuoteType:
			out.style = '"'
		case token.SingleQuoteType:
			out.style = '\''
		}
		return out
	case *ast.IntegerNode, *ast.FloatNode:
		return &node{kind: number, value: n.GetToken().Value, place: at(n.GetToken())}
	case *ast.BoolNode:
		return &node{kind: boolean, value: map[bool]string{true: "true", false: "false"}[n.Value], place: at(n.Token)}
	case *ast.NullNode:
		return &node{kind: nothing, place: at(n.Token)}
	case *ast.CommentGroupNode:
		return &node{kind: nothing, place: at(n.GetToken())}
	case *ast.AnchorNode:
		c.errorf(at(n.GetToken()), "anchors and aliases are not part of the format; use lets and lists")
		return c.node(n.Value)
	case *ast.AliasNode, *ast.MergeKeyNode:
		c.errorf(at(n.GetToken()), "anchors and aliases are not part of the format; use lets and lists")
	case *ast.TagNode:
		c.errorf(at(n.GetToken()), "tags are not part of the format")
		return c.node(n.Value)
	default:
		c.errorf(at(n.GetToken()), "%s is not part of the format", n.Type())
	}
	return &node{kind: refused, place: at(n.GetToken())}
}

func (c *compiler) pair(into *node, v *ast.MappingValueNode) {
	key := c.node(v.Key)
	for _, before := range into.pairs {
		if before.key.value == key.value {
			c.errorf(key.place, "%q is given twice, first on line %d", key.value, before.key.place.line)
		}
	}
	value := c.node(v.Value)
	if value.kind == nothing && value.place.line == 1 && value.place.column == 1 {
		value.place = key.place
	}
	into.pairs = append(into.pairs, pair{key, value})
}
