package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tideline/engine/event"
)

type opportunityInput struct {
	ID string `path:"opportunity" maxLength:"128"`
}

type opportunityOutput struct{ Body event.Opportunity }

type putOpportunityInput struct {
	ID      string `path:"opportunity" maxLength:"128"`
	RawBody []byte `contentType:"application/json"`
}

func (s *Server) opportunities() {
	huma.Register(s.api, huma.Operation{
		OperationID: "opportunity", Method: http.MethodGet, Path: "/opportunities/{opportunity}",
		Summary: "One opportunity", Tags: []string{"opportunities"}, Security: token,
	}, func(_ context.Context, in *opportunityInput) (*opportunityOutput, error) {
		o, ok := s.ports.Catalog.Opportunity(in.ID)
		if !ok {
			return nil, huma.Error404NotFound("no opportunity of that id")
		}
		return &opportunityOutput{o}, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "put-opportunity", Method: http.MethodPut, Path: "/opportunities/{opportunity}", DefaultStatus: http.StatusAccepted,
		Summary: "Publish a new or changed opportunity", Tags: []string{"opportunities"}, Security: token, RequestBody: bodyOf[event.Opportunity](s.api),
	}, s.putOpportunity)
	huma.Register(s.api, huma.Operation{
		OperationID: "delete-opportunity", Method: http.MethodDelete, Path: "/opportunities/{opportunity}", DefaultStatus: http.StatusAccepted,
		Summary: "Take an opportunity back", Tags: []string{"opportunities"}, Security: token,
	}, s.deleteOpportunity)
}

func (s *Server) putOpportunity(ctx context.Context, in *putOpportunityInput) (*accepted, error) {
	o, err := event.DecodeOpportunity(withID(in.RawBody, in.ID), s.ports.Now())
	if err != nil {
		return nil, s.problem(err)
	}
	if o.ID != in.ID {
		return nil, idMismatch("opportunity", o.ID, in.ID)
	}
	if err := owns(ctx, o.Recruiter); err != nil {
		return nil, err
	}
	if before, ok := s.ports.Catalog.Opportunity(in.ID); ok {
		if err := owns(ctx, before.Recruiter); err != nil {
			return nil, err
		}
	}
	if err := s.ports.Publisher.PutOpportunity(ctx, o); err != nil {
		return nil, s.problem(err)
	}
	return acceptedAs(o.ID), nil
}

func (s *Server) deleteOpportunity(ctx context.Context, in *opportunityInput) (*accepted, error) {
	before, ok := s.ports.Catalog.Opportunity(in.ID)
	if !ok {
		return nil, huma.Error404NotFound("no opportunity of that id")
	}
	if err := owns(ctx, before.Recruiter); err != nil {
		return nil, err
	}
	if err := s.ports.Publisher.DeleteOpportunity(ctx, in.ID); err != nil {
		return nil, s.problem(err)
	}
	return acceptedAs(in.ID), nil
}

// withID adds the path's id to a body that leaves it out. A body that is not
// an object is left to the decoder to refuse.
func withID(body []byte, id string) []byte {
	var probe struct {
		ID *json.RawMessage `json:"id"`
	}
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	if json.Unmarshal(body, &probe) != nil || probe.ID != nil || len(trimmed) == 0 || trimmed[0] != '{' {
		return body
	}
	quoted, err := json.Marshal(id)
	if err != nil {
		return body
	}
	rest := trimmed[1:]
	sep := ","
	if r := bytes.TrimLeft(rest, " \t\r\n"); len(r) > 0 && r[0] == '}' {
		sep = ""
	}
	return fmt.Appendf(nil, `{"id":%s%s%s`, quoted, sep, rest)
}

func idMismatch(what, body, path string) error {
	return huma.Error422UnprocessableEntity("the "+what+" is not valid", &huma.ErrorDetail{
		Location: "body.id", Message: fmt.Sprintf("is %q, and the path says %q; they must agree", body, path), Value: event.KeyMismatch,
	})
}
