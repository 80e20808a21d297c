package rulesets

import (
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"tideline/engine/event"
)

// environment gives what expressions may name. It is made once: it takes
// milliseconds, and it is immutable.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.CustomTypeAdapter(adapter{}),
		cel.CustomTypeProvider(&provider{Registry: types.NewEmptyRegistry()}),
		cel.CrossTypeNumericComparisons(true),
		cel.EnableMacroCallTracking(), // so that conjuncts can be written out again
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(maxExpression),
		cel.ParserRecursionLimit(64),
		cel.Variable("now", cel.TimestampType),
	}
	for _, p := range parts {
		options = append(options, cel.Variable(p.name, p.typ))
	}
	return cel.NewEnv(append(options, functions()...)...)
})

// functions are ours, beside CEL's own.
func functions() []cel.EnvOption {
	student, opp := typeOf("student"), typeOf("opp")
	return []cel.EnvOption{
		cel.Function("level", cel.MemberOverload("student_level", []*cel.Type{student, cel.StringType}, cel.IntType,
			cel.BinaryBinding(func(s, skill ref.Val) ref.Val {
				name, ok := skill.(types.String)
				if who, is := s.Value().(*Student); ok && is {
					return types.Int(who.level(string(name)))
				}
				return types.MaybeNoSuchOverloadErr(s)
			}))),
		cel.Function("has_skill",
			cel.Overload("has_skill_student", []*cel.Type{student, cel.StringType}, cel.BoolType, cel.BinaryBinding(hasSkill)),
			cel.Overload("has_skill_opp", []*cel.Type{opp, cel.StringType}, cel.BoolType, cel.BinaryBinding(hasSkill))),
	}
}

func hasSkill(of, skill ref.Val) ref.Val {
	switch p := of.Value().(type) {
	case *Student:
		return p.skillNames().Contains(skill)
	case *Opp:
		return texts(p.Skills).Contains(skill)
	}
	return types.MaybeNoSuchOverloadErr(of)
}

func typeOf(variable string) *types.Type { return partNamed(variable).typ }

func partNamed(variable string) *part {
	for _, p := range parts {
		if p.name == variable {
			return p
		}
	}
	return nil
}

// provider tells the checker and the planner about the parts' fields.
type provider struct{ *types.Registry }

func (p *provider) part(typeName string) *part {
	for _, q := range parts {
		if q.typ.TypeName() == typeName {
			return q
		}
	}
	return nil
}

// FindStructType implements types.Provider.
func (p *provider) FindStructType(typeName string) (*types.Type, bool) {
	if q := p.part(typeName); q != nil {
		return types.NewTypeTypeWithParam(q.typ), true
	}
	return p.Registry.FindStructType(typeName)
}

// FindStructFieldNames implements types.Provider.
func (p *provider) FindStructFieldNames(typeName string) ([]string, bool) {
	if q := p.part(typeName); q != nil {
		return q.names(), true
	}
	return p.Registry.FindStructFieldNames(typeName)
}

// FindStructFieldType implements types.Provider. The planner calls GetFrom on
// the Go value itself: no map, no reflection.
func (p *provider) FindStructFieldType(typeName, name string) (*types.FieldType, bool) {
	if q := p.part(typeName); q != nil {
		f := q.field(name)
		if f == nil {
			return nil, false
		}
		return &types.FieldType{Type: f.typ, IsSet: f.has, GetFrom: f.get}, true
	}
	return p.Registry.FindStructFieldType(typeName, name)
}

// NewValue implements types.Provider: parts cannot be made by expressions.
func (p *provider) NewValue(typeName string, fields map[string]ref.Val) ref.Val {
	if p.part(typeName) != nil {
		return types.NewErr("%s cannot be made", typeName)
	}
	return p.Registry.NewValue(typeName, fields)
}

// adapter makes values of Go values: of parts ours, of all else cel-go's.
type adapter struct{}

// NativeToValue implements types.Adapter.
func (a adapter) NativeToValue(v any) ref.Val {
	switch v := v.(type) {
	case ref.Val:
		return v
	case *Opp:
		return object{v, typeOf("opp")}
	case *Student:
		return object{v, typeOf("student")}
	case *Match:
		return object{v, typeOf("match")}
	case *App:
		return object{v, typeOf("app")}
	case *event.Gap:
		return object{v, gapPart.typ}
	case *event.Signal:
		return object{v, typeOf("signal")}
	case []string:
		return texts(v)
	}
	return types.DefaultTypeAdapter.NativeToValue(v)
}
