package api

import (
	"math"
	"net/http"
	"sync"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/rulesets"
)

// explainedList and explainedCandidate are parts of shortlists.
type explainedList struct {
	Rule       string               `json:"rule"`
	Candidates []explainedCandidate `json:"candidates"`
}

type explainedCandidate struct {
	Rank int `json:"rank"`
	event.Candidate
	Explanation *match.Explanation `json:"explanation,omitempty"`
}

// ruleReason is the answer of GET /explain.
type ruleReason struct {
	Rule        string              `json:"rule" doc:"ruleset/id"`
	Digest      string              `json:"digest" doc:"of the ruleset in force"`
	Fires       bool                `json:"fires" doc:"the condition is true now, whatever was sent before"`
	Eligible    bool                `json:"eligible" doc:"the pair is one that the rule looks at"`
	Gate        match.Gate          `json:"gate,omitempty" doc:"why it is not"`
	Conjuncts   []rulesets.Conjunct `json:"conjuncts"`
	Flip        *rulesets.Flip      `json:"flip,omitempty" doc:"the smallest single change that would turn the condition"`
	Recipient   string              `json:"recipient,omitempty"`
	Key         string              `json:"key,omitempty"`
	Last        *event.Decision     `json:"last,omitempty" doc:"the last decision about this, with the gate that dropped it"`
	Explanation *match.Explanation  `json:"explanation,omitempty"`

	student string
}

// compiledSets remembers what is in force, compiled.
type compiledSets struct {
	mu   sync.Mutex
	sets map[string]*rulesets.Set // by digest
}

func (c *compiledSets) of(a *event.Activation, options rulesets.Options) (*rulesets.Set, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if set := c.sets[a.Digest]; set != nil {
		return set, nil
	}
	set, problems := rulesets.Compile(a.Name, []byte(a.Source), options)
	if set == nil {
		return nil, problems.Err()
	}
	if c.sets == nil || len(c.sets) > 32 {
		c.sets = map[string]*rulesets.Set{}
	}
	c.sets[a.Digest] = set
	return set, nil
}

// ruleInForce finds a rule by its id, alone or behind its ruleset's name.
func (s *Server) ruleInForce(named string) (*rulesets.Set, *rulesets.Rule, error) {
	for _, r := range sorted(s.ports.Notify.Active()) {
		if r.Ruleset == nil {
			continue
		}
		set, err := s.compiledSets.of(r.Ruleset, s.ports.Notify.Compile)
		if err != nil {
			return nil, nil, err
		}
		for _, rule := range set.Rules {
			if named == rule.ID || named == set.Name+"/"+rule.ID {
				return set, rule, nil
			}
		}
	}
	return nil, nil, refusal(http.StatusNotFound, "no rule of that id is in force; GET /rulesets lists what is")
}

// explainRule says why a rule speaks, or does not.
func (s *Server) explainRule(c *fiber.Ctx, who principal) error {
	named := c.Query("rule")
	if named == "" {
		return refusal(http.StatusBadRequest, "say which rule", Complaint{"query.rule", string(event.Missing), "is required"})
	}
	student, err := student(c, who)
	if err != nil {
		return err
	}
	set, rule, err := s.ruleInForce(named)
	if err != nil {
		return err
	}
	view, err := s.ports.Feeds.View(c.UserContext(), student)
	if err != nil {
		return err
	}
	answer := ruleReason{Rule: set.Name + "/" + rule.ID, Digest: set.Digest, Recipient: student, student: student}
	subject, err := s.subject(c, rule, view, &answer)
	if err != nil {
		return err
	}
	answer.Conjuncts = rule.Explain(subject)
	if flip, found := rule.Flip(subject); found {
		answer.Flip = &flip
	}
	answer.Fires = answer.Eligible && rule.When(subject) == rulesets.True
	if values, ok := rule.Values(subject); ok && answer.Recipient != "" {
		answer.Key = event.NotificationKey(answer.Rule, answer.Recipient, values)
		last, known, err := s.ports.Notify.Inbox.Decision(c.UserContext(), answer.Recipient, answer.Key)
		if err != nil {
			return err
		}
		if known && (who.role != Student || answer.Recipient == who.subject) {
			answer.Last = &last
		}
	}
	if who.role == Student {
		answer.hideRecruiter()
	}
	return c.JSON(answer)
}

// hideRecruiter takes out what would name a recruiter to a student.
func (r *ruleReason) hideRecruiter() {
	if r.Recipient != r.student {
		r.Recipient, r.Key = "", ""
	}
	for i, c := range r.Conjuncts {
		if _, named := c.Values[recruiterField]; named {
			c.Values[recruiterField] = "hidden"
			r.Conjuncts[i].Text = "a condition about " + recruiterField // as written it may name them
		}
	}
	if r.Flip != nil && r.Flip.Field == recruiterField {
		r.Flip = nil
	}
}

const recruiterField = "opp.recruiter"

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
		return nil, refusal(http.StatusUnprocessableEntity, "rules about applications are not explained here; see the application's timeline")
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
