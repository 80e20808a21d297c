package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"tideline/engine/event"
	"tideline/engine/match"
)

// feedPage describes what recommend writes by hand.
type feedPage struct {
	Items      []feedItem `json:"items"`
	NextCursor string     `json:"next_cursor,omitempty" doc:"absent on the last page"`
}

type feedItem struct {
	Rank        int                `json:"rank" doc:"1-based place in the feed"`
	Key         int64              `json:"key" doc:"what the feed is ordered by"`
	Opportunity event.Opportunity  `json:"opportunity" doc:"without its description"`
	Explanation *match.Explanation `json:"explanation,omitempty"`
}

var (
	bucketParam = &huma.Param{Name: "bucket", In: "path", Required: true, Schema: &huma.Schema{
		Type: huma.TypeString, Enum: []any{event.Jobs, event.Hackathons, event.Content},
	}}
	limitParam = &huma.Param{Name: "limit", In: "query", Description: "items wanted", Schema: &huma.Schema{
		Type: huma.TypeInteger, Minimum: new(1.0), Maximum: new(float64(event.FeedShow)), Default: defaultLimit,
	}}
	cursorParam = &huma.Param{
		Name: "cursor", In: "query", Schema: &huma.Schema{Type: huma.TypeString},
		Description: fmt.Sprintf("next_cursor of the page before; nothing comes twice and nothing that stayed is skipped, however the feed changes. "+
			"A walk ends after %d items even if the feed goes on changing: leave the cursor out to start anew", maxReturned),
	}
	savedCursorParam = &huma.Param{
		Name: "cursor", In: "query", Schema: &huma.Schema{Type: huma.TypeString}, Description: "next_cursor of the page before",
	}
	explainParam = &huma.Param{
		Name: "explain", In: "query", Description: "say of each item why it stands where it does", Schema: &huma.Schema{Type: huma.TypeBoolean},
	}
	studentParam = &huma.Param{
		Name: "student", In: "query", Description: "for ops and services, required; students get their own", Schema: &huma.Schema{Type: huma.TypeString},
	}
)

func idParam(name string) *huma.Param {
	return &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString, MinLength: new(1), MaxLength: new(maxID)}}
}

const about = "Ranked feeds of jobs, hackathons and content, explained. Errors are RFC 9457 problems. " +
	"What is accepted is durable and shows its effect a moment later. Unknown fields of bodies are ignored."

// document writes the OpenAPI 3.1 document of the routes.
func document(routes []route) ([]byte, error) {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0", Info: &huma.Info{Title: "Tideline", Version: "1.0.0", Description: about},
		Components: &huma.Components{Schemas: registry, SecuritySchemes: map[string]*huma.SecurityScheme{
			"token": {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "claims: sub, role (student, recruiter, ops or service), exp"},
		}},
	}
	for _, r := range routes {
		doc.AddOperation(r.operation(registry))
	}
	for _, schema := range registry.Map() {
		tidy(schema)
	}
	restrict(registry.Map())
	body, err := json.MarshalIndent(doc, "", " ")
	return append(body, '\n'), err
}

func (r *route) operation(registry huma.Registry) *huma.Operation {
	op := &huma.Operation{
		OperationID: r.id, Method: r.method, Path: r.path, Tags: []string{r.tag}, Summary: r.summary, Parameters: r.params,
		Responses: map[string]*huma.Response{"default": {
			Description: "A problem", Content: content(problemType, schemaOf(registry, Problem{})),
		}},
	}
	if r.roles != nil {
		op.Security = []map[string][]string{{"token": {}}}
		op.Description = fmt.Sprintf("Roles: %v.", r.roles)
	}
	if r.body != nil {
		_, everythingHasADefault := inputDefaults[reflect.TypeOf(r.body)]
		op.RequestBody = &huma.RequestBody{Required: !everythingHasADefault, Content: content("application/json", inputOf(registry, r.body))}
	}
	status := max(r.status, http.StatusOK)
	answer := &huma.Response{Description: http.StatusText(status)}
	if media, ok := r.answer.(string); ok {
		answer.Content = content(media, &huma.Schema{})
	} else {
		answer.Content = content("application/json", schemaOf(registry, r.answer))
	}
	if r.also != "" {
		answer.Content[r.also] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	op.Responses[strconv.Itoa(status)] = answer
	return op
}

// inputDefaults are the bodies that may be left out.
var inputDefaults = map[reflect.Type]struct{}{reflect.TypeFor[activation](): {}, reflect.TypeFor[planRequest](): {}, reflect.TypeFor[answering](): {}}

func content(media string, schema *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{media: {Schema: schema}}
}

func schemaOf(registry huma.Registry, value any) *huma.Schema {
	t := reflect.TypeOf(value)
	return registry.Schema(t, true, t.Name())
}
