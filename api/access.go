package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// access says, by operation, which roles may call it. What of it is theirs is
// decided where the subject is known: see whose and owns. Operations that are
// not listed are open to everybody.
var access = map[string][]Role{
	"recommend":          {Student, Ops, Service},
	"why":                {Student, Ops, Service},
	"saved":              {Student, Ops, Service},
	"signals":            {Student, Service},
	"student":            {Student, Ops, Service},
	"put-profile":        {Ops, Service},
	"delete-profile":     {Ops, Service},
	"opportunity":        {Student, Recruiter, Ops, Service},
	"put-opportunity":    {Recruiter, Ops, Service},
	"delete-opportunity": {Recruiter, Ops, Service},
}

type principalKey struct{}

// authorise checks the token and the role before an operation.
func (s *Server) authorise(ctx huma.Context, next func(huma.Context)) {
	roles, guarded := access[ctx.Operation().OperationID]
	if !guarded {
		next(ctx)
		return
	}
	p, err := s.auth.check(ctx.Header("Authorization"))
	if err != nil {
		ctx.SetHeader("WWW-Authenticate", `Bearer realm="tideline"`)
		_ = huma.WriteErr(s.api, ctx, http.StatusUnauthorized, err.Error()) // the client is gone if this fails
		return
	}
	if !slices.Contains(roles, p.role) {
		_ = huma.WriteErr(s.api, ctx, http.StatusForbidden, "a "+string(p.role)+" may not do this") // as above
		return
	}
	next(huma.WithValue(ctx, principalKey{}, p))
}

func caller(ctx context.Context) principal {
	p, _ := ctx.Value(principalKey{}).(principal)
	return p
}

// whose decides which student a request is about: a student's own, always;
// others name one.
func whose(ctx context.Context, named string) (string, error) {
	p := caller(ctx)
	switch {
	case p.role == Student && (named == "" || named == p.subject):
		return p.subject, nil
	case p.role == Student:
		return "", huma.Error403Forbidden("a student sees only their own")
	case named == "":
		return "", huma.Error400BadRequest("say which student", &huma.ErrorDetail{Location: "query.student", Message: "is required for a " + string(p.role)})
	}
	return named, nil
}

// owns refuses a recruiter what belongs to another.
func owns(ctx context.Context, recruiter string) error {
	if p := caller(ctx); p.role == Recruiter && p.subject != recruiter {
		return huma.Error403Forbidden("a recruiter changes only their own opportunities")
	}
	return nil
}
