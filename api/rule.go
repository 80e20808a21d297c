package api

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/event"
	"tideline/rulesets"
)

// RuleCounts is what a rule has done in this process since it started.
type RuleCounts struct {
	Evaluated   int `json:"evaluated" doc:"times its whole condition was worked out"`
	Matched     int `json:"matched"`
	Unknown     int `json:"unknown" doc:"a value was missing"`
	Fired       int `json:"fired"`
	Late        int `json:"late" doc:"its time had passed"`
	Unaddressed int `json:"unaddressed" doc:"nobody to tell"`
}

// rulePlan is the answer of GET /rules/{rule}: how a rule finds what it speaks of.
type rulePlan struct {
	Rule          string     `json:"rule" doc:"ruleset/id"`
	Digest        string     `json:"digest"`
	Title         string     `json:"title,omitempty"`
	Description   string     `json:"description,omitempty"`
	Scope         string     `json:"scope"`
	On            []string   `json:"on"`
	PushedDown    []string   `json:"pushed_down" doc:"parts of the condition that the indexes answer"`
	Rest          []string   `json:"rest" doc:"parts that are worked out for what the indexes found"`
	Overlap       float64    `json:"overlap" doc:"students and opportunities below this overlap are never looked at"`
	Opportunities int        `json:"opportunities" doc:"live ones"`
	Admitted      int        `json:"admitted" doc:"of these, those that can fire the rule for somebody"`
	Counts        RuleCounts `json:"counts"`
}

// rule says what of a rule's condition was pushed down, and how much that leaves
// of the live data.
func (s *Server) rule(c *fiber.Ctx, _ principal) error {
	named, err := pathID(c, "rule")
	if err != nil {
		return err
	}
	set, rule, err := s.ruleInForce(named)
	if err != nil {
		return err
	}
	id := set.Name + "/" + rule.ID
	plan := rulePlan{
		Rule: id, Digest: set.Digest, Title: rule.Title, Description: rule.Description, Scope: fmt.Sprint(rule.Scope),
		On: rule.On.Names(), PushedDown: append([]string{}, rule.Narrow.Text...), Rest: append([]string{}, rule.Narrow.Rest...),
		Overlap: rule.Narrow.Overlap, Counts: s.ports.Notify.RuleCounts()[id],
	}
	now := s.ports.Now().UTC()
	for o := range s.ports.Notify.Opportunities {
		if o.Status != event.Open || o.Deadline != nil && !now.Before(*o.Deadline) {
			continue
		}
		plan.Opportunities++
		if rule.Scope != rulesets.PairScope || !rule.Narrow.Buckets[o.Bucket.Index()] {
			continue
		}
		subject := rulesets.Subject{Opp: &rulesets.Opp{Opportunity: &o, Skills: s.canonical(o)}, Now: now}
		if rule.Opp(&subject) == rulesets.True {
			plan.Admitted++
		}
	}
	return c.JSON(plan)
}

// canonical gives an opportunity's skills under their canonical names.
func (s *Server) canonical(o event.Opportunity) []string {
	normalize := s.ports.Notify.Compile.Normalize
	var names []string
	for _, skill := range o.Skills {
		name := skill.Name
		if normalize != nil {
			name = normalize(name)
		}
		names = append(names, name)
	}
	return names
}
