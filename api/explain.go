package api

import (
	"net/http"
	"strings"
	"sync"
	"time"

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
	Unrecorded  string              `json:"unrecorded,omitempty" doc:"what may be the reason when it fires and nothing was decided: it waits, or was adopted"`
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
		if !known && answer.Fires {
			answer.Unrecorded = unrecorded(rule)
		}
	}
	if who.role == Student {
		answer.hideRecruiter()
	}
	return c.JSON(answer)
}

// unrecorded says what may have kept something that is true from being decided:
// what waits is no record yet, and what a rule found when it came never is one.
func unrecorded(rule *rulesets.Rule) string {
	var reasons []string
	if d := rule.Notice.Digest; d != nil {
		reasons = append(reasons, "it waits for the rule's next digest, which comes "+time.Duration(d.Window).String()+" after the last")
	}
	if rule.HeldFor > 0 {
		reasons = append(reasons, "it has not been true for "+rule.HeldFor.String()+" yet")
	}
	if rule.HasAt {
		reasons = append(reasons, "its time has not come, or was past")
	}
	return "Nothing is decided about it: " + strings.Join(append(reasons, "it was true already when the rule came into force"), ", or ") + "."
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
