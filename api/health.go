package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type healthOutput struct {
	Body struct {
		Status string `json:"status"`
		Detail string `json:"detail,omitempty"`
	}
}

func (s *Server) health() {
	for path, id := range map[string]string{"/healthz": "healthz", "/livez": "livez"} {
		huma.Register(s.api, huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Summary: "The process is alive", Tags: []string{"operations"},
		}, func(context.Context, *struct{}) (*healthOutput, error) {
			out := &healthOutput{}
			out.Body.Status = "ok"
			return out, nil
		})
	}
	huma.Register(s.api, huma.Operation{
		OperationID: "readyz", Method: http.MethodGet, Path: "/readyz", Tags: []string{"operations"},
		Summary: "The partitions this process owns are restored",
	}, func(context.Context, *struct{}) (*healthOutput, error) {
		ok, why := s.ports.Ready()
		if !ok {
			return nil, huma.Error503ServiceUnavailable("not ready: " + why)
		}
		out := &healthOutput{}
		out.Body.Status, out.Body.Detail = "ready", why
		return out, nil
	})
}
