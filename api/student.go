package api

import (
	"cmp"
	"context"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tideline/engine/event"
)

var token = []map[string][]string{{"token": {}}}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

type studentInput struct {
	Student string `path:"student" maxLength:"128"`
}

type viewOutput struct{ Body event.View }

type savedInput struct {
	Student string `query:"student" doc:"for ops and services"`
}

type savedItem struct {
	ID          string             `json:"id"`
	SavedAt     time.Time          `json:"saved_at"`
	Opportunity *event.Opportunity `json:"opportunity,omitempty" doc:"absent when it has been deleted"`
}

type savedOutput struct {
	Body struct {
		Items []savedItem `json:"items" doc:"newest first"`
	}
}

type profileInput struct {
	Student string `path:"student" maxLength:"128"`
	RawBody []byte `contentType:"application/json"`
}

// accepted is the answer to what goes through the topics first.
type accepted struct {
	Body struct {
		ID     string `json:"id"`
		Status string `json:"status" example:"accepted"`
	}
}

func acceptedAs(id string) *accepted {
	a := &accepted{}
	a.Body.ID, a.Body.Status = id, "accepted"
	return a
}

func (s *Server) students() {
	huma.Register(s.api, huma.Operation{
		OperationID: "student", Method: http.MethodGet, Path: "/students/{student}",
		Summary: "A student as the engine sees them", Tags: []string{"students"}, Security: token,
	}, func(ctx context.Context, in *studentInput) (*viewOutput, error) {
		student, err := whose(ctx, in.Student)
		if err != nil {
			return nil, err
		}
		view, err := s.ports.Feeds.View(ctx, student)
		if err != nil {
			return nil, s.problem(err)
		}
		return &viewOutput{view}, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "saved", Method: http.MethodGet, Path: "/saved",
		Summary: "What a student has saved", Tags: []string{"students"}, Security: token,
	}, s.saved)
	huma.Register(s.api, huma.Operation{
		OperationID: "put-profile", Method: http.MethodPut, Path: "/profiles/{student}", DefaultStatus: http.StatusAccepted,
		Summary: "Publish a profile", Tags: []string{"students"}, Security: token, RequestBody: bodyOf[event.Profile](s.api),
	}, s.putProfile)
	huma.Register(s.api, huma.Operation{
		OperationID: "delete-profile", Method: http.MethodDelete, Path: "/profiles/{student}", DefaultStatus: http.StatusAccepted,
		Summary: "Erase a student's profile and what their signals left behind", Tags: []string{"students"}, Security: token,
	}, func(ctx context.Context, in *studentInput) (*accepted, error) {
		if err := s.ports.Publisher.DeleteProfile(ctx, in.Student); err != nil {
			return nil, s.problem(err)
		}
		return acceptedAs(in.Student), nil
	})
}

// bodyOf documents a body that is checked by engine/event rather than by its schema.
func bodyOf[T any](api huma.API) *huma.RequestBody {
	schema := huma.SchemaFromType(api.OpenAPI().Components.Schemas, typeOf[T]())
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
}

func (s *Server) saved(ctx context.Context, in *savedInput) (*savedOutput, error) {
	student, err := whose(ctx, in.Student)
	if err != nil {
		return nil, err
	}
	view, err := s.ports.Feeds.View(ctx, student)
	if err != nil {
		return nil, s.problem(err)
	}
	out := &savedOutput{}
	out.Body.Items = []savedItem{}
	for id, at := range view.Saved {
		item := savedItem{ID: id, SavedAt: at}
		if o, ok := s.ports.Catalog.Opportunity(id); ok {
			item.Opportunity = &o
		}
		out.Body.Items = append(out.Body.Items, item)
	}
	slices.SortFunc(out.Body.Items, func(a, b savedItem) int {
		return cmp.Or(b.SavedAt.Compare(a.SavedAt), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

func (s *Server) putProfile(ctx context.Context, in *profileInput) (*accepted, error) {
	p, err := event.DecodeProfile(withID(in.RawBody, in.Student))
	if err != nil {
		return nil, s.problem(err)
	}
	if p.ID != in.Student {
		return nil, idMismatch("profile", p.ID, in.Student)
	}
	if err := s.ports.Publisher.PutProfile(ctx, p); err != nil {
		return nil, s.problem(err)
	}
	return acceptedAs(p.ID), nil
}
