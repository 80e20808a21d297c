package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tideline/engine/event"
)

// route is one operation: what is served, who may call it, and how it is documented.
type route struct {
	id, method, path string // path as OpenAPI writes it
	roles            []Role // nil: open to everybody
	serve            func(*fiber.Ctx, principal) error
	tag, summary     string
	params           []*huma.Param
	body             any    // a value of the type that is sent; nil: none
	status           int    // of success; 0: 200
	answer           any    // a value of the type that is answered; a string: its media type
	also             string // another media type of the answer
}

// routes is everything there is.
func (s *Server) routes() []route {
	var (
		readers    = []Role{Student, Ops, Service} // each their own student
		publishers = []Role{Ops, Service}
		owners     = []Role{Recruiter, Ops, Service} // recruiters their own opportunities
	)
	const get, put, del = http.MethodGet, http.MethodPut, http.MethodDelete
	list := []route{
		{
			id: "recommend", method: get, path: "/recommendations/{bucket}", roles: readers, serve: s.recommend,
			tag: "feeds", summary: "A student's feed, best first, page by page",
			params: []*huma.Param{bucketParam, limitParam, cursorParam, explainParam, studentParam}, answer: feedPage{},
		},
		{
			id: "why", method: get, path: "/recommendations/{bucket}/{opportunity}/why", roles: readers, serve: s.why,
			tag: "feeds", summary: "Why an opportunity is in a student's feed, or why not",
			params: []*huma.Param{bucketParam, idParam("opportunity"), studentParam}, answer: reason{},
		},
		{
			id: "signals", method: http.MethodPost, path: "/signals", roles: readers, serve: s.signals,
			tag: "students", summary: "Say what a student did; each signal counts once by its id",
			body: signalBatch{}, status: http.StatusAccepted, answer: signalResults{},
		},
		{
			id: "saved", method: get, path: "/saved", roles: readers, serve: s.saved,
			tag: "students", summary: "What a student has saved, newest first, page by page",
			params: []*huma.Param{limitParam, savedCursorParam, studentParam}, answer: savedList{},
		},
		{
			id: "student", method: get, path: "/students/{student}", roles: readers, serve: s.student,
			tag: "students", summary: "A student as the engine sees them", params: []*huma.Param{idParam("student")}, answer: event.View{},
		},
		{
			id: "put-profile", method: put, path: "/profiles/{student}", roles: publishers, serve: s.putProfile,
			tag: "students", summary: "Publish a profile", params: []*huma.Param{idParam("student")},
			body: event.Profile{}, status: http.StatusAccepted, answer: accepted{},
		},
		{
			id: "delete-profile", method: del, path: "/profiles/{student}", roles: publishers, serve: s.deleteProfile,
			tag: "students", summary: "Erase a student's profile and what their signals left behind", params: []*huma.Param{idParam("student")},
			status: http.StatusAccepted, answer: accepted{},
		},
		{
			id: "opportunity", method: get, path: "/opportunities/{opportunity}", roles: Roles, serve: s.opportunity,
			tag: "opportunities", summary: "One opportunity, whole", params: []*huma.Param{idParam("opportunity")}, answer: event.Opportunity{},
		},
		{
			id: "put-opportunity", method: put, path: "/opportunities/{opportunity}", roles: owners, serve: s.putOpportunity,
			tag: "opportunities", summary: "Publish a new or changed opportunity", params: []*huma.Param{idParam("opportunity")},
			body: event.Opportunity{}, status: http.StatusAccepted, answer: accepted{},
		},
		{
			id: "delete-opportunity", method: del, path: "/opportunities/{opportunity}", roles: owners, serve: s.deleteOpportunity,
			tag: "opportunities", summary: "Take an opportunity back", params: []*huma.Param{idParam("opportunity")},
			status: http.StatusAccepted, answer: accepted{},
		},
		{id: "healthz", method: get, path: "/healthz", serve: s.alive, tag: "operations", summary: "The process answers", answer: health{}},
		{id: "livez", method: get, path: "/livez", serve: s.alive, tag: "operations", summary: "The process answers", answer: health{}},
		{
			id: "readyz", method: get, path: "/readyz", serve: s.ready, tag: "operations",
			summary: "The opportunities are loaded and the partitions of this process restored", answer: health{},
		},
		{
			id: "metrics", method: get, path: "/metrics", serve: s.scrape(), tag: "operations",
			summary: "Prometheus metrics; here only where no other machine reaches it, elsewhere on the admin address", answer: "text/plain",
		},
		{id: "openapi", method: get, path: "/openapi.json", serve: s.openapi, tag: "operations", summary: "This document", answer: "application/openapi+json"},
		{id: "docs", method: get, path: "/docs", serve: s.docs, tag: "operations", summary: "This document, for people", answer: "text/html"},
	}
	return slices.Concat(list, s.notifyRoutes(), s.hiringRoutes(), s.sourceRoutes(), s.mergeRoutes())
}

// register makes the routes and writes the document about them.
func (s *Server) register(routes []route) error {
	for _, r := range routes {
		if r.serve == nil {
			continue // not here, see scrape
		}
		path := strings.NewReplacer("{", ":", "}", "").Replace(r.path)
		handler := func(c *fiber.Ctx) error {
			who, err := s.admit(r.roles, c.Get(fiber.HeaderAuthorization))
			if err != nil {
				return err
			}
			if r.roles != nil {
				c.Set(fiber.HeaderCacheControl, "no-store") // it is somebody's
			}
			return r.serve(c, who)
		}
		if r.method == http.MethodGet {
			s.app.Get(path, handler) // and HEAD
		} else {
			s.app.Add(r.method, path, handler)
		}
	}
	var err error
	if s.document, err = document(routes); err != nil {
		return fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return nil
}

// scrape serves metrics, nil where other machines would reach them.
func (s *Server) scrape() func(*fiber.Ctx, principal) error {
	if s.ports.Gatherer == nil || !s.config.Loopback {
		return nil
	}
	handler := adaptor.HTTPHandler(promhttp.HandlerFor(s.ports.Gatherer, promhttp.HandlerOpts{}))
	return func(c *fiber.Ctx, _ principal) error { return handler(c) }
}
