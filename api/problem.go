package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/erasure"
	"tideline/engine/event"
	"tideline/engine/harvest"
	"tideline/engine/harvest/same"
	"tideline/engine/hiring"
)

const problemType = "application/problem+json"

// Problem is an RFC 9457 answer. Its type is always about:blank, and left out.
type Problem struct {
	Title  string      `json:"title" doc:"the status in words"`
	Status int         `json:"status"`
	Detail string      `json:"detail,omitempty" doc:"what was wrong and what to do"`
	Errors []Complaint `json:"errors,omitempty" doc:"every field that is wrong"`

	Current *current `json:"current,omitempty" doc:"where an application stands that could not be changed"`

	headers map[string]string
}

// current is where an application stands.
type current struct {
	Stage   event.Stage `json:"stage"`
	Step    string      `json:"step,omitempty"`
	Since   *time.Time  `json:"since,omitempty" doc:"in this stage"`
	Version int         `json:"version,omitempty" doc:"its ETag"`
}

// Complaint is about one field of a request.
type Complaint struct {
	Location string `json:"location" example:"body.skills[3].level"`
	Code     string `json:"code" example:"out_of_range" doc:"stable, for programs"`
	Message  string `json:"message" doc:"for people"`
}

// Codes of complaints that engine/event does not know.
const (
	codeBadCursor          = "bad_cursor"
	codeUnknownOpportunity = "unknown_opportunity"
	codeInvalidRule        = "invalid_rule"
	codeFailedTest         = "failed_test"
	codeBadToken           = "bad_token"
	codeVersionChanged     = "version_changed"
)

// Error gives the detail, so that a Problem can be returned as an error.
func (p *Problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Title, p.Detail) }

func (p *Problem) encode() []byte {
	body, err := json.Marshal(p)
	if err != nil { // texts and numbers always encode
		return []byte(`{"title":"Internal Server Error","status":500}`)
	}
	return body
}

func refusal(status int, detail string, complaints ...Complaint) *Problem {
	return &Problem{Title: http.StatusText(status), Status: status, Detail: detail, Errors: complaints}
}

func (p *Problem) with(header, value string) *Problem {
	p.headers = map[string]string{header: value}
	return p
}

// statuses is the one table from errors to answers.
var statuses = []struct {
	err        error
	status     int
	retryAfter string // seconds
}{
	{ErrNoStudent, http.StatusNotFound, ""},
	{ErrNoRuleset, http.StatusNotFound, ""},
	{ErrNoItem, http.StatusNotFound, ""},
	{ErrVersionConflict, http.StatusPreconditionFailed, ""},
	{hiring.ErrNoApplication, http.StatusNotFound, ""},
	{hiring.ErrNoJob, http.StatusNotFound, ""},
	{hiring.ErrVersion, http.StatusPreconditionFailed, ""},
	{hiring.ErrErasing, http.StatusServiceUnavailable, "5"},
	{erasure.ErrNone, http.StatusNotFound, ""},
	{hiring.ErrBusy, http.StatusServiceUnavailable, "1"},
	{harvest.ErrNoSource, http.StatusNotFound, ""},
	{same.ErrUnknown, http.StatusNotFound, ""},
	{same.ErrAlone, http.StatusConflict, ""},
	{same.ErrNotSplit, http.StatusConflict, ""},
	{harvest.ErrDisabled, http.StatusConflict, ""},
	{harvest.ErrEnabled, http.StatusConflict, ""},
	{harvest.ErrRunsOn, http.StatusConflict, ""},
	{harvest.ErrTaken, http.StatusConflict, ""},
	{ErrRebuilding, http.StatusServiceUnavailable, "2"},
	{ErrUnavailable, http.StatusServiceUnavailable, "5"},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "5"},
}

// problem turns an error into what the client is told. What the client cannot
// have caused is logged.
func (s *Server) problem(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if invalid, ok := errors.AsType[*event.Invalid](err); ok {
		return invalidProblem(invalid)
	}
	for _, row := range statuses {
		if errors.Is(err, row.err) {
			p := refusal(row.status, row.err.Error())
			if row.retryAfter != "" {
				s.log.Warn("request refused", "error", err)
				return p.with(fiber.HeaderRetryAfter, row.retryAfter)
			}
			return p
		}
	}
	if known, ok := errors.AsType[*fiber.Error](err); ok {
		switch known.Code {
		case http.StatusNotFound:
			return refusal(known.Code, "there is nothing at this path; /docs lists what there is")
		case http.StatusMethodNotAllowed:
			return refusal(known.Code, "this path has other methods; see the Allow header")
		}
		return refusal(known.Code, known.Message)
	}
	s.log.Error("request failed", "error", err)
	return refusal(http.StatusInternalServerError, "something went wrong here; it is in the log under this request's id")
}

// refuse writes an error's answer. Fiber calls it for what never reached a route.
func (s *Server) refuse(c *fiber.Ctx, err error) error {
	p := s.problem(err)
	for name, value := range p.headers {
		c.Set(name, value)
	}
	c.Set(fiber.HeaderContentType, problemType)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Status(p.Status).Send(p.encode())
}

// invalidProblem lists every field that is wrong: 400 for what is not JSON, else 422.
func invalidProblem(invalid *event.Invalid) *Problem {
	p := refusal(http.StatusUnprocessableEntity, "the "+invalid.What+" is not valid", complaints("body", invalid)...)
	if invalid.Code() == event.MalformedJSON {
		p.Status, p.Title = http.StatusBadRequest, http.StatusText(http.StatusBadRequest)
	}
	return p
}

// complaints places an invalid value's fields below where the value stood.
func complaints(below string, invalid *event.Invalid) []Complaint {
	var list []Complaint
	for _, f := range invalid.Fields {
		at := below
		if f.Path != "" {
			at += "." + f.Path
		}
		list = append(list, Complaint{at, string(f.Code), f.Message})
	}
	return list
}
