package rulesets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"tideline/engine/event"
)

// Conjunct is one of the conditions that a rule's `when` joins by &&, as it is
// for one subject.
type Conjunct struct {
	Text   string            `json:"text"`
	Truth  Truth             `json:"truth"`
	Values map[string]string `json:"values,omitempty"` // field -> value, of the fields it looks at; "unknown" without one
	Line   int               `json:"line"`
	Column int               `json:"column"`
}

// MarshalText gives "true", "false" or "unknown".
func (t Truth) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText gives.
func (t *Truth) UnmarshalText(text []byte) error {
	for _, known := range []Truth{Unknown, False, True} {
		if string(text) == known.String() {
			*t = known
			return nil
		}
	}
	return fmt.Errorf("truth is %q; it must be true, false or unknown", text)
}

// Explain evaluates `when` conjunct by conjunct.
func (r *Rule) Explain(s *Subject) []Conjunct {
	all := make([]Conjunct, len(r.programs.conjuncts))
	for i, k := range r.programs.conjuncts {
		all[i] = Conjunct{Text: k.text, Truth: k.run.truth(s), Values: map[string]string{}, Line: k.place.line, Column: k.place.column}
		for _, path := range k.looksAt() {
			all[i].Values[path] = readable(s, path)
		}
	}
	return all
}

// looksAt gives the fields of a conjunct; a part that is passed whole to a
// function stands for its skills, which is what ours look at.
func (k conjunct) looksAt() []string {
	paths := slices.Clone(k.paths)
	for _, v := range k.variables {
		if v != "now" && !slices.ContainsFunc(paths, func(p string) bool { return strings.HasPrefix(p, v+".") }) {
			paths = append(paths, v+".skills")
		}
	}
	return paths
}

// readable gives the value of a field as people read it.
func readable(s *Subject, path string) string {
	v, ok := valueAt(s, path)
	if !ok {
		return "unknown"
	}
	return show(v)
}

// valueAt reads a field by its path.
func valueAt(s *Subject, path string) (ref.Val, bool) {
	root, name, _ := strings.Cut(path, ".")
	part, _ := (*activation)(s).ResolveName(root)
	if v, is := part.(ref.Val); is { // now, or a part that is not there
		return v, !types.IsUnknownOrError(v)
	}
	p := partNamed(root)
	if p == nil || p.field(name) == nil {
		return nil, false
	}
	v, err := p.field(name).get(part)
	if err != nil {
		return nil, false
	}
	return adapter{}.NativeToValue(v), true
}

func show(v ref.Val) string {
	switch v := v.(type) {
	case types.Double:
		return formatNumber(float64(v))
	case types.Timestamp:
		return v.UTC().Format(time.RFC3339)
	case object: // of lists: gaps
		if g, ok := v.part.(*event.Gap); ok {
			return g.Skill + " " + formatNumber(g.Severity)
		}
		return v.typ.TypeName()
	case traits.Mapper, traits.Lister:
		return showAll(v)
	}
	text, _ := plain(v)
	return text
}

func showAll(v ref.Val) string {
	var items []string
	for it := v.(traits.Iterable).Iterator(); it.HasNext() == types.True; {
		item := it.Next()
		text := show(item)
		if m, is := v.(traits.Mapper); is {
			text += ": " + show(m.Get(item))
		}
		items = append(items, text)
	}
	slices.Sort(items)
	return "[" + strings.Join(items, ", ") + "]"
}

// formatNumber rounds to what people compare.
func formatNumber(n float64) string {
	text := strconv.FormatFloat(n, 'f', 4, 64)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}
