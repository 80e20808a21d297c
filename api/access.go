package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/event"
)

// admit checks the token and the role before a route. What of it is the
// caller's own is decided where that is known: see whose and owns.
func (s *Server) admit(roles []Role, header string) (principal, error) {
	if roles == nil {
		return principal{}, nil // open to everybody
	}
	who, err := s.auth.check(header)
	if err != nil {
		return principal{}, err
	}
	if !slices.Contains(roles, who.role) {
		return principal{}, refusal(http.StatusForbidden, "a "+string(who.role)+" may not do this")
	}
	return who, nil
}

// whose decides which student a request is about: a student's own, always;
// others name one. At is where they name it.
func whose(who principal, named, at string) (string, error) {
	switch {
	case who.role == Student && (named == "" || named == who.subject):
		return who.subject, nil
	case who.role == Student:
		return "", refusal(http.StatusForbidden, "a student sees and does only what is their own")
	case named == "":
		return "", refusal(http.StatusBadRequest, "say which student", Complaint{at, string(event.Missing), "is required for a " + string(who.role)})
	case !validID(named):
		return "", refusal(http.StatusUnprocessableEntity, "the student's id is not valid", Complaint{at, string(event.UnknownValue), "must be an id: " + idRule})
	}
	return named, nil
}

func student(c *fiber.Ctx, who principal) (string, error) {
	return whose(who, c.Query("student"), "query.student")
}

// owns refuses a recruiter what belongs to another.
func owns(who principal, recruiter string) error {
	switch {
	case who.role != Recruiter || who.subject == recruiter:
		return nil
	case recruiter == "":
		return refusal(http.StatusForbidden, "a recruiter changes only their own opportunities; this one names no recruiter")
	}
	return refusal(http.StatusForbidden, "a recruiter changes only their own opportunities")
}

const (
	maxID  = 128 // bytes
	idRule = "printable UTF-8 of at most 128 bytes"
)

// validID holds ids that no body carries to the rule of engine/event.
func validID(id string) bool {
	return strings.TrimSpace(id) != "" && len(id) <= maxID && utf8.ValidString(id) &&
		!strings.ContainsFunc(id, func(r rune) bool { return r < ' ' })
}

// pathID reads an id from the path. Fiber leaves it escaped, which lets ids hold slashes.
func pathID(c *fiber.Ctx, name string) (string, error) {
	id, err := url.PathUnescape(c.Params(name))
	if err != nil || !validID(id) {
		return "", refusal(http.StatusUnprocessableEntity, "the path is not valid",
			Complaint{"path." + name, string(event.UnknownValue), "must be an id, percent-encoded: " + idRule})
	}
	return id, nil
}

// pathBucket reads the bucket from the path.
func pathBucket(c *fiber.Ctx) (event.Bucket, error) {
	b := event.Bucket(c.Params("bucket"))
	if b.Index() < 0 {
		return "", refusal(http.StatusNotFound, "there is no such bucket",
			Complaint{"path.bucket", string(event.UnknownValue), "must be jobs, hackathons or content"})
	}
	return b, nil
}
