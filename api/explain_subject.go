package api

import (
	"math"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/rulesets"
)

// subject puts together what the rule looks at.
func (s *Server) subject(c *fiber.Ctx, rule *rulesets.Rule, view event.View, answer *ruleReason) (*rulesets.Subject, error) {
	now := s.ports.Now().UTC()
	subject := &rulesets.Subject{
		Student: &rulesets.Student{ID: view.Profile.ID, Load: func() event.Profile { return view.Profile }}, Now: now,
	}
	switch rule.Scope {
	case rulesets.PairScope:
		return subject, s.pairSubject(c, rule, view, subject, answer)
	case rulesets.ItemScope:
		for i, g := range view.Profile.Gaps {
			if g.Skill == c.Query("gap") {
				subject.Gap, answer.Eligible = &view.Profile.Gaps[i], true
				return subject, nil
			}
		}
		return nil, refusal(http.StatusNotFound, "the student has no such gap", Complaint{"query.gap", string(event.UnknownValue), "must be one of the student's gaps"})
	case rulesets.ApplicationScope:
		return subject, s.applicationSubject(c, rule, view, subject, answer)
	}
	answer.Eligible = true
	return subject, nil
}

// unit is how many steps of a key make a doubling of relevance.
const unit = 65536

func (s *Server) pairSubject(c *fiber.Ctx, rule *rulesets.Rule, view event.View, subject *rulesets.Subject, answer *ruleReason) error {
	id := c.Query("opportunity")
	o, ok := s.ports.Catalog.Opportunity(id)
	switch {
	case id == "":
		return refusal(http.StatusBadRequest, "say which opportunity", Complaint{"query.opportunity", string(event.Missing), "is required for this rule"})
	case !ok && !s.catalogLoaded():
		return ErrRebuilding
	case !ok:
		return refusal(http.StatusNotFound, "no opportunity of that id")
	}
	e := s.ports.Scorer.Explain(view, o, subject.Now)
	_, saved := view.Saved[o.ID]
	answer.Explanation, answer.Gate = &e, e.Gate
	answer.Eligible = e.Eligible
	if rule.Among == rulesets.Saved {
		answer.Eligible = saved && e.Gate.Takeable()
	}
	if rule.Audience == event.ToRecruiter {
		answer.Recipient = o.Recruiter
	}
	m := &rulesets.Match{Overlap: e.Overlap, Fit: e.Fit, Interest: e.Interest, Saved: saved}
	if e.Overlap > 0 {
		m.Relevance = math.Exp2(float64(e.Terms.Overlap+e.Terms.Fit+e.Terms.Interest) / unit)
	}
	m.Skills = func() (matched, missing []string) {
		for _, skill := range e.Matched {
			matched = append(matched, skill.Skill)
		}
		for _, skill := range e.Missing {
			missing = append(missing, skill.Skill)
		}
		return matched, missing
	}
	skills := append([]string{}, names(e)...)
	subject.Match, subject.Opp = m, &rulesets.Opp{Opportunity: &o, Skills: skills}
	return nil
}

// applicationSubject is what a rule about applications looks at. The job may be
// one that the catalog no longer has: then its fields are unknown, to the engine too.
func (s *Server) applicationSubject(c *fiber.Ctx, rule *rulesets.Rule, view event.View, subject *rulesets.Subject, answer *ruleReason) error {
	app, err := theirApplication(view, c.Query("application"), c.Query("opportunity"))
	if err != nil {
		return err
	}
	subject.App, answer.Eligible = &app, true
	o, ok := s.ports.Catalog.Opportunity(app.Opportunity)
	switch {
	case ok:
		subject.Opp = &rulesets.Opp{Opportunity: &o, Skills: names(s.ports.Scorer.Explain(view, o, subject.Now))}
	case !s.catalogLoaded():
		return ErrRebuilding
	}
	if rule.Audience == event.ToRecruiter {
		answer.Recipient = o.Recruiter
	}
	return nil
}

// theirApplication finds one of a student's applications by its id or, where there
// is but one, by the job it is for; both must agree.
func theirApplication(view event.View, id, opportunity string) (event.Application, error) {
	if id == "" && opportunity == "" {
		return event.Application{}, refusal(http.StatusBadRequest, "say which application",
			Complaint{"query.application", string(event.Missing), "is required for this rule, or the opportunity of the only application for it"})
	}
	var found []event.Application
	for _, app := range view.Applications {
		if (id == "" || app.ID == id) && (opportunity == "" || app.Opportunity == opportunity) {
			found = append(found, app)
		}
	}
	switch len(found) {
	case 0:
		return event.Application{}, refusal(http.StatusNotFound, "the student has no such application")
	case 1:
		return found[0], nil
	}
	return event.Application{}, refusal(http.StatusBadRequest, "the student has several applications for this opportunity; say which",
		Complaint{"query.application", string(event.Missing), "is required where the opportunity names more than one"})
}

// names lists the skills an opportunity asks for, canonically.
func names(e match.Explanation) []string {
	var list []string
	for _, skill := range e.Matched {
		list = append(list, skill.Skill)
	}
	for _, skill := range e.Missing {
		list = append(list, skill.Skill)
	}
	return list
}
