package rulesets

import (
	_ "embed"
	"encoding/json"
)

// Schema is the JSON Schema (draft 2020-12) of the format, for editors. It
// knows shapes, not expressions: Compile finds more.
//
//go:embed schema.json
var Schema []byte

// schemaJSON makes Schema of the table that checks rulesets.
func schemaJSON() ([]byte, error) {
	s := setShape.schema()
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "Tideline ruleset"
	out, err := json.MarshalIndent(s, "", "  ")
	return append(out, '\n'), err
}

func (s *shape) schema() map[string]any {
	out := map[string]any{"description": s.doc}
	switch s.kind {
	case mapping:
		s.mappingSchema(out)
	case sequence:
		out["type"] = "array"
		out["items"] = s.items.schema()
		bound(out, "minItems", s.least)
		bound(out, "maxItems", s.most)
	case boolean:
		out["type"] = "boolean"
	case number:
		out["type"] = "number"
		if s.whole {
			out["type"] = "integer"
		}
		out["minimum"], out["maximum"] = s.low, s.high
	default:
		s.textSchema(out)
	}
	if s.preset != "" {
		out["default"] = s.preset
		var v any
		if s.kind != text && json.Unmarshal([]byte(s.preset), &v) == nil {
			out["default"] = v
		}
	}
	if len(s.examples) > 0 {
		out["examples"] = s.examples
	}
	return out
}

func (s *shape) mappingSchema(out map[string]any) {
	out["type"] = "object"
	out["additionalProperties"] = false
	bound(out, "maxProperties", s.most)
	if s.open != nil {
		out["additionalProperties"] = s.open.schema()
		out["propertyNames"] = map[string]any{"pattern": s.pattern.String()}
		return
	}
	properties, required := map[string]any{}, []string{}
	for _, m := range s.fields {
		properties[m.name] = m.shape.schema()
		if m.required {
			required = append(required, m.name)
		}
	}
	out["properties"] = properties
	if len(required) > 0 {
		out["required"] = required
	}
}

func (s *shape) textSchema(out map[string]any) {
	switch {
	case s.words != nil:
		out["type"], out["enum"] = "string", s.words
		return
	case s.pattern == nil && s.check == nil: // an expression or free text may look like a number or a truth
		out["type"] = []string{"string", "number", "boolean"}
	default:
		out["type"] = "string"
		bound(out, "minLength", 1)
	}
	bound(out, "maxLength", s.most)
	if s.pattern != nil {
		out["pattern"] = s.pattern.String()
	}
}

func bound(out map[string]any, name string, n int) {
	if n > 0 {
		out[name] = n
	}
}
