package rulesets

import (
	"fmt"
	"reflect"
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"tideline/engine/event"
)

// constants are the words that fields with few values hold, boxed once.
var constants = func() map[string]ref.Val {
	m := map[string]ref.Val{}
	for _, list := range [][]string{buckets, stages, signalKinds, {"", string(event.Open), string(event.Closed)}} {
		for _, word := range list {
			m[word] = types.String(word)
		}
	}
	return m
}()

func constant(word string) ref.Val {
	if v, ok := constants[word]; ok {
		return v
	}
	return types.String(word)
}

// texts is a list of texts in which membership is looked up without boxing.
type texts []string

// list gives the same as cel-go's own list, for what is not worth doing faster.
func (l texts) list() traits.Lister { return types.NewStringList(adapter{}, l) }

// Contains implements traits.Container.
func (l texts) Contains(v ref.Val) ref.Val {
	want, ok := v.(types.String)
	if !ok {
		return types.False
	}
	if slices.Contains(l, string(want)) {
		return types.True
	}
	return types.False
}

// Size implements traits.Sizer.
func (l texts) Size() ref.Val { return types.Int(len(l)) }

// Add implements traits.Adder.
func (l texts) Add(other ref.Val) ref.Val { return l.list().Add(other) }

// Get implements traits.Indexer.
func (l texts) Get(index ref.Val) ref.Val { return l.list().Get(index) }

// Iterator implements traits.Iterable.
func (l texts) Iterator() traits.Iterator { return l.list().Iterator() }

// ConvertToNative implements ref.Val.
func (l texts) ConvertToNative(t reflect.Type) (any, error) { return l.list().ConvertToNative(t) }

// ConvertToType implements ref.Val.
func (l texts) ConvertToType(t ref.Type) ref.Val { return l.list().ConvertToType(t) }

// Equal implements ref.Val.
func (l texts) Equal(other ref.Val) ref.Val { return l.list().Equal(other) }

// Type implements ref.Val.
func (l texts) Type() ref.Type { return types.ListType }

// Value implements ref.Val.
func (l texts) Value() any { return []string(l) }

// object is a part as a value of its own: an argument of a function, an item of a list.
type object struct {
	part any
	typ  *types.Type
}

// ConvertToNative implements ref.Val.
func (o object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s does not convert to %v", o.typ, t)
}

// ConvertToType implements ref.Val.
func (o object) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("%s does not convert to %s", o.typ, t.TypeName())
}

// Equal implements ref.Val: an object is equal to itself only.
func (o object) Equal(other ref.Val) ref.Val {
	p, ok := other.(object)
	return types.Bool(ok && p == o)
}

// Type implements ref.Val.
func (o object) Type() ref.Type { return o.typ }

// Value implements ref.Val.
func (o object) Value() any { return o.part }

// skillNames gives the names, each once.
func (s *Student) skillNames() texts {
	if s.names == nil {
		skills := s.Profile().Skills
		s.names = make([]string, 0, len(skills))
		for _, k := range skills {
			if !texts(s.names).has(k.Name) {
				s.names = append(s.names, k.Name)
			}
		}
	}
	return s.names
}

func (l texts) has(word string) bool {
	return slices.Contains(l, word)
}

// level gives the level of a skill, the highest if it is named twice; 0 without it.
func (s *Student) level(skill string) (level int) {
	for _, k := range s.Profile().Skills {
		if k.Name == skill {
			level = max(level, k.Level)
		}
	}
	return level
}

// levels gives skill -> level.
func (s *Student) levels() map[string]int64 {
	m := make(map[string]int64, len(s.Profile().Skills))
	for _, k := range s.Profile().Skills {
		m[k.Name] = max(m[k.Name], int64(k.Level))
	}
	return m
}

func (s *Student) gaps() ref.Val {
	gaps := s.Profile().Gaps
	list := make([]ref.Val, len(gaps))
	for i := range gaps {
		list[i] = object{&gaps[i], gapPart.typ}
	}
	return types.NewRefValList(adapter{}, list)
}

// skills gives what the student has of what is required, or lacks.
func (m *Match) skills(matched bool) texts {
	if m.Skills == nil {
		return nil
	}
	has, lacks := m.Skills()
	if matched {
		return has
	}
	return lacks
}
