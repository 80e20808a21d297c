package api

import (
	"maps"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"tideline/engine/event"
)

const dateText = "RFC 3339, or YYYY-MM-DD for midnight UTC"

// inputOf describes a body. Opportunities and profiles are accepted with less
// than they are answered with: the path gives the id, and much has a default.
func inputOf(registry huma.Registry, value any) *huma.Schema {
	whole := schemaOf(registry, value)
	var required []string
	switch value.(type) {
	case event.Opportunity:
		required = []string{"bucket", "title", "posted_at"}
	case event.Profile, event.Preferences:
	case event.Feedback:
		required = []string{"kind"}
	case event.Interview:
		required = []string{"starts"}
	case event.Silence:
		required = []string{"until"}
	default:
		return whole
	}
	name := reflect.TypeOf(value).Name()
	input := *registry.Map()[name]
	input.Required, input.Properties = required, maps.Clone(input.Properties)
	for _, date := range []string{"posted_at", "deadline"} {
		if input.Properties[date] != nil {
			input.Properties[date] = &huma.Schema{Type: huma.TypeString, Description: dateText}
		}
	}
	registry.Map()[name+"Input"] = &input
	return &huma.Schema{Ref: "#/components/schemas/" + name + "Input"}
}

// tidy makes a schema say what the decoders do: unknown fields are ignored, and
// lists are never null.
func tidy(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.AdditionalProperties == false {
		s.AdditionalProperties = nil
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
	}
	for _, p := range s.Properties {
		tidy(p)
	}
	tidy(s.Items)
}

// restrict adds the limits that engine/event checks, which its types do not carry.
func restrict(schemas map[string]*huma.Schema) {
	within := func(s *huma.Schema, low, high float64) {
		if s != nil {
			s.Minimum, s.Maximum = new(low), new(high)
		}
	}
	for _, s := range schemas {
		p := s.Properties
		if b := p["bucket"]; b != nil {
			b.Enum = []any{event.Jobs, event.Hackathons, event.Content}
		}
		within(p["level"], 1, event.MaxLevel)
		within(p["required"], 1, event.MaxLevel)
		within(p["weight"], 1, event.MaxWeight)
		for _, score := range []string{"difficulty", "career_score", "activity_score", "interview_score"} {
			within(p[score], 0, 100)
		}
		if p["skills"] != nil {
			p["skills"].MaxItems = new(event.MaxSkills)
		}
	}
	for _, name := range []string{"Opportunity", "OpportunityInput"} {
		if s := schemas[name]; s != nil {
			s.Properties["status"].Enum = []any{event.Open, event.Closed}
		}
	}
}
