package api

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"tideline/engine/event"
)

// Errors that the ports wrap.
var (
	ErrNoStudent   = errors.New("no such student")
	ErrRebuilding  = errors.New("the feeds are being rebuilt")
	ErrUnavailable = errors.New("a store is not available")
)

// statuses is the one table from errors to answers.
var statuses = []struct {
	err        error
	status     int
	retryAfter string // seconds
}{
	{ErrNoStudent, http.StatusNotFound, ""},
	{ErrRebuilding, http.StatusServiceUnavailable, "2"},
	{ErrUnavailable, http.StatusServiceUnavailable, "5"},
}

// problem turns an error into what the client is told.
func (s *Server) problem(err error) error {
	if invalid, ok := errors.AsType[*event.Invalid](err); ok {
		return invalidProblem("body.", invalid)
	}
	for _, row := range statuses {
		if errors.Is(err, row.err) {
			answer := huma.NewError(row.status, row.err.Error())
			if row.retryAfter != "" {
				return huma.ErrorWithHeaders(answer, http.Header{"Retry-After": {row.retryAfter}})
			}
			return answer
		}
	}
	s.log.Error("request failed", "error", err)
	return huma.Error500InternalServerError("something went wrong here; it is in the log")
}

// invalidProblem lists every field that is wrong: 400 for what is not JSON, else 422.
func invalidProblem(prefix string, invalid *event.Invalid) error {
	status := http.StatusUnprocessableEntity
	var details []error
	for _, f := range invalid.Fields {
		if f.Code == event.MalformedJSON {
			status = http.StatusBadRequest
		}
		details = append(details, &huma.ErrorDetail{Location: prefix + f.Path, Message: f.Message, Value: f.Code})
	}
	return huma.NewError(status, "the "+invalid.What+" is not valid", details...)
}

// fiberProblem answers what no operation did: unknown paths, bodies too large, panics.
func fiberProblem(c *fiber.Ctx, err error) error {
	status, detail := http.StatusInternalServerError, "something went wrong here; it is in the log"
	if known, ok := errors.AsType[*fiber.Error](err); ok {
		status, detail = known.Code, known.Message
	}
	body, err := json.Marshal(&huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: detail})
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/problem+json")
	return c.Status(status).Send(body)
}
