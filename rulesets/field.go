package rulesets

import (
	"fmt"
	"math"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// field is one field of a variable: its type, how it is read, and what is known
// of its values before any is seen.
type field struct {
	name string
	typ  *types.Type
	doc  string
	get  func(part any) (any, error) // an error when there is no value
	has  func(part any) bool

	low, high float64  // of a number
	words     []string // of a text that is one of a few; nil: any
	size      uint64   // most characters of a text, items of a list
	item      uint64   // most characters of an item
	skill     bool     // holds names of skills, which are normalised
}

// part is one variable and the Go type behind it.
type part struct {
	name   string
	typ    *types.Type
	doc    string
	fields []field
}

func newPart(name, typeName, doc string, fields ...field) *part {
	return &part{name: name, typ: cel.ObjectType(typeName), doc: doc, fields: fields}
}

func (p *part) field(name string) *field {
	for i := range p.fields {
		if p.fields[i].name == name {
			return &p.fields[i]
		}
	}
	return nil
}

func (p *part) names() []string {
	names := make([]string, len(p.fields))
	for i, f := range p.fields {
		names[i] = f.name
	}
	return names
}

// fieldAt finds a field by its path, such as "match.overlap"; nil when there is none.
func fieldAt(path string) *field {
	for _, p := range parts {
		if n := len(p.name); len(path) > n && path[:n] == p.name && path[n] == '.' {
			return p.field(path[n+1:])
		}
	}
	return nil
}

// wrongPart is what a getter says when it is given something else than its
// part, which the type checker rules out.
func wrongPart(got any) error { return fmt.Errorf("unexpected %T", got) }

// always makes a field that has a value whenever its part is there.
func always[P any](name string, typ *types.Type, doc string, get func(P) any) field {
	return field{
		name: name, typ: typ, doc: doc,
		get: func(part any) (any, error) {
			if p, ok := part.(P); ok {
				return get(p), nil
			}
			return nil, wrongPart(part)
		},
		has: func(part any) bool { _, ok := part.(P); return ok },
	}
}

// maybe makes a field that may have no value; get gives nil then.
func maybe[P any](name string, typ *types.Type, doc string, get func(P) any) field {
	missing := fmt.Errorf("%s has no value", name) // made once: it is given often
	return field{
		name: name, typ: typ, doc: doc,
		get: func(part any) (any, error) {
			p, ok := part.(P)
			if !ok {
				return nil, wrongPart(part)
			}
			if v := get(p); v != nil {
				return v, nil
			}
			return nil, missing
		},
		has: func(part any) bool { p, ok := part.(P); return ok && get(p) != nil },
	}
}

// words makes a text field. An empty text is a value, but `has` says no.
func words[P any](name, doc string, size uint64, get func(P) string) field {
	f := always(name, cel.StringType, doc, func(p P) any { return types.String(get(p)) })
	f.size = size
	f.has = func(part any) bool { p, ok := part.(P); return ok && get(p) != "" }
	return f
}

// oneOf limits a text field to some words.
func (f field) oneOf(words ...string) field {
	f.words = words
	return f
}

// within gives the range of a number field.
func (f field) within(low, high float64) field {
	f.low, f.high = low, high
	return f
}

// unbounded says that a number field may have any value.
func (f field) unbounded() field { return f.within(math.Inf(-1), math.Inf(1)) }

// list says how many items of which length a list field has at most.
func (f field) list(size, item uint64) field {
	f.size, f.item = size, item
	return f
}

// ofSkills says that a field names skills.
func (f field) ofSkills() field {
	f.skill = true
	return f
}
